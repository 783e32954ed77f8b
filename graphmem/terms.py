"""Search terms of texts: stems, versions and pairs of ideographs, the same in every store.

A memory has terms with repeats; a query has distinct terms without stop words. Names and titles are compared by words
as written (`graphmem.words`), never by terms.
"""

from __future__ import annotations

import re
from _thread import allocate_lock
from functools import cache
from itertools import pairwise

from graphmem.words import IDEOGRAPH, tokens

TYPE_CHECKING = False  # typing takes milliseconds to import
if TYPE_CHECKING:
    from Stemmer import Stemmer

    from graphmem.model import Statement

#: Terms of titles and aliases are counted this many times.
TITLE_WEIGHT = 2

_VERSION = re.compile(r"(?<![\w.])[vV]?(\d+(?:\.\d+)+)")
_SHORTEST_STEMMED = 3
_MOST_STEMS = 65_536

#: English words without topical content.
STOP_WORDS = frozenset(
    "a about also am an and any are as at be been being but by can could did do does done for from had has have he her"  # noqa: SIM905
    " here him his how i if in into is it its just may me might must my no not of on or our she should so some than"
    " that the their them then there these they this those to too us use used uses using very was we were what when"
    " where which who whom whose why will with would you your".split()
)


def text_terms(text: str) -> list[str]:
    """Return the terms of a text with repeats.

    A version gives itself and each of its prefixes; a run of ideographs gives each of them and each pair.

    >>> text_terms("Deployed with Python 3.11.4")
    ['deploy', 'with', 'python', '3', '11', '4', '3_11', '3_11_4']
    """
    return [*map(stem, tokens(text)), *compound_terms(text)]


def compound_terms(text: str) -> list[str]:
    """Return the terms of a text that are no stems of its words: versions, their prefixes, and pairs of ideographs."""
    terms: list[str] = []
    for version in _versions(text):
        numbers = version.split(".")
        terms += ["_".join(numbers[:size]) for size in range(2, len(numbers) + 1)]
    return terms if text.isascii() else terms + _pairs(text)


def question_terms(text: str) -> tuple[str, ...]:
    """Return the distinct terms of a query without stop words; stop words stay if there are no other terms.

    >>> question_terms("How are we deploying it, with Python 3.11?")
    ('deploy', 'python', '3_11')
    """
    versions = [version.replace(".", "_") for version in _versions(text)]
    runs = [] if text.isascii() else [run for run in _ideographs().findall(text) if len(run) > 1]
    rest = _VERSION.sub(" ", text)
    for run in runs:
        rest = rest.replace(run, " ")
    words = tokens(rest)
    content_words = [word for word in words if word not in STOP_WORDS]
    chosen = content_words if content_words or versions or runs else words
    pairs = [pair for run in runs for pair in _pairs(run)]
    return tuple(dict.fromkeys([*map(stem, chosen), *versions, *pairs]))


def statement_terms(statement: Statement) -> list[str]:
    """Return the terms of a statement; those of its title and aliases are repeated.

    The names and reasons of its alternatives are included.
    """
    strong, weak = statement_texts(statement)
    return text_terms(strong) * TITLE_WEIGHT + text_terms(weak)


def statement_texts(statement: Statement) -> tuple[str, str]:
    """Return the texts of a statement: that of its title and aliases, whose terms are repeated, and the other."""
    weak = [statement.body, statement.rationale, statement.subject or "", *statement.labels]
    weak += [anchor.name for anchor in statement.anchors]
    for option in statement.alternatives:
        weak += [option.name, option.reason]
    return " ".join((statement.title, *statement.aliases)), " ".join(weak)


def _versions(text: str) -> list[str]:
    """Return the versions in a text; checking the dots first is faster, since most texts have none."""
    dot = text.find(".")
    while dot >= 0:
        if text[dot - 1 : dot].isdigit() and text[dot + 1 : dot + 2].isdigit():
            return _VERSION.findall(text)
        dot = text.find(".", dot + 1)
    return []


@cache
def _ideographs() -> re.Pattern[str]:
    return re.compile(f"[{IDEOGRAPH}]+")


def _pairs(text: str) -> list[str]:
    return [left + right for run in _ideographs().findall(text) for left, right in pairwise(run)]


class _Stems(dict[str, str]):
    """The stems of recent words."""

    def __missing__(self, word: str) -> str:
        if len(self) >= _MOST_STEMS:
            self.clear()
        is_stemmed = len(word) >= _SHORTEST_STEMMED and word.isascii() and word.isalpha()
        if is_stemmed:
            with _stemmer_lock:
                word_stem = self[word] = str(_stemmer().stemWord(word))
        else:
            word_stem = self[word] = word
        return word_stem


_stems = _Stems()
#: Returns the stem of a word.
stem = _stems.__getitem__
#: The stemmer is not thread-safe.
_stemmer_lock = allocate_lock()


@cache
def _stemmer() -> Stemmer:
    from Stemmer import Stemmer

    return Stemmer("english", 0)  # `_Stems` is the cache
