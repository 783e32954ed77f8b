"""What a caller may not see cannot be found out by trying: by an id, the name of a write, a cursor or a refusal."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

from graphmem.keys import Permission
from graphmem.model import Scope, Statement
from graphmem.service import New, Write
from tests.http.conftest import Site

HIDDEN = "The merger with Initech is off"
ANN = Scope(user="ann")


def told(site: Site, key: str, op_id: str, **body: object) -> tuple[int, list[str]]:
    """Status and ids of a write under a name."""
    sent = site.send("POST", "/v1/memories", key=key, json=body, headers={"Idempotency-Key": op_id})
    return sent.status_code, sent.json().get("ids", [])


def test_the_name_of_somebody_elses_write_is_free_for_a_bound_key(locked: Site) -> None:
    locked.memory.add(HIDDEN, write=Write(scope=ANN, op_id="deploy-7"))
    bob, ann = locked.key(user="bob"), locked.key(user="ann")
    for key in (bob, ann):
        for said in (HIDDEN, "anything else"):
            status, _ = told(locked, key, "deploy-7" if said == HIDDEN else "deploy-8", statement=said)
            assert status == 201
    assert told(locked, bob, "mine", statement="one") == told(locked, bob, "mine", statement="one")
    assert told(locked, bob, "mine", statement="two")[0] == 409
    assert told(locked, locked.key(user="bob"), "mine", statement="one") == told(locked, bob, "mine", statement="one")
    assert told(locked, bob, "x" * 200, statement="long")[0] == 201


def test_a_bound_key_chooses_no_ids(locked: Site) -> None:
    locked.memory.add_many([New(statement=Statement(title=HIDDEN), id="ADR-7", scope=ANN)], write=Write(scope=ANN))
    for key in (locked.key(user="bob"), locked.key(repos=("r",)), locked.key(Permission.WRITE)):
        for chosen in ("ADR-7", "ADR-8"):
            items = [{"statement": {"title": "t"}, "id": chosen}]
            assert locked.send("POST", "/v1/memories/batch", key=key, json={"items": items}).status_code == 403
    items = [{"statement": {"title": "t"}, "id": "ADR-9"}]
    assert locked.send("POST", "/v1/memories/batch", key=locked.key(), json={"items": items}).status_code == 201


def test_a_key_that_only_writes_is_told_nothing_similar(locked: Site) -> None:
    locked.memory.add(HIDDEN)
    blind, reader = locked.key(Permission.WRITE), locked.key(Permission.WRITE, Permission.READ)
    for looks in ("keep", "skip"):
        body = {"statement": f"{HIDDEN}!", "on_similar": looks}
        sent = locked.send("POST", "/v1/memories", key=blind, json=body).json()
        assert (sent["similar"], sent["is_confirmation"]) == ([], looks == "skip")
        items = {"items": [{"statement": {"title": f"{HIDDEN}?"}}], "on_similar": "keep"}
        batch = locked.send("POST", "/v1/memories/batch", key=blind, json=items).json()
        assert batch["written"][0]["similar"] == []
    assert locked.send("POST", "/v1/memories", key=reader, json={"statement": f"{HIDDEN}."}).json()["similar"]


def test_what_is_revoked_or_branched_elsewhere_is_not_there(locked: Site) -> None:
    own = locked.memory.add("shared words", write=Write(scope=Scope())).ids[0]
    hidden = locked.memory.add(HIDDEN, write=Write(scope=ANN)).ids[0]
    ended = locked.memory.end(hidden, write=Write(scope=ANN)).change.seq
    locked.memory.revoke(ended, write=Write(scope=ANN))
    locked.memory.open_branch("b", write=Write(scope=Scope(repo="elsewhere")))
    bob = locked.key(user="bob", repos=("r",))
    last = locked.memory.changes(scope=ANN)[-1].seq + 1
    for change in range(2, last + 3):
        sent = locked.send("POST", f"/v1/changes/{change}/revoke?repo=r", key=bob, json={})
        assert (sent.status_code, sent.json()["code"]) == (404, "not_found"), (change, sent.text)
    assert own


def test_a_cursor_pins_no_point_that_is_not_past(locked: Site) -> None:
    for number in range(3):
        locked.memory.add(f"rule {number}")
    key = locked.key(Permission.READ)
    page = locked.send("GET", "/v1/memories?limit=1", key=key).json()
    text, _, signature = page["cursor"].partition(".")
    valid, seq, offset = json.loads(base64.urlsafe_b64decode(text + "=="))
    forged = base64.urlsafe_b64encode(json.dumps([valid, seq + 10**6, offset]).encode()).decode().rstrip("=")
    for cursor in (forged, f"{forged}.{signature}", text):
        assert locked.send("GET", f"/v1/memories?limit=1&cursor={cursor}", key=key).status_code == 422
    other = locked.key(Permission.READ, tenant="theirs")
    assert locked.send("GET", f"/v1/memories?limit=1&cursor={page['cursor']}", key=other).status_code == 422
    assert locked.send("GET", f"/v1/memories?limit=1&cursor={page['cursor']}", key=key).status_code == 200


def test_a_private_successor_changes_no_answer_to_a_guarded_write(locked: Site) -> None:
    key = locked.memory.add("shared words", write=Write(scope=Scope())).ids[0]
    bob = locked.key(user="bob")
    seen = locked.send("GET", f"/v1/memories/{key}", key=bob)
    own = locked.memory.add("ann's words", write=Write(scope=ANN)).ids[0]
    locked.memory.supersede(key, [own], write=Write(scope=replace(ANN)))
    position = seen.json()["at"]["known_at"]
    headers = {"If-Match": seen.headers["ETag"]}
    sent = locked.send("POST", f"/v1/memories/{key}/confirm", key=bob, json={"seen": position}, headers=headers)
    assert sent.status_code == 200, sent.text
