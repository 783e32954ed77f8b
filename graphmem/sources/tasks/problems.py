"""The problems of a reading of tasks."""

from __future__ import annotations

from collections.abc import Sequence

from graphmem.sources.observations import Problem

#: Problems that a reading lists; of the others it gives the number.
MAX_PROBLEMS = 200


def limited(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """The first problems, and the number of the others."""
    if len(problems) <= MAX_PROBLEMS:
        return tuple(problems)
    rest = Problem("", 0, f"{len(problems) - MAX_PROBLEMS} more problems")
    return (*problems[:MAX_PROBLEMS], rest)
