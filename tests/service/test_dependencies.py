"""What depends on something that is no longer in force is in doubt until it is confirmed."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem.model import At, LinkKind, Move, Scope, Status
from graphmem.service import GraphMemory, New, ServiceContext, Write
from graphmem.store import Store
from tests.fake_embedder import no_embedder
from tests.oracle.planned import PlannedStore
from tests.service.conftest import REPO, TickingClock, day


def record(memory: GraphMemory, *keys: str) -> None:
    memory.add_many(New(statement=key, id=key) for key in keys)


def depends(memory: GraphMemory, source: str, target: str, kind: LinkKind = LinkKind.DEPENDS_ON) -> None:
    memory.link(source, target, kind)


def doubt(memory: GraphMemory, key: str, at: At | None = None) -> list[str]:
    return [one.id for one in memory.get(key, at=at).suspect]


def test_a_superseded_dependency_puts_everything_above_it_in_doubt(memory: GraphMemory) -> None:
    record(memory, "top", "middle", "base")
    depends(memory, "top", "middle")
    depends(memory, "middle", "base", LinkKind.IMPLEMENTS)
    assert doubt(memory, "top") == []
    memory.supersede("base", "another base")
    assert (doubt(memory, "middle"), doubt(memory, "top")) == (["base"], ["middle", "base"])
    assert memory.explain("top").suspect == ("depends on 'middle', which depends on 'base', which is superseded now",)


@pytest.mark.parametrize("close", ["end", "retract"])
def test_what_ends_or_is_retracted_casts_doubt_too(memory: GraphMemory, close: str) -> None:
    record(memory, "a", "b")
    depends(memory, "a", "b", LinkKind.REFINES)
    done = getattr(memory, close)("b")
    assert doubt(memory, "a") == ["b"]
    memory.revoke(done.change.seq)
    assert doubt(memory, "a") == []


def test_a_confirmation_settles_the_doubt_until_the_next_one(memory: GraphMemory) -> None:
    record(memory, "a", "b", "c")
    depends(memory, "a", "b")
    depends(memory, "a", "c")
    memory.end("b")
    memory.confirm("a")
    assert doubt(memory, "a") == []
    memory.end("c")
    assert doubt(memory, "a") == ["c"]


def test_confirming_the_member_between_settles_what_is_above_it(memory: GraphMemory) -> None:
    record(memory, "top", "middle", "base")
    depends(memory, "top", "middle")
    depends(memory, "middle", "base")
    memory.end("base")
    memory.confirm("middle")
    assert doubt(memory, "top") == []


def test_a_confirmed_member_does_not_hide_another_way_to_the_same_end(memory: GraphMemory) -> None:
    record(memory, "top", "checked", "other", "base")
    for source, target in (("top", "checked"), ("checked", "base"), ("top", "other"), ("other", "base")):
        depends(memory, source, target)
    memory.end("base")
    memory.confirm("checked")
    assert doubt(memory, "top") == ["other", "base"]


def test_links_in_a_ring_are_followed_once(memory: GraphMemory) -> None:
    record(memory, "a", "b", "c")
    depends(memory, "a", "b")
    depends(memory, "b", "a")
    depends(memory, "a", "c")
    memory.end("c")
    assert (doubt(memory, "a"), doubt(memory, "b")) == (["c"], ["a", "c"])


def test_a_dependency_that_never_began_casts_no_doubt_but_is_told(memory: GraphMemory) -> None:
    record(memory, "a")
    memory.add_many([New(statement="b", id="b", moves=(Move(Status.PROPOSED, day(1)),))])
    depends(memory, "a", "b")
    assert doubt(memory, "a") == []
    assert memory.explain("a").suspect == ("depends on 'b', which is proposed now",)


def test_a_proposed_successor_casts_no_doubt_before_it_is_accepted(memory: GraphMemory) -> None:
    record(memory, "a", "b")
    depends(memory, "a", "b")
    memory.add_many([New(statement="b2", id="b2", moves=(Move(Status.PROPOSED, day(1, 2)),), supersedes=("b",))])
    assert doubt(memory, "a") == []
    memory.confirm("a")
    memory.transition("b2", Status.ACTIVE, at=day(2, 2))
    assert doubt(memory, "a", At(as_of=day(1, 2))) == []
    assert doubt(memory, "a", At(as_of=day(3, 2))) == ["b"]


def test_the_doubt_is_of_its_time_and_of_what_was_known(memory: GraphMemory) -> None:
    memory.add_many([New(statement="a", id="a", start=day(1)), New(statement="b", id="b", start=day(1))])
    depends(memory, "a", "b")
    before = memory.status().changes
    memory.end("b", at=day(10))
    assert doubt(memory, "a", At(as_of=day(9))) == []
    assert doubt(memory, "a", At(as_of=day(11))) == ["b"]
    assert doubt(memory, "a", At(as_of=day(11), known_at=before)) == []


def test_what_is_not_in_force_itself_is_not_in_doubt(memory: GraphMemory) -> None:
    record(memory, "a", "b")
    depends(memory, "a", "b")
    memory.end("a")
    memory.end("b")
    assert doubt(memory, "a") == []


def test_a_private_successor_casts_doubt_for_its_owner_alone(memory: GraphMemory) -> None:
    record(memory, "a", "b")
    depends(memory, "a", "b")
    ana = Scope(repo="r", user="ana")
    memory.add_many([New(statement="mine", scope=ana, supersedes=("b",))], write=Write(scope=ana))
    assert doubt(memory, "a") == []
    assert [one.id for one in memory.get("a", scope=ana).suspect] == ["b"]


def test_every_reading_verb_shows_the_doubt(memory: GraphMemory) -> None:
    record(memory, "parser", "grammar")
    depends(memory, "parser", "grammar")
    memory.end("grammar")
    cards = [
        memory.search("parser").hits[0].card,
        next(card for card in memory.list().cards if card.id == "parser"),
        memory.history("parser").card,
        memory.explain("parser").card,
    ]
    assert [[one.title for one in card.suspect] for card in cards] == [["grammar"]] * len(cards)
    assert [[one.id for one in card.depends_on] for card in cards] == [["grammar"]] * len(cards)


KEYS = "abcd"
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("link"), st.sampled_from(KEYS), st.sampled_from(KEYS)),
        st.tuples(st.just("confirm"), st.sampled_from(KEYS), st.just("")),
        st.tuples(st.just("end"), st.sampled_from(KEYS), st.just("")),
    ),
    max_size=10,
)


@given(STEPS)
def test_the_doubt_is_that_of_every_chain_spelt_out(steps: list[tuple[str, str, str]]) -> None:
    memory = opened(PlannedStore())
    record(memory, *KEYS)
    links, confirmed, ended = dict[tuple[str, str], int](), dict[str, int](), dict[str, int]()
    for number, (verb, first, second) in enumerate(steps):
        if verb == "link" and first != second and (first, second) not in links:
            depends(memory, first, second)
            links[first, second] = number
        elif verb == "confirm" and first not in ended:
            memory.confirm(first)
            confirmed[first] = number
        elif verb == "end" and first not in ended:
            memory.end(first)
            ended[first] = number
    for key in KEYS:
        assert bool(doubt(memory, key)) is (key not in ended and is_in_doubt([key], links, confirmed, ended))


def is_in_doubt(
    chain: Sequence[str], links: dict[tuple[str, str], int], confirmed: dict[str, int], ended: dict[str, int]
) -> bool:
    """Whether some chain without a repetition leads from the last member to an end that no member is newer than."""
    for source, target in links:
        if source != chain[-1] or target in chain:
            continue
        if target in ended:
            if all(confirmed.get(member, -1) < ended[target] for member in chain):
                return True
        elif is_in_doubt([*chain, target], links, confirmed, ended):
            return True
    return False


def opened(store: Store) -> GraphMemory:
    return GraphMemory(ServiceContext(store, scope=REPO, actor="tester", clock=TickingClock(), embedder=no_embedder))
