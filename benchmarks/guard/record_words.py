"""Asks guard about texts that only speak of rejected options: decision records, and comments and strings in code."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import graphmem
from graphmem import EmbedderMissing, GraphMemory, Outcome, Page
from graphmem.errors import GraphMemError
from graphmem.guard.levels import Level
from graphmem.option_keys import OptionKey
from graphmem.service.guard_answers import GuardFinding
from graphmem.sources.decisions import read_decisions
from graphmem.store import Filter

_WORD = re.compile(r"[A-Za-z][\w.+-]{1,60}")
_READ_AT = datetime(2026, 1, 1, tzinfo=UTC)
_MOST = 200


@dataclass
class RecordWords:
    """Guard's findings about one set of decision records.

    Attributes:
        records: The number of records.
        rejected: The number of rejected options with a name.
        changes: The number of changes that guard was asked about.
        notes: The number of notes.
        alarms: Findings at `warn` or above that no typed key made.
        typed: The number of findings at `warn` or above that a typed key made.
    """

    records: int
    rejected: int
    changes: int
    notes: int
    alarms: list[GuardFinding]
    typed: int


def record_words(folder: Path) -> RecordWords:
    """Read the decision records of a folder, and ask about every record and every name of a rejected option."""
    files = sorted(path for path in folder.rglob("*") if path.suffix in {".md", ".rst", ".adoc"})
    with tempfile.TemporaryDirectory() as made:
        store = str(Path(made) / "memory.db")
        with graphmem.open(store, create=True, embedder=lambda: EmbedderMissing("words alone")) as memory:
            memory.ingest(read_decisions([folder], root=folder, read_at=_READ_AT))
            names = list(_rejected_names(memory))
            found = RecordWords(memory.status().memories, len(names), 0, 0, [], 0)
            for path in files:
                text = path.read_text(encoding="utf-8", errors="replace")
                _note(found, memory, _added(f"docs/{path.name}", text))
                _note(found, memory, text, is_text=True)
            for name in names:
                words = " ".join(name.split())
                _note(found, memory, _added("src/words.py", f"# {words}\nNAME = {words!r}\n"))
                _note(found, memory, _added("README.md", f"We looked at {words}.\n"))
                _note(found, memory, _added("src/near.py", _imports(words)))
    return found


def _rejected_names(memory: GraphMemory) -> Iterator[str]:
    cursor = None
    while True:
        page = memory.list(Filter(include_history=True), page=Page(_MOST, cursor))
        for card in page.cards:
            yield from (each.name for each in card.statement.alternatives if each.outcome is Outcome.REJECTED)
        cursor = page.cursor
        if cursor is None:
            return


def _imports(name: str) -> str:
    """Return Python that imports every word of a name as a module: only a typed key may say that it is one."""
    words = (word.lower().replace("-", "_").strip(".+") for word in _WORD.findall(name))
    return "".join(f"import {word}\n" for word in words if word.isidentifier())


def _added(path: str, text: str) -> str:
    lines = text.splitlines()
    head = (
        f"diff --git a/{path} b/{path}\nnew file mode 100644\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1,{len(lines)} @@\n"
    )
    return head + "".join(f"+{line}\n" for line in lines)


def _note(found: RecordWords, memory: GraphMemory, change: str, *, is_text: bool = False) -> None:
    try:
        answer = memory.guard(text=change, limit=50) if is_text else memory.guard(change, limit=50)
    except GraphMemError:
        return  # an empty file, or one with a character that no diff has
    found.changes += 1
    for finding in answer.findings:
        if finding.level is Level.NOTE:
            found.notes += 1
        elif finding.key and OptionKey.read(finding.key).is_typed:
            found.typed += 1
        else:
            found.alarms.append(finding)
