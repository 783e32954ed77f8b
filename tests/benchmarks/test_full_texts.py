"""Whole texts take the place of the beginnings that a pack holds."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.truth.full_texts import with_full_texts
from benchmarks.truth.packs import Pack, Record, Told
from graphmem.model import Statement, Status

SINCE = datetime(2020, 1, 1, tzinfo=UTC)
FILE = """\
# 1. Keep the queue in the store

## Status

Accepted

## Context

Workers poll twice a second.

## Decision

We keep the queue in the store.
"""


def _record(key: str) -> Record:
    told = (Told(Status.ACTIVE, None, SINCE, SINCE),)
    return Record(key, Statement(title="Queue", body="Workers…", subject=key), told, "owner/name")


def test_a_record_with_a_file_has_its_whole_text_and_its_own_title(tmp_path: Path) -> None:
    clone = tmp_path / "raw" / "owner__name"
    clone.mkdir(parents=True)
    (clone / "0001-queue.md").write_text(FILE, encoding="utf-8")
    rows = tmp_path / "adrs" / "adrs.jsonl"
    rows.parent.mkdir()
    paths = {"one": "docs/0001-queue.md", "two": "docs/0002-gone.md"}
    lines = [json.dumps({"id": key, "repo": "owner/name", "path": path}) for key, path in paths.items()]
    rows.write_text("\n".join(lines), encoding="utf-8")
    pack = Pack("C", "adrs", (_record("one"), _record("two")), (), ())

    whole, gone = with_full_texts(pack, tmp_path, tmp_path / "raw").records

    assert (whole.statement.title, whole.statement.subject) == ("Queue", "one")
    assert "Workers poll twice a second." in whole.statement.body
    assert "We keep the queue in the store." in whole.statement.body
    assert gone == pack.records[1]
