"""From a question's type to the public verb that answers it; the README publishes this table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from benchmarks.truth.packs import Question
from graphmem.answers import Card, History, Hit, SearchAnswer, State, Step, Told
from graphmem.errors import NotFound
from graphmem.model import At, Scope
from graphmem.service import GraphMemory
from graphmem.store import Filter, Page
from graphmem.temporal import Standing

SEARCH_TYPES = ("current", "is_current", "as_of_before", "as_of_after", "current_rule", "rule_as_of")
GONE_TYPES = ("current_rule_gone",)
LAG_TYPES = ("bitemporal_lag",)
RELATION_TYPES = (
    "replaced_by_id", "replaced_by_title", "replaces", "history", "partly_superseded", "amended", "why",
)  # fmt: skip
TIMELINE_TYPES = ("status_as_of", "stage_as_of", "when", "set_as_of")

_A_DAY = timedelta(days=1)
_QUOTED = re.compile(r'".*"', re.DOTALL)
_LABEL = re.compile(r"^Which (.+?) [A-Z]+s\b")
_MANY = 1_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered: ids in order, or a word or date, or the lines given as evidence."""

    ids: tuple[str, ...] = ()
    word: str | None = None
    lines: str = ""
    hits: tuple[Hit, ...] = ()


class Asker:
    """Asks one loaded pack, standing where the question says."""

    def __init__(self, memory: GraphMemory, tenant: str) -> None:
        self._memory = memory
        self._tenant = tenant

    def ask(self, question: Question, text: str) -> Answer:
        """The answer to a question in the given wording."""
        return _VERBS[question.type](self, question, text)

    def search(self, question: Question, text: str, known_at: datetime | None = None) -> Answer:
        """`search`: what holds at the asked date."""
        found = self._search(question, text, At(question.as_of, known_at))
        return Answer(tuple(hit.card.id for hit in found.hits), hits=found.hits)

    def as_known_then(self, question: Question, text: str) -> Answer:
        """`search` with `known_at`: what the sources told by the end of the asked day."""
        known_at = None if question.as_of is None else question.as_of + _A_DAY - timedelta(microseconds=1)
        return self.search(question, text, known_at)

    def holds(self, key: str, question: Question) -> bool:
        """`get`: whether a memory holds at the asked date."""
        try:
            found = self._memory.get(key, at=At(question.as_of), scope=self._scope(question))
        except NotFound:
            return False
        return found.state is State.HOLDS

    # ---- relations

    def successors(self, question: Question, text: str) -> Answer:
        """`history().successors` of what the question names."""
        return self._steps(question, text, lambda key: self._history(question, key).successors)

    def predecessors(self, question: Question, text: str) -> Answer:
        """`history().predecessors`."""
        return self._steps(question, text, lambda key: self._history(question, key).predecessors)

    def amendments(self, question: Question, text: str) -> Answer:
        """`history().amendments`."""
        return self._steps(question, text, lambda key: self._history(question, key).amendments)

    def chain(self, question: Question, text: str) -> Answer:
        """`history().chain` from what the question names on."""
        for key in self._named(question, text):
            ids = [card.id for card in self._history(question, key).chain]
            return Answer(tuple(ids[ids.index(key) :]))
        return Answer()

    def why(self, question: Question, text: str) -> Answer:
        """`explain`: the memory, the other sides of its supersessions, and what they were recorded with."""
        ids: list[str] = []
        lines: list[str] = []
        for key in self._named(question, text):
            told = self._memory.explain(key, scope=self._scope(question))
            ids += [key, *(step.memory.id for step in told.edges)]
            lines += [*told.reasons, *(step.evidence or "" for step in told.edges)]
        return Answer(tuple(dict.fromkeys(ids)), lines="\n".join(lines))

    # ---- timelines

    def word_at(self, question: Question, text: str) -> Answer:
        """`timeline` of the subject: the source's word at the asked date."""
        return self._word_at(question, text, "")

    def stage_at(self, question: Question, text: str) -> Answer:
        """`timeline` of the subject's stage."""
        return self._word_at(question, text, ".stage")

    def first_date(self, question: Question, text: str) -> Answer:
        """`timeline` of the subject and its stage: since when it first had the state that the question names."""
        plain = _QUOTED.sub(" ", question.text)
        for key in self._named(question, text)[:1]:
            moves = [told for suffix in ("", ".stage") for told in self._moves(question, key, suffix)]
            for told in moves:
                if re.search(rf"\b{re.escape(told.word)}\b", plain, re.IGNORECASE):
                    return Answer((key,), told.at.date().isoformat())
        return Answer()

    def set_at(self, question: Question, text: str) -> Answer:
        """`list` by label with history: those whose word at the asked date the question asks for."""
        label = _LABEL.match(text)
        where = Filter(labels=(label.group(1),) if label else (), include_history=True)
        listing = self._memory.list(where, at=At(question.as_of), scope=self._scope(question), page=Page(limit=_MANY))
        asked = text.partition("not yet")[0].casefold()
        return Answer(tuple(card.id for card in listing.cards if card.told and card.told.word.casefold() in asked))

    # ---- parts

    def _scope(self, question: Question) -> Scope:
        return Scope(self._tenant, question.repo)

    def _search(self, question: Question, text: str, at: At | None, where: Filter | None = None) -> SearchAnswer:
        return self._memory.search(text, at=at, scope=self._scope(question), where=where, page=Page(limit=10))

    def _named(self, question: Question, text: str) -> list[str]:
        """What the question is about: the best match, history included, with all that are named equally well."""
        hits = self._search(question, text, None, Filter(include_history=True)).hits
        if not hits:
            return []
        name = hits[0].parts.get("name")
        return [hit.card.id for hit in hits if hit is hits[0] or (name is not None and hit.parts.get("name") == name)]

    def _history(self, question: Question, key: str) -> History:
        return self._memory.history(key, scope=self._scope(question))

    def _steps(self, question: Question, text: str, steps: Callable[[str], Iterable[Step]]) -> Answer:
        found = [step.memory.id for key in self._named(question, text) for step in steps(key)]
        return Answer(tuple(dict.fromkeys(found)))

    def _word_at(self, question: Question, text: str, suffix: str) -> Answer:
        for key in self._named(question, text)[:1]:
            moves = self._moves(question, key, suffix)
            told = [one for one in moves if question.as_of is None or one.at <= question.as_of]
            return Answer((key,), told[-1].word if told else None)
        return Answer()

    def _moves(self, question: Question, key: str, suffix: str) -> tuple[Told, ...]:
        scope = self._scope(question)
        statement = self._memory.get(key, scope=scope).memory.statement
        if statement is None or statement.subject is None:
            return ()
        subject = statement.subject + suffix
        lanes = self._memory.timeline(subject=subject, scope=scope).lanes
        return next((lane.moves for lane in lanes if _subject(lane.card) == subject), ())


def _subject(card: Card) -> str | None:
    return None if card.memory.statement is None else card.memory.statement.subject


def first_relied_on(answer: Answer, *, or_to_come: bool) -> Hit | None:
    """The first hit that is returned as holding, or, if allowed, as a declared successor not yet in force."""
    standings = {Standing.HOLDS, Standing.NOT_YET} if or_to_come else {Standing.HOLDS}
    return next((hit for hit in answer.hits if hit.standing in standings), None)


_VERBS: Mapping[str, Callable[[Asker, Question, str], Answer]] = {
    **dict.fromkeys((*SEARCH_TYPES, *GONE_TYPES, *LAG_TYPES), Asker.search),
    "replaced_by_id": Asker.successors,
    "replaced_by_title": Asker.successors,
    "replaces": Asker.predecessors,
    "history": Asker.chain,
    "partly_superseded": Asker.amendments,
    "amended": Asker.amendments,
    "why": Asker.why,
    "status_as_of": Asker.word_at,
    "stage_as_of": Asker.stage_at,
    "when": Asker.first_date,
    "set_as_of": Asker.set_at,
}
