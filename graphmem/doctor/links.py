"""The results of checks, and the context that checks share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from enum import StrEnum

from graphmem.config import Settings
from graphmem.deferred_dataclass import dataclass
from graphmem.retrieval.embedder import Embedder, EmbedderMissing
from graphmem.store import StoreInfo

#: The default port of `graphmem serve`.
DEFAULT_PORT = 7470


class LinkHealth(StrEnum):
    """The health of a link: working, working with a limitation, or broken."""

    OK = "ok"
    WARN = "warn"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The result of a check.

    Attributes:
        found: A message for the user.
        fix: The command that fixes the fault; None if there is no fault.
    """

    health: LinkHealth
    found: str
    fix: str | None = None


@dataclass(frozen=True, slots=True)
class CheckedLink:
    """The result of a check with its name; see `CheckResult`."""

    name: str
    health: LinkHealth
    found: str
    fix: str | None


def ok(message: str) -> CheckResult:
    """Return the result of a working link."""
    return CheckResult(LinkHealth.OK, message)


def warn(message: str, fix: str) -> CheckResult:
    """Return the result of a link that works with a limitation."""
    return CheckResult(LinkHealth.WARN, message, fix)


def broken(message: str, fix: str) -> CheckResult:
    """Return the result of a broken link."""
    return CheckResult(LinkHealth.BROKEN, message, fix)


def not_yet(first: str) -> CheckResult:
    """Return the result of a check that needs another link to work first."""
    return CheckResult(LinkHealth.WARN, f"not checked: fix {first} first")


@dataclass(slots=True)
class CheckContext:
    """The context of the checks; later checks use results of earlier checks.

    Attributes:
        url: The store as named on the command line, if it was.
        environment: The process's environment variables.
        host: The address on which a server will listen; None if that is not checked.
        settings: The settings in effect, as far as they can be read.
        store_url: The store's URL; empty if there is none.
        backend: Returns the embedding backend, or why there is none.
        info: The store's totals, after it was opened.
        version: The release of the server, after its check.
        port: The port on which a server will listen.
    """

    url: str | None
    environment: Mapping[str, str]
    host: str | None
    settings: Settings
    store_url: str
    backend: Callable[[], Embedder | EmbedderMissing]
    info: StoreInfo | None = field(default=None)
    version: str | None = field(default=None)
    port: int = DEFAULT_PORT

    @property
    def scheme(self) -> str:
        """The scheme of the store's URL; empty for a path."""
        head, mark, _ = self.store_url.partition("://")
        return head if mark else ""


@dataclass(frozen=True, slots=True)
class Check:
    """A check of a link.

    Attributes:
        needs: Checks that must pass first.
        limit_s: The time limit.
    """

    name: str
    look: Callable[[CheckContext], CheckResult]
    needs: tuple[str, ...] = ()
    limit_s: float = 30.0
