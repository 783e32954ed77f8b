"""An overlay answers each request of a batch as a store would that had written those before it."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from graphmem.errors import GraphMemError
from graphmem.model import Change, OpenBranch, Operation, Request, Retract, Revoke
from graphmem.rows import Needs, Rows, Situation, Stamp, Transaction
from graphmem.temporal import Overlay, needs, plan
from tests.laws.machine import Machine
from tests.laws.world import R, add, supersede
from tests.oracle.planned import PlannedStore, PlannedTenant, situation_of
from tests.oracle.store import Tenant

STEPS_A_BATCH = 6


class OverlaidStore(PlannedStore):
    """Plans every request twice, the second time with an overlay that stands for the last few; both must agree."""

    def __init__(self) -> None:
        super().__init__()
        self._overlay, self._at, self._left = Overlay(Rows()), -1, 0

    def decide(self, tenant: Tenant, request: Request, seq: int, recorded_at: datetime) -> Change:
        assert isinstance(tenant, PlannedTenant)
        if self._at != seq - 1 or not self._left:
            self._overlay, self._left = Overlay(tenant.rows, tenant.log), STEPS_A_BATCH
        stamp, asked = Stamp(seq, recorded_at, request.writer.branch_key), needs(request)
        expected = _outcome(request, situation_of(tenant, asked), stamp)
        found = _outcome(request, self._overlay.situation(asked), stamp)
        assert _comparable(found) == _comparable(expected)
        if isinstance(found, Transaction):
            self._overlay.append(found)
            self._at, self._left = seq, self._left - 1
        return super().decide(tenant, request, seq, recorded_at)


def _outcome(request: Request, situation: Situation, stamp: Stamp) -> Transaction | GraphMemError:
    try:
        return plan(request, situation, stamp)
    except GraphMemError as refusal:
        return refusal


def _comparable(outcome: Transaction | GraphMemError) -> object:
    if isinstance(outcome, Transaction):
        derived = sorted(outcome.derived, key=lambda one: one.memory)
        return outcome.change, outcome.appended, derived, outcome.erased
    return type(outcome), str(outcome)


@pytest.mark.unmeasured
def test_every_request_is_planned_as_without_an_overlay() -> None:
    run_state_machine_as_test(
        seed(1)(type("Overlaid", (Machine,), {"make": OverlaidStore, "readers_a_step": 0, "past_a_step": 0})),
        settings=settings(
            max_examples=60,
            stateful_step_count=20,
            deadline=None,
            database=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_only_what_is_chained_to_the_asked_is_handed_out() -> None:
    store, overlay = PlannedStore(), Overlay(Rows())
    operations: list[Operation] = [add("A"), add("B", ("active", 2)), add("C"), supersede("A", "B", 2)]
    operations += [Retract("C"), OpenBranch("x")]
    for index, operation in enumerate(operations):
        request = Request(f"op{index}", operation, R)
        (change,) = store.apply([request], clock=lambda: datetime.fromisoformat("2024-01-01T00:00:00+00:00"))
        overlay.append(plan(request, overlay.situation(needs(request)), Stamp(change.seq, change.recorded_at, None)))
    assert set(overlay.situation(Needs(ids=("B",))).rows.memories) == {"A", "B"}
    assert overlay.situation(Needs(ids=("nowhere",))).rows == Rows(branches=overlay.situation(Needs()).rows.branches)
    undone = overlay.situation(needs(Request("revoke", Revoke(5), R)))
    assert undone.change is not None
    assert set(undone.rows.memories) == {"C"}
