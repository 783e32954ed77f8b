"""Many memories in one call: wherever each lives, with what each of them supersedes."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

import pytest

from graphmem.answers import OnSimilar, Written
from graphmem.errors import Conflict, Forbidden, GraphMemError, InvalidInput, NotFound
from graphmem.model import (
    At,
    Kind,
    Move,
    Origin,
    Propose,
    Scope,
    Statement,
    Status,
    SupersessionKind,
)
from graphmem.service import GraphMemory, New, ServiceContext, Write
from graphmem.store import Filter
from tests.fake_embedder import no_embedder
from tests.oracle import OracleStore
from tests.service.conftest import REPO, TickingClock, day

OTHER, ANN, ORG = Scope(repo="other"), Scope(repo="r", user="ann"), Scope()
EVERYTHING = Filter(include_history=True)


def new(title: str, *supersedes: str | int, start: datetime | None = None, **rest: object) -> New:
    return New(statement=Statement(title=title), supersedes=supersedes, start=start, **rest)  # type: ignore[arg-type]


def held(memory: GraphMemory, scope: Scope = REPO, as_of: datetime | None = None) -> set[str]:
    return {card.title for card in memory.list(scope=scope, at=None if as_of is None else At(as_of)).cards}


def told(written: Sequence[Written]) -> list[str]:
    """What became of each item, in one word."""
    names = {"Add": "added", "Confirm": "confirmed", "Supersede": "superseded", "Propose": "proposed"}
    return [names[type(one.change.operation).__name__] for one in written]


# ---- where items live


def test_items_live_in_several_repositories_and_with_several_people(memory: GraphMemory) -> None:
    written = memory.add_many(
        [new("Use tabs"), new("Use spaces", scope=OTHER), new("Short lines", scope=ANN), new("MIT", scope=ORG)]
    )
    assert told(written) == ["added"] * 4
    assert held(memory) == {"Use tabs", "MIT"}
    assert held(memory, OTHER) == {"Use spaces", "MIT"}
    assert held(memory, ANN) == {"Use tabs", "Short lines", "MIT"}
    # An entry is of who writes it: of the caller where that sees what is written, else of the place.
    assert [one.change.writer for one in written] == [REPO, OTHER, ANN, REPO]


def test_items_live_on_branches(memory: GraphMemory) -> None:
    memory.open_branch("x")
    there = replace(REPO, branch="x")
    memory.add_many([new("Try tabs", scope=there), new("Use spaces")])
    assert held(memory) == {"Use spaces"}
    assert held(memory, there) == {"Try tabs", "Use spaces"}


def test_an_item_of_another_tenant_is_refused_with_all_others(memory: GraphMemory) -> None:
    with pytest.raises(Forbidden):
        memory.add_many([new("Use tabs"), new("Of others", scope=Scope("acme"))])
    assert held(memory) == set()


# ---- what items supersede


def test_an_item_supersedes_a_memory_by_its_id_or_its_alias(memory: GraphMemory, clock: TickingClock) -> None:
    old = memory.add("Use MySQL", start=day(1)).ids[0]
    aliased = memory.add(Statement(title="Use tabs", aliases=("ADR-7",)), start=day(1)).ids[0]
    clock.pass_days(30)
    written = memory.add_many([new("Use PostgreSQL", old, start=day(9)), new("Use spaces", "adr-7", start=day(9))])
    assert [one.ids[0] for one in written] == [old, aliased]
    assert told(written) == ["superseded", "superseded"]
    assert held(memory) == {"Use PostgreSQL", "Use spaces"}
    assert held(memory, as_of=day(8)) == {"Use MySQL", "Use tabs"}


def test_an_item_supersedes_those_before_it_by_position_or_by_their_ids(memory: GraphMemory) -> None:
    items = [
        new("one", start=day(1), id="first"),
        new("two", 0, start=day(2)),
        new("three", 1, start=day(3), id="third"),
        new("four", "third", start=day(4)),
    ]
    written = memory.add_many(items)
    assert told(written) == ["added", "superseded", "superseded", "superseded"]
    assert [one.ids[0] for one in written[1:]] == [one.ids[-1] for one in written[:3]]
    assert (written[0].ids, written[2].ids[-1]) == (("first",), "third")
    assert [held(memory, as_of=day(number)) for number in (1, 2, 3, 4)] == [{"one"}, {"two"}, {"three"}, {"four"}]


def test_an_item_takes_over_from_several(memory: GraphMemory) -> None:
    old = memory.add("Use tabs in C").ids[0]
    memory.add_many([new("Use tabs in Go"), new("Use spaces everywhere", 0, old)])
    assert held(memory) == {"Use spaces everywhere"}


def test_an_item_supersedes_what_was_confirmed_in_place_of_an_item(memory: GraphMemory) -> None:
    kept = memory.add("Use tabs", start=day(1)).ids[0]
    confirmed, superseded = memory.add_many([new("Use tabs"), new("Use spaces", 0)])
    assert (confirmed.is_confirmation, superseded.ids[0]) == (True, kept)
    assert held(memory) == {"Use spaces"}


def test_an_item_supersedes_what_says_the_same_but_for_punctuation(memory: GraphMemory) -> None:
    kept = memory.add("Use tabs", start=day(1)).ids[0]
    written = memory.add_many([new("Use tabs."), new("Use spaces", 0)], on_similar=OnSimilar.SKIP)
    assert (written[0].is_confirmation, written[1].ids[0]) == (True, kept)
    assert held(memory) == {"Use spaces"}


def test_an_item_lives_where_what_it_supersedes_lives_unless_it_says_where(memory: GraphMemory) -> None:
    memory.add_many([new("Everywhere tabs", id="wide", scope=ORG), new("Ours are tabs", id="ours", scope=ORG)])
    memory.add_many([new("Everywhere spaces", "wide"), new("Ours are spaces", "ours", scope=REPO)])
    assert held(memory) == {"Everywhere spaces", "Ours are spaces"}
    assert held(memory, OTHER) == {"Everywhere spaces", "Ours are tabs"}


def test_an_item_follows_an_item_to_where_that_lives(memory: GraphMemory) -> None:
    items = [new("one", scope=OTHER, id="a"), new("two", 0), new("three", "a", scope=OTHER), new("four", 1)]
    with pytest.raises(Conflict):
        memory.add_many(items)
    memory.add_many([*items[:2], new("three", 1)])
    assert (held(memory, OTHER), held(memory)) == ({"three"}, set())
    with pytest.raises(NotFound):
        memory.add_many([new("one", scope=OTHER), new("two", 0, scope=REPO)])


def test_what_an_item_supersedes_may_be_named_without_a_tuple() -> None:
    assert New(statement="a", supersedes="ADR-1").supersedes == ("ADR-1",)  # type: ignore[arg-type]
    assert New(statement="a", supersedes=0).supersedes == (0,)  # type: ignore[arg-type]
    assert New(statement="a", supersedes=["b", 0]).supersedes == ("b", 0)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput):
        New(statement="a", supersession="sometimes")  # type: ignore[arg-type]


def test_a_text_restates_what_it_supersedes(memory: GraphMemory) -> None:
    old = memory.add(Statement(title="Use MySQL", kind=Kind.DECISION, subject="stack.database")).ids[0]
    items = [New(statement="Use PostgreSQL\nIt has JSON", supersedes=(old,)), New(statement="Hello\nworld")]
    items.append(New(statement="Use SQLite", supersedes=(0,)))
    first, second, third = (memory.get(one.ids[-1]).memory.statement for one in memory.add_many(items))
    assert first is not None
    assert second is not None
    assert third is not None
    assert (first.title, first.body, first.kind, first.subject) == (
        "Use PostgreSQL",
        "It has JSON",
        Kind.DECISION,
        "stack.database",
    )
    assert (second.title, second.body, second.kind) == ("Hello", "world", Kind.FACT)
    assert (third.kind, third.subject) == (Kind.DECISION, "stack.database")


def test_an_item_corrects_from_the_start_of_what_it_corrects(memory: GraphMemory, clock: TickingClock) -> None:
    old = memory.add("The port is 80", start=day(1)).ids[0]
    clock.pass_days(40)
    written = memory.add_many([new("The port is 8080", old, supersession=SupersessionKind.CORRECTION)])
    assert memory.get(written[0].ids[-1]).holding[0].start == day(1)
    assert memory.get(old).holding == ()


def test_an_item_takes_over_for_a_while_and_for_a_reason(memory: GraphMemory) -> None:
    memory.add_many([new("Open", id="open", start=day(1))])
    item = new("Frozen", "open", start=day(5), until=day(7), reason="release")
    (written,) = memory.add_many([item], write=Write(reason="all of it"))
    assert held(memory, as_of=day(6)) == {"Frozen"}
    assert held(memory, as_of=day(8)) == {"Open", "Frozen"}
    assert written.change.provenance.reason == "release"
    (other,) = memory.add_many([new("Else")], write=Write(reason="all of it"))
    assert other.change.provenance.reason == "all of it"


def test_an_item_with_a_life_takes_over_at_its_first_activation(memory: GraphMemory) -> None:
    memory.add_many([new("Use tabs", id="old", start=day(1))])
    life = (Move(Status.PROPOSED, day(2)), Move(Status.ACTIVE, day(5)))
    memory.add_many([new("Use spaces", "old", moves=life)])
    assert [held(memory, as_of=day(number)) for number in (4, 5)] == [{"Use tabs"}, {"Use spaces"}]


def test_words_that_are_not_trusted_enough_are_only_proposed(memory: GraphMemory) -> None:
    old = memory.add("Use tabs").ids[0]
    said = Statement(title="Use spaces", origin=Origin.CONVERSATION)
    written = memory.add_many([New(statement=said, supersedes=(old,)), new("Use UTF-8"), new("Use UTF-16", 1)])
    assert told(written) == ["proposed", "added", "superseded"]
    assert written[0].is_proposal
    assert "only a proposal" in written[0].notes[0]
    assert held(memory) == {"Use tabs", "Use UTF-16"}
    assert memory.get(written[0].ids[-1]).state == "proposed"


def test_a_speaker_who_is_not_trusted_enough_only_proposes(memory: GraphMemory) -> None:
    memory.add_many([new("Use tabs", id="old")])
    said = Statement(title="Use spaces", origin=Origin.AGENT)
    bound = memory.add(Statement(title="Sign commits", is_mandatory=True)).ids[0]
    written = memory.add_many(
        [
            New(statement=said, supersedes=("old",)),
            New(statement=replace(said, title="Sign none"), supersedes=(bound,)),
        ],
        write=Write(origin=Origin.AGENT),
    )
    assert told(written) == ["superseded", "proposed"]
    assert isinstance(written[1].change.operation, Propose)


# ---- what is refused, all of it


@pytest.mark.parametrize(
    ("items", "error", "words"),
    [
        ([new("a", 0)], InvalidInput, "item 0 supersedes item 0"),
        ([new("a"), new("b", 2), new("c")], InvalidInput, "item 1 supersedes item 2"),
        ([new("a"), new("b", -1)], InvalidInput, "item 1 supersedes item -1"),
        ([new("a"), new("b", "nothing of ours")], NotFound, ""),
        ([new("a", "late"), new("b", id="late")], NotFound, ""),
        ([new("a", "ADR-1")], InvalidInput, "names 2 memories"),
        ([new("a", "theirs")], NotFound, ""),
        ([new("a", id="a"), new("b", "a"), new("c", "a")], Conflict, ""),
        ([new("a", 0, supersession=SupersessionKind.AMENDMENT)], InvalidInput, "would amend"),
        ([new("a", until=day(3))], InvalidInput, "supersedes nothing"),
        ([new("a", start=day(5), id="a"), new("b", "a", start=day(2))], InvalidInput, ""),
        ([new("a", start=day(5).replace(tzinfo=None))], InvalidInput, "no time zone"),
        ([New(statement=" ")], InvalidInput, "no text"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_batch_with_anything_wrong_in_it_is_not_recorded(
    memory: GraphMemory, items: list[New], error: type[GraphMemError], words: str
) -> None:
    memory.add_many([New(statement=Statement(title=str(one), aliases=("ADR-1",))) for one in (1, 2)])
    memory.add_many([new("Of others", id="theirs", scope=Scope(repo="r", user="bob"))])
    before = memory.status().changes
    with pytest.raises(error, match=words or None):
        memory.add_many([new("good"), *items] if "item" not in words else items)
    assert memory.status().changes == before


def test_a_batch_is_refused_if_what_it_supersedes_changed_since_it_was_seen(memory: GraphMemory) -> None:
    memory.add_many([new("Use tabs", id="old")])
    seen = memory.status().changes
    memory.confirm("old")
    with pytest.raises(Conflict):
        memory.add_many([new("Use spaces", "old")], write=Write(seen=seen))


# ---- returning to earlier words


def test_words_that_are_said_again_are_a_new_memory_that_supersedes(memory: GraphMemory, clock: TickingClock) -> None:
    clock.pass_days(9)
    first, second, third = memory.add_many(
        [new("Use tabs", start=day(1)), new("Use spaces", 0, start=day(2)), new("Use tabs", 1, start=day(3))]
    )
    assert third.ids[-1] not in (*first.ids, *second.ids)
    assert [held(memory, as_of=day(number)) for number in (1, 2, 3)] == [{"Use tabs"}, {"Use spaces"}, {"Use tabs"}]
    assert [memory.get(one.ids[-1]).state for one in (first, second, third)] == ["superseded", "superseded", "holds"]


def test_words_that_hold_no_more_are_recorded_anew_and_those_that_hold_are_confirmed(memory: GraphMemory) -> None:
    superseded, ended, retracted = (one.ids[0] for one in memory.add_many([new("a"), new("b"), new("c")]))
    memory.supersede(superseded, "other words for it")
    memory.end(ended)
    memory.retract(retracted)
    again = memory.add_many([new("a"), new("b"), new("c")])
    assert told(again) == ["added"] * 3
    assert told(memory.add_many([new("a"), new("b"), new("c")])) == ["confirmed"] * 3
    assert [memory.get(key).state for key in (superseded, ended, retracted)] == ["superseded", "ended", "retracted"]


# ---- sent again


def log(memory: GraphMemory) -> list[New]:
    memory.add(Statement(title="Use MySQL", aliases=("ADR-1",)), start=day(1))
    memory.add("Use tabs", start=day(1))
    return [
        new("Use tabs"),
        New(statement="Use PostgreSQL", supersedes=("ADR-1",)),
        new("Use spaces", 0),
        new("Use tabs", 2),
        new("Elsewhere", scope=OTHER),
        new("Fixed", 4, scope=OTHER),
    ]


def test_a_log_that_is_imported_again_changes_nothing(memory: GraphMemory, clock: TickingClock) -> None:
    items = log(memory)
    first = memory.add_many(items, write=Write(op_id="log"))
    count, now = memory.status().changes, held(memory)
    clock.pass_days(9)
    assert memory.add_many(items, write=Write(op_id="log")) == first
    assert (memory.status().changes, held(memory)) == (count, now)


def test_a_log_that_grew_goes_on_from_what_was_confirmed(memory: GraphMemory) -> None:
    kept = memory.add("Use tabs", start=day(1)).ids[0]
    memory.add_many([new("Use tabs")], write=Write(op_id="log"))
    written = memory.add_many([new("Use tabs"), new("Use spaces", 0)], write=Write(op_id="log"))
    assert (told(written), written[1].ids[0]) == (["confirmed", "superseded"], kept)


def test_the_op_id_of_a_batch_cannot_mean_another_supersession(memory: GraphMemory) -> None:
    memory.add_many([new("a", start=day(1)), new("b", 0, start=day(2))], write=Write(op_id="log"))
    with pytest.raises(Conflict, match="log/1"):
        memory.add_many([new("a", start=day(1)), new("b", 0, start=day(3))], write=Write(op_id="log"))


def test_a_batch_that_many_send_at_once_is_recorded_once(memory: GraphMemory) -> None:
    items = log(memory)
    before = memory.status().changes
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: memory.add_many(items, write=Write(op_id="log")), range(12)))
    assert all(one == answers[0] for one in answers)
    assert memory.status().changes == before + len(items) + sum(bool(item.supersedes) for item in items)


def test_of_batches_that_supersede_one_memory_at_once_one_wins_whole(memory: GraphMemory) -> None:
    head = memory.add("version", start=day(1)).ids[0]

    def race(number: int) -> bool:
        try:
            memory.add_many([new(f"beside {number}"), new(f"next {number}", head), new(f"last {number}", 1)])
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(race, range(8)))
    assert won.count(True) == 1
    assert held(memory) == {f"beside {won.index(True)}", f"last {won.index(True)}"}


# ---- as one by one


def one_by_one(memory: GraphMemory, items: Sequence[New], ids: dict[int, str]) -> list[int]:
    """Write items by single calls; which of them were not refused."""
    kept = []
    for index, item in enumerate(items):
        olds = [ids.get(one, "gone") for one in item.supersedes if isinstance(one, int)]
        write = Write(scope=item.scope)
        try:
            if olds:
                ids[index] = memory.supersede(
                    olds, item.statement, at=item.start, until=item.until, kind=item.supersession, write=write
                ).ids[-1]
            else:
                ids[index] = memory.add(item.statement, start=item.start, on_similar=None, write=write).ids[0]
        except GraphMemError:
            continue
        kept.append(index)
    return kept


def drawn(seed: int) -> list[New]:
    chance = random.Random(seed)  # noqa: S311
    items = []
    for index in range(24):
        is_correction = chance.random() < 0.1
        items.append(
            New(
                statement=Statement(
                    title=chance.choice("abcd"),
                    origin=chance.choice([Origin.HUMAN] * 5 + [Origin.AGENT] + [Origin.EXTERNAL] * 2),
                    is_mandatory=False,
                ),
                scope=chance.choice([REPO, REPO, OTHER, ANN, ORG]),
                start=None if is_correction else day(chance.randint(1, 9)),
                supersedes=tuple(chance.sample(range(index), 1)) if index and chance.random() < 0.6 else (),
                supersession=SupersessionKind.CORRECTION if is_correction else SupersessionKind.UPDATE,
            )
        )
    return [replace(one, start=day(1)) if not one.supersedes and one.start is None else one for one in items]


def renumbered(items: Sequence[New], kept: list[int]) -> list[New]:
    places = {index: place for place, index in enumerate(kept)}
    olds = {index: tuple(places[one] for one in items[index].supersedes if isinstance(one, int)) for index in kept}
    # A single supersession lets the new live where the old does.
    return [replace(items[index], supersedes=olds[index], scope=_place(items, index)) for index in kept]


def _place(items: Sequence[New], index: int) -> Scope | None:
    item = items[index]
    return item.scope if not item.supersedes else _place(items, int(item.supersedes[0]))


def answers(memory: GraphMemory) -> list[object]:
    """What is told at every day and place, by words, and what became of all memories."""
    places = (REPO, OTHER, ANN, ORG)
    days = [(place, number) for place in places for number in range(1, 10)]
    in_force = [sorted(card.title for card in memory.list(scope=place, at=At(day(one))).cards) for place, one in days]
    lives = [
        sorted((card.title, card.state, str(card.holding)) for card in memory.list(EVERYTHING, scope=place).cards)
        for place in places
    ]
    return [in_force, lives]


def context(clock: Callable[[], datetime]) -> ServiceContext:
    return ServiceContext(OracleStore(), scope=REPO, actor="tester", clock=clock, embedder=no_embedder)


@pytest.mark.parametrize("seed", range(8))
def test_a_batch_says_what_its_items_say_one_by_one(memory: GraphMemory, seed: int) -> None:
    single, items = GraphMemory(context(TickingClock())), drawn(seed)
    kept = one_by_one(single, items, {})
    memory.add_many(renumbered(items, kept))
    assert answers(memory) == answers(single)


def test_drawn_batches_hold_all_that_may_become_of_an_item() -> None:
    seen = set[str]()
    for seed in range(8):
        kept = one_by_one(GraphMemory(context(TickingClock())), drawn(seed), {})
        seen |= set(told(GraphMemory(context(TickingClock())).add_many(renumbered(drawn(seed), kept))))
    assert seen == {"added", "confirmed", "superseded", "proposed"}
