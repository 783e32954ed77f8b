"""What resembles a memory that is about to be added: among what holds there and then, by words, names and vectors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import zip_longest
from typing import TYPE_CHECKING

from graphmem.answers import OnSimilar, Similar, Written
from graphmem.model import Add, Change, Confirm, Memory, Point, Request, Statement
from graphmem.ranking import name_keys
from graphmem.retrieval.embedder import Embedder, card_of
from graphmem.retrieval.reference import reference
from graphmem.service.desk import Desk, Passed
from graphmem.service.wording import notes_on
from graphmem.store import Filter, Matches, ModelCard, Probe, Rivals
from graphmem.temporal import View, touched
from graphmem.temporal.operations import renamed
from graphmem.temporal.operations.add import active_time
from graphmem.temporal.spans import difference
from graphmem.terms import text_terms
from graphmem.vocabulary import word_of

if TYPE_CHECKING:
    from graphmem.store import Vector

#: Texts at least this near are reported. Measured on rules that people reworded (`python -m benchmarks.similar`): four
#: in five of the new wordings are this near to the old one. That is no sign that both say the same: of rules that were
#: changed, one in eleven is nearer than 0.98 to what it replaced, and so are only a quarter of those that merely gained
#: or lost punctuation. So nothing is ever skipped because of a score.
NEAR = 0.8
MOST_REPORTED = 5

#: How many are looked at first, and how many if those are alike but do not hold.
_LOOKS = (20, 80, 320)
_MAX_TERMS = 48
_MAX_CHARS = 4_000
_MOST_RIVALS = 20
_QUOTES = "\"'`“”«»\u2018\u2019"
_MARKS_BEFORE = _QUOTES + "([{"
_MARKS_AFTER = _QUOTES + ")]}.,;:!?"
_EMPHASIS = "**"


def apply_looking(
    desk: Desk, requests: Sequence[Request], first: Sequence[Change | None], on_similar: OnSimilar | None
) -> list[Written]:
    """Write requests, telling what resembles each that adds, or confirming what says the same.

    Args:
        desk: Of the opened memory.
        requests: Additions and supersessions, all of one tenant. An addition for a supersession is not looked up.
        first: The entry of each, if it was sent before.
        on_similar: As `Recorder.add` has it; None does not look.
    """
    wanted = None if on_similar is None else word_of(OnSimilar, on_similar)
    if not requests:
        return []
    passed = desk.passed(requests)
    if wanted is None:
        return [_written(change, ()) for change in desk.commit(passed)]
    looks = [_look(desk, passed, one, sent) for one, sent in zip(passed.requests, first, strict=True)]
    if wanted is OnSimilar.SKIP:
        passed = _confirmed(passed, looks)
    return [_written(change, look.similar) for change, look in zip(desk.commit(passed), looks, strict=True)]


def says_the_same(kept: Statement, new: Statement) -> bool:
    """Whether a statement has the words of another, and everything else that the other carries.

    Words are the same but for quotes, brackets and stops around them, emphasis, spaces and a capital letter at their
    beginning. Signs that carry meaning, as in `C++`, `>=` or `-1`, count.
    """
    alike = ("kind", "subject", "language", "is_mandatory")
    if any(getattr(kept, name) != getattr(new, name) for name in alike):
        return False
    for name in ("aliases", "labels", "anchors", "alternatives"):
        if not set(getattr(new, name)) <= set(getattr(kept, name)):
            return False
    # Most differ in their first words.
    return all(one == other for one, other in zip_longest(_words(kept), _words(new)))


@dataclass(frozen=True, slots=True)
class _Look:
    """What was found beside one addition; `same` says the same all the time, and may stand for it."""

    similar: tuple[Similar, ...] = ()
    same: str | None = None


def _look(desk: Desk, passed: Passed, request: Request, sent: Change | None) -> _Look:
    """What is similar for everybody who will see the memory: what its own home sees."""
    operation = request.operation
    if not isinstance(operation, Add) or not operation.may_confirm:
        return _Look()
    memory, said = operation.memory, operation.memory.statement
    if said is None or not operation.moves:
        return _Look()
    valid = max(desk.clock() if sent is None else sent.recorded_at, operation.moves[0].at)
    names = frozenset(name_keys(said))
    found = _Found(desk, memory, said, names, valid, None if sent is None else sent.seq - 1)
    matches, views = found.matches(passed.vectors.get(memory.id))
    listed = sorted(found.similar(matches, views), key=_order)
    told = tuple(one for one in listed if one.memory.id != memory.id)[:MOST_REPORTED]
    same = (one.memory.id for one in listed if _stands_for(views[one.memory.id], one, operation))
    return _Look(told, next(same, None))


@dataclass(frozen=True, slots=True)
class _Found:
    """Looks up one addition; a `seq` is that before which it was sent first."""

    desk: Desk
    memory: Memory
    said: Statement
    names: frozenset[str]
    valid: datetime
    seq: int | None

    def matches(self, vector: Vector | None) -> tuple[Matches, dict[str, View]]:
        """The nearest by words and by vector, and a view of each of those and of what holds for the subject.

        Names are not looked up as such: of one title there may be thousands, and all would be read. Those that share it
        are among the best by its words.
        """
        store, home = self.desk.store, self.memory.scope
        probe = Probe(
            self._terms(is_all=vector is None), vector=vector, model=None if vector is None else self._model()
        )
        for limit in _LOOKS:
            found = store.match(home, replace(probe, limit=limit), Filter(), seq=self.seq, at=self.valid)
            view = View(found.rows, home, found.seq)
            if not self._may_be_crowded(found, view, limit):
                break
        views = dict.fromkeys(view.known, view)
        if self.said.subject is not None:
            rivals = Rivals((self.said.subject,), Point(self.valid, found.seq), _MOST_RIVALS)
            beside = View(store.rows(home, (), rivals=rivals), home, found.seq)
            views = {**dict.fromkeys(beside.known, beside), **views}
        return found, views

    def _terms(self, *, is_all: bool) -> tuple[str, ...]:
        """The words of its names; all its words where no vector stands for the rest."""
        text = " ".join((self.said.title, *self.said.aliases, *((self.said.body,) if is_all else ())))
        return tuple(dict.fromkeys(text_terms(text[:_MAX_CHARS])))[:_MAX_TERMS]

    def _may_be_crowded(self, found: Matches, view: View, limit: int) -> bool:
        """Whether what does not hold may have left no place for what does: the last of those found is alike too."""
        if sum(view.holds(key, self.valid) for key in found.ids if view.memory(key)) >= MOST_REPORTED:
            return False
        is_near = len(found.vector) == limit and found.vector[-1][1] >= NEAR
        return is_near or (len(found.lexical) == limit and self._shares_a_name(view, found.lexical[-1][0]))

    def _shares_a_name(self, view: View, key: str) -> bool:
        kept = view.memory(key)
        return kept is not None and kept.statement is not None and bool(name_keys(kept.statement) & self.names)

    def similar(self, matches: Matches, views: Mapping[str, View]) -> Iterator[Similar]:
        """Those of them that hold then and are alike in some way."""
        scores = dict(matches.vector)
        for key, view in views.items():
            kept = view.memory(key)
            if kept is None or kept.statement is None or not view.holds(key, self.valid):
                continue
            score = scores.get(key)
            ways = {
                "words": says_the_same(kept.statement, self.said),
                "name": bool(name_keys(kept.statement) & self.names),
                "subject": self.said.subject is not None and kept.statement.subject == self.said.subject,
                "meaning": score is not None and score >= NEAR,
            }
            if any(ways.values()):
                shown = None if score is None else min(float(score), 1.0)
                found_by = tuple(way for way, is_so in ways.items() if is_so)
                yield Similar(reference(view, key, self.valid), shown, found_by)

    def _model(self) -> ModelCard | None:
        backend: Embedder | str = self.desk.installed_embedder()
        return None if isinstance(backend, str) else card_of(backend)


def _order(one: Similar) -> tuple[bool, float, str]:
    return "words" not in one.found_by, -(one.score or 0.0), one.memory.id


def _stands_for(view: View, one: Similar, operation: Add) -> bool:
    """Whether it may be confirmed in place of the addition: as trusted, and in force all that time."""
    key = one.memory.id
    kept, said, asked = view.known[key].memory.statement, operation.memory.statement, active_time(operation)
    assert kept is not None, "it was found by its words"  # noqa: S101
    assert said is not None, "it has words"  # noqa: S101
    is_trusted = kept.origin.trust >= said.origin.trust and kept.origin.is_trusted == said.origin.is_trusted
    return "words" in one.found_by and is_trusted and bool(asked) and not difference(asked, view.holding(key))


def _confirmed(passed: Passed, looks: Sequence[_Look]) -> Passed:
    """The requests with what says the same confirmed in place of what would be added, and without its vectors."""
    same = {
        key: look.same
        for one, look in zip(passed.requests, looks, strict=True)
        if look.same is not None
        for key in touched(one.operation)
    }
    requests = tuple(_confirming(one, look, same) for one, look in zip(passed.requests, looks, strict=True))
    return replace(
        passed, requests=requests, vectors={key: row for key, row in passed.vectors.items() if key not in same}
    )


def _confirming(request: Request, look: _Look, same: Mapping[str, str]) -> Request:
    if look.same is not None:
        return replace(request, operation=Confirm(look.same))
    operation = renamed(request.operation, same)
    return request if operation is request.operation else replace(request, operation=operation)


def _written(change: Change, similar: tuple[Similar, ...]) -> Written:
    ids = touched(change.operation)
    beside = tuple(one for one in similar if one.memory.id not in ids)
    return Written(change, ids, isinstance(change.operation, Confirm), notes_on(change), beside)


def _words(said: Statement) -> Iterator[str]:
    text = f"{said.title}\n{said.body}\n{said.rationale}".replace(_EMPHASIS, " ")
    for written in text.split():
        word = written.lstrip(_MARKS_BEFORE).rstrip(_MARKS_AFTER)
        if word:
            yield word.lower() if word[1:].islower() or len(word) == 1 else word
