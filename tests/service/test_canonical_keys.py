"""Keys that callers write become canonical; unknown types are refused, and untyped ones stay as they are."""

from __future__ import annotations

import pytest

from graphmem import Alternative, GraphMemory, Outcome, Statement
from graphmem.errors import InvalidInput
from graphmem.service import New


def _with(key: str, title: str = "We use zoneinfo") -> Statement:
    return Statement(title=title, alternatives=(Alternative("pytz", Outcome.REJECTED, "old", (key,)),))


def _key_of(memory: GraphMemory, memory_id: str) -> str:
    statement = memory.get(memory_id).memory.statement
    assert statement is not None
    return statement.alternatives[0].keys[0]


@pytest.mark.parametrize(
    ("key", "stored"),
    [
        ("pkg:pypi/PyYAML", "pkg:pypi/pyyaml?import=yaml"),
        ("redis", "redis"),
        ("std::vector", "std::vector"),
        ("https://pypi.org/project/x", "https://pypi.org/project/x"),
    ],
)
def test_every_write_of_a_statement_stores_canonical_keys(memory: GraphMemory, key: str, stored: str) -> None:
    first = memory.add(_with(key)).ids[0]
    (second,) = memory.add_many([New(statement=_with(key, "We use UTC"))])
    third = memory.supersede(first, _with(key, "We use pendulum")).ids[-1]
    assert [_key_of(memory, each) for each in (first, second.ids[0], third)] == [stored] * 3


@pytest.mark.parametrize("key", ["dependency:pytz", "pkg:nuget/x", "import:cobol:x", "pkg:pypi/x@1"])
def test_an_unknown_or_malformed_type_is_refused_and_nothing_is_written(memory: GraphMemory, key: str) -> None:
    for write in (memory.add, lambda said: memory.add_many([New(statement=said)])):
        with pytest.raises(InvalidInput, match=r"pkg:|pypi|python"):
            write(_with(key))
    assert memory.list().cards == ()
