"""Who may call what: every route with every kind of wrong caller, generated from the application itself."""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute
from starlette.types import Message

from graphmem.errors import InvalidInput
from graphmem.http.authentication import PUBLIC, is_loopback
from graphmem.http.server import ListenAddress, refuse_unprotected_address
from graphmem.keys import Permission
from graphmem.keys.secret import make_text
from graphmem.model import Scope
from graphmem.repository.mainline_rows import MainlineRows, packed
from graphmem.service import Write
from tests.http.conftest import NDJSON, Site
from tests.service.conftest import TickingClock

#: What each verb needs, and a body that it takes.
READING = {"ref": "HEAD", "tip": "0", "commits": 0, "previous": 0, "content": packed(MainlineRows())}
NEEDS: dict[str, tuple[Permission, dict[str, Any] | None]] = {
    "search": (Permission.READ, {"query": "q"}),
    "list": (Permission.READ, None),
    "get": (Permission.READ, None),
    "history": (Permission.READ, None),
    "explain": (Permission.READ, None),
    "timeline": (Permission.READ, None),
    "diff": (Permission.READ, None),
    "conflicts": (Permission.READ, None),
    "changes": (Permission.READ, None),
    "readings": (Permission.READ, None),
    "status": (Permission.READ, None),
    "file_life": (Permission.READ, None),
    "repositories": (Permission.READ, None),
    "branches": (Permission.READ, None),
    "add": (Permission.WRITE, {"statement": "words"}),
    "add_many": (Permission.WRITE, {"items": [{"statement": {"title": "t"}}]}),
    "supersede": (Permission.WRITE, {"new": "other words"}),
    "amend": (Permission.WRITE, {"new": "other words", "part": "p"}),
    "transition": (Permission.WRITE, {"status": "deferred"}),
    "end": (Permission.WRITE, {}),
    "confirm": (Permission.WRITE, {}),
    "link": (Permission.WRITE, {"target": "x", "kind": "refines"}),
    "record_verdicts": (Permission.WRITE, {"verdicts": []}),
    "record_relocations": (Permission.WRITE, {"relocations": []}),
    "record_reading": (Permission.WRITE, {"reading": READING}),
    "open_branch": (Permission.WRITE, {"name": "b"}),
    "merge_branch": (Permission.WRITE, {"name": "b"}),
    "ingest_decisions": (Permission.WRITE, {"documents": []}),
    "ingest": (Permission.WRITE, {"reading": {"observations": [], "replacements": [], "problems": []}}),
    "proposals": (Permission.READ, None),
    "stats": (Permission.READ, None),
    "context": (Permission.READ, {"task": "t"}),
    "guard": (Permission.READ, {"text": "t"}),
    "allow": (Permission.WRITE, {"reason": "r"}),
    "feedback": (Permission.WRITE, {"opinion": "useful"}),
    "capture": (Permission.WRITE, {"messages": []}),
    "claim": (Permission.WRITE, {"task": "t"}),
    "claims": (Permission.READ, None),
    "renew": (Permission.WRITE, {}),
    "release": (Permission.WRITE, {}),
    "hand_over": (Permission.WRITE, {"to": "bob"}),
    "settle": (Permission.WRITE, {"how": "both", "reason": "r"}),
    "review": (Permission.REVIEW, {"verdict": "accept", "reason": "r"}),
    "retract": (Permission.REVIEW, {}),
    "revoke": (Permission.REVIEW, {}),
    "abandon_branch": (Permission.REVIEW, {"name": "b"}),
    "erase": (Permission.ADMIN, {}),
    "link_repository": (Permission.ADMIN, {"old": "a", "new": "b"}),
    "export": (Permission.ADMIN, None),
    "restore": (Permission.ADMIN, None),
    "check": (Permission.ADMIN, None),
    "reindex": (Permission.ADMIN, {}),
    "scrub": (Permission.ADMIN, {}),
    "retain": (Permission.ADMIN, {}),
}
OTHERS = "their own thing"
#: Paths of the OpenAPI document, made once: every application here has the same routes, and it takes a second.
_described: dict[str, Any] = {}


