"""Conversion of memories to mem0's result dictionaries; their `id` stays the same over updates."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

from graphmem.answers import Card, History, State
from graphmem.model import Statement
from graphmem.sources.memories.mem0_labels import Mem0Fields, read_payload

_CUT = "…"


def statement_of(card: Card) -> Statement:
    """Return the memory's statement."""
    statement = card.memory.statement
    assert statement is not None, "an erased memory has no card"  # noqa: S101
    return statement


def payload_of(card: Card) -> Mem0Fields:
    """Return the memory's payload."""
    return read_payload(statement_of(card).labels)


def lasting_id(card: Card) -> str:
    """Return the id that the memory had before its first update."""
    return payload_of(card).named.get("id", card.id)


def text_of(statement: Statement) -> str:
    """Return the text that was split into title and body."""
    if statement.title.endswith(_CUT) and statement.body.startswith(statement.title.removesuffix(_CUT)):
        return statement.body
    return f"{statement.title}\n{statement.body}" if statement.body else statement.title


def item(card: Card, score: float | None = None) -> dict[str, Any]:
    """Return a memory as `get`, `get_all` and `search` return it."""
    payload, text = payload_of(card), text_of(statement_of(card))
    recorded = card.recorded_at.isoformat()
    shown: dict[str, Any] = {
        "id": lasting_id(card),
        "memory": text,
        "hash": hashlib.md5(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest(),
        "created_at": payload.named.get("created_at", recorded),
        "updated_at": recorded,
        **payload.shown_fields,
    }
    if score is not None:
        shown["score"] = score
    if payload.metadata:
        shown["metadata"] = dict(payload.metadata)
    return shown


def values(card: Card) -> dict[str, Any]:
    """Return the values that filters test."""
    payload = payload_of(card)
    return {**payload.metadata, **payload.shown_fields}


def events(history: History) -> Iterator[dict[str, Any]]:
    """Yield the history of a memory: ADD, UPDATE for each new text, and DELETE if it was deleted."""
    chain, first, before = own_chain(history), None, None
    for card in chain:
        text = text_of(statement_of(card))
        first = first or card.recorded_at.isoformat()
        yield _event(card, before, text, first)
        before = text
    if chain and chain[-1].state is State.RETRACTED:
        last = chain[-1]
        yield {**_event(last, before, None, first), "id": f"{last.id}.deleted", "is_deleted": True}


def _event(card: Card, before: str | None, after: str | None, first: str | None) -> dict[str, Any]:
    named = payload_of(card).named
    return {
        "id": card.id,
        "memory_id": lasting_id(card),
        "old_memory": before,
        "new_memory": after,
        "event": "DELETE" if after is None else "ADD" if before is None else "UPDATE",
        "created_at": first,
        "updated_at": card.recorded_at.isoformat(),
        "is_deleted": False,
        "actor_id": named.get("actor_id"),
        "role": named.get("role"),
    }


def own_chain(history: History) -> Sequence[Card]:
    """Return the memory's versions, oldest first."""
    lasting = lasting_id(history.card)
    return [card for card in history.chain if lasting_id(card) == lasting]
