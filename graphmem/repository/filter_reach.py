"""The anchors that a filter reaches besides those that it names."""

from __future__ import annotations

from graphmem.deferred_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class FilterReach:
    """The anchors that the paths and the components of a filter reach besides those that they name.

    Attributes:
        areas: Names of the paths' components and modules: a memory about one is on the paths.
        symbols: Names of symbols that were moved to the paths: a memory about one is on the paths, if it is also about
            one of `symbol_files`.
        symbol_files: Files that had the symbols before.
        component_paths: Files, and folders ending in `/`, of the components: a memory about one is about a component.
    """

    areas: tuple[str, ...] = ()
    symbols: tuple[str, ...] = ()
    symbol_files: tuple[str, ...] = ()
    component_paths: tuple[str, ...] = ()


#: Of a filter that reaches nothing besides.
NOTHING_BESIDES = FilterReach()
