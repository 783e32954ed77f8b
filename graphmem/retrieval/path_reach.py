"""The files that a path filter means: each file that ever had the path, under all the paths that it had."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import PurePosixPath

from graphmem.deferred_dataclass import dataclass, replace
from graphmem.instants import to_micros
from graphmem.model import Anchor, AnchorKind, Memory, Scope, Statement
from graphmem.repository.filter_reach import FilterReach
from graphmem.repository.mainline_history import FOREVER_US, MainlineHistory
from graphmem.repository.moved_symbols import moved_symbols
from graphmem.repository.path_patterns import path_pattern, path_test
from graphmem.repository.symbol_places import files_of_symbol
from graphmem.retrieval.component_reach import ComponentReach, component_reach
from graphmem.retrieval.mainlines import Mainlines
from graphmem.store import Filter
from graphmem.temporal import View

#: Further paths that one filter is extended by.
MOST_PATHS = 20_000
#: Splits of files one after the other that are followed.
_MOST_SPLITS = 10
_GLOB = frozenset("*?")
_AREAS = (AnchorKind.COMPONENT, AnchorKind.MODULE)
#: The source key of an imported statement begins with one of these, its source's name, and the path of its file.
_IMPORTED = ("claude", "basic-memory")


@dataclass(frozen=True, slots=True)
class PathReach:
    """A filter by paths or components with the files that it means.

    Attributes:
        where: The filter, its paths extended by all other paths of the files, and with what it reaches besides.
        histories: The history of each repository that the reader reads, by its name.
        lineages: The files, by repository, each with the latest start of a memory that counts, in microseconds since
            1970: of a file whose lines went to another one, memories count that start before.
        further: The paths by which the filter was extended.
        areas: The names of the components and modules of the paths, by repository.
        components: The components of the filter; None if it names none.
        at_us: The time of the answer, in microseconds since 1970; the later of two.
    """

    where: Filter
    histories: dict[str | None, MainlineHistory]
    lineages: dict[str | None, Mapping[int, int]]
    further: frozenset[str]
    areas: dict[str | None, frozenset[str]]
    components: ComponentReach | None
    at_us: int

    def admits(self, view: View, memory_id: str) -> bool:
        """Return whether a match is about one of the files: a path may have named other files too."""
        memory = view.memory(memory_id)
        if memory is None or memory.statement is None:
            return True
        if self.components is not None and not self.components.admits(memory, start_us(view, memory_id)):
            return False
        return not self.where.paths or self._is_on_paths(memory, memory.statement, view)

    def _is_on_paths(self, memory: Memory, statement: Statement, view: View) -> bool:
        own_areas, moved = self.where.reach.areas, self.where.reach.symbols
        if not (self.further or own_areas or moved):
            return True
        named = [anchor for anchor in statement.anchors if is_area(anchor) and anchor.name in own_areas]
        if any(anchor.name in self.areas.get(anchor.repo or memory.scope.repo, ()) for anchor in named):
            return True
        if moved and self._has_moved_symbol(memory, statement, start_us(view, memory.id)):
            return True
        files = [anchor for anchor in statement.anchors if anchor.file is not None]
        doubtful = [anchor for anchor in files if anchor.file in self.further]
        if (named or _names_any(statement, moved)) and not doubtful:
            is_on = path_test(self.where.paths)
            return any(anchor.file is not None and is_on(anchor.file) for anchor in files)
        if not doubtful or len(doubtful) < len(files):
            return True
        return any(self._is_of(anchor, memory.scope, start_us(view, memory.id)) for anchor in doubtful)

    def _has_moved_symbol(self, memory: Memory, statement: Statement, at_us: int) -> bool:
        """Return whether a symbol of a memory was moved to one of the files."""
        files = [anchor.name for anchor in statement.anchors if anchor.kind is AnchorKind.FILE]
        for anchor in statement.anchors:
            if anchor.kind is AnchorKind.SYMBOL and anchor.name in self.where.reach.symbols:
                repo = anchor.repo or memory.scope.repo
                history = self.histories.get(repo)
                if history is not None and not self.lineages[repo].keys().isdisjoint(
                    files_of_symbol(history, anchor.name, files, at_us, self.at_us)
                ):
                    return True
        return False

    def _is_of(self, anchor: Anchor, home: Scope, at_us: int) -> bool:
        repo = anchor.repo or home.repo
        history = self.histories.get(repo)
        lineage = None if history is None or anchor.file is None else history.binding(anchor.file, at_us)
        return lineage is not None and at_us <= self.lineages[repo].get(lineage, -FOREVER_US)


def _names_any(statement: Statement, symbols: Sequence[str]) -> bool:
    return any(anchor.kind is AnchorKind.SYMBOL and anchor.name in symbols for anchor in statement.anchors)


def start_us(view: View, memory_id: str) -> int:
    """Return when a memory starts to hold, else its first move, in microseconds since 1970."""
    spans = view.holding(memory_id)
    if spans:
        return to_micros(spans[0][0])
    rows = view.moves(memory_id)
    return to_micros(rows[0].move.at) if rows else 0


def is_area(anchor: Anchor) -> bool:
    """Return whether an anchor is a component or a module."""
    return anchor.kind in _AREAS


def areas_of(history: MainlineHistory, path: str, at_us: int) -> frozenset[str]:
    """Return the names of the components and modules to which a path belonged at a time, under its path of then.

    Args:
        history: The repository.
        path: A file, or a folder that ends in `/`; a glob has none.
        at_us: The time, in microseconds since 1970.
    """
    position = history.position_at(at_us)
    if _GLOB & set(path) or position < 0:
        return frozenset()
    if not path.endswith("/") and history.segment_at(path, position) is None:
        segments = (history.path_at(lineage, at_us) for lineage in _lineages_of(history, path))
        path = next((segment.path for segment in segments if segment is not None), path)
    return frozenset(history.areas_of(path, position))


def _lineages_of(history: MainlineHistory, path: str) -> Iterator[int]:
    return (segment.lineage for segment in reversed(history.segments_of(path)))


def reach(mainlines: Mainlines, where: Filter, reader: Scope, seq: int, *times: datetime) -> PathReach | None:
    """Return the files that a filter's paths and components mean to a reader at a ledger position; None without any.

    Paths are those of the reader's repository and of its related ones. A path also matches the memories that were
    imported from that file, those about a component or module to which it belongs, and those about a symbol that was
    moved there. A component also matches the memories about its files.

    Args:
        mainlines: The histories of repositories.
        where: The filter.
        reader: The reader.
        seq: The ledger position.
        times: The instants of the answer: the components and modules of each count.
    """
    if not where.paths and not where.components:
        return None
    named = tuple(map(_plain_path, where.paths))
    repos = dict.fromkeys((reader.repo, *reader.related_repos, None))
    histories = {repo: mainlines.at(reader, repo, seq) for repo in repos}
    lineages = {repo: _lineages(history, named) for repo, history in histories.items()}
    paths = {
        segment.path
        for repo, history in histories.items()
        for lineage in lineages[repo]
        for segment in history.life(lineage)
    }
    is_named = path_test(named)
    further = sorted(path for path in paths if not is_named(path))[:MOST_PATHS]
    at_us = list(map(to_micros, times))
    areas = {
        repo: frozenset(name for path in named for at in at_us for name in areas_of(history, path, at))
        for repo, history in histories.items()
    }
    moved = [moved_symbols(history, lineages[repo], max(at_us)) for repo, history in histories.items() if named]
    components = component_reach(histories, where.components, at_us) if where.components else None
    extended = replace(
        where,
        paths=tuple(dict.fromkeys((*named, *further, *_source_keys(named)))),
        reach=FilterReach(
            areas=tuple(sorted({name for names in areas.values() for name in names})),
            symbols=tuple(dict.fromkeys(name for each in moved for name in each.names)),
            symbol_files=tuple(dict.fromkeys(file for each in moved for file in each.files)),
            component_paths=() if components is None else components.paths[:MOST_PATHS],
        ),
    )
    return PathReach(extended, histories, lineages, frozenset(further), areas, components, max(at_us))


def _source_keys(paths: Sequence[str]) -> list[str]:
    """Patterns of the source keys of memories that were imported from files."""
    files = [path for path in paths if path and not _GLOB & set(path) and not path.endswith("/")]
    return [f"{source}/*/{path}{rest}" for source in _IMPORTED for path in files for rest in ("", "/**")]


def _plain_path(path: str) -> str:
    """Return the path without a leading `./`."""
    if not path.startswith("./"):
        return path
    return PurePosixPath(path).as_posix() + ("/" if path.endswith("/") else "")


def _lineages(history: MainlineHistory, patterns: Sequence[str]) -> Mapping[int, int]:
    """The files that ever had a path that one of the patterns matches, and those whose lines went there or came thence.

    Each has the latest start of a memory about it that counts.
    """
    named = {segment.lineage for path in _matching(history, patterns) for segment in history.segments_of(path)}
    latest_starts = dict.fromkeys(named, FOREVER_US)
    for is_past in (True, False):
        reached = dict.fromkeys(named, FOREVER_US)
        for _ in range(_MOST_SPLITS):
            further = dict(_related(history, reached, is_past=is_past))
            if not further.keys() - reached.keys():
                break
            reached = {**further, **reached}
        latest_starts = {**reached, **latest_starts}
    return latest_starts


def _related(history: MainlineHistory, reached: Mapping[int, int], *, is_past: bool) -> Iterator[tuple[int, int]]:
    """The files from which lines came to files, or to which they went."""
    for old, new, position in history.splits():
        if is_past and new in reached:
            yield old, min(history.times_us[position], reached[new])
        elif not is_past and old in reached:
            yield new, FOREVER_US


def _matching(history: MainlineHistory, patterns: Sequence[str]) -> Iterable[str]:
    for pattern in patterns:
        compiled = path_pattern([pattern])
        if compiled is not None:
            test = re.compile(compiled)
            yield from filter(test.fullmatch, history.paths())
        elif pattern.endswith("/"):
            yield from history.below(pattern)
        else:
            yield pattern
