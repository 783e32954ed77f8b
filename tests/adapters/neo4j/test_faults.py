"""A real server behind a proxy that fails on demand, and one that is killed: every failure has a name and a fix.

What was acknowledged is there afterwards, once; the same store goes on by itself when the fault ends. Nothing here
asserts a duration: a wait in vain ends at the test's own limit.
"""

from __future__ import annotations

import logging
import signal
import socket
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime

import pytest

from graphmem.adapters.neo4j import Neo4jStore
from graphmem.adapters.neo4j.database import Login
from graphmem.errors import CommitUnknown, Conflict, InvalidInput, StoreUnavailable, Unsupported
from graphmem.model import Erase, Operation, Request
from tests.adapters.neo4j.load import Load, op_ids, until_written, whole
from tests.adapters.neo4j.opening import impatient, opened
from tests.faults import ADDRESS, FaultProxy, Loss
from tests.laws.world import CLOCK, R, add, send, supersede
from tests.servers import SMALL, Access, access
from tools.neo4j_server import Server, start

pytestmark = pytest.mark.timeout(400)

SECRET = "correct-horse-battery"  # noqa: S105
# Enough for one write on a busy machine.
IMPATIENT_S = 4.0
WRITERS = 6


@pytest.fixture
def proxy(place: Access) -> Iterator[FaultProxy]:
    with FaultProxy.before(place.url) as between:
        yield between


@pytest.fixture
def store(place: Access, proxy: FaultProxy) -> Iterator[Neo4jStore]:
    with opened(place, proxy.url) as store:
        yield store


@pytest.fixture
def hasty(place: Access, proxy: FaultProxy, store: Neo4jStore) -> Iterator[Neo4jStore]:
    """Gives up soon; the server has planned its statements before, which takes longest, and holds one memory."""
    send(store, "before", add("before"))
    with impatient(place, proxy.url, patience_s=IMPATIENT_S) as hasty:
        yield hasty


class Kept:
    """A server that asks for a password and can be killed and started again on its folder, ports and password."""

    def __init__(self, server: Server) -> None:
        self.server = server

    @property
    def place(self) -> Access:
        return access(self.server)

    def restart(self, **settings: str) -> None:
        self.server.stop()
        self.server = start(replace(self.server.options, settings=settings))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    one = Kept(start(replace(SMALL, folder=tmp_path_factory.mktemp("kept"))))
    yield one
    one.server.stop()


# ---- before anything is open


@pytest.mark.parametrize("scheme", ["bolt", "neo4j"])
def test_a_server_that_is_down_is_told_with_its_address(scheme: str) -> None:
    with socket.socket() as unused:
        unused.bind((ADDRESS, 0))
        url = f"{scheme}://{ADDRESS}:{unused.getsockname()[1]}"
        with pytest.raises(StoreUnavailable, match=rf"^{url} cannot be reached: .*; start the server, or name another"):
            Neo4jStore.open(url, create=True, patience_s=IMPATIENT_S)


def test_a_server_that_accepts_and_says_nothing_is_told() -> None:
    with socket.create_server((ADDRESS, 0)) as silent:
        url = f"bolt://{ADDRESS}:{silent.getsockname()[1]}"
        with pytest.raises(StoreUnavailable, match=r"did not answer within \d"):
            Neo4jStore.open(url, create=True, patience_s=IMPATIENT_S)


def test_what_speaks_another_protocol_is_told() -> None:
    with neo4j_http() as port, pytest.raises(StoreUnavailable, match=r"looks like HTTP.*name another in GRAPHMEM_URL"):
        Neo4jStore.open(f"bolt://{ADDRESS}:{port}", create=True, patience_s=IMPATIENT_S)


