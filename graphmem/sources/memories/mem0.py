"""Memories of mem0: the answer of `get_all` in a file, with the history of each memory if the file has it.

They get the labels of `graphmem.compat`, so that a script that uses that class finds them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from graphmem.errors import InvalidInput
from graphmem.model import AnchorKind, Origin
from graphmem.sources.memories.clock import Clock
from graphmem.sources.memories.export import Export, Gathered, MemoryFormat, ReadOptions, digest, key_of
from graphmem.sources.memories.mem0_labels import Mem0Fields, day_of, end_of
from graphmem.sources.memories.mem0_wordings import (
    Wording,
    Wordings,
    flattened,
    is_history,
    is_sqlite,
    rows_in,
    wordings,
)
from graphmem.sources.memories.statements import Lifetime, SourceWords, keep
from graphmem.sources.memories.text_files import checked, file_text, lines_of

#: Where mem0 keeps the history of all memories.
HISTORY = "history.db"
#: The label that names a memory as mem0 does.
ID_LABEL = "mem0_id"
NO_MEMORY = "an entry without the text of a memory"
BROKEN = "broken JSON: nothing after it was read"
FORMER = "former wordings are not in this export: --history brings them"
NO_DATE = "an expiration_date that is none"
_GAP = re.compile(r"[ \t\r\n,]*")
_LISTS = ("results", "memories")
_OWNERS = ("user_id", "agent_id", "run_id", "actor_id", "role")
_LABELS = ("app_id", "session_id", "memory_type")
#: Fields that follow from the rest, or belong to the answer and not to the memory.
_DERIVED = frozenset({"hash", "score", "score_details", "event", "event_id", "status"})
_TEXTS = ("memory", "text", "data")
_READ = frozenset(
    {"id", "created_at", "updated_at", "expiration_date", "metadata", "categories", *_OWNERS, *_LABELS, *_TEXTS}
)


def read_mem0(path: Path, options: ReadOptions) -> Export:
    """The memories in a JSON file, in lines or in a list; or in a `history.db` alone, without their owners.

    A memory begins at its `created_at`. With its history, every wording begins at its event; without, an updated
    memory begins at its `updated_at`, since its earlier words are unknown.
    """
    gathered = Gathered()
    file = checked(path)
    reading = _ExportFile(checked(file / HISTORY) if file.is_dir() else file, options, gathered)
    reading.run()
    return gathered.export(MemoryFormat.MEM0, reading.name, is_complete=False)


class _ExportFile:
    """An export while it is read."""

    def __init__(self, path: Path, options: ReadOptions, gathered: Gathered) -> None:
        self._file = path
        self._path = path.name
        self.name = options.name or "all"
        self._asked = options
        self._gathered = gathered
        self._clock = Clock(gathered, options.zone)
        self._unread: dict[str, int] = {}

    def run(self) -> None:
        rows = [] if self._asked.history is None else rows_in(self._asked.history)
        items: dict[str, tuple[int, Mapping[str, Any]]] = {}
        for line, record in self._records(rows):
            text = _text(record)
            if text is None:
                self._gathered.lose(self._path, line, NO_MEMORY, json.dumps(record, default=str))
            else:
                items[str(record.get("id") or f"text-{digest(text)}")] = (line, record)
        past = wordings(rows, self._clock, self._gathered, (self._asked.history or self._file).name)
        for key, (line, record) in items.items():
            self._take(key, line, record, past.get(key, []))
        for key in past.keys() - items.keys():
            self._take_past(key, past)
        for name, count in sorted(self._unread.items()):
            self._gathered.lose(self._path, 1, f"a field that has no place here: {name}", f"{count} times")

    def _records(self, rows: list[Mapping[str, Any]]) -> Iterator[tuple[int, Mapping[str, Any]]]:
        """Entries with their lines; rows of a history among them are put to the others."""
        if is_sqlite(self._file):
            rows += rows_in(self._file)
            return
        for line, record in _entries(self._file, self._gathered):
            if is_history(record):
                rows.append(record)  # type: ignore[arg-type]
            elif isinstance(record, dict) and _is_relation(record):
                self._relate(line, record)
            elif isinstance(record, dict):
                yield line, record
            else:
                self._gathered.lose(self._path, line, NO_MEMORY, record)

    # ---- memories

    def _take(self, key: str, line: int, record: Mapping[str, Any], past: list[Wording]) -> None:
        for name in record.keys() - _READ - _DERIVED:
            if record[name] not in (None, [], {}, ""):
                self._unread[name] = self._unread.get(name, 0) + 1
        created, updated = (self._moment(record, name, line) for name in ("created_at", "updated_at"))
        text = _text(record) or ""
        since = updated if updated and (created is None or updated > created) else created
        earlier_wordings = [item for item in past if item.text is not None]
        if not earlier_wordings and created and since != created:
            self._gathered.lose(self._path, line, FORMER, key)
        if not earlier_wordings or earlier_wordings[-1].text != text:
            earlier_wordings = [
                *[item for item in earlier_wordings if since and item.since and item.since < since],
                Wording(text, since),
            ]
        for item in earlier_wordings:
            self._keep(key, line, record, item)

    def _take_past(self, key: str, past: Wordings) -> None:
        """A memory that is in the history alone: it was deleted, or this is all that there is."""
        life = past[key]
        for item, following in zip(life, [*life[1:], Wording("", None)], strict=True):
            if item.text is not None:
                end = following.since if following.text is None else None
                self._keep(key, 1, {"id": key}, item, end=end)

    def _keep(
        self, key: str, line: int, record: Mapping[str, Any], earlier_wordings: Wording, *, end: datetime | None = None
    ) -> None:
        payload, expires = self._payload(record, line)
        closing = (end, "deleted") if end else (expires, "expired") if expires else None
        labels = (*payload.labels(), *_plain_labels(record))
        words = SourceWords(
            key=key_of(MemoryFormat.MEM0, self.name, key),
            text=earlier_wordings.text or "",
            path=self._path,
            line=line,
            origin=Origin.CONVERSATION,
            labels=labels,
            is_present=False,
            is_partial=record.keys() == {"id"},
        )
        keep(
            self._gathered,
            words,
            Lifetime(earlier_wordings.since, end=closing),
            self._asked.read_at,
            user=payload.named.get("user_id"),
            is_owner_named=not words.is_partial,
        )

    def _payload(self, record: Mapping[str, Any], line: int) -> tuple[Mem0Fields, datetime | None]:
        named = {name: str(record[name]) for name in _OWNERS if record.get(name) not in (None, "")}
        if record.get("created_at"):
            named["created_at"] = str(record["created_at"])
        metadata = record.get("metadata")
        payload = Mem0Fields(named, metadata if isinstance(metadata, dict) else {})
        try:
            day = day_of(record.get("expiration_date") or None)
        except InvalidInput:
            self._gathered.lose(self._path, line, NO_DATE, record.get("expiration_date"))
            return payload, None
        if day is None:
            return payload, None
        return replace(payload, named={**named, "expiration_date": day}), end_of(day)

    # ---- relations of its graph

    def _relate(self, line: int, record: Mapping[str, Any]) -> None:
        source, word, target = _relation(record)
        ends = tuple((AnchorKind.COMPONENT, item) for item in dict.fromkeys((source, target)))
        text = f"{source} {word} {target}"
        key = key_of(MemoryFormat.MEM0, self.name, "relations", digest(text))
        words = SourceWords(key=key, text=text, path=self._path, line=line, origin=Origin.CONVERSATION, anchors=ends)
        keep(self._gathered, words, Lifetime(), self._asked.read_at, is_owner_named=False)

    def _moment(self, record: Mapping[str, Any], name: str, line: int) -> datetime | None:
        return self._clock.moment(record.get(name), self._path, line)


# ---- JSON, whole or not


def _entries(file: Path, gathered: Gathered) -> Iterator[tuple[int, object]]:
    """The entries of a file with their lines: of a list, of an answer with lists, or of single lines."""
    text = file_text(file)
    try:
        result = json.loads(text)
    except (ValueError, RecursionError):
        yield from _by_line(file, gathered) if _is_lines(text) else _salvaged(text, file.name, gathered)
        return
    line, position = 1, 0
    for record in _listed(result):
        start = text.find(str(record.get("id")), position) if isinstance(record, dict) and record.get("id") else -1
        if start >= 0:
            line, position = line + text.count("\n", position, start), start
        yield line, record


def _listed(result: object) -> Sequence[object]:
    if isinstance(result, list):
        return result
    if not isinstance(result, dict):
        return [result]
    lists = [item for name in _LISTS if isinstance(item := result.get(name), list)]
    if not lists:
        return [result]
    relations = result.get("relations")
    relations_listed = relations if isinstance(relations, list) else []
    return [*(record for item in lists for record in item), *relations_listed, *flattened(result.get("history"))]


def _is_lines(text: str) -> bool:
    first = text.lstrip().partition("\n")[0]
    try:
        return isinstance(json.loads(first), dict)
    except (ValueError, RecursionError):
        return False


def _by_line(file: Path, gathered: Gathered) -> Iterator[tuple[int, object]]:
    for line, text in lines_of(file, gathered):
        try:
            yield line, json.loads(text)
        except (ValueError, RecursionError):
            gathered.pass_over(file.name, line, "a line that is no JSON", text)


def _salvaged(text: str, path: str, gathered: Gathered) -> Iterator[tuple[int, object]]:
    """The whole entries of a list that breaks off or goes wrong somewhere."""
    decoder, position, line, counted = json.JSONDecoder(), text.find("[") + 1, 1, 0
    while position:
        position = _between(text, position)
        line, counted = line + text.count("\n", counted, position), position
        if text[position : position + 1] == "]":
            return
        try:
            record, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            break
        yield line, record
    gathered.pass_over(path, line, BROKEN, text[counted : counted + 40])


def _between(text: str, position: int) -> int:
    result = _GAP.match(text, position)
    return position if result is None else result.end()


def _text(record: Mapping[str, Any]) -> str | None:
    return next((item for name in _TEXTS if isinstance(item := record.get(name), str) and item.strip()), None)


def _plain_labels(record: Mapping[str, Any]) -> list[str]:
    categories = record.get("categories")
    named = [f"{name}={record[name]}" for name in _LABELS if record.get(name)]
    named += [f"{ID_LABEL}={record['id']}"] if record.get("id") else []
    return [*(str(item) for item in categories if item), *named] if isinstance(categories, list) else named


def _is_relation(record: Mapping[str, Any]) -> bool:
    return "memory" not in record and all(_relation(record))


def _relation(record: Mapping[str, Any]) -> tuple[str, str, str]:
    source = record.get("source")
    word = record.get("relationship") or record.get("relation")
    target = record.get("target") or record.get("destination")
    return tuple(item if isinstance(item, str) else "" for item in (source, word, target))  # type: ignore[return-value]
