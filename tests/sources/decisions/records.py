"""Small decision records in memory, and a short way to read them."""

from __future__ import annotations

from datetime import UTC, datetime

from graphmem.sources.decisions import Document, read_documents
from graphmem.sources.observations import Observation, Reading, Replacement

READ_AT = datetime(2030, 1, 1, tzinfo=UTC)


def day(text: str) -> datetime:
    """Midnight UTC of a date such as `2024-05-01`."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def adr(title: str, status: str = "Accepted", date: str = "2024-01-01", rest: str = "") -> str:
    """A record as adr-tools writes it."""
    head = f"# {title}\n\nDate: {date}\n\n## Status\n\n{status}\n\n"
    return f"{head}## Context\n\nIt was needed.\n\n## Decision\n\nWe do it.\n\n{rest}"


def read(files: dict[str, str], dates: dict[str, datetime] | None = None) -> Reading:
    """The reading of files given as text by path."""
    documents = [Document(path, text.encode()) for path, text in files.items()]
    return read_documents(documents, dates=dates, read_at=READ_AT)


def only(text: str, path: str = "0001-first.md") -> Observation:
    """The observation of one file that holds one record."""
    (observation,) = read({path: text}).observations
    return observation


def edge(files: dict[str, str]) -> Replacement:
    """The one replacement that files declare."""
    (replacement,) = read(files).replacements
    return replacement


def pairs(files: dict[str, str]) -> set[tuple[str, str, str]]:
    """(kind, old, new) of every replacement."""
    return {(found.kind.value, found.old, found.new) for found in read(files).replacements}
