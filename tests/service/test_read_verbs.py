from __future__ import annotations

from dataclasses import replace

import pytest

from graphmem.answers import Turn
from graphmem.errors import InvalidInput, NotFound
from graphmem.model import Anchor, AnchorKind, At, Kind, LinkKind, Origin, Statement
from graphmem.service import GraphMemory, Write
from graphmem.store import Filter, Page
from tests.service.conftest import REPO, TickingClock, day

ANN, BOB = replace(REPO, user="ann"), replace(REPO, user="bob")


@pytest.fixture
def databases(memory: GraphMemory, clock: TickingClock) -> tuple[str, str]:
    """MySQL from January, replaced by PostgreSQL in February."""
    old = memory.add(Statement(title="Use MySQL", kind=Kind.DECISION, subject="db"), start=day(1)).ids[0]
    clock.pass_days(60)
    new = memory.supersede(old, "Use PostgreSQL now", at=day(1, 2), write=Write(reason="licence")).ids[1]
    return old, new


def test_a_question_in_old_words_finds_what_holds(memory: GraphMemory, databases: tuple[str, str]) -> None:
    hit = memory.search("MySQL").hits[0]
    assert hit.card.id == databases[1]
    assert tuple(one.id for one in hit.via) == databases
    assert "Use MySQL" in hit.because


def test_a_question_about_the_past_finds_what_held(memory: GraphMemory, databases: tuple[str, str]) -> None:
    assert memory.search("PostgreSQL", at=At(as_of=day(10))).hits[0].card.id == databases[0]


def test_what_was_known_then_is_answered_from_the_ledger(memory: GraphMemory, databases: tuple[str, str]) -> None:
    answer = memory.search("database MySQL", at=At(known_at=1))
    assert [hit.card.id for hit in answer.hits] == [databases[0]]
    assert answer.at.seq == 1


def test_the_future_cannot_have_been_known(memory: GraphMemory, databases: tuple[str, str]) -> None:
    assert databases
    with pytest.raises(InvalidInput, match="not past yet"):
        memory.search("MySQL", at=At(known_at=day(1, 12)))


def test_an_answer_without_vectors_says_so(memory: GraphMemory, databases: tuple[str, str]) -> None:
    assert databases
    answer = memory.search("MySQL")
    assert (answer.mode, answer.note) == ("lexical", "no model in this test")


def test_pages_continue_without_overlap(memory: GraphMemory) -> None:
    keys = {memory.add(f"rule number {number}").ids[0] for number in range(7)}
    seen: list[str] = []
    cursor = None
    while True:
        answer = memory.search("rule number", page=Page(3, cursor))
        seen.extend(hit.card.id for hit in answer.hits)
        cursor = answer.cursor
        if cursor is None:
            break
        memory.add(f"rule number {len(seen)} added meanwhile")
    assert (len(seen), set(seen)) == (7, keys)


def test_a_cursor_of_another_question_is_refused(memory: GraphMemory) -> None:
    for number in range(3):
        memory.add(f"rule {number}")
    cursor = memory.search("rule", page=Page(1)).cursor
    with pytest.raises(InvalidInput, match="does not belong to this query"):
        memory.search("other", page=Page(1, cursor))


def test_history_tells_both_sides_with_evidence(memory: GraphMemory, databases: tuple[str, str]) -> None:
    old, new = databases
    told = memory.history(old)
    assert [(step.memory.id, step.evidence) for step in told.successors] == [(new, "licence")]
    assert [card.id for card in told.chain] == [old, new]
    assert [step.memory.id for step in memory.history(new).predecessors] == [old]


def test_explain_names_the_successor_and_the_date(memory: GraphMemory, databases: tuple[str, str]) -> None:
    told = memory.explain(databases[0])
    assert told.reasons[0] == "superseded by 'Use PostgreSQL now' on 2026-02-01"
    assert [hit.card.id for hit in told.resolves_to] == [databases[1]]


def test_explain_marks_what_rests_on_something_superseded(memory: GraphMemory, databases: tuple[str, str]) -> None:
    key = memory.add("Deploy the MySQL operator").ids[0]
    memory.link(key, databases[0], LinkKind.DEPENDS_ON)
    assert memory.explain(key).suspect == ("depends on 'Use MySQL', which is superseded now",)


def test_diff_tells_what_appeared_and_vanished(memory: GraphMemory, databases: tuple[str, str]) -> None:
    found = memory.diff(At(as_of=day(10))).differences
    assert {(one.turn, one.card.id) for one in found} == {
        (Turn.VANISHED, databases[0]),
        (Turn.APPEARED, databases[1]),
    }


