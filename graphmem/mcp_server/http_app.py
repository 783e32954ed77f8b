"""MCP over streamable HTTP, as an ASGI application that the HTTP server mounts behind its authentication."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from starlette.types import Receive, Scope, Send

from graphmem.mcp_server.tool_callers import ToolCaller
from graphmem.mcp_server.tool_server import make_server
from graphmem.service import GraphMemory

#: Returns the caller of a request from its ASGI scope, in whose `state` the authentication stored it.
Identify = Callable[[Mapping[str, Any]], ToolCaller]

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_MAX_BODY_BYTES = 1 << 20


class MountedTools:
    """An ASGI application for a single path. Requests are stateless, so any of several processes can answer them.

    Args:
        memory: An open memory; the application does not close it.
        identify: Returns the caller of a request, already authenticated, whose permissions are checked for each call.
        names: Host names that `Host` and `Origin` may have, in addition to this machine's own. Requests without an
            `Origin` pass: browsers send it with every request of a page.
    """

    def __init__(
        self,
        memory: GraphMemory,
        identify: Identify,
        *,
        names: Sequence[str] = (),
    ) -> None:
        def opening(scope: Mapping[str, Any]) -> tuple[GraphMemory, ToolCaller]:
            return memory, identify(scope)

        hosts = [form for name in (*_LOOPBACK, *names) for form in (name, f"{name}:*")]
        self._sessions = StreamableHTTPSessionManager(
            app=make_server(opening),
            json_response=True,
            stateless=True,
            max_request_body_size=_MAX_BODY_BYTES,
            # Without explicit settings the SDK checks nothing.
            security_settings=TransportSecuritySettings(
                enable_dns_rebinding_protection=True,
                allowed_hosts=hosts,
                allowed_origins=[f"{scheme}://{host}" for scheme in ("http", "https") for host in hosts],
            ),
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Return the context in which requests are answered; the mounting application's lifespan enters it once."""
        async with self._sessions.run():
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        await self._sessions.handle_request(scope, receive, send)
