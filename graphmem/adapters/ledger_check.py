"""Verifying a ledger from its first entry on: its hashes, and that accepted writes can have left it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from graphmem.adapters.value_types import mistyped
from graphmem.errors import CorruptStore
from graphmem.ledger import GENESIS, Entry, blank, change_of, decode, keyed_hash, verify
from graphmem.model import Add, Change, Operation, Origin, Provenance, Scope
from graphmem.temporal import Fault, History, touched

_TRUSTED = frozenset({Origin.HUMAN, Origin.DOCUMENT, Origin.COMMIT})
_MAY_CONFIRM, _MAY_NOT_CONFIRM = '"do":"add",', '"do":"add","may_confirm":false,'
_HASH = re.compile(r"[0-9a-f]{64}")
_SALT = re.compile(r"(?:[0-9a-f]{2})+")


class LedgerCheck:
    """One tenant's ledger as far as it was read: entry by entry into `fault_of`, then `faults_at_end`.

    Attributes:
        seq: The position of the last entry; 0 before the first.
        head: Its hash.
        recorded_at: When it was recorded; None before the first.
    """

    def __init__(self, tenant: str, key: str) -> None:
        self.seq = 0
        self.head = GENESIS
        self._tenant = tenant
        self.recorded_at: datetime | None = None
        self._history = History()
        self._is_broken = False
        self._key = key
        #: Whether a digest was found to be of the key; None before there was one to be compared.
        self._is_key: bool | None = None

    def fault_of(self, entry: Entry) -> str | None:
        """What is wrong with the next entry; None if nothing is. Behind a fault, only hashes are verified."""
        fault = self._misplaced(entry) or verify(entry, self.head)
        self.seq, self.head = entry.seq, entry.hash
        if fault is None and not self._is_broken:
            fault = self._unaccepted(entry)
        self.recorded_at = entry.recorded_at
        self._is_broken |= fault is not None
        return fault

    def faults_at_end(self, *, is_whole: bool = True) -> Iterator[Fault]:
        """What is wrong with all entries together; `is_whole` is False for a ledger that is still being restored."""
        if self._is_broken:
            return
        yield from self._history.finish(is_whole=is_whole)
        if self._is_key is False:
            yield Fault(0, "no entry was written with the tenant's key: a write that is sent again would be refused")

    def _misplaced(self, entry: Entry) -> str | None:
        if entry.seq > self.seq + 1:
            return f"entries {self.seq + 1} to {entry.seq - 1} are missing"
        if entry.seq <= self.seq:
            return f"entry {entry.seq} stands after entry {self.seq}"
        if self.recorded_at is not None and entry.recorded_at <= self.recorded_at:
            return f"entry {entry.seq} was recorded at {entry.recorded_at.isoformat()}, not after the entry before it"
        return None

    def _unaccepted(self, entry: Entry) -> str | None:
        try:
            change = change_of(entry)
        except CorruptStore as exc:
            return f"entry {entry.seq}: {exc}"
        fault = _misshapen(entry, change) or self._foreign(change)
        if not self._is_key and (is_key := _is_of_key(entry, change, self._key)) is not None:
            self._is_key = is_key
        return fault or self._history.take(change, is_blank=entry.salt is None)

    def _foreign(self, change: Change) -> str | None:
        """What names another tenant, which hashes cannot tell."""
        memory = change.operation.memory if isinstance(change.operation, Add) else None
        named = (change.writer.tenant, self._tenant if memory is None else memory.scope.tenant)
        strangers = [one for one in named if one != self._tenant]
        if strangers:
            return f"entry {change.seq} is of tenant {strangers[0]!r}, in the ledger of {self._tenant!r}"
        return None


def _is_of_key(entry: Entry, change: Change, key: str) -> bool | None:
    """Whether the digest of an entry is of the tenant's key; None where what was requested cannot be told.

    An addition of trusted origin takes effect as it was requested, but for what it says about confirming.
    """
    memory = change.operation.memory if isinstance(change.operation, Add) else None
    if memory is None or memory.statement is None or memory.statement.origin not in _TRUSTED:
        return None
    requested = (entry.body, entry.body.replace(_MAY_NOT_CONFIRM, _MAY_CONFIRM, 1))
    return entry.digest in [keyed_hash(key, body.encode()) for body in requested]


def is_digest(text: str) -> bool:
    """Whether a text can be a keyed hash as a tombstone has it."""
    return _HASH.fullmatch(text) is not None


def misspelt(entry: Entry) -> str | None:
    """Which hash of an entry is not the hexadecimal text that it must be, with its value; None if none is."""
    for name, spelling in (
        ("commitment", _HASH),
        ("previous", _HASH),
        ("hash", _HASH),
        ("salt", _SALT),
        ("digest", _HASH),
    ):
        text = getattr(entry, name)
        is_gone = text is None and name in ("salt", "digest")
        if not is_gone and not spelling.fullmatch(text):
            return f"{name} {text!r:.80} is not hexadecimal"
    return None


def _misshapen(entry: Entry, change: Change) -> str | None:
    if (wrong := mistyped(change)) is not None:
        return f"entry {entry.seq}: {wrong}, which no write leaves"
    if (wrong := misspelt(entry)) is not None:
        return f"entry {entry.seq}: {wrong}"
    if (entry.salt is None) is not (entry.digest is None):
        return f"entry {entry.seq} has {'a digest' if entry.salt is None else 'a salt'} alone: both go with a content"
    if entry.salt is None and _blanked(entry, change) != (change.operation, change.writer, change.provenance):
        return f"the content of entry {entry.seq} is gone, but words are left that erasing takes away"
    return None


def _blanked(entry: Entry, change: Change) -> tuple[Operation, Scope, Provenance]:
    """What erasing leaves of an entry."""
    return decode(blank(entry.body, next(iter(touched(change.operation)), "")))
