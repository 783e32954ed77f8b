"""A link as it was found, and what every look at one is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from graphmem.config import Settings
from graphmem.retrieval.embedding import Embedder
from graphmem.store import StoreInfo

#: Where `graphmem serve` listens unless told otherwise.
DEFAULT_PORT = 7470


class Health(StrEnum):
    """How a link is: it holds; it holds, but not for long or not for everything; it does not."""

    OK = "ok"
    WARN = "warn"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a link found.

    Attributes:
        fix: The command that mends it; None where there is nothing to mend.
    """

    health: Health
    found: str
    fix: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A link by its name, as it was found; see `Look`."""

    name: str
    health: Health
    found: str
    fix: str | None


def ok(found: str) -> Look:
    """It holds."""
    return Look(Health.OK, found)


def warn(found: str, fix: str) -> Look:
    """It holds, but not for everything."""
    return Look(Health.WARN, found, fix)


def broken(found: str, fix: str) -> Look:
    """It does not hold."""
    return Look(Health.BROKEN, found, fix)


def not_yet(first: str) -> Look:
    """There is nothing to look at before another link holds."""
    return Look(Health.WARN, f"not looked at: {first} comes first")


@dataclass(slots=True)
class Case:
    """What is examined; later looks use what earlier ones found.

    Attributes:
        url: The store as it was named on the command line, if it was.
        environment: The process's variables.
        host: Where a server is to listen; None if that is not asked about.
        settings: Those in effect; as far as they can be read.
        place: The store's URL; empty if there is none.
        backend: Gives the embedding backend or why there is none.
        info: What the store is, once it was opened.
        port: Where a server is to listen.
        version: What the server says of its release, once it was asked.
    """

    url: str | None
    environment: Mapping[str, str]
    host: str | None
    settings: Settings
    place: str
    backend: Callable[[], Embedder | str]
    info: StoreInfo | None = field(default=None)
    version: str | None = field(default=None)
    port: int = DEFAULT_PORT

    @property
    def scheme(self) -> str:
        """Of the place: empty for a path."""
        head, mark, _ = self.place.partition("://")
        return head if mark else ""


@dataclass(frozen=True, slots=True)
class Check:
    """A look at one link.

    Attributes:
        needs: Links without which there is nothing to look at.
        limit_s: How long it may take.
    """

    name: str
    look: Callable[[Case], Look]
    needs: tuple[str, ...] = ()
    limit_s: float = 30.0
