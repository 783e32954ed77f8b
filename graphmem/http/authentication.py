"""Authentication: the key of a request is checked before its body is read."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as AsgiScope

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import Forbidden, GraphMemError
from graphmem.http.browser_files import is_browser_path
from graphmem.http.problems import Refusal, refusal_of, send_refusal
from graphmem.http.web_page import is_view_path
from graphmem.http.webhook_route import PATHS as SIGNED
from graphmem.keys import Key, KeyRing, Permission
from graphmem.model import Scope

#: Paths that need no key. Their answers hold no content of memories.
PUBLIC = frozenset({"/healthz", "/readyz", "/metrics", "/openapi.json"})


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller of a request; `key` is None on a server without keys, where every caller has every permission."""

    key: Key | None

    @property
    def actor(self) -> str | None:
        """The default actor of a write."""
        return None if self.key is None else self.key.name

    @property
    def may_read(self) -> bool:
        """Whether the caller may read memories of others."""
        return self.key is None or Permission.READ in self.key.permissions

    @property
    def may_write(self) -> bool:
        """Whether the caller may write, and so whether recalls are counted."""
        return self.key is None or Permission.WRITE in self.key.permissions

    def own_op_id(self, op_id: str) -> str:
        """Return the op_id for the ledger; see `Key.own_op_id`."""
        return op_id if self.key is None or not op_id else self.key.own_op_id(op_id)

    def require_choice(self) -> None:
        """Check that the caller may choose ids: a refusal reveals that an id exists, even in scopes closed to the key.

        Raises:
            Forbidden: The key does not read its whole tenant.
        """
        if self.key is not None and not self.key.is_reader_of_all:
            problem = f"key {self.key.id!r} does not read its whole tenant, and so cannot choose ids"
            raise Forbidden(f"{problem}: leave `id` out")

    def require(self, permission: Permission) -> None:
        """Check a permission of the key.

        Raises:
            Forbidden: The key lacks it.
        """
        if self.key is not None:
            self.key.require(permission)

    def require_whole(self) -> None:
        """Check that the key opens the whole tenant; see `Key.require_whole`."""
        if self.key is not None:
            self.key.require_whole()

    def require_server(self) -> None:
        """Check that the caller may read all tenants: only on a server without keys.

        Raises:
            Forbidden: The caller has a key; a key opens a single tenant.
        """
        if self.key is not None:
            raise Forbidden(
                "this reads all tenants, and a key opens a single tenant: run it on the machine of the store"
            )

    def scope_for(self, requested: Scope, tenant: str | None, *, is_write: bool) -> Scope:
        """Return the scope that the key opens for a request; see `Key.place`."""
        if self.key is not None:
            return self.key.place(requested, tenant, is_write=is_write)
        return requested if tenant is None else replace(requested, tenant=tenant)


def caller_of(connection: HTTPConnection) -> Caller:
    """Return the caller of a request."""
    caller: Caller = connection.state.caller
    return caller


class AuthenticationMiddleware:
    """Refuses requests without a live key, except for public paths, guides, webhooks, which are signed, and the page.

    Without a key file the server answers this machine alone. A page in a browser on this machine could still reach it,
    by a form or by a name that resolves to it, so Host and Origin must then name this machine. Each request checks
    whether a key file exists.
    """

    def __init__(self, app: ASGIApp, ring: KeyRing | None) -> None:
        self._app = app
        self._ring = ring

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] not in {"http", "websocket"} or scope["path"] in PUBLIC or scope["path"] in SIGNED:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            is_public = is_view_path(scope["path"]) or is_browser_path(scope["path"])
            state = self._state_of(headers, is_public=is_public)
        except Refusal as refusal:
            await send_refusal(refusal, scope, receive, send)
        except GraphMemError as error:
            await send_refusal(refusal_of(error), scope, receive, send)
        else:
            scope.setdefault("state", {}).update(state)
            await self._app(scope, receive, send)

    def _state_of(self, headers: Headers, *, is_public: bool) -> dict[str, Caller]:
        """Return the state of the request: its caller, or nothing for a public file."""
        ring = self._ring
        if ring is None or not ring.is_in_use():
            _refuse_foreign(headers)
            return {} if is_public else {"caller": Caller(None)}
        return {} if is_public else {"caller": self._caller(headers, ring)}

    def _caller(self, headers: Headers, ring: KeyRing) -> Caller:
        scheme, _, text = headers.get("authorization", "").partition(" ")
        if scheme.casefold() != "bearer" or not text.strip():
            raise _unauthorized("the request has no key: send 'Authorization: Bearer gmk_…'")
        key = ring.find(text.strip())
        if key is None:
            raise _unauthorized("the key is damaged, unknown, expired or revoked: request a new key")
        return Caller(key)


def is_loopback(host: str) -> bool:
    """Return whether a host name or address is a loopback address, judged by its text alone."""
    try:
        return host.casefold() == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _refuse_foreign(headers: Headers) -> None:
    origin = headers.get("origin")
    hosts = {"Host": f"//{headers.get('host', '')}", **({} if origin is None else {"Origin": origin})}
    for name, url in hosts.items():
        if not is_loopback(_host_of(url)):
            problem = (
                f"{name} {url.removeprefix('//')[:80]!r} is not this machine: a server without keys answers it alone"
            )
            raise Refusal(403, Forbidden.code, f"{problem}; make a key: graphmem key create")


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _unauthorized(detail: str) -> Refusal:
    return Refusal(401, Forbidden.code, detail, {"WWW-Authenticate": "Bearer"})
