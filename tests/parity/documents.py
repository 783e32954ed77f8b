"""Decision records that use cases bring in."""

from __future__ import annotations

from collections.abc import Mapping

from graphmem.sources.decisions.documents import Document
from graphmem.sources.decisions.reader import read_documents
from graphmem.sources.observations import Reading
from tests.parity.world import NOW

RECORD = "# 1. Use queues\n\nDate: 2024-05-01\n\n## Status\n\nAccepted\n\n## Decision\n\nWe use queues.\n"


def reading_of(documents: Mapping[str, str]) -> Reading:
    """What the reader makes of files by path."""
    return read_documents([Document(path, text.encode()) for path, text in documents.items()], read_at=NOW)
