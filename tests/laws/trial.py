"""The part of the laws that a mutant is put through: `python -m tests.laws.trial SECONDS [machine] [cases] [refusals]`.

Prints what failed and exits with 1 at the first failure; SIGXCPU ends it after so many seconds of processor time.
"""

from __future__ import annotations

import io
import os
import resource
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

# Tests take their settings as they are imported. A machine that has much else to do is no fault of the kernel, and what
# fails once has failed: a smaller example would be no better.
settings.register_profile(
    "trial",
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=30,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
settings.load_profile("trial")

from tests.laws import (  # noqa: E402
    test_cases,
    test_chains,
    test_derivation,
    test_plain_succession,
    test_precedence,
    test_spans,
)
from tests.laws.machine import Machine  # noqa: E402
from tests.oracle.planned import PlannedStore  # noqa: E402

SEED, RUNS, STEPS = 1, 50, 20
# No plug-ins, no conftest.py (which loads settings of its own), no words that nobody reads.
_BARE = ("-q", "-x", "-c", os.devnull, "--noconftest", "--assert=plain", "--tb=no", "-p", "no:cacheprovider")


def machine() -> None:
    """The state machine over the kernel, without shrinking what it finds."""
    run_state_machine_as_test(
        seed(SEED)(type("Tried", (Machine,), {})),
        settings=settings(
            max_examples=RUNS,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            phases=(Phase.generate,),
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )


def cases() -> Iterator[tuple[str, Callable[[], object]]]:
    """Every minimal case over the kernel."""
    for name, case in vars(test_cases).items():
        if name.startswith("test_"):
            yield name, partial(_play, case)


def properties() -> Iterator[tuple[str, Callable[[], object]]]:
    """The properties of spans and chains, each of which takes as long as all cases together."""
    for module in (test_derivation, test_precedence, test_chains, test_spans, test_plain_succession):
        for name, test in vars(module).items():
            # Marked as slow, a test can still be called; with parameters or fixtures it cannot.
            if name.startswith("test_") and {mark.name for mark in getattr(test, "pytestmark", ())} <= {"heavy"}:
                yield name, test


def refusals() -> None:
    """What is refused or only proposed: tests that pytest puts together."""
    folder = Path(test_cases.__file__).parent
    files = [str(folder / name) for name in ("test_trust.py", "test_refusals.py", "test_stand_ins.py")]
    with redirect_stdout(io.StringIO()):
        code = pytest.main([*_BARE, *files])
    assert code == pytest.ExitCode.OK, f"pytest exits with {code}"


def _play(case: Callable[[test_cases.World], object]) -> None:
    case(test_cases.World(PlannedStore()))


def main(parts: list[str]) -> int:
    """0 if all parts pass; else 1, with the name of what failed as the last line."""
    tests = [*cases()] if not parts or "cases" in parts else []
    # The cheapest come first: most mutants are noticed by a case or a refusal.
    tests += [("refusals", refusals)] if not parts or {"cases", "refusals"} & set(parts) else []
    tests += [*properties()] if not parts or "cases" in parts else []
    tests += [("machine", machine)] if not parts or "machine" in parts else []
    for name, test in tests:
        try:
            test()
        except BaseException as failure:  # noqa: BLE001 - a fault may show as anything at all
            first = f"{failure}".strip().partition("\n")[0]
            print(f"{name}: {type(failure).__name__} {first[:60]}")  # noqa: T201
            return 1
    return 0


if __name__ == "__main__":
    seconds = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
    sys.exit(main(sys.argv[2:]))
