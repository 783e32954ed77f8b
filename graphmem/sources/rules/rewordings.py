"""Pairs of rules in two versions of a file: the old and the new wording of a rule."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from graphmem.deferred_dataclass import dataclass
from graphmem.sources.rules.rule_text import Rule

#: Rules whose word sequences are less alike are two rules (`SequenceMatcher.ratio`).
LEAST_RATIO = 0.5
#: Added to the ratio of two rules under the same heading.
HEADING_BONUS = 0.08
#: A commit that removes and adds more rules of a file, in pairs, rewrites the file: none is a rewording.
MOST_PAIRS = 100_000
#: Words of a rule beyond these are not compared.
_MOST_WORDS = 300
#: Word pairs that are compared for a version of a file: the most promising pairs of rules come first.
_MOST_WORD_PAIRS = 10_000_000


@dataclass(frozen=True, slots=True)
class Rewording:
    """A rule and its new wording."""

    old: Rule
    new: Rule


@dataclass(frozen=True, slots=True)
class _RulePair:
    score: float
    distance: float
    old: int
    new: int


def rewordings(before: Sequence[Rule], after: Sequence[Rule]) -> list[Rewording]:
    """The rewordings between two versions of a file, the most alike first; each rule is in one at most.

    Rules that both versions have are in none. Among equally similar pairs the nearest in the file comes first.
    """
    removed, added = _only_in_first(before, after), _only_in_first(after, before)
    if not removed or not added or len(removed) * len(added) > MOST_PAIRS:
        return []
    settings = {rule.setting: rule for rule in added if rule.setting is not None}
    found = [Rewording(rule, settings[rule.setting]) for rule in removed if rule.setting in settings]
    texts = ([rule for rule in rules if rule.setting is None] for rules in (removed, added))
    return found + list(_greedy(*texts))


def _only_in_first(first: Sequence[Rule], second: Sequence[Rule]) -> list[Rule]:
    """The rules of a version that another lacks; of equal rules, those under the same headings are the same."""
    places = Counter((rule.identity, rule.headings) for rule in second)
    rest: list[Rule] = []
    for rule in first:
        if places[rule.identity, rule.headings] > 0:
            places[rule.identity, rule.headings] -= 1
        else:
            rest.append(rule)
    moved = Counter[str]()
    for (identity, _), count in places.items():
        moved[identity] += count
    only: list[Rule] = []
    for rule in rest:
        if moved[rule.identity] > 0:
            moved[rule.identity] -= 1
        else:
            only.append(rule)
    return only


def _greedy(removed: Sequence[Rule], added: Sequence[Rule]) -> Iterator[Rewording]:
    candidates = sorted(_candidates(removed, added), key=lambda pair: (-pair.score, pair.distance, pair.old, pair.new))
    old_taken: set[int] = set()
    new_taken: set[int] = set()
    for pair in candidates:
        if pair.old not in old_taken and pair.new not in new_taken:
            old_taken.add(pair.old)
            new_taken.add(pair.new)
            yield Rewording(removed[pair.old], added[pair.new])


def _candidates(removed: Sequence[Rule], added: Sequence[Rule]) -> Iterator[_RulePair]:
    remaining = _MOST_WORD_PAIRS
    for _, old, new in sorted(_promising(removed, added), reverse=True):
        first, second = removed[old], added[new]
        words, other_words = first.words[:_MOST_WORDS], second.words[:_MOST_WORDS]
        remaining -= len(words) * len(other_words)
        if remaining < 0:
            return
        ratio = SequenceMatcher(None, words, other_words, autojunk=False).ratio()
        score = ratio + _bonus(first, second)
        if score >= LEAST_RATIO:
            yield _RulePair(score, abs(old / len(removed) - new / len(added)), old, new)


def _promising(removed: Sequence[Rule], added: Sequence[Rule]) -> Iterator[tuple[float, int, int]]:
    """(Highest possible score, old, new) of the pairs that share enough words, in any order."""
    counts = [Counter(rule.words[:_MOST_WORDS]) for rule in added]
    holders: defaultdict[str, list[int]] = defaultdict(list)
    for index, words in enumerate(counts):
        for word in words:
            holders[word].append(index)
    for old, rule in enumerate(removed):
        own, shared = Counter(rule.words[:_MOST_WORDS]), Counter[int]()
        for word, count in own.items():
            for new in holders.get(word, ()):
                shared[new] += min(count, counts[new][word])
        for new, common in shared.items():
            highest = 2 * common / (own.total() + counts[new].total()) + _bonus(rule, added[new])
            if highest >= LEAST_RATIO:
                yield highest, old, new


def _bonus(first: Rule, second: Rule) -> float:
    return HEADING_BONUS if first.headings[-1:] == second.headings[-1:] else 0.0
