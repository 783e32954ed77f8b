"""What is too much, too deep, too late or malformed is refused with a problem; the next call is answered."""

from __future__ import annotations

import json
import math
import threading
from typing import Any

import pytest

from graphmem import GraphMemory
from graphmem.deadline import deadline
from graphmem.errors import CommitUnknown, Conflict, CorruptStore, GraphMemError, StoreUnavailable
from graphmem.http.problems import STATUSES
from graphmem.http.request_limits import BodyLimit, Limits
from graphmem.keys import KeyRing
from tests.http.conftest import NDJSON, Site
from tests.secrets.tokens import token

SMALL = Limits(write_body=BodyLimit(2_000, 950), restore_bytes=2_000, depth=8, running=2, waiting=1, time_s=0.2)
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def limits() -> Limits:
    return SMALL


def deep(levels: int) -> bytes:
    return b'{"statement": ' + b"[" * levels + b"]" * levels + b"}"


MALFORMED: list[tuple[str, str, dict[str, Any], int, str]] = [
    ("POST", "/v1/memories", {"content": b"x" * 2_001, "headers": JSON}, 413, "2000 bytes"),
    ("POST", "/v1/restore", {"content": b"x" * 2_001, "headers": NDJSON}, 413, "2000 bytes"),
    ("POST", "/v1/memories", {"content": deep(900), "headers": JSON}, 422, "deeper than 8"),
    ("POST", "/v1/memories", {"content": b"{", "headers": JSON}, 422, "JSON"),
    ("POST", "/v1/memories", {"content": b'{"statement": [' + b"0," * 951, "headers": JSON}, 413, "950 values"),
    ("POST", "/v1/memories", {"content": '{"statement": "a"}'.encode("utf-16"), "headers": JSON}, 422, "UTF-8"),
    (
        "POST",
        "/v1/memories",
        {"content": b'{"statement": "a"}'},
        415,
        "no Content-Type: send 'Content-Type: application",
    ),
    ("POST", "/v1/memories", {"data": {"statement": "a"}}, 415, "application/x-www-form-urlencoded"),
    ("POST", "/v1/memories", {"json": {}}, 422, "a statement, or the messages"),
    ("POST", "/v1/memories", {"json": {"statement": "a", "colour": 1}}, 422, "colour"),
    ("POST", "/v1/memories", {"json": {"statement": " "}}, 422, "statement"),
    ("POST", "/v1/memories", {"json": {"statement": "a", "start": "2025-01-01T00:00"}}, 422, "2025-01-01T00:00"),
    ("POST", "/v1/memories", {"json": {"statement": {"title": "t", "confidence": 2}}}, 422, "confidence 2"),
    ("POST", "/v1/memories", {"content": b'{"statement": "\\ud800"}', "headers": JSON}, 422, "statement"),
    ("POST", "/v1/memories", {"json": {"statement": "a"}, "headers": {"Idempotency-Key": ""}}, 422, "op_id"),
    ("GET", "/v1/memories?limit=1001", {}, 422, "1001"),
    ("GET", "/v1/memories?as_off=2025-01-01", {}, 422, "as_off"),
    ("GET", "/v1/memories?as_of=yesterday", {}, 422, "yesterday"),
    ("GET", "/v1/memories?known_at=99999999999999999999", {}, 422, "99999999999999999999"),
    ("GET", "/v1/memories?known_at=7", {}, 422, "known_at 7"),
    ("GET", "/v1/memories?cursor=abc", {}, 422, "abc"),
    ("GET", "/v1/memories?repo=%00", {}, 422, "query.repo"),
    ("GET", "/v1/memories?user=", {}, 422, "query.user"),
    ("POST", "/v1/memories", {"content": b"\xff", "headers": JSON}, 422, "not valid JSON"),
    ("GET", "/v1/changes?after=99999999999999999999", {}, 422, "after"),
    ("GET", "/v1/timeline", {}, 422, "subject"),
    ("GET", "/v1/memories/nowhere", {}, 404, "nowhere"),
    ("GET", "/v2/memories", {}, 404, "/v2/memories"),
    ("DELETE", "/v1/search", {}, 405, "DELETE"),
]


@pytest.mark.parametrize(("method", "path", "more", "status", "word"), MALFORMED)
def test_a_wrong_request_is_told_what_is_wrong(
    site: Site, method: str, path: str, more: dict[str, Any], status: int, word: str
) -> None:
    sent = site.send(method, path, **more)
    problem = sent.json()
    assert (sent.status_code, sent.headers["Content-Type"]) == (status, "application/problem+json"), sent.text
    assert word in problem["detail"]
    assert problem["type"] == f"urn:graphmem:{problem['code']}"
    assert site.send("GET", "/v1/memories").status_code == 200


