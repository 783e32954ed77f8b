"""Every rule of precedence decides where those before it are equal, and the order is total."""

from __future__ import annotations

from datetime import datetime
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem.model import Add, Memory, OpenBranch, Origin, Request, Retract, Scope, Statement
from graphmem.temporal import Ruling, View, reigns, rule
from graphmem.temporal.precedence import RULES
from graphmem.temporal.spans import containing
from tests.laws.world import ANN, ASKED, ORG, PROD, SPEAKERS, R, X, add, attempt, day, ids_in, moves, send, supersede
from tests.oracle import OracleView
from tests.oracle.planned import PlannedStore

READER = Scope(repo="r", user="ann", branch="x", environment="prod")
HOMES = (R, ORG, ANN, PROD, X)

memories = st.lists(
    st.tuples(
        st.sampled_from(HOMES),
        st.booleans(),
        st.sampled_from(SPEAKERS),
        st.integers(0, 1),
        st.none() | st.integers(0, 1).map(day),
    ),
    min_size=1,
    max_size=6,
)


def said_by(origin: Origin, index: int, observed: datetime | None, *, is_mandatory: bool) -> Statement:
    """A statement that is mandatory if it should and may be."""
    is_bound = is_mandatory and origin.may_mandate
    return Statement(title=f"m{index}", subject="k", is_mandatory=is_bound, origin=origin, observed_at=observed)


def store_of(*adds: Add) -> PlannedStore:
    store = PlannedStore()
    send(store, "branch", OpenBranch("x"))
    for one in adds:
        home = one.memory.scope
        send(
            store, one.memory.id, one, Scope(repo="r", user=home.user, branch=home.branch, environment=home.environment)
        )
    return store


def ruled(store: PlannedStore, reader: Scope = READER) -> Ruling | None:
    ids = ids_in(store.changes(reader))
    return rule(View(store.rows(reader, ids), reader, store.position(reader).seq), ids, day(3))


PAIRS = (
    ("class of trust", add("A", origin=Origin.AGENT), add("B", ("active", 2), home=X, origin=Origin.CONVERSATION)),
    ("mandatory", add("A", home=ORG, is_mandatory=True), add("B", home=ANN)),
    ("mandatory width", add("A", home=ORG, is_mandatory=True), add("B", is_mandatory=True)),
    ("branch", add("A", home=X, origin=Origin.AGENT), add("B", home=ANN)),
    ("scope", add("A", home=ANN, origin=Origin.AGENT), add("B", home=PROD)),
    ("scope", add("A", home=PROD, origin=Origin.AGENT), add("B")),
    ("trust of origin", add("A", origin=Origin.DOCUMENT), add("B", ("active", 2), origin=Origin.AGENT)),
    ("start", add("A", ("active", 2)), add("B", ("active", 1), observed_at=day(5))),
    ("observed at", add("A", observed_at=day(1)), add("B")),
    ("digest of id", add("A"), add("C")),
)


@pytest.mark.parametrize(("name", "winner", "loser"), PAIRS, ids=[pair[0] for pair in PAIRS])
def test_a_rule_decides_when_those_before_it_do_not(name: str, winner: Add, loser: Add) -> None:
    expected = Ruling(winner.memory.id, ((loser.memory.id, name),))
    if name == "digest of id":
        assert ruled(store_of(winner, loser)) in (expected, Ruling("C", (("A", name),)))
    else:
        assert ruled(store_of(winner, loser)) == ruled(store_of(loser, winner)) == expected


def test_documents_and_commits_are_trusted_alike() -> None:
    store = store_of(add("A", origin=Origin.DOCUMENT), add("B", origin=Origin.COMMIT))
    found = ruled(store)
    assert found is not None
    assert found.contested[0][1] == "digest of id"


def test_nothing_that_holds_has_no_head() -> None:
    store = store_of(add("A"))
    send(store, "gone", Retract("A"))
    assert ruled(store) is None


@given(memories)
def test_the_order_is_total_and_the_oracle_agrees(drawn: list[tuple[Scope, bool, Origin, int, None]]) -> None:
    adds = []
    for index, (home, is_mandatory, origin, start, observed) in enumerate(drawn):
        said = said_by(origin, index, observed, is_mandatory=is_mandatory)
        adds.append(Add(Memory(f"m{index}", home, said), moves(("active", start))))
    store = store_of(*adds)
    found = ruled(store)
    assert found is not None
    assert (found.head, found.contested) == OracleView(store.changes(R), READER).rule(ids_in(store.changes(R)), day(3))
    assert {name for _, name in found.contested} <= set(RULES)
    view = View(store.rows(READER, ids_in(store.changes(R))), READER, store.position(R).seq)
    for order in list(permutations([one.memory.id for one in adds]))[:6]:
        assert rule(view, order, day(3)) == found


edges = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.integers(0, 5),
        st.integers(1, 3),
        st.none() | st.just(4),
        st.sampled_from(["update", "amendment"]),
    ),
    max_size=4,
)


@given(memories, edges)
def test_who_reigns_when_is_what_is_ruled_at_each_instant(
    drawn: list[tuple[Scope, bool, Origin, int, None]], replaced: list[tuple[int, int, int, int | None, str]]
) -> None:
    adds = []
    for index, (_, is_mandatory, origin, start, observed) in enumerate(drawn):
        said = said_by(origin, index, observed, is_mandatory=is_mandatory)
        adds.append(Add(Memory(str(index), R, said), moves(("active", start), ("ended", start + 3))))
    store = store_of(*adds)
    for number, (old, new, at, until, kind) in enumerate(replaced):
        attempt(store, Request(f"edge {number}", supersede(str(old), str(new), at, until, kind), R))
    ids = ids_in(store.changes(R))
    view = View(store.rows(R, ids), R, store.position(R).seq)
    found = reigns(view, ids)
    for instant in ASKED:
        ruling = rule(view, ids, instant)
        leading = [key for key, spans in found.items() if containing(spans, instant)]
        assert leading == ([] if ruling is None else [ruling.head])
