"""The check of the shared memories in force against the code of their repository."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from graphmem.answers import Card, Listing, Written
from graphmem.deferred_dataclass import dataclass
from graphmem.instants import from_micros, to_micros
from graphmem.model import CodeVerdict, Scope
from graphmem.repository.mainline_history import MainlineHistory, without_second
from graphmem.service.context import Write
from graphmem.service.local_notes import LocalNotes
from graphmem.service.mainline_ingestion import Readable, recorded_mainline
from graphmem.service.repository_ingestion import ledger_mark
from graphmem.service.shared_memories import shared_cards, without_sources
from graphmem.sources.source_marks import STATED_IN
from graphmem.store import Filter, Page
from graphmem.verification import (
    CodeEvidence,
    CodeFinding,
    CodeHistory,
    CodeStatus,
    MemoryToVerify,
    ReferenceKind,
    Verdict,
    verify_memories,
)

_BATCH = 200
_WORST = (CodeStatus.BROKEN, CodeStatus.DRIFTED, CodeStatus.MOVED, CodeStatus.UNDECIDED)


class VerifiedMemory(Readable, Protocol):
    """An opened memory whose statements are checked."""

    def list(self, where: Filter | None = None, *, scope: Scope | None = None, page: Page | None = None) -> Listing:
        """See `ReadVerbs.list`."""
        ...

    def record_verdicts(self, verdicts: Sequence[CodeVerdict], *, write: Write | None = None) -> Written:
        """See `ReadingVerbs.record_verdicts`."""
        ...


class RepositoryCode(CodeHistory, Protocol):
    """The code of a repository; the ledger may have its history."""

    def know(self, recorded: MainlineHistory) -> None:
        """Take the ledger's history of the mainline."""
        ...


@dataclass(frozen=True, slots=True)
class CheckedMemory:
    """A memory with its verdict; `is_news` is True if the verdict differs from the last recorded one."""

    card: Card
    verdict: Verdict
    is_news: bool


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """The result of a check.

    Attributes:
        commit: Hash of the commit that was checked.
        checked: Every memory in force, the worst verdicts first.
        change: The ledger position of the recorded changes of verdicts; None if none changed.
    """

    commit: str
    checked: tuple[CheckedMemory, ...]
    change: int | None

    def of(self, status: CodeStatus) -> tuple[CheckedMemory, ...]:
        """Return the memories with a verdict."""
        return tuple(checked for checked in self.checked if checked.verdict.status is status)


def verify_repository(
    memory: VerifiedMemory,
    history: RepositoryCode,
    *,
    at: datetime,
    cache: Path | None = None,
    write: Write | None = None,
    is_recorded: bool = True,
) -> VerificationReport:
    """Check the shared memories of a repository against its code, and record the verdicts that changed.

    Args:
        memory: The memory; its repository is that of the scope.
        history: The repository (`graphmem.sources.git.code_history.read_code_history`).
        at: The time of the check.
        cache: A folder for the last verdicts and the files they depend on; memories whose files did not change are
            not examined again; None examines all.
        write: Scope (only its repository counts), actor and reason.
        is_recorded: Record the changes; without it nothing is written.
    """
    requested = write or Write()
    home = requested.scope or memory.scope
    scope = Scope(home.tenant, home.repo)
    cards = list(shared_cards(memory, scope))
    recorded = recorded_mainline(memory, scope)
    history.know(recorded)
    notes = LocalNotes(cache, "verdicts", ledger_mark(memory, scope))
    earlier = {card.id: _verdict(card.id, notes.values.get(card.id)) for card in cards}
    verdicts = verify_memories([_to_verify(card, earlier[card.id]) for card in cards], history, at=at)
    checked = [
        _checked(card, verdict, recorded.verdicts.get(card.id)) for card, verdict in zip(cards, verdicts, strict=True)
    ]
    news = [_note(memory_check.verdict) for memory_check in checked if memory_check.is_news]
    change = None
    for start in range(0, len(news) if is_recorded else 0, _BATCH):
        part = news[start : start + _BATCH]
        by = Write(
            scope=scope, actor=requested.actor, source="verify", reason=requested.reason, origin=requested.origin
        )
        change = memory.record_verdicts(part, write=by).change.seq
    notes.values = {verdict.memory_id: _plain(verdict) for verdict in verdicts}
    notes.save()
    checked.sort(key=lambda memory_check: _rank(memory_check.verdict.status))
    return VerificationReport(history.commit, tuple(checked), change)


def _to_verify(card: Card, earlier: Verdict | None) -> MemoryToVerify:
    start = (card.holding[0].start if card.holding else None) or card.recorded_at
    stated = next((anchor.name for anchor in card.statement.anchors if anchor.role == STATED_IN), "")
    return MemoryToVerify(
        memory_id=card.id,
        statement=without_sources(card.statement),
        since=from_micros(without_second(to_micros(start))),
        confirmed_at=card.confirmed_at,
        path=stated,
        repo=card.memory.scope.repo,
        earlier=earlier,
    )


def _checked(card: Card, verdict: Verdict, before: CodeVerdict | None) -> CheckedMemory:
    is_first = before is None and verdict.status in {CodeStatus.VERIFIED, CodeStatus.UNDECIDED}
    is_news = not is_first and (before is None or before.status != verdict.status.value)
    return CheckedMemory(card, verdict, is_news)


def worst_finding(verdict: Verdict) -> CodeFinding | None:
    """Return the finding that decides a verdict; None without findings."""
    return next((finding for finding in verdict.findings if finding.status is verdict.status), None)


def _note(verdict: Verdict) -> CodeVerdict:
    finding, status = worst_finding(verdict), verdict.status
    if finding is None:
        return CodeVerdict(verdict.memory_id, status, verdict.commit)
    path = next((evidence.path for evidence in finding.evidence), "")
    return CodeVerdict(verdict.memory_id, status, verdict.commit, finding.reason, path)


def _rank(status: CodeStatus) -> int:
    return _WORST.index(status) if status in _WORST else len(_WORST)


def _plain(verdict: Verdict) -> dict[str, Any]:
    finding = worst_finding(verdict)
    shown = None if finding is None else [finding.kind.value, finding.target, finding.reason, _place(finding)]
    return {
        "status": verdict.status.value,
        "commit": verdict.commit,
        "at": to_micros(verdict.checked_at),
        "watched": verdict.watched,
        "uncommitted": verdict.is_uncommitted,
        "finding": shown,
    }


def _place(finding: CodeFinding) -> list[str | None]:
    evidence = next(iter(finding.evidence), None)
    return [None, ""] if evidence is None else [evidence.commit, evidence.path]


def _verdict(memory_id: str, plain: Mapping[str, Any] | None) -> Verdict | None:
    """Return a noted verdict; None if there is none, or if the note is damaged."""
    if plain is None:
        return None
    try:
        return _noted_verdict(memory_id, plain)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _noted_verdict(memory_id: str, plain: Mapping[str, Any]) -> Verdict:
    status = CodeStatus(plain["status"])
    findings: tuple[CodeFinding, ...] = ()
    if plain["finding"] is not None:
        kind, target, reason, (commit, path) = plain["finding"]
        evidence = (CodeEvidence(commit, path),) if path else ()
        findings = (CodeFinding(ReferenceKind(kind), target, status, reason, evidence),)
    return Verdict(
        memory_id=memory_id,
        status=status,
        commit=plain["commit"],
        checked_at=from_micros(plain["at"]),
        findings=findings,
        watched=tuple(plain["watched"]),
        is_uncommitted=bool(plain["uncommitted"]),
    )
