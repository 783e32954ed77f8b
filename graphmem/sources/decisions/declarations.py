"""The places in which a record declares relations: metadata fields, its status, its related decisions, its prose."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import PurePosixPath

from graphmem.deferred_dataclass import dataclass
from graphmem.sources.decisions.dates import find_dates
from graphmem.sources.decisions.file_names import names_folder
from graphmem.sources.decisions.front_matter import is_nothing
from graphmem.sources.decisions.idioms import SELF, canonical
from graphmem.sources.decisions.idioms import plain as plain_text
from graphmem.sources.decisions.limits import limit_after, portion_within
from graphmem.sources.decisions.pointers import bare_pointer, changed_in, decided_in, own_decisions, pointed_at
from graphmem.sources.decisions.references import TOKEN, MarkedText, RecordReference, bare_numbers, mark_references
from graphmem.sources.decisions.relations import (
    MarkedSentence,
    RelationClaim,
    TextContext,
    mark_self,
    relations_in,
    speaks_of_relations,
)
from graphmem.sources.decisions.sections import STATUS_SECTIONS, TextBlock, TextSection, strip_markup
from graphmem.sources.decisions.statuses import is_template

#: Sections in which `we will` states a decision, not a wish.
DECISION = frozenset({"decision", "decision outcome", "decisions", "the decision", "outcome", "resolution"})
_RELATED = re.compile(
    r"\b(?:relat\w*|references?|links?|change ?log|history|notes?|more information|see also|supersession|supersedes|"
    r"superseded by|amendments?|revisions?|lineage|predecessors?|successors?|updates?)\b"
)
_KEY = re.compile(
    r"^(?P<partly>part(?:ly|ial|ially)? |provisionally )?(?:"
    r"(?P<old_full>(?:supp?er[cs]{1,2}e+de?d|replaced|obsoleted|supplanted|deprecated|overridden|succeeded) ?"
    r"(?P<inpart>in part "
    r"|partly |partially )?by|(?:proposed )?replacement|successors?)"
    r"|(?P<old_part>(?:amended|extended|refined|revised|updated|modified|clarified) ?by)"
    r"|(?P<new_full>supp?er[cs]{1,2}e+de?s?|supp?er[cs]{1,2}e+ding|replaces|obsoletes|supplants|deprecates|overrides|predecessors?"
    r"|supp?er[cs]{1,2}e+de?d(?= (?:adrs?|decisions?|records?)))"
    r"|(?P<new_part>amends?|extends|refines|revises|updates|modifies|clarifies|amendment (?:to|of)|extension "
    r"(?:to|of)))"
    r"(?P<partly_too> (?:in part|partly|partially))?(?: (?:adrs?|decisions?|records?|peps?|keps?|rfcs?))?$"
)
_SENTENCE_END = re.compile(
    r"(?<=[.!?])(?<!e\.g\.)(?<!i\.e\.)(?<!cf\.)(?<!vs\.)[*_\"')\]]*\s+(?=[\"'(*_\[~`]*[A-Z0-9\ue000\ue002])"
)
_PORTION = re.compile(r"\b(?:portions?|parts?|sections?|some|pieces?|partly|partially|in part)\b", re.IGNORECASE)
_BARE_PATH = re.compile(r"[\w.:/%+()-]{1,500}")
_CLAUSE = re.compile(r"[,;] (?:but |and )?[a-z]{3,20}s [^\ue000,;]{1,80}\b(?:from|with|on|in|of|by) (?=\ue000)")
_ENDED_HEADING = re.compile(
    r"^(?:superseded|superceded|replaced|deprecated|rejected|withdrawn|obsolete|obsoleted|retired|abandoned|deprecation"
    r"|supersession)(?: (?:notice|note|by))?$"
)
#: A field named after an end, whose value is the successor: `deprecated: 0027-interledger-protocol-4`.
_END_KEY = re.compile(r"^(?:deprecated|superseded|superceded|replaced|obsoleted)$")
_HINT_ALONE = re.compile(r"^\([^()]*\)$")
_ASIDE = re.compile(r"(?<!\])\(([^()\[\]]{1,300})\)")
_MIN_TITLE_CHARS = 4
_SUBJECT_VERBS = (
    r"supp?er[cs]{1,2}e+des?|replaces?|obsoletes?|is (?:a|the) (?:replacement|successor)|(?:has|"
    r"have) (?:replaced|superseded)"
)
_MAX_BLOCK_CHARS = 20_000
_MAX_FIELD_CHARS = 4_000


@dataclass(frozen=True, slots=True)
class OwnName:
    """The names of a record, by which its text means itself; `number` is None if another record shares it."""

    path: str
    number: int | None = None
    prefix: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Declaration:
    """A relation with the lines that declare it.

    Attributes:
        is_explicit: Declared in a field or as the status: a target that is not found is then reported.
    """

    relation: RelationClaim
    line: int
    evidence: str
    is_explicit: bool = False


@lru_cache(maxsize=4096)
def relation_key(name: str) -> tuple[bool, bool] | None:
    """(the record is the new side, in full) for a field like `superseded by`; None for a key without a relation.

    Several keys in a single field, for example `amends / supersedes`, are full only if each of them is.
    """
    parts = re.split(r" ?[/,&] ?| (?:and|or) ", " ".join(name.lower().replace("-", " ").replace("_", " ").split()))
    keys = [_single_key(part) for part in parts]
    first = keys[0]
    if first is None or any(key is None or key[0] is not first[0] for key in keys):
        return None
    return first[0], all(key is not None and key[1] for key in keys)


def _single_key(name: str) -> tuple[bool, bool] | None:
    match = _KEY.match(name)
    if match is None:
        return None
    is_new = bool(match["new_full"] or match["new_part"])
    is_full = bool(match["new_full"] or match["old_full"]) and not (match["partly"] or "").startswith("part")
    return is_new, is_full and not match["inpart"] and not match["partly_too"]


def declared_in_field(key: tuple[bool, bool], value: str, definitions: Mapping[str, str]) -> list[RelationClaim]:
    """Relations of a metadata field; a value without a reference yields its text as an unknown title."""
    value = value[:_MAX_FIELD_CHARS]
    plain = value.strip()
    if (
        is_nothing(plain)
        or re.match(r"^[\W_]*(?:none|n/a|nothing|not applicable|no\b)", plain, re.IGNORECASE)
        or is_template(plain)
    ):
        return []
    if _HINT_ALONE.match(plain) and not TOKEN.search(mark_references(plain, definitions).text):
        return []  # a hint of a template that was not filled in
    marked = mark_references(plain_text(value), definitions)
    outside = re.sub(r"\([^()]*\)", lambda match: match.group() if match.group()[1:2] == "\ue000" else " ", marked.text)
    clause = _until_a_clause(outside)
    targets = marked.references_in(clause) or bare_numbers(plain)
    if not targets and "/" in plain and _BARE_PATH.fullmatch(plain):
        targets = (RecordReference(plain, target=plain),)
    if not targets and key[1]:
        targets = (RecordReference(plain[:200], title=strip_markup(plain)[:200]),)
    is_new, is_full = key
    portion = _portion_of(outside)
    dates = [result.at for result in find_dates(marked.text)]
    at = dates[0] if dates and not is_new and len(targets) == 1 else None
    limits = _limits(marked) if portion is None else {}
    return [
        RelationClaim(
            target, is_new, is_full and portion is None and target not in limits, portion or limits.get(target), at
        )
        for target in targets
    ]


def _limits(marked: MarkedText) -> dict[RecordReference, str]:
    """The part of each record to which words right behind it limit a field: `ADR-7 (partially)`, `ADR-7 for tests`."""
    result: dict[RecordReference, str] = {}
    tokens = list(TOKEN.finditer(marked.text))
    for index, token in enumerate(tokens):
        end = tokens[index + 1].start() if index + 1 < len(tokens) else len(marked.text)
        behind = marked.text[token.end() : end]
        if limit := limit_after(behind) or portion_within(behind):
            result[marked.references[int(token[1])]] = " ".join(marked.restore(limit).split())[:300]
    return result


def declared_by_an_end(name: str, value: str, definitions: Mapping[str, str]) -> list[RelationClaim]:
    """The successor in a field like `deprecated: 0027-new-way`; nothing for `true`, a date or words."""
    if not _END_KEY.match(name.lower()) or next(iter(find_dates(value)), None):
        return []
    return [relation for relation in declared_in_field((False, True), value, definitions) if relation.target.is_by_name]


def _until_a_clause(text: str) -> str:
    """A field's text up to where another clause begins: `ADR-1, uses ideas from ADR-2`."""
    first = text.find("\ue001")
    clause = _CLAUSE.search(text, first) if first >= 0 else None
    return text[: clause.start()] if clause else text


