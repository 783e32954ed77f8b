"""The address of a server's Neo4j Browser, and the link that opens it with the guide."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode, urlsplit

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import InvalidInput, Unsupported

#: Server settings for Neo4j Browser: its address, whether it is served, and the hosts of allowed guides.
ADVERTISED, ENABLED, ALLOWED = (
    "server.http.advertised_address",
    "server.http.enabled",
    "browser.remote_content_hostname_whitelist",
)
_ANY_HOST = "*"
_PORT = 7474
_HAND = "give Neo4j Browser's address with --at"


@dataclass(frozen=True, slots=True)
class BrowserAddress:
    """A server as its Neo4j Browser reaches it.

    Attributes:
        browser: The address of Neo4j Browser.
        server: The address of the server that Neo4j Browser connects to.
        user: The login name, if known.
        allowed: Host names whose guides and styles Neo4j Browser accepts.
        paths: Files that memories are about.
    """

    browser: str
    server: str
    database: str | None = None
    user: str | None = None
    allowed: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()

    @property
    def origin(self) -> str:
        """The origin of Neo4j Browser's page."""
        parts = urlsplit(self.browser)
        return f"{parts.scheme}://{parts.netloc}"

    def link(self, guide: str) -> str:
        """Return the address that opens Neo4j Browser, connects it, and plays a guide.

        Raises:
            InvalidInput: The server does not allow guides from this host.
        """
        self._refuse_unlisted(guide)
        scheme, _, rest = self.server.partition("://")
        named = f"{scheme}://{quote(self.user)}@{rest}" if self.user else self.server
        parameters = {"dbms": named, **({"db": self.database} if self.database else {}), "cmd": "guide", "arg": guide}
        return f"{self.browser}?{urlencode(parameters, quote_via=quote, safe=':/@')}"

    def _refuse_unlisted(self, guide: str) -> None:
        host = urlsplit(guide).hostname or ""
        if self.allowed and not {host, _ANY_HOST, f"{urlsplit(guide).scheme}://{host}"} & set(self.allowed):
            raise InvalidInput(
                f"Neo4j Browser accepts guides only from {', '.join(self.allowed)}, not from {host!r}:"
                f" add it to {ALLOWED} in neo4j.conf and restart the server, or serve the guide from an allowed host"
            )


def browser_of(server: str, settings: Mapping[str, str]) -> str:
    """Return the address of a server's Neo4j Browser: its host, with the port in its settings.

    Raises:
        Unsupported: The server does not serve Neo4j Browser.
    """
    host = urlsplit(server).hostname or ""
    if settings.get(ENABLED, "true") != "true":
        raise Unsupported(f"{server!r} does not serve Neo4j Browser ({ENABLED} is false); {_HAND}")
    port = urlsplit(f"//{settings.get(ADVERTISED, '')}").port or _PORT
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/browser/"


def allowed_by(settings: Mapping[str, str]) -> tuple[str, ...]:
    """Return the hosts whose guides are accepted; empty if the server does not restrict them."""
    return tuple(host.strip().rstrip("/") for host in settings.get(ALLOWED, "").split(",") if host.strip())
