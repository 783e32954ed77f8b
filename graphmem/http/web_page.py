"""The web page at `/`: files of this package, which need no key because they hold no content of memories."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from urllib.parse import quote, urlencode

from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Route

from graphmem.model import Scope

_FOLDER = Path(__file__).parent / "view"
_FIRST = "index.html"
_FILES = "/view/"
_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
# The page shows content of memories: it runs its own files only, and no text can become markup.
_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
)
_HEADERS = {
    "Content-Security-Policy": "; ".join(_POLICY),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


def is_view_path(path: str) -> bool:
    """Return whether a path belongs to the page, whether the file exists or not."""
    return path == "/" or path.startswith(_FILES)


def address_of(url: str, scope: Scope, *, has_keys: bool) -> str:
    """Return the page's URL in the scope of the server's folder.

    A key decides tenant and user; without keys they are part of the URL.
    """
    parts = {"repo": scope.repo}
    if not has_keys:
        tenant = None if scope.tenant == Scope().tenant else scope.tenant
        parts |= {"tenant": tenant, "user": scope.user, "branch": scope.branch, "environment": scope.environment}
    query = urlencode({name: value for name, value in parts.items() if value is not None}, quote_via=quote)
    return f"{url}/#/?{query}" if query else f"{url}/"


async def _view(request: Request) -> Response:
    """Return the page, or a file of it."""
    file = _file(request.path_params.get("name", _FIRST))
    if file is None:
        raise HTTPException(404, "the page has no such file")
    etag, media_type, content = file
    headers = {**_HEADERS, "ETag": etag}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=media_type)


#: Not part of the API, so not in the OpenAPI document.
ROUTES = (Route("/", _view), Route(_FILES + "{name}", _view))


@cache
def _names() -> frozenset[str]:
    return frozenset(file.name for file in _FOLDER.iterdir() if file.suffix in _MEDIA_TYPES)


def _file(name: str) -> tuple[str, str, bytes] | None:
    """Return ETag, media type and content of a file; None if it does not exist."""
    return _read(name) if name in _names() else None


@cache
def _read(name: str) -> tuple[str, str, bytes]:
    content = (_FOLDER / name).read_bytes()
    return f'"{hashlib.sha256(content).hexdigest()[:20]}"', _MEDIA_TYPES[Path(name).suffix], content
