"""What somebody changed by hand is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphmem.adapters.neo4j import Neo4jStore
from graphmem.errors import StoreUnavailable
from graphmem.model import Erase
from tests.contract.scenario import fill
from tests.laws.world import R, send
from tests.servers import Access
from tests.stores import BACKENDS, opened

BODY = '{"by":{"actor":"somebody else"},"do":"retract","id":"D","writer":{"repo":"r"}}'
FORGED = f"SET c.body = '{BODY}', c.actor = 'somebody else' REMOVE c.salt, c.digest, c.source, c.reason"
EDITS = {
    "a title": ("MATCH (m:Memory {tenant: 'default', id: 'A'}) SET m.title = 'other'", "title"),
    "a status": ("MATCH (m:Memory {tenant: 'default', id: 'A'}) SET m.status = 'proposed'", "status"),
    "a label": ("MATCH (m:Memory {tenant: 'default', id: 'A'}) REMOVE m:Decision", "labels"),
    "a supersession": ("MATCH (:Memory {tenant: 'default'})-[r:SUPERSEDED_BY]->() DELETE r", "to memories"),
    "a move": ("MATCH (:Change {tenant: 'default'})-[r:MOVED]->() DELETE r", "from the ledger"),
    "a node": ("CREATE (:Memory {tenant: 'default', id: 'new', seq: 9999})", "is not in the ledger"),
    "a word": ("MATCH (t:Term {tenant: 'default'}) SET t.memories = 99", "is counted in 99 memories"),
    "a ledger entry": ("MATCH (c:Change {tenant: 'default', seq: 1}) SET c.body = c.body + ' '", "altered"),
    "an actor": (f"MATCH (c:Change {{tenant: 'default', operation: 'retract'}}) {FORGED}", "content of entry"),
    "a salt": ("MATCH (c:Change {tenant: 'default', seq: 1}) REMOVE c.salt", "only a digest"),
    "a digest": ("MATCH (c:Change {tenant: 'default', seq: 1}) SET c.digest = c.hash", "altered"),
    "a digest that is gone": ("MATCH (c:Change {tenant: 'default', seq: 1}) REMOVE c.digest", "altered"),
    "a key": ("MATCH (l:Ledger {tenant: 'default'}) SET l.key = 'another'", "with the tenant's key"),
    "a clock": ("MATCH (l:Ledger {tenant: 'default'}) SET l.recorded_at = l.recorded_at + duration('P1D')", "recorded"),
    "a tombstone": ("MATCH (m:Memory {tenant: 'default', id: 'A'}) SET m.tombstone = 'x'", "tombstone"),
    "a filter": ("MATCH (m:Memory {tenant: 'default', id: 'A'}) SET m.facets = ['x']", "facets"),
    "a count": ("MATCH (l:Ledger {tenant: 'default'}) SET l.documents = 999", "999 documents"),
    "a stranger": ("CREATE (:Memory {tenant: 'nobody', id: 'new', seq: 1})", "belongs to no tenant"),
}


@pytest.mark.parametrize("what", EDITS)
def test_an_edit_by_hand_is_found(what: str, tmp_path: Path, neo4j: Access) -> None:
    edit, told = EDITS[what]
    backend = next(one for one in BACKENDS if one.name == "neo4j")
    with opened(backend, tmp_path) as store:
        assert isinstance(store, Neo4jStore)
        fill(store)
        assert store.check() == []
        with neo4j.driver() as driver:
            driver.execute_query(edit)
        findings = store.check()
    assert any(told in one.what for one in findings), findings


@pytest.mark.usefixtures("neo4j")
def test_an_export_during_an_erasure_says_so(tmp_path: Path) -> None:
    backend = next(one for one in BACKENDS if one.name == "neo4j")
    with opened(backend, tmp_path) as store:
        fill(store)
        lines = store.export(R)
        next(lines)
        send(store, "erase", Erase("B"))
        with pytest.raises(StoreUnavailable, match="erased while it was exported"):
            list(lines)
        assert len(list(store.export(R))) > 1
