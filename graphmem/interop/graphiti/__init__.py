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
from graphmem.interop.graphiti.proposing import Outcome, Proposal, accept
from graphmem.model import Scope
from graphmem.projection.drawing import ABOUT, AMENDED_BY, SUPERSEDED_BY
from graphmem.projection.model import STATEMENTS, entity_uuid, group_id

if TYPE_CHECKING:
    from graphmem.interop.graphiti.clients import graphiti_over, local_model
    from graphmem.interop.graphiti.driver import GraphmemDriver
    from graphmem.interop.graphiti.filters import as_of
    from graphmem.service import GraphMemory

#: The edges that carry a memory's words: a filter by these leaves out what is only about the same thing.
FACT_TYPES = STATEMENTS

_HOME_OF = {"as_of": "filters", "graphiti_over": "clients", "local_model": "clients", "GraphmemDriver": "driver"}

__all__ = [
    "ABOUT",
    "AMENDED_BY",
    "FACT_TYPES",
    "SUPERSEDED_BY",
    "GraphmemDriver",
    "Outcome",
    "Proposal",
    "accept",
    "as_of",
    "entity_uuid",
    "graphiti_over",
    "graphmem_driver",
    "group_id",
    "import_graphiti",
    "local_model",
]


def graphmem_driver(memory: GraphMemory, scope: Scope | None = None) -> GraphmemDriver:
    """A graph driver of graphiti's over a memory in any store; `graphiti_over` makes a `Graphiti` of it.

    Args:
        memory: Opened; its owner closes it.
        scope: Where the reader stands, and where proposals will live; as the memory was opened if not given.

    Raises:
        Unsupported: graphiti is not installed, or the memory is on a server over HTTP.
    """
    import_graphiti()
    from graphmem.interop.graphiti.driver import GraphmemDriver

    return GraphmemDriver(memory, scope)


def __getattr__(name: str) -> object:
    """Names that need graphiti, each imported when it is first used."""
    if name in _HOME_OF:
        import_graphiti()
        return getattr(import_module(f"{__name__}.{_HOME_OF[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
