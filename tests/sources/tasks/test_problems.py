"""The list of problems is limited."""

from __future__ import annotations

from graphmem.sources.observations import Problem
from graphmem.sources.tasks.problems import MAX_PROBLEMS, limited


def test_many_problems_are_counted() -> None:
    one = Problem("a", 1, "no JSON")
    assert limited([one] * MAX_PROBLEMS) == (one,) * MAX_PROBLEMS
    assert limited([one] * (MAX_PROBLEMS + 5))[-1].reason == "5 more problems"
