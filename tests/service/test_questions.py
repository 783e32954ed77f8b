"""Edges of the reading verbs: points, pages, chains and what stands beside a memory."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from graphmem.answers import Hit, Interval, Turn
from graphmem.errors import InvalidInput
from graphmem.model import Anchor, AnchorKind, At, Kind, LinkKind, Origin, Statement, Status, SupersessionKind
from graphmem.retrieval.request import Sort
from graphmem.service import GraphMemory, New, ServiceContext, Write
from graphmem.store import Filter, Page
from tests.fake_embedder import no_embedder
from tests.oracle import OracleStore
from tests.service.conftest import REPO, TickingClock, day


def record(memory: GraphMemory, *keys: str, **said: object) -> None:
    for key in keys:
        memory.add_many([New(statement=Statement(**{"title": key, **said}), id=key)])  # type: ignore[arg-type]


@pytest.mark.parametrize("known_at", [-1, 3])
def test_a_position_is_one_of_the_ledger(memory: GraphMemory, known_at: int) -> None:
    record(memory, "a", "b")
    with pytest.raises(InvalidInput, match="this ledger has 0 to 2"):
        memory.list(at=At(known_at=known_at))


def test_before_the_first_entry_nothing_is_known(memory: GraphMemory) -> None:
    record(memory, "a")
    assert memory.list(at=At(known_at=0)).cards == ()
    assert memory.list(at=At(known_at=day(1) - timedelta(days=99))).at.seq == 0


def test_a_moment_means_the_last_entry_before_it(memory: GraphMemory, clock: TickingClock) -> None:
    record(memory, "a")
    clock.pass_days(2)
    record(memory, "b")
    assert memory.list(at=At(known_at=clock.now - timedelta(days=1))).at.seq == 1


def test_what_was_recorded_before_the_clock_fell_back_is_past(memory: GraphMemory, clock: TickingClock) -> None:
    clock.pass_days(9)
    record(memory, "a")
    recorded = memory.changes()[0].recorded_at
    clock.pass_days(-9)
    assert memory.list(at=At(known_at=recorded)).at.seq == 1


@pytest.mark.parametrize("op_id", ["", "x" * 201])
def test_an_op_id_has_some_characters_but_not_many(memory: GraphMemory, op_id: str) -> None:
    with pytest.raises(InvalidInput, match="1 to 200 characters"):
        memory.add("t", write=Write(op_id=op_id))


@pytest.mark.parametrize("limit", [0, -1])
def test_at_least_one_change_is_asked_for(memory: GraphMemory, limit: int) -> None:
    with pytest.raises(InvalidInput, match="not at least 1"):
        memory.changes(limit=limit)


def test_changes_continue_past_a_position(memory: GraphMemory) -> None:
    record(memory, "a", "b", "c")
    assert [one.seq for one in memory.changes(limit=2)] == [1, 2]
    assert [one.seq for one in memory.changes(after=2)] == [3]
    assert memory.changes(after=3) == ()


def test_hidden_changes_do_not_shorten_a_page(memory: GraphMemory) -> None:
    mine = Write(scope=replace(REPO, user="ann"))
    for number in range(5):
        memory.add(f"mine {number}", write=mine)
        memory.add(f"ours {number}")
    assert [one.seq for one in memory.changes(limit=3)] == [2, 4, 6]


def test_a_timeline_is_of_one_thing(memory: GraphMemory) -> None:
    for both in (None, "s"):
        with pytest.raises(InvalidInput, match="either `subject` or `path`"):
            memory.timeline(subject=both, path=both)


def test_a_listing_may_put_the_most_trusted_first(memory: GraphMemory) -> None:
    record(memory, "agent", origin=Origin.AGENT)
    record(memory, "human")
    record(memory, "talk", origin=Origin.CONVERSATION)
    assert [card.id for card in memory.list(sort=Sort.CONFIDENCE).cards] == ["human", "agent", "talk"]


def test_a_listing_by_state_tells_those_that_do_not_hold(memory: GraphMemory) -> None:
    record(memory, "a", "b", "c")
    memory.transition("a", Status.DEFERRED)
    memory.end("b")
    wanted = Filter(statuses=(Status.DEFERRED, Status.ENDED))
    assert [card.id for card in memory.list(wanted).cards] == ["b", "a"]


def test_a_cursor_of_a_listing_is_not_one_of_a_search(memory: GraphMemory) -> None:
    record(memory, "a rule", "b rule")
    cursor = memory.list(page=Page(1)).cursor
    with pytest.raises(InvalidInput, match="does not belong to this query"):
        memory.search("rule", page=Page(1, cursor))


def test_a_chain_is_told_in_order_through_splits_and_joins(memory: GraphMemory, clock: TickingClock) -> None:
    clock.pass_days(40)
    for key, start in (("old", 1), ("left", 3), ("right", 4), ("joined", 9)):
        memory.add_many([New(statement=Statement(title=key), id=key)])
        memory.transition(key, Status.ACTIVE, at=day(start))
    memory.supersede("old", ["left", "right"], at=day(41 - 10))
    memory.supersede(["left", "right"], "joined", at=day(31))
    assert [card.id for card in memory.history("left").chain] == ["old", "left", "joined"]
    assert [card.id for card in memory.history("old").chain] == ["old", "left", "right", "joined"]


def test_history_tells_amendments_apart_from_successors(memory: GraphMemory) -> None:
    record(memory, "rule")
    new = memory.amend("rule", "docs are exempt", "documentation").ids[1]
    told = memory.history("rule")
    assert [(step.memory.id, step.part) for step in told.amendments] == [(new, "documentation")]
    assert [step.memory.id for step in memory.history(new).amends] == ["rule"]


def test_a_diff_tells_what_took_the_place(memory: GraphMemory, clock: TickingClock) -> None:
    record(memory, "old")
    clock.pass_days(9)
    new = memory.supersede("old", "something new").ids[1]
    found = memory.diff(At(known_at=1)).differences
    assert {one.turn: (one.card.id, [other.id for other in one.replaced]) for one in found} == {
        Turn.VANISHED: ("old", [new]),
        Turn.APPEARED: (new, ["old"]),
    }


def test_a_diff_of_two_equal_points_is_empty(memory: GraphMemory) -> None:
    record(memory, "a")
    at = At(day(2), known_at=1)
    assert memory.diff(at, at).differences == ()


def test_a_correction_that_is_gone_again_leaves_no_difference(memory: GraphMemory) -> None:
    record(memory, "a")
    undone = memory.supersede("a", "better words", kind=SupersessionKind.CORRECTION)
    memory.revoke(undone.change.seq)
    memory.retract(undone.ids[1])
    assert memory.diff(At(day(2), known_at=1), At(day(2))).differences == ()


def test_explain_tells_what_is_linked_from_both_sides(memory: GraphMemory) -> None:
    record(memory, "a", "b")
    memory.link("a", "b", LinkKind.DEPENDS_ON)
    assert [(one.memory.id, one.is_outgoing) for one in memory.explain("a").related] == [("b", True)]
    assert [(one.memory.id, one.is_outgoing) for one in memory.explain("b").related] == [("a", False)]
    assert memory.explain("a").suspect == ()


def test_explain_tells_who_leads_and_who_is_behind(memory: GraphMemory) -> None:
    record(memory, "a", subject="s")
    record(memory, "b", subject="s", origin=Origin.AGENT)
    told = [memory.explain(key).contested for key in ("a", "b")]
    assert [[(one.memory.id, one.rule) for one in some] for some in told] == [
        [("b", "trust of origin")],
        [("a", "trust of origin")],
    ]
    memory.retract("a")
    memory.retract("b")
    assert memory.explain("a").contested == ()


def test_a_lane_leads_only_while_no_stronger_one_holds(memory: GraphMemory, clock: TickingClock) -> None:
    clock.pass_days(60)
    memory.add(Statement(title="agent says", subject="s", origin=Origin.AGENT), start=day(1))
    key = memory.add(Statement(title="human says", subject="s"), start=day(5)).ids[0]
    memory.end(key, at=day(9))
    weak, strong = memory.timeline(subject="s").lanes
    assert weak.leads == (Interval(day(1), day(5)), Interval(day(9), None))
    assert strong.leads == (Interval(day(5), day(9)),)


def test_a_long_text_is_cut_at_a_word_for_its_title(memory: GraphMemory) -> None:
    text = "word " * 60
    said = memory.get(memory.add(text, kind=Kind.FACT).ids[0]).memory.statement
    assert said is not None
    assert (said.title[-6:], len(said.title), said.body) == (" word…", 195, text.strip())


def test_an_empty_batch_writes_nothing(memory: GraphMemory) -> None:
    assert memory.add_many([]) == []
    assert memory.status().changes == 0


class CountingStore(OracleStore):
    """Counts what is asked of it."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []

    def __getattribute__(self, name: str) -> object:
        if name in {"match", "neighbours", "rows", "select", "position", "model"}:
            self.calls.append(name)
        return super().__getattribute__(name)


