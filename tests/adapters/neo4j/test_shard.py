"""A server that is down must not hold the threads that other servers' tenants need."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import pytest
from neo4j.exceptions import ServiceUnavailable

from graphmem.adapters.neo4j.shard import Shard
from graphmem.adapters.neo4j.store import Neo4jStore
from graphmem.errors import Conflict, StoreUnavailable

STORE = cast("Neo4jStore", object())
WAIT_S = 20


def fail(_: object) -> str:
    raise StoreUnavailable("nobody answers") from ServiceUnavailable("refused")


def answer(_: object) -> str:
    return "answered"


def test_once_a_server_was_down_one_call_tries_and_the_others_are_refused() -> None:
    shard, is_trying, may_end = Shard("b", lambda _: STORE), threading.Event(), threading.Event()

    def wait(_: object) -> str:
        is_trying.set()
        assert may_end.wait(WAIT_S)
        return "answered"

    with pytest.raises(StoreUnavailable, match="shard 'b': nobody answers"):
        shard.call(fail)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(shard.call, wait)
        assert is_trying.wait(WAIT_S)
        with pytest.raises(StoreUnavailable, match="another call is trying again"):
            shard.call(answer)
        may_end.set()
        assert first.result() == "answered"
    assert shard.call(answer) == "answered"


def test_calls_do_not_wait_for_each_other_while_a_server_is_up() -> None:
    shard, meeting = Shard("b", lambda _: STORE), threading.Barrier(4)
    with ThreadPoolExecutor(4) as pool:
        met = list(pool.map(lambda _: shard.call(lambda _: meeting.wait(WAIT_S)), range(4)))
    assert sorted(met) == [0, 1, 2, 3]


def test_a_server_that_said_no_is_not_down() -> None:
    shard = Shard("b", lambda _: STORE)

    def refuse(_: object) -> str:
        raise StoreUnavailable("the database is read-only")

    for _ in range(2):
        with pytest.raises(StoreUnavailable, match=r"read-only$"):
            shard.call(refuse)
    assert shard.call(answer) == "answered"


def test_who_waited_for_a_server_to_be_opened_shares_the_failure() -> None:
    is_opening, may_fail = threading.Event(), threading.Event()

    def opening(name: str) -> Neo4jStore:
        del name
        is_opening.set()
        assert may_fail.wait(WAIT_S)
        raise StoreUnavailable("nobody answers")

    shard = Shard("b", opening)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(shard.call, answer)
        assert is_opening.wait(WAIT_S)
        second = pool.submit(shard.call, answer)
        may_fail.set()
        for one in (first, second):
            with pytest.raises(StoreUnavailable, match="shard 'b': nobody answers"):
                one.result()


def test_errors_about_requests_carry_no_name() -> None:
    def lose(_: object) -> str:
        raise Conflict("somebody was first", ("A",))

    with pytest.raises(Conflict, match=r"^somebody was first$") as caught:
        Shard("b", lambda _: STORE).call(lose)
    assert caught.value.heads == ("A",)


def test_a_shard_that_was_never_opened_is_closed_in_peace() -> None:
    Shard("b", lambda _: STORE).close()
