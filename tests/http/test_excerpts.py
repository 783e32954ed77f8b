"""What a search over HTTP says to people: what matched, why, what was rejected, and from where was searched."""

from __future__ import annotations

from typing import Any

import pytest

from graphmem import Alternative, Outcome, Scope, Statement, Write
from graphmem.keys import Permission
from tests.http.conftest import Site

SAID = Statement(
    title="State lives in Context",
    body="# Context\n\nEvery screen had its own **store**.\n\n## Decision\n\nScreens share [Context](http://x.example).",
    rationale="Two screens need no store.",
    alternatives=(
        Alternative("Redux", Outcome.REJECTED, "Too much"),
        Alternative("MobX", Outcome.REJECTED, "Nobody knows it"),
        Alternative("Jotai", Outcome.REJECTED, "Too young"),
        Alternative("Context", Outcome.CHOSEN),
        Alternative("Zustand", Outcome.REJECTED, "Context is enough for a screen"),
    ),
)


def search(site: Site, query: str, key: str | None = None, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    answer: dict[str, Any] = site.send("POST", "/v1/search", key=key, json={"query": query}, **more).json()
    return answer


def test_a_hit_says_what_matched_why_and_what_was_rejected(site: Site) -> None:
    site.memory.add(SAID)
    (hit,) = search(site, "should screens use zustand?")["hits"]
    names = ("excerpt", "rationale", "rejected", "more_rejected", "matched")
    assert {name: hit[name] for name in names} == {
        "excerpt": "Screens share Context.",
        "rationale": "Two screens need no store.",
        "rejected": [
            {"name": "Zustand", "reason": "Context is enough for a screen"},
            {"name": "Redux", "reason": "Too much"},
            {"name": "MobX", "reason": "Nobody knows it"},
        ],
        "more_rejected": 1,
        "matched": ["Screens", "Zustand", "screen", "screens"],
    }
    assert hit["card"]["rationale"] == SAID.rationale


def test_whoever_wants_the_library_s_answer_gets_it(site: Site) -> None:
    site.memory.add(SAID)
    site.memory.add("Tabs", write=Write(scope=Scope(repo="shop")))
    told = site.send("POST", "/v1/search", json={"query": "zustand", "excerpts": False}).json()
    assert (told["remarks"], "excerpt" in told["hits"][0]) == ([], False)


@pytest.mark.parametrize(
    ("query", "remark"),
    [
        ("what does ADR-0099 say", "No memory is called 'ADR-0099'; nearest: ADR-0009."),
        ("zustadn", "Read 'zustadn' as 'zustand'."),
        ("what is it", "'what is it' has only stop words: add a word for the subject."),
    ],
)
def test_an_answer_tells_what_is_to_be_said_of_the_question(site: Site, query: str, remark: str) -> None:
    site.memory.add(SAID)
    site.memory.add(Statement(title="Tokens", aliases=("ADR-0009",)))
    assert search(site, query)["remarks"] == [remark]


def test_what_was_read_otherwise_is_what_matched(site: Site) -> None:
    site.memory.add(SAID)
    told = search(site, "zustadn")
    assert (told["read_as"], told["hits"][0]["matched"]) == ("zustand", ["Zustand"])


def test_of_no_repository_it_says_that_there_are_some(locked: Site) -> None:
    key = locked.key()
    assert search(locked, "tabs", key)["remarks"] == []
    for repo in ("shop", "billing", "secret"):
        locked.memory.add("Use tabs", write=Write(scope=Scope(repo=repo)))
    several = "Only org-wide memories were searched; 3 repositories have more: name it with repo."
    assert search(locked, "tabs", key)["remarks"] == [several]
    two = locked.key(Permission.READ, repos=("shop", "billing"))
    assert search(locked, "tabs", two)["remarks"] == [several.replace("3", "2")]
    for more in ({"params": {"repo": "shop"}}, {"headers": {"X-Graphmem-Repo": "shop"}}):
        told = search(locked, "tabs", key, **more)
        assert ([hit["card"]["scope"]["repo"] for hit in told["hits"]], told["remarks"]) == (["shop"], [])


def test_a_repository_is_named_by_a_header_unless_the_request_names_one(locked: Site) -> None:
    key, shop = locked.key(), {"X-Graphmem-Repo": "shop"}
    done = locked.send("POST", "/v1/memories", key=key, headers=shop, json={"statement": "Use tabs"})
    place = done.headers["Location"]
    assert locked.send("GET", place, key=key).status_code == 404
    assert locked.send("GET", place, key=key, headers=shop).status_code == 200
    assert locked.send("GET", place, key=key, headers=shop, params={"repo": "billing"}).status_code == 404


def test_a_key_of_one_repository_stands_there_and_in_no_other_by_a_header(locked: Site) -> None:
    key = locked.key(repos=("shop",))
    place = locked.send("POST", "/v1/memories", key=key, json={"statement": "Use tabs"}).headers["Location"]
    assert locked.send("GET", place, key=key).json()["card"]["scope"]["repo"] == "shop"
    assert search(locked, "tabs", key)["remarks"] == []
    refused = locked.send("GET", place, key=key, headers={"X-Graphmem-Repo": "billing"})
    assert refused.status_code == 403
