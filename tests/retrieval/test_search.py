from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pytest
from numpy.typing import NDArray

from graphmem.answers import Reference
from graphmem.model import At, Move, Scope, Statement, Status
from graphmem.service import GraphMemory, ServiceContext
from graphmem.service.batches import New
from graphmem.service.context import Write
from graphmem.store import Filter
from graphmem.temporal import Standing
from tests.fake_embedder import no_embedder
from tests.oracle import OracleStore

REPO = Scope(repo="r")


def year(number: int) -> datetime:
    return datetime(number, 1, 1, tzinfo=UTC)


@pytest.fixture
def memory() -> GraphMemory:
    clock = lambda: year(2026)  # noqa: E731
    return GraphMemory(ServiceContext(OracleStore(), scope=REPO, actor="t", clock=clock, embedder=no_embedder))


def record(memory: GraphMemory, key: str, title: str, *moves: Move, alias: str | None = None) -> None:
    said = Statement(title=title, aliases=(alias,) if alias else ())
    memory.add_many([New(statement=said, moves=moves or (Move(Status.ACTIVE, year(2000)),), id=key)], write=Write())


def found(memory: GraphMemory, text: str, at: At | None = None) -> Sequence[tuple[str, Standing]]:
    return [(hit.card.id, hit.standing) for hit in memory.search(text, at=at).hits]


def _ids(named: Sequence[Reference]) -> list[str]:
    return [one.id for one in named]


def test_a_question_worded_like_the_old_finds_the_new(memory: GraphMemory) -> None:
    record(memory, "old", "Use MySQL for orders")
    record(memory, "new", "PostgreSQL everywhere")
    memory.supersede("old", "new", at=year(2010))
    hit = memory.search("Which database? MySQL for orders?").hits[0]
    assert (hit.card.id, _ids(hit.via), _ids(hit.beat)) == ("new", ["old", "new"], ["old"])


def test_before_the_change_the_new_wording_finds_the_old(memory: GraphMemory) -> None:
    record(memory, "old", "Use MySQL for orders")
    record(memory, "new", "PostgreSQL everywhere", Move(Status.ACTIVE, year(2010)))
    memory.supersede("old", "new", at=year(2010))
    assert found(memory, "PostgreSQL everywhere", At(year(2005))) == [("old", Standing.HOLDS)]


def test_a_half_remembered_title_beats_a_name_inside_it(memory: GraphMemory) -> None:
    record(memory, "a", "Dependency tables in project files based on RFC 7")
    record(memory, "b", "Dependency syntax", alias="RFC 7")
    assert found(memory, "dependency tables in files based on RFC 7")[0][0] == "a"
    assert found(memory, "what does RFC 7 say?")[0][0] == "b"


def test_more_of_a_title_beats_more_words_elsewhere(memory: GraphMemory) -> None:
    record(memory, "a", "Rotate signing keys")
    record(memory, "b", "Which index did the service still show as accepted in place of the other one")
    assert found(memory, "which one was accepted for rotate signing")[0][0] == "a"


def test_a_declared_successor_is_told_even_if_it_matched_by_itself(memory: GraphMemory) -> None:
    record(memory, "old", "Multi cluster", Move(Status.PROPOSED, year(2000)))
    record(memory, "new", "Multi cluster", Move(Status.ACTIVE, year(2020)))
    memory.supersede("old", "new", at=year(2020))
    assert found(memory, '"Multi cluster"?', At(year(2010))) == [("new", Standing.NOT_YET)]


def test_what_was_replaced_as_it_began_is_not_to_come(memory: GraphMemory) -> None:
    for key in ("a", "b", "c"):
        record(memory, key, f"Rule {key}1", Move(Status.ACTIVE, year(2000)))
    memory.supersede("a", "b", at=year(2010))
    memory.supersede("b", "c", at=year(2000))
    memory.end("c", at=year(2015))
    assert {standing for _, standing in found(memory, "Rule a1")} == {Standing.LAST}


def test_with_history_everything_that_matches_is_returned(memory: GraphMemory) -> None:
    record(memory, "old", "Use MySQL for orders")
    record(memory, "new", "PostgreSQL for orders")
    memory.supersede("old", "new", at=year(2010))
    hits = memory.search("database for orders", where=Filter(include_history=True)).hits
    assert {(hit.card.id, hit.holds) for hit in hits} == {("old", False), ("new", True)}


def superseded_by_its_own_word(memory: GraphMemory, status: Status) -> None:
    ended = Move(Status.ENDED, year(2010), source_word="Superseded by ADR-2")
    record(memory, "old", "Store orders in MySQL", Move(Status.ACTIVE, year(2000)), ended)
    record(memory, "new", "A database for everything", Move(status, year(2010)))
    record(memory, "other", "Orders are numbered per shop")
    memory.supersede("old", "new", at=year(2010))


@pytest.mark.parametrize("status", [Status.PROPOSED, Status.DEFERRED, Status.REJECTED])
def test_what_says_that_it_is_superseded_leads_to_a_successor_that_does_not_hold(
    memory: GraphMemory, status: Status
) -> None:
    superseded_by_its_own_word(memory, status)
    hit = memory.search("where to store orders in MySQL").hits[0]
    assert (hit.card.id, hit.standing, _ids(hit.via)) == ("new", Standing.NAMED, ["old", "new"])
    assert hit.because == (f"named as successor by 'Store orders in MySQL'; itself {status.value} since 2010-01-01")
    assert not hit.holds
    assert hit.head is None
    assert found(memory, "where to store orders in MySQL", At(year(2005)))[0] == ("old", Standing.HOLDS)


def test_history_tells_how_each_match_stands_by_itself(memory: GraphMemory) -> None:
    superseded_by_its_own_word(memory, Status.PROPOSED)
    hits = memory.search("orders MySQL database", where=Filter(include_history=True)).hits
    assert {hit.card.id: hit.standing for hit in hits} == {
        "old": Standing.LAST,
        "new": Standing.NAMED,
        "other": Standing.HOLDS,
    }


class Near:
    """Texts that say "port" point the way of questions, at an angle; all others stand across."""

    name, dimension, weights_hash = "near", 2, "0" * 64

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.array([[1, 0] if "?" in one else [0.4, 0.917] if "port" in one else [0, 1] for one in texts])


def test_where_the_best_answer_says_too_little_the_next_is_none_either() -> None:
    clock, near = (lambda: year(2026)), Near()
    context = ServiceContext(OracleStore(), scope=REPO, actor="t", clock=clock, embedder=lambda: near)
    memory = GraphMemory(context)
    record(memory, "worded", "Lunch menu of the canteen on Monday")
    record(memory, "meant", "The port of staging")
    asked = "Canteen lunch?"
    assert [hit.card.id for hit in memory.search(asked, min_relevance=0.0).hits] == ["worded", "meant"]
    assert [hit.card.id for hit in memory.search(asked, min_relevance=0.3).hits] == ["meant"]
    answer = memory.search(asked)
    assert (answer.hits, answer.weaker) == ((), 2)