def _portion_of(text: str) -> str | None:
    """The part of the first record that a field names: `the formats documented in ADR-7`, `portions of ADR-7`."""
    words = text[: text.find("\ue000")].strip(" :*_([") if "\ue000" in text else ""
    if words.lower().endswith((" in", " of")) and len(words.split()) > 1:
        return words[:-2].rstrip()[:300]
    return words[:300] if _PORTION.search(text) else None


def declared_in_text(
    text: str, context: TextContext, own: OwnName, definitions: Mapping[str, str]
) -> list[RelationClaim]:
    """Relations of a text that is no sentence, for example the value of a status field."""
    return list(
        _of_text(
            _TextPart(text, context, "status" if context is TextContext.STATUS else "", is_item=False), own, definitions
        )
    )


def declarations_of(
    sections: Iterable[TextSection], own: OwnName, definitions: Mapping[str, str]
) -> Iterator[Declaration]:
    """Every relation that the sections declare, in order of the text; third parties' relations are not among them."""
    for section in sections:
        yield from _SectionReader(section, context_of(section), own, definitions).read()


@dataclass(frozen=True, slots=True)
class _TextPart:
    text: str
    context: TextContext
    heading: str
    is_item: bool
    is_decision: bool = False


@dataclass(frozen=True, slots=True)
class _SectionReader:
    """A section of a record while it is searched for relations."""

    section: TextSection
    context: TextContext
    own: OwnName
    definitions: Mapping[str, str]

    def read(self) -> Iterator[Declaration]:
        heading_key = relation_key(self.section.name) if self.section.level else None
        if heading_key == (True, False):
            heading_key = None  # `Updates` and `Extensions` head all sorts of sections
        pending = heading_key
        yield from self._heading()
        for block in self.section.blocks:
            field = block.field()
            key = relation_key(field[0]) if field else None
            if field and key:
                pending = heading_key if field[1] else key
                yield from self._field(key, field[1], block)
            elif field is None and (key := relation_key(block.text.strip(" *_:"))):
                pending = key
            elif pending and (block.is_item or heading_key) and field is None:
                yield from self._listed(pending, block)
            else:
                pending = pending if block.is_item else heading_key
                yield from self._prose(block)

    def _heading(self) -> Iterator[Declaration]:
        """The relations in a heading: `This ADR has been superseded by ADR-7`, or a title `Partly undo ADR-109`."""
        heading = self.section.heading
        if not self.section.level or not (speaks_of_relations(heading) or self.section.is_title):
            return
        marked, masked = _masked(heading, self.own, self.definitions, is_status=not self.section.is_title)
        sentence = MarkedSentence(marked, masked, TextContext.BODY if self.section.is_title else TextContext.STATUS)
        result = decided_in(marked, masked) if self.section.is_title else []
        for relation in result or relations_in(sentence):
            yield Declaration(relation, self.section.line, heading.strip())

    def _field(self, key: tuple[bool, bool], value: str, block: TextBlock) -> Iterator[Declaration]:
        yield from self._explicit(declared_in_field(key, value, self.definitions), block)
        for aside in _ASIDE.findall(value):
            yield from self._text(aside, block)

    def _listed(self, key: tuple[bool, bool], block: TextBlock) -> Iterator[Declaration]:
        relations = declared_in_field(key, block.text, self.definitions)
        yield from self._explicit(
            [relation for relation in relations if relation.target.number is not None or relation.target.target], block
        )

    def _explicit(self, relations: Iterable[RelationClaim], block: TextBlock) -> Iterator[Declaration]:
        for relation in relations:
            is_worth_report = self.context is not TextContext.BODY or relation.target.number is not None
            yield Declaration(relation, block.line, _evidence(block), is_explicit=is_worth_report)

    def _prose(self, block: TextBlock) -> Iterator[Declaration]:
        if self.context is TextContext.BODY and (block.is_quote or block.is_row):
            return
        texts = block.text.strip("|").split("|") if block.is_row and not is_template(block.text) else [block.text]
        for text in texts:
            yield from self._text(text[:_MAX_BLOCK_CHARS], block)

    def _text(self, text: str, block: TextBlock) -> Iterator[Declaration]:
        part = _TextPart(
            text, self.context, strip_markup(self.section.heading), block.is_item, self.section.name in DECISION
        )
        for relation in _of_text(part, self.own, self.definitions):
            yield Declaration(relation, block.line, _evidence(block), is_explicit=self.context is TextContext.STATUS)


