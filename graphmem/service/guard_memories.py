"""The memories that a change may concern, as a reader sees them at a point."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from graphmem.answers import Reference
from graphmem.deferred_dataclass import dataclass, field
from graphmem.guard.brought_options import KeyedOption, options_of
from graphmem.guard.evidence import Added
from graphmem.guard.evidence_terms import terms_of_evidence
from graphmem.guard.index_terms import EXCEPTION, term_of_exceptions, terms_of_path
from graphmem.model import (
    BEGINNING,
    Add,
    CodeVerdict,
    Confirm,
    LinkKind,
    Memory,
    Operation,
    Outcome,
    Point,
    Scope,
    Statement,
    Status,
    Transition,
)
from graphmem.option_keys import FileScope
from graphmem.retrieval.reference import reference
from graphmem.service.context import ServiceContext
from graphmem.store import Rivals
from graphmem.temporal import Ruling, Standing, View, resolve, rule, stamp_of
from graphmem.temporal.spans import containing

#: Memories that are judged for a change, and rivals of their subjects.
_MOST_MEMORIES = 2_000
_MOST_RIVALS = 500


@dataclass(frozen=True, slots=True)
class GuardingMemory:
    """A memory that a change may concern.

    Attributes:
        rejected: Its rejected options with keys.
        chosen: Its chosen options with keys.
        scope: The files in which it holds.
    """

    memory: Memory
    statement: Statement
    rejected: tuple[KeyedOption, ...]
    chosen: tuple[KeyedOption, ...]
    scope: FileScope

    @property
    def id(self) -> str:
        """The memory's id."""
        return self.memory.id


