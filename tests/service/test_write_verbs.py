from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from graphmem.errors import Conflict, InvalidInput, NotFound, SecretRefused
from graphmem.model import Kind, Move, Origin, Scope, Statement, Status, SupersessionKind
from graphmem.secrets.policy import SecretPolicy
from graphmem.service import GraphMemory, New, ServiceContext, Write
from graphmem.service.secret_gate import SecretGate
from graphmem.store import Store
from tests.fake_embedder import no_embedder
from tests.service.conftest import REPO, TickingClock, day


def titles(memory: GraphMemory) -> set[str]:
    return {card.title for card in memory.list().cards}


def test_a_text_gives_its_first_line_as_title(memory: GraphMemory) -> None:
    key = memory.add("Use tabs\nbecause of the editors", kind=Kind.CONVENTION).ids[0]
    said = memory.get(key).memory.statement
    assert said is not None
    assert (said.title, said.body, said.kind) == ("Use tabs", "because of the editors", Kind.CONVENTION)


def test_an_empty_text_is_refused(memory: GraphMemory) -> None:
    with pytest.raises(InvalidInput, match="no text"):
        memory.add("  \n ")


def test_what_already_holds_is_confirmed_not_stored_twice(memory: GraphMemory) -> None:
    first = memory.add("Use tabs")
    second = memory.add("Use tabs")
    assert second.is_confirmation
    assert second.ids == first.ids


def test_the_same_op_id_changes_nothing_and_answers_the_same(memory: GraphMemory) -> None:
    first = memory.add("Use tabs", write=Write(op_id="once"))
    again = memory.add("Use tabs", write=Write(op_id="once"))
    assert again == first
    assert memory.status().changes == 1


def test_an_op_id_used_for_something_else_is_a_conflict(memory: GraphMemory) -> None:
    memory.add("Use tabs", write=Write(op_id="once"))
    with pytest.raises(Conflict):
        memory.add("Use spaces", write=Write(op_id="once"))


def test_a_replacement_in_words_keeps_kind_and_subject(memory: GraphMemory) -> None:
    old = memory.add(Statement(title="Use MySQL", kind=Kind.DECISION, subject="stack.database")).ids[0]
    new = memory.supersede(old, "Use PostgreSQL now").ids[1]
    said = memory.get(new).memory.statement
    assert said is not None
    assert (said.kind, said.subject) == (Kind.DECISION, "stack.database")
    assert titles(memory) == {"Use PostgreSQL now"}


def test_a_replacement_sent_twice_is_made_once(memory: GraphMemory) -> None:
    old = memory.add("Use MySQL").ids[0]
    first = memory.supersede(old, "Use PostgreSQL now", write=Write(op_id="swap"))
    assert memory.supersede(old, "Use PostgreSQL now", write=Write(op_id="swap")) == first


def test_a_mistyped_successor_id_is_not_taken_for_a_text(memory: GraphMemory) -> None:
    old = memory.add("Use MySQL").ids[0]
    mistyped = "1a" + old[2:]
    with pytest.raises(NotFound):
        memory.supersede(old, mistyped)
    with pytest.raises(NotFound):
        memory.supersede(old, by="nosuchid")
    assert titles(memory) == {"Use MySQL"}


def test_a_second_successor_is_a_conflict_that_names_the_head(memory: GraphMemory) -> None:
    old = memory.add("Use MySQL").ids[0]
    head = memory.supersede(old, "Use PostgreSQL now").ids[1]
    with pytest.raises(Conflict) as refused:
        memory.supersede(old, "Use SQLite instead")
    assert refused.value.heads == (head,)
    assert titles(memory) == {"Use PostgreSQL now"}


def test_a_correction_holds_from_the_start_of_what_it_corrects(memory: GraphMemory, clock: TickingClock) -> None:
    old = memory.add("The port is 80 here", start=day(1)).ids[0]
    clock.pass_days(40)
    new = memory.supersede(old, "The port is 8080 here", kind=SupersessionKind.CORRECTION).ids[1]
    assert memory.get(new).holding[0].start == day(1)
    assert memory.get(old).holding == ()


def test_an_amendment_leaves_the_rest_in_force(memory: GraphMemory) -> None:
    old = memory.add("Review every change").ids[0]
    new = memory.amend(old, "Docs need no review", "documentation").ids[1]
    assert titles(memory) == {"Review every change", "Docs need no review"}
    assert [one.id for one in memory.get(old).amended_by] == [new]


def test_a_revoked_replacement_lets_the_old_hold_again(memory: GraphMemory) -> None:
    old = memory.add("Use MySQL", start=day(1)).ids[0]
    swap = memory.supersede(old, "Use PostgreSQL now")
    memory.revoke(swap.change.seq)
    assert memory.get(old).state == "holds"


def test_what_ended_holds_no_more_but_held(memory: GraphMemory, clock: TickingClock) -> None:
    key = memory.add("Freeze is on", start=day(1)).ids[0]
    clock.pass_days(20)
    memory.end(key, at=day(10), word="lifted")
    card = memory.get(key)
    assert (card.state, card.told and card.told.word) == ("ended", "lifted")
    assert card.holding[0].end == day(10)


