"""Conversions between domain values and column values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from graphmem.adapters.lazy_statement import unread
from graphmem.deferred_dataclass import dataclass, replace
from graphmem.instants import from_micros, to_micros
from graphmem.model import LinkKind, Memory, Move, Scope, Status, SupersessionKind
from graphmem.rows import (
    BranchRow,
    ConfirmRow,
    Derived,
    EdgeRow,
    LinkRow,
    MemoryRow,
    MoveRow,
    RetractRow,
    RevokeRow,
    Stamp,
)
from graphmem.temporal import Spans

if TYPE_CHECKING:
    from graphmem.ledger import Entry

Row = tuple[Any, ...]


class DamagedRow(Exception):
    """A row lacks a value that every row has, as in a file that was cut off."""


_SPAN = 1 << 40
_STATUSES = {status.value: status for status in Status}
_SUPERSESSIONS = {kind.value: kind for kind in SupersessionKind}
_LINKS = {kind.value: kind for kind in LinkKind}
_POSITION = _SPAN - 1


def rowid_of(tenant: int, seq: int) -> int:
    """Return the row number of a ledger entry and of the memory that it recorded."""
    return tenant * _SPAN + seq


def seq_of(rowid: int) -> int:
    """Return the ledger position in a row number."""
    return rowid & _POSITION


def ints(values: Sequence[int]) -> str:
    """Return a JSON array for `json_each`."""
    return "[" + ",".join(map(str, values)) + "]"


def optional_micros(moment: datetime | None) -> int | None:
    """Convert as `to_micros`; None stays None."""
    return None if moment is None else to_micros(moment)


def optional_moment(micros: int | None) -> datetime | None:
    """Convert as `from_micros`; None stays None."""
    return None if micros is None else from_micros(micros)


# ---- tenants


@dataclass(slots=True)
class Tenant:
    """A tenant's row; `number` is 0 for a tenant without a row. `loose` counts small segments to be joined."""

    number: int
    name: str
    key: str
    seq: int
    recorded_at: int | None
    head: str
    documents: int
    tokens: int
    vectors: int
    epoch: int
    answered_to: int | None = None
    loose: int = 0


def rowid_range(tenant: Tenant) -> tuple[int, int]:
    """Return the exclusive bounds of the row numbers of a tenant's entries and memories."""
    return rowid_of(tenant.number, 0), rowid_of(tenant.number + 1, 0)


# ---- homes


def home_scope(scope: Scope) -> Scope:
    """Return the scope without its branch."""
    return scope if scope.branch is None else replace(scope, branch=None)


