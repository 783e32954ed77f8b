"""Remarks on queries that can hardly be answered as they are written. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Protocol

from graphmem.answers import Hit, SearchAnswer, Sentence
from graphmem.ranking import IDEOGRAPH, name_key, tokens
from graphmem.retrieval.corrections import edit_distance
from graphmem.retrieval.question_spans import MAX_WORDS
from graphmem.terms import STOP_WORDS, text_terms

#: A generated id, or a name such as `ADR-12`.
_NAME = re.compile(r"(?<![\w-])(?:(?=[a-z]*[0-9])[0-9a-hjkmnp-tv-z]{12}|[A-Z]{2,12}-?[0-9]{1,6})(?![\w-])")
#: Possible names: `adr-12`, `auth-policy`, `PEP 12`.
_MAYBE_NAME = re.compile(r"(?<![\w-])(?:[A-Z]{2,12} [0-9]{1,6}|[^\W_]+(?:[-_/][^\W_]+)+)(?![\w-])")
_MOST_NAMES = 3
_LEAST_ALIKE = 0.75
_SHOWN_CHARS = 40
_DIGIT = re.compile(r"\d")
#: About as much text as an embedding model uses.
_LONG_CHARS = 1_500


class Lookup(Protocol):
    """Looks up names outside of an answer."""

    def is_known(self, key: str) -> bool:
        """Return whether a memory has that id or alias."""
        ...

    def nearest(self, name: str) -> Sequence[Sentence]:
        """Return existing ids and aliases at edit distance 1 from a name, the most similar first, as quotations."""
        ...


def remarks(question: str, answer: SearchAnswer, lookup: Lookup) -> tuple[Sentence, ...]:
    """Return remarks on parts of a query that carry no meaning, cannot be searched, or name no memory.

    Args:
        question: The query.
        answer: Its answer.
        lookup: Looks up possible ids and aliases that occur in no hit.
    """
    text = question.strip()
    words = tokens(text)
    if not text:
        return (Sentence.of("The query is empty: enter words to search for."),)
    if not words:
        return (Sentence.of(f"{_shown(text)} has no words to search for."),)
    if len(text) == 1 and not re.match(f"[{IDEOGRAPH}]", text):
        return (Sentence.of(f"{text!r} is a single character: enter at least a word."),)
    if all(word in STOP_WORDS for word in words):
        return (Sentence.of(f"{_shown(text)} has only stop words: add a word for the subject."),)
    return tuple(_remarks(text, answer, lookup))


def org_wide(count: int) -> Sentence:
    """Return the remark that only org-wide memories were searched.

    Repository names are untrusted text, so only their number appears.
    """
    repositories = "one repository has" if count == 1 else f"{count} repositories have"
    return Sentence.of(f"Only org-wide memories were searched; {repositories} more: name it with repo.")


def _remarks(text: str, answer: SearchAnswer, lookup: Lookup) -> Iterator[Sentence]:
    count = len(name_key(text).split())
    if count > MAX_WORDS or len(text) > _LONG_CHARS:
        yield Sentence.of(
            f"The query has {len(text)} characters: names are looked up only in its first {MAX_WORDS} words,"
            " and its vector covers only its beginning. Use a shorter query."
        )
    script = _script(text)
    if script and not any("words" in hit.parts for hit in answer.hits):
        yield Sentence.of(f"No hit contains a word of the query, which is in {script}: try another language.")
    if any("name" in hit.parts for hit in answer.hits):
        return
    names = [name for name in dict.fromkeys(_NAME.findall(text)) if not any(_says(hit, name) for hit in answer.hits)]
    for name in names[:_MOST_NAMES]:
        if lookup.is_known(name):
            yield Sentence.of(f"Memory {name!r} exists but is not among the hits: search for that name alone.")
        else:
            yield Sentence.of(f"No memory is called {name!r}", *_meant(name, answer, lookup), ".")
    yield from _misspelt(text, answer, lookup)


def _misspelt(text: str, answer: SearchAnswer, lookup: Lookup) -> Iterator[Sentence]:
    """Yield remarks on possible names that a different spelling would match."""
    possible = [word for word in dict.fromkeys(_MAYBE_NAME.findall(text)) if not _NAME.fullmatch(word)]
    for name in [word for word in possible if not any(_says(hit, word) for hit in answer.hits)][:_MOST_NAMES]:
        # Hyphenated words are usually not names; for these, the aliases of the hits suffice.
        is_looked_up = not answer.hits or _DIGIT.search(name)
        if near := lookup.nearest(name) if is_looked_up else _nearby_aliases(name, answer):
            yield Sentence.of(f"No memory is called {name!r}", *_listed(near), ".")


def _nearby_aliases(name: str, answer: SearchAnswer) -> list[Sentence]:
    key = name_key(name)
    return [alias for alias in _aliases(answer) if edit_distance(key, name_key(alias), 1) == 1]


def _meant(name: str, answer: SearchAnswer, lookup: Lookup) -> Iterator[str]:
    """Yield existing names with a similar spelling."""
    if near := lookup.nearest(name):
        yield from _listed(near)
        return
    aliases = {str(alias): alias for alias in _aliases(answer)}
    yield from _listed([aliases[alias] for alias in get_close_matches(name, aliases, n=1, cutoff=_LEAST_ALIKE)])


def _aliases(answer: SearchAnswer) -> list[Sentence]:
    statements = (hit.card.statement for hit in answer.hits)
    return [Sentence.quoting(alias, statement.origin) for statement in statements for alias in statement.aliases]


def _listed(near: Sequence[Sentence]) -> Iterator[str]:
    for index, name in enumerate(near[:_MOST_NAMES]):
        yield ", " if index else "; nearest: "
        yield name


def _says(hit: Hit, name: str) -> bool:
    """Return whether a hit contains a name as ordinary words."""
    statement = hit.card.statement
    terms = frozenset(text_terms(name))
    return hit.card.id == name or terms <= frozenset(text_terms(f"{statement.title} {statement.body}"))


def _script(text: str) -> str:
    """Return the script of most letters, unless it is Latin."""
    scripts = Counter(unicodedata.name(letter, "?").split()[0].split("-")[0] for letter in text if letter.isalpha())
    most = scripts.most_common(1)
    if not most or most[0][0] in {"LATIN", "?"}:
        return ""
    return "Chinese characters" if most[0][0] == "CJK" else most[0][0].capitalize()


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN_CHARS else text[:_SHOWN_CHARS].rpartition(" ")[0] + "…")
