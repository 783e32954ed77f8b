"""The tables of the recall ledger.

A count is that of a user, or of all readers without a user (`user` is empty); a reader sees those of both. Counts of
days become counts of months after a quarter, so the file stays small; the last day of each is kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from graphmem.model import Scope
from graphmem.recalls import Recall, RecallCounts, RecallEvent, RecallExcerpt, UnansweredQuestion, counts_of

if TYPE_CHECKING:
    import apsw

VERSION = 1
SCHEMA = """
CREATE TABLE IF NOT EXISTS tally (
  tenant TEXT NOT NULL, user TEXT NOT NULL, memory TEXT NOT NULL, event TEXT NOT NULL, day TEXT NOT NULL,
  number INTEGER NOT NULL, PRIMARY KEY (tenant, memory, user, event, day)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS recent (
  tenant TEXT NOT NULL, position INTEGER NOT NULL, memory TEXT NOT NULL, event TEXT NOT NULL, user TEXT NOT NULL,
  via TEXT NOT NULL, seq INTEGER NOT NULL, day TEXT NOT NULL,
  PRIMARY KEY (tenant, position, memory, event)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS question (
  tenant TEXT NOT NULL, user TEXT NOT NULL, repo TEXT NOT NULL, digest TEXT NOT NULL, times INTEGER NOT NULL,
  first_day TEXT NOT NULL, last_day TEXT NOT NULL, PRIMARY KEY (tenant, user, repo, digest)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alarm (
  tenant TEXT NOT NULL, user TEXT NOT NULL, memory TEXT NOT NULL, path TEXT NOT NULL, day TEXT NOT NULL,
  PRIMARY KEY (tenant, user, memory, path)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tenant (name TEXT PRIMARY KEY, position INTEGER NOT NULL, began TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS folded (name TEXT PRIMARY KEY) WITHOUT ROWID;
PRAGMA user_version = 1;
"""

#: Single recalls, questions and open warnings of a tenant that are kept; the last ones are.
_MOST_RECENT, _MOST_QUESTIONS, _MOST_ALARMS = 1_000, 1_000, 2_000
_ALARM_DAYS, _SINGLE_DAYS = 30, 92

_COUNT = """
INSERT INTO tally (tenant, user, memory, event, day, number) VALUES (?, ?, ?, ?, ?, 1)
ON CONFLICT DO UPDATE SET number = number + 1
"""
_RECENT = "INSERT OR IGNORE INTO recent (tenant, position, memory, event, user, via, seq, day) VALUES (?,?,?,?,?,?,?,?)"
_QUESTION = """
INSERT INTO question (tenant, user, repo, digest, times, first_day, last_day) VALUES (?, ?, ?, ?, 1, ?, ?)
ON CONFLICT DO UPDATE SET times = times + 1, last_day = max(last_day, excluded.last_day)
"""
_ALARM = "INSERT OR REPLACE INTO alarm (tenant, user, memory, path, day) VALUES (?, ?, ?, ?, ?)"
_HEEDED = """
DELETE FROM alarm WHERE tenant = ? AND user = ? AND path IN (SELECT value FROM json_each(?))
AND memory || ' ' || path NOT IN (SELECT value FROM json_each(?)) RETURNING memory
"""
_SETTLED = "DELETE FROM alarm WHERE tenant = ? AND memory = ?"
_POSITION = """
INSERT INTO tenant (name, position, began) VALUES (?, 1, ?) ON CONFLICT DO UPDATE SET position = position + 1
RETURNING position
"""
#: Days of a month that is over for long become the last of them.
_MONTHS = """
CREATE TEMP TABLE month AS
  SELECT tenant, user, memory, event, max(day) AS day, sum(number) AS number FROM tally WHERE day < ?
  GROUP BY tenant, user, memory, event, substr(day, 1, 7) HAVING count(*) > 1
"""
_MERGED = """
DELETE FROM tally WHERE day < ? AND EXISTS (SELECT 1 FROM month WHERE month.tenant = tally.tenant
  AND month.user = tally.user AND month.memory = tally.memory AND month.event = tally.event
  AND substr(month.day, 1, 7) = substr(tally.day, 1, 7))
"""
_FROM_MONTHS = "INSERT INTO tally SELECT tenant, user, memory, event, day, number FROM month"
_OLD_RECENT = """
DELETE FROM recent WHERE position <= (SELECT position FROM tenant WHERE name = recent.tenant) - ?
"""
_OLD_QUESTIONS = """
DELETE FROM question WHERE (tenant, user, repo, digest) IN (SELECT tenant, user, repo, digest FROM (
  SELECT *, row_number() OVER (PARTITION BY tenant ORDER BY last_day DESC, times DESC, digest) AS place FROM question)
  WHERE place > ?)
"""
_OLD_ALARMS = """
DELETE FROM alarm WHERE day < ? OR (tenant, user, memory, path) IN (SELECT tenant, user, memory, path FROM (
  SELECT *, row_number() OVER (PARTITION BY tenant ORDER BY day DESC, memory, path) AS place FROM alarm)
  WHERE place > ?)
"""
_COUNTS = """
SELECT memory, event, sum(number), max(day) FROM tally
WHERE tenant = ? AND user IN ('', ?) AND memory IN (SELECT value FROM json_each(?)) GROUP BY memory, event
"""
_ALL_COUNTS = """
SELECT memory, event, sum(number), max(day) FROM tally
WHERE tenant = ? AND user IN ('', ?) AND day >= ? GROUP BY memory, event ORDER BY memory, event
"""
_QUESTIONS = """
SELECT digest, repo, sum(times) AS times, min(first_day), max(last_day) AS last_day FROM question
WHERE tenant = ? AND user IN ('', ?) AND repo IN ('', ?) AND last_day >= ?
GROUP BY digest, repo ORDER BY times DESC, last_day DESC, digest
"""
_FORGET_COUNTS = "DELETE FROM tally WHERE tenant = ? AND memory = ?"
_FORGET_RECENT = "DELETE FROM recent WHERE tenant = ? AND memory = ?"


class RecallTables:
    """The tables in an open database; a caller that writes has begun a transaction.

    Args:
        database: The database.
    """

    def __init__(self, database: apsw.Connection) -> None:
        self._database = database

    # ---- writing

    def folded(self) -> set[str]:
        """Return the names of spools that are counted."""
        return {name for (name,) in self._database.execute("SELECT name FROM folded")}

    def forget_files(self, names: Iterable[str]) -> None:
        """Forget names of spools that are no longer on disk."""
        self._database.executemany("DELETE FROM folded WHERE name = ?", [(name,) for name in names])

    def add(self, recalls: Iterable[Recall], name: str) -> None:
        """Count the recalls of a spool, and record its name."""
        for recall in recalls:
            self._add(recall)
        self._database.execute("INSERT INTO folded (name) VALUES (?)", (name,))

    def _add(self, recall: Recall) -> None:
        tenant, user, day = recall.reader.tenant, recall.reader.user or "", recall.at.date().isoformat()
        position = next(self._database.execute(_POSITION, (tenant, day)))[0]
        rows = [(memory, event.value) for event, memories in recall.events.items() for memory in memories]
        if recall.unanswered:
            self._database.execute(_QUESTION, (tenant, user, recall.reader.repo or "", recall.unanswered, day, day))
        rows += [(memory, RecallEvent.HEEDED.value) for memory in self._heeded(recall, tenant, user)]
        for memory, path in recall.warned:
            if path:
                self._database.execute(_ALARM, (tenant, user, memory, path, day))
        for memory in recall.events.get(RecallEvent.OVERRIDDEN, ()):
            self._database.execute(_SETTLED, (tenant, memory))
        self._database.executemany(_COUNT, [(tenant, user, *row, day) for row in rows])
        recent = [(tenant, position, *row, user, recall.via, recall.seq, day) for row in rows]
        self._database.executemany(_RECENT, recent)

    def _heeded(self, recall: Recall, tenant: str, user: str) -> Iterator[str]:
        """Yield memories whose warning at a path is over: guard read the path again without it."""
        if recall.checked:
            again = [f"{memory} {path}" for memory, path in recall.warned]
            found = self._database.execute(_HEEDED, (tenant, user, json.dumps(recall.checked), json.dumps(again)))
            yield from sorted({memory for (memory,) in found})

    def compact(self) -> None:
        """Merge old days into months, and remove what is beyond the bounds."""
        today = next(self._database.execute("SELECT max(day) FROM recent"))[0]
        if today is None:
            return
        single = (date.fromisoformat(today) - timedelta(days=_SINGLE_DAYS)).isoformat()
        last_alarm = (date.fromisoformat(today) - timedelta(days=_ALARM_DAYS)).isoformat()
        self._database.execute("DROP TABLE IF EXISTS month")
        self._database.execute(_MONTHS, (single,))
        self._database.execute(_MERGED, (single,))
        self._database.execute(_FROM_MONTHS)
        self._database.execute("DROP TABLE month")
        self._database.execute(_OLD_RECENT, (_MOST_RECENT,))
        self._database.execute(_OLD_QUESTIONS, (_MOST_QUESTIONS,))
        self._database.execute(_OLD_ALARMS, (last_alarm, _MOST_ALARMS))

    def forget(self, tenant: str, memories: Sequence[str]) -> None:
        """Remove everything about memories."""
        rows = [(tenant, memory) for memory in memories]
        self._database.executemany(_FORGET_COUNTS, rows)
        self._database.executemany(_FORGET_RECENT, rows)
        self._database.executemany(_SETTLED, rows)

    # ---- reading

    def position(self, tenant: str) -> int:
        """Return the number of recalls of a tenant."""
        rows = self._database.execute("SELECT position FROM tenant WHERE name = ?", (tenant,))
        return int(next(rows, (0,))[0])

    def counts(self, reader: Scope, memories: Sequence[str]) -> dict[str, RecallCounts]:
        """Return the counts of memories, as a reader sees them."""
        found = self._database.execute(_COUNTS, (reader.tenant, reader.user or "", json.dumps(list(memories))))
        return _by_memory(found)

    def excerpt(self, reader: Scope, since: str) -> RecallExcerpt:
        """Return everything that a reader may see, of events on or after a day."""
        user = reader.user or ""
        began = next(self._database.execute("SELECT began FROM tenant WHERE name = ?", (reader.tenant,)), ("",))[0]
        questions = self._database.execute(_QUESTIONS, (reader.tenant, user, reader.repo or "", since))
        return RecallExcerpt(
            self.position(reader.tenant),
            _by_memory(self._database.execute(_ALL_COUNTS, (reader.tenant, user, since))),
            tuple(
                UnansweredQuestion(digest, times, start, end, repo or None)
                for digest, repo, times, start, end in questions
            ),
            began,
        )


def _by_memory(rows: Iterable[tuple[str, str, int, str]]) -> dict[str, RecallCounts]:
    events: dict[str, list[tuple[str, int, str]]] = {}
    for memory, event, number, day in rows:
        events.setdefault(memory, []).append((event, number, day))
    return {memory: counts_of(group) for memory, group in events.items()}
