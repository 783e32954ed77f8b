"""What graphiti is shown of a ledger is what graphmem's own readers are told, at every point of both times."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from graphmem.model import Anchor, AnchorKind, At, Kind, Move, Scope, Statement, Status
from graphmem.projection.values import Entity, Fact, entity_uuid, group_id, name_uuid
from graphmem.service import GraphMemory, ServiceContext, Write
from graphmem.service.projector import Projector
from graphmem.store import Page, Store
from tests.fake_embedder import no_embedder
from tests.oracle import OracleStore
from tests.projection.kept import Kept
from tests.service.conftest import REPO, TickingClock, day
from tests.service.played import ANN, BOB, BRANCH, PROD, Player

TENANT = "default"
HOMES = (Scope(), REPO, ANN, BOB, PROD)
ALL = Page(limit=1000)


def opened(store: Store, kept: Kept, clock: TickingClock) -> GraphMemory:
    context = ServiceContext(
        store,
        scope=REPO,
        actor="t",
        clock=clock,
        embedder=no_embedder,
        projector=Projector(store, kept),
    )
    return GraphMemory(context)


@pytest.fixture
def kept() -> Kept:
    return Kept(seq=0)


@pytest.fixture
def store() -> OracleStore:
    return OracleStore()


@pytest.fixture
def memory(store: OracleStore, kept: Kept) -> GraphMemory:
    clock = TickingClock()
    clock.pass_days(100)
    return opened(store, kept, clock)


def live(kept: Kept, valid: datetime, known: datetime, home: Scope) -> set[str]:
    """The memories that a graphiti reader of one group finds at a point, by its own fields alone."""
    return {
        fact.claim.memory
        for fact in kept.facts.values()
        if fact.claim.group == group_id(home) and fact.claim.name in {kind.upper() for kind in Kind}
        if fact.claim.valid_at is not None and fact.claim.valid_at <= valid
        if fact.claim.invalid_at is None or valid < fact.claim.invalid_at
        if fact.created_at <= known and (fact.expired_at is None or known < fact.expired_at)
    }


def told(memory: GraphMemory, at: At, home: Scope) -> set[str]:
    """The memories that graphmem says hold, of those that live there."""
    cards = memory.list(at=at, scope=home, page=ALL).cards
    return {card.id for card in cards if replace(card.memory.scope, branch=None) == home}


@pytest.mark.parametrize("seed", range(3))
def test_it_holds_what_readers_are_told_at_every_point(
    memory: GraphMemory, store: OracleStore, kept: Kept, seed: int
) -> None:
    Player(memory, seed).play(60)
    for change in store.changes(Scope())[seed::3]:
        for valid in (day(2), day(9), day(20)):
            for home in HOMES:
                expected = told(memory, At(valid, change.seq), home)
                assert live(kept, valid, change.recorded_at, home) == expected, (change.seq, valid, home)


@pytest.mark.parametrize("seed", range(3))
def test_following_each_write_leads_where_rebuilding_leads(
    memory: GraphMemory, store: OracleStore, kept: Kept, seed: int
) -> None:
    player = Player(memory, seed)
    player.play(60)
    memory.erase(player.ids[2])
    whole = Kept()
    Projector(store, whole).switch_on(TENANT)
    assert described(whole) == described(kept)


def test_following_leads_where_rebuilding_leads_though_what_was_shown_is_undone(
    memory: GraphMemory, store: OracleStore, kept: Kept
) -> None:
    (key,) = memory.add("Perhaps", moves=[Move(Status.PROPOSED, day(1))]).ids
    memory.revoke(memory.transition(key, Status.ACTIVE, at=day(3)).change.seq)
    assert kept.entities[entity_uuid(TENANT, key)].attributes["is_believed"] is False
    whole = Kept()
    Projector(store, whole).switch_on(TENANT)
    assert described(whole) == described(kept)


def described(kept: Kept) -> tuple[list[Fact], list[Entity]]:
    """All of it, but for when an anchor came: the memory that brought it may be erased by now."""
    facts = sorted(kept.facts.values(), key=lambda one: one.uuid)
    plain = [one if one.memory is not None else replace(one, created_at=day(1)) for one in kept.entities.values()]
    return facts, sorted(plain, key=lambda one: one.uuid)


def test_a_correction_of_belief_expires_the_old_edge_and_adds_a_row(memory: GraphMemory, kept: Kept) -> None:
    (key,) = memory.add("Logs are text", start=day(1)).ids
    memory.end(key, at=day(9))
    spans = [(one.claim.valid_at, one.claim.invalid_at, one.expired_at is None) for one in kept.facts.values()]
    assert set(spans) == {(day(1), day(9), True), (day(1), None, False)}


def test_undoing_and_doing_again_keeps_each_time_of_belief(memory: GraphMemory, kept: Kept) -> None:
    (key,) = memory.add("Logs are text", start=day(1)).ids
    memory.revoke(memory.end(key, at=day(9)).change.seq)
    rows = [(one.claim.invalid_at, one.expired_at is None) for one in kept.facts.values()]
    assert len(rows) == 3
    assert set(rows) == {(None, False), (None, True), (day(9), False)}


def test_a_succession_is_an_edge_between_the_two(memory: GraphMemory, kept: Kept) -> None:
    (old,) = memory.add("Logs are text", start=day(1)).ids
    new = memory.supersede(old, "Logs are JSON", at=day(9)).ids[1]
    (edge,) = [one.claim for one in kept.facts.values() if one.claim.name == "SUPERSEDED_BY"]
    assert (edge.source, edge.target) == (entity_uuid(TENANT, old), entity_uuid(TENANT, new))
    assert (edge.fact, edge.valid_at) == ("Logs are text was superseded by Logs are JSON", day(9))


def test_a_successor_that_was_never_in_force_is_there_if_its_own_successor_is(memory: GraphMemory, kept: Kept) -> None:
    (old,) = memory.add("Logs are text", start=day(1)).ids
    (between,) = memory.add("Logs are XML", moves=[Move(Status.PROPOSED, day(2))]).ids
    (new,) = memory.add("Logs are JSON everywhere", start=day(9), write=Write(scope=Scope())).ids
    memory.supersede(old, [between], at=day(3))
    memory.supersede(between, [new], at=day(9))
    (edge,) = [one.claim for one in kept.facts.values() if one.claim.name == "SUPERSEDED_BY"]
    assert (edge.source, edge.target) == (entity_uuid(TENANT, old), entity_uuid(TENANT, between))
    assert kept.entities[edge.target].name == "Logs are XML"


def test_each_thing_that_it_is_about_is_a_node_and_the_first_has_the_statement(memory: GraphMemory, kept: Kept) -> None:
    anchors = tuple(Anchor(AnchorKind.FILE, name, "r") for name in ("a.py", "b.py"))
    memory.add(Statement(title="T", body="B", rationale="R", kind=Kind.DECISION, anchors=anchors), start=day(1))
    said = [(kept.entities[one.claim.target].name, one.claim.name, one.claim.fact) for one in kept.facts.values()]
    assert sorted(said) == [("a.py", "DECISION", "T\nB\nR"), ("b.py", "ABOUT", "T (about b.py)")]


def test_what_is_about_nothing_is_about_where_it_lives(memory: GraphMemory, kept: Kept) -> None:
    memory.add("T", start=day(1))
    memory.add("U", start=day(1), write=Write(scope=Scope()))
    assert {kept.entities[one.claim.target].name for one in kept.facts.values()} == {"r", TENANT}


def test_proposals_are_shown_once_they_are_in_force(memory: GraphMemory, kept: Kept) -> None:
    (key,) = memory.add("Perhaps", moves=[Move(Status.PROPOSED, day(1))]).ids
    assert not kept.entities
    memory.transition(key, Status.ACTIVE, at=day(3))
    assert [one.claim.valid_at for one in kept.facts.values()] == [day(3)]


def test_what_is_on_a_branch_is_shown_once_it_is_merged(memory: GraphMemory, kept: Kept) -> None:
    memory.open_branch("x")
    (key,) = memory.add("On a branch", start=day(1), write=Write(scope=BRANCH)).ids
    assert not kept.facts
    merged = memory.merge_branch("x").change
    assert [(one.claim.memory, one.created_at) for one in kept.facts.values()] == [(key, merged.recorded_at)]


def test_erasing_takes_the_words_and_what_only_they_were_about(memory: GraphMemory, kept: Kept) -> None:
    anchors = (Anchor(AnchorKind.FILE, "secret.py", "r"),)
    (old,) = memory.add(Statement(title="The secret", anchors=anchors), start=day(1)).ids
    memory.supersede(old, Statement(title="No more"), at=day(3))
    memory.erase(old)
    assert {one.name for one in kept.entities.values()} == {"No more", "r"}
    assert {one.claim.fact for one in kept.facts.values()} == {"No more"}


def test_erasing_takes_what_it_was_about_though_it_never_held(memory: GraphMemory, kept: Kept) -> None:
    said = Statement(title="The secret", anchors=(Anchor(AnchorKind.FILE, "secret.py", "r"),))
    (key,) = memory.add(said, moves=[Move(Status.PROPOSED, day(1))]).ids
    memory.supersede(key, Statement(title="No more"), at=day(1))
    memory.transition(key, Status.ACTIVE, at=day(3))
    memory.erase(key)
    assert {one.name for one in kept.entities.values()} == {"No more", "r"}


def test_groups_tell_places_apart_and_are_what_graphiti_allows() -> None:
    places = [*HOMES, Scope("a/b"), Scope("a b"), Scope("a", "b"), Scope("東京"), Scope("a", user="b")]
    groups = {group_id(one) for one in places}
    assert len(groups) == len(places)
    assert all(one.isascii() and all(c.isalnum() or c in "-_" for c in one) for one in groups)


def test_a_write_stands_though_it_could_not_be_shown(
    memory: GraphMemory, kept: Kept, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from graphmem.errors import StoreUnavailable

    def fail(*_: object) -> None:
        raise StoreUnavailable("gone")

    with monkeypatch.context() as broken:
        broken.setattr(kept, "advance", fail)
        memory.add("First", start=day(1))
    assert "behind its ledger" in caplog.text
    memory.add("Second", start=day(1))
    assert {one.claim.fact for one in kept.facts.values()} == {"First", "Second"}


def test_parts_that_hold_a_separator_make_no_twins() -> None:
    assert name_uuid("a\x1fb", "c") != name_uuid("a", "b\x1fc")
    assert name_uuid("a", "b") == "f04cdced-9736-869d-a610-3f08a4daaf8c", "names given by earlier releases stay"
