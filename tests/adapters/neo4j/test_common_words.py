"""Words that nearly all memories hold are not looked for, and nothing is found otherwise than with them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from graphmem.adapters.neo4j.common_words import LEAST_DOCUMENTS, CommonWords
from graphmem.adapters.neo4j.database import Database, Parameters
from graphmem.model import Add, Request
from graphmem.ranking import Corpus
from graphmem.store import Filter, Probe
from tests.adapters.neo4j.opening import opened
from tests.laws.world import CLOCK, R, add
from tests.servers import Access

pytestmark = pytest.mark.timeout(400)

COUNT = LEAST_DOCUMENTS + 200
HELD = {"the": 1_190, "backend": 900, "via": 700, "postgres": 40, "kafka": 3}


def known(*words: str) -> CommonWords:
    common = CommonWords()
    common.learn("t", Corpus(COUNT, 10.0, {word: HELD[word] for word in words}))
    return common


def test_what_was_never_heard_of_is_looked_for() -> None:
    assert CommonWords().optional("t", HELD) == frozenset()
    assert known("the").optional("u", HELD) == frozenset()
    assert known("the").optional("t", HELD) == {"the"}


def test_rare_words_are_looked_for_and_never_nothing() -> None:
    common = known(*HELD)
    assert common.optional("t", HELD) == {"the", "backend", "via"}
    assert common.optional("t", ["the", "backend"]) == frozenset()


def test_a_small_tenant_learns_nothing() -> None:
    common = CommonWords()
    common.learn("t", Corpus(LEAST_DOCUMENTS - 1, 10.0, {"the": 900}))
    assert common.optional("t", ["the", "other"]) == frozenset()


def test_a_word_that_became_rare_is_looked_for_again() -> None:
    common = known("the")
    common.learn("t", Corpus(COUNT, 10.0, {"the": 5}))
    assert common.optional("t", ["the", "other"]) == frozenset()


def test_fewer_are_set_aside_after_that_was_too_much() -> None:
    common = known(*HELD)
    for _ in range(3):
        common.judge("t", was_enough=False)
    assert common.optional("t", HELD) == {"the"}
    for _ in range(60):
        common.judge("t", was_enough=True)
    assert common.optional("t", HELD) == {"the", "backend", "via"}


@pytest.fixture(scope="module")
def filled(neo4j: Access) -> Iterator[Access]:
    neo4j.wipe()
    with opened(neo4j) as store:
        store.apply([Request(f"op{number}", said(number), R) for number in range(COUNT)], clock=lambda: CLOCK)
    yield neo4j
    neo4j.wipe()


def said(number: int) -> Add:
    """Memories of unlike lengths, so that scores differ; every word by its own rhythm."""
    held = [word for word, count in HELD.items() if number * 7 % COUNT < count]
    return add(
        f"m{number}", subject=None, title=" ".join([*held, *(f"filler{number % 11}",) * (number % 5), f"own{number}"])
    )


@pytest.mark.parametrize(
    "terms",
    [
        ("the", "postgres"),
        ("the", "backend", "via", "postgres"),
        ("the", "backend", "kafka"),
        ("the", "backend"),
        ("the", "unheard"),
        ("via", "filler3"),
    ],
    ids=" ".join,
)
def test_a_search_that_knows_common_words_finds_what_one_does_that_knows_none(
    filled: Access, terms: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    probe, asked = Probe(terms=terms, limit=20), list[str]()
    with opened(filled) as fresh:
        expected = fresh.match(R, probe, Filter()).lexical
    records = Database.records

    def noted(database: Database, query: str, parameters: Parameters) -> object:
        asked.extend(one for one in [parameters.get("text")] if one is not None)
        return records(database, query, parameters)

    with opened(filled) as store:
        store.match(R, Probe(terms=tuple(HELD), limit=20), Filter())
        monkeypatch.setattr(Database, "records", noted)
        assert store.match(R, probe, Filter()).lexical == expected
    is_split = ") search_text:(" in asked[0]
    assert is_split is (terms != ("the", "backend"))