@contextmanager
def neo4j_http() -> Iterator[int]:
    """Answers as Browser's port does to a driver."""

    def serve(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                peer, _ = listener.accept()
                with peer:
                    peer.recv(1_000)
                    peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with socket.create_server((ADDRESS, 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        yield int(listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize(
    "login", [Login("neo4j", SECRET), Login(token=SECRET), Login()], ids=["wrong password", "token", "none"]
)
def test_a_login_that_is_refused_says_what_to_set_and_repeats_no_secret(
    kept: Kept, login: Login, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(StoreUnavailable, match=r"refuses this login; set GRAPHMEM_NEO4J_USER") as caught:
        Neo4jStore.open(kept.place.url, create=True, login=login)
    assert "neo4j" in caplog.text
    assert SECRET not in all_of(caught.value) + repr(login) + caplog.text


def test_the_password_that_is_right_is_not_logged_either(kept: Kept, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with opened(kept.place) as store:
        assert store.check() == []
    assert kept.place.password is not None
    assert kept.place.password not in caplog.text


@pytest.mark.parametrize(
    "url",
    [
        f"neo4j://ann:{SECRET}@host:7687/db",
        f"bolt://ann:{SECRET}@host",
        f"bolt://ann:{SECRET}/x@host",  # a slash that nobody escaped ends the host early
        f"bolt://ann:{SECRET}#@host",
        f"neo4j+s://host/db?password={SECRET}",
        f"neo4j://host/?policy=eu&token={SECRET}",
        f"bolt://host/#{SECRET}",
        f"bolt://ann:{SECRET}]@[host",
    ],
)
def test_a_secret_in_a_url_is_refused_and_not_repeated(url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(InvalidInput, match=r"GRAPHMEM_NEO4J_PASSWORD|write neo4j://host:7687") as caught:
        Neo4jStore.open(url, create=True)
    assert SECRET not in all_of(caught.value) + caplog.text


@pytest.mark.parametrize("url", ["http://host", "bolt://", "bolt://host:port", "bolt://host:0", "bolt://[host", "bolt"])
def test_what_names_no_server_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput, match="is no server; write neo4j://host:7687"):
        Neo4jStore.open(url, create=True)


@pytest.mark.parametrize("scheme", ["bolt", "neo4j"])
def test_a_database_that_is_not_there_is_told(place: Access, scheme: str) -> None:
    url = f"{place.url.replace('bolt', scheme)}/nowhere"
    with pytest.raises(StoreUnavailable, match=r"no such database; name one that exists in the URL.*nowhere"):
        Neo4jStore.open(url, create=True, login=place.login)


def test_the_system_database_is_refused(place: Access) -> None:
    with pytest.raises(InvalidInput, match="system database holds no data; write neo4j://"):
        Neo4jStore.open(f"{place.url}/system", create=True, login=place.login)


def test_a_routing_scheme_works_on_a_single_server(place: Access) -> None:
    with opened(place, f"{place.url.replace('bolt', 'neo4j')}/neo4j?policy=near") as store:
        send(store, "op", add("A"))
        assert whole(store, {"op"}) == []
        assert store.info(R).url.endswith("/neo4j?policy=near")


@pytest.mark.usefixtures("bare_neo4j")
def test_a_schema_that_is_missing_is_made_only_on_request(place: Access) -> None:
    place.wipe_schema()
    with pytest.raises(Unsupported, match="run: graphmem schema apply"):
        Neo4jStore.open(place.url, create=False, login=place.login)
    with opened(place) as store:
        assert store.check() == []


@pytest.mark.parametrize("create", [True, False])
def test_a_newer_schema_is_refused(place: Access, create: bool) -> None:  # noqa: FBT001
    with opened(place), place.driver() as driver:
        driver.execute_query("CREATE (:GraphmemSchema {version: 99, checksum: 'x'})")
        try:
            with pytest.raises(Unsupported, match=r"newer: migration 99 .* update graphmem"):
                Neo4jStore.open(place.url, create=create, login=place.login)
        finally:
            driver.execute_query("MATCH (s:GraphmemSchema {version: 99}) DELETE s")


# ---- one call under a fault

WRITES: tuple[tuple[Operation, ...], ...] = (
    (add("A"),),
    (add("B", ("active", 1)), supersede("A", "B", 1)),
    (Erase("A"),),
)


@pytest.mark.parametrize("loss", Loss)
def test_a_commit_that_is_lost_is_sent_again_and_applied_once(store: Neo4jStore, proxy: FaultProxy, loss: Loss) -> None:
    for number, operations in enumerate(WRITES):
        requests = [Request(f"{number}{part}", one, R) for part, one in enumerate(operations)]
        proxy.lose_commit(loss)
        done = store.apply(requests, clock=lambda: CLOCK)
        assert store.apply(requests, clock=lambda: CLOCK) == done
    assert op_ids(store) == ["00", "10", "11", "20"]
    assert store.check() == []


@pytest.mark.parametrize("earlier", [[], ["first"]], ids=["looked up", "foreseen"])
@pytest.mark.parametrize("loss", Loss)
def test_a_commit_that_cannot_be_resolved_is_unknown_until_it_is_sent_again(
    hasty: Neo4jStore, store: Neo4jStore, proxy: FaultProxy, loss: Loss, earlier: list[str]
) -> None:
    for one in earlier:
        until_written(hasty, one)
    proxy.lose_commit(loss)
    proxy.refuse()
    with pytest.raises(CommitUnknown, match="send the same request with the same op_id"):
        send(hasty, "op", add("op"))
    proxy.resume()
    until_written(hasty, "op")
    assert op_ids(store) == ["before", *earlier, "op"]


@pytest.mark.parametrize("loss", Loss)
def test_what_was_foreseen_is_applied_once_though_its_answer_is_lost(
    store: Neo4jStore, proxy: FaultProxy, loss: Loss
) -> None:
    send(store, "before", add("A"))
    proxy.lose_commit(loss)
    done = send(store, "op", add("B"))
    assert send(store, "op", add("B")) == done
    assert whole(store, {"before", "op"}) == []


def test_a_write_that_was_never_sent_is_not_unknown(hasty: Neo4jStore, store: Neo4jStore, proxy: FaultProxy) -> None:
    proxy.go_down()
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        send(hasty, "op", add("op"))
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        hasty.position(R)
    proxy.resume()
    until_written(hasty, "later")
    assert op_ids(store) == ["before", "later"]


def test_a_server_that_falls_silent_ends_calls_and_is_used_again(
    hasty: Neo4jStore, store: Neo4jStore, proxy: FaultProxy
) -> None:
    proxy.stall()
    with pytest.raises(StoreUnavailable, match=r"did not answer within \d.* s; try again"):
        hasty.position(R)
    with pytest.raises((StoreUnavailable, CommitUnknown)):
        send(hasty, "op", add("op"))
    proxy.resume()
    until_written(hasty, "op")
    assert whole(store, {"before", "op"}) == []


def test_a_write_outlasts_a_server_that_is_away_for_a_while(store: Neo4jStore, proxy: FaultProxy) -> None:
    send(store, "before", add("A"))
    proxy.go_down()
    back = threading.Timer(0.5, proxy.resume)
    back.start()
    send(store, "op", add("B"))
    assert whole(store, {"before", "op"}) == []


def test_a_slow_network_is_only_slow(store: Neo4jStore, proxy: FaultProxy) -> None:
    proxy.delay(0.02)
    for number in range(3):
        send(store, f"op{number}", add(f"m{number}"))
    assert op_ids(store) == ["op0", "op1", "op2"]


def test_an_answer_cut_anywhere_leaves_nothing_half_done(store: Neo4jStore, proxy: FaultProxy) -> None:
    sent = set()
    for answer_bytes in range(0, 1_200, 40):
        proxy.cut_after(answer_bytes)
        send(store, f"op{answer_bytes}", add(f"m{answer_bytes}"))
        sent.add(f"op{answer_bytes}")
    proxy.resume()
    assert whole(store, sent) == []


def test_readers_of_a_cut_connection_are_answered_by_the_next(store: Neo4jStore, proxy: FaultProxy) -> None:
    send(store, "op", add("A"))
    for answer_bytes in range(0, 300, 25):
        proxy.cut_after(answer_bytes)
        assert store.position(R).seq == 1


def test_a_refusal_stays_a_refusal_when_its_answer_is_lost(store: Neo4jStore, proxy: FaultProxy) -> None:
    send(store, "op", add("A"))
    for answer_bytes in range(0, 600, 60):
        proxy.cut_after(answer_bytes)
        with pytest.raises(Conflict):
            send(store, f"again{answer_bytes}", add("A", title="other"))
    proxy.resume()
    assert whole(store, {"op"}) == []


# ---- interrupted


def test_an_interrupt_within_a_transaction_leaves_the_store_usable(store: Neo4jStore) -> None:
    def interrupted() -> datetime:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.apply([Request("op", add("A"), R)], clock=interrupted)
    assert store.position(R).seq == 0
    send(store, "op", add("A"))
    assert whole(store, {"op"}) == []


def test_an_interrupt_while_waiting_for_an_answer_leaves_the_store_usable(store: Neo4jStore, proxy: FaultProxy) -> None:
    for call in (lambda: store.position(R), lambda: send(store, "op", add("A"))):
        proxy.stall()
        threading.Timer(0.3, signal.pthread_kill, (threading.main_thread().ident, signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            call()
        proxy.resume()
        assert store.position(R).seq == 0
    send(store, "op", add("A"))
    assert whole(store, {"op"}) == []


# ---- under load


def test_writers_live_through_cuts_and_losses(place: Access, proxy: FaultProxy) -> None:
    with opened(place, proxy.url) as store, Load(store, WRITERS) as load:
        for turn in range(8):
            load.await_more()
            proxy.lose_commit(Loss.ANSWER if turn % 2 else Loss.REQUEST)
            load.await_more()
            proxy.cut()
            load.await_more()
            proxy.cut_after(97 * turn)
    assert load.faults == []
    with opened(place) as store:
        assert whole(store, load.acknowledged) == []


def test_writers_that_give_up_during_a_fault_go_on_after_it(place: Access, proxy: FaultProxy) -> None:
    with impatient(place, proxy.url, patience_s=IMPATIENT_S) as store, Load(store, WRITERS) as load:
        for fault in (proxy.go_down, proxy.stall):
            load.await_more()
            fault()
            load.await_failure()
            proxy.resume()
            load.await_more()
    assert load.faults == []
    with opened(place) as store:
        assert whole(store, load.acknowledged) == []


def test_a_server_killed_under_load_loses_nothing_and_is_found_again(kept: Kept) -> None:
    kept.place.wipe()
    with opened(kept.place) as store, Load(store, WRITERS) as load:
        load.await_more(20)
        kept.server.kill()
        kept.restart()
        load.await_more(20)
        load.stop()
        assert load.faults == []
        assert whole(store, load.acknowledged) == []


def test_a_read_only_database_is_read_and_refuses_writes_until_it_is_not(kept: Kept) -> None:
    kept.place.wipe()
    with opened(kept.place) as store:
        send(store, "before", add("A"))
        kept.restart(**{"server.databases.read_only": "neo4j"})
        with pytest.raises(StoreUnavailable, match=r"the database is read-only; open it for writing"):
            until_written(store, "after")
        with opened(kept.place) as other:
            assert other.position(R).seq == 1
        assert store.check() == []
        kept.restart()
        until_written(store, "after")
        assert whole(store, {"before", "after"}) == []


def all_of(exc: BaseException) -> str:
    """Whatever a log may show of it."""
    return "".join([*traceback.format_exception(exc), repr(exc), str(exc), repr(exc.__context__), repr(exc.__cause__)])
