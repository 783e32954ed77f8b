"""What the search for leaks takes for one."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.torture.canaries import Canaries, Home, Reader

SHARED, IN_REPO, PRIVATE = Home(0, None, None), Home(0, None, 1), Home(0, 2, None)
OWNER, STRANGER = Reader(0, 2, 0, related=(1,)), Reader(0, 1, 1)


def leaks(answer: str, reader: Reader, sent: str = "") -> list[str]:
    return list(Canaries().leaks(answer, sent, reader))


def test_a_word_of_anothers_home_is_a_leak_even_in_part_or_in_capitals() -> None:
    word = PRIVATE.word(7)
    assert leaks(word, OWNER) == []
    assert leaks(f"x{word.upper()}y", STRANGER) == [word]
    assert leaks(word[:-3], STRANGER) == [word[:-3]]
    assert leaks(word, replace(OWNER, tenant=1)) == [word]


def test_what_a_caller_sent_may_come_back() -> None:
    word = PRIVATE.word(7)
    assert leaks(word[:-3], STRANGER, sent=f"a {word} of theirs") == []
    assert leaks(word, replace(OWNER, is_blind=True)) == [word]


def test_related_repositories_show_what_is_shared_there() -> None:
    assert OWNER.sees(IN_REPO)
    assert not OWNER.sees(Home(0, 2, 1))
    assert not replace(OWNER, related=()).sees(IN_REPO)
    assert replace(OWNER, is_whole=True).sees(Home(0, 1, 0))


def test_a_relation_is_seen_by_those_who_see_both_ends() -> None:
    assert SHARED.within(IN_REPO) == IN_REPO.within(SHARED) == IN_REPO
    assert SHARED.within(PRIVATE) == PRIVATE.within(IN_REPO) == PRIVATE
    assert PRIVATE.within(Home(0, 2, 0)) == Home(0, 2, 0)


def test_ids_and_erased_words_are_searched_too() -> None:
    canaries = Canaries({"abcdefgh1234": PRIVATE}, {"abcdefgh1234": (PRIVATE.word(1),)})
    assert list(canaries.leaks('"abcdefgh1234"', "", STRANGER)) == ["abcdefgh1234"]
    assert list(canaries.leaks(PRIVATE.word(1), "", OWNER)) == []
    canaries.erase("abcdefgh1234")
    assert list(canaries.leaks(PRIVATE.word(1), "", OWNER)) == [PRIVATE.word(1)]


def test_where_a_writer_stood_is_told() -> None:
    name = Home(0, 2, None).word(0)
    assert leaks(f'{{"writer":{{"repo":"{name}"}}}}', STRANGER) == []
    assert leaks(f'{{"scope":{{"repo":"{name}"}}}}', STRANGER) == [name]
