"""Files for Neo4j Browser at `/browser/`: guide, style and saved queries. They hold no content of memories."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from graphmem.browser.files import file_for

_FILES = "/browser/"
# Neo4j Browser is served from another origin and sends a CORS preflight first; its files must not be cached.
_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Max-Age": "600",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


def is_browser_path(path: str) -> bool:
    """Return whether a path belongs to the files for Neo4j Browser, whether the file exists or not."""
    return path.startswith(_FILES)


async def _file(request: Request) -> Response:
    """Return a file."""
    if request.method == "OPTIONS":
        return Response(status_code=204, headers=_HEADERS)
    # A proxy that ends TLS sends the original scheme in a header. It affects only the links in this caller's answer.
    scheme = "https" if request.headers.get("x-forwarded-proto") == "https" else request.url.scheme
    base = f"{scheme}://{request.headers.get('host', 'localhost')}{_FILES.rstrip('/')}"
    file = file_for(request.path_params["name"], base)
    if file is None:
        raise HTTPException(404, "there is no file of this name for Neo4j Browser")
    return Response(file.content, headers=_HEADERS, media_type=file.media_type)


#: Not part of the API, so not in the OpenAPI document.
ROUTE = Route(_FILES + "{name}", _file, methods=["GET", "HEAD", "OPTIONS"])
