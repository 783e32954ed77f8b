"""Whether an answer is right, and whether it is worse than wrong: stale."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from benchmarks.truth.ask import GONE_TYPES, LAG_TYPES, SEARCH_TYPES, Answer, Asker, first_relied_on
from benchmarks.truth.packs import Pack, Question, Record
from graphmem.temporal import Standing


@dataclass(frozen=True, slots=True)
class Score:
    """One answer judged; `is_stale` is None where the type has no stale answers. `got` is for the reader."""

    question: Question
    text: str
    is_right: bool
    is_stale: bool | None
    got: str


class Judge:
    """Knows which records of a pack have equal texts, and counts those as one."""

    def __init__(self, pack: Pack) -> None:
        self._texts: Mapping[str, tuple[str, str, str | None]] = {one.id: _text(one) for one in pack.records}

    def top(self, question: Question, text: str, top: str | None) -> Score:
        """A single record given as what holds."""
        return self._judged(question, text, top, question.gold, question.wrong)

    def score(self, question: Question, text: str, asker: Asker) -> Score:
        """Ask and judge."""
        if question.type in SEARCH_TYPES:
            return self._search(question, text, asker)
        if question.type in LAG_TYPES:
            return self._lag(question, text, asker)
        answer = asker.ask(question, text)
        if question.type in GONE_TYPES:
            return self._gone(question, text, answer)
        if question.answer is not None:
            return Score(question, text, answer.word == question.answer, None, f"{answer.ids} {answer.word}")
        return Score(question, text, _is_exact(question, answer), None, str(answer.ids))

    def _search(self, question: Question, text: str, asker: Asker) -> Score:
        answer = asker.ask(question, text)
        gold_holds = any(asker.holds(key, question) for key in question.gold)
        holding = first_relied_on(answer, or_to_come=False)
        counted = first_relied_on(answer, or_to_come=not gold_holds)
        score = self._judged(question, text, counted.card.id if counted else None, question.gold, question.wrong)
        is_stale = holding is not None and self._judged(question, text, holding.card.id, (), question.wrong).is_stale
        return replace(score, is_stale=is_stale and not score.is_right)

    def _lag(self, question: Question, text: str, asker: Asker) -> Score:
        then = first_relied_on(asker.as_known_then(question, text), or_to_come=False)
        now = first_relied_on(asker.ask(question, text), or_to_come=False)
        halves = (
            self._judged(question, text, then.card.id if then else None, question.by_recorded, question.by_valid),
            self._judged(question, text, now.card.id if now else None, question.by_valid, question.by_recorded),
        )
        got = " | ".join(half.got for half in halves)
        return Score(question, text, all(h.is_right for h in halves), any(h.is_stale for h in halves), got)

    def _gone(self, question: Question, text: str, answer: Answer) -> Score:
        """Nothing holds: right if the first answer says so of the rule that was asked about."""
        first = answer.hits[0] if answer.hits else None
        is_last = first is not None and first.standing is Standing.LAST and self.is_among(first.card.id, question.wrong)
        is_stale = any(hit.holds and hit.card.id in question.wrong for hit in answer.hits)
        return Score(question, text, is_last, is_stale, f"{first.card.id} {first.standing}" if first else "nothing")

    def _judged(
        self, question: Question, text: str, top: str | None, gold: tuple[str, ...], wrong: tuple[str, ...]
    ) -> Score:
        is_right = top is not None and self.is_among(top, gold)
        is_stale = top is not None and not is_right and self.is_among(top, wrong)
        return Score(question, text, is_right, is_stale, top or "nothing")

    def is_among(self, key: str, others: Iterable[str]) -> bool:
        """Whether a record is one of several, or says the same as one of them."""
        mine = self._texts.get(key)
        return any(key == other or (mine is not None and mine == self._texts.get(other)) for other in others)


def _is_exact(question: Question, answer: Answer) -> bool:
    if question.type == "history":
        return answer.ids == question.gold
    if question.type == "why":
        return set(question.gold) <= set(answer.ids) and all(line in answer.lines for line in question.evidence)
    return set(answer.ids) == set(question.gold)


def _text(record: Record) -> tuple[str, str, str | None]:
    return (record.statement.title, record.statement.body, record.repo)
