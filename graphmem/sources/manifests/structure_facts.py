"""Facts of the structure of a repository, in words, with the manifests that declare them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence

from graphmem.deferred_dataclass import dataclass
from graphmem.model import Anchor, AnchorKind, Kind, Origin, Statement

#: Further files that declare the same are left out.
_MAX_PATHS = 20
#: Further values of a list are only counted.
MAX_SHOWN = 12


@dataclass(frozen=True, slots=True)
class StructureFact:
    """A fact that the manifests of a commit declare.

    Attributes:
        subject: Key of the subject (`runtime.python`).
        rank: Of facts beyond the limit, those of the greatest rank are left out.
        paths: The files that declare it, the most important first.
        line: Line in the first of them.
        origin: Document for what a manifest declares, commit for what the files of a commit show.
    """

    subject: str
    title: str
    body: str
    rank: int
    paths: tuple[str, ...] = ()
    line: int = 1
    origin: Origin = Origin.DOCUMENT

    def statement(self) -> Statement:
        """The fact as a statement, about the files that declare it and their folders."""
        folders = dict.fromkeys(path.rpartition("/")[0] for path in self.paths)
        modules = [Anchor(AnchorKind.MODULE, folder) for folder in folders if folder and not folder.startswith(".")]
        files = [Anchor(AnchorKind.FILE, path) for path in self.paths]
        return Statement(
            title=self.title,
            body=self.body,
            kind=Kind.STRUCTURE,
            subject=self.subject,
            origin=self.origin,
            anchors=(*files[:_MAX_PATHS], *modules[:_MAX_PATHS]),
        )


@dataclass(frozen=True, slots=True)
class FactDeclaration:
    """Where a manifest declares something.

    Attributes:
        folder: The folder that the manifest speaks for; empty for the root.
        value: The declared value, for example a constraint.
    """

    folder: str
    path: str
    line: int
    value: str = ""

    @property
    def depth(self) -> int:
        """0 for the root, 1 for a folder of it."""
        return len(self.folder.split("/")) if self.folder else 0


def parents_of(folder: str) -> Iterator[str]:
    """The folders above a folder, the nearest first, and the root; none for the root."""
    while folder:
        folder = posixpath.dirname(folder)
        yield folder


def within(folder: str) -> str:
    """The end of a subject: empty for the root, `@FOLDER` for a folder."""
    return f"@{folder}" if folder else ""


def of_folder(folder: str) -> str:
    """` of FOLDER/` for the words of a title; empty for the root."""
    return f" of {folder}/" if folder else ""


def declared_in(declarations: Sequence[FactDeclaration]) -> str:
    """The sentence that names the files of a declaration."""
    return f"Declared in {listed(dict.fromkeys(declaration.path for declaration in declarations))}."


def listed(values: Iterable[str], most: int = MAX_SHOWN) -> str:
    """Values with commas between them; beyond a limit, their number."""
    shown = list(values)
    rest = f" and {len(shown) - most} more" if len(shown) > most else ""
    return ", ".join(shown[:most]) + rest


def paths_of(declarations: Iterable[FactDeclaration]) -> tuple[str, ...]:
    """The files of some declarations, each once, within a limit."""
    return tuple(dict.fromkeys(declaration.path for declaration in declarations))[:_MAX_PATHS]


def values_by_folder(declarations: Sequence[FactDeclaration]) -> str:
    """The value that declarations share; if they differ, each value with its folders."""
    by_value: dict[str, list[str]] = {}
    for declaration in declarations:
        by_value.setdefault(declaration.value, []).append(declaration.folder or "the root")
    if len(by_value) == 1:
        return next(iter(by_value))
    return "; ".join(f"{value or 'any version'} in {listed(folders, 4)}" for value, folders in by_value.items())
