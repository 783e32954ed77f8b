"""Where what lies ahead decides a supersession, all rows of the chain decide the same."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest

from graphmem import temporal
from graphmem.errors import GraphMemError, InvalidInput
from graphmem.model import Add, Memory, Move, Request, Retract, Scope, Statement, Status, Supersede, SupersessionKind
from graphmem.rows import Rows, Situation, Stamp, Transaction
from graphmem.temporal import Overlay, is_decided_ahead
from tests.contract.scenario import NOON

HOMES = (*[Scope("t", "r")] * 6, Scope("t", "r", user="ana"), Scope("t"))
READER = Scope("t", "r", user="ana")


def ahead_of(rows: Rows, named: tuple[str, ...]) -> Rows | None:
    """As a store reads it: the named memories and what follows them; None if one of those is an amendment."""
    reached = set(named)
    while fresh := {edge.new for edge in rows.edges if edge.old in reached} - reached:
        reached |= fresh
    if any(edge.new in reached and edge.kind is SupersessionKind.AMENDMENT for edge in rows.edges):
        return None
    seqs = {edge.stamp.seq for edge in rows.edges if edge.old in reached}
    seqs |= {row.stamp.seq for row in rows.moves if row.memory in reached}
    seqs |= {row.stamp.seq for row in rows.retractions if row.memory in reached}
    return replace(
        rows,
        memories={key: row for key, row in rows.memories.items() if key in reached},
        moves=tuple(row for row in rows.moves if row.memory in reached),
        edges=tuple(row for row in rows.edges if row.old in reached),
        retractions=tuple(row for row in rows.retractions if row.memory in reached),
        revocations=tuple(row for row in rows.revocations if row.change in seqs),
    )


def operations(chance: random.Random, count: int) -> list[Request]:
    found: list[Request] = []
    keys = [f"m{number}" for number in range(count)]
    for number, key in enumerate(keys):
        status = chance.choice([Status.ACTIVE] * 9 + [Status.PROPOSED])
        memory = Memory(key, chance.choice(HOMES), Statement(title=key))
        moves = (Move(status, NOON + timedelta(days=number)),)
        found.append(Request(f"add {key}", Add(memory, moves), READER))
    for number in range(count * 2):
        old, new = sorted(chance.sample(keys, 2)) if chance.random() < 0.8 else chance.sample(keys, 2)
        kind = chance.choice([SupersessionKind.UPDATE] * 18 + [SupersessionKind.AMENDMENT, SupersessionKind.CORRECTION])
        at = None if kind is SupersessionKind.CORRECTION else NOON + timedelta(days=chance.randint(2, count + 3))
        until = at + timedelta(days=2) if at and chance.random() < 0.2 else None
        part = "a part" if kind is SupersessionKind.AMENDMENT else None
        found.append(
            Request(f"op {number}", Supersede(old=(old,), new=(new,), at=at, until=until, kind=kind, part=part), READER)
        )
        if chance.random() < 0.05:
            found.append(Request(f"retract {number}", Retract(chance.choice(keys)), READER))
    return found


def planned(request: Request, rows: Rows, stamp: Stamp) -> Transaction | type[GraphMemError]:
    try:
        return temporal.plan(request, Situation(rows), stamp)
    except GraphMemError as refusal:
        return type(refusal)


def compared(seed: int) -> int:
    """How many supersessions of one random world were decided ahead, each compared with what all rows decide."""
    chance = random.Random(seed)  # noqa: S311
    world, decided = Overlay(Rows()), 0
    for seq, request in enumerate(operations(chance, 7), 1):
        whole = world.situation(temporal.needs(request)).rows
        stamp = Stamp(seq, NOON + timedelta(seconds=seq), None)
        expected = planned(request, whole, stamp)
        ahead = ahead_of(whole, temporal.touched(request.operation))
        if ahead is not None and is_decided_ahead(request, ahead):
            decided += 1
            assert compact(planned(request, ahead, stamp)) == compact(expected), (seed, seq)
        if isinstance(expected, Transaction):
            world.append(expected)
    return decided


def compact(outcome: Transaction | type[GraphMemError]) -> object:
    """What is compared: the entry, the rows and the caches, in no order."""
    return outcome if isinstance(outcome, type) else (outcome.change, outcome.appended, set(outcome.derived))


def test_both_plan_the_same_transaction() -> None:
    assert sum(compared(seed) for seed in range(150)) > 400


def test_one_call_makes_at_most_so_many_replacements() -> None:
    olds, news = tuple(f"o{number}" for number in range(32)), tuple(f"n{number}" for number in range(32))
    request = Request("op", Supersede(old=olds, new=news, at=NOON), READER)
    with pytest.raises(InvalidInput, match="32 memories replaced by 32 are 1,024 replacements, more than 1,000"):
        temporal.plan(request, Situation(Rows()), Stamp(1, NOON, None))
