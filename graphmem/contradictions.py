"""Statements that contradict each other by rule: an option chosen and rejected, a negation, or another number.

Words are compared as they are written, not by meaning: two statements that say
the same in other words are not found.
Titles are compared, since a title is the statement in a sentence.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum

from graphmem.deferred_dataclass import dataclass
from graphmem.model import Outcome, Statement

#: Longer titles are descriptions, in which a number or a negation seldom decides.
_MOST_WORDS = 24
_LEAST_WORDS = 2
_WORD = re.compile(r"[\w`][\w.`'+#%/:@-]{0,80}|=")
_NUMBER = re.compile(r"v?[0-9]{1,9}(?:[.,][0-9]{1,9}){0,3}(?:%|px|ms|s|m|h|d|kb|mb|gb|kib|mib|gib)?")
# fmt: off
_NEGATIONS = frozenset([
    "not", "never", "no", "don't", "dont", "doesn't", "cannot", "can't", "mustn't", "shouldn't", "won't", "avoid",
    "without", "forbidden",
])
# fmt: on
# fmt: off
_FILLERS = frozenset([
    "a", "an", "the", "do", "does", "must", "should", "shall", "will", "can", "always", "please", "we", "our", "it",
    "be", "is", "are", "in", "to",
])
# fmt: on
_PASSED_OVER = _FILLERS | _NEGATIONS
#: A number behind these words is a value; behind another word it may be a name, as in "Python 3.11" or "step 2".
# fmt: off
_BEFORE_VALUES = frozenset([
    "=", "is", "are", "be", "to", "for", "of", "at", "within", "after", "every", "than", "most", "least", "by",
    "use", "uses", "set", "exceed", "exceeds", "about", "only", "with",
])
# fmt: on


class Contradiction(StrEnum):
    """The rule by which two statements contradict each other.

    `option`: one statement chose an option that the other rejected, by the option's key. `negation`: equal words,
    negated in one of them. `value`: equal words but for a number.
    """

    OPTION = "option"
    NEGATION = "negation"
    VALUE = "value"


@dataclass(frozen=True, slots=True)
class Opposed:
    """Two statements that contradict each other, by their ids, and their topic: a key, or the words in common."""

    first: str
    second: str
    rule: Contradiction
    topic: str


def opposed(statements: Mapping[str, Statement]) -> Iterator[Opposed]:
    """Yield each pair of statements that contradict each other once, in the order of the given statements.

    Args:
        statements: Statements in force at one time in one scope, by their ids. Statements with two different subjects
            are not compared: an option may be refused for one purpose and taken for another.
    """
    seen = set[tuple[str, str]]()
    for pair in (*_by_option(statements), *_by_wording(statements)):
        ends = (pair.first, pair.second)
        if ends not in seen and not _are_of_two_subjects(statements[pair.first], statements[pair.second]):
            seen.add(ends)
            yield pair


def _are_of_two_subjects(first: Statement, second: Statement) -> bool:
    return None not in (first.subject, second.subject) and first.subject != second.subject


def _by_option(statements: Mapping[str, Statement]) -> Iterator[Opposed]:
    keyed = {key: each for key, each in statements.items() if any(option.keys for option in each.alternatives)}
    if not keyed:
        return
    from graphmem.option_keys import OptionKey

    chosen, rejected = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    for memory_id, statement in keyed.items():
        for option in statement.alternatives:
            keys = chosen if option.outcome is Outcome.CHOSEN else rejected
            for key in dict.fromkeys(OptionKey.read(key).identity for key in option.keys):
                keys[key].append(memory_id)
    rank = {memory_id: position for position, memory_id in enumerate(statements)}
    for key, takers in chosen.items():
        for taker in takers:
            for refuser in rejected.get(key, ()):
                if taker != refuser:
                    first, second = sorted((taker, refuser), key=rank.__getitem__)
                    yield Opposed(first, second, Contradiction.OPTION, key)


def _by_wording(statements: Mapping[str, Statement]) -> Iterator[Opposed]:
    plain, negated = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
    valued = defaultdict[str, list[tuple[str, str]]](list)
    for memory_id, statement in statements.items():
        words = _words(statement.title)
        if words is None:
            continue
        content = [word for word in words if word not in _PASSED_OVER]
        if len(content) >= _LEAST_WORDS:
            (negated if _is_negated(words) else plain)[" ".join(content)].append(memory_id)
        for slot, value in _slots(words):
            valued[slot].append((memory_id, value))
    rank = {memory_id: position for position, memory_id in enumerate(statements)}
    for topic in negated.keys() & plain.keys():
        for first, second in _pairs(negated[topic], plain[topic]):
            yield _opposed(first, second, Contradiction.NEGATION, topic, rank)
    for slot, values in valued.items():
        for index, (first, value) in enumerate(values):
            for second, second_value in values[index + 1 :]:
                if value != second_value and first != second:
                    yield _opposed(first, second, Contradiction.VALUE, slot, rank)


def _pairs(first: Iterable[str], second: Iterable[str]) -> Iterator[tuple[str, str]]:
    seconds = list(second)
    return ((left, right) for left in first for right in seconds)


def _opposed(first: str, second: str, rule: Contradiction, topic: str, rank: Mapping[str, int]) -> Opposed:
    earlier, later = sorted((first, second), key=rank.__getitem__)
    return Opposed(earlier, later, rule, topic)


def _words(title: str) -> list[str] | None:
    """Return the words of a title in lower case; None if there are too many to compare."""
    words = [word.strip(".:,'`-/") or word for word in _WORD.findall(title[:1_000].lower().replace("\u2019", "'"))]
    words = [word for word in words if word]
    return words if len(words) <= _MOST_WORDS else None


def _is_negated(words: Iterable[str]) -> bool:
    """Return whether an odd number of the words are negations."""
    return sum(word in _NEGATIONS for word in words) % 2 == 1


def _slots(words: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the words of a statement with each number in turn replaced, and that number."""
    for index, word in enumerate(words):
        before = words[index - 1] if index else ""
        if _NUMBER.fullmatch(word) and before in _BEFORE_VALUES:
            rest = [*words[:index], "…", *words[index + 1 :]]
            content = [part for part in rest if part not in _FILLERS]
            if len(content) > _LEAST_WORDS:
                yield " ".join(content), word
