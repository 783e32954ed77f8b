"""Keys that callers write become canonical; those of no known type are refused, and stored ones stay readable."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graphmem import Alternative, GraphMemory, Outcome, Statement
from graphmem.errors import InvalidInput
from graphmem.guard.levels import Enforcement
from graphmem.model import Add, Memory, Move, Request, Status
from graphmem.service import New, Write
from graphmem.service.guard_answers import FileEdit
from tests.service.conftest import REPO, day


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
        ("symbol: std::vector", "symbol:std::vector"),
        ("command:pip  install x", "command:pip install x"),
    ],
)
def test_every_write_of_a_statement_stores_canonical_keys(memory: GraphMemory, key: str, stored: str) -> None:
    first = memory.add(_with(key)).ids[0]
    (second,) = memory.add_many([New(statement=_with(key, "We use UTC"))])
    third = memory.supersede(first, _with(key, "We use pendulum")).ids[-1]
    assert [_key_of(memory, each) for each in (first, second.ids[0], third)] == [stored] * 3


@pytest.mark.parametrize(
    "key",
    [
        "redis",
        "std::vector",
        "https://pypi.org/project/x",
        "dependency:pytz",
        "pkg:nuget/x",
        "import:cobol:x",
        "pkg:pypi/x@1",
    ],
)
def test_an_unknown_or_malformed_type_is_refused_and_nothing_is_written(memory: GraphMemory, key: str) -> None:
    old = memory.add("We use local time").ids[0]
    writes = (memory.add, lambda said: memory.add_many([New(statement=said)]), lambda said: memory.supersede(old, said))
    for write in writes:
        with pytest.raises(InvalidInput, match=r"pkg:|pypi|python"):
            write(_with(key))
    assert [card.id for card in memory.list().cards] == [old]


def test_a_stored_key_without_a_type_is_read_and_only_a_note(memory: GraphMemory) -> None:
    context = memory._context  # noqa: SLF001 - as an earlier release wrote it
    request = context.write_request(Write())
    old = Memory(request.new_id(), REPO, replace(_with("pytz"), is_mandatory=True))
    context.apply([Request(request.op_id, Add(old, (Move(Status.ACTIVE, day(1)),)), REPO, request.provenance)])
    (finding,) = memory.guard(edits=[FileEdit("a.py", "import pytz\n")], enforcement=Enforcement.DENY).findings
    assert (_key_of(memory, old.id), finding.level) == ("pytz", "note")
    assert memory.guard(edits=[FileEdit("a.py", "import pytz_deprecation_shim\n")]).findings == ()
