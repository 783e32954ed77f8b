"""Calls that share a transaction share neither refusals nor interrupts, but an outage is told to all at once."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from graphmem.adapters.neo4j.combiner import Call, Combiner, Queue
from graphmem.errors import CommitUnknown, Conflict, StoreUnavailable
from graphmem.model import Change, Request
from tests.laws.world import CLOCK, R, add

TENANT = "t"


class Server:
    """Carries out what it is given, once the first call is let go; says of each transaction which calls were in it."""

    def __init__(self) -> None:
        self.transactions: list[list[str]] = []
        self.failures: dict[str, BaseException] = {}
        self.is_busy, self.goes_on = threading.Event(), threading.Event()
        self.combiner = Combiner(self.carry_out, patience_s=5.0)

    def carry_out(self, calls: Sequence[Call], _: float) -> list[list[Change]]:
        self.transactions.append([key_of(call) for call in calls])
        if len(self.transactions) == 1:
            self.is_busy.set()
            self.goes_on.wait()
        for key in map(key_of, calls):
            if isinstance(self.failures.get(key), KeyboardInterrupt):
                raise self.failures.pop(key)
            if key in self.failures:
                raise self.failures[key]
        return [[] for _ in calls]

    def send(self, key: str) -> str:
        """What became of a call: a word."""
        call = Call([Request(key, add(key), R)], lambda: CLOCK, {})
        try:
            self.combiner.apply(TENANT, call)
        except BaseException as exc:  # noqa: BLE001 - the test looks at it
            return type(exc).__name__
        return "done"


def key_of(call: Call) -> str:
    return call.requests[0].op_id


def queue_of(server: Server) -> Queue:
    return server.combiner.queues[TENANT]


@pytest.fixture
def server() -> Server:
    return Server()


def together(server: Server, *keys: str) -> list[str]:
    """What became of calls that all wait while the first is under way."""
    with ThreadPoolExecutor(len(keys)) as pool:
        sent = [pool.submit(server.send, keys[0])]
        server.is_busy.wait()
        queue = queue_of(server)
        for number, key in enumerate(keys[1:], 1):
            sent.append(pool.submit(server.send, key))
            while len(queue.waiting) < number:
                time.sleep(0.001)
        server.goes_on.set()
        return [one.result() for one in sent]


def test_calls_that_wait_go_together(server: Server) -> None:
    assert together(server, "a", "b", "c") == ["done"] * 3
    assert server.transactions == [["a"], ["b", "c"]]


@pytest.mark.parametrize("refusal", [Conflict("taken"), ValueError("a mistake of ours")])
def test_what_one_is_refused_is_told_to_it_alone(server: Server, refusal: Exception) -> None:
    server.failures["b"] = refusal
    assert together(server, "a", "b", "c", "d") == ["done", type(refusal).__name__, "done", "done"]
    assert server.transactions == [["a"], ["b", "c", "d"], ["b"], ["c"], ["d"]]


@pytest.mark.parametrize("outage", [StoreUnavailable("gone"), CommitUnknown("unsure")])
def test_an_outage_is_waited_for_once_and_told_to_all(server: Server, outage: Exception) -> None:
    server.failures["b"] = outage
    assert together(server, "a", "b", "c", "d") == ["done", *[type(outage).__name__] * 3]
    assert server.transactions == [["a"], ["b", "c", "d"]]


def test_an_outage_after_a_refusal_spares_the_rest_its_wait(server: Server) -> None:
    server.failures |= {"b": Conflict("taken"), "c": StoreUnavailable("gone")}
    assert together(server, "a", "b", "c", "d") == ["done", "Conflict", "StoreUnavailable", "StoreUnavailable"]
    assert server.transactions == [["a"], ["b", "c", "d"], ["b"], ["c"]]


def test_an_interrupted_leader_leaves_the_others_to_themselves(server: Server) -> None:
    server.failures["c"] = KeyboardInterrupt()
    assert sorted(together(server, "a", "b", "c", "d")) == ["KeyboardInterrupt", "done", "done", "done"]
    assert queue_of(server).waiting == []


def test_each_thread_is_told_by_an_error_of_its_own(server: Server) -> None:
    server.failures["a"] = StoreUnavailable("gone")
    server.goes_on.set()
    call = Call([Request("a", add("a"), R)], lambda: CLOCK, {})
    with pytest.raises(StoreUnavailable, match="gone") as caught:
        server.combiner.apply(TENANT, call)
    assert caught.value is not server.failures["a"]
