"""A resolver of many memories answers as resolving each by itself."""

from __future__ import annotations

import random
from datetime import timedelta

from graphmem import temporal
from graphmem.errors import GraphMemError
from graphmem.model import Scope
from graphmem.rows import Needs, Rows, Situation, Stamp
from graphmem.temporal import Overlay, Resolver, Standing, View, resolve
from tests.contract.scenario import NOON
from tests.laws.test_chain_end import READER, operations


def world(chance: random.Random, count: int) -> tuple[Rows, int]:
    """Random memories and supersessions, as far as the kernel accepts them."""
    overlay, seq = Overlay(Rows()), 0
    keys: list[str] = []
    for request in operations(chance, count):
        situation = overlay.situation(temporal.needs(request))
        try:
            done = temporal.plan(
                request, Situation(situation.rows), Stamp(seq + 1, NOON + timedelta(seconds=seq), None)
            )
        except GraphMemError:
            continue
        seq += 1
        keys += done.appended.memories
        overlay.append(done)
    return overlay.situation(Needs(ids=tuple(keys))).rows, seq


def test_it_answers_as_resolving_each_by_itself() -> None:
    lengths = []
    for seed in range(60):
        chance = random.Random(seed)  # noqa: S311
        rows, seq = world(chance, 9)
        for reader in (READER, Scope("t", "r"), Scope("t")):
            for days in (0, 3, 6, 20):
                view, valid = View(rows, reader, seq), NOON + timedelta(days=days)
                resolver, keys = Resolver(view, valid), list(rows.memories)
                chance.shuffle(keys)
                for key in keys:
                    expected = resolve(view, key, valid)
                    assert resolver.resolve(key) == expected, (seed, reader, days, key)
                    lengths += [len(one.via) for one in expected if one.standing is Standing.HOLDS]
    assert max(lengths) > 3
