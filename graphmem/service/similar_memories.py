"""Memories in force that are similar to a memory about to be added: by words, name, subject or vector."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import zip_longest
from typing import TYPE_CHECKING

from graphmem.answers import OnSimilar, Similar, Written
from graphmem.deferred_dataclass import dataclass, replace
from graphmem.model import Add, Change, Confirm, Memory, Point, Request, Statement
from graphmem.ranking import name_keys
from graphmem.retrieval.embedder import EmbedderMissing, card_of
from graphmem.retrieval.reference import reference
from graphmem.service.admission import notes_of_admission
from graphmem.service.context import GatedRequests, ServiceContext
from graphmem.service.statements import notes_on
from graphmem.store import Filter, Matches, ModelCard, Probe, Rivals
from graphmem.temporal import CachedView, View, touched
from graphmem.temporal.operations import renamed
from graphmem.temporal.operations.add import active_time
from graphmem.temporal.spans import difference
from graphmem.terms import text_terms
from graphmem.vocabulary import word_of

if TYPE_CHECKING:
    from graphmem.store import Vector

#: Texts with at least this cosine are reported. Measured on reworded rules (`python -m benchmarks.similar`): four in
#: five new wordings reach it. A higher cosine does not mean the same statement: of rules whose meaning changed, one in
#: eleven is above 0.98, and of rules whose punctuation alone changed, only a quarter. No score therefore skips an add.
NEAR = 0.8
MOST_REPORTED = 5

#: Limits of successive lookups; a later one is used only if the best matches are alike but not in force.
_LIMITS = (20, 80, 320)
_MAX_TERMS = 48
_MAX_CHARS = 4_000
_MOST_RIVALS = 20
_QUOTES = "\"'`“”«»\u2018\u2019"
_MARKS_BEFORE = _QUOTES + "([{"
_MARKS_AFTER = _QUOTES + ")]}.,;:!?"
_EMPHASIS = "**"


def apply_with_similar(
    context: ServiceContext,
    requests: Sequence[Request],
    earlier: Sequence[Change | None],
    on_similar: OnSimilar | None,
) -> list[Written]:
    """Write requests, and report memories similar to added ones or confirm a memory with the same words instead.

    Args:
        context: The context of the opened memory.
        requests: Additions and supersessions of one tenant. Additions that supersede are not compared.
        earlier: For each request, its ledger entry if it was sent before.
        on_similar: As in `WriteVerbs.add`; None compares nothing.

    Returns:
        A result for each request, in order.
    """
    choice = None if on_similar is None else word_of(OnSimilar, on_similar)
    if not requests:
        return []
    gated = context.through_gate(requests)
    if choice is None:
        return [_written(context, change, ()) for change in context.commit(gated)]
    results = [_compared(context, gated, request, sent) for request, sent in zip(gated.requests, earlier, strict=True)]
    if choice is OnSimilar.SKIP:
        gated = _with_confirmations(gated, results)
    return [
        _written(context, change, result.similar) for change, result in zip(context.commit(gated), results, strict=True)
    ]


def says_the_same(existing: Statement, new: Statement) -> bool:
    """Return whether an existing statement has the words of a new one and includes its other fields.

    Kind, subject, language and `is_mandatory` must be equal; aliases, labels, anchors and alternatives of the new
    statement must be among the existing ones. Words are compared without surrounding quotes, brackets and punctuation,
    without emphasis and spaces, and ignoring a capital first letter. Signs that carry meaning, as in `C++`,
    `>=` or `-1`, count.
    """
    # A stored title is read without the rest of its statement, and most differ.
    if any(word != new_word for word, new_word in zip(_words_in(existing.title), _words_in(new.title), strict=False)):
        return False
    equal = ("kind", "subject", "language", "is_mandatory")
    if any(getattr(existing, name) != getattr(new, name) for name in equal):
        return False
    for name in ("aliases", "labels", "anchors", "alternatives"):
        if not set(getattr(new, name)) <= set(getattr(existing, name)):
            return False
    # Words are made lazily: most pairs already differ in their first words.
    return all(word == new_word for word, new_word in zip_longest(_words(existing), _words(new)))


@dataclass(frozen=True, slots=True)
class _SimilarResult:
    """The memories similar to an addition; `same` is the id of a memory that can be confirmed instead."""

    similar: tuple[Similar, ...] = ()
    same: str | None = None


def _compared(context: ServiceContext, gated: GatedRequests, request: Request, sent: Change | None) -> _SimilarResult:
    """Return the memories similar to an addition, among those visible from its scope.

    Everybody who will see the new memory therefore sees them too.
    """
    operation = request.operation
    if not isinstance(operation, Add) or not operation.may_confirm:
        return _SimilarResult()
    memory, statement = operation.memory, operation.memory.statement
    if statement is None or not operation.moves:
        return _SimilarResult()
    valid = max(context.clock() if sent is None else sent.recorded_at, operation.moves[0].at)
    names = frozenset(name_keys(statement))
    search = _SimilarSearch(context, memory, statement, names, valid, None if sent is None else sent.seq - 1)
    matches, views = search.matches(gated.vectors.get(memory.id))
    listed = sorted(search.similar(matches, views), key=_order)
    reported = tuple(similar for similar in listed if similar.memory.id != memory.id)[:MOST_REPORTED]
    same = (similar.memory.id for similar in listed if _can_replace(views[similar.memory.id], similar, operation))
    return _SimilarResult(reported, next(same, None))


@dataclass(frozen=True, slots=True)
class _SimilarSearch:
    """The search for memories similar to an addition.

    Attributes:
        memory: The memory to add.
        statement: Its statement.
        names: The keys of its title and aliases.
        valid: Similar memories must be in force at this instant.
        seq: The last ledger position to read; the latest if None. Set if the addition was sent before.
    """

    context: ServiceContext
    memory: Memory
    statement: Statement
    names: frozenset[str]
    valid: datetime
    seq: int | None

    def matches(self, vector: Vector | None) -> tuple[Matches, dict[str, View]]:
        """Return the best matches by words and by vector, and a view for each of them and each rival for the subject.

        Names are not looked up separately: thousands of memories may share a title, and all would be read. Memories
        with the same name are among the best matches by words.
        """
        store, home = self.context.store, self.memory.scope
        probe = Probe(
            self._terms(is_all=vector is None), vector=vector, model=None if vector is None else self._model()
        )
        for limit in _LIMITS:
            matches = store.match(home, replace(probe, limit=limit), Filter(), seq=self.seq, at=self.valid)
            view = CachedView(matches.rows, home, matches.seq)
            if not self._may_be_crowded(matches, view, limit):
                break
        views: dict[str, View] = dict.fromkeys(view.known, view)
        if self.statement.subject is not None:
            rivals = Rivals((self.statement.subject,), Point(self.valid, matches.seq), _MOST_RIVALS)
            rival_view = CachedView(store.rows_with_rivals(home, (), rivals), home, matches.seq)
            views = {**dict.fromkeys(rival_view.known, rival_view), **views}
        return matches, views

    def _terms(self, *, is_all: bool) -> tuple[str, ...]:
        """Return the terms of the title and the aliases, and of the body too if `is_all` (there is no vector)."""
        statement = self.statement
        text = " ".join((statement.title, *statement.aliases, *((statement.body,) if is_all else ())))
        return tuple(dict.fromkeys(text_terms(text[:_MAX_CHARS])))[:_MAX_TERMS]

    def _may_be_crowded(self, matches: Matches, view: View, limit: int) -> bool:
        """Return whether memories not in force may have displaced similar memories: even the last match is alike."""
        if sum(view.holds(key, self.valid) for key in matches.ids if view.memory(key)) >= MOST_REPORTED:
            return False
        is_near = len(matches.vector) == limit and matches.vector[-1][1] >= NEAR
        return is_near or (len(matches.lexical) == limit and self._shares_a_name(view, matches.lexical[-1][0]))

    def _shares_a_name(self, view: View, key: str) -> bool:
        memory = view.memory(key)
        return memory is not None and memory.statement is not None and bool(name_keys(memory.statement) & self.names)

    def similar(self, matches: Matches, views: Mapping[str, View]) -> Iterator[Similar]:
        """Yield the matches that are in force at `valid` and alike in some way."""
        scores = dict(matches.vector)
        for key, view in views.items():
            memory = view.memory(key)
            if memory is None or memory.statement is None or not view.holds(key, self.valid):
                continue
            existing, score = memory.statement, scores.get(key)
            ways = {
                "words": says_the_same(existing, self.statement),
                "name": bool(name_keys(existing) & self.names),
                "subject": self.statement.subject is not None and existing.subject == self.statement.subject,
                "meaning": score is not None and score >= NEAR,
            }
            if any(ways.values()):
                shown = None if score is None else min(float(score), 1.0)
                alike = tuple(way for way, is_alike in ways.items() if is_alike)
                yield Similar(reference(view, key, self.valid), shown, alike)

    def _model(self) -> ModelCard | None:
        backend = self.context.installed_embedder()
        return None if isinstance(backend, EmbedderMissing) else card_of(backend)


def _order(similar: Similar) -> tuple[bool, float, str]:
    return "words" not in similar.found_by, -(similar.score or 0.0), similar.memory.id


def _can_replace(view: View, similar: Similar, operation: Add) -> bool:
    """Return whether a memory with the same words is trusted enough, and in force long enough, to be confirmed."""
    key = similar.memory.id
    existing, new, active = view.known[key].memory.statement, operation.memory.statement, active_time(operation)
    assert existing is not None, "similar memories are not erased"  # noqa: S101
    assert new is not None, "compared additions have a statement"  # noqa: S101
    is_trusted = existing.origin.trust >= new.origin.trust and existing.origin.is_trusted == new.origin.is_trusted
    return "words" in similar.found_by and is_trusted and bool(active) and not difference(active, view.holding(key))


def _with_confirmations(gated: GatedRequests, results: Sequence[_SimilarResult]) -> GatedRequests:
    """Return the requests, with confirmations in place of the additions that have a `same` memory."""
    same = {
        key: result.same
        for request, result in zip(gated.requests, results, strict=True)
        if result.same is not None
        for key in touched(request.operation)
    }
    requests = tuple(
        _confirming(request, result, same) for request, result in zip(gated.requests, results, strict=True)
    )
    vectors = {key: vector for key, vector in gated.vectors.items() if key not in same}
    return replace(gated, requests=requests, vectors=vectors)


def _confirming(request: Request, result: _SimilarResult, same: Mapping[str, str]) -> Request:
    if result.same is not None:
        return replace(request, operation=Confirm(result.same))
    operation = renamed(request.operation, same)
    return request if operation is request.operation else replace(request, operation=operation)


def _written(context: ServiceContext, change: Change, similar: tuple[Similar, ...]) -> Written:
    ids = touched(change.operation)
    reported = tuple(entry for entry in similar if entry.memory.id not in ids)
    notes = (*notes_on(change), *notes_of_admission([change], context.capture_rules))
    return Written(change, ids, isinstance(change.operation, Confirm), notes, reported)


def _words(statement: Statement) -> Iterator[str]:
    return _words_in(f"{statement.title}\n{statement.body}\n{statement.rationale}")


def _words_in(text: str) -> Iterator[str]:
    for marked in text.replace(_EMPHASIS, " ").split():
        word = marked.lstrip(_MARKS_BEFORE).rstrip(_MARKS_AFTER)
        if word:
            yield word.lower() if word[1:].islower() or len(word) == 1 else word
