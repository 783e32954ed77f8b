"""The files that a filter by components means: those that belong to a component at the time of the answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain

from graphmem.deferred_dataclass import dataclass
from graphmem.model import Anchor, AnchorKind, Memory
from graphmem.repository.area_files import AreaFiles, area_files
from graphmem.repository.mainline_history import MainlineHistory
from graphmem.repository.symbol_places import files_of_symbol

_AREAS = (AnchorKind.COMPONENT, AnchorKind.MODULE)


@dataclass(frozen=True, slots=True)
class ComponentReach:
    """Names of components and modules, with their files.

    Attributes:
        names: The names.
        histories: The history of each repository that the reader reads, by its name.
        files: The files of all of them, by repository.
        at_us: The instants of the answer, in microseconds since 1970.
    """

    names: frozenset[str]
    histories: Mapping[str | None, MainlineHistory]
    files: Mapping[str | None, tuple[AreaFiles, ...]]
    at_us: tuple[int, ...]

    @property
    def paths(self) -> tuple[str, ...]:
        """All paths and folders of the files."""
        listed = chain.from_iterable(self.files.values())
        return tuple(dict.fromkeys(path for files in listed for path in files.paths))

    def admits(self, memory: Memory, start_us: int) -> bool:
        """Return whether a memory is about one of the components, or about a file or symbol of one.

        Args:
            memory: The memory; it has a statement.
            start_us: When it starts to hold: its paths are those of that time.
        """
        statement = memory.statement
        if statement is None:
            return True
        if any(anchor.kind in _AREAS and anchor.name in self.names for anchor in statement.anchors):
            return True
        files = tuple(anchor.name for anchor in statement.anchors if anchor.kind is AnchorKind.FILE)
        return any(self._has(anchor, memory.scope.repo, files, start_us) for anchor in statement.anchors)

    def _has(self, anchor: Anchor, home: str | None, files: tuple[str, ...], start_us: int) -> bool:
        repo = anchor.repo or home
        history, path = self.histories.get(repo), anchor.file
        if history is None or path is None:
            return False
        if anchor.kind is AnchorKind.SYMBOL and history.relocations:
            lineages = files_of_symbol(history, anchor.name, files, start_us, max(self.at_us))
        else:
            lineage = history.binding(path, start_us)
            lineages = frozenset() if lineage is None else frozenset([lineage])
        if lineages:
            return any(lineages & each.lineages for each in self.files[repo])
        positions = [history.position_at(at) for at in self.at_us]
        return any(self.names & history.areas_of(name, position) for name in _names(path) for position in positions)


def component_reach(
    histories: Mapping[str | None, MainlineHistory], names: Iterable[str], at_us: Iterable[int]
) -> ComponentReach:
    """Return the files of components and modules at the instants of an answer."""
    wanted, instants = frozenset(names), tuple(at_us)
    files = {
        repo: tuple(area_files(history, name, at) for name in sorted(wanted) for at in instants)
        for repo, history in histories.items()
    }
    return ComponentReach(wanted, histories, files, instants)


def _names(path: str) -> tuple[str, ...]:
    """Return the path, and for one that may be a folder the folder; no file that was read has it."""
    return (path,) if path.endswith("/") else (path, f"{path}/")
