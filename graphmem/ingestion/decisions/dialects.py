"""Taking a file apart: which dialect it is written in, its metadata and its sections."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from graphmem.errors import InvalidInput
from graphmem.ingestion.decisions.declarations import STATUS_SECTIONS, relation_key
from graphmem.ingestion.decisions.documents import MAX_DOCUMENT_BYTES, Document
from graphmem.ingestion.decisions.front_matter import Field, RefusedYaml, is_nothing, parse_yaml
from graphmem.ingestion.decisions.records import Source, normal_key
from graphmem.ingestion.decisions.sections import Section, read_sections

_HEADER = re.compile(r"^(?P<name>[A-Z][A-Za-z]*(?:-[A-Za-z]+)*):(?:[ \t]+(?P<value>\S.*))?[ \t]*$")
_SIMPLE = re.compile(r"^(?P<name>[A-Za-z][\w -]{0,40}):[ \t]*(?P<value>.*)$")
_NUMBERED = re.compile(
    r"^(?:(?:adr|pep|xep|kep|rfc|rfd|dr|[a-z]?adr|decision)[-_ ]?)?\d{1,6}(?=[-_. ]|$)", re.IGNORECASE
)
_TEMPLATE = re.compile(
    r"^(?:[a-z]{2,8}[-_ ])?(?:(?:\d+|n{2,6}|x{2,6})[-_ ])?(?:[a-z]{2,8}[-_ ])?template(?:[-_. ](?:bare|minimal"
    r"|short|long|full|madr|adr|simple|bare-minimal|en|[a-z]{2}))?$",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(r"^(?:[a-z]{2,8}[-_ ])?(?:n{2,6}|x{2,6}|y{2,6})(?:[-_ ]|$)", re.IGNORECASE)
_GENERIC = re.compile(
    r"^(?:readme|index|changelog|contributing|licen[cs]e\w*|toc|summary|code_of_conduct|security)$", re.IGNORECASE
)
_DECISION = re.compile(
    r"^(?:decisions?(?: outcome| made)?|context(?: and problem statement)?|considered options|the decision"
    r"|resolution|outcome)$"
)
_STATUS_KEYS = frozenset({"status", "state"})
_KEP_SECTIONS = re.compile(
    r"^(?:release signoff checklist|table of contents|production readiness .*|test plan|drawbacks.*infrastructure.*)$"
)


def is_kep(path: str) -> bool:
    """Whether a path is the metadata file of an enhancement proposal."""
    return posixpath.basename(path).lower() in {"kep.yaml", "kep.yml"}


def take_apart(document: Document, siblings: Mapping[str, Document]) -> Source | str | None:
    """A file as metadata and sections.

    Returns:
        None for a file that does not look like a record, a reason for one that should but cannot be read.
    """
    text = _decoded(document)
    if isinstance(text, _Refusal):
        return text.reason if document.is_named or _is_numbered(document.path) or is_kep(document.path) else None
    if is_kep(document.path):
        return _kep(document, text, siblings)
    if not document.is_named and _is_set_aside(document.path):
        return None
    source = _prose(document.path, text)
    if not text.strip():
        return "the file is empty" if document.is_named or _is_numbered(document.path) else None
    if document.is_named or _looks_like_record(source):
        return source if _says_anything(source) else "no title and no text: nothing that could be a decision"
    return None


class _Refusal:
    def __init__(self, reason: str) -> None:
        self.reason = reason


def _decoded(document: Document) -> str | _Refusal:
    if len(document.content) > MAX_DOCUMENT_BYTES:
        return _Refusal(f"larger than {MAX_DOCUMENT_BYTES} bytes: not read")
    try:
        text = document.content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = document.content.count(b"\n", 0, error.start) + 1
        return _Refusal(f"not UTF-8 (byte {error.start}, line {line}): convert the file")
    if "\0" in text:
        return _Refusal("contains NUL bytes: not a text")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _is_numbered(path: str) -> bool:
    return bool(_NUMBERED.match(PurePosixPath(path).stem))


def _is_set_aside(path: str) -> bool:
    stem = PurePosixPath(path).stem
    return bool(_TEMPLATE.match(stem) or _PLACEHOLDER.match(stem) or _GENERIC.match(stem))


def _looks_like_record(source: Source) -> bool:
    keys = {normal_key(field.name) for field in source.fields}
    names = {section.name for section in source.sections if section.level}
    has_status = bool(keys & _STATUS_KEYS) or bool(names & STATUS_SECTIONS) or _states_status(source)
    has_decision = any(_DECISION.match(name) for name in names)
    if {"pep", "xep", "kep number"} & keys and has_status:
        return True
    return (_is_numbered(source.path) and bool(names or has_status)) or (has_status and has_decision)


def _states_status(source: Source) -> bool:
    early = [section for section in source.sections[:2] if section.level <= 1]
    fields = (block.field() for section in early for block in section.blocks)
    return any(field is not None and field[0] in _STATUS_KEYS for field in fields)


def _says_anything(source: Source) -> bool:
    return bool(source.fields) or any(section.heading or section.text.strip() for section in source.sections)


def _prose(path: str, text: str) -> Source:
    lines = text.split("\n")
    fields, start, problems = _metadata(lines)
    is_rst = path.lower().endswith((".rst", ".txt"))
    sections = read_sections("\n".join(lines[start:]), first_line=start + 1, is_rst=is_rst)
    if is_rst and not any(section.level for section in sections):
        marked = read_sections("\n".join(lines[start:]), first_line=start + 1)
        sections = marked if len(marked) > 1 else sections
    return Source(path, fields, sections, tuple(lines), tuple(problems))


def _metadata(lines: list[str]) -> tuple[tuple[Field, ...], int, list[tuple[int, str]]]:
    """(fields, index of the first line after them, problems): YAML between dashes, or mail-like headers."""
    first = next((index for index, line in enumerate(lines[:50]) if line.strip()), None)
    if first is None:
        return (), 0, []
    if lines[first].rstrip() == "---":
        end = next((index for index in range(first + 1, len(lines)) if lines[index].rstrip() in {"---", "..."}), None)
        if end is not None and _is_mapping(lines[first + 1 : end]):
            return _front_matter(lines[first + 1 : end], first + 2, end + 1)
    fence = lines[first].startswith("```")
    begin = first + 1 if fence else first
    headers, after = _headers(lines, begin)
    names = {normal_key(field.name) for field in headers}
    if len(headers) > 1 and names & _STATUS_KEYS and names & {"title", "pep", "xep", "author", "number", "type"}:
        return headers, after + fence, []
    return (), 0, []


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
    found: list[tuple[str, list[str], int]] = []
    index = first
    for index in range(first, min(len(lines), first + 200)):
        line = lines[index]
        match = _HEADER.match(line)
        if match:
            found.append((match["name"].lower(), [match["value"] or ""], index + 1))
        elif found and line[:1] in {" ", "\t"} and line.strip():
            found[-1][1].append(line.strip())
        else:
            break
    fields = tuple(Field(name, _header_values(name, values), line) for name, values, line in found)
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


def _kep(document: Document, text: str, siblings: Mapping[str, Document]) -> Source | str | None:
    if _PLACEHOLDER.match(posixpath.basename(posixpath.dirname(document.path))):
        return None
    lines = tuple(text.split("\n"))
    try:
        fields = parse_yaml(text)
    except InvalidInput as error:
        return str(error)
    if not any(field.name == "title" and field.values for field in fields):
        return "no title: a kep.yaml needs one"
    readme = _readme(document.path, siblings)
    return Source(document.path, fields, readme, lines)


def _readme(path: str, siblings: Mapping[str, Document]) -> tuple[Section, ...]:
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
