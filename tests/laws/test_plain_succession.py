"""The plainest supersessions are planned apart: what becomes of each is what all the rules say."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from unittest.mock import patch

import pytest

from graphmem import temporal
from graphmem.errors import GraphMemError
from graphmem.model import (
    FOREVER,
    Add,
    Erase,
    Memory,
    Move,
    OpenBranch,
    Operation,
    Origin,
    Provenance,
    Request,
    Retract,
    Revoke,
    Scope,
    Statement,
    Status,
    Supersede,
    SupersessionKind,
)
from graphmem.rows import Needs, Rows, Stamp, Transaction
from graphmem.temporal import Overlay, plans
from graphmem.temporal.plain_succession import derived_of, is_plain

FIRST = datetime.fromisoformat("2024-01-01T00:00:00+00:00")
HERE = Scope("t", "r")
WRITERS = (*[HERE] * 12, Scope("t", "r", user="ana"), Scope("t"), Scope("t", "s"), Scope("t", "r", branch="x"))
ORIGINS = (*[Origin.HUMAN] * 6, Origin.AGENT, Origin.EXTERNAL)
KINDS = (*[SupersessionKind.UPDATE] * 9, SupersessionKind.CORRECTION, SupersessionKind.AMENDMENT)


def at(number: int) -> datetime:
    return FIRST + timedelta(days=number)


def memory(chance: random.Random, key: str) -> Request:
    origin, writer = chance.choice(ORIGINS), chance.choice(WRITERS[:14])
    says = Statement(title=key, origin=origin, is_mandatory=origin is Origin.HUMAN and chance.random() < 0.1)
    moves = [Move(chance.choice([Status.ACTIVE] * 12 + [Status.PROPOSED]), at(chance.randint(0, 4)))]
    if chance.random() < 0.1:
        moves.append(Move(Status.ENDED, at(chance.randint(7, 9))))
    return Request(f"add {key}", Add(Memory(key, writer, says), tuple(moves)), writer, Provenance(origin=origin))


def supersession(chance: random.Random, keys: list[str], number: int) -> Request:
    kind, count = chance.choice(KINDS), chance.choice([1] * 15 + [2])
    moment = None if kind is SupersessionKind.CORRECTION else at(chance.randint(2, 9))
    until = moment + timedelta(days=chance.randint(1, 3)) if moment and chance.random() < 0.2 else None
    sides = chance.sample([*keys, "nobody"], count + 1)
    if chance.random() < 0.03:
        sides = [sides[0], sides[0]]
    operation = Supersede(old=tuple(sides[:-1]), new=(sides[-1],), at=moment, until=until, kind=kind)
    operation = replace(operation, part="a part" if kind is SupersessionKind.AMENDMENT else None)
    by = Provenance(origin=chance.choice(ORIGINS), reason=chance.choice([None, "why"]))
    seen = chance.choice([None] * 9 + [number])
    return Request(f"op {number}", operation, chance.choice(WRITERS), by, seen)


def requests(chance: random.Random) -> Iterator[Request]:
    keys = [f"m{number}" for number in range(chance.randint(4, 9))]
    yield Request("open", OpenBranch("x"), HERE)
    for key in keys:
        yield memory(chance, key)
    for number in range(8):
        yield supersession(chance, keys, number)
        more = chance.random()
        if more < 0.1:
            yield Request(f"retract {number}", Retract(chance.choice(keys)), HERE)
        elif more < 0.2:
            yield Request(f"revoke {number}", Revoke(chance.randint(2, 12)), HERE)
        elif more < 0.25:
            yield Request(f"erase {number}", Erase(chance.choice(keys)), HERE)


def planned(world: Overlay, request: Request, stamp: Stamp) -> Transaction | type[GraphMemError]:
    try:
        return temporal.plan(request, world.situation(temporal.needs(request)), stamp)
    except GraphMemError as refusal:
        return type(refusal)


def compared(seed: int) -> int:
    """How many supersessions of one random world were plain, each compared with what all rules say."""
    chance = random.Random(seed)  # noqa: S311
    world, seq, count = Overlay(Rows()), 0, 0
    for request in requests(chance):
        stamp = Stamp(seq + 1, FIRST + timedelta(days=99, seconds=seq), request.writer.branch_key)
        count += is_plain(request, world.situation(temporal.needs(request)).rows)
        with patch.object(plans, "is_plain", lambda *_: False):
            expected = planned(world, request, stamp)
        assert planned(world, request, stamp) == expected, (seed, request)
        if isinstance(expected, Transaction):
            seq += 1
            world.append(expected)
    return count


@pytest.mark.heavy
def test_what_is_plain_is_planned_as_all_rules_plan_it() -> None:
    assert sum(compared(seed) for seed in range(700)) > 300


def two(old: int = 0, new: int = 5, **said: object) -> Rows:
    """Two active memories, `a` and `b`, from those days on."""
    world = Overlay(Rows())
    for seq, (key, start) in enumerate({"a": old, "b": new}.items(), 1):
        statement = Statement(title=key, **said)  # type: ignore[arg-type]
        asked = Request(key, Add(Memory(key, HERE, statement), (Move(Status.ACTIVE, at(start)),)), HERE)
        world.append(temporal.plan(asked, world.situation(temporal.needs(asked)), Stamp(seq, FIRST, None)))
    return world.situation(Needs(ids=("a", "b"))).rows


def asks(operation: Operation, **rest: object) -> Request:
    return Request("op", operation, HERE, **rest)  # type: ignore[arg-type]


def test_the_old_holds_until_the_new_takes_over() -> None:
    update = Supersede(old=("a",), new=("b",), at=at(5))
    assert is_plain(asks(update), two())
    (cache,) = derived_of(update, two())
    assert (cache.memory, cache.status, cache.holding, cache.is_common) == ("a", "active", ((at(0), at(5)),), True)


def test_the_old_goes_on_until_a_late_successor_begins_and_after_a_provisional_one() -> None:
    (cache,) = derived_of(Supersede(old=("a",), new=("b",), at=at(3), until=at(8)), two())
    assert cache.holding == ((at(0), at(5)), (at(8), FOREVER))
    assert derived_of(Supersede(old=("a",), new=("b",), at=at(3), until=at(4)), two()) == ()


def test_what_precedes_its_start_or_was_looked_at_before_is_not_plain() -> None:
    assert not is_plain(asks(Supersede(old=("a",), new=("b",), at=at(-1))), two())
    assert not is_plain(asks(Supersede(old=("a",), new=("b",), at=at(5)), seen=1), two())
