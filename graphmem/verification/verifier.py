"""The check of memories against the code; a memory that no change since its last verdict concerns is not examined."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field, replace
from datetime import datetime

from graphmem.deferred_dataclass import dataclass
from graphmem.repository.code_verdict import CodeStatus
from graphmem.verification.code_history import CodeHistory
from graphmem.verification.content_checks import ContentCheck, Contents, checked, file_check
from graphmem.verification.manifest_search import ManifestSearch
from graphmem.verification.path_resolution import candidates, resolve_path
from graphmem.verification.references import CodeReference, references_of
from graphmem.verification.symbol_checks import SymbolCheck, SymbolFindings, symbol_check, targets_of
from graphmem.verification.verdicts import (
    CodeFinding,
    MemoryToVerify,
    ReferenceKind,
    Verdict,
    overall_status,
)
from graphmem.verification.watches import is_exact, name_watch, path_watches, touched_watches

_PATHS = frozenset({ReferenceKind.FILE, ReferenceKind.FOLDER})


def verify_memories(memories: Iterable[MemoryToVerify], history: CodeHistory, *, at: datetime) -> list[Verdict]:
    """Check memories against the code, each for all parts of the code that it names.

    A reference is broken, or has moved, only if it resolved at the commit of the memory's valid start or later.

    Args:
        memories: Memories in force. Those with an earlier verdict are examined only if a path that it depends on was
            changed since, or has uncommitted changes, or if the memory was confirmed since.
        history: The repository.
        at: The time of the check, for the verdicts.

    Returns:
        The verdicts in the order of the memories.
    """
    listed = list(memories)
    changes = _ChangesSinceVerdicts(history)
    examined = [memory for memory in listed if changes.concern(memory)]
    verdicts = iter(_Examination(history, at).verdicts(examined))
    concerned = {id(memory) for memory in examined}
    return [next(verdicts) if id(memory) in concerned else _kept(memory, history.commit, at) for memory in listed]


def _kept(memory: MemoryToVerify, commit: str, at: datetime) -> Verdict:
    assert memory.earlier is not None, "only memories with a verdict are left out"  # noqa: S101
    return replace(memory.earlier, commit=commit, checked_at=at)


@dataclass(slots=True)
class _ChangesSinceVerdicts:
    """The changes since the commits of earlier verdicts."""

    history: CodeHistory
    _watches: dict[str, set[str] | None] = field(default_factory=dict)

    def concern(self, memory: MemoryToVerify) -> bool:
        """Return True if a memory has to be examined."""
        earlier = memory.earlier
        if earlier is None or earlier.is_uncommitted:
            return True
        if memory.confirmed_at is not None and memory.confirmed_at > earlier.checked_at:
            return True
        touched = self._since(earlier.commit)
        if touched is None or not touched.isdisjoint(earlier.watched):
            return True
        return any(self.history.is_uncommitted(watch) for watch in earlier.watched if is_exact(watch))

    def _since(self, commit: str) -> set[str] | None:
        if commit == self.history.commit:
            return set()
        if commit not in self._watches:
            changed = self.history.changed_since(commit)
            self._watches[commit] = None if changed is None else touched_watches(changed)
        return self._watches[commit]


@dataclass(slots=True)
class _Draft:
    """A memory under examination."""

    memory: MemoryToVerify
    references: tuple[CodeReference, ...]
    findings: list[CodeFinding] = field(default_factory=list)
    checks: list[ContentCheck] = field(default_factory=list)
    symbols: list[SymbolCheck] = field(default_factory=list)


@dataclass(slots=True)
class _Examination:
    """Examines memories; contents are read for all of them at once."""

    history: CodeHistory
    at: datetime
    _manifests: ManifestSearch = field(init=False)
    _found: dict[tuple[CodeReference, int], CodeFinding] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._manifests = ManifestSearch(self.history)

    def verdicts(self, memories: Sequence[MemoryToVerify]) -> list[Verdict]:
        drafts = [self._draft(memory) for memory in memories]
        contents = Contents(self.history)
        contents.load([[check.pair for check in draft.checks] for draft in drafts])
        for draft in drafts:
            checked(draft.checks, draft.findings, contents)
        self._check_symbols(drafts, contents)
        return [self._verdict(draft) for draft in drafts]

    def _check_symbols(self, drafts: Sequence[_Draft], contents: Contents) -> None:
        """Replace the findings for symbols by those that the history of their files gives."""
        symbols = SymbolFindings(self.history, contents)
        symbols.load([check for draft in drafts for check in draft.symbols])
        for draft in drafts:
            for check in draft.symbols:
                draft.findings[check.index] = symbols.finding(check, draft.findings[check.index])

    def _draft(self, memory: MemoryToVerify) -> _Draft:
        draft = _Draft(memory, references_of(memory))
        if not draft.references:
            return draft
        since = self.history.position_at(memory.since)
        for index, reference in enumerate(draft.references):
            draft.findings.append(self._finding(reference, since))
            if reference.is_anchored:
                self._plan_check(index, reference, draft, since)
        return draft

    def _finding(self, reference: CodeReference, since: int) -> CodeFinding:
        key = (reference, since)
        if key not in self._found:
            if reference.kind in _PATHS:
                self._found[key] = resolve_path(reference, since, self.history)
            elif reference.kind is ReferenceKind.SYMBOL:
                reason = "is not defined in a file that is known"
                self._found[key] = CodeFinding(reference.kind, reference.target, CodeStatus.UNDECIDED, reason)
            else:
                self._found[key] = self._manifests.finding(reference, since)
        return self._found[key]

    def _plan_check(self, index: int, reference: CodeReference, draft: _Draft, since: int) -> None:
        """Note the check of the content of an anchored file or symbol."""
        confirmed = draft.memory.confirmed_at
        position = since if confirmed is None else max(since, self.history.position_at(confirmed))
        if reference.kind is ReferenceKind.SYMBOL:
            draft.symbols.append(symbol_check(index, reference, draft.memory, since, position, self.history))
        elif (check := file_check(index, reference, draft.findings[index], position)) is not None:
            draft.checks.append(check)

    def _verdict(self, draft: _Draft) -> Verdict:
        watched = tuple(sorted({watch for pair in zip(draft.references, draft.findings, strict=True)
                                for watch in self._watches(draft.memory, *pair)}))  # fmt: skip
        is_uncommitted = any(self.history.is_uncommitted(watch) for watch in watched if is_exact(watch))
        status = overall_status(draft.findings)
        findings = tuple(draft.findings)
        memory_id = draft.memory.memory_id
        return Verdict(memory_id, status, self.history.commit, self.at, findings, watched, is_uncommitted)

    def _watches(self, memory: MemoryToVerify, reference: CodeReference, finding: CodeFinding) -> Iterator[str]:
        if reference.kind in _PATHS:
            for path in (*candidates(reference), *finding.current):
                yield from path_watches(path)
            yield name_watch(reference.target)
            yield name_watch(reference.target, is_folder=True)
        elif reference.kind is ReferenceKind.SYMBOL:
            for path in (*(target.path for target in targets_of(reference, memory)), *finding.current):
                yield path
                yield name_watch(path)
        else:
            yield from self._manifests.watches(reference)
        if finding.status is not CodeStatus.VERIFIED:
            yield name_watch(".gitignore")
