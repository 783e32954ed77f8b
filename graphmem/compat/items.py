"""Memories as the other interface shows them: flat dictionaries whose `id` outlives every update."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

from graphmem.answers import Card, History, State
from graphmem.model import Statement
from graphmem.sources.memories.mem0_labels import Payload, read_payload

_CUT = "…"


def statement_of(card: Card) -> Statement:
    """What a memory says."""
    said = card.memory.statement
    assert said is not None, "what was erased gets no card"  # noqa: S101
    return said


def payload_of(card: Card) -> Payload:
    """What it carries beside its text."""
    return read_payload(statement_of(card).labels)


def lasting_id(card: Card) -> str:
    """The id that it was first given, before any update."""
    return payload_of(card).named.get("id", card.id)


def text_of(said: Statement) -> str:
    """The text that a title and a body were made of."""
    if said.title.endswith(_CUT) and said.body.startswith(said.title.removesuffix(_CUT)):
        return said.body
    return f"{said.title}\n{said.body}" if said.body else said.title


def item(card: Card, score: float | None = None) -> dict[str, Any]:
    """A memory as `get`, `get_all` and `search` give it."""
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
    """What filters are asked of."""
    payload = payload_of(card)
    return {**payload.metadata, **payload.shown_fields}


def events(told: History) -> Iterator[dict[str, Any]]:
    """What happened to a memory, first to last: ADD, then UPDATE for each new text, DELETE if it was deleted."""
    chain, first, before = own_chain(told), None, None
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


def own_chain(told: History) -> Sequence[Card]:
    """The texts that a memory had, one after the other."""
    lasting = lasting_id(told.card)
    return [card for card in told.chain if lasting_id(card) == lasting]
