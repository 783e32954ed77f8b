"""The process that serves: uvicorn, its address, and what it refuses to start with."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, cast

import uvicorn

from graphmem.errors import InvalidInput
from graphmem.http.app import Mounted, create_app
from graphmem.http.callers import is_loopback
from graphmem.http.collecting import sparing
from graphmem.http.connections import BoundedConnection, RareMessages
from graphmem.http.limits import Limits
from graphmem.http.observing import log_to_stderr
from graphmem.keys import KeyRing
from graphmem.service import GraphMemory

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

_GRACE_S = 20
#: Connections that the system keeps until they are taken; asyncio takes as many in one go.
_BACKLOG = 128


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens; port 0 takes a free one."""

    host: str = "127.0.0.1"
    port: int = 7470


def serve(
    configuration: uvicorn.Config,
    ring: KeyRing | None,
    address: Address,
    *,
    listening: Callable[[str], None] = lambda _: None,
    is_shared: bool = False,
) -> None:
    """Serve a memory until SIGINT or SIGTERM; then answer what is under way, and return.

    Args:
        configuration: As `configured` gives it, for the same keys and address.
        ring: The keys that callers need as soon as there is one; None where there is no place for their file.
        address: Where to listen.
        listening: Told the URL once callers can connect.
        is_shared: Whether other processes of this user listen at the same address.

    Raises:
        InvalidInput: Others could reach it, and there are no keys; or nobody can listen there.
    """
    refuse_open_door(ring, address)
    with bound_socket(address, is_shared=is_shared) as door:
        door.listen(_BACKLOG)
        listening(f"http://{address.host}:{door.getsockname()[1]}")
        log_to_stderr()
        with sparing():
            _Server(configuration).run(sockets=[door])


def bound_socket(address: Address, *, is_shared: bool = False) -> socket.socket:
    """A socket that has an address and does not listen yet.

    Raises:
        InvalidInput: Nobody can listen there.
    """
    door = socket.socket(socket.AF_INET6 if ":" in address.host else socket.AF_INET)
    try:
        if os.name == "posix":
            # What a server before left behind is no hindrance; elsewhere this would let two servers listen.
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if is_shared:
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        if door.family is socket.AF_INET6:
            door.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        door.bind((address.host, address.port))
    except OSError as exc:
        door.close()
        told = f"{address.host}:{address.port} cannot be listened on ({os.strerror(exc.errno or 0).lower()})"
        raise InvalidInput(f"{told}; choose another with --host and --port") from exc
    # Inherited by every connection. Asyncio would only set it where a socket names its protocol, which this one does
    # not; without it, answers in two parts wait 40 ms for the caller's delayed acknowledgement.
    door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return door


class _Server(uvicorn.Server):
    """Ends by returning: uvicorn's own raises the signal anew, and the store would not be closed."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """See `uvicorn.Server`."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(RareMessages(loop.default_exception_handler))
        await super().startup(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Let both signals stop the server and nothing else."""
        before = {one: signal.signal(one, self.handle_exit) for one in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)


def refuse_open_door(ring: KeyRing | None, address: Address) -> None:
    """Refuse to listen without keys where other machines could call.

    Raises:
        InvalidInput: They could.
    """
    if (ring is None or not ring.is_in_use()) and not is_loopback(address.host):
        told = f"{address.host!r} can be reached from other machines, and there are no keys"
        raise InvalidInput(f"{told}: make one with graphmem key create, or listen on 127.0.0.1")


def configured(
    memory: GraphMemory,
    ring: KeyRing | None,
    address: Address,
    limits: Limits | None = None,
    *,
    tools: Mounted | None = None,
    tracer: Tracer | None = None,
) -> uvicorn.Config:
    """How uvicorn runs the application.

    Args:
        memory: An open memory, which the caller closes.
        ring: As for `serve`.
        address: As for `serve`.
        limits: The caps.
        tools: What answers at `/mcp`.
        tracer: Makes a span of every request.
    """
    caps = _affordable(limits or Limits())
    return uvicorn.Config(
        create_app(memory, ring, caps, tools=tools, tracer=tracer),
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
    """The caps with no more connections than half of the descriptors that the process may have."""
    try:
        import resource
    except ImportError:  # pragma: no cover - on Windows there is no such limit
        return limits
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = limits.connections if soft == resource.RLIM_INFINITY else max(soft // 2, 1)
    return replace(limits, connections=min(limits.connections, most))
