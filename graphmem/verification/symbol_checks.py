"""Checks of anchored symbols: the present place of a symbol, the commit that moved it, and the share that is gone."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import replace

from graphmem.deferred_dataclass import dataclass
from graphmem.model import AnchorKind
from graphmem.repository.code_verdict import CodeStatus
from graphmem.repository.relocations import Relocation
from graphmem.repository.symbol_names import SymbolTarget, symbol_targets
from graphmem.symbols.definitions import Definition
from graphmem.symbols.languages import missing_grammar
from graphmem.symbols.source_file import SourceFile, source_file
from graphmem.symbols.trail import SymbolFollower, SymbolPosition, SymbolTrail
from graphmem.verification.code_history import CodeHistory
from graphmem.verification.content_checks import DRIFTED, Contents
from graphmem.verification.line_changes import line_change
from graphmem.verification.path_names import path_reference
from graphmem.verification.path_resolution import resolve_path
from graphmem.verification.references import CodeReference
from graphmem.verification.verdicts import CodeEvidence, CodeFinding, MemoryToVerify, ReferenceKind

_MOST_MENTIONS = 40
_SHA_CHARS = 10


@dataclass(frozen=True, slots=True)
class SymbolCheck:
    """An anchored symbol, and the files in which it can be.

    Attributes:
        index: Number of the finding among those of the memory.
        targets: The files as they were named when the memory was recorded.
        since: Position of the commit of the memory's valid start.
        position: Position of the last confirmation; drift is measured from here.
    """

    index: int
    targets: tuple[SymbolTarget, ...]
    since: int
    position: int


def symbol_check(
    index: int, reference: CodeReference, memory: MemoryToVerify, since: int, position: int, history: CodeHistory
) -> SymbolCheck:
    """Return the check of an anchored symbol."""
    found: list[SymbolTarget] = []
    for target in targets_of(reference, memory):
        finding = resolve_path(CodeReference(ReferenceKind.FILE, target.path), since, history)
        if finding.status is not CodeStatus.UNDECIDED and finding.evidence:
            found.append(SymbolTarget(finding.evidence[0].path, target.name))
    return SymbolCheck(index, tuple(dict.fromkeys(found)), since, position)


def targets_of(reference: CodeReference, memory: MemoryToVerify) -> list[SymbolTarget]:
    """Return the files in which a symbol can be, as the memory names them."""
    anchored = [anchor.name for anchor in memory.statement.anchors if anchor.kind is AnchorKind.FILE]
    files = [path.path for text in anchored if (path := path_reference(text)) is not None]
    return symbol_targets(reference.target, files)


class SymbolFindings:
    """Findings for anchored symbols.

    Args:
        history: The repository.
        contents: Contents that are read for all memories together.
    """

    def __init__(self, history: CodeHistory, contents: Contents) -> None:
        self._history = history
        self._contents = contents
        self._follower = SymbolFollower(history)

    def load(self, checks: Sequence[SymbolCheck]) -> None:
        """Read together the data that the checks need."""
        paths = {path for check in checks for target in check.targets for path in self._paths(target)}
        if paths:
            self._follower.load(paths, min(check.since for check in checks))
            blobs = {self._history.blob(path) for path in paths}
            self._contents.load_blobs({blob for blob in blobs if blob is not None})

    def _paths(self, target: SymbolTarget) -> Iterator[str]:
        for period in self._history.periods(target.path):
            yield from (each.path for each in self._history.lineage(period.lineage))

    def finding(self, check: SymbolCheck, finding: CodeFinding) -> CodeFinding:
        """Return the finding for a symbol; `finding` is that of a symbol of no file that is known."""
        for target in check.targets:
            trail = self._follower.follow(target.path, target.name, check.since)
            if trail.steps:
                return self._of_trail(check, target, trail, finding)
            if (here := self._definition(target.path, target.name)) is not None:
                return self._present(target, target.path, target.name, here, finding)
        remark = next((remark for target in check.targets if (remark := missing_grammar(target.path))), "")
        return replace(finding, reason=f"{finding.reason}; {remark}") if remark else finding

    def _of_trail(
        self, check: SymbolCheck, target: SymbolTarget, trail: SymbolTrail, finding: CodeFinding
    ) -> CodeFinding:
        last = trail.steps[-1]
        if trail.unparsed:
            return self._unparsed(trail.unparsed, finding)
        if not trail.is_gone:
            file = self._file(last.path)
            here = None if file is None else file.named(last.name)
            if here is not None:
                made = self._present(target, last.path, last.name, here, finding)
                return self._with_change(self._with_moves(made, trail), check, trail, here)
            if file is not None and not file.lacks(last.name):
                return self._unparsed(last.path, finding)
        return self._gone(trail, last, finding)

    def _unparsed(self, path: str, finding: CodeFinding) -> CodeFinding:
        reason = f"{path} does not parse; the symbol is known by its path alone"
        evidence = (self._evidence(path),)
        return replace(finding, status=CodeStatus.UNDECIDED, reason=reason, evidence=evidence, current=(path,))

    def _present(
        self, target: SymbolTarget, path: str, name: str, here: Definition, finding: CodeFinding
    ) -> CodeFinding:
        """Return the finding for a symbol that is defined now."""
        is_same = (path, name) == (target.path, target.name)
        where = path if name == target.name else f"{path}#{name}"
        return replace(
            finding,
            status=CodeStatus.VERIFIED if is_same else CodeStatus.MOVED,
            reason="is there" if is_same else f"is now in {where}" if name == target.name else f"is now {where}",
            evidence=(self._evidence(path, (here.first_line, here.last_line)),),
            current=(path,),
        )

    def _with_moves(self, finding: CodeFinding, trail: SymbolTrail) -> CodeFinding:
        """Return a finding with the commits that moved the symbol, and the least similarity on the way."""
        moves = [each for each in trail.relocations if each.new_path and not _is_return(each)]
        if not moves or finding.status is not CodeStatus.MOVED:
            return finding
        last, least = moves[-1], min(each.similarity for each in moves)
        reason = (
            f"{finding.reason} since commit {last.commit[:_SHA_CHARS]} (by its {last.basis.value}, {least} % alike)"
        )
        evidence = (*finding.evidence, CodeEvidence(last.commit, last.path))
        return replace(finding, reason=reason, evidence=evidence, similarity=least)

    def _with_change(
        self, finding: CodeFinding, check: SymbolCheck, trail: SymbolTrail, here: Definition
    ) -> CodeFinding:
        """Return a finding with the share of the lines of the definition that are gone since the last confirmation."""
        before = trail.at(check.position)
        if before is None or before.definition.text == here.text:
            return finding
        change = line_change(before.definition.text, here.text, before.definition.first_line)
        if change is None:
            return finding
        share = round(change.share, 3)
        if change.share <= DRIFTED or finding.status is not CodeStatus.VERIFIED:
            return replace(finding, changed_share=share)
        reason = f"{change.gone} of {change.total} lines are gone"
        place = CodeEvidence(self._history.commit_at(before.position), before.path, change.ranges)
        evidence = (place, *finding.evidence)
        return replace(finding, status=CodeStatus.DRIFTED, reason=reason, evidence=evidence, changed_share=share)

    def _gone(self, trail: SymbolTrail, last: SymbolPosition, finding: CodeFinding) -> CodeFinding:
        """Return the finding for a symbol that its file no longer defines, and that was not found again for certain."""
        lines = (last.definition.first_line, last.definition.last_line)
        evidence = [CodeEvidence(self._history.commit_at(last.position), last.path, (lines,))]
        if trail.is_gone:
            evidence.append(CodeEvidence(trail.relocations[-1].commit, last.path))
        elsewhere = tuple(self._elsewhere(last))
        if elsewhere:
            status, reason, current = CodeStatus.MOVED, f"is now in {elsewhere[0]}", elsewhere
        elif proposals := trail.proposals:
            status, reason = CodeStatus.UNDECIDED, f"may be {' or '.join(map(_proposal, proposals))}"
            current = tuple(dict.fromkeys(each.new_path for each in proposals))
        else:
            status, reason, current = CodeStatus.BROKEN, f"is no longer defined in {last.path}", ()
        return replace(finding, status=status, reason=reason, evidence=tuple(evidence), current=current)

    def _elsewhere(self, last: SymbolPosition) -> Iterator[str]:
        """Current files of the same ending that define a symbol, and did not when its file still did."""
        suffix, word = posixpath.splitext(last.path)[1], last.name.rpartition(".")[2]
        mentions = [path for path in self._history.files_mentioning(word) if path.endswith(suffix)][:_MOST_MENTIONS]
        self._contents.load([[((last.position, path), path)] for path in mentions])
        for path in mentions:
            before, now = self._contents.blob_before((last.position, path)), self._history.blob(path)
            if before != now and self._defines(path, now, last.name) and not self._defines(path, before, last.name):
                yield path

    def _defines(self, path: str, blob: str | None, name: str) -> bool:
        text = self._contents.text(blob)
        return text is not None and source_file(path, text).named(name) is not None

    def _definition(self, path: str, name: str) -> Definition | None:
        file = self._file(path)
        return None if file is None else file.named(name)

    def _file(self, path: str) -> SourceFile | None:
        """Return a file as it is now; None if there is none."""
        blob = self._history.blob(path)
        if blob is not None:
            self._contents.load_blobs({blob})
        text = self._contents.text(blob)
        return None if text is None else source_file(path, text)

    def _evidence(self, path: str, *lines: tuple[int, int]) -> CodeEvidence:
        commit = None if self._history.is_uncommitted(path) else self._history.commit
        return CodeEvidence(commit, path, lines)


def _is_return(relocation: Relocation) -> bool:
    return (relocation.path, relocation.symbol) == (relocation.new_path, relocation.new_symbol)


def _proposal(relocation: Relocation) -> str:
    return f"{relocation.new_path}#{relocation.new_symbol} ({relocation.similarity} % alike)"
