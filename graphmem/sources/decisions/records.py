"""A decision record of any dialect, read from the text of its file."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from graphmem.deferred_dataclass import dataclass
from graphmem.model import MAX_NAME_CHARS, MAX_TEXT_CHARS, MAX_TITLE_CHARS, Alternative, Anchor, Status
from graphmem.sources.decisions.alternatives import alternatives_of
from graphmem.sources.decisions.anchors import anchors_of
from graphmem.sources.decisions.dates import first_date
from graphmem.sources.decisions.declarations import (
    Declaration,
    OwnName,
    context_of,
    declarations_of,
    declared_by_an_end,
    declared_in_field,
    declared_in_text,
    relation_key,
)
from graphmem.sources.decisions.file_names import stem_of
from graphmem.sources.decisions.front_matter import Field, is_nothing
from graphmem.sources.decisions.lives import (
    RecordDates,
    RecordLife,
    StateEntry,
    life_of,
    read_states,
    since_changes,
    states_of_blocks,
)
from graphmem.sources.decisions.references import MAX_NUMBER_DIGITS, link_definitions
from graphmem.sources.decisions.relations import TextContext
from graphmem.sources.decisions.sections import STATUS_SECTIONS, TextBlock, TextSection, heading_name, strip_markup
from graphmem.sources.decisions.statuses import in_series

RATIONALE = re.compile(
    r"^(?:decision drivers?|drivers|forces|consequences?|(?:positive|negative|neutral) consequences|rationale"
    r"|justification|"
    r"reasons?|reasoning|why\b.*|implications|motivation|outcomes? and consequences|trade-?offs|positives?"
    r"|negatives?|neutral)$"
)
_CREATED = frozenset(
    {
        "date",
        "created",
        "creation date",
        "date created",
        "decided",
        "decision date",
        "start date",
        "drafted",
        "date proposed",
    }
)
#: The dates among them at which a record was written, not accepted.
_WRITTEN = frozenset({"created", "creation date", "date created", "start date", "drafted", "date proposed"})
_UPDATED = frozenset({"updated", "last updated", "last modified", "modified", "date updated", "status date"})
_DECIDED = frozenset({"resolution", "resolution date", "accepted", "approved", "approval date", "date accepted"})
_LABEL_KEYS = frozenset(
    {"tags", "tag", "labels", "label", "topic", "topics", "type", "category", "categories", "area", "areas", "keywords"}
)
_SIG_KEYS = frozenset({"owning sig", "participating sigs", "sig", "owning wg"})
_META = frozenset({"status", "state", "date"}) | _CREATED | _UPDATED | _DECIDED | _LABEL_KEYS
_NUMBERED_TITLE = re.compile(
    rf"^\s*(?:(?P<prefix>[A-Za-z]{{2,8}}?)s?[\s#_:-]*(?P<a>\d{{1,{MAX_NUMBER_DIGITS}}})|"
    rf"(?P<b>\d{{1,{MAX_NUMBER_DIGITS}}}))"
    r"(?=\s*[-:.)\u2013\u2014|]|\s*$)\s*[-:.)\u2013\u2014|]*\s*(?P<rest>.*)$"
)
_NUMBERED_FILE = re.compile(
    rf"^(?:(?P<prefix>[A-Za-z]{{2,8}}?)[-_ ]?)?(?P<number>\d{{1,{MAX_NUMBER_DIGITS}}})(?=[-_. ]|$)[-_. ]*"
    rf"(?P<rest>.*)$"
)
_FORM_NAME = re.compile(r"^\s*(?:architectur(?:e|al) )?decision record\s*[:\u2013\u2014-]\s*", re.IGNORECASE)
#: Fields with a sentence about the reason of the status.
_REASON = re.compile(r"\b(?:reason|notes?|comments?)$")
_CONTINUES = re.compile(r"\s+\S|-\s")
_LABEL = re.compile(r"^\.\. _(?P<label>[^:\n]{1,200}):\s*$")
_MAX_LABEL_LINES = 12
_MAX_STATE_CHARS = 120
_MAX_META_CHARS = 1_000
_NOT_UNDERSTOOD = "status not understood: "
_DATED_FILE = re.compile(r"^(?:19|20)\d{2}[-_]?\d{2}[-_]?\d{2}")

NO_LIFE = RecordLife()


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The content of a file, before its references are resolved among the other records."""

    path: str
    title: str
    line: int = 1
    number: int | None = None
    prefix: str = ""
    names: tuple[str, ...] = ()
    anchored: tuple[str, ...] = ()
    body: str = ""
    rationale: str = ""
    labels: tuple[str, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    anchors: tuple[Anchor, ...] = ()
    life: RecordLife = NO_LIFE
    observed_at: datetime | None = None
    declarations: tuple[Declaration, ...] = ()
    problems: tuple[tuple[int, str], ...] = ()

    @property
    def own_name(self) -> OwnName:
        """The names by which the record means itself."""
        return OwnName(self.path, self.number, self.prefix, self.title)


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """A file taken apart: its metadata and its sections.

    Attributes:
        lines: The unchanged lines of the file, for evidence.
    """

    path: str
    fields: tuple[Field, ...]
    sections: tuple[TextSection, ...]
    lines: tuple[str, ...]
    problems: tuple[tuple[int, str], ...] = ()

    def field(self, *names: str) -> Field | None:
        """The first metadata field with any of these names and a value."""
        result = (field for field in self.fields if normal_key(field.name) in names and field.values)
        return next(result, None)


def normal_key(name: str) -> str:
    """A metadata key with spaces for separators, in lower case."""
    return " ".join(re.sub(r"[_-]+", " ", name).lower().split())


def identify(source: ParsedFile) -> Record:
    """A record's title, number and names: all that is needed before any text can be understood."""
    heading = _title_section(source)
    declared = source.field("title")
    stem = stem_of(source.path)
    raw = declared.text if declared else (strip_markup(heading.heading) if heading else "")
    numbered = _NUMBERED_TITLE.match(raw)
    title = _FORM_NAME.sub("", (numbered["rest"] if numbered and numbered["rest"] else raw)).strip()
    number, prefix = _number(source, numbered, stem)
    fallback = _NUMBERED_FILE.match(stem)
    words = re.sub(r"[-_]+", " ", (fallback["rest"] if fallback and fallback["rest"] else stem)).strip()
    return Record(
        path=source.path,
        title=(title or words or source.path)[:MAX_TITLE_CHARS],
        line=heading.line if heading and not declared else 1,
        number=number,
        prefix=prefix,
        names=_names(number, prefix, raw, stem),
        anchored=_labels_above(source.lines),
        problems=source.problems,
    )


def understand(
    source: ParsedFile,
    identity: Record,
    *,
    is_number_shared: bool = False,
    changes: Sequence[tuple[datetime, str]] = (),
) -> Record:
    """The whole record.

    Args:
        source: The file taken apart.
        identity: The result of `identify`.
        is_number_shared: True if another record has this number, so that the number is ambiguous.
        changes: (time, words) of the changes of its status in its history, earliest first.
    """
    own = replace(identity.own_name, number=None if is_number_shared else identity.number)
    definitions = link_definitions(list(source.lines))
    body, rationale, problems = _texts(source, identity)
    life = _accepted(_life(source, identity.prefix), changes, identity.prefix)
    return replace(
        identity,
        body=body,
        rationale=rationale,
        labels=_labels(source),
        alternatives=alternatives_of(source.sections),
        anchors=anchors_of(source.sections, source.path),
        life=life,
        observed_at=_observed_at(source),
        declarations=(*_from_fields(source, own, definitions), *declarations_of(source.sections, own, definitions)),
        problems=(*identity.problems, *problems, *_unknown_states(life)),
    )


def _labels_above(lines: Sequence[str]) -> tuple[str, ...]:
    """The labels that a reStructuredText document gives itself before its text: `.. _the label:`."""
    result = (match["label"] for line in lines[:_MAX_LABEL_LINES] if (match := _LABEL.match(line)))
    return tuple(" ".join(label.strip("`").lower().split()) for label in result)


def _title_section(source: ParsedFile) -> TextSection | None:
    return next((section for section in source.sections if section.is_title), None)


def _number(source: ParsedFile, numbered: re.Match[str] | None, stem: str) -> tuple[int | None, str]:
    for key in ("pep", "xep", "kep number", "kep", "id", "adr", "number", "rfc"):
        field = source.field(key)
        result = re.search(rf"(?:^|\D)(\d{{1,{MAX_NUMBER_DIGITS}}})$", field.text.strip()) if field else None
        if field and result:
            prefix = re.match(r"[A-Za-z]{2,8}(?=[-_ ]?\d)", field.text.strip())
            own = key.split()[0].upper() if key in {"pep", "xep", "kep number", "kep", "adr", "rfc"} else ""
            return int(result[1]), prefix.group().upper() if prefix else own or _file_prefix(stem)
    if own_series := _own_series(source, stem):
        return own_series
    file = None if _DATED_FILE.match(stem) else _NUMBERED_FILE.match(stem)
    if file:
        title_prefix = (numbered["prefix"] or "").upper() if numbered else ""
        return int(file["number"]), (file["prefix"] or "").upper() or title_prefix
    if numbered and (numbered["a"] or numbered["b"]):
        return int(numbered["a"] or numbered["b"]), (numbered["prefix"] or "").upper()
    return None, ""


def _own_series(source: ParsedFile, stem: str) -> tuple[int, str] | None:
    """(number, series) if a field named after the series has the number that the file begins with: `simd: '0436'`."""
    file = None if _DATED_FILE.match(stem) else _NUMBERED_FILE.match(stem)
    if file is None or file["prefix"]:
        return None
    for field in source.fields:
        if (
            re.fullmatch(r"[a-z]{3,6}", field.name)
            and field.text.isdigit()
            and int(field.text[:9]) == int(file["number"])
        ):
            return int(file["number"]), field.name.upper()
    return None


def _file_prefix(stem: str) -> str:
    file = _NUMBERED_FILE.match(stem)
    return (file["prefix"] or "").upper() if file else ""


def _names(number: int | None, prefix: str, raw: str, stem: str) -> tuple[str, ...]:
    if number is None:
        return ()
    word = prefix or "ADR"
    file = re.match(rf"(?:[A-Za-z]{{2,8}}[-_ ]?)?(0*{number})(?!\d)", stem)
    written = re.match(rf"[A-Za-z]{{2,8}}[-_ #]?0*{number}(?!\d)", raw.strip())
    names = [f"{word}-{number}", f"{word} {number}"]
    if file and len(file[1]) > len(str(number)):
        names.insert(0, f"{word}-{file[1]}")
    if written:
        names.insert(0, written.group())
    return tuple(dict.fromkeys(name[:MAX_NAME_CHARS] for name in names))


def _texts(source: ParsedFile, identity: Record) -> tuple[str, str, list[tuple[int, str]]]:
    body: list[str] = []
    rationale: list[str] = []
    for section in source.sections:
        names = [section.name, *(heading_name(parent) for parent in section.parents[1:])]
        is_title = section.is_title and section.line == identity.line
        if any(name in STATUS_SECTIONS or name == "date" for name in names[:1]):
            continue
        context = context_of(section)
        text = _without_meta(section) if context is TextContext.STATUS else section.text
        heading = [] if not section.heading or is_title else ["#" * min(section.level, 6) + " " + section.heading]
        if text.strip() or heading:
            target = rationale if any(RATIONALE.match(name) for name in names) else body
            target.append("\n\n".join([*heading, text.strip("\n")]).rstrip())
    problems: list[tuple[int, str]] = []
    return _capped(body, "body", problems), _capped(rationale, "rationale", problems), problems


def _capped(parts: Sequence[str], what: str, problems: list[tuple[int, str]]) -> str:
    text = "\n\n".join(part for part in parts if part.strip())
    if len(text) <= MAX_TEXT_CHARS:
        return text
    problems.append((1, f"the {what} has {len(text)} characters; only the first {MAX_TEXT_CHARS} are kept"))
    return text[:MAX_TEXT_CHARS]


def _without_meta(section: TextSection) -> str:
    dropped = {line.number for block in section.blocks if _is_meta(block) for line in block.lines}
    return "\n".join(line.text for line in section.lines if line.number not in dropped).strip("\n")


def _is_meta(block: TextBlock) -> bool:
    field = block.field()
    return field is not None and (field[0] in _META or relation_key(field[0]) is not None)


def _labels(source: ParsedFile) -> tuple[str, ...]:
    values: list[str] = []
    for field in source.fields:
        key = normal_key(field.name)
        if key in _LABEL_KEYS | _SIG_KEYS:
            values += [part for value in field.values for part in value.split(",")]
    for section in source.sections:
        if context_of(section) is TextContext.STATUS:
            fields = (block.field() for block in section.blocks)
            values += [
                part for field in fields if field and field[0] in _LABEL_KEYS - {"type"} for part in field[1].split(",")
            ]
    labels = (strip_markup(value).strip(" \"'[]")[:MAX_NAME_CHARS] for value in values)
    return tuple(dict.fromkeys(label for label in labels if label and not is_nothing(label)))


def _life(source: ParsedFile, prefix: str) -> RecordLife:
    entries: list[StateEntry] = []
    if field := source.field("status", "state"):
        entries += list(read_states(field.text, field.line)) or _unknown(field.text, field.line)
    later_states: list[StateEntry] = []
    for section in source.sections:
        later_states += _section_states(section, has_any=bool(entries or later_states))
    return life_of([_in_series(entry, prefix) for entry in (*entries, *later_states)], _dates(source))


def _accepted(life: RecordLife, changes: Sequence[tuple[datetime, str]], prefix: str) -> RecordLife:
    """The life with the time of its acceptance or rejection from the history, if the record has none."""
    if life.dates.decided or not life.dates.is_written_only:
        return life
    read = (
        (at, in_series(text, prefix) or next((entry.status for entry in read_states(text, 0)), None))
        for at, text in changes
    )
    since = since_changes((at, status) for at, status in read if status is not None)
    if since is None or since[0] is not life.status or life.is_superseded:
        return life
    return replace(life, dates=replace(life.dates, decided=since[1]))


def _in_series(entry: StateEntry, prefix: str) -> StateEntry:
    word = entry.word.removeprefix(_NOT_UNDERSTOOD)
    status = in_series(word, prefix)
    return entry if status is None else replace(entry, status=status, word=word, is_unknown=False)


def _section_states(section: TextSection, *, has_any: bool) -> list[StateEntry]:
    blocks = section.blocks
    fields = [(block, result) for block in blocks if (result := block.field())]
    later_states: list[StateEntry] = []
    if context_of(section) is TextContext.STATUS:
        for block, (key, value) in fields:
            if key in {"status", "state"}:
                later_states += list(read_states(value, block.line)) or _unknown(value, block.line)
    if section.name in STATUS_SECTIONS:
        plain = [block for block in blocks if not block.field() or is_state_row(block)]
        states = states_of_blocks(plain)
        later_states += states or (
            _unknown(plain[0].text, plain[0].line) if plain and not later_states and not has_any else []
        )
    elif context_of(section) is TextContext.STATUS and not later_states and not has_any:
        lead = [block for block in blocks if block.field() is None and len(block.text) < len("a line") * 20]
        later_states += [
            entry
            for block in lead[:3]
            for entry in read_states(block.text, block.line)
            if _is_status_line(block, entry)
        ]
    return later_states


def is_state_row(block: TextBlock) -> bool:
    """True if a block is `2024-01-01: accepted`, or a row with a date and a state."""
    return bool(first_date(block.text)) and any(True for _ in read_states(block.text.strip("| ").replace("|", " "), 0))


def _is_status_line(block: TextBlock, entry: StateEntry) -> bool:
    rest = strip_markup(block.text).replace(entry.word, "", 1).strip(" .:*_()")
    return not rest or entry.status is None or entry.at is not None


def _unknown(text: str, line: int) -> list[StateEntry]:
    """A state in unknown words: taken as not in force, and kept in its own words."""
    words = strip_markup(text[:_MAX_META_CHARS])[:_MAX_STATE_CHARS].strip()
    return [StateEntry(Status.PROPOSED, _NOT_UNDERSTOOD + words, None, line, is_unknown=True)] if words else []


def _unknown_states(life: RecordLife) -> list[tuple[int, str]]:
    return [
        (
            entry.line,
            f"{entry.word}. It counts as not in force until the record says accepted, rejected, superseded ...",
        )
        for entry in life.entries
        if entry.is_unknown
    ]


def _dates(source: ParsedFile) -> RecordDates:
    created: list[datetime] = []
    updated: list[datetime] = []
    decided = source.field(*_DECIDED)
    for field in source.fields:
        _sort_date(normal_key(field.name), field.text, created, updated)
    for section in source.sections:
        if context_of(section) is TextContext.STATUS or section.name == "date":
            for block in section.blocks:
                result = block.field()
                if result:
                    _sort_date(result[0], result[1], created, updated)
                elif section.name == "date" or re.match(r"^\W*date\b", block.text, re.IGNORECASE):
                    _sort_date("date", block.text, created, updated)
    everything = [*created, *updated]
    first = min(created) if created else None
    last = max(everything) if everything and max(everything) != first else None
    is_written_only = bool(created) and not any(_is_decision_date(source, key) for key in _CREATED - _WRITTEN)
    return RecordDates(first, last, first_date(decided.text[:200]) if decided else None, is_written_only)


def _is_decision_date(source: ParsedFile, key: str) -> bool:
    if source.field(key):
        return True
    for section in source.sections:
        if section.name == "date" == key:
            return True
        if context_of(section) is TextContext.STATUS:
            fields = (block.field() for block in section.blocks)
            if any(field is not None and field[0] == key for field in fields):
                return True
    return False


def _sort_date(key: str, text: str, created: list[datetime], updated: list[datetime]) -> None:
    at = first_date(text[:200]) if key in _CREATED | _UPDATED else None
    if at is not None:
        (created if key in _CREATED else updated).append(at)


def _observed_at(source: ParsedFile) -> datetime | None:
    field = source.field("last updated", "updated", "last modified")
    return first_date(field.text) if field else None


def _from_fields(source: ParsedFile, own: OwnName, definitions: Mapping[str, str]) -> list[Declaration]:
    result: list[Declaration] = []
    for field in source.fields:
        key = relation_key(field.name)
        evidence = "\n".join(_field_lines(source, field))
        if key is not None:
            for value in field.values:
                result += [
                    Declaration(relation, field.line, evidence, is_explicit=True)
                    for relation in declared_in_field(key, value, definitions)
                ]
        elif ended := declared_by_an_end(field.name, field.text, definitions):
            result += [Declaration(relation, field.line, evidence, is_explicit=True) for relation in ended]
        elif normal_key(field.name) in {"status", "state"} or _REASON.search(normal_key(field.name)):
            relations = declared_in_text(field.text, TextContext.STATUS, own, definitions)
            result += [Declaration(relation, field.line, evidence, is_explicit=True) for relation in relations]
    return result


def _field_lines(source: ParsedFile, field: Field) -> list[str]:
    """The unchanged lines of a metadata field, continuation lines included."""
    lines = [source.lines[field.line - 1]] if field.line <= len(source.lines) else [field.text]
    is_tag = lines[0].lstrip().startswith("<")
    for line in source.lines[field.line : field.line + 20]:
        if not _CONTINUES.match(line) or (is_tag and lines[0].count("<") > 1):
            break
        lines.append(line)
        if is_tag and line.lstrip().startswith("</"):
            break
    return [line.rstrip() for line in lines]
