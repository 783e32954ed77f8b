"""The file of the recall ledger: counted once, whatever happens to the process; small; and private to a user."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import apsw
import pytest

from graphmem.adapters.recall.recall_file import RecallFile
from graphmem.errors import CorruptStore, StoreUnavailable
from graphmem.model import Scope
from graphmem.recall_spool import MAX_BYTES, append_recall
from graphmem.recalls import NoRecalls, Recall, RecallCounts, RecallEvent, RecallExcerpt

SHOP = Scope(repo="shop")
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


def shown(*memories: str, reader: Scope = SHOP, at: datetime = NOON) -> Recall:
    return Recall(reader, at, 7, "search", {RecallEvent.SURFACED: memories})


def rows_of(ledger: RecallFile, query: str) -> int:
    return len(apsw.Connection(str(ledger._path)).execute(query).fetchall())  # noqa: SLF001


@pytest.fixture
def ledger(tmp_path: Path) -> RecallFile:
    return RecallFile(tmp_path / "memory")


def test_a_recall_is_counted_by_memory_event_and_day(ledger: RecallFile) -> None:
    ledger.note(shown("A", "B"))
    ledger.note(Recall(SHOP, NOON + timedelta(days=1), 8, "get", {RecallEvent.OPENED: ("A",)}))
    assert ledger.counts(SHOP, ["A"]) == {}
    ledger.fold()
    assert ledger.counts(SHOP, ["A", "C"]) == {"A": RecallCounts(surfaced=1, opened=1, last_day="2026-12-01")}
    assert ledger.position(SHOP) == 2


def test_counts_of_another_tenant_or_user_are_not_seen(ledger: RecallFile) -> None:
    for reader in (Scope(user="ann"), Scope(user="bob"), Scope(), Scope("acme")):
        ledger.note(shown("A", reader=reader))
    ledger.fold()
    assert ledger.counts(Scope(user="ann"), ["A"])["A"].surfaced == 2
    assert ledger.counts(Scope(), ["A"])["A"].surfaced == 1
    assert ledger.excerpt(Scope("acme")).position == 1


def test_questions_are_counted_by_their_digest_where_they_were_asked(ledger: RecallFile) -> None:
    for day in range(2):
        ledger.note(Recall(SHOP, NOON + timedelta(days=day), 7, "search", unanswered="abc"))
    ledger.note(Recall(Scope(repo="other"), NOON, 7, "search", unanswered="xyz"))
    ledger.fold()
    (question,) = ledger.excerpt(SHOP).questions
    assert (question.digest, question.times, question.first_day, question.last_day) == (
        "abc",
        2,
        "2026-11-30",
        "2026-12-01",
    )
    assert ledger.excerpt(SHOP, "2026-12-02").questions == ()


def test_a_warning_is_heeded_when_its_path_is_read_again_without_it(ledger: RecallFile) -> None:
    warned = {RecallEvent.WARNED: ("A",)}
    ledger.note(Recall(SHOP, NOON, 7, "guard", warned, (("A", "p"),), ("p",)))
    ledger.note(Recall(SHOP, NOON, 7, "guard", warned, (("A", "p"),), ("p",)))
    ledger.note(Recall(SHOP, NOON, 7, "guard", checked=("q",)))
    ledger.fold()
    assert ledger.counts(SHOP, ["A"])["A"].heeded == 0
    for _ in range(2):
        ledger.note(Recall(SHOP, NOON, 7, "guard", checked=("p", "q")))
    ledger.fold()
    assert ledger.counts(SHOP, ["A"]) == {"A": RecallCounts(warned=2, heeded=1, last_day="2026-11-30")}


def test_a_warning_that_was_overridden_is_not_heeded_later(ledger: RecallFile) -> None:
    ledger.note(Recall(SHOP, NOON, 7, "guard", {RecallEvent.WARNED: ("A",)}, (("A", "p"),), ("p",)))
    ledger.note(Recall(SHOP, NOON, 8, "allow", {RecallEvent.OVERRIDDEN: ("A",)}))
    ledger.note(Recall(SHOP, NOON, 8, "guard", checked=("p",)))
    ledger.fold()
    assert ledger.counts(SHOP, ["A"])["A"] == RecallCounts(warned=1, overridden=1, last_day="2026-11-30")


def test_what_is_forgotten_leaves_no_trace_of_its_id(ledger: RecallFile, tmp_path: Path) -> None:
    ledger.note(Recall(SHOP, NOON, 7, "guard", {RecallEvent.WARNED: ("forgotten0id",)}, (("forgotten0id", "p"),)))
    ledger.note(shown("B", "forgotten0id"))
    ledger.forget(SHOP, ["forgotten0id"])
    assert ledger.excerpt(SHOP).counts.keys() == {"B"}
    ledger.close()
    assert [path.name for path in tmp_path.iterdir() if b"forgotten0id" in path.read_bytes()] == []


def test_lines_that_are_broken_off_or_foreign_are_left_out(ledger: RecallFile, tmp_path: Path) -> None:
    ledger.note(shown("A"))
    spool = tmp_path / "memory.recall.jsonl"
    with spool.open("ab") as stream:
        stream.write(b'{"a":1,"v":"search","e":{"loved":["A"]}}\n[]\nnull\n\xff\n{"a":"x","v":1}\n{"a":1,"v":"se')
    ledger.fold()
    assert ledger.counts(SHOP, ["A"])["A"].surfaced == 1
    assert not spool.exists()


def test_days_of_a_past_quarter_become_months_and_keep_their_last_day(ledger: RecallFile) -> None:
    for day in range(300):
        ledger.note(shown("A", at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=day)))
    ledger.fold()
    assert ledger.counts(SHOP, ["A"])["A"] == RecallCounts(surfaced=300, last_day="2026-10-27")
    assert ledger.excerpt(SHOP, "2026-10-01").counts["A"].surfaced == 27
    ledger.close()
    assert 90 < rows_of(ledger, "SELECT 1 FROM tally") < 110


def test_single_recalls_questions_and_warnings_are_bounded(ledger: RecallFile) -> None:
    for number in range(2_200):
        ledger.note(Recall(SHOP, NOON, 7, "guard", {RecallEvent.WARNED: ("A",)}, (("A", f"p{number}"),)))
        ledger.note(Recall(SHOP, NOON, 7, "search", unanswered=f"q{number}"))
    ledger.fold()
    ledger.close()
    assert rows_of(ledger, "SELECT 1 FROM recent") == 500
    assert rows_of(ledger, "SELECT 1 FROM alarm") == 2_000
    assert len(ledger.excerpt(SHOP).questions) == 1_000


def test_a_full_spool_takes_no_more_until_it_is_counted(ledger: RecallFile, tmp_path: Path) -> None:
    ledger.note(shown("A"))
    with (tmp_path / "memory.recall.jsonl").open("ab") as stream:
        stream.write(b"x" * MAX_BYTES + b"\n")
    ledger.note(shown("lost"))
    ledger.close()
    ledger.fold()
    ledger.note(shown("A"))
    ledger.fold()
    assert {key: counts.surfaced for key, counts in ledger.excerpt(SHOP).counts.items()} == {"A": 2}


def test_a_process_that_only_reads_counts_by_the_way(ledger: RecallFile) -> None:
    for _ in range(500):
        ledger.note(shown("A"))
    ledger.close()
    assert ledger.counts(SHOP, ["A"])["A"].surfaced == 500


def test_a_spool_that_cannot_be_counted_loses_lines_and_raises_nothing(ledger: RecallFile, tmp_path: Path) -> None:
    (tmp_path / "memory.recall.db").mkdir()
    ledger.note(shown("A"))
    ledger.fold()
    assert ledger.counts(SHOP, ["A"]) == {}
    assert ledger.position(SHOP) == 0
    with pytest.raises(StoreUnavailable, match="the recall ledger cannot be used"):
        ledger.excerpt(SHOP)
    ledger.close()


def test_a_damaged_file_is_named_by_hand_and_ignored_by_readers(ledger: RecallFile, tmp_path: Path) -> None:
    (tmp_path / "memory.recall.db").write_bytes(b"no database, " * 1_000)
    ledger.note(shown("A"))
    ledger.fold()
    assert ledger.counts(SHOP, ["A"]) == {}
    with pytest.raises(CorruptStore, match=r"damaged.*to start anew"):
        ledger.excerpt(SHOP)


def test_a_file_of_a_newer_graphmem_is_left_as_it_is(ledger: RecallFile, tmp_path: Path) -> None:
    path = tmp_path / "memory.recall.db"
    database = apsw.Connection(str(path))
    database.execute("CREATE TABLE newer (x); PRAGMA user_version = 99")
    database.close()
    ledger.note(shown("A"))
    ledger.fold()
    with pytest.raises(StoreUnavailable, match="newer graphmem"):
        ledger.excerpt(SHOP)
    assert apsw.Connection(str(path)).execute("SELECT name FROM sqlite_master").fetchall() == [("newer",)]


def test_a_folder_that_does_not_exist_is_made_on_the_first_recall(tmp_path: Path) -> None:
    ledger = RecallFile(tmp_path / "state" / "recall" / "server")
    assert ledger.excerpt(SHOP) == RecallExcerpt()
    ledger.note(shown("A"))
    ledger.fold()
    assert ledger.position(SHOP) == 1


def test_a_recall_too_large_for_a_line_is_dropped(tmp_path: Path) -> None:
    spool = tmp_path / "memory.recall.jsonl"
    assert not append_recall(str(spool), {"v": "x" * 40_000})
    assert append_recall(str(spool), {"v": "x"})


def test_a_ledger_that_is_off_answers_nothing() -> None:
    off = NoRecalls()
    off.note(shown("A"))
    off.fold()
    off.forget(SHOP, ["A"])
    off.close()
    assert (off.counts(SHOP, ["A"]), off.position(SHOP), off.excerpt(SHOP), off.is_on) == (
        {},
        0,
        RecallExcerpt(),
        False,
    )


# ---- several processes, and their end

_COUNTING = """
import sys
from pathlib import Path
from graphmem.adapters.recall.recall_file import RecallFile
while True:
    RecallFile(Path(sys.argv[1])).fold()
