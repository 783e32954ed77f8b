"""The demo's questions: in the words of superseded decisions, and pairs that differ in valid or recorded time."""

from __future__ import annotations

from datetime import UTC, datetime

from graphmem import At
from graphmem.deferred_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class DemoQuestion:
    """A question; `needs_records` is True if only this project's own decisions answer it."""

    text: str
    needs_records: bool = False


@dataclass(frozen=True, slots=True)
class Pair:
    """A question at two points in time.

    Attributes:
        lesson: The point that the pair demonstrates.
        points: The two points, each with a label.
    """

    lesson: str
    text: str
    points: tuple[tuple[str, At], tuple[str, At]]


def _day(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


QUESTIONS = (
    DemoQuestion("Which embedded engine do we use, Kuzu?", needs_records=True),
    DemoQuestion("Do we embed texts with sentence-transformers by default?", needs_records=True),
    DemoQuestion('Is "superseded" stored as a state of the old memory?', needs_records=True),
    DemoQuestion("Which core metadata version do packages use, 1.2 with environment markers?"),
    DemoQuestion("Which tag do wheels for Linux carry, manylinux2010 built on CentOS 6?"),
    DemoQuestion("Can release files stand outside the index, behind explicit links?"),
)

#: Questions without titles, some about rejected options; the last has no answer.
EVERYDAY = (
    DemoQuestion("should I use kuzu", needs_records=True),
    DemoQuestion("do scores add up", needs_records=True),
    DemoQuestion("how are api keys stored", needs_records=True),
    DemoQuestion("which language model makes the vectors", needs_records=True),
    DemoQuestion("is there a javascript build step", needs_records=True),
    DemoQuestion("should I use yaml for build requirements"),
    DemoQuestion("should a lock file be json"),
    DemoQuestion("should requirements be inferred from imports"),
    DemoQuestion("how do wheels for linux name the libc"),
    DemoQuestion("what is the weather"),
)

AS_OF = Pair(
    "as_of: the decision in force then",
    "Which core metadata version do packages use?",
    (
        ("as of 2008", At(as_of=_day(2008, 1, 1))),
        ("as of 2015", At(as_of=_day(2015, 1, 1))),
    ),
)

KNOWN_AT = Pair(
    "known_at: the knowledge of then. PEP 600 took effect in December 2019; its elders recorded it only in June 2021.",
    "Does the manylinux2014 tag, built on CentOS 7, hold in June 2020?",
    (
        ("as known in June 2020", At(as_of=_day(2020, 6, 1), known_at=_day(2020, 6, 1))),
        ("as known today", At(as_of=_day(2020, 6, 1))),
    ),
)
