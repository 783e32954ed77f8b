"""The laws notice every fault that was thought of; `pytest -m mutants` runs only this."""

from __future__ import annotations

import pytest

from tests.laws.mutants import CONTROL, MUTANTS, attempt_all


@pytest.mark.mutants
@pytest.mark.timeout(600)
def test_every_mutant_of_the_kernel_is_killed() -> None:
    control, *verdicts = attempt_all((CONTROL, *MUTANTS))
    assert control.killed_by is None
    assert [one.mutant.name for one in verdicts if one.killed_by is None] == []
