"""The comparison of observations with the existing memories: it plans edits and applies none.

Each move and each supersession is compared by itself. Other words make a new memory: it corrects the old one, or
supersedes it if the file now has another decision or the source dates the change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from difflib import SequenceMatcher

from graphmem.deferred_dataclass import dataclass, replace
from graphmem.model import (
    Add,
    AnchorKind,
    Confirm,
    Memory,
    Move,
    Operation,
    Origin,
    Revoke,
    Scope,
    Statement,
    Status,
    Supersede,
    SupersessionKind,
    Transition,
)
from graphmem.rows import EdgeRow
from graphmem.sources.edits import Edit, EditKind
from graphmem.sources.existing_memories import ExistingMemories
from graphmem.sources.history_comparison import begins_anew, later_moves, state_moves
from graphmem.sources.move_comparison import has_returned, is_redated, new_moves, with_first_start
from graphmem.sources.observations import Observation
from graphmem.temporal import View

#: Titles less similar than this are those of two decisions.
_LEAST_SIMILARITY = 0.5

#: Gives the id of a new memory for an observation, after the memory that it supersedes ('' for none).
NewId = Callable[[Observation, str], str]


@dataclass(frozen=True, slots=True)
class EditPlanner:
    """Plans the edits of one ingestion.

    Attributes:
        writer: Scope in which the memories are recorded.
        origin: Origin of the writer: no statement gets more trust.
        now: Time of the ingestion.
        new_id: See `NewId`.
    """

    writer: Scope
    origin: Origin
    now: datetime
    new_id: NewId

    def in_scope(self, observation: Observation) -> Observation:
        """The observation with the trust of the writer, its file anchors in the writer's repository."""
        statement, repo = observation.statement, self.writer.repo
        anchors = tuple(
            replace(anchor, repo=repo) if anchor.repo is None and anchor.kind is AnchorKind.FILE else anchor
            for anchor in statement.anchors
        )
        if anchors != statement.anchors:
            statement = replace(statement, anchors=anchors)
        if statement.origin.trust > self.origin.trust:
            is_mandatory = statement.is_mandatory and self.origin.may_mandate
            statement = replace(statement, origin=self.origin, is_mandatory=is_mandatory)
        return replace(observation, statement=statement)

    def addition(self, observation: Observation) -> Edit:
        """The edit that records a statement for the first time."""
        memory = Memory(self.new_id(observation, ""), self.writer, observation.statement)
        add = Add(memory, observation.moves, may_confirm=False, source_key=observation.key)
        return _edit(observation, (add,), EditKind.ADDED, memory.id, key=observation.key)

    def update(self, observation: Observation, memory_id: str, existing: ExistingMemories) -> list[Edit]:
        """The edits that bring an existing memory in line with an observation; empty if it is already."""
        view = existing.view
        memory = view.memory(memory_id)
        assert memory is not None, "an existing memory is visible"  # noqa: S101
        if observation.is_partial:
            observation = _completed(observation, memory.statement)
        moves = [row.move for row in view.moves(memory_id)]
        if observation.is_state:
            return _moved(observation, state_moves(observation, moves), memory_id)
        if observation.is_history:
            return self._history(observation, memory, moves, view)
        if _is_reworded(observation, memory):
            edit = self._rewording(observation, memory, moves, view)
            return [] if edit is None else [edit]
        if not observation.is_dated or observation.changed_at is not None:
            observation = replace(observation, moves=with_first_start(observation.moves, moves))
        fresh = new_moves(observation.moves, moves, self.now)
        if is_redated(fresh, moves):
            return [self._correction(observation, memory, observation.moves, view)]
        if has_returned(observation.moves, moves):
            fresh.append(Move(Status.ACTIVE, self.now))
        return [*self._renaming(observation, memory_id, existing), *_moved(observation, fresh, memory_id)]

    def _history(self, observation: Observation, old: Memory, moves: list[Move], view: View) -> list[Edit]:
        """The edits for a history: its later moves, or its other words with their moves."""
        if not begins_anew(observation, old, moves):
            return _moved(observation, later_moves(observation, moves), old.id)
        memory = Memory(self.new_id(observation, old.id), old.scope, observation.statement)
        operations: list[Operation] = [
            Add(memory, observation.moves, may_confirm=False, source_key=observation.key),
        ]
        first = observation.moves[0]
        has_successor = any(edge.is_full and edge.until is None for edge in view.edges_out(old.id))
        is_reworded = first.status is Status.ACTIVE and _is_same_decision(old.statement, observation.statement)
        if is_reworded and not has_successor:
            operations.append(Supersede(old=(old.id,), new=(memory.id,), at=first.at))
        return [_edit(observation, tuple(operations), EditKind.REWORDED, memory.id, key=observation.key)]

    def _renaming(self, observation: Observation, memory_id: str, existing: ExistingMemories) -> list[Edit]:
        if existing.keys.get(memory_id) == observation.key:
            return []
        return [_edit(observation, (Confirm(memory_id, observation.key),), EditKind.RENAMED, memory_id)]

    def _rewording(self, observation: Observation, memory: Memory, moves: list[Move], view: View) -> Edit | None:
        """The edit that records other words; None if they are older than those of the memory."""
        changed_at, began_at = observation.changed_at, moves[0].at
        if changed_at is None:
            if not observation.is_dated:
                observation = replace(observation, moves=with_first_start(observation.moves, moves))
            return self._correction(observation, memory, self._all_moves(observation, moves), view)
        if changed_at == began_at:
            return self._correction(observation, memory, observation.moves, view)
        if changed_at < began_at and not observation.is_present:
            return None
        first, *later = observation.moves
        start = changed_at if changed_at > began_at else self.now
        life = (replace(first, at=max(first.at, start)), *later)
        return self._correction(replace(observation, moves=life), memory, life, view)

    def _all_moves(self, observation: Observation, moves: list[Move]) -> tuple[Move, ...]:
        """The moves of a memory with those that the source has in addition."""
        fresh = new_moves(observation.moves, moves, self.now)
        if not is_redated(fresh, moves) and has_returned(observation.moves, moves):
            fresh.append(Move(Status.ACTIVE, self.now))
        return (*moves, *fresh)

    def _correction(self, observation: Observation, old: Memory, moves: tuple[Move, ...], view: View) -> Edit:
        """Record a memory in place of an old memory, whose successors become its own."""
        memory = Memory(self.new_id(observation, old.id), old.scope, observation.statement)
        is_later = observation.changed_at is not None and observation.moves[0].at > start_of(view, old.id)
        is_same = not is_later and _is_same_decision(old.statement, observation.statement)
        life = moves if is_same else observation.moves
        closing = [edge for edge in view.edges_out(old.id) if edge.is_full and edge.until is None]
        operations: tuple[Operation, ...] = (
            *(Revoke(seq) for seq in dict.fromkeys(edge.stamp.seq for edge in closing)),
            Add(memory, life, may_confirm=False, source_key=observation.key),
            self._supersession(old.id, memory.id, life, is_same=is_same),
            *(_with_old(edge, memory.id) for edge in closing),
        )
        return _edit(observation, operations, EditKind.REWORDED, memory.id, key=observation.key)

    def _supersession(self, old: str, new: str, life: tuple[Move, ...], *, is_same: bool) -> Supersede:
        if is_same:
            return Supersede(old=(old,), new=(new,), kind=SupersessionKind.CORRECTION)
        active = [move.at for move in life if move.status is Status.ACTIVE]
        return Supersede(old=(old,), new=(new,), at=max(active[:1] or [self.now]))


