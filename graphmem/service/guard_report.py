"""The findings of guard for a change: the memories that it goes against, the level of each, and its excuses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from graphmem.deferred_dataclass import dataclass, field
from graphmem.guard.brought_options import ChangeEvidence, OptionMatch
from graphmem.guard.evidence import Added
from graphmem.guard.file_changes import SkippedFile
from graphmem.guard.levels import Enforcement, FindingKind, Level, level_of
from graphmem.guard.suppressions import IMPORT_RULES
from graphmem.model import CodeVerdict
from graphmem.option_keys import FileScope
from graphmem.repository.code_verdict import CodeStatus
from graphmem.service.guard_answers import ExcusedFinding, GuardAnswer, GuardFinding
from graphmem.service.guard_memories import GuardingMemory, GuardMemories
from graphmem.temporal import Ruling
from graphmem.temporal.trust import is_mandatory

_DRIFTED = frozenset({CodeStatus.DRIFTED, CodeStatus.BROKEN})
_KINDS = list(FindingKind)
_MOST_EXCUSED = 100


@dataclass
class GuardReport:
    """Collects the findings for a change.

    Attributes:
        memories: Reads the memories.
        enforcement: The setting of the project.
        paths: The files that the change touches.
    """

    memories: GuardMemories
    enforcement: Enforcement
    paths: Sequence[str]
    _findings: list[GuardFinding] = field(default_factory=list)
    _excused: list[ExcusedFinding] = field(default_factory=list)
    _rulings: dict[str, Ruling] = field(default_factory=dict)

    def judge(self, change: ChangeEvidence, mentioned: Iterable[Added]) -> None:
        """Judge a change.

        Args:
            change: The additions of the change.
            mentioned: The part of it that is in a text only: it makes notes.
        """
        added = [*(addition for file in change.files for addition in file.added), *change.from_text]
        guarding = self.memories.find(added, self.paths)
        holding = [memory for memory in guarding if self.memories.holds(memory.id)]
        of_text = set(map(id, mentioned))
        rejected = [(memory, change.matches(memory.rejected, memory.scope, memory.chosen)) for memory in holding]
        rejected = [(memory, matches) for memory, matches in rejected if matches]
        on_path = [memory for memory in holding if self._path_of(memory) is not None]
        self._rulings = self.memories.rulings([*(memory for memory, _ in rejected), *on_path])
        exceptions = self.memories.exceptions(memory.id for memory, _ in rejected)
        for memory, matches in rejected:
            left = self._without_excused(memory, matches, exceptions.get(memory.id, []))
            if left is not None:
                self._add_rejected(memory, left, holding, of_text)
        for memory in guarding:
            if memory not in holding:
                self._add_superseded(memory, change, holding, of_text)
        self._add_on_path(on_path)

    def add_claims(self, findings: Iterable[GuardFinding]) -> None:
        """Add the findings on claims of other actors."""
        self._findings.extend(findings)

    def answer(self, limit: int, skipped: tuple[SkippedFile, ...], files: int) -> GuardAnswer:
        """Return the answer, the heaviest findings first.

        Args:
            limit: The number of findings to show.
            skipped: Files that were not read.
            files: The number of files that were.
        """
        unique = {finding.memory.id: finding for finding in sorted(self._findings, key=_weight, reverse=True)}
        ordered = sorted(unique.values(), key=_weight)
        return GuardAnswer(
            tuple(ordered[:limit]),
            self.memories.point,
            max(len(ordered) - limit, 0),
            ordered[0].level if ordered else None,
            self.enforcement,
            tuple(self._excused[:_MOST_EXCUSED]),
            skipped,
            files,
        )

    # ---- rejected options

    def _without_excused(
        self, memory: GuardingMemory, matches: Sequence[OptionMatch], exceptions: Sequence[GuardingMemory]
    ) -> OptionMatch | None:
        """Return the first match with the places that nothing excuses; None if none is left."""
        remaining = None
        for match in matches:
            places = [added for added in match.places if not self._is_excused(memory, match, added, exceptions)]
            if places and remaining is None:
                remaining = OptionMatch(match.option, match.key, tuple(places))
        return remaining

    def _is_excused(
        self, memory: GuardingMemory, match: OptionMatch, added: Added, exceptions: Sequence[GuardingMemory]
    ) -> bool:
        named = self.memories.named(memory.id)
        where = (match.option.name, added.path, added.line)
        for exception in exceptions:
            if exception.scope.covers(added.path) if added.path else not exception.scope.globs:
                self._excused.append(ExcusedFinding(named, *where, exception.id, exception.statement.rationale))
                return True
        names = {memory.id, *memory.statement.aliases}
        for comment in added.suppressions:
            if comment.rule in names if comment.is_of_memory else comment.rule in IMPORT_RULES:
                allow = _allow(memory.id, added.path, comment.reason)
                self._excused.append(ExcusedFinding(named, *where, comment.rule, comment.reason, allow))
                return True
        return False

    def _add_rejected(
        self, memory: GuardingMemory, match: OptionMatch, holding: Sequence[GuardingMemory], of_text: set[int]
    ) -> None:
        ruling = self._rulings.get(memory.id)
        if ruling is not None and ruling.head != memory.id:
            self._add_contested(memory, ruling, match.places[0])
            return
        level = level_of(memory.statement, is_typed=match.key.is_typed, enforcement=self.enforcement)
        is_mentioned = all(id(added) in of_text for added in match.places)
        elsewhere = _chosen_elsewhere(memory, match, holding)
        if is_mentioned or (elsewhere is not None and not _is_at_home(memory, match)):
            level = Level.NOTE
        instead = tuple(option.name for option in memory.statement.alternatives if option.outcome == "chosen")
        message = f"{match.option.name} was rejected"
        if elsewhere is not None:
            message += f", though “{elsewhere.statement.title}” uses it for something else"
        self._add(FindingKind.REJECTED_RETURNS, level, memory, match, message=message, instead=instead)

    # ---- superseded memories

    def _add_superseded(
        self, memory: GuardingMemory, change: ChangeEvidence, holding: Sequence[GuardingMemory], of_text: set[int]
    ) -> None:
        matches = [match for match in change.matches(memory.chosen, memory.scope) if match.key.is_typed]
        successors = self.memories.successors(memory.id) if matches else []
        if not successors:
            return
        match = matches[0]
        if any(change.matches(rival.chosen) for rival in holding if rival.statement.origin.is_trusted):
            return
        level = level_of(memory.statement, is_typed=True, enforcement=Enforcement.WARN)
        level = Level.NOTE if all(id(added) in of_text for added in match.places) else level
        instead = tuple(statement.title for statement in successors)
        message = f"{match.option.name} was chosen by a decision that was superseded"
        self._add(FindingKind.SUPERSEDED_FOLLOWED, level, memory, match, message=message, instead=instead)

    # ---- memories about the files

    def _path_of(self, memory: GuardingMemory) -> str | None:
        """Return the first touched file that a memory is about; None for memories that keys find."""
        if memory.rejected or not memory.scope.globs:
            return None
        return next((path for path in self.paths if memory.scope.covers(path)), None)

    def _add_on_path(self, on_path: Sequence[GuardingMemory]) -> None:
        verdicts = self.memories.verdicts(on_path)
        settled: set[str] = set()
        for memory in on_path:
            path = self._path_of(memory) or ""
            ruling, verdict = self._rulings.get(memory.id), verdicts.get(memory.id)
            if ruling is not None and ruling.head not in settled:
                settled.add(ruling.head)
                self._add_contested(memory, ruling, None)
            elif verdict is not None and verdict.status in _DRIFTED:
                self._add_drifted(memory, verdict, path)
            elif is_mandatory(memory.statement):
                message = "a mandatory memory is about this file"
                self._add_plain(FindingKind.CONSTRAINT_ON_PATH, memory, message, path)

    def _add_contested(self, memory: GuardingMemory, ruling: Ruling, added: Added | None) -> None:
        rivals = [key for key in (ruling.head, *(key for key, _ in ruling.contested)) if key != memory.id]
        message = f"contested: {len(rivals)} other memor{'y is' if len(rivals) == 1 else 'ies are'} in force for it"
        path = added.path if added is not None else self._path_of(memory) or ""
        change = f"graphmem supersede {ruling.contested[-1][0]} --by {ruling.head}"
        self._add_plain(FindingKind.CONTESTED_TOUCHED, memory, message, path, change=change)

    def _add_drifted(self, memory: GuardingMemory, verdict: CodeVerdict, path: str) -> None:
        message = f"the code has left this memory behind ({verdict.status.value})"
        self._findings.append(
            GuardFinding(
                FindingKind.DRIFTED_RELIED_ON,
                Level.NOTE,
                self.memories.named(memory.id),
                message,
                reason=verdict.reason,
                since=self.memories.since(memory.id),
                path=path,
                change=f"graphmem confirm {memory.id}, or graphmem supersede {memory.id} TEXT",
            )
        )

    def _add_plain(
        self, kind: FindingKind, memory: GuardingMemory, message: str, path: str, *, change: str = ""
    ) -> None:
        self._findings.append(
            GuardFinding(
                kind,
                Level.NOTE,
                self.memories.named(memory.id),
                message,
                reason=memory.statement.rationale[:1_000],
                since=self.memories.since(memory.id),
                path=path,
                change=change or f"graphmem supersede {memory.id} TEXT",
            )
        )

    def _add(
        self,
        kind: FindingKind,
        level: Level,
        memory: GuardingMemory,
        match: OptionMatch,
        *,
        message: str,
        instead: tuple[str, ...],
    ) -> None:
        added = match.places[0]
        is_rejected = kind is FindingKind.REJECTED_RETURNS
        self._findings.append(
            GuardFinding(
                kind,
                level,
                self.memories.named(memory.id),
                message,
                option=match.option.name,
                key=str(match.key),
                reason=match.option.reason or memory.statement.rationale[:1_000],
                since=self.memories.since(memory.id),
                instead=instead,
                path=added.path,
                line=added.line,
                evidence=added.evidence.text,
                more=len(match.places) - 1,
                change=f"graphmem supersede {memory.id} TEXT",
                allow=_allow(memory.id, added.path, "") if is_rejected else "",
            )
        )


def _weight(finding: GuardFinding) -> tuple[int, int]:
    return -finding.level.rank, _KINDS.index(finding.kind)


def _allow(memory_id: str, path: str, reason: str) -> str:
    reason_text = f"'{reason}'" if reason and "'" not in reason else "TEXT"
    return f"graphmem guard allow {memory_id} --reason {reason_text}" + (f" --path {path}" if path else "")


def _chosen_elsewhere(
    memory: GuardingMemory, match: OptionMatch, holding: Sequence[GuardingMemory]
) -> GuardingMemory | None:
    """Return a decision in force for another subject that chose what a memory rejects; None if there is none."""
    for decision in holding:
        is_same = decision.statement.subject is not None and decision.statement.subject == memory.statement.subject
        is_trusted = decision.statement.origin.may_mandate or not is_mandatory(memory.statement)
        if decision.id != memory.id and not is_same and is_trusted and decision.statement.origin.is_trusted:
            evidence = ChangeEvidence((), match.places)
            if evidence.matches(decision.chosen):
                return decision
    return None


def _is_at_home(memory: GuardingMemory, match: OptionMatch) -> bool:
    """Return whether the change is within the files that a memory is about; a memory about no file has no home."""
    scope: FileScope = memory.scope
    return bool(scope.globs) and any(added.path and scope.covers(added.path) for added in match.places)
