"""Whoever asks what a server has never been asked waits for the first who does."""

from __future__ import annotations

import threading

import pytest

from graphmem.adapters.neo4j.first_use import FirstUse


class Asking:
    """Threads that ask one statement and stay in it until they are let go; counts who is in it."""

    def __init__(self, limit_s: float = 60) -> None:
        self.first_use = FirstUse()
        self.limit_s = limit_s
        self.inside = threading.Semaphore(0)
        self.go = threading.Semaphore(0)
        self.threads: list[threading.Thread] = []

    def ask(self, count: int) -> None:
        self.threads += [threading.Thread(target=self._ask) for _ in range(count)]
        for one in self.threads[-count:]:
            one.start()

    def _ask(self) -> None:
        with self.first_use.of("statement", self.limit_s):
            self.inside.release()
            self.go.acquire()

    def end(self) -> None:
        for _ in self.threads:
            self.go.release()
        for one in self.threads:
            one.join()


def test_the_first_is_alone_and_all_others_are_together() -> None:
    asking = Asking()
    asking.ask(5)
    asking.inside.acquire()
    assert not asking.inside.acquire(timeout=0.1)
    asking.go.release()
    for _ in range(4):
        asking.inside.acquire()
    asking.end()


def test_nobody_waits_longer_than_their_limit() -> None:
    asking = Asking(limit_s=0.05)
    asking.ask(2)
    for _ in range(2):
        asking.inside.acquire()
    asking.end()


def test_another_may_try_after_a_failure_and_everything_is_first_after_forgetting() -> None:
    first_use = FirstUse()
    with pytest.raises(ValueError, match="broke"), first_use.of("statement", 60):
        raise ValueError("broke")
    asking = Asking()
    asking.first_use = first_use
    asking.ask(1)
    asking.inside.acquire()
    asking.end()
    first_use.forget()
    again = Asking()
    again.first_use = first_use
    again.ask(2)
    again.inside.acquire()
    assert not again.inside.acquire(timeout=0.1)
    again.end()
