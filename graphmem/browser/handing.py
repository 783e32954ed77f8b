"""Handing out the files to one Neo4j Browser, on this machine, until it is interrupted."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from graphmem.browser.files import Known, handed
from graphmem.errors import InvalidInput

_ADDRESS = "127.0.0.1"
# Neo4j Browser takes guides from this name without being told to; not from the address.
_NAME = "localhost"


class Hand(ThreadingHTTPServer):
    """Answers one Neo4j Browser's page and nobody else's: the guide names files that are gone.

    Args:
        port: Where; 0 takes a free one.
        origin: The origin of that page.
        known: What the guide is told.

    Raises:
        InvalidInput: Nobody can listen there.
    """

    daemon_threads = True

    def __init__(self, port: int, origin: str, known: Known) -> None:
        self.origin = origin
        self.known = known
        try:
            super().__init__((_ADDRESS, port), _Answer)
        except OSError as exc:
            told = f"port {port} cannot be listened on ({(exc.strerror or '').lower()})"
            raise InvalidInput(f"{told}; choose another with --port, or 0 for a free one") from exc

    @property
    def base(self) -> str:
        """What stands before the name of a file."""
        return f"http://{_NAME}:{self.server_port}"


class _Answer(BaseHTTPRequestHandler):
    server: Hand

    def do_GET(self) -> None:
        found = handed(self.path.partition("?")[0].strip("/"), self.server.base, self.server.known)
        if found is None or not self._is_meant():
            self.send_error(404)
            return
        self._begin(200, found.media_type, len(found.content))
        self.wfile.write(found.content)

    def do_OPTIONS(self) -> None:
        self._begin(204, "text/plain", 0)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that it has there
        """Say nothing: the terminal shows the link."""

    def _is_meant(self) -> bool:
        """Whether the request names this machine: another name that leads here belongs to somebody else's page."""
        host = urlsplit(f"//{self.headers.get('Host', '')}").hostname or ""
        return host in {_NAME, _ADDRESS}

    def _begin(self, status: int, media_type: str, length: int) -> None:
        self.send_response(status)
        self.send_header("Access-Control-Allow-Origin", self.server.origin)
        self.send_header("Access-Control-Allow-Headers", "*")
        self.send_header("Cache-Control", "no-cache")
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(length))
        self.end_headers()
