"""Exports of mem0; `data/mem0` was written by its own class, but for the days."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from graphmem.errors import InvalidInput
from graphmem.model import Status
from graphmem.sources.memories import MemoryFormat, read_export, text_files
from graphmem.sources.memories.clock import NO_TIME, NO_ZONE
from graphmem.sources.memories.mem0 import BROKEN, FORMER, NO_DATE, NO_MEMORY
from graphmem.sources.memories.mem0_labels import read_payload
from graphmem.sources.memories.mem0_wordings import NO_EVENT, UNDATED
from tests.sources.memories.conftest import ASKED, DATA, Reads, moment, reasons, starts, titles

FILE, HISTORY = DATA / "mem0" / "export.json", DATA / "mem0" / "history.json"
SERVICE = "The billing service is written in "


def memory(text: str = "Tea at four", **more: object) -> dict[str, object]:
    return {"id": "m1", "memory": text, "user_id": "u1", "created_at": "2025-01-01T00:00:00+00:00", **more}


def event(name: str, old: str | None, new: str | None, day: str) -> dict[str, object]:
    at = f"2025-{day}T00:00:00+00:00"
    told = {"memory_id": "m1", "event": name, "old_memory": old, "new_memory": new}
    return {**told, "created_at": "2025-01-01T00:00:00+00:00", "updated_at": at}


def test_without_history_what_was_updated_begins_at_its_update() -> None:
    export = read_export(FILE, ASKED, MemoryFormat.MEM0)
    assert starts(export) == {
        f"{SERVICE}Rust": moment("2025-09-01T08:00:29.285228+00:00"),
        "Invoices go out on the 3rd": moment("2025-03-01T08:00:27.026157+00:00"),
    }
    assert reasons(export) == [FORMER]


@pytest.mark.parametrize("kind", ["json", "sqlite"])
def test_with_history_every_wording_begins_when_it_came(kind: str, tmp_path: Path) -> None:
    history = HISTORY if kind == "json" else as_sqlite(tmp_path / "history.db")
    export = read_export(FILE, replace(ASKED, history=history), MemoryFormat.MEM0)
    began = {title: at.date().isoformat() for title, at in starts(export).items() if at}
    assert began == {
        f"{SERVICE}Kotlin": "2025-03-01",
        f"{SERVICE}Go": "2025-06-01",
        f"{SERVICE}Rust": "2025-09-01",
        "Invoices go out on the 3rd": "2025-03-01",
        "Standup is at nine": "2025-03-01",
    }
    assert reasons(export) == []
    assert export.items[-1].observation.moves[-1].source_word == "deleted"


def as_sqlite(path: Path) -> Path:
    rows = json.loads(HISTORY.read_text(encoding="utf-8"))
    names = list(rows[0])
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"CREATE TABLE history ({', '.join(names)})")
        connection.executemany(
            f"INSERT INTO history VALUES ({', '.join('?' * len(names))})",  # noqa: S608 - question marks
            [[row[name] for name in names] for row in rows],
        )
    return path


def test_a_history_alone_has_all_words_but_no_owners(tmp_path: Path) -> None:
    export = read_export(as_sqlite(tmp_path / "history.db"), ASKED)
    assert len(export.items) == 5
    assert {one.user for one in export.items} == {None}


def test_another_sqlite_file_is_refused(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection, connection:
        connection.execute("CREATE TABLE t (x)")
    with pytest.raises(InvalidInput, match="no history of mem0"):
        read_export(tmp_path / "other.db", ASKED, MemoryFormat.MEM0)


def test_what_stands_beside_the_text_is_labelled_as_the_compatible_class_does(reads: Reads) -> None:
    record = memory(agent_id="a1", metadata={"topic": "tea"}, categories=["habits"], app_id="context")
    (item,) = reads(MemoryFormat.MEM0, json.dumps([record])).items
    payload = read_payload(item.observation.statement.labels)
    assert (payload.metadata, payload.shown_fields) == ({"topic": "tea"}, {"user_id": "u1", "agent_id": "a1"})
    assert {"habits", "app_id=context", "mem0_id=m1"} <= set(item.observation.statement.labels)
    assert item.user == "u1"


def test_an_expiration_date_ends_it(reads: Reads) -> None:
    (item,) = reads(MemoryFormat.MEM0, json.dumps(memory(expiration_date="2025-12-31"))).items
    assert [(one.status, one.at) for one in item.observation.moves] == [
        (Status.ACTIVE, datetime(2025, 1, 1, tzinfo=UTC)),
        (Status.ENDED, datetime(2026, 1, 1, tzinfo=UTC)),
    ]


def test_a_time_without_a_zone_counts_only_if_one_is_named(reads: Reads) -> None:
    text = json.dumps([memory(created_at="2025-07-01T12:00:00")])
    undated = reads(MemoryFormat.MEM0, text)
    assert (starts(undated), reasons(undated)) == ({"Tea at four": None}, [NO_ZONE])
    dated = reads(MemoryFormat.MEM0, text, zone=ZoneInfo("Europe/Berlin"))
    assert starts(dated) == {"Tea at four": datetime(2025, 7, 1, 10, tzinfo=UTC)}


@pytest.mark.parametrize("date", ["last week", [1], True, 10**30])
def test_a_date_that_is_none_is_told(reads: Reads, date: object) -> None:
    export = reads(MemoryFormat.MEM0, json.dumps([memory(created_at=date)]))
    assert (starts(export), reasons(export)) == ({"Tea at four": None}, [NO_TIME])


@pytest.mark.parametrize(
    "shape",
    [
        lambda one: [one],
        lambda one: {"results": [one]},
        lambda one: {"count": 1, "next": None, "results": [one]},
        lambda one: {"memories": [one]},
        lambda one: one,
    ],
)
def test_any_of_its_answers_can_be_read(reads: Reads, shape: object) -> None:
    assert callable(shape)
    assert titles(reads(MemoryFormat.MEM0, json.dumps(shape(memory()), indent=1))) == ["Tea at four"]


def test_one_a_line_is_read_and_a_broken_line_told(reads: Reads) -> None:
    lines = [json.dumps(memory()), "{oops", json.dumps(memory("Coffee at ten", id="m2"))]
    export = reads(MemoryFormat.MEM0, "\n".join(lines))
    assert (titles(export), [one.line for one in export.losses]) == (["Tea at four", "Coffee at ten"], [2])


def test_of_an_export_that_breaks_off_the_whole_entries_are_carried(reads: Reads) -> None:
    text = json.dumps({"results": [memory(), memory("Coffee at ten", id="m2")]}, indent=1)
    export = reads(MemoryFormat.MEM0, text[: text.index("Coffee")])
    assert (titles(export), reasons(export)) == (["Tea at four"], [BROKEN])


def test_an_entry_without_text_and_fields_without_a_place_are_told(reads: Reads) -> None:
    export = reads(MemoryFormat.MEM0, json.dumps([{"id": "x"}, memory(structured_attributes={"day": 1}, hash="h")]))
    assert [one.reason for one in export.losses] == [
        NO_MEMORY,
        "a field that has no place here: structured_attributes",
    ]


def test_relations_of_its_graph_are_carried_as_words(reads: Reads) -> None:
    relation = {"source": "u1", "relationship": "shares_a_desk_with", "target": "u2"}
    assert titles(reads(MemoryFormat.MEM0, json.dumps({"results": [], "relations": [relation]}))) == [
        "u1 shares_a_desk_with u2"
    ]


def test_a_history_in_the_same_file_is_read(reads: Reads) -> None:
    rows = [event("ADD", None, "Tea at three", "01-01"), event("UPDATE", "Tea at three", "Tea at four", "02-01")]
    export = reads(MemoryFormat.MEM0, json.dumps({"results": [memory()], "history": {"m1": rows}}))
    assert [(title, at and at.month) for title, at in starts(export).items()] == [
        ("Tea at three", 1),
        ("Tea at four", 2),
    ]


def test_a_history_that_begins_in_the_middle_tells_what_was_before(reads: Reads) -> None:
    rows = [event("UPDATE", "Tea at three", "Tea at four", "02-01")]
    assert titles(reads(MemoryFormat.MEM0, json.dumps([memory(), *rows]))) == ["Tea at three", "Tea at four"]


def test_a_folder_means_the_history_in_it(tmp_path: Path) -> None:
    as_sqlite(tmp_path / "history.db")
    assert len(read_export(tmp_path, ASKED, MemoryFormat.MEM0).items) == 5


def test_entries_without_an_id_are_known_by_their_words(reads: Reads) -> None:
    first, again = (reads(MemoryFormat.MEM0, json.dumps([{"memory": "Tea at four"}])) for _ in range(2))
    assert first.items[0].observation.key == again.items[0].observation.key


def test_an_expiration_date_that_is_none_is_told(reads: Reads) -> None:
    export = reads(MemoryFormat.MEM0, json.dumps([memory(expiration_date="soon")]))
    assert (len(export.items[0].observation.moves), reasons(export)) == (1, [NO_DATE])


def test_what_is_no_entry_is_told(reads: Reads) -> None:
    rows = [3, {"memory_id": None, "event": "ADD"}, memory()]
    assert reasons(reads(MemoryFormat.MEM0, json.dumps(rows))) == [NO_MEMORY, NO_EVENT]


def test_a_former_wording_without_a_date_has_no_place(reads: Reads) -> None:
    rows = [event("ADD", None, "Tea at three", "01-01"), {"memory_id": "m1", "event": "UPDATE", "new_memory": "Tea"}]
    export = reads(MemoryFormat.MEM0, json.dumps([memory(updated_at="2025-02-01T00:00:00Z"), *rows]))
    assert (titles(export), reasons(export)) == (["Tea at three", "Tea at four"], [UNDATED])


@pytest.mark.parametrize("text", ["words", "[" * 100_000])
def test_a_history_that_is_neither_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "history.txt").write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput, match="neither an SQLite file nor JSON"):
        read_export(FILE, replace(ASKED, history=tmp_path / "history.txt"), MemoryFormat.MEM0)


def test_a_whole_document_in_another_encoding_is_refused_with_its_line(reads: Reads) -> None:
    with pytest.raises(InvalidInput, match="no UTF-8 in line 2: save it as UTF-8"):
        reads(MemoryFormat.MEM0, b'[\n"\xff"]')


def test_a_document_that_is_too_large_is_refused(reads: Reads, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_files, "MAX_FILE_BYTES", 10)
    with pytest.raises(InvalidInput, match="export it in parts"):
        reads(MemoryFormat.MEM0, json.dumps([memory()]))


def test_text_of_many_lines_is_kept_whole(reads: Reads) -> None:
    text = "A very long line " * 30 + "\nand another"
    (item,) = reads(MemoryFormat.MEM0, json.dumps([memory(text)])).items
    assert item.observation.statement.body == text.strip()
