"""The laws notice every fault that was thought of; `pytest -m mutants` runs only this."""

from __future__ import annotations

import pytest

from tests.laws.mutants import CONTROL, MUTANTS, Mutant, attempt_all, source


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_mutant_has_its_one_place_in_the_kernel(mutant: Mutant) -> None:
    assert source(mutant).count(mutant.before) == 1


@pytest.mark.mutants
@pytest.mark.heavy
@pytest.mark.unmeasured
@pytest.mark.timeout(600)
def test_every_mutant_of_the_kernel_is_killed() -> None:
    control, *verdicts = attempt_all((CONTROL, *MUTANTS))
    assert control.killed_by is None
    assert [one.mutant.name for one in verdicts if one.killed_by is None] == []
