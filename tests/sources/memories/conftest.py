from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from graphmem.sources.memories import Export, MemoryFormat, ReadOptions, read_export
from tests.service.conftest import clock, memory
from tests.stores import backend, store

__all__ = ["backend", "clock", "memory", "store"]

DATA = Path(__file__).parent / "data"
READ_AT = datetime(2025, 12, 2, tzinfo=UTC)
ASKED = ReadOptions(read_at=READ_AT)

#: Reads a text as a source's file of that name.
Reads = Callable[..., Export]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def titles(export: Export) -> list[str]:
    return [one.observation.statement.title for one in export.items]


def reasons(export: Export) -> list[str]:
    return [one.reason for one in export.losses]


def starts(export: Export) -> dict[str, datetime | None]:
    """Title to start, None for what carries no date."""
    seen = [one.observation for one in export.items]
    return {one.statement.title: one.moves[0].at if one.is_dated else None for one in seen}


@pytest.fixture
def reads(tmp_path: Path) -> Reads:
    def read(source: MemoryFormat, text: str | bytes, name: str = "memory.jsonl", **asked: object) -> Export:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return read_export(path, replace(ASKED, **asked), source)  # type: ignore[arg-type]

    return read
