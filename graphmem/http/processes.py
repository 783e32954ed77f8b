"""A server of several processes on one port, which the system shares callers out to."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from graphmem.errors import StoreUnavailable, Unsupported
from graphmem.http.serving import Address, bound_socket

_READY = b"\n"
_PATIENCE_S = 60.0
#: A process that ends by itself is replaced, so often within so many seconds.
_MOST_ENDED, _WITHIN_S = 5, 60.0
_LOOK_S = 0.2


@dataclass
class _Worker:
    """A process and the line to it: it says there that it listens, and ends when nobody is at the other end."""

    process: subprocess.Popen[bytes]
    line: socket.socket

    def wait_ready(self) -> None:
        """Return once it listens.

        Raises:
            StoreUnavailable: It ended before, or takes too long.
        """
        self.line.settimeout(_PATIENCE_S)
        with suppress(TimeoutError):
            if self.line.recv(1) == _READY:
                return
        raise StoreUnavailable("a process of the server ended before it was ready; what it said stands above")

    def end(self) -> None:
        """Tell it to answer what is under way and end."""
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)


def serve_in_processes(
    count: int, address: Address, command: Sequence[str], *, listening: Callable[[str], None] = lambda _: None
) -> None:
    """Run several processes that serve at one address, until SIGINT or SIGTERM; one that ends by itself is replaced.

    Args:
        count: How many.
        address: Where to listen.
        command: What starts one of them; the port and the descriptor of its line are added.
        listening: Told the URL once all of them listen.

    Raises:
        Unsupported: The system does not share callers out.
        InvalidInput: Nobody can listen at the address.
        StoreUnavailable: A process did not start, or they end again and again.
    """
    if sys.platform != "linux":
        raise Unsupported("--workers needs Linux, which shares callers out to processes; serve with one")
    with bound_socket(address, is_shared=True) as reserved, _interrupted() as is_over:
        port = reserved.getsockname()[1]
        workers = [_start(command, port) for _ in range(count)]
        try:
            for one in workers:
                one.wait_ready()
            listening(f"http://{address.host}:{port}")
            _watch(workers, lambda: _start(command, port), is_over)
        finally:
            for one in workers:
                one.end()
            for one in workers:
                one.process.wait()
                one.line.close()


def _start(command: Sequence[str], port: int) -> _Worker:
    line, theirs = socket.socketpair()
    with theirs:
        words = [*command, "--port", str(port), "--line", str(theirs.fileno())]
        process = subprocess.Popen(words, pass_fds=(theirs.fileno(),), start_new_session=True)  # noqa: S603 - our own
    return _Worker(process, line)


def _watch(workers: list[_Worker], start: Callable[[], _Worker], is_over: threading.Event) -> None:
    ended: list[float] = []
    while not is_over.wait(_LOOK_S):
        for place, one in enumerate(workers):
            if one.process.poll() is None:
                continue
            ended = [moment for moment in ended if moment > time.monotonic() - _WITHIN_S] + [time.monotonic()]
            if len(ended) > _MOST_ENDED:
                code = one.process.returncode
                raise StoreUnavailable(f"processes of the server end again and again, the last one with {code}")
            one.line.close()
            workers[place] = start()


@contextmanager
def _interrupted() -> Iterator[threading.Event]:
    """An event that both signals to stop set."""
    is_over = threading.Event()
    before = {one: signal.signal(one, lambda *_: is_over.set()) for one in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield is_over
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


@contextmanager
def line_to_parent(descriptor: int) -> Iterator[Callable[[str], None]]:
    """What one of several processes says when it listens; it stops when the process that started it is gone."""
    with socket.socket(fileno=descriptor) as line:

        def end_with_parent() -> None:
            with suppress(OSError):
                if not line.recv(1):
                    os.kill(os.getpid(), signal.SIGTERM)

        threading.Thread(target=end_with_parent, name="graphmem parent", daemon=True).start()
        yield lambda _: line.sendall(_READY)
