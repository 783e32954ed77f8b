"""The server process: uvicorn's configuration, the listening socket, and the checks before it starts."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, cast

import uvicorn

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import InvalidInput
from graphmem.http.app import MountedApp, create_app
from graphmem.http.authentication import is_loopback
from graphmem.http.connections import BoundedConnection, RareMessages
from graphmem.http.garbage_collection import surviving_objects_frozen
from graphmem.http.request_limits import Limits
from graphmem.http.request_log import log_to_stderr
from graphmem.keys import KeyRing
from graphmem.service import GraphMemory

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

    from graphmem.webhooks.receiver import WebhookReceiver

_GRACE_S = 20
#: Connections that the kernel queues; asyncio accepts this many in a batch.
_BACKLOG = 128


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """The address of a server; port 0 takes a free port."""

    host: str = "127.0.0.1"
    port: int = 7470


def serve(
    configuration: uvicorn.Config,
    ring: KeyRing | None,
    address: ListenAddress,
    *,
    listening: Callable[[str], None] = lambda _: None,
    is_shared: bool = False,
) -> None:
    """Serve a memory until SIGINT or SIGTERM, then finish requests in progress and return.

    Args:
        configuration: The result of `uvicorn_config` for the same keys and address.
        ring: The keys of callers, needed as soon as a key exists; None for a store that has no key file.
        address: The address.
        listening: Called with the URL once clients can connect.
        is_shared: Whether other processes of this user listen at the same address.

    Raises:
        InvalidInput: Other machines can reach the address and there are no keys, or the address cannot be bound.
    """
    refuse_unprotected_address(ring, address)
    with bound_socket(address, is_shared=is_shared) as listener:
        listener.listen(_BACKLOG)
        listening(f"http://{address.host}:{listener.getsockname()[1]}")
        log_to_stderr()
        with surviving_objects_frozen():
            _Server(configuration).run(sockets=[listener])


def bound_socket(address: ListenAddress, *, is_shared: bool = False) -> socket.socket:
    """Return a socket that is bound to an address and does not listen yet.

    Raises:
        InvalidInput: The address cannot be bound.
    """
    listener = socket.socket(socket.AF_INET6 if ":" in address.host else socket.AF_INET)
    try:
        if os.name == "posix":
            # An address of a server that just ended can be bound again. On Windows the option would let two servers
            # listen.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if is_shared:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if listener.family is socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((address.host, address.port))
    except OSError as exc:
        listener.close()
        problem = f"cannot listen on {address.host}:{address.port} ({os.strerror(exc.errno or 0).lower()})"
        raise InvalidInput(f"{problem}; choose another address with --host and --port") from exc
    # Inherited by every connection. asyncio sets it only if the socket names its protocol, which this socket does not;
    # without it, answers in two parts wait 40 ms for the client's delayed acknowledgement.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


class _Server(uvicorn.Server):
    """A uvicorn server that returns on a signal.

    uvicorn's own server raises the signal again, and the store would not be closed.
    """

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """See `uvicorn.Server`."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(RareMessages(loop.default_exception_handler))
        await super().startup(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Let SIGINT and SIGTERM stop the server, and restore the handlers afterwards."""
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def refuse_unprotected_address(ring: KeyRing | None, address: ListenAddress) -> None:
    """Refuse to listen without keys on an address that other machines can reach.

    Raises:
        InvalidInput: There are no keys, and the address is not a loopback address.
    """
    if (ring is None or not ring.is_in_use()) and not is_loopback(address.host):
        problem = f"{address.host!r} can be reached from other machines, and there are no keys"
        raise InvalidInput(f"{problem}: make one with graphmem key create, or listen on 127.0.0.1")


def uvicorn_config(  # noqa: PLR0913 - each parameter is another part of the server
    memory: GraphMemory,
    ring: KeyRing | None,
    address: ListenAddress,
    limits: Limits | None = None,
    *,
    tools: MountedApp | None = None,
    tracer: Tracer | None = None,
    webhooks: WebhookReceiver | None = None,
) -> uvicorn.Config:
    """Return the configuration with which uvicorn runs the application.

    Args:
        memory: An open memory, which the caller closes.
        ring: As for `serve`.
        address: As for `serve`.
        limits: Limits of the server.
        tools: The MCP server at `/mcp`.
        tracer: Records a span for each request.
        webhooks: Receives the webhooks of forges.
    """
    caps = _affordable(limits or Limits())
    return uvicorn.Config(
        create_app(memory, ring, caps, tools=tools, tracer=tracer, webhooks=webhooks),
        host=address.host,
        port=address.port,
        http=cast("type[asyncio.Protocol]", partial(BoundedConnection, limits=caps)),
        backlog=_BACKLOG,
        log_config=None,
        access_log=False,
        ws="none",
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE_S,
        h11_max_incomplete_event_size=65_536,
    )


def _affordable(limits: Limits) -> Limits:
    """Return the limits with at most as many connections as half of the process's file descriptors."""
    try:
        import resource
    except ImportError:  # pragma: no cover - Windows has no limit of descriptors
        return limits
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    affordable = limits.connections if soft == resource.RLIM_INFINITY else max(soft // 2, 1)
    return replace(limits, connections=min(limits.connections, affordable))
