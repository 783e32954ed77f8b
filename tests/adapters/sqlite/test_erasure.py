from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from graphmem.adapters.sqlite import SQLiteStore
from graphmem.errors import NotFound
from graphmem.model import Anchor, AnchorKind, End, Erase, Link, LinkKind, Provenance, Request, Supersede
from graphmem.store import Filter, Probe
from tests.adapters.sqlite.given import DAY, MAIN, START, add, clock, everything, send

TOKEN = "xyzzyplugh"  # noqa: S105 - to be erased


@pytest.fixture
def secret(store: SQLiteStore) -> SQLiteStore:
    anchors = (Anchor(AnchorKind.FILE, f"src/{TOKEN}.py"), Anchor(AnchorKind.COMPONENT, "shared"))
    said = add("s", f"The {TOKEN}", body=f"{TOKEN} " * 900, aliases=(TOKEN,), labels=(TOKEN,), anchors=anchors)
    vectors = {"s": np.array([0.6, 0.8], np.float32)}
    store.apply([said, add("n", anchors=anchors[1:]), add("m")], clock=clock, vectors=vectors)
    takes_over = Supersede(old=("s", "m"), new=("n",), at=START + DAY, part=TOKEN)
    send(store, takes_over, Link("m", "s", LinkKind.FIXES), reason=TOKEN)
    store.apply([Request("end", End("s", START + DAY, TOKEN), MAIN, Provenance("me", TOKEN, TOKEN))], clock=clock)
    return store


def _found_in(folder: Path) -> list[str]:
    """Files that hold the token as text, folded or not."""
    return [file.name for file in folder.iterdir() if TOKEN.encode() in file.read_bytes().lower()]


def test_the_token_is_there_before(secret: SQLiteStore, path: Path) -> None:
    assert secret.check() == []
    assert _found_in(path.parent) == ["memory.db-wal"]


def test_an_erased_token_is_in_no_file(secret: SQLiteStore, path: Path) -> None:
    send(secret, Erase("s"))
    assert _found_in(path.parent) == []
    secret.backup(path.with_name("copy.db"))
    path.with_name("export").write_text("\n".join(secret.export(MAIN)))
    assert _found_in(path.parent) == []
    secret.close()
    assert _found_in(path.parent) == []


def test_an_erased_memory_keeps_its_place(secret: SQLiteStore) -> None:
    before = everything(secret)[0]
    send(secret, Erase("s"))
    after = everything(secret)[0]
    assert after.memories["s"].memory.is_erased
    assert after.memories["s"].memory.scope == MAIN
    assert [(edge.old, edge.new, edge.part, edge.reason) for edge in after.edges] == [
        ("s", "n", None, None),
        ("m", "n", None, None),
    ]
    assert [(one.move.status, one.move.at) for one in after.moves] == [
        (one.move.status, one.move.at) for one in before.moves
    ]
    assert secret.check() == []
    with pytest.raises(NotFound):
        send(secret, End("s", START + DAY))


def test_an_erased_memory_is_found_nowhere(secret: SQLiteStore) -> None:
    send(secret, Erase("s"))
    probe = Probe(terms=(TOKEN, "the"), names=(TOKEN, f"the {TOKEN}"), vector=np.array([0.6, 0.8], np.float32))
    matches = secret.match(MAIN, probe, Filter(), seq=99)
    assert "s" not in [key for key, _ in (*matches.lexical, *matches.vector)]
    assert not matches.named
    assert "s" not in secret.select(MAIN, Filter(include_history=True), at=None, before=99, limit=99)
    assert [near.memory for near in secret.neighbours(MAIN, ["n"], seq=10_000, limit=9).steps] == []


def test_an_anchor_goes_with_the_last_memory_about_it(secret: SQLiteStore, path: Path) -> None:
    send(secret, Erase("s"))
    secret.close()
    from tests.adapters.sqlite.given import raw

    with raw(path) as database:
        assert [name for (name,) in database.execute("SELECT name FROM anchor")] == ["shared"]


def test_an_erasure_survives_export_and_restore(secret: SQLiteStore, tmp_path: Path) -> None:
    send(secret, Erase("s"))
    lines = list(secret.export(MAIN))
    with SQLiteStore.open(tmp_path / "other.db", create=True) as other:
        assert other.restore(lines, tenant="acme") == len(lines) - 1
        assert everything(other) == everything(secret)
        assert list(other.export(MAIN)) == lines
        assert other.check() == []


def test_an_erasure_that_a_reader_held_up_is_finished_later(secret: SQLiteStore, path: Path) -> None:
    lines = secret.export(MAIN)
    next(lines)
    secret._connections.writer().set_busy_timeout(1)  # noqa: SLF001 - not to wait for the reader
    send(secret, Erase("s"))
    assert _found_in(path.parent) != []
    lines.close()  # type: ignore[attr-defined]
    with SQLiteStore.open(path, create=False):
        assert _found_in(path.parent) == []


def test_an_erased_content_leaves_a_keyed_digest(secret: SQLiteStore, path: Path) -> None:
    send(secret, Erase("s"))
    secret.close()
    from tests.adapters.sqlite.given import raw

    with raw(path) as database:
        digest = str(database.execute("SELECT tombstone FROM memory WHERE id = 's'").get)
    assert len(digest) == 64