def home_text(scope: Scope) -> str:
    """Return the canonical JSON of a home."""
    parts = {"repo": scope.repo, "user": scope.user, "environment": scope.environment}
    present = {name: value for name, value in parts.items() if value is not None}
    return json.dumps(present, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@lru_cache(maxsize=4_096)
def home_of(tenant: str, text: str) -> Scope:
    """Return the home encoded by `home_text`."""
    return Scope(tenant, **json.loads(text))


# ---- rows


@lru_cache(maxsize=4_096)
def stamp(seq: int, recorded_at: int, branch: str | None) -> Stamp:
    """Return the stamp in a row; the rows of one ledger entry share it."""
    return Stamp(seq, from_micros(recorded_at), branch)


def memory_row(row: Row, home: Scope) -> MemoryRow:
    """Convert (number, id, home branch, branch, recorded at, kind, origin, confidence, subject, statement)."""
    number, memory_id, home_branch, branch, recorded_at, *columns = row
    scope = home if home_branch is None else replace(home, branch=home_branch)
    statement = None if columns[-1] is None else unread(memory_id, *columns)
    return MemoryRow(Memory(memory_id, scope, statement), stamp(seq_of(number), recorded_at, branch))


def move_row(row: Row, ids: dict[int, str]) -> MoveRow:
    """Convert (memory, seq, place, status, at, ordinal, source word, recorded at, branch)."""
    memory, seq, index, status, at, ordinal, word, recorded_at, branch = row
    return MoveRow(
        ids[memory], Move(_STATUSES[status], from_micros(at), ordinal, word), index, stamp(seq, recorded_at, branch)
    )


def edge_row(row: Row, ids: dict[int, str]) -> EdgeRow:
    """Convert (old, seq, new, kind, at, until, part, reason, recorded at, branch)."""
    old, seq, new, kind, at, until, part, reason, recorded_at, branch = row
    return EdgeRow(
        ids[old],
        ids[new],
        _SUPERSESSIONS[kind],
        optional_moment(at),
        optional_moment(until),
        part,
        reason,
        stamp(seq, recorded_at, branch),
    )


def retract_row(row: Row, ids: dict[int, str]) -> RetractRow:
    """Convert (memory, seq, recorded at, branch)."""
    memory, seq, recorded_at, branch = row
    return RetractRow(ids[memory], stamp(seq, recorded_at, branch))


def confirm_row(row: Row, ids: dict[int, str]) -> ConfirmRow:
    """Convert (memory, seq, recorded at, branch)."""
    memory, seq, recorded_at, branch = row
    return ConfirmRow(ids[memory], stamp(seq, recorded_at, branch))


def link_row(row: Row) -> LinkRow:
    """Convert (source id, target id, kind, seq, recorded at, branch)."""
    source, target, kind, seq, recorded_at, branch = row
    return LinkRow(source, target, _LINKS[kind], stamp(seq, recorded_at, branch))


def revoke_row(row: Row) -> RevokeRow:
    """Convert (change, move, seq, recorded at, branch); `change` and `seq` are row numbers."""
    change, move, rowid, recorded_at, branch = row
    return RevokeRow(seq_of(change), move, stamp(seq_of(rowid), recorded_at, branch))


def branch_row(row: Row) -> BranchRow:
    """Convert (key, parent, opened, closed, mark of the merge)."""
    key, parent, opened, closed, is_merged = row
    merged_at = None if is_merged in _FLAGS else from_micros(is_merged)
    return BranchRow(key, parent, opened, closed, is_merged=bool(is_merged), merged_at=merged_at)


#: Values that are no time: those of a branch that is not merged, or that counts from its rows' own times on.
_FLAGS = (0, 1)


def merged_mark(branch: BranchRow) -> int:
    """Return the state of a merge as a number: a time in microseconds since 1970 if it counts from a time on.

    The times of the flags are rounded to the next one: a time has its own column in no released schema, and an earlier
    release takes any number but 0 for a merge.
    """
    if branch.merged_at is None:
        return int(branch.is_merged)
    micros = to_micros(branch.merged_at)
    return max(micros, len(_FLAGS)) if micros >= 0 else micros


def holding_text(derived: Derived) -> str:
    """Return the valid intervals as JSON pairs of microseconds."""
    return "[" + ",".join(f"[{to_micros(low)},{to_micros(high)}]" for low, high in derived.holding) + "]"


def derived_of(memory_id: str, status: str | None, holding: str, is_common: int) -> Derived:
    """Convert the cache columns of a memory row."""
    return Derived(memory_id, status, holding_of(holding), is_common=bool(is_common))


@lru_cache(maxsize=4_096)
def holding_of(holding: str) -> Spans:
    """Return the intervals encoded by `holding_text`."""
    low, comma, high = holding[2:-2].partition(",")
    if comma and low.isdecimal() and high.isdecimal() and holding[:2] == "[[" and holding[-2:] == "]]":
        return ((from_micros(int(low)), from_micros(int(high))),)
    return tuple((from_micros(low), from_micros(high)) for low, high in json.loads(holding))


def entry_of(row: Row, previous: bytes | str) -> Entry:
    """Convert (place, recorded at, op id, body, salt, digest, commitment, hash)."""
    from graphmem.ledger import Entry

    rowid, recorded_at, op_id, body, salt, digest, commitment, link = row
    if None in (recorded_at, op_id, body, commitment, link):
        raise DamagedRow(f"ledger entry {seq_of(rowid)} lacks a value")
    return Entry(
        seq_of(rowid),
        from_micros(recorded_at),
        op_id,
        body,
        None if salt is None else salt.hex(),
        None if digest is None else digest.hex(),
        commitment.hex(),
        previous if isinstance(previous, str) else previous.hex(),
        link.hex(),
    )
