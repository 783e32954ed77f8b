"""Brief questions are answered in the event loop, others in threads."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from graphmem import GraphMemory
from graphmem.http.request_limits import Limits
from graphmem.http.worker_threads import VerbCosts
from tests.http.conftest import Site


@pytest.fixture
def limits() -> Limits:
    return Limits(brief_s=30)


def _places(monkeypatch: pytest.MonkeyPatch, verb: str) -> list[str]:
    """The names of the threads in which a verb is carried out."""
    found: list[str] = []
    done = getattr(GraphMemory, verb)

    def noted(*args: Any, **named: Any) -> object:  # noqa: ANN401 - whatever the verb takes
        found.append(threading.current_thread().name)
        return done(*args, **named)

    monkeypatch.setattr(GraphMemory, verb, noted)
    return found


def test_a_search_that_was_brief_is_answered_in_the_event_loop(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.memory.add("We deploy with Docker")
    places, listed = _places(monkeypatch, "search"), _places(monkeypatch, "list")
    for _ in range(3):
        answer = site.send("POST", "/v1/search", json={"query": "docker"}).json()
        assert [hit["card"]["title"] for hit in answer["hits"]] == ["We deploy with Docker"]
        assert site.send("GET", "/v1/memories").status_code == 200
    assert [name.startswith("graphmem reading") for name in places] == [True, False, False]
    assert all(name.startswith("graphmem reading") for name in listed), "lists may be long"


def test_a_search_in_the_event_loop_that_fails_says_so(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    places = _places(monkeypatch, "search")
    assert site.send("POST", "/v1/search", json={"query": "docker"}).status_code == 200
    refused = site.send("POST", "/v1/search", json={"query": "docker", "cursor": "forged"})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_input")
    assert not places[1].startswith("graphmem reading")


def _worked(pace: VerbCosts, seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([1.0, 1.0 + seconds])
    with monkeypatch.context() as patch:
        patch.setattr(time, "thread_time", lambda: next(clock))
        with pace.timed("search"):
            pass


def test_what_took_long_once_goes_to_threads_until_many_were_brief(monkeypatch: pytest.MonkeyPatch) -> None:
    pace = VerbCosts(0.005)
    assert not pace.is_brief("search")
    _worked(pace, 0.002, monkeypatch)
    assert (pace.is_brief("search"), pace.is_brief("list")) == (True, False)
    _worked(pace, 0.1, monkeypatch)
    assert not pace.is_brief("search")
    for _ in range(20):
        _worked(pace, 0.002, monkeypatch)
    assert not pace.is_brief("search")
    for _ in range(20):
        _worked(pace, 0.002, monkeypatch)
    assert pace.is_brief("search")


def test_nothing_is_brief_where_no_time_is() -> None:
    pace = VerbCosts(0.0)
    for _ in range(3):
        with pace.timed("search"):
            sum(range(1_000))
    assert not pace.is_brief("search")