@pytest.mark.parametrize("kind", STATUSES, ids=lambda kind: kind.__name__)
def test_every_error_of_the_library_has_its_status(
    site: Site, kind: type[GraphMemError], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise kind("what was wrong")

    monkeypatch.setattr(site.memory, "conflicts", fails)
    sent = site.send("GET", "/v1/conflicts")
    problem = sent.json()
    assert (sent.status_code, problem["code"], problem["detail"]) == (STATUSES[kind], kind.code, "what was wrong")
    assert problem["is_retryable"] is kind.is_retryable
    assert ("Retry-After" in sent.headers) is (sent.status_code == 503)


def test_the_table_has_every_error() -> None:
    assert set(STATUSES) == set(GraphMemError.__subclasses__())
    assert {STATUSES[one] for one in (CorruptStore, StoreUnavailable, Conflict)} == {500, 503, 409}


def test_a_conflict_names_who_leads_now(site: Site) -> None:
    key = site.memory.add("old words here").ids[0]
    head = site.memory.supersede(key, "new words here").ids[1]
    sent = site.send("POST", f"/v1/memories/{key}/supersede", json={"new": "newer words here"})
    assert (sent.status_code, sent.json()["heads"]) == (409, [head])


def test_a_fault_of_ours_tells_nothing_and_lets_the_next_call_through(
    site: Site, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("somebody's words")

    monkeypatch.setattr(site.memory, "conflicts", fails)
    sent = site.send("GET", "/v1/conflicts")
    assert (sent.status_code, sent.json()["code"]) == (500, "error")
    assert sent.headers["X-Request-Id"] in sent.text
    assert "somebody's words" not in sent.text + "".join(capsys.readouterr())
    assert site.send("GET", "/v1/memories").status_code == 200


def test_sending_again_under_one_key_changes_nothing(site: Site) -> None:
    sent = [
        site.send("POST", "/v1/memories", json={"statement": "a b"}, headers={"Idempotency-Key": "k"}) for _ in "ab"
    ]
    assert sent[0].json() == sent[1].json()
    other = site.send("POST", "/v1/memories", json={"statement": "c d"}, headers={"Idempotency-Key": "k"})
    assert (other.status_code, other.json()["code"]) == (409, "conflict")


def test_a_memory_that_changed_meanwhile_is_left_alone(site: Site) -> None:
    key = site.memory.add("words").ids[0]
    seen = site.send("GET", f"/v1/memories/{key}").headers["ETag"]
    first = site.send("POST", f"/v1/memories/{key}/confirm", headers={"If-Match": seen})
    late = site.send("POST", f"/v1/memories/{key}/end", headers={"If-Match": seen})
    assert (first.status_code, late.status_code, late.json()["heads"]) == (200, 412, [key])
    again = site.send("POST", f"/v1/memories/{key}/end", headers={"If-Match": first.headers["ETag"]})
    assert again.status_code == 200


def test_of_two_who_saw_the_same_one_writes(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    key = site.memory.add("words").ids[0]
    headers = {"If-Match": site.send("GET", f"/v1/memories/{key}").headers["ETag"]}
    look, both = site.memory.history, threading.Barrier(2)
    looks = iter([both.wait, both.wait])

    def together(*given: Any, **more: Any) -> Any:  # noqa: ANN401 - whatever it is asked
        found = look(*given, **more)
        next(looks, lambda: None)()
        return found

    monkeypatch.setattr(site.memory, "history", together)
    sent = [("POST", f"/v1/memories/{key}/{verb}", {"headers": headers}) for verb in ("end", "confirm")]
    done = site.send_all(sent)
    assert sorted(one.status_code for one in done) == [200, 412]
    assert len(site.memory.changes()) == 2


def test_a_guarded_write_can_be_sent_again(site: Site) -> None:
    key = site.memory.add("words").ids[0]
    headers = {"If-Match": site.send("GET", f"/v1/memories/{key}").headers["ETag"], "Idempotency-Key": "once"}
    sent = [site.send("POST", f"/v1/memories/{key}/confirm", headers=headers) for _ in "ab"]
    assert sent[0].json() == sent[1].json()


class Stuck:
    """Something in the library that waits until it is let go."""

    def __init__(self, memory: GraphMemory, monkeypatch: pytest.MonkeyPatch) -> None:
        self.go = threading.Event()
        monkeypatch.setattr(memory, "conflicts", self._wait)
        monkeypatch.setattr(memory, "open_branch", self._wait)

    def _wait(self, *_: object, **__: object) -> dict[str, str]:
        self.go.wait(10)
        return {}


@pytest.fixture
def stuck(memory: GraphMemory, monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401 - yields
    found = Stuck(memory, monkeypatch)
    yield found
    found.go.set()


def test_what_takes_too_long_is_given_up(site: Site, stuck: Stuck) -> None:
    assert stuck
    read = site.send("GET", "/v1/conflicts")
    assert (read.status_code, read.json()["code"], "Retry-After" in read.headers) == (503, "store_unavailable", True)
    write = site.send("POST", "/v1/branches/open", json={"name": "b"})
    assert (write.status_code, write.json()["code"]) == (503, CommitUnknown.code)
    page = site.send("GET", "/metrics").text
    assert "graphmem_requests_overdue_total 2.0" in page
    assert "graphmem_requests_in_work 2.0" in page


def test_a_store_is_told_until_when_an_answer_is_wanted(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site.memory, "conflicts", lambda **_: {"is_bounded": deadline() < math.inf})
    assert site.send("GET", "/v1/conflicts").json() == {"is_bounded": True}


def test_too_many_at_once_are_turned_away(site: Site, stuck: Stuck) -> None:
    assert stuck
    sent = site.send_all([("GET", "/v1/conflicts", {})] * 6)
    statuses = [one.status_code for one in sent]
    assert statuses.count(429) == 3
    assert set(statuses) == {429, 503}
    stuck.go.set()


def test_whoever_asks_whether_the_store_answers_takes_one_place(
    site: Site, memory: GraphMemory, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, ask = list[int](), memory.changes

    def counted(**given: Any) -> Any:  # noqa: ANN401 - whatever it is asked
        asked.append(1)
        return ask(**given)

    monkeypatch.setattr(memory, "changes", counted)
    found = site.send_all([("GET", "/readyz", {})] * 20)
    assert ({one.status_code for one in found}, len(asked) < 20) == ({200}, True)


def test_a_wrong_method_is_told_the_documented_ones(site: Site) -> None:
    documented = site.send("GET", "/openapi.json").json()["paths"]
    for path, offered in documented.items():
        for key in ("a", "a/b"):
            answer = site.send("OPTIONS", path.replace("{key}", key).replace("{change}", "a"))
            allowed = ", ".join(sorted(name.upper() for name in offered))
            assert (path, answer.status_code, answer.headers["Allow"]) == (path, 405, allowed)


def test_metrics_count_and_name_nobody(locked: Site) -> None:
    key = locked.key(tenant="acme-tenant")
    done = locked.send("POST", "/v1/memories", key=key, json={"statement": "secret words"}).json()
    locked.send("GET", f"/v1/memories/{done['ids'][0]}", key=key)
    locked.send("GET", "/v1/memories/nowhere-at-all", key=key)
    page = locked.send("GET", "/metrics").text
    assert 'graphmem_http_requests_total{method="GET",route="/v1/memories/{key}",status="404"} 1.0' in page
    assert 'graphmem_problems_total{code="not_found"} 1.0' in page
    for told in ("acme-tenant", "tester", key.split("_")[1], done["ids"][0], "secret", "nowhere-at-all"):
        assert told not in page


def test_contested_answers_are_counted(site: Site) -> None:
    for title in ("Quotes are double", "Quotes are single"):
        statement = {"title": title, "subject": "lint.quotes"}
        assert site.send("POST", "/v1/memories", json={"statement": statement}).status_code == 201
    hits = site.send("POST", "/v1/search", json={"query": "quotes"}).json()["hits"]
    assert sorted(len(hit["contested"]) for hit in hits) == [0, 1]
    assert "graphmem_contested_answers_total 1.0" in site.send("GET", "/metrics").text


def test_logs_hold_no_words_and_no_keys(locked: Site, capsys: pytest.CaptureFixture[str]) -> None:
    key = locked.key()
    body = {"statement": {"title": "w0rds", "body": "w0rds"}, "reason": "w0rds", "source": "w0rds", "actor": "w0rds"}
    locked.send("POST", "/v1/memories?repo=w0rds", key=key, json=body)
    locked.send("POST", "/v1/search?as_of=w0rds", key=key, json={"query": "w0rds"})
    locked.send("GET", "/v1/memories/w0rds", key=key, headers={"X-Other": "w0rds"})
    locked.send("GET", "/w0rds", key=key)
    logged = "".join(capsys.readouterr())
    assert logged.count('"event": "request"') == 4
    assert "w0rds" not in logged
    assert key.split("_")[2] not in logged


def test_the_openapi_describes_every_route(site: Site) -> None:
    described = site.app.openapi()
    assert json.loads(json.dumps(described)) == site.send("GET", "/openapi.json").json()
    for path, methods in described["paths"].items():
        for method, one in methods.items():
            assert one["operationId"], (path, method)
            if path.startswith("/v1"):
                assert {"401", "403", "404", "422", "429", "503"} <= set(one["responses"]), path
                assert one["description"], path


def test_keys_can_be_read_while_they_change(ring: KeyRing) -> None:
    assert ring.keys() == []


def test_redactions_are_counted_by_rule(site: Site) -> None:
    for _ in range(2):
        site.send("POST", "/v1/memories", json={"statement": f"Deploys use {token()}"})
    assert 'graphmem_redactions_total{rule="github-pat"} 2.0' in site.send("GET", "/metrics").text