def test_a_search_asks_for_matches_neighbours_and_what_is_shown(clock: TickingClock) -> None:
    store = CountingStore()
    memory = GraphMemory(ServiceContext(store, scope=REPO, actor="t", clock=clock, embedder=no_embedder))
    record(memory, "Use tabs", "Use spaces", subject="indent")
    store.calls.clear()
    answer = memory.search("use tabs")
    # The oracle's own answers ask for rows, too.
    assert [call for call in store.calls if call != "rows"] == ["match", "neighbours", "select"]
    # What is overruled matches better, and comes behind what overrules it all the same.
    assert [(hit.card.id, hit.head and hit.head.id) for hit in answer.hits] == [
        ("Use spaces", "Use spaces"),
        ("Use tabs", "Use spaces"),
    ]


def test_pages_of_any_size_agree_although_only_some_ask_for_neighbours(memory: GraphMemory) -> None:
    together = (Anchor(AnchorKind.COMPONENT, "workers"),)
    record(memory, *(f"The retry queue keeps {'many ' * number}jobs" for number in range(5)), anchors=together)
    record(memory, "Logs are JSON", "Colours are blue", anchors=together)
    record(memory, "Deadlines come from the caller", "Deadlines are a minute", subject="deadlines", anchors=together)
    record(memory, "The retry queue has deadlines", subject="deadlines")
    at_once = memory.search("retry queue", limit=20)
    assert "Logs are JSON" in [hit.card.title for hit in at_once.hits]
    for limit in (1, 2, 3, 5):
        page, turned = memory.search("retry queue", limit=limit), list[Hit]()
        turned += page.hits
        while page.cursor is not None:
            page = memory.search("retry queue", page=Page(limit, page.cursor))
            turned += page.hits
        assert [(hit.card.id, hit.relevance) for hit in turned] == [
            (hit.card.id, hit.relevance) for hit in at_once.hits
        ]
        assert memory.search("retry queue", limit=limit).weaker == at_once.weaker


def test_a_number_and_parts_of_the_scope_are_given_by_name(memory: GraphMemory) -> None:
    memory.add("Tabs for everybody")
    memory.add("Tabs for Ann", user="ann")
    memory.add("Tabs elsewhere", repo="elsewhere", user=None)
    assert len(memory.search("tabs", limit=1, user="ann").hits) == 1
    assert {hit.card.title for hit in memory.search("tabs", user="ann").hits} == {"Tabs for everybody", "Tabs for Ann"}
    assert [card.title for card in memory.list(repo="elsewhere", limit=5).cards] == ["Tabs elsewhere"]
    assert memory.get(memory.list(user="ann", limit=1).cards[0].id, user="ann").title == "Tabs for Ann"


def test_a_page_has_its_own_limit(memory: GraphMemory) -> None:
    with pytest.raises(InvalidInput, match="not both"):
        memory.search("tabs", limit=1, page=Page(2))
    with pytest.raises(TypeError, match="colour"):
        memory.search("tabs", colour="red")  # type: ignore[call-arg]
