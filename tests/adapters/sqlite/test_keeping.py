from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from graphmem.adapters.sqlite import SQLiteStore
from graphmem.adapters.sqlite.keyed_hashes import hashes_of
from graphmem.adapters.sqlite.segments import SegmentBuilder, unpack
from graphmem.adapters.sqlite.term_hashes import Facets
from graphmem.errors import CorruptStore, InvalidInput
from graphmem.model import (
    Anchor,
    AnchorKind,
    Confirm,
    Link,
    LinkKind,
    MergeBranch,
    OpenBranch,
    Request,
    Retract,
    Revoke,
    Scope,
    Supersede,
)
from graphmem.store import Filter, ModelCard, Probe
from tests.adapters.sqlite.given import DAY, MAIN, START, add, clock, everything, raw, send

CARD = ModelCard("small", 2, "abc")
ON_BRANCH = Scope("acme", repo="shop", branch="next")


@pytest.fixture
def full(store: SQLiteStore) -> SQLiteStore:
    """A store with a row in every table."""
    anchors = (Anchor(AnchorKind.FILE, "src/a.py", "shop"),)
    store.adopt_model(CARD)
    vectors = {"a": np.array([1, 0], np.float32), "b": np.array([0, 1], np.float32)}
    store.apply(
        [add("a", anchors=anchors), add("b", aliases=("B-1",)), add("c"), add("d")], clock=clock, vectors=vectors
    )
    send(store, Supersede(old=("a",), new=("b",), at=START + DAY), Retract("c"), Confirm("b"))
    send(store, Link("b", "d", LinkKind.REFINES), Revoke(5), OpenBranch("next"))
    store.apply([Request("branch", Supersede(old=("b",), new=("d",), at=START + DAY), ON_BRANCH)], clock=clock)
    send(store, MergeBranch("next"))
    send(store, add("e", scope=Scope("other")))
    return store


def test_a_sound_store_has_no_findings(full: SQLiteStore) -> None:
    assert full.check() == []


TAMPERING = {
    "ledger": "UPDATE entry SET body = replace(body, 'Memory a', 'Memory x') WHERE place % 1099511627776 = 1",
    "ledger head": "UPDATE entry SET op_id = 'else' WHERE place % 1099511627776 = 2",
    "ledger end": "DELETE FROM entry WHERE place % 1099511627776 = 12",
    "memories": "UPDATE memory SET statement = replace(statement, 'Memory a', 'Memory x') WHERE id = 'a'",
    "memories kind": "UPDATE memory SET kind = 'task' WHERE id = 'a'",
    "memories gone": "DELETE FROM memory WHERE id = 'd'",
    "caches": "UPDATE memory SET holding = '[]' WHERE id = 'b'",
    "caches status": "UPDATE memory SET status = 'ended' WHERE id = 'b'",
    "moves": "UPDATE move SET at = at + 1",
    "supersessions": "DELETE FROM superseded_by WHERE seq = 5",
    "retractions": "DELETE FROM retraction",
    "confirmations": "DELETE FROM confirmation",
    "links": "UPDATE link SET kind = 'fixes'",
    "revocations": "DELETE FROM revocation",
    "branches": "UPDATE branch SET closed = NULL",
    "touches": "DELETE FROM touch WHERE seq = 5",
    "anchors": "UPDATE anchor SET name = 'src/b.py'",
    "words": "UPDATE segment SET size = 99",
    "words of another memory": "UPDATE segment SET first = first - 1",
    "words of nobody": "DELETE FROM segment",
    "totals": "UPDATE tenant SET tokens = tokens + 1",
    "ledger of another tenant": "UPDATE entry SET tenant = 9 WHERE op_id = 'add a'",
    "ledger of another actor": (
        'UPDATE entry SET salt = NULL, digest = NULL, body = replace(body, \'"by":{\', \'"by":{"actor":"another"\')'
        ' WHERE body LIKE \'%"do":"retract"%\''
    ),
    "ledger without a content": "UPDATE entry SET salt = NULL WHERE op_id = 'add b'",
    "ledger without a digest": "UPDATE entry SET digest = NULL WHERE op_id = 'add b'",
    "ledger with another digest": "UPDATE entry SET digest = zeroblob(32) WHERE op_id = 'add b'",
    "ledger recorded at another time": "UPDATE entry SET recorded_at = recorded_at + 1 WHERE op_id = 'add b'",
    "ledger of another key": "UPDATE tenant SET key = 'another'",
    "memories with a tombstone": "UPDATE memory SET tombstone = 'x' WHERE id = 'a'",
    "memories of another tenant": "UPDATE memory SET tenant = 2 WHERE id = 'a'",
    "totals recorded at another time": "UPDATE tenant SET recorded_at = recorded_at + 1",
    "vectors": "UPDATE vector SET data = x'00'",
    "vectors lost": "DELETE FROM vector",
}


@pytest.mark.parametrize("area", TAMPERING)
def test_check_names_what_was_tampered_with(full: SQLiteStore, path: Path, area: str) -> None:
    full.close()
    with raw(path) as database:
        database.execute(TAMPERING[area])
        assert database.changes() > 0
    with SQLiteStore.open(path, create=False) as again:
        findings = again.check()
    assert area.split(maxsplit=1)[0] in {finding.area for finding in findings}
    assert all(finding.what for finding in findings)


