"""MCP over streamable HTTP, as an ASGI application that the HTTP surface mounts behind its own door."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.types import Receive, Scope, Send

from graphmem.mcp_server.callers import Caller
from graphmem.mcp_server.serving import make_server
from graphmem.service import GraphMemory

#: Who calls, by the ASGI scope of the request, in whose `state` the door left it.
Identify = Callable[[Mapping[str, Any]], Caller]

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_MAX_BODY_BYTES = 1 << 20


class MountedTools:
    """An ASGI application for one path; every request stands for itself, so that any of several processes answers it.

    Args:
        memory: An open memory; the application does not close it.
        identify: Says who calls. The door before this has let them in; what they may do is asked of what it gives.
        names: Host names for `Host` and `Origin` beside this machine's own. Requests without an `Origin` pass:
            no browser sent them.
    """

    def __init__(
        self,
        memory: GraphMemory,
        identify: Identify,
        *,
        names: Sequence[str] = (),
    ) -> None:
        def opening(scope: Mapping[str, Any]) -> tuple[GraphMemory, Caller]:
            return memory, identify(scope)

        hosts = [form for name in (*_LOOPBACK, *names) for form in (name, f"{name}:*")]
        self._sessions = StreamableHTTPSessionManager(
            app=make_server(opening),
            json_response=True,
            stateless=True,
            max_request_body_size=_MAX_BODY_BYTES,
            # Given outright: without settings the SDK checks nothing.
            security_settings=TransportSecuritySettings(
                enable_dns_rebinding_protection=True,
                allowed_hosts=hosts,
                allowed_origins=[f"{scheme}://{one}" for scheme in ("http", "https") for one in hosts],
            ),
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Answers requests as long as it is entered: the mounting application's lifespan enters it, once."""
        async with self._sessions.run():
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        await self._sessions.handle_request(scope, receive, send)
