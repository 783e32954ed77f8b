"""Extracts the evidence in a change: imports, dependencies, packages of shell commands, and new files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from graphmem.deferred_dataclass import dataclass
from graphmem.guard.code_paths import is_foreign, is_marked_generated, language_of_path
from graphmem.guard.file_changes import ChangedFile, Piece
from graphmem.guard.imports import CodeImport, imports_in
from graphmem.guard.manifest_names import ManifestDependency, reader_of
from graphmem.guard.shell_commands import commands_in, packages_of
from graphmem.guard.suppressions import Suppression, suppressions_on


@dataclass(frozen=True, slots=True)
class ImportEvidence:
    """An import of a module in code; `names` are the names that are imported from it."""

    language: str
    module: str
    names: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The import in a few words."""
        return f"import of {self.module}"


@dataclass(frozen=True, slots=True)
class PackageEvidence:
    """A dependency on a package, or a command that adds it."""

    ecosystem: str
    name: str

    @property
    def text(self) -> str:
        """The dependency in a few words."""
        return f"dependency on {self.name}"


@dataclass(frozen=True, slots=True)
class CommandEvidence:
    """The words of a shell command."""

    words: tuple[str, ...]

    @property
    def text(self) -> str:
        """The program and its subcommand."""
        return f"command {' '.join(self.words[:2])}"


@dataclass(frozen=True, slots=True)
class FileEvidence:
    """A file that the change creates."""

    path: str

    @property
    def text(self) -> str:
        """The file in a few words."""
        return f"new file {self.path}"


@dataclass(frozen=True, slots=True)
class NameEvidence:
    """A name that a text mentions in a code span; no proof that anything is used."""

    name: str

    @property
    def text(self) -> str:
        """The name in a few words."""
        return f"mention of {self.name}"


Evidence = ImportEvidence | PackageEvidence | CommandEvidence | FileEvidence | NameEvidence


@dataclass(frozen=True, slots=True)
class Added:
    """A piece of evidence that a change adds, and where.

    Attributes:
        path: The file; empty for a shell command or a text.
        line: The number of the line in the file; 0 for a complete file or a command.
        suppressions: The comments that excuse the line.
    """

    evidence: Evidence
    path: str
    line: int = 0
    suppressions: tuple[Suppression, ...] = ()


@dataclass(frozen=True)
class FileEvidences:
    """The evidence in a changed file.

    Attributes:
        change: The change of the file.
        added: The evidence on lines that the change adds.
        after: All evidence in the file after the change, added or not.
    """

    change: ChangedFile
    added: tuple[Added, ...] = ()
    after: tuple[Evidence, ...] = ()

    @property
    def path(self) -> str:
        """The path after the change."""
        return self.change.path

    @property
    def is_new(self) -> bool:
        """Return True if the change creates the file."""
        return self.change.is_new

    @cached_property
    def before(self) -> tuple[Evidence, ...]:
        """Return the evidence in the file before the change; computed at the first access, since few files need it."""
        if is_foreign(self.path):
            return ()
        path = self.change.old_path or self.path
        pieces = self.change.pieces
        found = (_in_text(path, piece.before, is_part=not piece.is_whole) for piece in pieces)
        return tuple(evidence for each in found for evidence, _, _ in each)


def evidence_of_file(change: ChangedFile) -> FileEvidences:
    """Return the evidence in a changed file; none for files that guard does not read."""
    if is_foreign(change.path) or _is_generated(change):
        return FileEvidences(change)
    new_file = (Added(FileEvidence(change.path), change.path),) if _is_new_at_path(change) else ()
    added: list[Added] = []
    after: list[Evidence] = []
    for piece in () if change.is_deleted else change.pieces:
        lines: Sequence[str] = ()
        for evidence, first, last in _in_text(change.path, piece.after, is_part=_is_part(piece)):
            after.append(evidence)
            line = _added_line(piece, first, last)
            if line is not None:
                lines = lines or piece.after.split("\n")
                added.append(Added(evidence, change.path, line, tuple(suppressions_on(lines, first, last))))
    return FileEvidences(change, (*new_file, *added), tuple(after))


def evidence_of_command(text: str) -> Iterator[Added]:
    """Yield the evidence in a shell text: for each command, the packages that it adds, then its words."""
    for words in commands_in(text):
        yield from (Added(PackageEvidence(found.ecosystem, found.name), "") for found in packages_of(words))
        yield Added(CommandEvidence(words), "")


def _is_part(piece: Piece) -> bool:
    """Return True if a piece may begin within a comment or a string: the first line of a file does not."""
    return not piece.is_whole and piece.start > 1


def _is_generated(change: ChangedFile) -> bool:
    return any(is_marked_generated(piece.after or piece.before) for piece in change.pieces if piece.start == 1)


def _is_new_at_path(change: ChangedFile) -> bool:
    return not change.is_deleted and (change.is_new or change.old_path is not None)


def _added_line(piece: Piece, first: int, last: int) -> int | None:
    """Return the number of the first added line of some lines; None if the change adds none of them."""
    if piece.added is None:
        return piece.start + first
    return next((piece.start + row for row in range(first, last + 1) if piece.start + row in piece.added), None)


def _in_text(path: str, text: str, *, is_part: bool) -> Iterator[tuple[Evidence, int, int]]:
    """Yield the evidence in a text with its first and its last line, numbered from 0."""
    if not text:
        return
    language = language_of_path(path)
    if language is not None:
        yield from map(_of_import, imports_in(language, text, is_part=is_part))
        return
    reader = reader_of(path)
    if reader is not None:
        yield from map(_of_dependency, reader(text, is_part=is_part))


def _of_import(found: CodeImport) -> tuple[Evidence, int, int]:
    return ImportEvidence(found.language, found.module, found.names), found.first, found.last


def _of_dependency(found: ManifestDependency) -> tuple[Evidence, int, int]:
    return PackageEvidence(found.ecosystem, found.name), found.line, found.line
