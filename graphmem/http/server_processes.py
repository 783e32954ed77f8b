"""A server of several processes on the same port; the kernel distributes connections among them."""

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

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import StoreUnavailable, Unsupported
from graphmem.http.server import ListenAddress, bound_socket

_READY = b"\n"
_START_TIMEOUT_S = 60.0
#: Processes that end by themselves are replaced, at most this many within this time in seconds.
_MAX_RESTARTS, _WITHIN_S = 5, 60.0
_POLL_S = 0.2


@dataclass
class _ServerProcess:
    """A server process and a socket to it.

    The process sends a byte when it listens, and ends when the other end of the socket is closed.
    """

    process: subprocess.Popen[bytes]
    line: socket.socket

    def wait_ready(self) -> None:
        """Wait until the process listens.

        Raises:
            StoreUnavailable: The process ended first, or did not listen in time.
        """
        self.line.settimeout(_START_TIMEOUT_S)
        with suppress(TimeoutError):
            if self.line.recv(1) == _READY:
                return
        raise StoreUnavailable("a process of the server ended before it was ready; its own messages are above")

    def end(self) -> None:
        """Ask the process to finish its requests and end."""
        with suppress(ProcessLookupError):
            self.process.send_signal(signal.SIGTERM)


def serve_in_processes(
    count: int, address: ListenAddress, command: Sequence[str], *, listening: Callable[[str], None] = lambda _: None
) -> None:
    """Run several processes that serve at one address, until SIGINT or SIGTERM; one that ends by itself is replaced.

    Args:
        count: Number of processes.
        address: The address of all processes.
        command: The command that starts a process; the port and the descriptor of its socket are appended.
        listening: Called with the URL once all processes listen.

    Raises:
        Unsupported: The system is not Linux.
        InvalidInput: The address cannot be bound.
        StoreUnavailable: A process did not start, or processes end repeatedly.
    """
    if sys.platform != "linux":
        raise Unsupported(
            "--workers needs Linux, which distributes connections among processes; serve without --workers"
        )
    with bound_socket(address, is_shared=True) as reserved, _interrupted() as is_stopped:
        port = reserved.getsockname()[1]
        workers = [_started(command, port) for _ in range(count)]
        try:
            for worker in workers:
                worker.wait_ready()
            listening(f"http://{address.host}:{port}")
            _watch(workers, lambda: _started(command, port), is_stopped)
        finally:
            for worker in workers:
                worker.end()
            for worker in workers:
                worker.process.wait()
                worker.line.close()


def _started(command: Sequence[str], port: int) -> _ServerProcess:
    line, child_end = socket.socketpair()
    with child_end:
        words = [*command, "--port", str(port), "--line", str(child_end.fileno())]
        process = subprocess.Popen(words, pass_fds=(child_end.fileno(),), start_new_session=True)  # noqa: S603 - our own
    return _ServerProcess(process, line)


def _watch(workers: list[_ServerProcess], restart: Callable[[], _ServerProcess], is_stopped: threading.Event) -> None:
    ended: list[float] = []
    while not is_stopped.wait(_POLL_S):
        for index, worker in enumerate(workers):
            if worker.process.poll() is None:
                continue
            ended = [moment for moment in ended if moment > time.monotonic() - _WITHIN_S] + [time.monotonic()]
            if len(ended) > _MAX_RESTARTS:
                code = worker.process.returncode
                problem = f"{len(ended)} processes of the server ended within {_WITHIN_S:g} seconds"
                raise StoreUnavailable(f"{problem}, the last with exit code {code}")
            worker.line.close()
            workers[index] = restart()


@contextmanager
def _interrupted() -> Iterator[threading.Event]:
    """Return an event that is set on SIGINT or SIGTERM."""
    is_stopped = threading.Event()
    before = {number: signal.signal(number, lambda *_: is_stopped.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield is_stopped
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def line_to_parent(descriptor: int) -> Iterator[Callable[[str], None]]:
    """Return the function that a server process calls when it listens.

    The process ends when its parent closes the socket, or dies.
    """
    with socket.socket(fileno=descriptor) as line:

        def end_with_parent() -> None:
            with suppress(OSError):
                if not line.recv(1):
                    os.kill(os.getpid(), signal.SIGTERM)

        threading.Thread(target=end_with_parent, name="graphmem parent", daemon=True).start()
        yield lambda _: line.sendall(_READY)
