"""Verifies a ledger from its first entry: its hashes, and that accepted writes can have produced it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from graphmem.adapters.value_types import mistyped
from graphmem.errors import CorruptStore
from graphmem.ledger import GENESIS, Entry, blank, change_of, decode, keyed_hash, verify
from graphmem.model import Add, Change, Operation, Origin, Provenance, Scope
from graphmem.temporal import Fault, LedgerAudit, touched

_TRUSTED = frozenset({Origin.HUMAN, Origin.DOCUMENT, Origin.COMMIT})
_MAY_CONFIRM, _MAY_NOT_CONFIRM = '"do":"add",', '"do":"add","may_confirm":false,'
_HASH = re.compile(r"[0-9a-f]{64}")
_SALT = re.compile(r"(?:[0-9a-f]{2})+")


class LedgerCheck:
    """The state of a check of one tenant's ledger: pass each entry to `fault_of`, then call `faults_at_end`.

    Attributes:
        seq: The ledger position of the last entry; 0 before the first.
        head: The hash of the last entry.
        recorded_at: When the last entry was recorded; None before the first.
    """

    def __init__(self, tenant: str, key: str) -> None:
        self.seq = 0
        self.head = GENESIS
        self._tenant = tenant
        self.recorded_at: datetime | None = None
        self._history = LedgerAudit()
        self._is_broken = False
        self._key = key
        #: Whether a digest matched the key; None before the first comparable digest.
        self._is_key: bool | None = None

    def fault_of(self, entry: Entry) -> str | None:
        """Check the next entry; returns its fault or None. After a fault, only hashes are verified."""
        fault = self._misplaced(entry) or verify(entry, self.head)
        self.seq, self.head = entry.seq, entry.hash
        if fault is None and not self._is_broken:
            fault = self._unaccepted(entry)
        self.recorded_at = entry.recorded_at
        self._is_broken |= fault is not None
        return fault

    def faults_at_end(self, *, is_whole: bool = True) -> Iterator[Fault]:
        """Yield the faults of the ledger as a whole; `is_whole` is False while it is being restored."""
        if self._is_broken:
            return
        yield from self._history.finish(is_whole=is_whole)
        if self._is_key is False:
            yield Fault(
                0, "no entry was written with the tenant's key: a repeated write would be refused as a conflict"
            )

    def _misplaced(self, entry: Entry) -> str | None:
        if entry.seq > self.seq + 1:
            return f"entries {self.seq + 1} to {entry.seq - 1} are missing"
        if entry.seq <= self.seq:
            return f"entry {entry.seq} comes after entry {self.seq}"
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
        """Return a fault if the entry names another tenant, which hashes do not reveal."""
        memory = change.operation.memory if isinstance(change.operation, Add) else None
        named = (change.writer.tenant, self._tenant if memory is None else memory.scope.tenant)
        strangers = [tenant for tenant in named if tenant != self._tenant]
        if strangers:
            return f"entry {change.seq} is of tenant {strangers[0]!r}, in the ledger of {self._tenant!r}"
        return None


def _is_of_key(entry: Entry, change: Change, key: str) -> bool | None:
    """Return whether an entry's digest was made with the tenant's key; None if the request cannot be reconstructed.

    An addition of trusted origin is stored as it was requested, except for `may_confirm`.
    """
    memory = change.operation.memory if isinstance(change.operation, Add) else None
    if memory is None or memory.statement is None or memory.statement.origin not in _TRUSTED:
        return None
    requested = (entry.body, entry.body.replace(_MAY_NOT_CONFIRM, _MAY_CONFIRM, 1))
    return entry.digest in [keyed_hash(key, body.encode()) for body in requested]


def is_digest(text: str) -> bool:
    """Return whether a text has the form of a keyed hash, as tombstones do."""
    return _HASH.fullmatch(text) is not None


def misspelt(entry: Entry) -> str | None:
    """Return a message about the first hash that is not hexadecimal, with its value; None if all are."""
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
        return f"entry {entry.seq}: {wrong}: no write stores this value"
    if (wrong := misspelt(entry)) is not None:
        return f"entry {entry.seq}: {wrong}"
    if (entry.salt is None) is not (entry.digest is None):
        return f"entry {entry.seq} has only {'a digest' if entry.salt is None else 'a salt'}: content needs both"
    if entry.salt is None and _blanked(entry, change) != (change.operation, change.writer, change.provenance):
        return f"the content of entry {entry.seq} was erased, but free text remains in it"
    return None


def _blanked(entry: Entry, change: Change) -> tuple[Operation, Scope, Provenance]:
    """Return the entry's parts as an erasure leaves them."""
    return decode(blank(entry.body, next(iter(touched(change.operation)), "")))