def test_check_names_filter_tokens_that_changed_places(store: SQLiteStore, path: Path) -> None:
    send(store, add("a", labels=("one",)), add("b", labels=("two",)))
    store.close()
    with raw(path) as database:
        hashes = hashes_of(str(database.execute("SELECT key FROM tenant").get))
        one, other = (Facets(hashes).label(label) for label in ("one", "two"))
        first, data = database.execute("SELECT first, data FROM segment").fetchone() or (0, b"")
        draft = SegmentBuilder()
        for number, home, length, counts in unpack(first, data).texts():
            moved = {other if term == one else one if term == other else term: count for term, count in counts.items()}
            draft.add(number, home, length, moved)
        database.execute("UPDATE segment SET data = ?", (draft.pack(),))
    with SQLiteStore.open(path, create=False) as again:
        assert {finding.area for finding in again.check()} == {"words"}


def test_export_and_restore_give_the_same_store(full: SQLiteStore, tmp_path: Path) -> None:
    lines = list(full.export(MAIN))
    with SQLiteStore.open(tmp_path / "other.db", create=True) as other:
        assert other.restore(lines, tenant="acme") == 12
        assert everything(other) == everything(full)
        assert list(other.export(MAIN)) == lines
        probe = Probe(terms=("memory",), names=("b 1",), vector=np.array([1, 0], np.float32))
        assert other.match(MAIN, probe, Filter(), seq=99) == full.match(MAIN, probe, Filter(), seq=99)
        assert (other.info(MAIN).model, other.info(MAIN).vectors) == (CARD, 2)
        assert other.check() == []


def test_a_restored_store_tells_retries_from_reuse(full: SQLiteStore, tmp_path: Path) -> None:
    with SQLiteStore.open(tmp_path / "other.db", create=True) as other:
        other.restore(full.export(MAIN), tenant="acme")
        assert send(other, add("c"))[0].seq == 3
        assert send(other, add("f"))[0].seq == 13


def test_vectors_of_another_model_are_left_out(full: SQLiteStore, tmp_path: Path) -> None:
    with SQLiteStore.open(tmp_path / "other.db", create=True) as other:
        other.adopt_model(ModelCard("large", 3, "def"))
        other.restore(full.export(MAIN), tenant="acme")
        assert other.info(MAIN).vectors == 0
        assert other.check() == []


def _changed(lines: list[str], number: int, **values: object) -> list[str]:
    return [
        json.dumps({**json.loads(line), **values}) if at == number else line for at, line in enumerate(lines, start=1)
    ]


def test_a_restore_is_whole_or_not_at_all(full: SQLiteStore, tmp_path: Path) -> None:
    lines = list(full.export(MAIN))
    wrong: list[tuple[type[Exception], str, list[str]]] = [
        (InvalidInput, "line 1", []),
        (InvalidInput, "line 1", lines[1:]),
        (InvalidInput, "line 1.*'other'", _changed(lines, 1, tenant="other")),
        (InvalidInput, "line 3: not JSON", [*lines[:2], "{", *lines[3:]]),
        (InvalidInput, "line 3: not an object", [*lines[:2], "[]", *lines[3:]]),
        (InvalidInput, "line 3: not an entry", [*lines[:2], "{}", *lines[3:]]),
        (InvalidInput, "line 4: not an entry", _changed(lines, 4, salt="no hex")),
        (CorruptStore, "content of entry 2", _changed(lines, 3, body="{}")),
        (CorruptStore, "head of entry 2", _changed(lines, 3, op_id="else")),
        (CorruptStore, "line 3", [*lines[:2], *lines[3:]]),
        (CorruptStore, "ends after 11 of 12", lines[:-1]),
    ]
    with SQLiteStore.open(tmp_path / "other.db", create=True) as other:
        for error, message, broken in wrong:
            with pytest.raises(error, match=message):
                other.restore(broken, tenant="acme")
        assert (other.position(MAIN).seq, other.check()) == (0, [])


def test_a_restore_needs_an_empty_tenant(full: SQLiteStore) -> None:
    lines = list(full.export(MAIN))
    full.restore(lines, tenant="acme")
    send(full, add("later"))
    with pytest.raises(InvalidInput, match="13 changes"):
        full.restore(lines, tenant="acme")


def test_a_backup_is_a_store_of_its_own(full: SQLiteStore, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    full.backup(target)
    with SQLiteStore.open(target, create=False) as copy:
        assert everything(copy) == everything(full)
        send(copy, add("f"))
        assert copy.check() == []
    assert full.position(MAIN).seq == 12
    with pytest.raises(InvalidInput, match="exists"):
        full.backup(target)


def test_another_model_drops_the_vectors(full: SQLiteStore) -> None:
    full.adopt_model(CARD)
    assert full.info(MAIN).vectors == 2
    full.adopt_model(ModelCard("large", 3, "def"))
    assert (full.info(MAIN).vectors, full.without_vector(MAIN, 9)) == (0, ["a", "b", "c", "d"])
    full.save_vectors(MAIN, {"a": np.ones(3, np.float32), "nobody": np.ones(3, np.float32)})
    assert full.without_vector(MAIN, 9) == ["b", "c", "d"]
    assert full.check() == []