@dataclass
class GuardMemories:
    """Reads memories for guard from a store.

    Attributes:
        reader: The reader's scope.
        point: The point at which memories are judged.
    """

    context: ServiceContext
    reader: Scope
    point: Point
    view: View = field(init=False)

    def __post_init__(self) -> None:
        """Begin with no memory."""
        self.view = self.context.view(self.reader, [], self.point.seq)

    def find(self, added: Iterable[Added], paths: Sequence[str]) -> list[GuardingMemory]:
        """Return the memories that a change may concern, last recorded first; those of other repositories are left out.

        Args:
            added: The additions of the change.
            paths: The files that it touches.
        """
        terms = dict.fromkeys(term for addition in added for term in terms_of_evidence(addition.evidence))
        terms.update(dict.fromkeys(term for path in self._all_names(paths) for term in terms_of_path(path)))
        ids = self.context.store.guarding(self.reader, list(terms), limit=_MOST_MEMORIES) if terms else []
        self.view = self.context.view(self.reader, ids, self.point.seq)
        return [memory for key in ids if (memory := self._guarding(key)) is not None]

    def holds(self, key: str) -> bool:
        """Return whether a memory is in force at the point."""
        return self.view.holds(key, self.point.valid)

    def successors(self, key: str) -> list[Statement]:
        """Return the memories in force that supersede a memory at the point; empty if it was not superseded."""
        resolved = [each for each in resolve(self.view, key, self.point.valid) if each.standing is Standing.HOLDS]
        memories = [self.view.memory(each.memory) for each in resolved if each.memory != key]
        return [memory.statement for memory in memories if memory is not None and memory.statement is not None]

    def rulings(self, memories: Sequence[GuardingMemory]) -> dict[str, Ruling]:
        """Return for each contested memory the ruling over its subject, or over a declared conflict."""
        subjects = tuple({guarding.statement.subject for guarding in memories if guarding.statement.subject})
        rulings: dict[str, Ruling] = {}
        if subjects:
            ids = [guarding.id for guarding in memories]
            rows = self.context.store.rows_with_rivals(self.reader, ids, Rivals(subjects, self.point, _MOST_RIVALS))
            view = View(rows.chained, self.reader, self.point.seq)
            for guarding in memories:
                same = [key for key in view.known if self._is_rival(view, key, guarding)]
                ruling = rule(view, same, self.point.valid)
                if ruling is not None and ruling.contested:
                    rulings[guarding.id] = ruling
        return self._declared([guarding.id for guarding in memories if guarding.id not in rulings]) | rulings

    def verdicts(self, memories: Sequence[GuardingMemory]) -> dict[str, CodeVerdict]:
        """Return the last verdict on each memory that was checked against the code."""
        repos = {guarding.memory.scope.repo for guarding in memories}
        by_repo = {repo: self.context.mainlines.at(self.reader, repo, self.point.seq).verdicts for repo in repos}
        pairs = ((guarding.id, by_repo[guarding.memory.scope.repo].get(guarding.id)) for guarding in memories)
        return {key: verdict for key, verdict in pairs if verdict is not None}

    def exceptions(self, keys: Iterable[str]) -> dict[str, list[GuardingMemory]]:
        """Return the exceptions in force from each memory: those that a person, a document or a commit made active."""
        keys = list(keys)
        terms = [term_of_exceptions(key) for key in keys]
        ids = self.context.store.guarding(self.reader, terms, limit=_MOST_MEMORIES) if terms else []
        view = self.context.view(self.reader, ids, self.point.seq)
        exceptions: dict[str, list[GuardingMemory]] = {}
        for key in ids:
            memory = view.memory(key)
            if memory is None or memory.statement is None or not view.holds(key, self.point.valid):
                continue
            if self._is_accepted(view, key):
                for label in memory.statement.labels:
                    excused = label.removeprefix(EXCEPTION)
                    if excused != label and excused in keys:
                        exceptions.setdefault(excused, []).append(_guarding_of(memory, memory.statement))
        return exceptions

    def named(self, key: str) -> Reference:
        """Return a memory as answers name it."""
        return reference(self.view, key, self.point.valid)

    def since(self, key: str) -> datetime | None:
        """Return the start of the interval in which a memory is in force at the point; None if it is not known."""
        within = containing(self.view.holding(key), self.point.valid)
        return None if within is None or within[0] == BEGINNING else within[0]

    # ---- parts

    def _guarding(self, key: str) -> GuardingMemory | None:
        memory = self.view.memory(key)
        if memory is None or memory.statement is None or memory.scope.repo not in {None, self.reader.repo}:
            return None
        return _guarding_of(memory, memory.statement)

    def _all_names(self, paths: Sequence[str]) -> Iterator[str]:
        """Yield the paths, and the other paths that their files ever had."""
        history = self.context.mainlines.at(self.reader, self.reader.repo, self.point.seq)
        for path in paths:
            yield path
            for segment in history.segments_of(path):
                yield from (former.path for former in history.life(segment.lineage) if former.path != path)

    def _is_rival(self, view: View, key: str, guarding: GuardingMemory) -> bool:
        memory = view.memory(key)
        if memory is None or memory.statement is None:
            return False
        home, own = memory.scope, guarding.memory.scope
        is_same_home = (home.repo, home.user, home.environment) == (own.repo, own.user, own.environment)
        return is_same_home and memory.statement.subject == guarding.statement.subject is not None

    def _declared(self, keys: Sequence[str]) -> dict[str, Ruling]:
        """Return the rulings over declared conflicts of some memories."""
        if not keys:
            return {}
        seq = self.point.seq
        steps = self.context.store.neighbours(self.reader, keys, seq=seq, limit=_MOST_RIVALS).steps
        pairs = {(step.of, step.memory) for step in steps if step.over == LinkKind.CONFLICTS_WITH}
        view = self.context.view(self.reader, [key for pair in sorted(pairs) for key in pair], seq)
        rulings: dict[str, Ruling] = {}
        for key in keys:
            rivals = [rival for of, rival in sorted(pairs) if of == key and _is_open(view, key, rival)]
            ruling = rule(view, [key, *rivals], self.point.valid) if rivals else None
            if ruling is not None and ruling.contested:
                rulings[key] = ruling
        return rulings

    def _is_accepted(self, view: View, key: str) -> bool:
        """Return True if a writer with the right to mandate recorded, accepted or confirmed an exception."""
        return any(
            change.seq <= self.point.seq
            and change.provenance.origin.may_mandate
            and view.lineage.sees(stamp_of(change))
            and not view.is_revoked(change.seq)
            and _is_acceptance(change.operation)
            for change in self.context.store.changes_of(self.reader, key)
        )


def _is_open(view: View, first: str, second: str) -> bool:
    return any(
        row.kind is LinkKind.CONFLICTS_WITH and {row.source, row.target} == {first, second} for row in view.links(first)
    )


def _is_acceptance(operation: Operation) -> bool:
    if isinstance(operation, Add):
        return any(move.status is Status.ACTIVE for move in operation.moves)
    is_move = isinstance(operation, Transition) and operation.move.status is Status.ACTIVE
    return is_move or isinstance(operation, Confirm)


def _guarding_of(memory: Memory, statement: Statement) -> GuardingMemory:
    rejected, chosen = options_of(statement, Outcome.REJECTED), options_of(statement, Outcome.CHOSEN)
    return GuardingMemory(memory, statement, tuple(rejected), tuple(chosen), FileScope.of(statement.anchors))
