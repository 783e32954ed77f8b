"""Every verb over HTTP answers what the library answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import graphmem
from graphmem import At, Filter, Page, Scope
from graphmem.answers import Explanation
from graphmem.errors import StoreUnavailable
from graphmem.http.app import create_app
from graphmem.wire.envelopes import Changes
from graphmem.wire.json_documents import document
from tests.http.conftest import NDJSON, Site
from tests.service.conftest import day


def added(site: Site, title: str, **more: Any) -> str:  # noqa: ANN401
    done = site.send("POST", "/v1/memories", json={"statement": {"title": title, **more}, "start": "2025-12-01"})
    assert done.status_code == 201, done.text
    key: str = done.json()["ids"][0]
    return key


@pytest.fixture
def chain(site: Site) -> tuple[str, str]:
    """Ids of two memories, the second of which took over in 2026."""
    old = added(site, "The database is MySQL", subject="stack.database", kind="decision")
    done = site.send(
        "POST", f"/v1/memories/{old}/supersede", json={"new": "The database is PostgreSQL", "at": "2026-01-01"}
    )
    return old, done.json()["ids"][1]


def test_what_is_added_says_where_it_is(site: Site) -> None:
    done = site.send("POST", "/v1/memories", json={"statement": "Logs are JSON\nOne line each.", "reason": "why"})
    assert done.headers["Location"] == f"/v1/memories/{done.json()['ids'][0]}"
    shown = site.send("GET", done.headers["Location"]).json()["card"]
    assert (shown["title"], shown["body"], shown["state"]) == ("Logs are JSON", "One line each.", "holds")
    assert done.json()["change"]["provenance"] == {
        "actor": "server",
        "source": None,
        "reason": "why",
        "origin": "human",
    }


def test_every_read_answers_as_the_library_does(site: Site, chain: tuple[str, str]) -> None:
    old, _ = chain
    memory, at = site.memory, At(day(5), 2)
    point = {"as_of": "2026-01-05T00:00:00Z", "known_at": "2"}
    timed = {
        f"/v1/memories/{old}/history": memory.history(old, at=at),
        f"/v1/memories/{old}/explain": memory.explain(old, at=at),
        "/v1/memories?include_history=true&limit=7": memory.list(Filter(include_history=True), at=at, page=Page(7)),
        "/v1/timeline?subject=stack.database": memory.timeline(subject="stack.database", at=at),
        "/v1/conflicts": memory.conflicts(at=at),
    }
    for path, answer in timed.items():
        sign = "&" if "?" in path else "?"
        query = "&".join(f"{name}={value}" for name, value in point.items())
        shown, expected = site.send("GET", f"{path}{sign}{query}").json(), json.loads(json.dumps(document(answer)))
        if isinstance(answer, Explanation):  # the question before was counted
            assert shown.pop("use") != expected.pop("use")
        assert shown == expected, path
    asked = {"query": "which database", "limit": 3, "excerpts": False}
    found = site.send("POST", "/v1/search", params=point, json=asked)
    assert found.json() == document(memory.search("which database", at=at, page=Page(3)))
    ledger = site.send("GET", "/v1/changes?after=1").json()
    assert ledger["changes"] == document(Changes(tuple(memory.changes(after=1))))["changes"]
    assert {named["id"]: named["title"] for named in ledger["mentioned"]} == {
        key: memory.get(key).statement.title for key in {each.id for each in memory.history(old).mentioned} | {old}
    }


def test_diff_takes_both_points(site: Site, chain: tuple[str, str]) -> None:
    old, new = chain
    found = site.send("GET", "/v1/diff?start=2025-12-05&end=2026-02-01&known_to=3").json()
    assert {(one["turn"], one["card"]["id"]) for one in found["differences"]} == {("vanished", old), ("appeared", new)}


def test_verbs_on_one_memory_write_one_entry_each(site: Site, chain: tuple[str, str]) -> None:
    old, new = chain
    sent: list[tuple[str, dict[str, object] | None]] = [
        (f"/v1/memories/{new}/amend", {"new": "Replicas are in two zones", "part": "replicas", "at": "2026-01-01"}),
        (f"/v1/memories/{new}/links", {"target": old, "kind": "refines"}),
        (f"/v1/memories/{new}/confirm", None),
        (f"/v1/memories/{new}/transition", {"status": "deferred", "word": "on hold"}),
        ("/v1/changes/8/revoke", None),
        (f"/v1/memories/{new}/end", {"word": "gone"}),
        (f"/v1/memories/{new}/retract", {"reason": "never so"}),
        ("/v1/branches/open", {"name": "feature/x"}),
        ("/v1/branches/merge", {"name": "feature/x"}),
        (f"/v1/memories/{old}/erase", None),
    ]
    done = [site.send("POST", path, json=body) for path, body in sent]
    assert [one.status_code for one in done] == [200] * len(sent), [one.text for one in done]
    verbs = [one.json()["change"]["operation"]["operation"] for one in done]
    told = ["supersede", "link", "confirm", "transition", "revoke", "end", "retract"]
    assert verbs == [*told, "open_branch", "merge_branch", "erase"]


def test_a_batch_is_all_or_none(site: Site) -> None:
    items: list[dict[str, object]] = [{"statement": {"title": "one"}}, {"statement": {"title": "two"}, "id": "mine"}]
    done = site.send("POST", "/v1/memories/batch", json={"items": items})
    assert [one["ids"] for one in done.json()["written"]][1] == ["mine"]
    again = site.send("POST", "/v1/memories/batch", json={"items": [{"statement": {"title": "three"}}, items[1]]})
    assert again.status_code in {409, 422}
    assert site.memory.status().memories == 2


def test_a_batch_supersedes(site: Site) -> None:
    old = site.send("POST", "/v1/memories", json={"statement": "Use tabs", "start": "2024-01-01"}).json()["ids"][0]
    items = [
        {"statement": "Use spaces", "supersedes": [old], "start": "2024-02-01", "reason": "editors"},
        {"statement": "Use tabs", "supersedes": [0], "start": "2024-03-01"},
    ]
    sent: dict[str, Any] = {"json": {"items": items}, "headers": {"Idempotency-Key": "once"}}
    done = site.send("POST", "/v1/memories/batch", **sent).json()["written"]
    assert [one["change"]["operation"]["operation"] for one in done] == ["supersede", "supersede"]
    assert (done[0]["ids"][0], done[0]["change"]["provenance"]["reason"]) == (old, "editors")
    assert site.send("POST", "/v1/memories/batch", **sent).json()["written"] == done
    held = site.send("GET", "/v1/memories").json()["cards"]
    assert [(one["title"], one["id"]) for one in held] == [("Use tabs", done[1]["ids"][1])]


@pytest.mark.parametrize(
    "item",
    [
        {"supersedes": [-1]},
        {"supersedes": [1.5]},
        {"supersedes": [True]},
        {"supersedes": "x"},
        {"supersession": "amendment"},
    ],
    ids=str,
)
def test_what_is_no_item_of_a_batch_is_refused(site: Site, item: dict[str, object]) -> None:
    assert site.send("POST", "/v1/memories/batch", json={"items": [{"statement": "w", **item}]}).status_code == 422


def test_documents_are_read_in_and_read_again(site: Site) -> None:
    text = "# 1. Use queues\n\nDate: 2024-05-01\n\n## Status\n\nAccepted\n\n## Decision\n\nWe use queues.\n"
    body = {"documents": [{"path": "docs/adr/0001-use-queues.md", "content": text}]}
    first, second = (site.send("POST", "/v1/ingest/decisions?repo=r", json=body).json() for _ in range(2))
    assert (len(first["added"]), second["added"], second["unchanged"]) == (1, [], 1)
    assert site.memory.get(first["added"][0], scope=Scope(repo="r")).title == "Use queues"


def test_what_is_exported_can_be_restored(site: Site, chain: tuple[str, str], tmp_path: Path) -> None:
    old, _ = chain
    lines = site.send("GET", "/v1/export")
    assert lines.headers["Content-Type"] == "application/x-ndjson"
    assert lines.text.splitlines() == list(site.memory.export())
    assert site.send("POST", "/v1/restore", content=lines.content, headers=NDJSON).json() == {"entries": 3}
    site.memory.add("more")
    refused = site.send("POST", "/v1/restore", content=lines.content, headers=NDJSON)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_input")
    with graphmem.open(str(tmp_path / "copy.db"), create=True) as copy:
        other = Site(create_app(copy, None), copy, site.ring)
        assert other.send("POST", "/v1/restore", content=lines.content, headers=NDJSON).json() == {"entries": 3}
        assert copy.get(old).title == "The database is MySQL"


def test_an_export_that_cannot_begin_is_a_problem_and_no_half_answer(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(**_: object) -> Iterator[str]:
        yield from ()
        raise StoreUnavailable("what was wrong")

    monkeypatch.setattr(site.memory, "export", gone)
    sent = site.send("GET", "/v1/export")
    assert (sent.status_code, sent.json()["detail"]) == (503, "what was wrong")


def test_a_document_that_is_too_large_is_named(site: Site) -> None:
    body = {"documents": [{"path": "docs/big.md", "content": "x" * 500_001}]}
    sent = site.send("POST", "/v1/ingest/decisions", json=body)
    assert (sent.status_code, "'docs/big.md' is larger" in sent.json()["detail"]) == (422, True)


def test_a_record_without_a_date_takes_that_of_its_first_commit(site: Site) -> None:
    text = "# 1. Use queues\n\n## Status\n\nAccepted\n\n## Decision\n\nWe use queues.\n"
    one = {"path": "adr/0001-use-queues.md", "content": text, "first_seen": "2024-05-01"}
    added = site.send("POST", "/v1/ingest/decisions", json={"documents": [one]}).json()["added"]
    assert site.memory.history(added[0]).moves[0].at == datetime(2024, 5, 1, tzinfo=UTC)


def test_a_record_without_any_date_is_refused_unless_it_may_begin_now(site: Site) -> None:
    text = "# 1. Use queues\n\n## Status\n\nAccepted\n\n## Decision\n\nWe use queues.\n"
    body = {"documents": [{"path": "adr/0001-use-queues.md", "content": text}]}
    refused = site.send("POST", "/v1/ingest/decisions", json=body)
    assert (refused.status_code, "1 records have no date" in refused.json()["detail"]) == (422, True)
    assert site.memory.list().cards == ()
    assert len(site.send("POST", "/v1/ingest/decisions", json={**body, "no_dates": True}).json()["added"]) == 1


def test_the_store_can_be_looked_at(site: Site, chain: tuple[str, str]) -> None:
    assert chain
    assert site.send("GET", "/v1/status").json()["store"]["memories"] == 2
    assert site.send("GET", "/v1/check").json() == {"findings": []}
    refused = site.send("POST", "/v1/reindex")
    assert (refused.status_code, refused.json()["code"]) == (501, "unsupported")


def test_pages_go_on_at_their_cursor(site: Site) -> None:
    keys = [added(site, f"fact {number}") for number in range(5)]
    first = site.send("GET", "/v1/memories?limit=3").json()
    rest = site.send("GET", "/v1/memories", params={"limit": 3, "cursor": first["cursor"]}).json()
    assert [one["id"] for one in first["cards"] + rest["cards"]] == keys[::-1]
    assert rest["cursor"] is None


def test_health_says_ok_or_fail_and_no_more(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    assert site.send("GET", "/healthz").json() == {"status": "ok"}
    assert site.send("GET", "/readyz").json() == {"status": "ok"}

    def gone(**_: object) -> None:
        raise StoreUnavailable("bolt://secret.example:7687 is gone")

    monkeypatch.setattr(site.memory, "changes", gone)
    failed = site.send("GET", "/readyz")
    assert (failed.status_code, failed.json(), failed.headers["Retry-After"]) == (503, {"status": "fail"}, "2")
    assert site.send("GET", "/healthz").status_code == 200


def test_what_is_less_trusted_is_told_as_a_proposal(site: Site) -> None:
    key = added(site, "Reviews need two people")
    new = {"title": "Reviews need nobody", "origin": "external"}
    for verb, body in (("supersede", {"new": new}), ("end", {"origin": "conversation"})):
        done = site.send("POST", f"/v1/memories/{key}/{verb}", json=body)
        assert done.status_code == 200, done.text
        assert done.json()["change"]["operation"]["operation"] == "propose"
        assert "only a proposal" in done.json()["notes"][0]
    assert site.send("GET", f"/v1/memories/{key}").json()["card"]["state"] == "holds"
    entries = site.send("GET", "/v1/changes").json()["changes"]
    assert [one["operation"]["asked"]["operation"] for one in entries[-2:] if "asked" in one["operation"]] == [
        "supersede",
        "end",
    ]
