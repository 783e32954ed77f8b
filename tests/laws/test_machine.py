"""The state machine on every store: 5,000 steps over all of them, or as many as GRAPHMEM_STEPS says.

The long run takes a seed from GRAPHMEM_SEED, or draws one; `pytest -s` shows it.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from graphmem.store import Store
from tests.laws.machine import Machine, played
from tests.stores import BACKENDS, Backend, need

STEPS_A_RUN = 20
SHORT_RUN_STEPS = 5_000


def _share(backend: Backend) -> int:
    """Of the short run, a tenth for a server, to which each step makes many journeys; the rest for the others alike."""
    servers = sum(one.name == "neo4j" for one in BACKENDS)
    if backend.name == "neo4j":
        return SHORT_RUN_STEPS // 10
    return SHORT_RUN_STEPS * (10 - servers) // 10 // (len(BACKENDS) - 1 - servers)


def _machine(backend: Backend, folder: Path) -> type[Machine]:
    def make() -> Store:
        return backend.open(Path(tempfile.mkdtemp(dir=folder)))

    return type("Played", (Machine,), {"make": staticmethod(make)})


@pytest.mark.heavy
@pytest.mark.unmeasured
@pytest.mark.timeout(0)
@pytest.mark.parametrize("backend", [one for one in BACKENDS if one.name != "oracle"], ids=lambda one: one.name)
def test_every_law_holds_after_every_step(backend: Backend, tmp_path: Path) -> None:
    need(backend)
    asked = os.environ.get("GRAPHMEM_STEPS")
    steps = int(asked) if asked else _share(backend)
    chosen = int(os.environ.get("GRAPHMEM_SEED") or (secrets.randbits(32) if asked else 1))
    print(f"{backend.name}: {steps} steps, GRAPHMEM_SEED={chosen}")  # noqa: T201 - the way back to a failure
    played.clear()
    run_state_machine_as_test(
        seed(chosen)(_machine(backend, tmp_path)),
        settings=settings(
            max_examples=max(steps // STEPS_A_RUN, 1),
            stateful_step_count=STEPS_A_RUN,
            deadline=None,
            derandomize=False,
            database=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert played["accepted"] > played["tried"] // 3
