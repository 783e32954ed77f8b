"""A local HTTP server that serves the files to Neo4j Browser until it is interrupted."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from graphmem.browser.files import GuideParameters, file_for
from graphmem.errors import InvalidInput

_ADDRESS = "127.0.0.1"
# Neo4j Browser's default allow list has this name, but not the address.
_NAME = "localhost"


class FileServer(ThreadingHTTPServer):
    """Serves the files to the page of a single Neo4j Browser: the guide names missing files.

    Args:
        port: The port; 0 selects a free port.
        origin: The origin of that page.
        parameters: The values in the guide.

    Raises:
        InvalidInput: The port cannot be used.
    """

    daemon_threads = True

    def __init__(self, port: int, origin: str, parameters: GuideParameters) -> None:
        self.origin = origin
        self.parameters = parameters
        try:
            super().__init__((_ADDRESS, port), _RequestHandler)
        except OSError as exc:
            fault = f"port {port} cannot be listened on ({(exc.strerror or '').lower()})"
            raise InvalidInput(f"{fault}; choose another with --port, or 0 for a free port") from exc

    @property
    def base(self) -> str:
        """The URL of the folder of the files."""
        return f"http://{_NAME}:{self.server_port}"


class _RequestHandler(BaseHTTPRequestHandler):
    server: FileServer

    def do_GET(self) -> None:
        file = file_for(self.path.partition("?")[0].strip("/"), self.server.base, self.server.parameters)
        if file is None or not self._is_meant():
            self.send_error(404)
            return
        self._begin(200, file.media_type, len(file.content))
        self.wfile.write(file.content)

    def do_OPTIONS(self) -> None:
        self._begin(204, "text/plain", 0)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in the base class
        """Log nothing: the terminal shows the link."""

    def _is_meant(self) -> bool:
        """Return whether the Host header names this machine; another name could belong to a foreign page."""
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
