"""Using graphiti with graphmem: `docs/graphiti.md` describes both modes.

As a second reader: `graphmem graphiti on` maintains a graph on a Neo4j server for any graphiti client; `group_id` and
`entity_uuid` identify groups and nodes, `as_of` builds a filter for a point in time. As a front end: `graphmem_driver`
gives graphiti's search and extraction access to a memory in any store. Needs the extra `graphmem[graphiti]`, imported
on
first use with telemetry and `.env` loading switched off.
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

#: Names of the edges with a memory's own text; a filter by these omits edges that only relate nodes.
FACT_TYPES = STATEMENTS

_MODULE_OF = {"as_of": "filters", "graphiti_over": "clients", "local_model": "clients", "GraphmemDriver": "driver"}

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
    """Return a graphiti graph driver over a memory in any store; `graphiti_over` makes a `Graphiti` of it.

    Args:
        memory: An open memory; the caller closes it.
        scope: The reader's scope, and the home scope of proposals; the memory's scope by default.

    Raises:
        Unsupported: graphiti is not installed, or the memory is on a server over HTTP.
    """
    import_graphiti()
    from graphmem.interop.graphiti.driver import GraphmemDriver

    return GraphmemDriver(memory, scope)


def __getattr__(name: str) -> object:
    """Import names that need graphiti on first use."""
    if name in _MODULE_OF:
        import_graphiti()
        return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