def start_of(view: View, memory_id: str) -> datetime:
    """The first activation of a memory, else its first move."""
    return view.start(memory_id) or view.moves(memory_id)[0].move.at


def least_trusted(view: View, memory_ids: Iterable[str]) -> Origin:
    """The least trusted origin of the statements of some memories; that of a document if all are erased."""
    memories = [memory.statement for memory in map(view.memory, memory_ids) if memory is not None]
    origins = (statement.origin for statement in memories if statement is not None)
    return min(origins, key=lambda origin: origin.trust, default=Origin.DOCUMENT)


def _edit(
    observation: Observation,
    operations: tuple[Operation, ...],
    outcome: EditKind,
    memory_id: str,
    *,
    key: str | None = None,
) -> Edit:
    return Edit(
        operations=operations,
        speaker=observation.statement.origin,
        path=observation.path,
        outcome=outcome,
        ids=(memory_id,),
        key=key,
        provenance=observation.provenance,
    )


def _moved(observation: Observation, moves: Iterable[Move], memory_id: str) -> list[Edit]:
    return [_edit(observation, (Transition(memory_id, move),), EditKind.MOVED, memory_id) for move in moves]


def _is_reworded(observation: Observation, memory: Memory) -> bool:
    return memory.statement is not None and memory.statement.content_hash != observation.statement.content_hash


def _completed(observation: Observation, statement: Statement | None) -> Observation:
    """The observation with all fields of the existing statement, if title and body are the same."""
    observed = observation.statement
    if statement is None or (observed.title, observed.body) != (statement.title, statement.body):
        return observation
    return replace(observation, statement=statement)


def is_similar_title(old: str, new: str) -> bool:
    """True if two titles are similar enough to be those of one statement."""
    return SequenceMatcher(None, old.casefold(), new.casefold()).ratio() >= _LEAST_SIMILARITY


def _is_same_decision(old: Statement | None, new: Statement) -> bool:
    return old is None or is_similar_title(old.title, new.title)


def _with_old(edge: EdgeRow, old: str) -> Supersede:
    return Supersede(old=(old,), new=(edge.new,), at=edge.at, until=edge.until, kind=edge.kind, part=edge.part)
