"""What comes first: everyday questions judged by the first answer, whatever its standing, and rows of their figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks.rows import Row
from benchmarks.truth.controls import Ranking
from benchmarks.truth.everyday import NONE
from benchmarks.truth.loaded import OURS, WORDS_ONLY, Loaded
from benchmarks.truth.packs import Question
from benchmarks.truth.scoring import Judge

RECORDS, FACTS = "everyday records", "everyday facts"
_THREE = 3


@dataclass(frozen=True, slots=True)
class First:
    """One contestant's answer to one question, judged; `group` is what the figure is about."""

    group: str
    contestant: str
    question: Question
    is_first: bool
    in_three: bool
    is_stale: bool
    ranking: Ranking

    @property
    def is_answerable(self) -> bool:
        """Whether anything that is recorded answers the question."""
        return self.question.type != NONE


@dataclass(frozen=True, slots=True)
class Aims:
    """What the figures of graphmem should reach; None where there is no aim."""

    first: float | None = None
    three: float | None = None
    stale: float | None = None
    auc: float | None = None
    refused: float | None = None
    lost: float | None = None


AIMS = {
    RECORDS: Aims(first=0.78, three=0.90, stale=0.01, auc=0.94, refused=0.85, lost=0.03),
    FACTS: Aims(first=0.94, three=0.98, stale=0.0, auc=0.99, refused=0.85, lost=0.03),
}


def ask_all(loaded: Loaded, questions: Iterable[Question], group: str) -> Iterator[First]:
    """Every contestant's answers, judged; records of equal texts count as one."""
    judge = loaded.judge
    for question in questions:
        for name, ranking in loaded.rankings(question).items():
            yield judged(group, name, question, ranking, judge)


def judged(group: str, contestant: str, question: Question, ranking: Ranking, judge: Judge) -> First:
    """An answer judged by its first three."""
    rights = [judge.is_among(key, question.gold) for key in ranking.ids[:_THREE]]
    is_first = bool(rights) and rights[0]
    is_stale = bool(rights) and not is_first and judge.is_among(ranking.ids[0], question.wrong)
    return First(group, contestant, question, is_first, any(rights), is_stale, ranking)


def first_rows(found: Sequence[First]) -> Iterator[Row]:
    """hit@1, hit@3 and stale@1 of questions with an answer; what tells those apart that have none."""
    for group, contestant in dict.fromkeys((one.group, one.contestant) for one in found):
        mine = [one for one in found if (one.group, one.contestant) == (group, contestant)]
        aims = AIMS.get(group, Aims()) if contestant == OURS else Aims()
        yield from _rows(f"{group} {contestant}", mine, aims, can_refuse=contestant in {OURS, WORDS_ONLY})


def _rows(name: str, found: Sequence[First], aims: Aims, *, can_refuse: bool) -> Iterator[Row]:
    answerable = [one for one in found if one.is_answerable]
    others = [one for one in found if not one.is_answerable]
    if answerable:
        yield Row(f"{name} hit@1", share(one.is_first for one in answerable), "share", "higher", aims.first)
        yield Row(f"{name} hit@3", share(one.in_three for one in answerable), "share", "higher", aims.three)
        yield Row(f"{name} stale@1", share(one.is_stale for one in answerable), "share", "lower", aims.stale)
    if answerable and others:
        yield Row(f"{name} AUC", auc(found), "share", "higher", aims.auc)
    if answerable and others and can_refuse:
        refused, lost = (share(one.ranking.is_silent for one in some) for some in (others, answerable))
        yield Row(f"{name} refused of those without an answer", refused, "share", "higher", aims.refused)
        yield Row(f"{name} lost of those with one", lost, "share", "lower", aims.lost)


def auc(found: Iterable[First]) -> float:
    """How often the first answer to a question that has one is more relevant than that to one that has none."""
    listed = list(found)
    with_one = [one.ranking.relevance for one in listed if one.is_answerable]
    without = [one.ranking.relevance for one in listed if not one.is_answerable]
    return share((good > bad) + (good == bad) / 2 for good in with_one for bad in without)


def share(figures: Iterable[float]) -> float:
    """The mean of figures between 0 and 1, to four places; 0 of none."""
    listed = list(figures)
    return round(sum(listed) / len(listed), 4) if listed else 0.0
