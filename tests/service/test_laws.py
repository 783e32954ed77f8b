"""The laws of the model, asked of the public verbs on every store."""

from __future__ import annotations

import pytest

from graphmem.model import At
from graphmem.service import GraphMemory
from tests.service.conftest import TickingClock, day
from tests.service.played import READERS, Player, everything

SEEDS = range(3)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_was_known_once_is_answered_the_same_ever_after(
    memory: GraphMemory, clock: TickingClock, seed: int
) -> None:
    clock.pass_days(100)
    player = Player(memory, seed)
    player.play(40)
    position, ids = memory.status().changes, tuple(player.ids)
    before = {reader: everything(memory, reader, ids, position) for reader in READERS}
    player.play(60)
    for reader in READERS:
        after = everything(memory, reader, ids, position)
        assert {key for key in after if after[key] != before[reader][key]} == set()
