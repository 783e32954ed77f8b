"""Between the domain's values and what columns hold."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from graphmem.adapters.unread import unread
from graphmem.instants import from_micros, to_micros
from graphmem.ledger import Entry
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

Row = tuple[Any, ...]


class DamagedRow(Exception):
    """A row lacks a value that every row has, as in a file that was cut off."""


_SPAN = 1 << 40
_STATUSES = {one.value: one for one in Status}
_POSITION = _SPAN - 1


def place_of(tenant: int, seq: int) -> int:
    """The number of a ledger entry, and of the memory that it recorded."""
    return tenant * _SPAN + seq


def tenant_of(place: int) -> int:
    """The number of the tenant that a number belongs to."""
    return place // _SPAN


def seq_of(place: int) -> int:
    """The ledger position in a number."""
    return place & _POSITION


def ints(values: Sequence[int]) -> str:
    """A JSON array for `json_each`."""
    return "[" + ",".join(map(str, values)) + "]"


def optional_micros(moment: datetime | None) -> int | None:
    """As `to_micros`; None stays."""
    return None if moment is None else to_micros(moment)


def optional_moment(micros: int | None) -> datetime | None:
    """As `from_micros`; None stays."""
    return None if micros is None else from_micros(micros)


# ---- tenants


@dataclass(slots=True)
class Tenant:
    """A tenant's row; `number` 0 stands for one that has none yet. `loose` counts segments of text to be joined."""

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


def places_of(tenant: Tenant) -> tuple[int, int]:
    """The numbers between which those of a tenant's entries and memories are."""
    return place_of(tenant.number, 0), place_of(tenant.number + 1, 0)


# ---- homes


def home_scope(scope: Scope) -> Scope:
    """Where a memory lives, its branch aside."""
    return scope if scope.branch is None else replace(scope, branch=None)


def home_text(scope: Scope) -> str:
    """Canonical JSON of a home."""
    parts = {"repo": scope.repo, "user": scope.user, "environment": scope.environment}
    given = {name: value for name, value in parts.items() if value is not None}
    return json.dumps(given, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@lru_cache(maxsize=4_096)
def home_of(tenant: str, text: str) -> Scope:
    """The home that `home_text` wrote."""
    return Scope(tenant, **json.loads(text))


# ---- rows


@lru_cache(maxsize=16_384)
def stamp(seq: int, recorded_at: int, branch: str | None) -> Stamp:
    """The stamp in a row; the rows of one ledger entry share it."""
    return Stamp(seq, from_micros(recorded_at), branch)


def memory_row(row: Row, home: Scope) -> MemoryRow:
    """From (number, id, home branch, branch, recorded at, kind, origin, confidence, subject, statement)."""
    number, key, home_branch, branch, recorded_at, *told = row
    scope = home if home_branch is None else replace(home, branch=home_branch)
    statement = None if told[-1] is None else unread(key, *told)
    return MemoryRow(Memory(key, scope, statement), stamp(seq_of(number), recorded_at, branch))


def move_row(row: Row, ids: dict[int, str]) -> MoveRow:
    """From (memory, seq, place, status, at, ordinal, source word, recorded at, branch)."""
    memory, seq, index, status, at, ordinal, word, recorded_at, branch = row
    return MoveRow(
        ids[memory], Move(_STATUSES[status], from_micros(at), ordinal, word), index, stamp(seq, recorded_at, branch)
    )


def edge_row(row: Row, ids: dict[int, str]) -> EdgeRow:
    """From (old, seq, new, kind, at, until, part, reason, recorded at, branch)."""
    old, seq, new, kind, at, until, part, reason, recorded_at, branch = row
    return EdgeRow(
        ids[old],
        ids[new],
        SupersessionKind(kind),
        optional_moment(at),
        optional_moment(until),
        part,
        reason,
        stamp(seq, recorded_at, branch),
    )


def retract_row(row: Row, ids: dict[int, str]) -> RetractRow:
    """From (memory, seq, recorded at, branch)."""
    memory, seq, recorded_at, branch = row
    return RetractRow(ids[memory], stamp(seq, recorded_at, branch))


def confirm_row(row: Row, ids: dict[int, str]) -> ConfirmRow:
    """From (memory, seq, recorded at, branch)."""
    memory, seq, recorded_at, branch = row
    return ConfirmRow(ids[memory], stamp(seq, recorded_at, branch))


def link_row(row: Row) -> LinkRow:
    """From (source id, target id, kind, seq, recorded at, branch)."""
    source, target, kind, seq, recorded_at, branch = row
    return LinkRow(source, target, LinkKind(kind), stamp(seq, recorded_at, branch))


def revoke_row(row: Row) -> RevokeRow:
    """From (change, move, seq, recorded at, branch), the first and third as places."""
    change, move, place, recorded_at, branch = row
    return RevokeRow(seq_of(change), move, stamp(seq_of(place), recorded_at, branch))


def branch_row(row: Row) -> BranchRow:
    """From (key, parent, opened, closed, is merged)."""
    key, parent, opened, closed, is_merged = row
    return BranchRow(key, parent, opened, closed, is_merged=bool(is_merged))


def holding_text(derived: Derived) -> str:
    """Pairs of microseconds as JSON."""
    return "[" + ",".join(f"[{to_micros(low)},{to_micros(high)}]" for low, high in derived.holding) + "]"


def derived_of(key: str, status: str | None, holding: str, is_common: int) -> Derived:
    """The cache in a row."""
    return Derived(key, status, holding_of(holding), is_common=bool(is_common))


@lru_cache(maxsize=16_384)
def holding_of(holding: str) -> Spans:
    """The spans that `holding_text` wrote."""
    return tuple((from_micros(low), from_micros(high)) for low, high in json.loads(holding))


def entry_of(row: Row, previous: bytes | str) -> Entry:
    """From (place, recorded at, op id, body, salt, digest, commitment, hash)."""
    place, recorded_at, op_id, body, salt, digest, commitment, link = row
    if None in (recorded_at, op_id, body, commitment, link):
        raise DamagedRow(f"ledger entry {seq_of(place)} lacks a value")
    return Entry(
        seq_of(place),
        from_micros(recorded_at),
        op_id,
        body,
        None if salt is None else salt.hex(),
        None if digest is None else digest.hex(),
        commitment.hex(),
        previous if isinstance(previous, str) else previous.hex(),
        link.hex(),
    )
