"""The links into a repository, direct ones and those over other repositories, and the paths that they change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from graphmem.deferred_dataclass import dataclass, replace
from graphmem.instants import to_micros
from graphmem.model import AnchorKind, Memory, Scope
from graphmem.repository.mainline_history import FOREVER_US, MainlineHistory
from graphmem.repository.path_patterns import fixed_part
from graphmem.repository.repository_link import RepositoryLink
from graphmem.retrieval.mainlines import Mainlines
from graphmem.store import Filter
from graphmem.temporal.carriage import Carriage

#: Paths by which a filter on a linked repository is extended.
_MOST_PATHS = 20_000
#: The root of a repository as a filter: everything in it.
_ROOT = "/"


@dataclass(frozen=True, slots=True)
class Passage:
    """A link, with the histories of both repositories.

    Attributes:
        link: The link.
        old: The history of the old repository.
        new: The history of the new one.
    """

    link: RepositoryLink
    old: MainlineHistory
    new: MainlineHistory

    def forward(self, path: str, start_us: int) -> str | None:
        """Return the path in the new repository of the file that had a path at a time; None if it is not there."""
        left = self._left_as(path, start_us)
        if self.link.folder.is_everything:
            return path if self.new.segments_of(path) or not self.new.segments_of(left) else left
        return self.link.folder.forward(left)

    def _left_as(self, path: str, start_us: int) -> str:
        """Return the path that a file had when the link begins to count, else its last path before."""
        lineage = self.old.binding(path, start_us)
        if lineage is None:
            return path
        at_us = FOREVER_US if self.link.since is None else to_micros(self.link.since)
        life = self.old.life(lineage)
        before = [segment for segment in life if self.old.time_of(segment.start) <= at_us]
        return (before or life)[-1].path

    def back(self, paths: Iterable[str]) -> tuple[str, ...]:
        """Return the paths of a filter in the old repository, with all other paths of the files that they mean."""
        old_paths: dict[str, None] = {}
        for path in paths:
            for old in self._backward(path):
                old_paths[old] = None
                old_paths |= dict.fromkeys(self._lives(old))
        return tuple(old_paths)[:_MOST_PATHS]

    def _backward(self, path: str) -> Iterator[str]:
        folder = self.link.folder
        fixed = fixed_part(path).strip("/")
        if folder.is_everything:
            yield path
        elif fixed == path:
            if (old := folder.back(path)) is not None:
                yield old
        # A folder, or a glob of which the folder in front of the first wildcard counts: the moved memories are compared
        # with the path again.
        elif fixed == folder.new or not fixed or folder.new.startswith(f"{fixed}/"):
            yield f"{folder.old}/"
        elif (inner := folder.back(fixed)) is not None:
            yield f"{inner}/"

    def _lives(self, path: str) -> Iterator[str]:
        names = list(self.old.below("" if path == _ROOT else path)) if path.endswith("/") else [path]
        lineages = {segment.lineage for name in names for segment in self.old.segments_of(name)}
        return (segment.path for lineage in sorted(lineages) for segment in self.old.life(lineage))


@dataclass(frozen=True, slots=True)
class Route:
    """The way from a linked repository to the reader's: a link, or several in sequence.

    Attributes:
        passages: The links, that out of the linked repository first.
        into: The reader's repository.
        reader: A reader of the linked repository's shared memories.
    """

    passages: tuple[Passage, ...]
    into: str
    reader: Scope

    @property
    def carriage(self) -> Carriage:
        """The linked repository, and the part of its memories that counts."""
        times = [passage.link.since for passage in self.passages if passage.link.since is not None]
        is_limited = any(passage.link.folder.old for passage in self.passages)
        return Carriage(self.passages[0].link.old, max(times, default=None), is_limited, self._moved)

    def filter(self, where: Filter) -> Filter:
        """Return a filter on the reader's repository as a filter on the linked repository; it may let more pass."""
        paths = where.paths
        if not paths:
            return where
        for passage in reversed(self.passages):
            paths = passage.back(paths)
        return replace(where, paths=() if _ROOT in paths else (*where.paths, *paths))

    def filters(self, where: Filter) -> list[Filter]:
        """Return the filters of a search for the best matches: also one on the folder, which may be a small part."""
        first = self.passages[0]
        if where.paths or not first.link.folder.old:
            return [self.filter(where)]
        return [where, replace(where, paths=first.back((f"{first.link.folder.new}/",)))]

    def _moved(self, memory: Memory, start: datetime) -> Memory | None:
        if memory.statement is None:
            return memory
        is_about, anchors = False, []
        for anchor in memory.statement.anchors:
            moved: str | None = None
            if anchor.kind is AnchorKind.FILE and anchor.repo in (None, memory.scope.repo):
                moved = self._path(anchor.name, to_micros(start))
            is_about = is_about or moved is not None
            is_shown = moved is not None and (moved != anchor.name or self._is_read(moved))
            anchors.append(replace(anchor, name=moved or anchor.name, repo=self.into) if is_shown else anchor)
        if not is_about:
            return None
        return replace(memory, statement=replace(memory.statement, anchors=tuple(dict.fromkeys(anchors))))

    def _is_read(self, path: str) -> bool:
        """Return True if a path of the reader's repository was read; else the old repository still describes it."""
        return bool(self.passages[-1].new.segments_of(path))

    def _path(self, path: str, start_us: int) -> str | None:
        current: str | None = path
        for passage in self.passages:
            current = None if current is None else passage.forward(current, start_us)
        return current


def routes_of(mainlines: Mainlines, reader: Scope, seq: int) -> list[Route]:
    """Return the ways into the reader's repository at a ledger position, shorter ones first."""
    if reader.repo is None:
        return []
    routes: list[Route] = []
    todo: list[tuple[str, tuple[Passage, ...]]] = [(reader.repo, ())]
    seen = {reader.repo}
    for repo, onward in todo:
        into = Scope(reader.tenant, repo)
        for link in mainlines.links(into, seq):
            if link.old in seen:
                continue
            source = Scope(reader.tenant, link.old, environment=reader.environment)
            passage = Passage(link, mainlines.at(source, link.old, seq), mainlines.at(into, repo, seq))
            routes.append(Route((passage, *onward), reader.repo, source))
            todo.append((link.old, (passage, *onward)))
        seen |= {link.old for link in mainlines.links(into, seq)}
    return routes