def _of_text(text: _TextPart, own: OwnName, definitions: Mapping[str, str]) -> Iterator[RelationClaim]:
    if (text.context is not TextContext.STATUS and not speaks_of_relations(text.text)) or is_template(text.text):
        return
    marked, masked = _masked(text.text, own, definitions, is_status=text.context is not TextContext.BODY)
    if text.context is TextContext.BODY and not marked.references:
        return  # only a status names another record by its title alone
    leader = _leader(masked, marked) if text.is_item or text.context is TextContext.RELATED else None
    result: list[RelationClaim] = []
    for index, sentence in enumerate(_SENTENCE_END.split(masked)):
        parsed = MarkedSentence(marked, sentence, text.context, leader, opens_block=index == 0, heading=text.heading)
        result += relations_in(parsed) or (bare_pointer(parsed) if text.context is TextContext.STATUS else [])
    if not result and text.context is TextContext.STATUS:
        result = pointed_at(marked, masked) or changed_in(marked, masked)
    if not result:
        result = decided_in(marked, masked) if text.is_decision else own_decisions(marked, masked)
    yield from result


def _masked(text: str, own: OwnName, definitions: Mapping[str, str], *, is_status: bool) -> tuple[MarkedText, str]:
    """(the text with marked references, the same text with the record itself as `SELF`)."""
    marked = mark_references(plain_text(text), definitions)
    hidden = TOKEN.sub(
        lambda match: SELF if _is_own(marked.references[int(match[1])], own) else match.group(), marked.text
    )
    return marked, canonical(_titled(mark_self(hidden), own.title), is_status=is_status)


