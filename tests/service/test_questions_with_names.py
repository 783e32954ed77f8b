"""Questions that call a memory by its id, the beginning of its id or an alias, and names that nothing has."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graphmem.answers import Sentence
from graphmem.model import At, Kind, Origin, Statement
from graphmem.service import GraphMemory, New, Write
from graphmem.store import Filter, Page
from tests.service.conftest import REPO

ANN = Write(scope=replace(REPO, user="ann"))


def record(memory: GraphMemory, key: str, title: str, *aliases: str, write: Write | None = None) -> None:
    memory.add_many([New(statement=Statement(title=title, aliases=aliases), id=key)], write=write)


def first(memory: GraphMemory, question: str, at: At | None = None) -> str | None:
    hits = memory.search(question, at=at).hits
    return hits[0].card.id if hits else None


def remarks(memory: GraphMemory, question: str) -> tuple[str, ...]:
    return memory.search(question).remarks


@pytest.fixture
def keys(memory: GraphMemory) -> GraphMemory:
    record(memory, "4kd0w1t9bqzc", "Tokens live in the keyring", "ADR-0009")
    record(memory, "7mz3f5a2hj8k", "Keyring entries are named after the host", "auth-policy", "jwt")
    record(memory, "pep-5", "Sessions end after a day")
    record(memory, "9zz9zz9zz9zz", "Why does the host hold a day of sessions and tokens", "ADR-0042")
    return memory


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("4kd0w1t9bqzc", "4kd0w1t9bqzc"),
        ("why does 4kd0w1t9bqzc hold?", "4kd0w1t9bqzc"),
        ("4kd0", "4kd0w1t9bqzc"),
        ("why does (4kd0w1) hold?", "4kd0w1t9bqzc"),
        ("why does pep-5 hold", "pep-5"),
        ('does "pep-5" hold', "pep-5"),
        ("what do the host, a day of sessions and tokens have of ADR-9", "4kd0w1t9bqzc"),
        ("what do the host, a day of sessions and tokens have of the auth-policy", "7mz3f5a2hj8k"),
        ("what is jwt", "7mz3f5a2hj8k"),
    ],
)
def test_a_memory_that_is_called_comes_first(keys: GraphMemory, question: str, found: str) -> None:
    hit = keys.search(question).hits[0]
    assert (hit.card.id, "name" in hit.parts, hit.relevance) == (found, True, 1.0)


def test_what_is_called_leads_to_what_replaced_it(keys: GraphMemory) -> None:
    keys.supersede("4kd0w1t9bqzc", by="pep-5")
    for question in ("4kd0w1t9bqzc", "is 4kd0w1 right", "ADR-0009"):
        hit = keys.search(question).hits[0]
        assert (hit.card.id, tuple(one.id for one in hit.via)) == ("pep-5", ("4kd0w1t9bqzc", "pep-5"))


def test_a_beginning_of_several_ids_or_one_that_is_a_word_calls_nobody(keys: GraphMemory) -> None:
    record(keys, "4kd0xxxxxxx1", "Another one")
    assert first(keys, "4kd0") is None
    record(keys, "x509c2a2hj8k", "Logs are kept for a year")
    assert first(keys, "x509") == "x509c2a2hj8k"
    record(keys, "certs", "Certificates are x509")
    assert [hit.card.id for hit in keys.search("x509").hits] == ["certs"]


def test_a_year_in_a_question_is_not_the_beginning_of_an_id(keys: GraphMemory) -> None:
    record(keys, "2024c2a2hj8k", "Logs are kept for a year")
    assert first(keys, "tokens in 2024") != "2024c2a2hj8k"


def test_what_is_called_must_be_seen_pass_the_filter_and_be_known(keys: GraphMemory) -> None:
    record(keys, "6qq1c2a2hj8k", "Ann writes in the dark", write=ANN)
    assert [first(keys, one) for one in ("6qq1c2a2hj8k", "6qq1")] == [None, None]
    hits = keys.search("6qq1", user="ann").hits
    assert [hit.card.id for hit in hits] == ["6qq1c2a2hj8k"]
    assert keys.search("4kd0w1t9bqzc", where=Filter(kinds=(Kind.TASK,))).hits == ()
    assert first(keys, "pep-5", At(known_at=2)) is None
    keys.erase("4kd0w1t9bqzc")
    assert first(keys, "4kd0w1t9bqzc") is None


@pytest.mark.parametrize(
    ("question", "remark"),
    [
        ("ADR-0099", "No memory is called 'ADR-0099'; nearest: ADR-0009."),
        ("what does adr-0024 say", "No memory is called 'adr-0024'; nearest: ADR-0042."),
        ("PEP-7777", "No memory is called 'PEP-7777'."),
        ("auht-policy", "No memory is called 'auht-policy'; nearest: auth-policy."),
        ("4kd0w1t9bqzd", "No memory is called '4kd0w1t9bqzd'; nearest: 4kd0w1t9bqzc."),
        ("6qq1c2a2hj8d", "No memory is called '6qq1c2a2hj8d'."),
        ("ANN-8", "No memory is called 'ANN-8'."),
    ],
)
def test_a_name_that_nothing_has_is_told_with_the_nearest_that_is_seen(
    keys: GraphMemory, question: str, remark: str
) -> None:
    record(keys, "6qq1c2a2hj8k", "Ann writes in the dark", "ANN-7", write=ANN)
    assert remarks(keys, question) == (remark,)


def test_the_name_is_in_the_words_of_who_has_it(memory: GraphMemory) -> None:
    said = Statement(title="Tokens live in the keyring", aliases=("ADR-0009",), origin=Origin.EXTERNAL)
    memory.add(said, write=Write(origin=Origin.EXTERNAL))
    (remark,) = memory.search("ADR-0099").remarks
    assert isinstance(remark, Sentence)
    assert [(remark[one.start : one.end], one.origin) for one in remark.quotes] == [("ADR-0009", Origin.EXTERNAL)]


def test_a_later_page_has_no_remarks(memory: GraphMemory) -> None:
    for number in range(3):
        record(memory, f"memory{number}", f"Tokens of sort {number}")
    one = memory.search("tokens of ADR-0099", limit=1)
    assert one.remarks == ("No memory is called 'ADR-0099'.",)
    assert memory.search("tokens of ADR-0099", page=Page(1, one.cursor)).remarks == ()