"""


def test_lines_are_counted_once_though_the_counting_process_is_killed(tmp_path: Path) -> None:
    ledger = RecallFile(tmp_path / "memory")
    noted = 0
    for cycle in range(12):
        process = subprocess.Popen([sys.executable, "-c", _COUNTING, str(tmp_path / "memory")])
        until = time.monotonic() + 0.35 + 0.05 * (cycle % 4)
        while time.monotonic() < until:
            ledger.note(shown("A"))
            noted += 1
            time.sleep(0.001)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    ledger.fold()
    assert ledger.counts(SHOP, ["A"])["A"].surfaced == noted
    assert sorted(path.name for path in tmp_path.iterdir() if "jsonl" in path.name) == []


def _append(spool: str, count: int) -> None:
    fields = {"t": "default", "a": int(NOON.timestamp()), "v": "hook", "e": {"surfaced": ["A"]}}
    for _ in range(count):
        while not append_recall(spool, dict(fields)):
            pass


def test_lines_of_many_writers_are_all_counted_while_they_write(tmp_path: Path) -> None:
    ledger = RecallFile(tmp_path / "memory")
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=_append, args=(str(tmp_path / "memory.recall.jsonl"), 400)) for _ in range(3)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        ledger.fold()
    for writer in writers:
        writer.join()
    ledger.fold()
    assert ledger.counts(Scope(), ["A"])["A"].surfaced == 1_200
