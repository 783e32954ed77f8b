from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from graphmem.secrets import keyword_search
from graphmem.secrets.keyword_search import KeywordSearch
from graphmem.secrets.rules import rule_book

KEYWORDS = tuple(rule_book().by_keyword)
PIECES = st.one_of(
    st.sampled_from(KEYWORDS), st.text(max_size=6), st.sampled_from([*KEYWORDS]).map(lambda word: word[:-1])
)


@pytest.fixture(scope="module")
def search() -> KeywordSearch:
    """A search that has seen so many texts that it searches for all keywords at once."""
    many = KeywordSearch(KEYWORDS)
    for _ in range(keyword_search._FEW + 1):  # noqa: SLF001 - the switch is what is tested
        many.found("")
    return many


@given(pieces=st.lists(PIECES, max_size=8))
@example(pieces=["\ud800", "tokey", "\n", "\0s."])
@example(pieces=list(KEYWORDS))
def test_all_at_once_finds_the_keywords_that_are_in_a_text(search: KeywordSearch, pieces: list[str]) -> None:
    lowered = "".join(pieces).lower()
    assert search.found(lowered) == [keyword for keyword in KEYWORDS if keyword in lowered]


def test_a_search_finds_the_same_in_its_first_texts_and_later() -> None:
    text = "the key of the api is s.one"
    search = KeywordSearch(KEYWORDS)
    found = [search.found(text) for _ in range(keyword_search._FEW + 2)]  # noqa: SLF001
    assert found == [["api", "key", "ey", "s."]] * len(found)


def test_keywords_are_searched_singly_if_re2_gives_up(search: KeywordSearch, monkeypatch: pytest.MonkeyPatch) -> None:
    class NoMemory:
        def Match(self, _: bytes) -> None:  # noqa: N802 - the name of RE2
            return None

    monkeypatch.setattr(search, "_set", NoMemory())
    assert search.found("a token") == ["token"]
    assert search.found("a plan") == []
