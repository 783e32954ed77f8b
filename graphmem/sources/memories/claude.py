"""Claude's memory files: `CLAUDE.md` and its imports, `.claude/rules`, and the notes of its auto memory.

A section of a file becomes a statement with the file and its headings as the source key; a note of the auto memory
is a single statement. No file has dates.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path, PurePosixPath

from graphmem.deferred_dataclass import dataclass
from graphmem.model import AnchorKind, Kind, Origin
from graphmem.sources.decisions.front_matter import Field
from graphmem.sources.decisions.sections import TextSection, read_sections, strip_markup
from graphmem.sources.memories.export import Export, Gathered, MemoryFormat, ReadOptions, file_key, key_of, newest
from graphmem.sources.memories.notes import front_matter
from graphmem.sources.memories.statements import Lifetime, SourceWords, keep
from graphmem.sources.memories.text_files import checked, notes_below

FRONT_MATTER = "front matter that could not be read"
OUTSIDE = "an import of a file that is not in the folder: not followed"
LINKED = "a link to a file that is read under its own name"
INDEX = "MEMORY.md"
_LOCAL = "CLAUDE.local.md"
_MAIN = frozenset({"CLAUDE.md", _LOCAL, "AGENTS.md"})
_IMPORT = re.compile(r"(?<![\w`@.])@(?P<path>(?:~/|\.{1,2}/|/)?[\w.@-]+(?:/[\w.@-]+)*)")
_CODE = re.compile(r"`[^`\n]*`")
_POINTER = re.compile(r"^\s*[-*+]\s+\[[^\]]*\]\((?P<file>[^()\s]+\.md)\)")
_TYPE = re.compile(r"^[ \t]+type:[ \t]*(?P<type>[\w-]+)", re.MULTILINE)
_PERSONAL = "personal"
_WORD = re.compile(r"[^\W\d_]{2,}")
_SENTENCE_END = re.compile(r"[.!?](?=\s|$)")
_TELLING_WORDS = 3
_MAX_SENTENCE_CHARS = 100


@dataclass(frozen=True, slots=True)
class _File:
    """A file taken apart; `line` is that of its text, after the front matter."""

    path: str
    fields: Mapping[str, Field]
    head: str
    text: str
    line: int

    @property
    def name(self) -> str:
        return PurePosixPath(self.path).name

    def value(self, name: str) -> str | None:
        """A field of the front matter."""
        result = self.fields.get(name)
        return result.text if result is not None and result.values else None


def read_claude(path: Path, options: ReadOptions) -> Export:
    """The memory files in the folder of a project, in a `.claude` folder or in an auto memory; or a single file."""
    gathered = Gathered()
    root = checked(path)
    name = options.name or _name_of(root.resolve())
    files = dict(notes_below(root, gathered))
    folder = root if root.is_dir() else root.parent
    reading = _MemoryFolder(folder, name, options, gathered, files)
    for item in _each_once(folder, _read_paths(folder, files, gathered, is_named=not root.is_dir()), gathered):
        reading.take(item)
    return gathered.export(MemoryFormat.CLAUDE, name, is_complete=root.is_dir())


def _name_of(root: Path) -> str:
    """The name of the project; for an auto memory, the name of the folder that contains it."""
    folder = root if root.is_dir() else root.parent
    while folder.name in {"memory", ".claude", "rules"} and folder.parent != folder:
        folder = folder.parent
    return folder.name or "memory"


def _read_paths(folder: Path, files: Mapping[str, str], gathered: Gathered, *, is_named: bool) -> list[str]:
    """Paths of the files that Claude reads: memory files, rules, the notes of an index, and their imports."""
    indexed = {str(PurePosixPath(path).parent) for path in files if PurePosixPath(path).name == INDEX}
    paths = [path for path in files if is_named or _is_memory(PurePosixPath(path), indexed) or _is_rule(folder, path)]
    for path in paths:  # grows while it is read: an import may import
        for line, target in _imports(files[path]):
            result = _inside(path, target, files)
            if result is not None and result not in paths:
                paths.append(result)
            elif result is None and ("/" in target or target.endswith(".md")):
                gathered.lose(path, line, OUTSIDE, f"@{target}")
    return paths


def _each_once(folder: Path, paths: list[str], gathered: Gathered) -> list[str]:
    """The paths less links to files that are read under another name."""
    by_file: dict[Path, str] = {}
    for path in sorted(paths, key=lambda item: (folder / item).is_symlink()):
        first = by_file.setdefault((folder / path).resolve(), path)
        if first != path:
            gathered.lose(path, 1, LINKED, f"to {first}")
    return [path for path in paths if path in by_file.values()]


def _is_memory(path: PurePosixPath, indexed: set[str]) -> bool:
    return path.name in _MAIN or str(path.parent) in indexed


def _is_rule(folder: Path, path: str) -> bool:
    """True if a file is in `.claude/rules`, also if the reading begins in either of these folders."""
    parts = (*folder.resolve().parts[-2:], *PurePosixPath(path).parts[:-1])
    return ".claude" in parts and "rules" in parts[parts.index(".claude") :]


def _imports(text: str) -> Iterator[tuple[int, str]]:
    for section in read_sections(text):
        for line in section.lines:
            for result in () if line.is_code else _IMPORT.finditer(_CODE.sub("", line.text)):
                yield line.number, result["path"].rstrip(".")


def _inside(path: str, target: str, files: Mapping[str, str]) -> str | None:
    parts = list(PurePosixPath(path).parent.parts)
    for part in target.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part != ".":
            parts.append(part)
    result = "/".join(parts)
    return result if result in files else None


class _MemoryFolder:
    """The files of a folder while they are read."""

    def __init__(
        self, root: Path, name: str, options: ReadOptions, gathered: Gathered, files: Mapping[str, str]
    ) -> None:
        self._root = root
        self._name = name
        self._asked = options
        self._gathered = gathered
        self._files = files

    def take(self, path: str) -> None:
        """Make statements of a file."""
        text = self._files[path]
        fields, refused, rest, line = front_matter(text)
        if refused is not None:
            self._gathered.pass_over(path, 1, FRONT_MATTER, refused)
        file = _File(path, fields, text[: len(text) - len(rest)], rest, line)
        dates = self._asked.line_dates(self._root / path) if self._asked.line_dates else []
        if (file.value("name") or file.value("description")) and not _is_rule(self._root, path):
            self._keep_note(file, newest(dates, 1, len(dates)))
        else:
            self._keep_sections(file, dates)

    def _keep_note(self, file: _File, at: datetime | None) -> None:
        """Keep a note of the auto memory, with its description as the title."""
        name, headings_below = file.value("name") or "", file.value("description")
        kind = file.value("type") or _nested_type(file.head)
        words = SourceWords(
            key=self._key(file.path),
            text=f"{headings_below or name}\n{file.text.strip()}",
            path=file.path,
            line=1,
            origin=Origin.AGENT,
            aliases=(name,) if name and headings_below else (),
            labels=(kind,) if kind else (),
        )
        keep(self._gathered, words, self._life(at), self._asked.read_at)

    def _keep_sections(self, file: _File, dates: list[datetime | None]) -> None:
        seen: dict[tuple[str, ...], int] = {}
        sections = read_sections(file.text, first_line=file.line)
        about = next((item.heading for item in sections if item.is_title), None)
        for section in sections:
            text = self._text(file, section)
            if not text:
                continue
            headings = (*section.parents, section.heading) if section.heading else ()
            seen[headings] = seen.get(headings, 0) + 1
            marks = (*headings, *((f"{seen[headings]}",) if seen[headings] > 1 else ()))
            title = _telling(_title(file, section, about), section)
            self._keep_section(file, section, marks, f"{title}\n{text}", dates)

    def _keep_section(
        self, file: _File, section: TextSection, marks: tuple[str, ...], text: str, dates: list[datetime | None]
    ) -> None:
        first, last = section.line, section.lines[-1].number if section.lines else section.line
        is_rule = _is_rule(self._root, file.path) or "rules" in PurePosixPath(file.path).parts[:-1]
        words = SourceWords(
            key=f"{self._key(file.path)}/{key_of(*marks)}" if marks else self._key(file.path),
            text=text,
            path=file.path,
            line=first,
            kind=Kind.CONVENTION if is_rule else Kind.FACT,
            origin=Origin.AGENT if file.name == INDEX or self._is_near_index(file) else Origin.DOCUMENT,
            labels=(_PERSONAL,) if file.name == _LOCAL else (),
            anchors=tuple((AnchorKind.FILE, item) for item in _about(file)),
        )
        keep(self._gathered, words, self._life(newest(dates, first, last)), self._asked.read_at)

    def _text(self, file: _File, section: TextSection) -> str:
        """The text of a section; in the index, without the lines that only point to notes."""
        if file.name != INDEX:
            return section.text.strip()
        lines = [line.text for line in section.lines if not self._is_pointer(file, line.text)]
        return "\n".join(lines).strip()

    def _is_pointer(self, file: _File, line: str) -> bool:
        result = _POINTER.match(line)
        return result is not None and _inside(file.path, result["file"], self._files) is not None

    def _is_near_index(self, file: _File) -> bool:
        return str(PurePosixPath(file.path).parent / INDEX) in self._files

    def _life(self, at: datetime | None) -> Lifetime:
        return Lifetime(at, changed_at=at or self._asked.read_at)

    def _key(self, path: str) -> str:
        return file_key(MemoryFormat.CLAUDE, self._name, path)


def _title(file: _File, section: TextSection, about: str | None) -> str:
    """The headings above a section, without the document's own title; that or the file's name if there are none."""
    stem = PurePosixPath(file.path).stem
    headings = [strip_markup(item) for item in (*section.parents, section.heading) if item]
    headings_below = headings[1:] if about is not None and headings[:1] == [strip_markup(about)] else headings
    return ": ".join(headings_below or headings[-1:]) or (file.path if file.name in _MAIN else stem)


def _telling(title: str, section: TextSection) -> str:
    """A title with a meaning: a title of a word or two, like `MUST`, is joined with the first text of the section."""
    if len(_WORD.findall(title)) >= _TELLING_WORDS:
        return title
    texts = (strip_markup(block.text.strip("|")) for block in section.blocks if _WORD.search(block.text))
    first = next(texts, "")
    end = _SENTENCE_END.search(first)
    sentence = first[: end.start() + 1] if end else first
    if len(sentence) > _MAX_SENTENCE_CHARS:
        sentence = sentence[:_MAX_SENTENCE_CHARS].rsplit(" ", 1)[0] + "\u2026"
    return f"{title}: {sentence}" if sentence else title


def _about(file: _File) -> list[str]:
    """The paths to which a rule applies, from its front matter; for a file in a folder, everything below the folder."""
    result = file.fields.get("paths")
    if result is not None and result.values:
        return [glob.strip() for value in result.values for glob in value.split(",") if glob.strip()]
    parts = PurePosixPath(file.path).parent.parts
    is_nested = file.name in _MAIN and parts and ".claude" not in parts
    return [f"{'/'.join(parts)}/**"] if is_nested else []


def _nested_type(head: str) -> str | None:
    result = _TYPE.search(head)
    return result["type"] if result else None
