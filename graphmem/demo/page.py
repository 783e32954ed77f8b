"""The demo page: for each question the answers of plain search and of graphmem side by side, and the chain as bars."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

from graphmem import At, Filter, GraphMemory, Page, Sort
from graphmem.answers import Hit, Lane, SearchAnswer, State
from graphmem.cli.bars import bars
from graphmem.cli.blocks import Beside, Block, Box, Line, Look, Span, dim, line, strong
from graphmem.cli.phrases import began, chain_line, name, point_line, sign, stretches
from graphmem.deferred_dataclass import dataclass
from graphmem.demo.plain import PlainSearch
from graphmem.demo.questions import AS_OF, EVERYDAY, KNOWN_AT, QUESTIONS, DemoQuestion, Pair
from graphmem.relations import rule_words
from graphmem.retrieval.briefs import briefs
from graphmem.terms import question_terms

_GAP = line()
_NAME_CELLS = 70


@dataclass(frozen=True, slots=True)
class Demo:
    """A memory with the facts.

    Attributes:
        has_records: The memory includes this project's own decisions.
        clone: Makes the section about the clone that the demo runs in; None outside of a clone.
    """

    memory: GraphMemory
    has_records: bool
    clone: Callable[[GraphMemory], Iterator[Block]] | None = None

    def page(self, width: int) -> Iterator[Block]:
        """Yield the blocks of the page for a width in cells."""
        questions = [question for question in QUESTIONS if self.has_records or not question.needs_records]
        everything = self.memory.list(Filter(include_history=True), sort=Sort.RECENCY, page=Page(1000)).cards
        plain = PlainSearch(everything)
        yield from self._opening(len(everything), len(questions))
        for number, question in enumerate(questions, 1):
            yield from self._question(number, question, plain, width)
        yield from self._everyday(plain)
        yield from self._pair(AS_OF, width)
        yield from self._pair(KNOWN_AT, width)
        if self.clone is not None:
            yield from self.clone(self.memory)
        yield from self._conflict(width)

    def _opening(self, memories: int, questions: int) -> Iterator[Block]:
        info = self.memory.status()
        yield line(strong("graphmem"), f": {memories} decisions, {info.changes} changes of belief, two times")
        yield line(
            dim(f"{questions} questions in the words of superseded decisions: lexical search finds the old decision.")
        )
        yield _GAP

    # ---- questions

    def _question(self, number: int, question: DemoQuestion, plain: PlainSearch, width: int) -> Iterator[Block]:
        answer = self.memory.search(question.text)
        hit, old = answer.hits[0], plain.best(question.text)
        yield line(strong(f"{number}  {question.text}"))
        left = (line(sign(old.state), " ", strong(name(old, _NAME_CELLS))), *self._verdict(old.id))
        yield Beside(
            Box("plain search (BM25)", left, Look.BAD if old.state is not State.HOLDS else Look.GOOD),
            Box("graphmem", (*self._answer(hit), point_line(answer.at, At(), answer.note)), Look.GOOD),
        )
        yield from self._bars(hit.card.id, At(), width)
        yield _GAP

    def _verdict(self, memory_id: str) -> Iterator[Line]:
        reason = self.memory.explain(memory_id).reasons[0]
        yield line(Span(reason, Look.BAD), indent=2)

    def _answer(self, hit: Hit) -> Iterator[Line]:
        yield line(sign(hit.card.state), " ", strong(name(hit.card, _NAME_CELLS)))
        yield line(Span(f"{hit.card.state.value} {stretches(hit.card.holding)}", Look.GOOD), indent=2)
        yield line(dim("why: "), hit.because, indent=2)
        if len(hit.via) > 1:
            yield chain_line(sorted(hit.via, key=began), indent=2)

    def _bars(self, memory_id: str, at: At, width: int) -> Iterator[Line]:
        history = self.memory.history(memory_id, at=at)
        lanes = [Lane(card, self.memory.history(card.id, at=at).moves) for card in history.chain]
        yield from bars(lanes, history.at.valid, width)

    def _everyday(self, plain: PlainSearch) -> Iterator[Line]:
        questions = [question for question in EVERYDAY if self.has_records or not question.needs_records]
        yield line(strong("In everyday words"), ": the first answer of graphmem, and below it that of plain search")
        for text in (question.text for question in questions):
            answer, old = self.memory.search(text), plain.best(text)
            yield line(text)
            if answer.hits:
                first = answer.hits[0]
                yield from _rejected(answer, text)
                title = Span(f"{name(first.card, _NAME_CELLS)}", Look.GOOD)
                yield line(sign(first.card.state), " ", title, dim(f"  relevance {first.relevance:.2f}"), indent=2)
            else:
                yield line(Span("nothing is recorded about this", Look.GOOD), indent=2)
            yield line(dim(f"{old.state.value}: {name(old, _NAME_CELLS)}"), indent=4)
        yield _GAP

    # ---- pairs

    def _pair(self, pair: Pair, width: int) -> Iterator[Block]:
        yield line(strong(pair.lesson))
        yield line(pair.text)
        left, right = (self._point_box(words, at, pair.text) for words, at in pair.points)
        yield Beside(left, right)
        last = pair.points[1][1]
        yield from self._bars(self.memory.search(pair.text, at=last).hits[0].card.id, last, width)
        yield _GAP

    def _point_box(self, words: str, at: At, text: str) -> Box:
        answer = self.memory.search(text, at=at)
        return Box(words, (*self._answer(answer.hits[0]), point_line(answer.at, at, answer.note)), Look.GOOD)

    # ---- a conflict

    def _conflict(self, width: int) -> Iterator[Block]:
        answer = self.memory.conflicts()
        yield line(strong("A conflict: two decisions in force for the same subject. One leads by the rule shown."))
        for conflict in answer.conflicts:
            yield line(Span(conflict.what, Look.WARN), f", both {stretches(conflict.overlap)}")
            for index, card in enumerate(conflict.claims):
                role = f"leads by the rule “{rule_words(conflict.rule)}”" if index == 0 else "contested"
                yield line(sign(card.state), f" {name(card, _NAME_CELLS)}  ", dim(role), indent=2)
            yield from bars(self.memory.timeline(subject=conflict.what).lanes, answer.at.valid, width)
            yield line(dim("to settle it: "), conflict.ways[0])
        yield point_line(answer.at, At())


def _rejected(answer: SearchAnswer, question: str) -> Iterator[Line]:
    """Yield the option that a question names, if the first answer rejected it, with the reason."""
    terms = question_terms(question)
    named = (option for option in briefs(answer, question)[0].rejected if option.is_named(terms))
    for option in islice(named, 1):
        why = f", since {option.reason}" if option.reason else ""
        yield line(Span("rejected: ", Look.BAD), strong(option.name), why, indent=2)
