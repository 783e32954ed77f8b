"""The memories that a change may concern, as a reader sees them at a point."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from graphmem.answers import Reference
from graphmem.guard.evidence import Added
from graphmem.guard.index_terms import EXCEPTION, term_of_exceptions, terms_of_evidence, terms_of_path
from graphmem.guard.judging import Option, options_of
from graphmem.model import BEGINNING, CodeVerdict, LinkKind, Memory, Outcome, Point, Scope, Statement
from graphmem.option_keys import FileScope
from graphmem.retrieval.reference import reference
from graphmem.service.context import ServiceContext
from graphmem.store import Rivals
from graphmem.temporal import Ruling, Standing, View, resolve, rule
from graphmem.temporal.spans import containing

#: Memories that are judged for one change, and rivals of their subjects.
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
    rejected: tuple[Option, ...]
    chosen: tuple[Option, ...]
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
            added: What the change brings in.
            paths: The files that it touches.
        """
        terms = dict.fromkeys(term for one in added for term in terms_of_evidence(one.evidence))
        terms.update(dict.fromkeys(term for path in self._all_names(paths) for term in terms_of_path(path)))
        ids = self.context.store.guarding(self.reader, list(terms), limit=_MOST_MEMORIES) if terms else []
        self.view = self.context.view(self.reader, ids, self.point.seq)
        return [found for key in ids if (found := self._guarding(key)) is not None]

    def holds(self, key: str) -> bool:
        """Return whether a memory is in force at the point."""
        return self.view.holds(key, self.point.valid)

    def successors(self, key: str) -> list[Statement]:
        """Return the memories in force that supersede a memory at the point; empty if it was not superseded."""
        found = [each for each in resolve(self.view, key, self.point.valid) if each.standing is Standing.HOLDS]
        memories = [self.view.memory(each.memory) for each in found if each.memory != key]
        return [memory.statement for memory in memories if memory is not None and memory.statement is not None]

    def rulings(self, memories: Sequence[GuardingMemory]) -> dict[str, Ruling]:
        """Return for each contested memory the ruling over its subject, or over a declared conflict."""
        subjects = tuple({found.statement.subject for found in memories if found.statement.subject})
        rulings: dict[str, Ruling] = {}
        if subjects:
            ids = [found.id for found in memories]
            rows = self.context.store.rows_with_rivals(self.reader, ids, Rivals(subjects, self.point, _MOST_RIVALS))
            view = View(rows.chained, self.reader, self.point.seq)
            for found in memories:
                same = [key for key in view.known if self._is_rival(view, key, found)]
                ruling = rule(view, same, self.point.valid)
                if ruling is not None and ruling.contested:
                    rulings[found.id] = ruling
        for found in memories:
            declared = self._declared(found.id)
            if found.id not in rulings and declared is not None:
                rulings[found.id] = declared
        return rulings

    def verdicts(self, memories: Sequence[GuardingMemory]) -> dict[str, CodeVerdict]:
        """Return the last verdict on each memory that was checked against the code."""
        repos = {found.memory.scope.repo for found in memories}
        known = {repo: self.context.mainlines.at(self.reader, repo, self.point.seq).verdicts for repo in repos}
        pairs = ((found.id, known[found.memory.scope.repo].get(found.id)) for found in memories)
        return {key: verdict for key, verdict in pairs if verdict is not None}

    def exceptions(self, keys: Iterable[str]) -> dict[str, list[GuardingMemory]]:
        """Return the exceptions in force from each memory: those that a person, a document or a commit made active."""
        keys = list(keys)
        terms = [term_of_exceptions(key) for key in keys]
        ids = self.context.store.guarding(self.reader, terms, limit=_MOST_MEMORIES) if terms else []
        view = self.context.view(self.reader, ids, self.point.seq)
        found: dict[str, list[GuardingMemory]] = {}
        for key in ids:
            memory = view.memory(key)
            if memory is None or memory.statement is None or not view.holds(key, self.point.valid):
                continue
            if self._is_accepted(view, key):
                for label in memory.statement.labels:
                    excused = label.removeprefix(EXCEPTION)
                    if excused != label and excused in keys:
                        found.setdefault(excused, []).append(_guarding_of(memory, memory.statement))
        return found

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
                yield from (other.path for other in history.life(segment.lineage) if other.path != path)

    def _is_rival(self, view: View, key: str, found: GuardingMemory) -> bool:
        memory = view.memory(key)
        if memory is None or memory.statement is None:
            return False
        home, own = memory.scope, found.memory.scope
        is_same_home = (home.repo, home.user, home.environment) == (own.repo, own.user, own.environment)
        return is_same_home and memory.statement.subject == found.statement.subject is not None

    def _declared(self, key: str) -> Ruling | None:
        links = [row for row in self.view.links(key) if row.kind is LinkKind.CONFLICTS_WITH]
        others = {row.target if row.source == key else row.source for row in links}
        ruling = rule(self.view, [key, *others], self.point.valid) if others else None
        return ruling if ruling is not None and ruling.contested else None

    def _is_accepted(self, view: View, key: str) -> bool:
        """Return whether the move that made an exception active was made by somebody who may mandate."""
        move = view.status(key, self.point.valid)
        if move is None:
            return False
        changes = self.context.store.changes(self.reader, after=move.stamp.seq - 1, limit=1)
        return bool(changes) and changes[0].provenance.origin.may_mandate


def _guarding_of(memory: Memory, statement: Statement) -> GuardingMemory:
    rejected, chosen = options_of(statement, Outcome.REJECTED), options_of(statement, Outcome.CHOSEN)
    return GuardingMemory(memory, statement, tuple(rejected), tuple(chosen), FileScope.of(statement.anchors))
