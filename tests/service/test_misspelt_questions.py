"""A long word that no memory has is read as the nearest word that one has, among those that the reader sees."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graphmem.answers import Sentence
from graphmem.model import At, Kind, Origin, Scope, Statement
from graphmem.service import GraphMemory, New, Write
from graphmem.store import Filter, Page
from tests.service.conftest import REPO


def record(memory: GraphMemory, key: str, title: str, body: str = "", write: Write | None = None) -> None:
    memory.add_many([New(statement=Statement(title=title, body=body), id=key)], write=write)


@pytest.fixture
def stack(memory: GraphMemory) -> GraphMemory:
    record(memory, "database", "Orders are kept in Postgres")
    record(memory, "cluster", "We deploy with Helm", "It runs on Kubernetes, behind a proxy.")
    record(memory, "cache", "The cache is Redis")
    return memory


@pytest.mark.parametrize(
    ("question", "found", "remark", "read"),
    [
        ("postgress", "database", "Read 'postgress' as 'postgres'.", "postgres"),
        ("POSTGRSE?", "database", "Read 'postgrse' as 'postgres'.", "postgres?"),
        ("postgress db", "database", "Read 'postgress' as 'postgres'.", "postgres db"),
        ("kuberetse", "cluster", "Read 'kuberetse' as 'kubernetes'.", "kubernetes"),
        ("kubernetez", "cluster", "Read 'kubernetez' as 'kubernetes'.", "kubernetes"),
    ],
)
def test_it_finds_what_was_meant_and_says_so(
    stack: GraphMemory, question: str, found: str, remark: str, read: str
) -> None:
    answer = stack.search(question)
    assert [hit.card.id for hit in answer.hits] == [found]
    assert (answer.remarks, answer.read_as) == ((remark,), read)


@pytest.mark.parametrize("question", ["redsi", "pstgrs", "postgrxyz", "kubxrnxtxs", "orders", "the weather"])
def test_short_words_too_many_edits_and_known_words_are_read_as_they_stand(stack: GraphMemory, question: str) -> None:
    answer = stack.search(question)
    assert (answer.remarks, answer.read_as) == ((), None)


def test_an_answer_that_is_good_stays(stack: GraphMemory) -> None:
    record(stack, "contract", "The contract is kept in a safe")
    answer = stack.search("who is the contact for orders kept in Postgres")
    assert (answer.hits[0].card.id, answer.read_as) == ("database", None)


def test_words_that_are_equally_near_are_all_read(stack: GraphMemory) -> None:
    record(stack, "contract", "The contract is kept in a safe")
    record(stack, "contrast", "Contrast is measured")
    assert stack.search("cntract").remarks == ("Read 'cntract' as 'contract'.",)
    answer = stack.search("contraxt")
    assert answer.remarks == ("Read 'contraxt' as 'contract' or 'contrast'.",)
    assert {hit.card.id for hit in answer.hits} == {"contract", "contrast"}


@pytest.mark.parametrize(
    "home",
    [
        replace(REPO, user="ann"),
        Scope(repo="elsewhere"),
        Scope(tenant="other", repo="r"),
        replace(REPO, branch="x"),
        replace(REPO, environment="prod"),
    ],
    ids=repr,
)
def test_a_word_that_the_reader_does_not_see_is_not_found_by_trying(stack: GraphMemory, home: Scope) -> None:
    if home.branch is not None:
        stack.open_branch("x")
    record(stack, "secret", "The codename is Zebrafish", "Hippocampus", Write(scope=home))
    before = stack.search("zebrafihs"), stack.search("hippocamups"), stack.search("hippocmapsu")
    assert [(one.hits, one.remarks, one.read_as) for one in before] == [((), (), None)] * 3
    assert stack.search("zebrafihs", scope=home).remarks == ("Read 'zebrafihs' as 'zebrafish'.",)


def test_an_erased_word_is_gone_and_one_from_later_is_not_known_yet(stack: GraphMemory) -> None:
    record(stack, "later", "The codename is Zebrafish", "Hippocampus")
    known = At(known_at=stack.changes()[-1].seq - 1)
    for word in ("zebrafihs", "hippocmapsu"):
        assert stack.search(word).read_as is not None
        assert stack.search(word, at=known).read_as is None
    stack.erase("later")
    assert [stack.search(word).read_as for word in ("zebrafihs", "hippocmapsu")] == [None, None]


def test_only_what_passes_the_filter_gives_words(stack: GraphMemory) -> None:
    assert stack.search("postgress", where=Filter(kinds=(Kind.TASK,))).read_as is None


def test_a_word_that_only_memories_beyond_the_filter_have_is_not_misspelt(stack: GraphMemory) -> None:
    stack.add(Statement(title="Move to postgres", kind=Kind.TASK))
    stack.add("The postgress fork is pinned")
    assert stack.search("postgress", where=Filter(kinds=(Kind.TASK,))).read_as is None


def test_the_word_is_in_the_words_of_who_has_it(memory: GraphMemory) -> None:
    said = Statement(title="Orders are kept in Postgres", origin=Origin.EXTERNAL)
    memory.add(said, write=Write(origin=Origin.EXTERNAL))
    (remark,) = memory.search("postgress").remarks
    assert isinstance(remark, Sentence)
    assert [(remark[one.start : one.end], one.origin) for one in remark.quotes] == [("postgres", Origin.EXTERNAL)]


def test_pages_go_on_with_what_was_read(memory: GraphMemory) -> None:
    for number in range(3):
        record(memory, f"memory{number}", f"Postgres of sort {number}")
    one = memory.search("postgress", limit=2)
    two = memory.search("postgress", page=Page(2, one.cursor))
    assert len({hit.card.id for hit in (*one.hits, *two.hits)}) == 3
    assert (two.read_as, two.cursor) == ("postgres", None)