def routes(site: Site) -> Iterator[tuple[str, str, str]]:
    """Verb, method and path of every route that is not public."""
    described = _described or site.app.openapi()["paths"]
    _described.update(described)
    for path, methods in described.items():
        if path not in PUBLIC:
            yield from ((one["operationId"], method.upper(), path) for method, one in methods.items())


def call(site: Site, route: tuple[str, str, str], key: str | None, memory: str = "x", change: int = 1) -> int:
    verb, method, path = route
    path = path.replace("{key}", memory).replace("{change}", str(change)).replace("{conflict}", "x")
    query = {"timeline": "?subject=s", "diff": "?start=2025-01-01", "file_life": "?path=a.py"}.get(verb, "")
    more = {"content": b"", "headers": NDJSON} if verb == "restore" else {"json": NEEDS[verb][1]}
    return site.send(method, path + query, key=key, **more).status_code


def test_every_route_is_in_the_table(locked: Site) -> None:
    assert sorted(verb for verb, *_ in routes(locked)) == sorted(NEEDS)
    assert {one.path_format for one in locked.app.routes if isinstance(one, APIRoute)} - PUBLIC <= {
        path for _, _, path in routes(locked)
    }


def test_without_a_live_key_nothing_answers(locked: Site, clock: TickingClock) -> None:
    whole = locked.key()
    revoked = locked.key()
    locked.ring.revoke(revoked.split("_")[1])
    wrong = [None, "", "nonsense", whole[:-1], whole.upper(), make_text(), revoked]
    wrong.append(locked.key(expires_at=clock.now))
    for route in routes(locked):
        assert {call(locked, route, key) for key in wrong} == {401}, route


def test_a_key_opens_what_it_allows_and_nothing_else(locked: Site) -> None:
    keys = {one: locked.key(one) for one in Permission}
    for route in routes(locked):
        needed = NEEDS[route[0]][0]
        for permission, key in keys.items():
            status = call(locked, route, key)
            assert (status == 403) is (permission is not needed or route[0] == "check"), (route, permission, status)


def status_of_head(
    site: Site, route: tuple[str, str, str], key: str | None, query: str = "", length: bytes = b"9"
) -> int:
    """What a request is answered whose body never comes."""
    _, method, path = route
    sent: list[Message] = []

    async def receive() -> Message:
        raise AssertionError("a byte of the body was asked for")

    async def send(message: Message) -> None:
        sent.append(message)

    headers = [(b"host", b"127.0.0.1"), (b"content-type", b"application/json"), (b"content-length", length)]
    headers += [] if key is None else [(b"authorization", f"Bearer {key}".encode())]
    scope: dict[str, Any] = {
        "type": "http", "method": method, "path": path.replace("{key}", "x").replace("{change}", "1"),
        "query_string": query.encode(), "headers": headers, "state": {}, "client": None, "server": None,
    }  # fmt: skip
    asyncio.run(site.app(scope, receive, send))
    status: int = sent[0]["status"]
    return status


def test_whoever_is_refused_is_refused_before_a_byte_of_the_body_is_read(locked: Site) -> None:
    keys = {one: locked.key(one, repos=("r",), user="ann") for one in Permission}
    for route in routes(locked):
        needed = NEEDS[route[0]][0]
        for permission, key in keys.items():
            if permission is not needed:
                assert status_of_head(locked, route, key) == 403, route
        assert status_of_head(locked, route, None) == 401, route
        for query, status in (("repo=s", 403), ("user=bob", 403), ("tenant=theirs", 404)):
            assert status_of_head(locked, route, keys[needed], query) == status, (route, query)


