"""The page for people, at `/`: files of this package, which anybody may fetch, since none says anything of a memory."""

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
# Words of memories are shown there: nothing but the page's own files is run, and no text can become markup.
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


def is_of_view(path: str) -> bool:
    """Whether a path is that of the page or of one of its files, there or not."""
    return path == "/" or path.startswith(_FILES)


def address_of(url: str, scope: Scope, *, has_keys: bool) -> str:
    """Where a browser shows the page of a server, standing where the server's own folder stands.

    A key says whose memories it opens; without keys the address does.
    """
    stands = {"repo": scope.repo}
    if not has_keys:
        tenant = None if scope.tenant == Scope().tenant else scope.tenant
        stands |= {"tenant": tenant, "user": scope.user, "branch": scope.branch, "environment": scope.environment}
    given = urlencode({name: value for name, value in stands.items() if value is not None}, quote_via=quote)
    return f"{url}/#/?{given}" if given else f"{url}/"


async def _view(request: Request) -> Response:
    """The page, or one of its files."""
    found = _file(request.path_params.get("name", _FIRST))
    if found is None:
        raise HTTPException(404, "the page has no such file")
    etag, media_type, content = found
    headers = {**_HEADERS, "ETag": etag}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=media_type)


#: They are no part of the API, and not in its OpenAPI.
ROUTES = (Route("/", _view), Route(_FILES + "{name}", _view))


@cache
def _names() -> frozenset[str]:
    return frozenset(one.name for one in _FOLDER.iterdir() if one.suffix in _MEDIA_TYPES)


def _file(name: str) -> tuple[str, str, bytes] | None:
    """ETag, media type and content of a file; None if there is none of that name."""
    return _read(name) if name in _names() else None


@cache
def _read(name: str) -> tuple[str, str, bytes]:
    content = (_FOLDER / name).read_bytes()
    return f'"{hashlib.sha256(content).hexdigest()[:20]}"', _MEDIA_TYPES[Path(name).suffix], content