def test_many_are_recorded_together_or_not_at_all(memory: GraphMemory) -> None:
    good, clash = New(statement=Statement(title="one"), id="same"), New(statement=Statement(title="two"), id="same")
    with pytest.raises(Conflict):
        memory.add_many([good, clash])
    assert titles(memory) == set()
    assert len(memory.add_many([good, replace(clash, id="other")])) == 2


def test_naive_times_are_refused(memory: GraphMemory) -> None:
    with pytest.raises(InvalidInput, match="time zone"):
        memory.add("Use tabs", start=day(1).replace(tzinfo=None))


def test_branches_show_what_is_written_on_them_to_their_readers_only(memory: GraphMemory) -> None:
    there = replace(REPO, branch="x")
    memory.open_branch("x")
    memory.add("Try tabs", write=Write(scope=there))
    assert titles(memory) == set()
    assert {card.title for card in memory.list(scope=there).cards} == {"Try tabs"}
    memory.merge_branch("x")
    assert titles(memory) == {"Try tabs"}


def test_an_erased_memory_is_nowhere(memory: GraphMemory) -> None:
    key = memory.add("the secret is xyzzy").ids[0]
    memory.erase(key)
    with pytest.raises(NotFound):
        memory.get(key)
    assert not memory.search("xyzzy").hits
    assert "xyzzy" not in "".join(memory.export())


def test_a_refused_secret_never_reaches_the_store(store: Store, clock: TickingClock) -> None:
    gate = partial(SecretGate, SecretPolicy.REJECT)
    memory = GraphMemory(ServiceContext(store, scope=Scope(), actor="t", clock=clock, embedder=no_embedder, gate=gate))
    with pytest.raises(SecretRefused, match="github-pat"):
        memory.add("ghp_" + "aB3dE5gH7j" * 3 + "kL9mN1")
    assert memory.status().changes == 0


def test_a_life_told_by_its_source_keeps_its_words(memory: GraphMemory) -> None:
    life = (Move(Status.PROPOSED, day(1), source_word="Draft"), Move(Status.ACTIVE, day(5), source_word="Final"))
    key = memory.add("PEP 1", moves=life).ids[0]
    assert [(told.word, told.at) for told in memory.history(key).moves] == [("Draft", day(1)), ("Final", day(5))]


def test_who_names_what_was_superseded_returns_to_its_words(memory: GraphMemory, clock: TickingClock) -> None:
    said = Statement(title="Use tabs", subject="style.indent", aliases=("ADR-1",))
    tabs, spaces = memory.add(said, start=day(1)).ids[0], memory.add("Use spaces", start=day(1)).ids[0]
    memory.supersede(tabs, by=spaces, at=day(2))
    clock.pass_days(30)
    again = memory.supersede(spaces, by=tabs, at=day(9)).ids[-1]
    card = memory.get(again)
    assert again not in (tabs, spaces)
    assert (card.memory.statement, card.state, card.holding[0].start) == (said, "holds", day(9))
    assert [memory.get(key).state for key in (tabs, spaces)] == ["superseded", "superseded"]
    assert [hit.card.id for hit in memory.explain(tabs).resolves_to] == [again]
    assert memory.add(said).ids == (again,)


def test_one_may_go_back_and_forth(memory: GraphMemory) -> None:
    first, second = memory.add("Use tabs").ids[0], memory.add("Use spaces").ids[0]
    memory.supersede(first, by=second)
    now, before = second, first
    for _ in range(4):
        now, before = memory.supersede(now, by=before).ids[-1], now
    assert titles(memory) == {"Use spaces"}
    assert len(memory.history(first).moves) == 1


def test_the_words_of_who_is_trusted_less_stay_theirs_when_one_returns_to_them(memory: GraphMemory) -> None:
    theirs = memory.add(Statement(title="Use tabs", origin=Origin.EXTERNAL)).ids[0]
    mine = memory.supersede(theirs, "Use spaces").ids[-1]
    back = memory.supersede(mine, by=theirs)
    assert back.is_proposal
    assert titles(memory) == {"Use spaces"}
    said = memory.get(back.ids[-1]).memory.statement
    assert said is not None
    assert said.origin is Origin.EXTERNAL


def test_what_is_in_force_or_amended_is_no_earlier_words(memory: GraphMemory) -> None:
    whole = memory.add("Review every change").ids[0]
    part = memory.amend(whole, "Docs need no review", "documentation").ids[1]
    other = memory.supersede(part, "Docs are reviewed by writers").ids[1]
    with pytest.raises(InvalidInput):
        memory.supersede(other, by=whole)
    with pytest.raises(InvalidInput):
        memory.amend(other, by=part, part="documentation")
    proposed = memory.add("Try spaces", moves=(Move(Status.PROPOSED, day(1)),)).ids[0]
    held = memory.add("Use tabs", start=day(1)).ids[0]
    memory.supersede(held, by=proposed)
    with pytest.raises(InvalidInput):
        memory.supersede(proposed, by=held)


def test_the_op_id_of_a_return_cannot_mean_another(memory: GraphMemory) -> None:
    first, other = memory.add("Use tabs").ids[0], memory.add("Use two spaces").ids[0]
    second = memory.supersede(first, "Use spaces").ids[-1]
    memory.supersede(second, by=first, write=Write(op_id="back"))
    with pytest.raises(Conflict):
        memory.supersede(second, by=other, write=Write(op_id="back"))
