"""The proxy that fails on demand, before a server that sends back what it gets, and before a real one."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest
from neo4j.exceptions import ServiceUnavailable, SessionExpired

from tests.faults import ADDRESS, COMMIT, COMMITTED, FaultProxy, Loss
from tests.servers import Access

IMPATIENCE_S = 0.2


class Echo:
    """Sends everything back, and remembers it."""

    def __init__(self) -> None:
        self.listener = socket.create_server((ADDRESS, 0))
        self.port = int(self.listener.getsockname()[1])
        self.heard = b""
        self.gone = threading.Semaphore(0)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                peer, _ = self.listener.accept()
                threading.Thread(target=self._answer, args=(peer,), daemon=True).start()

    def _answer(self, peer: socket.socket) -> None:
        with peer, suppress(OSError):
            while data := peer.recv(65_536):
                self.heard += data
                peer.sendall(data)
        self.gone.release()


@pytest.fixture
def echo() -> Iterator[Echo]:
    server = Echo()
    yield server
    server.listener.close()


@pytest.fixture
def proxy(echo: Echo) -> Iterator[FaultProxy]:
    with FaultProxy(ADDRESS, echo.port) as between:
        yield between


@pytest.fixture
def client(proxy: FaultProxy) -> Iterator[socket.socket]:
    with connected(proxy) as one:
        yield one


def connected(proxy: FaultProxy) -> closing[socket.socket]:
    return closing(socket.create_connection((ADDRESS, proxy.port), timeout=30))


def received(client: socket.socket, size: int | None = None) -> bytes:
    """So many bytes, or all until the connection ends."""
    got = b""
    with suppress(ConnectionError):
        while (size is None or len(got) < size) and (data := client.recv(65_536)):
            got += data
    return got


def says(client: socket.socket, text: bytes) -> bytes:
    client.sendall(text)
    return received(client, len(text))


def test_without_a_fault_everything_passes(client: socket.socket) -> None:
    text = bytes(range(256)) * 2_000
    assert says(client, text) == text


def test_a_cut_breaks_what_is_there_and_lets_new_connections_in(proxy: FaultProxy, client: socket.socket) -> None:
    assert says(client, b"one") == b"one"
    proxy.cut()
    assert received(client) == b""
    with connected(proxy) as again:
        assert says(again, b"two") == b"two"


def test_refusing_lets_existing_connections_go_on(proxy: FaultProxy, client: socket.socket) -> None:
    assert says(client, b"one") == b"one"
    proxy.refuse()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((ADDRESS, proxy.port))
    assert says(client, b"two") == b"two"


def test_what_went_down_comes_back_on_the_same_port(proxy: FaultProxy, client: socket.socket) -> None:
    port = proxy.port
    assert says(client, b"one") == b"one"
    proxy.go_down()
    assert received(client) == b""
    proxy.resume()
    assert proxy.port == port
    with connected(proxy) as again:
        assert says(again, b"two") == b"two"


def test_a_cut_after_so_many_bytes_hands_on_exactly_those(proxy: FaultProxy, client: socket.socket) -> None:
    proxy.cut_after(5)
    assert says(client, b"abc") == b"abc"
    client.sendall(b"defg")
    assert received(client) == b"de"
    with connected(proxy) as again:
        assert says(again, b"all of it") == b"all of it"


def test_a_lost_answer_to_a_commit_was_heard(proxy: FaultProxy, echo: Echo, client: socket.socket) -> None:
    proxy.lose_commit()
    assert says(client, b"before") == b"before"
    client.sendall(COMMIT[:3])
    client.sendall(COMMIT[3:] + COMMITTED)
    assert received(client) in (b"", COMMIT[:3])  # what was no commit yet when it passed is answered
    assert echo.heard == b"before" + COMMIT + COMMITTED


def test_a_lost_commit_was_not_heard(proxy: FaultProxy, echo: Echo, client: socket.socket) -> None:
    proxy.lose_commit(Loss.REQUEST)
    assert says(client, b"before") == b"before"
    client.sendall(COMMIT)
    assert received(client) == b""
    assert echo.heard == b"before"


def test_only_the_next_commit_is_lost(proxy: FaultProxy, client: socket.socket) -> None:
    proxy.lose_commit(Loss.REQUEST)
    client.sendall(COMMIT)
    assert received(client) == b""
    with connected(proxy) as again:
        assert says(again, COMMIT) == COMMIT


def test_a_stall_holds_back_and_loses_nothing(proxy: FaultProxy, client: socket.socket) -> None:
    proxy.stall()
    client.sendall(b"patience")
    client.settimeout(IMPATIENCE_S)
    with pytest.raises(TimeoutError):
        client.recv(1)
    client.settimeout(30)
    proxy.resume()
    assert received(client, 8) == b"patience"


def test_a_delay_holds_back_for_its_time(proxy: FaultProxy, client: socket.socket) -> None:
    proxy.delay(IMPATIENCE_S)
    client.settimeout(IMPATIENCE_S / 4)
    client.sendall(b"later")
    with pytest.raises(TimeoutError):
        client.recv(1)
    client.settimeout(30)
    assert received(client, 5) == b"later"


def test_a_server_that_is_not_there_ends_the_connection() -> None:
    with socket.socket() as unused:
        unused.bind((ADDRESS, 0))
        with FaultProxy(ADDRESS, unused.getsockname()[1]) as proxy, connected(proxy) as client:
            assert received(client) == b""


def test_closing_ends_both_sides(proxy: FaultProxy, echo: Echo, client: socket.socket) -> None:
    assert says(client, b"one") == b"one"
    proxy.stall()
    proxy.close()
    proxy.close()
    assert received(client) == b""
    assert echo.gone.acquire(timeout=30)


@pytest.mark.parametrize(("loss", "written"), [(Loss.ANSWER, 1), (Loss.REQUEST, 0)])
def test_a_driver_cannot_tell_whether_a_lost_commit_was_carried_out(neo4j: Access, loss: Loss, written: int) -> None:
    neo4j.wipe()
    with FaultProxy.before(neo4j.url) as proxy:
        between = Access(proxy.url, neo4j.user, neo4j.password)
        with between.driver() as driver, driver.session() as session:
            proxy.lose_commit(loss)
            transaction = session.begin_transaction()
            transaction.run("CREATE (:Written)").consume()
            with pytest.raises((ServiceUnavailable, SessionExpired)):
                transaction.commit()
    with neo4j.driver() as driver:
        assert driver.execute_query("MATCH (n:Written) RETURN count(n) AS found").records[0]["found"] == written
