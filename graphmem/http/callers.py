"""Who calls: the key that a request carries, checked before its body is read; without a key nothing but health."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from graphmem.errors import Forbidden, GraphMemError
from graphmem.http.browsing import is_of_browser
from graphmem.http.problems import Refusal, refusal_of, send_refusal
from graphmem.http.viewing import is_of_view
from graphmem.keys import Key, KeyRing, Permission
from graphmem.model import Scope as Place

#: What anybody may ask. None of it says anything of a memory.
PUBLIC = frozenset({"/healthz", "/readyz", "/metrics", "/openapi.json"})


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls; `key` is None on a server without keys, where everybody may do everything."""

    key: Key | None

    @property
    def actor(self) -> str | None:
        """Who writes, if a write does not say."""
        return None if self.key is None else self.key.name

    @property
    def may_read(self) -> bool:
        """Whether the caller may be told what others wrote."""
        return self.key is None or Permission.READ in self.key.permissions

    def own_op_id(self, op_id: str) -> str:
        """The name of a write in the ledger; see `Key.own_op_id`."""
        return op_id if self.key is None or not op_id else self.key.own_op_id(op_id)

    def require_choice(self) -> None:
        """Let pass ids that the caller chose: a refusal tells that somebody has one, seen or not.

        Raises:
            Forbidden: The key does not read all that its tenant holds.
        """
        if self.key is not None and not self.key.is_reader_of_all:
            told = f"key {self.key.id!r} does not read its whole tenant, and so cannot choose ids"
            raise Forbidden(f"{told}: leave `id` out")

    def require(self, permission: Permission) -> None:
        """Let pass what the key allows.

        Raises:
            Forbidden: It does not allow this.
        """
        if self.key is not None:
            self.key.require(permission)

    def require_whole(self) -> None:
        """Let pass what touches the whole tenant; see `Key.require_whole`."""
        if self.key is not None:
            self.key.require_whole()

    def require_server(self) -> None:
        """Let pass what touches all tenants: only where there are no keys.

        Raises:
            Forbidden: A key opens one tenant.
        """
        if self.key is not None:
            raise Forbidden("this is about all tenants, and a key opens one: run it where the store is")

    def place(self, asked: Place, tenant: str | None, *, is_write: bool) -> Place:
        """Where the caller stands; see `Key.place`."""
        if self.key is not None:
            return self.key.place(asked, tenant, is_write=is_write)
        return (
            asked
            if tenant is None
            else Place(tenant, asked.repo, asked.user, asked.branch, asked.environment, asked.related_repos)
        )


def caller_of(connection: HTTPConnection) -> Caller:
    """Who calls."""
    caller: Caller = connection.state.caller
    return caller


class Door:
    """Lets no request in without a live key, but to what is public, the page, which asks for one itself, and guides.

    As long as no key was ever made, the server is for this machine alone. A page in a browser on it could reach it too,
    by a form or by a name that resolves here: so then, Host and Origin must name this machine. Each request asks
    whether there is a key now.
    """

    def __init__(self, app: ASGIApp, ring: KeyRing | None) -> None:
        self._app = app
        self._ring = ring

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] not in {"http", "websocket"} or scope["path"] in PUBLIC:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            is_open = is_of_view(scope["path"]) or is_of_browser(scope["path"])
            named = self._let_in(headers, is_open=is_open)
        except Refusal as refusal:
            await send_refusal(refusal, scope, receive, send)
        except GraphMemError as error:
            await send_refusal(refusal_of(error), scope, receive, send)
        else:
            scope.setdefault("state", {}).update(named)
            await self._app(scope, receive, send)

    def _let_in(self, headers: Headers, *, is_open: bool) -> dict[str, Caller]:
        """Who calls, for the state of a request; nobody in particular where anybody may look."""
        ring = self._ring
        if ring is None or not ring.is_in_use():
            _refuse_foreign(headers)
            return {} if is_open else {"caller": Caller(None)}
        return {} if is_open else {"caller": self._caller(headers, ring)}

    def _caller(self, headers: Headers, ring: KeyRing) -> Caller:
        scheme, _, text = headers.get("authorization", "").partition(" ")
        if scheme.casefold() != "bearer" or not text.strip():
            raise _unknown("there is no key: send 'Authorization: Bearer gmk_…'")
        key = ring.find(text.strip())
        if key is None:
            raise _unknown("the key is damaged, unknown, expired or revoked: ask for a new one")
        return Caller(key)


def is_loopback(host: str) -> bool:
    """Whether a name or address is that of this machine, by its spelling alone."""
    try:
        return host.casefold() == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _refuse_foreign(headers: Headers) -> None:
    origin = headers.get("origin")
    hosts = {"Host": f"//{headers.get('host', '')}", **({} if origin is None else {"Origin": origin})}
    for name, url in hosts.items():
        if not is_loopback(_host_of(url)):
            told = f"{name} {url.removeprefix('//')[:80]!r} is not this machine: a server without keys answers it alone"
            raise Refusal(403, Forbidden.code, f"{told}; make a key: graphmem key create")


def _host_of(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _unknown(detail: str) -> Refusal:
    return Refusal(401, Forbidden.code, detail, {"WWW-Authenticate": "Bearer"})
