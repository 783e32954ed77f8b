"""A TCP proxy that fails on demand: between a client and a server, both of which go on as if nothing were there.

It reads just enough of Bolt to know a COMMIT when it passes, so that a test can lose exactly its answer.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from enum import Enum
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

ADDRESS = "127.0.0.1"

_SLICE_BYTES = 65_536
_CONNECT_S = 5.0
#: A chunk of two bytes, the message COMMIT, and the end of the message.
COMMIT = b"\x00\x02\xb0\x12\x00\x00"
#: In the answer to a COMMIT that succeeded, and in one to a request that failed.
COMMITTED, FAILED = b"\x88bookmark", b"\xb1\x7f"


class Loss(Enum):
    """What is lost of the next commit: its answer, or it never arrives at all. A client cannot tell the two apart."""

    ANSWER = "answer"
    REQUEST = "request"


class FaultProxy:
    """Forwards a port of its own to a server, and misbehaves as it is told; closing it cuts everything.

    Attributes:
        port: Where clients connect; it stays the same while refusing.
    """

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._lock = threading.Lock()
        self._links: set[_Link] = set()
        self._flows = threading.Event()
        self._flows.set()
        self._is_closed = threading.Event()
        self._delay_s = 0.0
        self._answer_bytes_left: int | None = None
        self._loss: Loss | None = None
        self._listener: socket.socket | None = None
        self.port = 0
        self._listen()

    @classmethod
    def before(cls, url: str) -> Self:
        """A proxy before the server at a URL."""
        parts = urlsplit(url)
        assert parts.hostname is not None
        assert parts.port is not None
        return cls(parts.hostname, parts.port)

    @property
    def url(self) -> str:
        """For a Neo4j driver."""
        return f"bolt://{ADDRESS}:{self.port}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ---- faults

    def refuse(self) -> None:
        """New connections are refused; those there are go on."""
        with self._lock:
            listener, self._listener = self._listener, None
        if listener is not None:
            _shut(listener)

    def cut(self) -> None:
        """Every connection breaks now."""
        with self._lock:
            links = list(self._links)
        for link in links:
            link.cut()

    def go_down(self) -> None:
        """As a server that is killed: nothing is accepted, everything breaks."""
        self.refuse()
        self.cut()

    def cut_after(self, answer_bytes: int) -> None:
        """Let so many more bytes of answers pass, on all connections together, then break the one they passed on."""
        with self._lock:
            self._answer_bytes_left = answer_bytes

    def lose_commit(self, loss: Loss = Loss.ANSWER) -> None:
        """Break the connection of the next commit: once the server has answered, or before it hears of it."""
        with self._lock:
            self._loss = loss

    def delay(self, seconds: float) -> None:
        """Hold up every slice of data for so long, in both directions."""
        self._delay_s = seconds

    def stall(self) -> None:
        """Nothing passes any more, and nothing breaks."""
        self._flows.clear()

    def resume(self) -> None:
        """Behave again: whatever was held up passes, and connections are accepted."""
        with self._lock:
            self._delay_s, self._answer_bytes_left, self._loss = 0.0, None, None
        self._flows.set()
        if self._listener is None:
            self._listen()

    def close(self) -> None:
        """End everything; safe to call twice."""
        self._is_closed.set()
        self._flows.set()
        self.go_down()

    # ---- forwarding

    def _listen(self) -> None:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((ADDRESS, self.port))
        listener.listen()
        self.port = int(listener.getsockname()[1])
        self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):  # the listener was shut
            while True:
                client, _ = listener.accept()
                try:
                    server = socket.create_connection(self._target, timeout=_CONNECT_S)
                except OSError:
                    _shut(client)
                    continue
                server.settimeout(None)
                self._join(_Link(client, server), listener)

    def _join(self, link: _Link, listener: socket.socket) -> None:
        with self._lock:
            if self._listener is not listener:  # it went down meanwhile
                link.cut()
                return
            self._links.add(link)
        for pump in (self._pump_requests, self._pump_answers):
            threading.Thread(target=pump, args=(link,), daemon=True).start()

    def _pump_requests(self, link: _Link) -> None:
        with suppress(OSError):
            while data := link.client.recv(_SLICE_BYTES):
                self._hold()
                if not self._passes_request(link, data):
                    break
                link.server.sendall(data)
        self._leave(link)

    def _pump_answers(self, link: _Link) -> None:
        with suppress(OSError):
            while data := link.server.recv(_SLICE_BYTES):
                self._hold()
                passing, goes_on = self._passing_answer(link, data)
                link.client.sendall(passing)
                if not goes_on:
                    break
        self._leave(link)

    def _hold(self) -> None:
        if self._delay_s:
            self._is_closed.wait(self._delay_s)
        self._flows.wait()

    def _passes_request(self, link: _Link, data: bytes) -> bool:
        """False if the connection is to break before this is sent."""
        seen = link.last_request + data
        link.last_request = seen[-len(COMMIT) + 1 :]
        with self._lock:
            if self._loss is None or COMMIT not in seen:
                return True
            loss, self._loss = self._loss, None
        link.is_losing = loss is Loss.ANSWER
        return link.is_losing

    def _passing_answer(self, link: _Link, data: bytes) -> tuple[bytes, bool]:
        """What is handed on, and whether the connection goes on."""
        if link.is_losing:
            link.lost += data
            return b"", COMMITTED not in link.lost and FAILED not in link.lost
        with self._lock:
            left = self._answer_bytes_left
            if left is None or left > len(data):
                self._answer_bytes_left = None if left is None else left - len(data)
                return data, True
            self._answer_bytes_left = None
        return data[:left], False

    def _leave(self, link: _Link) -> None:
        link.cut()
        with self._lock:
            self._links.discard(link)


class _Link:
    """One client's connection and the one made for it."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.client = client
        self.server = server
        self.last_request = b""
        self.is_losing = False
        self.lost = b""

    def cut(self) -> None:
        """Both ends see the connection closed; safe to call twice."""
        _shut(self.client)
        _shut(self.server)


def _shut(one: socket.socket) -> None:
    """Close a socket under a thread that waits on it."""
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
