"""Every saved query, run on a server, says what the library says of the same history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import combinations

import pytest

from graphmem import Filter, Kind, Page
from graphmem.answers import Card
from graphmem.model import At, Outcome, Revoke, Status, Supersede, SupersessionKind
from tests.browser.conftest import QUERIES, World
from tests.browser.world import GONE, on

ALL = Page(1_000)

# Whichever asks first starts the server, for which a busy machine takes a minute.
pytestmark = pytest.mark.timeout(400)


def cards(world: World, where: Filter | None = None, at: At | None = None) -> list[Card]:
    """What the library lists."""
    return list(world.memory.list(where, at=at or world.latest, page=ALL).cards)


def ids(found: Iterable[Card]) -> set[str]:
    return {one.id for one in found}


def supersessions(world: World) -> list[tuple[str, str, Supersede, datetime]]:
    """(old, new, operation, recorded at) of all that were not undone, off the ledger."""
    ledger = world.memory.changes(limit=1_000)
    undone = {one.operation.change for one in ledger if isinstance(one.operation, Revoke)}
    made = [(one, one.operation) for one in ledger if isinstance(one.operation, Supersede) and one.seq not in undone]
    return [(old, new, said, one.recorded_at) for one, said in made for old in said.old for new in said.new]


def around(world: World, key: str) -> set[str]:
    """All that is chained to a memory."""
    near = defaultdict(set)
    for old, new, _, _ in supersessions(world):
        near[old].add(new)
        near[new].add(old)
    found, todo = {key}, [key]
    while todo:
        todo += (fresh := near[todo.pop()] - found)
        found |= fresh
    return found


def with_alias(world: World, alias: str) -> str:
    found = cards(world, Filter(include_history=True))
    return next(one.id for one in found if one.memory.statement and alias in one.memory.statement.aliases)


def titled(world: World, title: str) -> str:
    return next(one.id for one in cards(world, Filter(include_history=True)) if one.title == title)


def test_there_are_at_least_twelve_questions_and_all_have_answers(world: World) -> None:
    assert len(QUERIES) >= 12
    silent = [name for name in QUERIES if not world.ask(name, gone=[GONE])]
    assert silent == []


def test_no_query_writes(world: World) -> None:
    for one in QUERIES.values():
        explained = world.driver.execute_query(f"EXPLAIN {one.text}", dict(world.examples))
        assert explained.summary.query_type == "r", one.name


def test_the_examples_are_of_the_graph(world: World) -> None:
    assert world.examples["subject"] == "PEP 643"
    assert world.ids("what-holds-for-a-file")
    assert (world.examples["tenant"], world.examples["gone"]) == ("default", [])


def test_what_replaced_what_is_every_supersession_that_was_not_undone(world: World) -> None:
    paths = [row["path"] for row in world.ask("what-replaced-what")]
    found = {(path.start_node["id"], path.end_node["id"]) for path in paths}
    assert found == {(old, new) for old, new, _, _ in supersessions(world)}


@pytest.mark.parametrize("alias", ["PEP 345", "PEP 513", "ADR-0002"])
def test_the_life_of_a_subject_is_its_chain(world: World, alias: str) -> None:
    rows = world.ask("life-of-a-subject", subject=alias)
    found = {node["id"] for row in rows for node in row["life"].nodes}
    assert found == around(world, with_alias(world, alias))


def test_its_dates_are_when_each_held(world: World) -> None:
    rows = world.ask("dates-of-a-subject", subject="PEP 345")
    held = {row["memory"]: (row["held from"], row["until"]) for row in rows}
    for key in around(world, with_alias(world, "PEP 345")):
        card = world.memory.get(key, at=world.latest)
        ends = (card.holding[0].start, card.holding[-1].end) if card.holding else (None, None)
        assert held[card.title] == tuple(None if one is None else one.date().isoformat() for one in ends)


def test_the_dates_of_a_subject_name_nothing_that_was_erased(world: World) -> None:
    (row,) = world.ask("dates-of-a-subject", subject=titled(world, "Staging has no password"))
    assert (row["memory"], row["replaced by"]) == ("Staging has no password", [])


@pytest.mark.parametrize("path", ["src/orders/store.py", "docs/decisions/", "src/", GONE, "nothing.py"])
def test_what_holds_for_a_file_is_what_the_library_lists(world: World, path: str) -> None:
    assert world.ids("what-holds-for-a-file", path=path) == ids(cards(world, Filter(paths=(path,))))


@pytest.mark.parametrize("path", ["app/stock.py", "lib/counted.py", "lib/"])
def test_the_life_of_a_file_has_all_its_paths_and_the_memories_about_them(world: World, path: str) -> None:
    rows = world.ask("life-of-a-file", path=path)
    assert {(row["old"]["name"], row["renamed"]["similarity"], row["new"]["name"]) for row in rows} == {
        ("app/stock.py", 80, "lib/stock.py"),
        ("lib/stock.py", 55, "lib/counted.py"),
    }
    assert {row["m"]["title"] for row in rows if row["m"]} == {
        "Stock is counted in one file",
        "Stock is never below zero",
    }
    assert world.ask("life-of-a-file", path="src/orders/store.py") == []
    assert world.ask("life-of-a-file", path=path, repo="example.org/other") == []


def test_the_renames_of_a_file_have_their_dates_and_tags(world: World) -> None:
    rows = [row.values() for row in world.ask("renames-of-a-file", path="lib/counted.py")]
    assert rows == [
        ["2022-01-01", "app/stock.py", "lib/stock.py", 80, "2" * 40, "v2"],
        ["2024-01-01", "lib/stock.py", "lib/counted.py", 55, "3" * 40, None],
    ]


DAYS = [on(2003), on(2008), on(2014, 6), on(2018), on(2021, 6), on(2024, 3), on(2025, 1, 15), on(2026)]


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_what_held_on_a_day_is_what_the_library_lists(world: World, day: datetime) -> None:
    assert world.ids("what-held-on-a-day", as_of=day) == ids(cards(world, at=At(day)))


def test_what_was_known_to_hold_is_what_the_library_says_for_both_times(world: World) -> None:
    ledger = world.memory.changes(limit=1_000)
    known = [ledger[place].recorded_at for place in (3, 20, 60, 90, 120, 150, len(ledger) - 8, len(ledger) - 1)]
    differing = 0
    for known_at in known:
        for day in DAYS:
            expected = ids(cards(world, at=At(day, known_at)))
            assert world.ids("what-was-known-to-hold", as_of=day, known_at=known_at) == expected, (day, known_at)
            differing += expected != ids(cards(world, at=At(day)))
    assert differing > len(known)


def test_what_changed_is_the_ledger_since_then(world: World) -> None:
    ledger = world.memory.changes(limit=1_000)
    since = ledger[-40].recorded_at
    assert {row["c"]["seq"] for row in world.ask("what-changed", since=since)} == {one.seq for one in ledger[-40:]}
    assert world.ask("what-changed", since=ledger[-1].recorded_at + timedelta(days=1)) == []


@pytest.mark.parametrize("alias", ["PEP 345", "PEP 440", "ADR-0002"])
def test_why_it_stands_so_is_every_entry_about_it(world: World, alias: str) -> None:
    history = world.memory.history(with_alias(world, alias), at=world.latest)
    assert {row["c"]["seq"] for row in world.ask("why-it-stands-so", subject=alias)} == {
        one.seq for one in history.changes
    }


def test_why_it_stands_so_says_nothing_of_what_is_private(world: World) -> None:
    shared = titled(world, "Releases are tagged by a script")
    entries = {row["c"]["seq"] for row in world.ask("why-it-stands-so", subject=shared)}
    assert entries == {one.seq for one in world.memory.history(shared, at=world.latest).changes}
    assert len(entries) == 2


def test_rejected_alternatives_are_those_of_what_holds(world: World) -> None:
    rows = world.ask("rejected-alternatives")
    expected = {
        (card.id, one.name)
        for card in cards(world)
        if card.memory.statement is not None
        for one in card.memory.statement.alternatives
        if one.outcome is Outcome.REJECTED
    }
    assert {(row["m"]["id"], row["a"]["name"]) for row in rows} == expected
    assert len(expected) > 20


def test_what_rests_on_something_that_holds_no_more(world: World) -> None:
    rows = world.ask("resting-on-superseded")
    assert {(row["m"]["title"], row["basis"]["title"], row["next"]["title"]) for row in rows} >= {
        ("Reports read a replica", "Orders live in PostgreSQL", "Orders live in CockroachDB")
    }
    assert ("Alerts read the log files", "Logs go to a stream") in {
        (row["m"]["title"], row["next"]["title"]) for row in rows
    }
    holding, readable = ids(cards(world)), ids(cards(world, Filter(include_history=True)))
    assert all(row["m"]["id"] in holding and row["basis"]["id"] in readable - holding for row in rows)


def test_open_conflicts_are_those_of_the_library(world: World) -> None:
    found = {frozenset((row["first"]["id"], row["second"]["id"])) for row in world.ask("open-conflicts")}
    open_ones = world.memory.conflicts(at=world.latest).conflicts
    assert found == {frozenset(pair) for one in open_ones for pair in combinations(sorted(ids(one.claims)), 2)}
    assert {row["found"] for row in world.ask("open-conflicts")} >= {"one subject", "said so"}


def test_who_decided_what_counts_decisions(world: World) -> None:
    (row,) = world.ask("who-decided-what")
    decisions = Filter(kinds=(Kind.DECISION,), include_history=True)
    assert (row["who"], row["decisions"]) == ("packaging", len(cards(world, decisions)))
    assert row["hold now"] == len(cards(world, Filter(kinds=(Kind.DECISION,))))


def test_what_was_replaced_most_often(world: World) -> None:
    first, *others = world.ask("most-often-replaced")
    assert (first["replaced"], first["now"]) == (
        4,
        "Core metadata 2.1: extras, a typed long description, and a JSON form",
    )
    assert {("stack.database", 2), ("release.tag", 1)} <= {(row["subject"], row["replaced"]) for row in others}
    readable = {one.title for one in cards(world, Filter(include_history=True))}
    assert {row["now"] for row in others} <= readable


def test_memories_about_files_that_are_gone(world: World) -> None:
    (row,) = world.ask("about-files-that-are-gone", gone=[GONE, "src/other.py"])
    assert (row["m"]["title"], row["file"]["name"]) == ("The old parser stays as it is", GONE)
    assert world.ask("about-files-that-are-gone", gone=[]) == []


def test_what_waits_was_never_in_force(world: World) -> None:
    found = cards(world, Filter(statuses=(Status.PROPOSED, Status.DEFERRED), include_history=True))
    assert {row["id"] for row in world.ask("waiting-for-a-decision")} == {one.id for one in found if not one.holding}
    assert "Deploys move to another service" in {row["memory"] for row in world.ask("waiting-for-a-decision")}


def test_what_was_learned_late_is_recorded_long_after_it_began(world: World) -> None:
    late = {
        (old, new)
        for old, new, said, recorded_at in supersessions(world)
        if said.kind is not SupersessionKind.CORRECTION and said.at and recorded_at > said.at + timedelta(days=1)
    }
    readable = {one.id: one.title for one in cards(world, Filter(include_history=True))}
    titles = {(readable[old], readable[new]) for old, new in late if {old, new} <= set(readable)}
    assert len(titles) < len(late)
    rows = world.ask("learned-late")
    assert {(row["what gave way"], row["to what"]) for row in rows} == titles
    assert rows[0]["days"] == max(row["days"] for row in rows) > 6_000
