"""Builds the properties of nodes and relationships from domain values."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from graphmem.adapters.neo4j.text_entries import TextEntry
from graphmem.adapters.neo4j.values import LedgerHead, moment
from graphmem.adapters.neo4j.vector_index import embedding
from graphmem.instants import to_micros
from graphmem.ledger import Entry
from graphmem.model import (
    BEGINNING,
    FOREVER,
    Anchor,
    Change,
    Memory,
    ReadMainline,
    RecordRelocations,
    RecordVerdicts,
    RepositoryOperation,
    Statement,
)
from graphmem.rows import BranchRow, Derived, EdgeRow, MemoryRow, MoveRow, Stamp
from graphmem.statement_json import encode_statement
from graphmem.temporal.operations import operation_name

Row = dict[str, Any]


def without_nulls(row: Row) -> Row:
    """Return the properties that have a value; a null would only be sent and stored as absent."""
    return {name: value for name, value in row.items() if value is not None}


def encoded_time(moment: datetime | None) -> list[int] | None:
    """Return a time as the write statement takes it: [seconds since 1970, nanoseconds]."""
    if moment is None:
        return None
    seconds, micros = divmod(to_micros(moment), 1_000_000)
    return [seconds, micros * 1_000]


def head_row(head: LedgerHead) -> Row:
    """Return the properties of a ledger node that each write advances."""
    return {
        "seq": head.seq,
        "recorded_at": moment(head.recorded_at),
        "hash": head.hash,
        "documents": head.documents,
        "tokens": head.tokens,
        "vectors": head.vectors,
        "epoch": head.epoch,
    }


def change_row(tenant: str, change: Change, entry: Entry) -> Row:
    """Return the properties of a ledger entry's node."""
    by = change.provenance
    return {
        "tenant": tenant,
        "seq": entry.seq,
        "recorded_at": entry.recorded_at,
        "op_id": entry.op_id,
        "operation": operation_name(change.operation),
        "actor": by.actor,
        "source": by.source,
        "reason": by.reason,
        "branch": change.writer.branch_key,
        "mainline_of": (change.writer.repo or "")
        if isinstance(change.operation, ReadMainline | RecordRelocations | RecordVerdicts | RepositoryOperation)
        else None,
        "body": entry.body,
        "salt": entry.salt,
        "digest": entry.digest,
        "commitment": entry.commitment,
        "hash": entry.hash,
    }


def memory_row(row: MemoryRow) -> Row:
    """Return the properties of a memory that an erasure keeps."""
    stamp = row.stamp
    return {
        **home_row(row.memory),
        "seq": stamp.seq,
        "recorded_at": stamp.recorded_at,
        "written_on": stamp.branch,
    }


def home_row(memory: Memory) -> Row:
    """Return the id of a memory and its home scope."""
    scope = memory.scope
    return {
        "tenant": scope.tenant,
        "id": memory.id,
        "repo": scope.repo,
        "user": scope.user,
        "branch": scope.branch,
        "environment": scope.environment,
    }


def text_row(entry: TextEntry) -> Row:
    """Return the properties that the full-text index and exact scores read."""
    return {"facets": entry.facets, "search_text": entry.search_text, "words": entry.words, "length": entry.length}


def vector_row(stored: bytes, *, is_indexed: bool) -> Row:
    """Return the properties of a vector; `embedding` is the list that the vector index reads."""
    return {"vector": stored, "embedding": embedding(stored)} if is_indexed else {"vector": stored}


def statement_row(statement: Statement) -> Row:
    """Return the properties of a statement: `statement` is the whole as JSON, the others are for people and queries."""
    return {
        "kind": statement.kind,
        "title": statement.title,
        "body": statement.body or None,
        "rationale": statement.rationale or None,
        "subject": statement.subject,
        "aliases": list(statement.aliases) or None,
        "labels": list(statement.labels) or None,
        "language": statement.language,
        "confidence": statement.confidence,
        "origin": statement.origin,
        "is_mandatory": statement.is_mandatory or None,
        "observed_at": statement.observed_at,
        "content_hash": statement.content_hash,
        "statement": encode_statement(statement),
    }


def derived_row(seq: int, cached: Derived) -> Row:
    """Return the cached properties of a memory as of an entry.

    `valid_from` and `valid_to` are for people; queries prefilter by the lists of all valid intervals.
    """
    starts, ends = [low for low, _ in cached.holding], [high for _, high in cached.holding]
    return {
        "cached_seq": seq,
        "status": cached.status,
        "is_common": cached.is_common,
        "holds_from": starts,
        "holds_to": ends,
        "valid_from": starts[0] if starts and starts[0] != BEGINNING else None,
        "valid_to": ends[-1] if ends and ends[-1] != FOREVER else None,
    }


def stamp_row(stamp: Stamp) -> Row:
    """Return the properties that every relationship written by a ledger entry has."""
    return {"seq": stamp.seq, "recorded_at": stamp.recorded_at, "branch": stamp.branch}


def anchor_rows(memory: Memory, anchors: Iterable[Anchor]) -> list[Row]:
    """Return the anchors of a memory with the properties of their `ABOUT` relationships."""
    tenant = memory.scope.tenant
    return [
        {
            "id": anchor.node_id(tenant),
            "label": anchor.kind.capitalize(),
            "role": anchor.role,
            "ordinal": ordinal,
            "row": {"tenant": tenant, "kind": anchor.kind, "name": anchor.name, "repo": anchor.repo},
        }
        for ordinal, anchor in enumerate(anchors)
    ]


def alternative_rows(memory: Memory, statement: Statement) -> list[Row]:
    """Return the alternatives of a statement."""
    tenant = memory.scope.tenant
    return [
        {
            "ordinal": ordinal,
            "row": {
                "tenant": tenant,
                "name": alternative.name,
                "outcome": alternative.outcome,
                "reason": alternative.reason or None,
                "keys": list(alternative.keys) or None,
            },
        }
        for ordinal, alternative in enumerate(statement.alternatives)
    ]


def move_fields(row: MoveRow) -> Row:
    """Return the properties of a move except its time and stamp."""
    move = row.move
    return {"status": move.status, "ordinal": move.ordinal, "source_word": move.source_word, "index": row.index}


def move_row(row: MoveRow) -> Row:
    """Return the properties of a move."""
    return {**move_fields(row), "at": row.move.at, **stamp_row(row.stamp)}


def edge_fields(edge: EdgeRow) -> Row:
    """Return the properties of a supersession except its times and stamp."""
    return {"kind": edge.kind, "part": edge.part, "reason": edge.reason}


def edge_row(edge: EdgeRow) -> Row:
    """Return the properties of a supersession."""
    return {**edge_fields(edge), "at": edge.at, "until": edge.until, **stamp_row(edge.stamp)}


def branch_row(branch: BranchRow) -> Row:
    """Return the properties of a branch."""
    names = ("key", "parent", "opened", "closed", "is_merged")
    merged_at = None if branch.merged_at is None else to_micros(branch.merged_at)
    return {**{name: getattr(branch, name) for name in names}, "merged_at": merged_at}
