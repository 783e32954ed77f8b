"""Fixes of memories that the code contradicts: certain fixes are carried out, the rest is left to a person."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from graphmem.answers import Card, History, Written
from graphmem.deferred_dataclass import dataclass
from graphmem.errors import Conflict, Forbidden, InvalidInput, NotFound
from graphmem.instants import from_micros, to_micros
from graphmem.model import Add, At, Confirm, Kind, Origin, Scope, Statement, SupersessionKind
from graphmem.repository.code_verdict import CodeStatus
from graphmem.repository.mainline_history import without_second
from graphmem.service.code_verification import (
    CheckedMemory,
    VerificationReport,
    VerifiedMemory,
    worst_finding,
)
from graphmem.service.context import Write
from graphmem.service.mainline_ingestion import recorded_mainline
from graphmem.service.statements import copied_statement
from graphmem.sources.move_comparison import GONE
from graphmem.sources.source_marks import STATED_IN
from graphmem.store import Page
from graphmem.verification import CodeHistory
from graphmem.verification.certain_fixes import CertainMove, Removal, certain_moves, removal_of, reworded

_OP_PREFIX = "fix/"
_SHA_CHARS = 10
_CONTRADICTED = frozenset({CodeStatus.BROKEN, CodeStatus.MOVED, CodeStatus.DRIFTED})
_ADVICE = {
    CodeStatus.BROKEN: "supersede or end it",
    CodeStatus.MOVED: "supersede it with the new name",
    CodeStatus.DRIFTED: "confirm or supersede it",
}


class FixableMemory(VerifiedMemory, Protocol):
    """An opened memory whose statements are fixed, here or on a server."""

    def history(self, key: str, *, at: At | None = None, scope: Scope | None = None) -> History:
        """See `ReadVerbs.history`."""
        ...

    def supersede(  # noqa: PLR0913 - as the verb
        self,
        old: str | Sequence[str],
        new: str | Statement | Sequence[str] | None = None,
        *,
        by: str | Sequence[str] | None = None,
        at: datetime | None = None,
        until: datetime | None = None,
        kind: SupersessionKind = SupersessionKind.UPDATE,
        write: Write | None = None,
    ) -> Written:
        """See `WriteVerbs.supersede`."""
        ...

    def end(
        self, key: str, *, at: datetime | None = None, word: str | None = None, write: Write | None = None
    ) -> Written:
        """See `WriteVerbs.end`."""
        ...


class FixKind(StrEnum):
    """The effect of a fix on a memory."""

    REWORDED = "reworded"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Fix:
    """A fix that was carried out, or that would be.

    Attributes:
        reason: The evidence in the repository, in a sentence.
        commit: Hash of the commit that says it.
        change: The ledger position of the supersession or end; None if nothing was written.
        successor: The id of the memory with the new words.
    """

    memory: str
    title: str
    kind: FixKind
    reason: str
    commit: str
    change: int | None = None
    successor: str | None = None


@dataclass(frozen=True, slots=True)
class LeftToPerson:
    """A memory that the code contradicts and that only a person can judge, with the reason and advice."""

    memory: str
    title: str
    status: CodeStatus
    reason: str
    advice: str


@dataclass(frozen=True, slots=True)
class FixReport:
    """The result of fixing.

    Attributes:
        fixed: Fixes that were carried out, or would be.
        rebound: Ids of memories that are about files which moved, and whose words do not name the old path: answers
            follow the file, and nothing had to be written.
        left: Memories that need a person.
    """

    fixed: tuple[Fix, ...]
    rebound: tuple[str, ...]
    left: tuple[LeftToPerson, ...]


@dataclass(frozen=True, slots=True)
class _Planned:
    """A fix with the values of its operation."""

    fix: Fix
    at: datetime
    statement: Statement | None


def fix_memories(
    memory: FixableMemory,
    history: CodeHistory,
    report: VerificationReport,
    *,
    write: Write | None = None,
    is_rehearsal: bool = False,
) -> FixReport:
    """Carry out the fixes that a repository makes certain for checked memories, and list memories that need a person.

    A memory that a writer added and that names the old path of a file is superseded by its own words with the new path,
    from the commit that moved the file on. A decision whose record a commit removed is ended by that commit. Both are
    ordinary ledger entries: they can be revoked, and are then not repeated.

    Args:
        memory: The memory that was checked.
        history: The repository, at the checked commit.
        report: The result of a complete check without verdicts from earlier checks.
        write: Scope (only its repository counts), actor, reason and origin.
        is_rehearsal: Write nothing.

    Raises:
        InvalidInput: The commit is not on the recorded mainline: a branch does not change memories that all read.
    """
    requested = write or Write()
    home = requested.scope or memory.scope
    by = replace(requested, scope=Scope(home.tenant, home.repo), source="verify --fix")
    if recorded_mainline(memory, by.scope or memory.scope).position_of(history.commit) is None:
        fault = f"commit {history.commit[:_SHA_CHARS]} is not on the recorded mainline"
        raise InvalidInput(f"{fault}; read it first: graphmem ingest repository")
    position = memory.list(scope=by.scope, page=Page(1)).at.seq
    fixed: list[Fix] = []
    rebound: list[str] = []
    left: list[LeftToPerson] = []
    for checked in report.checked:
        planned = _planned(memory, history, checked, by)
        done: Fix | str | None
        if isinstance(planned, _Planned):
            done = planned.fix if is_rehearsal else _carried_out(memory, checked, planned, by, position)
        else:
            done = planned
        if isinstance(done, Fix):
            fixed.append(done)
        elif done is not None:
            left.append(_left(checked, done))
        elif checked.verdict.status is CodeStatus.MOVED:
            rebound.append(checked.card.id)
    return FixReport(tuple(fixed), tuple(rebound), tuple(left))


def _planned(
    memory: FixableMemory, history: CodeHistory, checked: CheckedMemory, write: Write
) -> _Planned | str | None:
    """Return the fix of a memory, why a person has to judge it, or None if there is nothing to write."""
    card = checked.card
    is_record = card.statement.kind is Kind.DECISION and card.statement.origin is Origin.DOCUMENT
    status = checked.verdict.status
    key = _source_key(memory, card) if is_record or status is CodeStatus.MOVED else None
    if is_record and key is not None and (removal := _removal(card, key, history)) is not None:
        reason = f"its record {removal.path} was removed with commit {removal.commit[:_SHA_CHARS]}"
        return _Planned(Fix(card.id, card.title, FixKind.ENDED, reason, removal.commit), removal.at, None)
    if status not in _CONTRADICTED:
        return None
    moves = certain_moves(checked.verdict, history) if status is CodeStatus.MOVED else None
    if not moves:
        finding = worst_finding(checked.verdict)
        return "" if finding is None else f"{finding.target} {finding.reason}"
    return _rewording(card, key, moves, write)


def _rewording(card: Card, key: str | None, moves: Sequence[CertainMove], write: Write) -> _Planned | str | None:
    statement = reworded(card.statement, moves)
    renamed = ", ".join(f"{move.old} is now {move.new}" for move in moves)
    if statement is None:
        return f"{renamed}, but the words name the old path in a way that only a person can change"
    if statement is card.statement:
        return None
    if key is not None:
        file = next((anchor.name for anchor in statement.anchors if anchor.role == STATED_IN), key)
        return f"{renamed}, and the words were read from {file}: change them there"
    last = max(moves, key=lambda move: move.at)
    weakest = min(move.similarity for move in moves)
    reason = f"{renamed} since commit {last.commit[:_SHA_CHARS]}, {weakest} % alike"
    words = copied_statement(statement, write.origin or Origin.HUMAN)
    return _Planned(Fix(card.id, card.title, FixKind.REWORDED, reason, last.commit), last.at, words)


def _removal(card: Card, path: str, history: CodeHistory) -> Removal | None:
    """Return the removal of the record of a memory that was not confirmed since."""
    removal = removal_of(path, from_micros(without_second(to_micros(_start(card)))), history)
    is_confirmed = removal is not None and card.confirmed_at is not None and card.confirmed_at > removal.at
    return None if is_confirmed else removal


def _start(card: Card) -> datetime:
    return (card.holding[0].start if card.holding else None) or card.recorded_at


def _source_key(memory: FixableMemory, card: Card) -> str | None:
    """Return the key under which a source has a memory; None if it came from no source."""
    keys = list(_source_keys(memory.history(card.id, scope=card.memory.scope), card.id))
    return keys[-1] if keys else None


def _source_keys(history: History, memory_id: str) -> Iterator[str]:
    for change in history.changes:
        operation = change.operation
        is_own = isinstance(operation, Add) and operation.memory.id == memory_id
        is_own = is_own or (isinstance(operation, Confirm) and operation.id == memory_id)
        if is_own and isinstance(operation, Add | Confirm) and operation.source_key is not None:
            yield operation.source_key


def _carried_out(
    memory: FixableMemory, checked: CheckedMemory, planned: _Planned, write: Write, position: int
) -> Fix | str:
    """Write a fix; returns why a person has to judge it if it is refused, only proposed, or was undone before."""
    card, fix = checked.card, planned.fix
    at = max(planned.at, _start(card))
    digest = hashlib.sha256(f"{write.scope}\x1f{card.id}\x1f{fix.kind}\x1f{fix.reason}".encode()).hexdigest()
    by = replace(write, op_id=f"{_OP_PREFIX}{digest}", reason=fix.reason)
    try:
        if planned.statement is None:
            written = memory.end(card.id, at=at, word=GONE, write=by)
        else:
            written = memory.supersede(card.id, planned.statement, at=at, write=by)
    except (Conflict, Forbidden, InvalidInput, NotFound) as refusal:
        return f"{fix.reason}; not carried out: {refusal}"
    if written.is_proposal:
        return f"{fix.reason}; only proposed (change {written.change.seq}): the writer is not trusted enough"
    if written.change.seq <= position:
        return f"{fix.reason}; change {written.change.seq} said so, and was revoked"
    successor = None if planned.statement is None else written.ids[-1]
    return replace(fix, change=written.change.seq, successor=successor)


def _left(checked: CheckedMemory, reason: str) -> LeftToPerson:
    status = checked.verdict.status
    return LeftToPerson(checked.card.id, checked.card.title, status, reason, _ADVICE.get(status, "look at it"))
