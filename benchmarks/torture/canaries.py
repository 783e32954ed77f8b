"""Words that tell in which home they were written, and the search for those that a reader may not see."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

TENANTS, USERS, SHARED_REPOS = 2, 3, 2
#: In place of a repository's number: the one of which only its user knows.
OWN_REPO = USERS

#: No id and no cursor holds it by chance.
_PREFIX = "canary"
_WORD = re.compile(_PREFIX + r"(\d)([\dx])([\dx])(\d*)", re.IGNORECASE)
_SERIAL_DIGITS = 6
_UNUSED, _UNUSED_COUNT = 900_000, 100_000
#: Whoever sees a change is told where its writer stood, the name of a repository included.
_WRITER = re.compile(r'"writer": ?\{[^{}]*\}')


@dataclass(frozen=True, slots=True)
class Home:
    """Where something was written: a tenant, of it a user or all, and a repository or none."""

    tenant: int
    user: int | None
    repo: int | None

    def within(self, other: Home) -> Home:
        """The home of what only readers of both see.

        A user who reads a repository as a related one sees what is shared there beside what is private and in none:
        then the user alone counts.
        """
        if (self.user is None) == (other.user is None):
            return Home(self.tenant, self.user, self.repo if other.repo is None else other.repo)
        return self if other.user is None else other

    def word(self, serial: int) -> str:
        """A word that was written there."""
        return f"{_PREFIX}{self.tenant}{_digit(self.user)}{_digit(self.repo)}{serial:0{_SERIAL_DIGITS}}"


@dataclass(frozen=True, slots=True)
class Reader:
    """Who asks and from where; `is_whole` reads all of the tenant, `is_blind` nothing."""

    tenant: int
    user: int | None
    repo: int | None
    related: tuple[int, ...] = ()
    is_whole: bool = False
    is_blind: bool = False

    def sees(self, home: Home) -> bool:
        """Whether what was written there may be told to the reader."""
        if self.is_blind or home.tenant != self.tenant:
            return False
        is_near = home.repo in {None, self.repo} or (home.repo in self.related and home.user is None)
        return self.is_whole or (is_near and home.user in {None, self.user})

    @property
    def home(self) -> Home:
        """Where the reader writes."""
        return Home(self.tenant, self.user, self.repo)


@dataclass(slots=True)
class Canaries:
    """All words and memories that were written.

    Attributes:
        homes: Of each memory, by id.
        words: Of each memory: those of its title, alias and subject; an erasure takes away the first two.
        erased: Serials of words that nobody may see any more.
    """

    homes: dict[str, Home] = field(default_factory=dict)
    words: dict[str, tuple[str, ...]] = field(default_factory=dict)
    erased: set[str] = field(default_factory=set)
    _serial: int = 0

    def word(self, home: Home) -> str:
        """A new word of a home."""
        self._serial += 1
        return home.word(self._serial)

    def erase(self, memory_id: str) -> None:
        """Count the words of a memory's content as gone."""
        self.erased |= set(self.words.get(memory_id, ())[:2])

    def leaks(self, answer: str, sent: str, reader: Reader) -> Iterator[str]:
        """Words and ids in an answer that the reader may not see and did not send."""
        answer = _WRITER.sub("", answer)
        given = words_in(sent)
        for match in _WORD.finditer(answer):
            word = match[0].lower()
            is_hidden = not reader.sees(home_of(word)) or word in self.erased
            if is_hidden and not any(one.startswith(word) for one in given):
                yield word
        hidden = {key for key in _ids_in(answer, self.homes.keys()) if not reader.sees(self.homes[key])}
        if not reader.is_blind:
            yield from sorted(key for key in hidden if key not in sent)


def home_of(word: str) -> Home:
    """Where a word was written."""
    tenant, user, repo = list(word[len(_PREFIX) :][:3])
    return Home(int(tenant), _number(user), _number(repo))


def words_in(text: str) -> list[str]:
    """All such words in a text, sorted."""
    return sorted({match[0].lower() for match in _WORD.finditer(text)})


def is_word(text: str) -> bool:
    """Whether a text is such a word."""
    return _WORD.fullmatch(text) is not None


def unused(word: str, serial: int) -> str:
    """A word of the same home that nobody wrote, from the last tenth of the serial numbers."""
    return home_of(word).word(_UNUSED + serial % _UNUSED_COUNT)


def own_repo_name(tenant: int, user: int) -> str:
    """The name of a repository of which only one user knows."""
    return Home(tenant, user, None).word(0)


_ID = re.compile(r"[0-9a-z]{12}")


def _ids_in(text: str, known: AbstractSet[str]) -> Iterable[str]:
    return known & set(_ID.findall(text))


def _digit(number: int | None) -> str:
    return "x" if number is None else str(number)


def _number(digit: str) -> int | None:
    return None if digit.lower() == "x" else int(digit)
