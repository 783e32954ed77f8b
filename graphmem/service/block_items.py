"""The memories of a block with the contents of a line: dates, superseded memories, rivals, and contrary evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from graphmem.answers import Card, Contest, Interval, Relation, Sentence, State
from graphmem.briefing.block import BlockItem, RejectedOption, SectionName
from graphmem.briefing.sections import section_of_kind
from graphmem.model import Outcome, Point, Scope, Statement
from graphmem.relations import Side
from graphmem.repository.code_verdict import CodeStatus
from graphmem.retrieval.cards import card
from graphmem.retrieval.dependencies import doubt_sentence, with_dependencies
from graphmem.retrieval.hit_order import rulings
from graphmem.retrieval.moved_files import with_files
from graphmem.retrieval.quotations import quoted_of
from graphmem.retrieval.reasons import named
from graphmem.retrieval.reference import reference
from graphmem.retrieval.relation_phrases import edge_words
from graphmem.service.contested_claims import ContestedClaims
from graphmem.service.context import ServiceContext
from graphmem.service.task_evidence import TaskEvidence
from graphmem.store import Rivals
from graphmem.temporal import CachedView, Ruling, View
from graphmem.temporal.trust import is_mandatory
from graphmem.terms import text_terms

_DOUBTED = frozenset({CodeStatus.BROKEN, CodeStatus.DRIFTED})
#: Rules that decide between memories of one scope: no person has settled which of them counts.
_UNDECIDED = frozenset({"trust of origin", "start", "observed at", "digest of id"})
_MOST_RIVALS = 1_000
_MOST_NEAR = 3


_Rulings = Mapping[str | None, Ruling | None]
_Claims = Mapping[str, tuple[Contest, ...]]


class BlockItems:
    """Makes items.

    Args:
        context: The dependencies of the verb.
        reader: The reader's scope.
        point: The point of the block.
        found: The evidence, which has the reasons.
        near: Further memories that may contest those of the block.
    """

    def __init__(
        self, context: ServiceContext, reader: Scope, point: Point, found: TaskEvidence, near: Iterable[str] = ()
    ) -> None:
        self._context = context
        self._reader = reader
        self._point = point
        self._found = found
        self._near = (*found.table.found, *near)

    def items(self, ids: Sequence[str], terms: Sequence[str]) -> list[BlockItem]:
        """Return the items of memories in the order of their ids, without those that a shown memory contests.

        Args:
            ids: Memories that the reader sees.
            terms: The task's search terms, which choose among rejected options.
        """
        view = self._view(ids)
        ruled = rulings(view, _subjects(view, ids), self._point.valid)
        claims = self._claims(view, ids)
        cards = [shown for key in ids if (shown := card(view, key, self._point.valid)) is not None]
        made: dict[str, BlockItem] = {}
        told: set[str] = set()
        for shown in with_dependencies(self._context.store, self._reader, cards, self._point):
            item = self._item(view, shown, (ruled, claims), terms)
            if item.id not in told:
                made[item.id] = item
                told.update(rival.memory.id for rival in (*item.overrules, *item.contested))
        return [item for key, item in made.items() if key not in told]

    def sections_of(self, ids: Sequence[str]) -> Counter[SectionName]:
        """Return the number of memories in each section, of those that are not put into words."""
        view = self._context.content_view(self._reader, ids, self._point.seq)
        counts: Counter[SectionName] = Counter()
        for key in ids:
            memory = view.memory(key)
            if memory is not None and memory.statement is not None:
                counts[section_of_kind(memory.statement.kind, memory.scope, self._reader)] += 1
        return counts

    def _view(self, ids: Sequence[str]) -> View:
        """Return a view of the memories, their chains and their rivals."""
        seq = self._point.seq
        subjects = tuple(sorted(_subjects(self._context.content_view(self._reader, ids, seq), ids)))
        rivals = Rivals(subjects, self._point, _MOST_RIVALS * len(subjects))
        return CachedView(self._context.store.rows_with_rivals(self._reader, ids, rivals), self._reader, seq)

    def _claims(self, view: View, ids: Sequence[str]) -> _Claims:
        """Return the rivals of memories by other rules than their subject."""
        found = self._found
        titles = [key for key in ids if key in found.on_path or key in found.mandatory]
        return ContestedClaims(self._context, self._reader, self._point).of(view, ids, self._near, titles)

    def _item(self, view: View, shown: Card, rivals: tuple[_Rulings, _Claims], terms: Sequence[str]) -> BlockItem:
        key, valid = shown.id, self._point.valid
        shown = with_files(self._context.mainlines, self._reader, shown, self._point)
        statement = shown.statement
        within = _within(shown, valid)
        why, matched = self._found.reason(key)
        ruled, claims = rivals
        ruling = ruled.get(statement.subject) if statement.subject is not None else None
        overrules, contested = _rivals(view, ruling, key, valid)
        led = {rival.memory.id for rival in (*overrules, *contested)}
        contested += tuple(rival for rival in claims.get(key, ()) if rival.memory.id not in led)
        return BlockItem(
            id=key,
            title=statement.title,
            kind=statement.kind,
            origin=statement.origin,
            scope=shown.memory.scope,
            state=shown.state,
            since=within.start,
            until=within.end,
            why=why,
            matched=matched,
            alias=shown.alias,
            is_mandatory=is_mandatory(statement),
            rejected=_rejected(statement, terms),
            replaced=tuple(_replaced(view, key, valid)),
            overrules=overrules,
            contested=contested,
            cautions=tuple(_cautions(view, shown, valid)),
            claim=self._found.claims.get(key),
            is_own=key in self._found.own_claims,
        )


def _subjects(view: View, ids: Sequence[str]) -> set[str]:
    memories = (view.memory(key) for key in ids)
    return {memory.statement.subject for memory in memories if memory and memory.statement and memory.statement.subject}


def _within(shown: Card, valid: datetime) -> Interval:
    """Return the interval that contains an instant, else the next, else the last."""
    for interval in shown.holding:
        if interval.end is None or valid < interval.end:
            return interval
    return shown.holding[-1] if shown.holding else Interval(None, None)


def _rejected(statement: Statement, terms: Sequence[str]) -> tuple[RejectedOption, ...]:
    wanted = frozenset(terms)
    options = [option for option in statement.alternatives if option.outcome is Outcome.REJECTED]
    options.sort(key=lambda option: -len(wanted & {*text_terms(option.name)}))
    return tuple(RejectedOption(option.name, option.reason) for option in options)


def _replaced(view: View, key: str, valid: datetime) -> Iterator[Relation]:
    """Yield relations to the memories that a memory supersedes or amends at the point, the latest first."""
    edges = [edge for edge in view.edges_into(key) if edge.old in view.known and view.memory(edge.old) is not None]
    for edge in sorted(edges, key=lambda edge: -edge.stamp.seq)[:_MOST_NEAR]:
        before, after = edge_words(view, edge, Side.NEW, valid)
        part = None if edge.part is None else quoted_of(view, edge, edge.part)
        is_whole = edge.is_full and view.covers(edge, valid)
        yield Relation(reference(view, edge.old, valid), before, after, part, is_whole)


def _rivals(
    view: View, ruling: Ruling | None, key: str, valid: datetime
) -> tuple[tuple[Contest, ...], tuple[Contest, ...]]:
    """Return the memories that a leading memory overrules by its scope or mandate, and its rivals in its own scope."""
    if ruling is None or ruling.head != key:
        return (), ()
    contests = [(rule, Contest(reference(view, rival, valid), rule)) for rival, rule in ruling.contested]
    overrules = tuple(contest for rule, contest in contests if rule not in _UNDECIDED)
    return overrules, tuple(contest for rule, contest in contests if rule in _UNDECIDED)


def _cautions(view: View, shown: Card, valid: datetime) -> Iterator[str]:
    if shown.verdict is not None and shown.verdict.status in _DOUBTED:
        reason = Sentence.quoting(shown.verdict.reason, shown.statement.origin)
        yield Sentence.of(shown.verdict.status.value, ": " if reason else "", reason)
    if shown.suspect:
        yield Sentence.of("suspect: ", doubt_sentence(shown.suspect))
    if shown.state not in {State.HOLDS, State.NOT_YET}:
        successors = [edge.new for edge in view.edges_out(shown.id) if edge.is_full and view.covers(edge, valid)]
        for successor in successors[:_MOST_NEAR]:
            if view.memory(successor) is not None:
                yield Sentence.of("by ", named(view, successor), f" [{successor[:6]}]")