def test_a_body_that_says_that_it_is_too_large_is_not_read(locked: Site) -> None:
    key = locked.key()
    for path, size in (("/v1/search", b"1000000"), ("/v1/memories", b"10000000"), ("/v1/ingest/reading", b"9" * 30)):
        assert status_of_head(locked, ("any", "POST", path), key, length=size) == 413


def test_what_belongs_to_another_tenant_is_not_there(locked: Site) -> None:
    theirs = Scope("theirs")
    written = locked.memory.add(OTHERS, write=Write(scope=theirs))
    key = locked.key(tenant="ours")
    for route in routes(locked):
        if "{" in route[2]:
            assert call(locked, route, key, written.ids[0], written.change.seq) == 404, route


def test_naming_another_tenant_finds_none(locked: Site) -> None:
    locked.memory.add(OTHERS, write=Write(scope=Scope("theirs")))
    key = locked.key(tenant="ours")
    for verb, method, path in routes(locked):
        if verb != "check":
            assert call(locked, (verb, method, f"{path}?tenant=theirs"), key) in {404, 422}, verb
            sent = {"json": NEEDS[verb][1]} if verb != "restore" else {"content": b"", "headers": NDJSON}
            there = path.replace("{key}", "x").replace("{change}", "1")
            assert locked.send(method, f"{there}?tenant=theirs", key=key, **sent).status_code == 404, verb


def test_a_batch_cannot_reach_into_another_tenant(locked: Site) -> None:
    items = [{"statement": {"title": "mine"}, "scope": {"tenant": "theirs"}}]
    sent = locked.send("POST", "/v1/memories/batch", key=locked.key(tenant="ours"), json={"items": items})
    assert sent.status_code == 404
    assert locked.memory.changes(scope=Scope("theirs")) == ()


def test_each_item_of_a_batch_must_be_where_the_key_may_write(locked: Site) -> None:
    bound, whole = locked.key(repos=("a", "b")), locked.key()
    one, other, third = ({"statement": {"title": name}, "scope": {"repo": name}} for name in "abc")
    done = locked.send("POST", "/v1/memories/batch?repo=a", key=bound, json={"items": [one, other]})
    assert [each["change"]["writer"]["repo"] for each in done.json()["written"]] == ["a", "b"]
    before = len(locked.memory.changes())
    for key, items in ((bound, [one, third]), (locked.key(user="bob"), [{"statement": "w", "scope": {"user": "ann"}}])):
        refused = locked.send("POST", "/v1/memories/batch?repo=a", key=key, json={"items": items})
        assert refused.status_code == 403
    assert len(locked.memory.changes()) == before
    assert locked.send("POST", "/v1/memories/batch", key=whole, json={"items": [third]}).status_code == 201


def test_an_item_of_a_batch_supersedes_only_what_is_seen_from_where_it_lives(locked: Site) -> None:
    theirs = locked.memory.add(OTHERS, write=Write(scope=Scope(user="ann"))).ids[0]
    key = locked.key(user="bob")
    items = [{"statement": "mine"}, {"statement": "taken", "supersedes": [theirs]}]
    refused = locked.send("POST", "/v1/memories/batch", key=key, json={"items": items})
    unknown = locked.send(
        "POST", "/v1/memories/batch", key=key, json={"items": [{"statement": "t", "supersedes": ["no" * 6]}]}
    )
    assert (refused.status_code, unknown.status_code) == (404, 404)
    assert refused.json()["detail"].replace(theirs, "no" * 6) == unknown.json()["detail"]


def test_a_key_of_one_user_reads_no_other(locked: Site) -> None:
    own = locked.memory.add("ann's note", write=Write(scope=Scope(user="ann"))).ids[0]
    key = locked.key(user="bob")
    assert locked.send("GET", f"/v1/memories/{own}", key=key).status_code == 404
    assert locked.send("GET", f"/v1/memories/{own}?user=ann", key=key).status_code == 403
    for path in ("/v1/export", "/v1/status"):
        assert locked.send("GET", path, key=key).status_code == 403


