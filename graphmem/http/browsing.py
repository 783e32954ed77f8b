"""What Neo4j Browser fetches, at `/browser/`: guide, style and saved queries, which say nothing of any memory."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from graphmem.browser.files import handed

_FILES = "/browser/"
# Neo4j Browser is a page of another server, and asks for what no cache may answer: a browser first asks whether it may.
_HEADERS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Max-Age": "600",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}


def is_of_browser(path: str) -> bool:
    """Whether a path is that of a file for Neo4j Browser, there or not."""
    return path.startswith(_FILES)


async def _file(request: Request) -> Response:
    """One of the files."""
    if request.method == "OPTIONS":
        return Response(status_code=204, headers=_HEADERS)
    # Behind what ends TLS, the caller's own scheme is told by a header; it changes no answer but the caller's.
    scheme = "https" if request.headers.get("x-forwarded-proto") == "https" else request.url.scheme
    base = f"{scheme}://{request.headers.get('host', 'localhost')}{_FILES.rstrip('/')}"
    found = handed(request.path_params["name"], base)
    if found is None:
        raise HTTPException(404, "Neo4j Browser is given no such file")
    return Response(found.content, headers=_HEADERS, media_type=found.media_type)


#: No part of the API, and not in its OpenAPI.
ROUTE = Route(_FILES + "{name}", _file, methods=["GET", "HEAD", "OPTIONS"])
