"""The parts of a file: its dialect, its metadata and its sections."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

from graphmem.errors import InvalidInput
from graphmem.sources.decisions.asciidoc import attributes_of, is_asciidoc, to_markdown
from graphmem.sources.decisions.declarations import relation_key
from graphmem.sources.decisions.documents import MAX_DOCUMENT_BYTES, Document
from graphmem.sources.decisions.file_names import (
    is_among_decisions,
    is_kep,
    is_numbered,
    is_placeholder,
    is_set_aside,
    names_folder,
)
from graphmem.sources.decisions.front_matter import Field, RefusedYaml, is_nothing, parse_yaml
from graphmem.sources.decisions.mediawiki import is_mediawiki
from graphmem.sources.decisions.mediawiki import to_markdown as mediawiki_to_markdown
from graphmem.sources.decisions.records import ParsedFile, normal_key
from graphmem.sources.decisions.sections import STATUS_SECTIONS, TextSection, read_sections, sections_of
from graphmem.sources.decisions.statuses import leading_status
from graphmem.sources.decisions.xml_records import is_xml, read_xml

_HEADER = re.compile(r"^(?P<name>[A-Z][A-Za-z]*(?:-[A-Za-z]+)*):(?:[ \t]+(?P<value>\S.*))?[ \t]*$")
_RST_FIELD = re.compile(r"^:(?P<name>[A-Za-z][\w /-]{0,40}):(?=[ \t]|$)")
_MAX_HEAD_LINES = 200
_MAX_LINES_ABOVE_A_FENCE = 10
_SIMPLE = re.compile(r"^(?P<name>[A-Za-z][\w -]{0,40}):[ \t]*(?P<value>.*)$")
_DECISION = re.compile(
    r"^(?:decisions?(?: outcome| made)?|context(?: and problem statement)?|considered options|the decision"
    r"|resolution|outcome)$"
)
_STATUS_KEYS = frozenset({"status", "state"})
_NUMBER_KEYS = frozenset({"pep", "xep", "kep number", "rep", "number", "adr"})
_RELATION_KEYS = frozenset({"replaces", "supersedes", "superseded by", "replaced by"})
_RECORD_KEYS = _STATUS_KEYS | {
    "see also", "creation date", "decision date", "deciders", "decision makers", "approvers", "reviewers",
    "last updated", "tracking link", "requires",
}  # fmt: skip
_HEAD_KEYS = frozenset({"title", "author", "authors", "number", "type", "created"})
_MAX_STATE_CHARS = 300
_KEP_SECTIONS = re.compile(
    r"^(?:release signoff checklist|table of contents|production readiness .*|test plan|drawbacks.*infrastructure.*)$"
)


#: Reason why a file in a folder of decisions was not read as a record.
UNLIKE = "no decision is recognised in it: no status, no header or front matter of a record, no decision section"


def take_apart(document: Document, siblings: Mapping[str, Document]) -> ParsedFile | str | None:
    """A file as metadata and sections.

    Returns:
        None for a file that is set aside by its name, `UNLIKE` for a file that does not look like a record, another
        reason for a record that cannot be read.
    """
    text = _decoded(document)
    if isinstance(text, _RefusedFile):
        return text.reason if document.is_named or _is_expected(document.path) else None
    if is_kep(document.path):
        return _kep(document, text, siblings)
    if not document.is_named and (is_set_aside(document.path) or _belongs_to_kep(document.path, siblings)):
        return None
    source = _prose(document.path, text)
    if not text.strip():
        return "the file is empty" if document.is_named or _is_expected(document.path) else None
    if document.is_named or _looks_like_record(source):
        return source if _says_anything(source) else "no title and no text: nothing that could be a decision"
    return UNLIKE


def _is_expected(path: str) -> bool:
    return is_numbered(path) or is_kep(path) or is_among_decisions(path)


def _belongs_to_kep(path: str, siblings: Mapping[str, Document]) -> bool:
    folder = posixpath.dirname(path)
    return any(posixpath.join(folder, name) in siblings for name in ("kep.yaml", "kep.yml"))


class _RefusedFile:
    def __init__(self, reason: str) -> None:
        self.reason = reason


def _decoded(document: Document) -> str | _RefusedFile:
    if len(document.content) > MAX_DOCUMENT_BYTES:
        return _RefusedFile(f"larger than {MAX_DOCUMENT_BYTES} bytes: not read")
    try:
        text = document.content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = document.content.count(b"\n", 0, error.start) + 1
        return _RefusedFile(f"not UTF-8 (byte {error.start}, line {line}): convert the file")
    if "\0" in text:
        return _RefusedFile("contains NUL bytes: not a text")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _looks_like_record(source: ParsedFile) -> bool:
    keys = {normal_key(field.name) for field in source.fields}
    names = {section.name for section in source.sections if section.level}
    states = list(_states(source))
    has_status = bool(keys & _STATUS_KEYS) or bool(names & STATUS_SECTIONS) or bool(states)
    if (keys & _RELATION_KEYS) or len(keys & _RECORD_KEYS) > 1:
        return True
    if has_status and (keys & _NUMBER_KEYS or any(_DECISION.match(name) for name in names)):
        return True
    if is_numbered(source.path) and not names_folder(source.path) and (names or has_status):
        return True
    if names_folder(source.path) and (_is_titled_by_number(source) or any(_DECISION.match(name) for name in names)):
        return True
    is_in_folder = is_among_decisions(source.path) or names_folder(source.path)
    return has_status and (is_in_folder or any(leading_status(state) for state in states))


def _is_titled_by_number(source: ParsedFile) -> bool:
    """True if the title begins with the number of the folder: `RFC 016: Holdings` in `016-holdings/README.md`."""
    title = next((section.heading for section in source.sections if section.is_title), "")
    number = re.match(r"^(?:[A-Za-z]{2,8}[\s#-]*)?(\d{1,6})(?=\D)", title.strip())
    folder = re.match(
        r"^(?:[A-Za-z]{2,8}[-_ ]?)?(\d{1,6})(?=[-_. ]|$)", posixpath.basename(posixpath.dirname(source.path))
    )
    return bool(number and folder and int(number[1]) == int(folder[1]))


def _states(source: ParsedFile) -> Iterator[str]:
    """The status texts of the file, from all places in which records have them."""
    yield from (field.text for field in source.fields if normal_key(field.name) in _STATUS_KEYS)
    for position, section in enumerate(source.sections):
        if section.name in STATUS_SECTIONS and section.blocks:
            yield section.blocks[0].text[:_MAX_STATE_CHARS]
        elif position <= 1 and section.level <= 1:
            fields = (block.field() for block in section.blocks)
            yield from (field[1] for field in fields if field is not None and field[0] in _STATUS_KEYS)


def _says_anything(source: ParsedFile) -> bool:
    return bool(source.fields) or any(section.heading or section.text.strip() for section in source.sections)


def _prose(path: str, text: str) -> ParsedFile:
    lines = text.split("\n")
    if is_xml(path):
        fields, body = read_xml(text)
        return ParsedFile(path, fields, sections_of(body), tuple(lines))
    if is_asciidoc(path):
        attributes = (
            Field(normal_key(name), _simple_values(value), index + 1) for name, value, index in attributes_of(lines)
        )
        return ParsedFile(path, tuple(attributes), read_sections("\n".join(to_markdown(lines))), tuple(lines))
    fields, start, problems = _metadata(lines)
    is_rst = path.lower().endswith((".rst", ".txt"))
    rest = mediawiki_to_markdown(lines[start:]) if is_mediawiki(path) else lines[start:]
    if is_rst and not fields:
        fields, rest = _field_list(rest, start)
    sections = read_sections("\n".join(rest), first_line=start + 1, is_rst=is_rst)
    if is_rst and not any(section.level for section in sections):
        marked = read_sections("\n".join(rest), first_line=start + 1)
        sections = marked if len(marked) > 1 else sections
    return ParsedFile(path, fields, sections, tuple(lines), tuple(problems))


def _field_list(lines: list[str], start: int) -> tuple[tuple[Field, ...], list[str]]:
    """(the fields of the first `:Name: value` list, the lines with those blanked) of a reStructuredText document."""
    result: list[tuple[str, list[str], int]] = []
    remaining = list(lines)
    for index, line in enumerate(lines[:_MAX_HEAD_LINES]):
        match = _RST_FIELD.match(line)
        if match:
            result.append((normal_key(match["name"]), [line[match.end() :].strip()], start + index + 1))
        elif result and line[:1] in {" ", "\t"} and line.strip():
            result[-1][1].append(line.strip())
        elif result:
            break
        else:
            continue
        remaining[index] = ""
    fields = tuple(Field(name, _header_values(name, values), line) for name, values, line in result)
    return (fields, remaining) if {field.name for field in fields} & _STATUS_KEYS else ((), lines)


def _metadata(lines: list[str]) -> tuple[tuple[Field, ...], int, list[tuple[int, str]]]:
    """(fields, index of the first line after them, problems): YAML between dashes, or mail-like headers."""
    first = next((index for index, line in enumerate(lines[:50]) if line.strip()), None)
    if first is None:
        return (), 0, []
    if lines[first].rstrip() == "---":
        end = next((index for index in range(first + 1, len(lines)) if lines[index].rstrip() in {"---", "..."}), None)
        if end is not None and _is_mapping(lines[first + 1 : end]):
            return _front_matter(lines[first + 1 : end], first + 2, end + 1)
    first = _after_headings(lines, first)
    fence = lines[first].startswith(("```", "<pre>"))
    begin = first + 1 if fence else first
    headers, after = _headers(lines, begin)
    names = {normal_key(field.name) for field in headers}
    if len(headers) > 1 and names & _STATUS_KEYS and names & (_HEAD_KEYS | _NUMBER_KEYS):
        closing = (index for index in range(after, len(lines)) if lines[index].startswith(("```", "</pre>")))
        return headers, next(closing, after) + 1 if fence else after, []
    return (), 0, []


def _after_headings(lines: list[str], first: int) -> int:
    """The line of a fenced header right below a heading like `## Preamble`; otherwise `first`."""
    for index in range(first, min(len(lines), first + _MAX_LINES_ABOVE_A_FENCE)):
        if lines[index].startswith("```"):
            return index
        if lines[index].strip() and not lines[index].startswith("#"):
            break
    return first


def _is_mapping(lines: list[str]) -> bool:
    return all(not line.strip() or line.startswith((" ", "#", "-", "\t")) or ":" in line for line in lines[:5])


def _front_matter(
    lines: list[str], first_line: int, after: int
) -> tuple[tuple[Field, ...], int, list[tuple[int, str]]]:
    try:
        return parse_yaml("\n".join(lines), first_line), after, []
    except RefusedYaml as refusal:
        # Plain `key: value` lines are still understood, so that a broken quote does not lose a whole record.
        simple = ((index, match) for index, line in enumerate(lines[:200]) if (match := _SIMPLE.match(line)))
        fields = tuple(
            Field(match["name"].lower(), _simple_values(match["value"]), first_line + index) for index, match in simple
        )
        return fields, after, [(first_line + refusal.line - 1, str(refusal))]


def _simple_values(value: str) -> tuple[str, ...]:
    bare = value.strip().strip("\"'")[:1000]
    return () if is_nothing(bare) or bare.startswith(("&", "*", "!")) else (bare,)


def _headers(lines: list[str], first: int) -> tuple[tuple[Field, ...], int]:
    result: list[tuple[str, list[str], int]] = []
    index = first
    opening = lines[first] if first < len(lines) else ""
    indent = len(opening) - len(opening.lstrip(" "))
    for index in range(first, min(len(lines), first + _MAX_HEAD_LINES)):
        line = lines[index][indent:] if not lines[index][:indent].strip() else lines[index]
        match = _HEADER.match(line)
        if match:
            result.append((match["name"].lower(), [match["value"] or ""], index + 1))
        elif result and line[:1] in {" ", "\t"} and line.strip():
            result[-1][1].append(line.strip())
        else:
            break
    fields = tuple(Field(name, _header_values(name, values), line) for name, values, line in result)
    return fields, index


def _header_values(name: str, values: list[str]) -> tuple[str, ...]:
    text = " ".join(value.strip() for value in values).strip()
    if is_nothing(text):
        return ()
    return (
        (text,)
        if relation_key(name) or "," not in text or name == "title"
        else tuple(part.strip() for part in text.split(","))
    )


def _kep(document: Document, text: str, siblings: Mapping[str, Document]) -> ParsedFile | str | None:
    if is_placeholder(posixpath.basename(posixpath.dirname(document.path))):
        return None
    lines = tuple(text.split("\n"))
    try:
        fields = parse_yaml(text)
    except InvalidInput as error:
        return str(error)
    if not any(field.name == "title" and field.values for field in fields):
        return "no title: a kep.yaml needs one"
    readme = _readme(document.path, siblings)
    return ParsedFile(document.path, fields, readme, lines)


def _readme(path: str, siblings: Mapping[str, Document]) -> tuple[TextSection, ...]:
    folder = posixpath.dirname(path)
    for name in ("README.md", "readme.md", "Readme.md"):
        sibling = siblings.get(posixpath.join(folder, name))
        text = _decoded(sibling) if sibling else None
        if isinstance(text, str):
            sections = read_sections(text)
            return tuple(
                section
                for section in sections
                if not _KEP_SECTIONS.match(section.name) and (section.level or section.text.strip())
            )
    return ()