def test_a_timeline_orders_lanes_and_says_who_led(memory: GraphMemory, databases: tuple[str, str]) -> None:
    lanes = memory.timeline(subject="db").lanes
    assert [lane.card.id for lane in lanes] == list(databases)
    assert lanes[0].leads[0].end == lanes[1].leads[0].start == day(1, 2)


def test_a_timeline_of_a_path_finds_what_is_about_it(memory: GraphMemory) -> None:
    about = (Anchor(AnchorKind.FILE, "src/db.py", "r"),)
    key = memory.add(Statement(title="pool of 5", anchors=about)).ids[0]
    memory.add("elsewhere")
    assert [lane.card.id for lane in memory.timeline(path="src/db.py").lanes] == [key]


def test_two_in_force_for_one_subject_are_a_conflict(memory: GraphMemory) -> None:
    ours = memory.add(Statement(title="double quotes", subject="quotes")).ids[0]
    agents = memory.add(Statement(title="single quotes", subject="quotes", origin=Origin.AGENT)).ids[0]
    (found,) = memory.conflicts().conflicts
    assert [card.id for card in found.claims] == [ours, agents]
    assert found.rule == "trust of origin"
    assert agents in found.ways[1]


def test_a_private_preference_outranks_the_shared_rule_without_a_conflict(memory: GraphMemory) -> None:
    memory.add(Statement(title="double quotes", subject="quotes"))
    mine = memory.add(Statement(title="single quotes", subject="quotes"), write=Write(scope=ANN)).ids[0]
    head = memory.search("quotes", scope=ANN).hits[0].head
    assert head is not None
    assert head.id == mine
    assert memory.conflicts(scope=ANN).conflicts == ()
    assert [hit.card.title for hit in memory.search("quotes", scope=BOB).hits] == ["double quotes"]


def test_nothing_private_shows_in_what_others_read(memory: GraphMemory) -> None:
    shared = memory.add("Use tabs everywhere").ids[0]
    memory.supersede(shared, "Use spaces myself", write=Write(scope=ANN))
    private = memory.add("my own note", write=Write(scope=ANN)).ids[0]
    with pytest.raises(NotFound):
        memory.get(private, scope=BOB)
    assert "my own note" not in repr(memory.changes(scope=BOB))
    assert memory.history(shared, scope=BOB).successors == () or memory.get(shared, scope=BOB).state == "superseded"


def test_a_listing_filters_and_pages(memory: GraphMemory) -> None:
    for number in range(5):
        memory.add(Statement(title=f"c{number}", kind=Kind.CONVENTION, labels=("style",)))
    memory.add("a fact")
    first = memory.list(Filter(labels=("style",)), page=Page(3))
    rest = memory.list(Filter(labels=("style",)), page=Page(3, first.cursor))
    assert [card.title for card in (*first.cards, *rest.cards)] == ["c4", "c3", "c2", "c1", "c0"]
    assert rest.cursor is None


def test_history_included_lists_what_no_longer_holds(memory: GraphMemory, databases: tuple[str, str]) -> None:
    every = memory.list(Filter(include_history=True)).cards
    assert {(card.id, card.state.value) for card in every} == {(databases[0], "superseded"), (databases[1], "holds")}


def test_an_unknown_id_is_not_found(memory: GraphMemory) -> None:
    with pytest.raises(NotFound, match="'nope'"):
        memory.history("nope")


def test_a_search_with_history_returns_what_no_longer_holds_too(
    memory: GraphMemory, databases: tuple[str, str]
) -> None:
    hits = memory.search("MySQL or PostgreSQL", where=Filter(include_history=True)).hits
    assert {(hit.card.id, hit.holds) for hit in hits} == {(databases[0], False), (databases[1], True)}


def test_a_link_brings_its_other_end_only_from_when_it_was_made_until_it_is_revoked(memory: GraphMemory) -> None:
    alpha, other = memory.add("alpha").ids[0], memory.add("unrelated").ids[0]
    made = memory.link(alpha, other, LinkKind.DEPENDS_ON).change.seq
    memory.revoke(made)
    found = [{hit.card.id for hit in memory.search("alpha", at=At(known_at=seq)).hits} for seq in (2, 3, 4)]
    assert found == [{alpha}, {alpha, other}, {alpha}]


def test_pages_go_on_past_what_the_first_looked_at(memory: GraphMemory) -> None:
    keys = {memory.add(f"rule number {number}").ids[0] for number in range(60)}
    seen: list[str] = []
    cursor = None
    for _ in range(6):
        answer = memory.search("rule", page=Page(10, cursor))
        seen.extend(hit.card.id for hit in answer.hits)
        cursor = answer.cursor
    assert set(seen) == keys