def _titled(masked: str, title: str) -> str:
    """The text with the record's title as the subject of a replacement read as the record itself."""
    name = title.partition(":")[0].strip()
    if len(name) < _MIN_TITLE_CHARS or name.lower() not in masked.lower():
        return masked
    subject = rf"(?P<lead>^|[.!?]\s+)(?:the\s+)?{re.escape(name)}(?=\s+(?:{_SUBJECT_VERBS})\b)"
    return re.sub(subject, rf"\g<lead>{SELF}", masked, flags=re.IGNORECASE)


def context_of(section: TextSection) -> TextContext:
    """The kind of place that a section is for declarations."""
    return TextContext.STATUS if section.level == 0 or section.is_title else _context_of(section.name)


@lru_cache(maxsize=4096)
def _context_of(name: str) -> TextContext:
    if name in STATUS_SECTIONS or _ENDED_HEADING.match(name):
        return TextContext.STATUS
    return TextContext.RELATED if _RELATED.search(name) else TextContext.BODY


def _leader(masked: str, marked: MarkedText) -> RecordReference | None:
    match = re.match(rf"[\s*_\"'`>]*(?:{TOKEN.pattern})", masked)
    return marked.references[int(match[1])] if match else None


def _is_own(reference: RecordReference, own: OwnName) -> bool:
    if reference.target:
        named, mine = PurePosixPath(reference.target), PurePosixPath(own.path)
        is_near = named.parent.name in {"", mine.parent.name} or not names_folder(own.path)
        return named.name == mine.name and is_near
    return reference.number is not None and reference.number == own.number and reference.prefix in {own.prefix, "ADR"}


def _evidence(block: TextBlock) -> str:
    return "\n".join(line.text for line in block.lines).strip()
