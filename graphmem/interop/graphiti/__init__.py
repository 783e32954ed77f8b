"""graphiti beside graphmem and over it: `docs/graphiti.md` shows both.

Beside: `graphmem graphiti on` keeps a graph on a Neo4j server that any client of graphiti reads; `group_id` and
`entity_uuid` say what to ask it for, `as_of` makes its filter for a point in time. Over: `graphmem_driver` hands
graphiti's search and extraction a memory in any store. Needs the extra `graphmem[graphiti]`, which is imported when
something of it is first used, with its telemetry and its reading of `.env` files switched off.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from graphmem.interop.graphiti.importing import import_graphiti
from graphmem.model import Kind
from graphmem.projection.drawing import ABOUT, AMENDED_BY, SUPERSEDED_BY
from graphmem.projection.model import entity_uuid, group_id

if TYPE_CHECKING:
    from graphmem.interop.graphiti.filters import as_of

#: The edges that carry a memory's words: a filter by these leaves out what is only about the same thing.
FACT_TYPES = tuple(kind.upper() for kind in Kind)

_HOME_OF = {"as_of": "filters"}

__all__ = ["ABOUT", "AMENDED_BY", "FACT_TYPES", "SUPERSEDED_BY", "as_of", "entity_uuid", "group_id", "import_graphiti"]


def __getattr__(name: str) -> object:
    """Names that need graphiti, each imported when it is first used."""
    if name in _HOME_OF:
        import_graphiti()
        return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
