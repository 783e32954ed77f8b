"""What needs somebody's eye, and only that."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graphmem.analysis import Ailment, Health, health
from graphmem.model import Anchor, AnchorKind, At, Kind, LinkKind, Origin, Statement
from graphmem.sources.source_key import RECORDED_IN
from tests.analysis.conftest import Told, day

NOW = At(day(28))


def ailments(found: Health, key: str) -> list[Ailment]:
    return [one.ailment for one in found.concerns if one.memory == key]


def test_what_is_new_and_told_by_people_is_well(told: Told) -> None:
    told.add("fine", day(20), "src/a.py")
    found = health(told.memory.to_networkx(at=NOW), present={"src/a.py"})
    assert (found.holding, found.ailing, found.concerns) == (1, 0, ())
    assert found.notes == ("unused memories cannot be listed: the ledger does not record reads",)


def test_the_one_that_does_not_lead_is_contested(told: Told) -> None:
    first, second = told.add("a", day(1), subject="s"), told.add("b", day(5), subject="s")
    (concern,) = health(told.memory.to_networkx(at=NOW)).concerns
    assert (concern.memory, concern.ailment, concern.title) == (first, Ailment.CONTESTED, "a")
    assert concern.why == "b leads against it, by the rule 'start'"
    assert concern.fix == f"graphmem supersede {first} {second}"


def test_what_rests_on_something_past_is_adrift(told: Told) -> None:
    base, roof = told.add("base", day(1)), told.add("roof", day(1))
    told.memory.link(roof, base, LinkKind.DEPENDS_ON)
    assert health(told.memory.to_networkx(at=NOW)).concerns == ()
    told.memory.end(base, at=day(3))
    found = health(told.memory.to_networkx(at=NOW))
    assert (ailments(found, roof), found.concerns[0].why) == ([Ailment.ADRIFT], "depends on base, which is ended")


@pytest.mark.parametrize(
    ("present", "why"),
    [
        ({"src/a.py", "src/b.py"}, None),
        ({"src/a.py"}, "src/b.py does not exist"),
        ((), "src/a.py, src/b.py do not exist"),
    ],
)
def test_files_that_are_gone_are_named(told: Told, present: set[str], why: str | None) -> None:
    told.add("a", day(1), "src/a.py", "src/b.py")
    found = health(told.memory.to_networkx(at=NOW), present=present)
    assert [one.why for one in found.concerns] == ([] if why is None else [why])


def test_a_folder_is_there_with_its_files_and_a_glob_speaks_of_files_to_come(told: Told) -> None:
    told.add("a", day(1), "src/", "docs/", "**/*.sql")
    found = health(told.memory.to_networkx(at=NOW), present={"src/a.py"})
    assert [one.why for one in found.concerns] == ["docs/ does not exist"]


def test_the_file_in_which_something_stands_recorded_is_not_what_it_speaks_of(told: Told) -> None:
    record = Anchor(AnchorKind.FILE, "mem0/all/m1", "r", RECORDED_IN)
    told.memory.add(Statement(title="a", kind=Kind.FACT, anchors=(record,)), start=day(1))
    assert health(told.memory.to_networkx(at=NOW), present={"src/a.py"}).concerns == ()


def test_files_are_left_alone_unless_they_are_given(told: Told) -> None:
    told.add("a", day(1), "src/a.py")
    found = health(told.memory.to_networkx(at=NOW))
    assert (found.concerns, len(found.notes)) == ((), 2)


def test_what_was_confirmed_is_neither_stale_nor_unverified(told: Told) -> None:
    old = told.add("old", day(1), origin=Origin.AGENT)
    graph = told.memory.to_networkx(at=At(day(1, 6)))
    assert ailments(health(graph, stale_after_days=100), old) == [Ailment.STALE, Ailment.UNVERIFIED]
    assert ailments(health(graph, stale_after_days=200), old) == [Ailment.UNVERIFIED]
    told.clock.now = day(1, 5)
    told.memory.confirm(old)
    assert health(told.memory.to_networkx(at=At(day(1, 6))), stale_after_days=100).ailing == 0


@pytest.mark.parametrize("origin", Origin)
def test_hearsay_is_what_is_trusted_less_than_a_document(told: Told, origin: Origin) -> None:
    key = told.add("a", day(20), origin=origin)
    is_hearsay = origin in {Origin.AGENT, Origin.CONVERSATION, Origin.EXTERNAL}
    assert (ailments(health(told.memory.to_networkx(at=NOW)), key) == [Ailment.UNVERIFIED]) is is_hearsay


def test_what_does_not_hold_needs_no_eye(told: Told) -> None:
    told.memory.end(told.add("a", day(1), origin=Origin.AGENT), at=day(2))
    found = health(told.memory.to_networkx(at=NOW), stale_after_days=1)
    assert (found.holding, found.concerns) == (0, ())


def test_counts_name_every_ailment(told: Told) -> None:
    told.add("a", day(1), origin=Origin.AGENT)
    found = health(told.memory.to_networkx(at=NOW))
    assert found.counts == {**dict.fromkeys(Ailment, 0), Ailment.UNVERIFIED: 1}
    assert replace(found, concerns=()).counts == dict.fromkeys(Ailment, 0)