def test_who_holds_the_key_is_the_actor_unless_they_say(locked: Site) -> None:
    key = locked.key()
    done = locked.send("POST", "/v1/memories", key=key, json={"statement": "words"}).json()
    assert done["change"]["provenance"]["actor"] == "tester"


CANARY = "zq7canary"
TENANTS = ("ours", "theirs")
#: So many requests of two tenants, mixed; more on request.
STEPS = int(os.environ.get("GRAPHMEM_STEPS", "400"))
Sent = tuple[str, str, dict[str, Any]]


def mixed_request(chance: random.Random, word: str, ids: list[str], foreign: list[str]) -> Sent:
    """Any request: a write or a read of one's own, or a try at somebody else's."""
    number, other = chance.randrange(10**6), chance.choice(foreign or ["x"])
    said = {
        "title": f"{word} thing {number}",
        "subject": f"zq7.{number % 400}",
        "body": word,
        "aliases": [word],
        "labels": [word],
    }
    own = chance.choice(ids or ["x"])
    writes: list[Sent] = [
        ("POST", "/v1/memories", {"json": {"statement": said, "actor": word, "reason": word}}),
        ("POST", f"/v1/memories/{own}/supersede", {"json": {"new": f"{word} instead {number}", "source": word}}),
        ("POST", f"/v1/memories/{own}/transition", {"json": {"status": "deferred", "word": word}}),
        ("POST", f"/v1/memories/{own}/links", {"json": {"target": other, "kind": "refines", "reason": word}}),
        ("POST", f"/v1/memories/{other}/end", {"json": {"word": word}}),
        ("POST", f"/v1/memories/{other}/amend", {"json": {"new": f"{word} amended", "part": word}}),
        ("POST", f"/v1/changes/{chance.randrange(1, 99)}/revoke", {}),
    ]
    reads: list[Sent] = [
        ("POST", "/v1/search", {"json": {"query": f"{CANARY} thing", "where": {"include_history": True}}}),
        ("GET", "/v1/memories?include_history=true", {}),
        ("GET", f"/v1/changes?limit=50&after={chance.randrange(200)}", {}),
        ("GET", f"/v1/timeline?subject=zq7.{number % 400}", {}),
        ("GET", "/v1/diff?start=2020-01-01", {}),
        ("GET", "/v1/conflicts", {}),
        ("GET", "/v1/status", {}),
        ("GET", f"/v1/memories/{other}", {}),
        ("GET", f"/v1/memories/{other}/explain", {}),
        ("GET", f"/v1/memories/{own}/history", {}),
    ]
    return chance.choice(chance.choice((writes, reads)))


