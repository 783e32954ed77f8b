"""What is to be said of a question that can hardly be answered as it is put. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Protocol

from graphmem.answers import Hit, SearchAnswer, Sentence
from graphmem.ranking import IDEOGRAPH, name_key, tokens
from graphmem.retrieval.query import MAX_WORDS
from graphmem.retrieval.spelling import edit_distance
from graphmem.terms import STOP_WORDS, text_terms

#: An id of ours, or a name such as `ADR-12`.
_NAME = re.compile(r"(?<![\w-])(?:(?=[a-z]*[0-9])[0-9a-hjkmnp-tv-z]{12}|[A-Z]{2,12}-?[0-9]{1,6})(?![\w-])")
#: What may be a name: `adr-12`, `auth-policy`, `PEP 12`.
_MAYBE_NAME = re.compile(r"(?<![\w-])(?:[A-Z]{2,12} [0-9]{1,6}|[^\W_]+(?:[-_/][^\W_]+)+)(?![\w-])")
_MOST_NAMES = 3
_LEAST_ALIKE = 0.75
_SHOWN_CHARS = 40
_DIGIT = re.compile(r"\d")
#: About as much as a model reads of a text.
_LONG_CHARS = 1_500


class Lookup(Protocol):
    """Answers what an answer alone does not tell."""

    def is_known(self, key: str) -> bool:
        """Whether a memory has that id or alias."""
        ...

    def nearest(self, name: str) -> Sequence[Sentence]:
        """Ids and aliases that one edit makes of a name, the most alike first, in the words of those who have them."""
        ...


def remarks(question: str, answer: SearchAnswer, lookup: Lookup) -> tuple[Sentence, ...]:
    """A sentence on whatever of a question says nothing, cannot be searched, or names nothing that was found.

    Args:
        question: As it was asked.
        answer: To it.
        lookup: Asked of what looks like an id or an alias and stands in no hit.
    """
    said = question.strip()
    words = tokens(said)
    if not said:
        return (Sentence.of("Nothing is asked: say what you want to know about."),)
    if not words:
        return (Sentence.of(f"{_shown(said)} has no word to search by."),)
    if len(said) == 1 and not re.match(f"[{IDEOGRAPH}]", said):
        return (Sentence.of(f"One character, {said!r}, says little: ask with a word or more."),)
    if all(word in STOP_WORDS for word in words):
        return (Sentence.of(f"{_shown(said)} has only words that say nothing of a subject: name one."),)
    return tuple(_told(said, answer, lookup))


def org_wide(count: int) -> Sentence:
    """That no repository was searched; names of repositories are somebody's words, so they are only counted."""
    others = "one repository has" if count == 1 else f"{count} repositories have"
    return Sentence.of(f"Only org-wide memories were searched; {others} more: name it with repo.")


def _told(said: str, answer: SearchAnswer, lookup: Lookup) -> Iterator[Sentence]:
    count = len(name_key(said).split())
    if count > MAX_WORDS or len(said) > _LONG_CHARS:
        yield Sentence.of(
            f"The question has {len(said)} characters: names are looked for in its first {MAX_WORDS} words,"
            " and its meaning is that of its beginning. Ask for less at once."
        )
    script = _script(said)
    if script and not any("words" in hit.parts for hit in answer.hits):
        yield Sentence.of(f"No memory found has a word of the question, which is written in {script}: try another.")
    if any("name" in hit.parts for hit in answer.hits):
        return
    names = [name for name in dict.fromkeys(_NAME.findall(said)) if not any(_says(hit, name) for hit in answer.hits)]
    for name in names[:_MOST_NAMES]:
        if lookup.is_known(name):
            yield Sentence.of(f"There is a memory {name!r} that is not among the answers: ask for it by that name.")
        else:
            yield Sentence.of(f"No memory is called {name!r}", *_meant(name, answer, lookup), ".")
    yield from _misspelt(said, answer, lookup)


def _misspelt(said: str, answer: SearchAnswer, lookup: Lookup) -> Iterator[Sentence]:
    """Sentences on what would be a name if it were spelt another way."""
    maybe = [one for one in dict.fromkeys(_MAYBE_NAME.findall(said)) if not _NAME.fullmatch(one)]
    for name in [one for one in maybe if not any(_says(hit, one) for hit in answer.hits)][:_MOST_NAMES]:
        # Words joined by a hyphen are most often words: for these, what was found will do.
        is_looked_up = not answer.hits or _DIGIT.search(name)
        if near := lookup.nearest(name) if is_looked_up else _one_edit_away(name, answer):
            yield Sentence.of(f"No memory is called {name!r}", *_listed(near), ".")


def _one_edit_away(name: str, answer: SearchAnswer) -> list[Sentence]:
    key = name_key(name)
    return [one for one in _aliases(answer) if edit_distance(key, name_key(one), 1) == 1]


def _meant(name: str, answer: SearchAnswer, lookup: Lookup) -> Iterator[str]:
    """Names that are spelt almost like one that nothing has."""
    if near := lookup.nearest(name):
        yield from _listed(near)
        return
    aliases = {str(one): one for one in _aliases(answer)}
    yield from _listed([aliases[one] for one in get_close_matches(name, aliases, n=1, cutoff=_LEAST_ALIKE)])


def _aliases(answer: SearchAnswer) -> list[Sentence]:
    said = (hit.card.statement for hit in answer.hits)
    return [Sentence.quoting(alias, one.origin) for one in said for alias in one.aliases]


def _listed(near: Sequence[Sentence]) -> Iterator[str]:
    for place, one in enumerate(near[:_MOST_NAMES]):
        yield ", " if place else "; nearest: "
        yield one


def _says(hit: Hit, name: str) -> bool:
    """Whether a name stands somewhere in what was found, and so is a word like any other."""
    said = hit.card.statement
    return hit.card.id == name or {*text_terms(name)} <= {*text_terms(f"{said.title} {said.body}")}


def _script(text: str) -> str:
    """The script of most letters, if that is not the Latin one."""
    scripts = Counter(unicodedata.name(one, "?").split()[0].split("-")[0] for one in text if one.isalpha())
    most = scripts.most_common(1)
    if not most or most[0][0] in {"LATIN", "?"}:
        return ""
    return "Chinese characters" if most[0][0] == "CJK" else most[0][0].capitalize()


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN_CHARS else text[:_SHOWN_CHARS].rpartition(" ")[0] + "…")
