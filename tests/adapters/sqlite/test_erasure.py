from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from graphmem.adapters.sqlite import SQLiteStore
from graphmem.adapters.sqlite import store as stores
from graphmem.errors import NotFound
from graphmem.model import Anchor, AnchorKind, End, Erase, Link, LinkKind, Provenance, Request, Scope, Supersede
from graphmem.store import Filter, Probe
from tests.adapters.sqlite.given import DAY, MAIN, START, add, clock, everything, raw, send

TOKEN = "xyzzyplugh"  # noqa: S105 - to be erased
_PATIENCE_S = 60.0
_READS = """
import sys
from pathlib import Path
from graphmem.adapters.sqlite import SQLiteStore
from tests.adapters.sqlite.given import MAIN
with SQLiteStore.open(Path(sys.argv[1]), create=False) as store:
    lines = store.export(MAIN)
    next(lines)
    print("reading", flush=True)
    sys.stdin.read()
    lines.close()
"""


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


def _pending(store: SQLiteStore) -> int:
    return store.info(MAIN).pending_erasures


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """An erase that does not wait for readers before it answers."""
    monkeypatch.setattr(stores, "_ERASING_TIMEOUT_S", 0)


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("began", ["before", "after"])
def test_an_erasure_that_a_reader_holds_up_is_told_and_finishes_by_itself(
    secret: SQLiteStore, path: Path, began: str
) -> None:
    lines = secret.export(MAIN)
    if began == "before":
        next(lines)
        send(secret, Erase("s"))
    else:
        older = secret.export(MAIN)
        next(older)
        send(secret, Erase("s"))
        next(lines)
        older.close()  # type: ignore[attr-defined]
    assert _found_in(path.parent) != []
    assert _pending(secret) == 1
    lines.close()  # type: ignore[attr-defined]
    assert secret._cleaner.wait(_PATIENCE_S)  # noqa: SLF001 - that it ends is what is tested
    assert _found_in(path.parent) == []
    assert _pending(secret) == 0


@pytest.mark.usefixtures("hasty")
def test_whoever_reads_next_finishes_what_an_eraser_could_not_that_is_gone(secret: SQLiteStore, path: Path) -> None:
    lines = secret.export(MAIN)
    next(lines)
    with SQLiteStore.open(path, create=False) as other:
        send(other, Erase("s"), Erase("m"))
    assert _found_in(path.parent) != []
    assert _pending(secret) == 2
    lines.close()  # type: ignore[attr-defined]
    assert secret._cleaner.wait(_PATIENCE_S)  # noqa: SLF001
    assert (_found_in(path.parent), _pending(secret)) == ([], 0)


@pytest.mark.usefixtures("hasty")
def test_a_reader_in_another_process_finishes_when_it_ends(secret: SQLiteStore, path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", _READS, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "reading\n"
    with SQLiteStore.open(path, create=False) as other:
        send(other, Erase("s"))
    assert _found_in(path.parent) != []
    child.communicate("")
    assert not child.returncode
    assert (_found_in(path.parent), _pending(secret)) == ([], 0)


@pytest.mark.usefixtures("hasty")
def test_a_killed_reader_holds_nothing_up(secret: SQLiteStore, path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", _READS, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    child.stdout.readline()
    send(secret, Erase("s"))
    assert _found_in(path.parent) != []
    child.kill()
    child.communicate()
    assert secret._cleaner.wait(_PATIENCE_S)  # noqa: SLF001
    assert (_found_in(path.parent), _pending(secret)) == ([], 0)


@pytest.mark.usefixtures("hasty")
def test_writes_go_on_while_an_erasure_is_pending(secret: SQLiteStore, path: Path) -> None:
    lines = secret.export(MAIN)
    next(lines)
    send(secret, Erase("s"))
    for number in range(20):
        send(secret, add(f"w{number}"))
    assert _pending(secret) == 1
    lines.close()  # type: ignore[attr-defined]
    assert secret._cleaner.wait(_PATIENCE_S)  # noqa: SLF001
    assert (_found_in(path.parent), _pending(secret)) == ([], 0)


def test_an_erase_waits_for_a_short_read(secret: SQLiteStore, path: Path) -> None:
    lines = secret.export(MAIN)
    next(lines)
    ends = threading.Timer(0.1, lines.close)  # type: ignore[attr-defined]
    ends.start()
    send(secret, Erase("s"))
    assert (_found_in(path.parent), _pending(secret)) == ([], 0)
    ends.join()


def test_another_tenant_does_not_see_what_is_pending(
    secret: SQLiteStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stores, "_ERASING_TIMEOUT_S", 0)
    lines = secret.export(MAIN)
    next(lines)
    send(secret, Erase("s"))
    assert secret.info(Scope("other")).pending_erasures == 0
    lines.close()  # type: ignore[attr-defined]
    secret.close()
    assert _found_in(path.parent) == []


def test_a_release_before_this_one_left_its_own_word(secret: SQLiteStore, path: Path) -> None:
    secret.close()
    with raw(path) as database:
        database.execute("INSERT INTO meta (key, value) VALUES ('erased_in_log', 'yes')")
    with SQLiteStore.open(path, create=False) as again:
        assert again._cleaner.wait(_PATIENCE_S)  # noqa: SLF001
    with raw(path) as database:
        assert database.execute("SELECT count(*) FROM meta WHERE key LIKE 'erased%'").get == 0


def test_an_erased_content_leaves_a_keyed_digest(secret: SQLiteStore, path: Path) -> None:
    send(secret, Erase("s"))
    secret.close()
    with raw(path) as database:
        digest = str(database.execute("SELECT tombstone FROM memory WHERE id = 's'").get)
    assert len(digest) == 64
