"""graphmem: a memory of a project's decisions and facts, and of the times at which each was in force.

>>> import graphmem
>>> with graphmem.open("demo.db", create=True) as memory:  # doctest: +SKIP
...     old = memory.add("We use MySQL").ids[0]
...     memory.supersede(old, "We use PostgreSQL")
...     memory.search("which database?").hits[0].card.title
'We use PostgreSQL'
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # type checkers take it for true; importing typing takes a hook milliseconds
if TYPE_CHECKING:
    from graphmem.answers import OnSimilar
    from graphmem.errors import (
        BadDiff,
        CommitUnknown,
        Conflict,
        CorruptStore,
        Forbidden,
        GraphMemError,
        InvalidInput,
        NotFound,
        SecretRefused,
        StoreUnavailable,
        Unsupported,
    )
    from graphmem.model import (
        Alternative,
        Anchor,
        AnchorKind,
        At,
        Kind,
        LinkKind,
        Move,
        Origin,
        Outcome,
        Scope,
        Statement,
        Status,
        SupersessionKind,
    )
    from graphmem.opening import open_memory as open  # noqa: A004 - graphmem.open() reads as it should
    from graphmem.retrieval.embedder import EmbedderMissing
    from graphmem.retrieval.request import Sort
    from graphmem.service import GraphMemory, New, Write
    from graphmem.store import Filter, Page

__version__ = "0.1.0"

_HOMES = {
    "graphmem.answers": "OnSimilar",
    "graphmem.errors": (
        "BadDiff CommitUnknown Conflict CorruptStore Forbidden GraphMemError InvalidInput NotFound SecretRefused"
        " StoreUnavailable Unsupported"
    ),
    "graphmem.model": (
        "Alternative Anchor AnchorKind At Kind LinkKind Move Origin Outcome Scope Statement Status SupersessionKind"
    ),
    "graphmem.retrieval.embedder": "EmbedderMissing",
    "graphmem.retrieval.request": "Sort",
    "graphmem.service": "GraphMemory New Write",
    "graphmem.store": "Filter Page",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = [  # noqa: RUF022 - the door first
    "open",
    "Alternative",
    "Anchor",
    "AnchorKind",
    "At",
    "BadDiff",
    "CommitUnknown",
    "Conflict",
    "CorruptStore",
    "EmbedderMissing",
    "Filter",
    "Forbidden",
    "GraphMemError",
    "GraphMemory",
    "InvalidInput",
    "Kind",
    "LinkKind",
    "Move",
    "New",
    "NotFound",
    "SecretRefused",
    "OnSimilar",
    "Origin",
    "Outcome",
    "Page",
    "Scope",
    "Sort",
    "Statement",
    "Status",
    "StoreUnavailable",
    "SupersessionKind",
    "Unsupported",
    "Write",
]


def __getattr__(name: str) -> object:
    """Public names, each imported when it is first used: start-up stays cheap."""
    if name == "open":
        return import_module("graphmem.opening").open_memory
    if name in _HOME_OF:
        return getattr(import_module(_HOME_OF[name]), name)
    raise AttributeError(f"module 'graphmem' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