@pytest.mark.heavy
def test_no_answer_holds_a_word_of_another_tenant(locked: Site) -> None:
    chance = random.Random(11)  # noqa: S311 - choices of a test
    keys = {name: locked.key(tenant=name) for name in TENANTS}
    ids: dict[str, list[str]] = {name: [] for name in TENANTS}
    answered = 0
    for _ in range(STEPS // 20):
        names = [chance.choice(TENANTS) for _ in range(20)]
        foreign = {name: ids[TENANTS[1 - TENANTS.index(name)]] for name in TENANTS}
        sent = [mixed_request(chance, f"{CANARY}{name}", ids[name], foreign[name]) for name in names]
        answers = locked.send_all(
            [
                (method, path, {**more, "key": keys[name]})
                for name, (method, path, more) in zip(names, sent, strict=True)
            ]
        )
        for name, asked, answer in zip(names, sent, answers, strict=True):
            answered += answer.is_success
            assert f"{CANARY}{TENANTS[1 - TENANTS.index(name)]}" not in answer.text, asked
            assert answer.status_code < 500, (asked, answer.text)
            hidden = [one for one in foreign[name] if one in answer.text and one not in str(asked)]
            assert not hidden, asked
            if asked[1] == "/v1/memories" and asked[0] == "POST":
                ids[name] += answer.json()["ids"]
    assert answered > STEPS // 2
    for name in TENANTS:
        assert (
            f"{CANARY}{TENANTS[1 - TENANTS.index(name)]}" not in locked.send("GET", "/v1/export", key=keys[name]).text
        )


FOREIGN = [
    {"Host": "evil.example"},
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Host": "127.0.0.1.evil"},
    {"Origin": "http://["},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
def test_without_keys_no_page_of_a_browser_gets_in(site: Site, headers: dict[str, str]) -> None:
    assert site.send("POST", "/v1/memories", json={"statement": "words"}, headers=headers).status_code == 403
    assert site.send("GET", "/v1/memories", headers=headers).status_code == 403
    assert site.memory.changes() == ()


@pytest.mark.parametrize("origin", ["http://localhost:3000", "http://127.0.0.1", "http://[::1]:80"])
def test_without_keys_a_page_of_this_machine_gets_in(site: Site, origin: str) -> None:
    assert site.send("GET", "/v1/memories", headers={"Origin": origin}).status_code == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.4", "example.org", ""])  # noqa: S104 - what is refused
def test_without_keys_it_listens_to_this_machine_alone(host: str) -> None:
    with pytest.raises(InvalidInput, match="graphmem key create"):
        refuse_unprotected_address(None, ListenAddress(host))


def test_this_machine_is_told_by_its_names() -> None:
    assert all(map(is_loopback, ("localhost", "LOCALHOST", "127.0.0.1", "127.1.2.3", "::1")))
    assert not any(map(is_loopback, ("", "0.0.0.0", "localhost.example", "10.0.0.1")))  # noqa: S104


def test_a_running_server_asks_for_a_key_as_soon_as_there_is_one(unlocked: Site) -> None:
    assert unlocked.send("GET", "/v1/memories").status_code == 200
    key = unlocked.key()
    assert [unlocked.send("GET", "/v1/memories", key=one).status_code for one in (None, key)] == [401, 200]
    unlocked.ring.revoke(key.split("_")[1])
    assert [unlocked.send("GET", "/v1/memories", key=one).status_code for one in (None, key)] == [401, 401]


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}], ids=str)
def test_a_server_with_a_place_for_keys_and_no_key_is_for_this_machine_alone(
    unlocked: Site, headers: dict[str, str]
) -> None:
    assert unlocked.send("GET", "/v1/memories", headers=headers).status_code == 403
    with pytest.raises(InvalidInput, match="graphmem key create"):
        refuse_unprotected_address(unlocked.ring, ListenAddress("192.168.1.4"))


def test_a_file_of_keys_that_is_gone_opens_nothing(locked: Site, tmp_path: Path) -> None:
    key = locked.key()
    assert locked.send("GET", "/v1/memories", key=key).status_code == 200
    (tmp_path / "keys.json").unlink()
    assert {locked.send("GET", "/v1/memories", key=one).status_code for one in (None, key)} == {503}


def test_a_damaged_file_of_keys_opens_nothing(locked: Site, tmp_path: Path) -> None:
    key = locked.key()
    (tmp_path / "keys.json").write_text("{")
    assert locked.send("GET", "/v1/memories", key=key).status_code == 503


def test_a_key_of_one_repository_cannot_open_another_by_a_link(locked: Site) -> None:
    locked.memory.add(OTHERS, write=Write(scope=Scope(repo="theirs")))
    key = locked.key(repos=("ours",))
    body = {"old": "theirs", "new": "ours"}
    assert locked.send("POST", "/v1/repositories/links", key=key, json=body).status_code == 403
    assert locked.send("GET", "/v1/memories", key=key).json()["cards"] == []
    assert locked.send("POST", "/v1/repositories/links", key=locked.key(), json=body).status_code == 200
    assert [card["title"] for card in locked.send("GET", "/v1/memories", key=key).json()["cards"]] == [OTHERS]
