"""Where a server's Neo4j Browser is, and the link that opens it with the guide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

from graphmem.errors import InvalidInput, Unsupported

#: Settings of a server that say where its Browser is, and whose guides it plays.
ADVERTISED, ENABLED, ALLOWED = (
    "server.http.advertised_address",
    "server.http.enabled",
    "browser.remote_content_hostname_whitelist",
)
_EVERYBODY = "*"
_PORT = 7474
_HAND = "name Neo4j Browser's address with --at"


@dataclass(frozen=True, slots=True)
class Place:
    """A server as its Neo4j Browser reaches it.

    Attributes:
        browser: The address of Neo4j Browser.
        server: The address of the server, for Neo4j Browser to connect to.
        user: Who logs in there, if that is known.
        allowed: Names of hosts whose guides and styles Neo4j Browser takes.
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
        """Whose page Neo4j Browser is."""
        parts = urlsplit(self.browser)
        return f"{parts.scheme}://{parts.netloc}"

    def link(self, guide: str) -> str:
        """The address that opens Neo4j Browser, connects it, and plays a guide.

        Raises:
            InvalidInput: Neo4j Browser would refuse the guide, for the server does not allow its host.
        """
        self._refuse_unlisted(guide)
        scheme, _, rest = self.server.partition("://")
        named = f"{scheme}://{quote(self.user)}@{rest}" if self.user else self.server
        asked = {"dbms": named, **({"db": self.database} if self.database else {}), "cmd": "guide", "arg": guide}
        return f"{self.browser}?{urlencode(asked, quote_via=quote, safe=':/@')}"

    def _refuse_unlisted(self, guide: str) -> None:
        host = urlsplit(guide).hostname or ""
        if self.allowed and not {host, _EVERYBODY, f"{urlsplit(guide).scheme}://{host}"} & set(self.allowed):
            raise InvalidInput(
                f"Neo4j Browser takes guides from {', '.join(self.allowed)} alone, not from {host!r}:"
                f" add it to {ALLOWED} in neo4j.conf and restart the server, or hand the guide out from one of those"
            )


def browser_of(server: str, told: Mapping[str, str]) -> str:
    """The address of a server's Neo4j Browser: on its host, at the port that its settings say.

    Raises:
        Unsupported: It serves none.
    """
    host = urlsplit(server).hostname or ""
    if told.get(ENABLED, "true") != "true":
        raise Unsupported(f"{server!r} does not serve Neo4j Browser ({ENABLED} is false); {_HAND}")
    port = urlsplit(f"//{told.get(ADVERTISED, '')}").port or _PORT
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/browser/"


def allowed_by(told: Mapping[str, str]) -> tuple[str, ...]:
    """Hosts whose guides are taken; empty if the server does not say."""
    return tuple(one.strip().rstrip("/") for one in told.get(ALLOWED, "").split(",") if one.strip())
