"""Checks of what anchored files and symbols contain: whether a symbol is still defined, and how many lines are gone."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from graphmem.model import AnchorKind
from graphmem.repository.code_verdict import CodeStatus
from graphmem.verification.code_history import CodeHistory
from graphmem.verification.line_changes import LineChange, line_change
from graphmem.verification.path_names import path_reference
from graphmem.verification.path_resolution import resolve_path
from graphmem.verification.references import CodeReference
from graphmem.verification.symbols import definition, module_paths, symbol_name
from graphmem.verification.verdicts import CodeEvidence, CodeFinding, MemoryToVerify, ReferenceKind

#: An anchored file or symbol has drifted if more than this share of its lines is gone.
_DRIFTED = 0.5
_MOST_MENTIONS = 40

#: Position of a commit, and a path at it.
Place = tuple[int, str]
#: A place before, and the path of the same file now.
Pair = tuple[Place, str]


@dataclass(slots=True)
class Contents:
    """Contents of files, before and now, read for many memories at once."""

    history: CodeHistory
    _blobs: dict[Place, str | None] = field(default_factory=dict)
    _texts: dict[str, bytes] = field(default_factory=dict)

    def load(self, groups: Sequence[Sequence[Pair]]) -> None:
        """Read the contents, before and now, of groups of files; not of groups that did not change."""
        places = {place for pairs in groups for place, _ in pairs if place not in self._blobs}
        found = self.history.blobs_at(places)
        self._blobs.update({place: found.get(place) for place in places})
        wanted: set[str | None] = set()
        for pairs in groups:
            if any(self._blobs[place] != self.history.blob(path) for place, path in pairs):
                wanted.update(blob for place, path in pairs for blob in (self._blobs[place], self.history.blob(path)))
        self.load_blobs({blob for blob in wanted if blob is not None})

    def load_blobs(self, blobs: set[str]) -> None:
        """Read contents."""
        missing = blobs - self._texts.keys()
        if missing:
            self._texts.update(self.history.texts(missing))

    def blob_before(self, place: Place) -> str | None:
        """Hash of the content at a place that was loaded."""
        return self._blobs.get(place)

    def text(self, blob: str | None) -> bytes | None:
        """A content that was loaded; None if there is none."""
        return None if blob is None else self._texts.get(blob)


@dataclass(frozen=True, slots=True)
class ContentCheck:
    """A finding for an anchored file or symbol, and the contents that decide about it.

    Attributes:
        symbol: The name to look for; None for a file.
        pairs: Each a place before, and the path of the same file now; empty if the file is gone.
    """

    index: int
    reference: CodeReference
    symbol: str | None
    pairs: tuple[Pair, ...]


def file_check(index: int, reference: CodeReference, finding: CodeFinding, position: int) -> ContentCheck | None:
    """The check of an anchored file that is there, or has moved; None if there is nothing to compare."""
    if not reference.is_anchored or reference.kind is not ReferenceKind.FILE or not finding.current:
        return None
    old = finding.evidence[0].path
    return ContentCheck(index, reference, None, (((position, old), finding.current[0]),))


def symbol_check(
    index: int, reference: CodeReference, memory: MemoryToVerify, position: int, since: int, history: CodeHistory
) -> ContentCheck:
    """The check of an anchored symbol in the files in which it can be."""
    pairs: list[Pair] = []
    for path in symbol_files(reference, memory):
        finding = resolve_path(CodeReference(ReferenceKind.FILE, path), since, history)
        if finding.status is not CodeStatus.UNDECIDED and finding.evidence:
            pairs.append(((position, finding.evidence[0].path), finding.current[0] if finding.current else ""))
    return ContentCheck(index, reference, symbol_name(reference.target).name, tuple(dict.fromkeys(pairs)))


def symbol_files(reference: CodeReference, memory: MemoryToVerify) -> list[str]:
    """Paths, or their ends, of the files in which a symbol can be: named with it, anchored, or of its module."""
    name = symbol_name(reference.target)
    if name.path:
        return [posixpath.normpath(name.path)]
    anchored = [anchor.name for anchor in memory.statement.anchors if anchor.kind is AnchorKind.FILE]
    paths = [path.path for text in anchored if (path := path_reference(text)) is not None]
    return paths or list(module_paths(name.module))


def checked(checks: Sequence[ContentCheck], findings: list[CodeFinding], contents: Contents) -> None:
    """Replace the findings of a memory by those that the contents give.

    If more than half of the lines of all its anchored files together are gone, those files that changed as much have
    drifted. Anchored symbols are judged each by itself.
    """
    changes: list[tuple[ContentCheck, LineChange]] = []
    for check in checks:
        if check.symbol is not None:
            findings[check.index] = _symbol_finding(check, findings[check.index], contents)
        elif (change := _file_change(check, contents)) is not None:
            changes.append((check, change))
    total, gone = sum(change.total for _, change in changes), sum(change.gone for _, change in changes)
    for check, change in changes:
        is_drifted = gone > _DRIFTED * total
        findings[check.index] = _with_change(findings[check.index], check, change, contents, is_drifted=is_drifted)


def _file_change(check: ContentCheck, contents: Contents) -> LineChange | None:
    place, path = check.pairs[0]
    old = contents.blob_before(place)
    if old is None:
        return None
    new = contents.history.blob(path)
    before, now = contents.text(old), contents.text(new)
    if before is None and old == new:
        return LineChange(1, 0)
    return None if before is None or now is None else line_change(before, now)


def _with_change(
    finding: CodeFinding, check: ContentCheck, change: LineChange, contents: Contents, *, is_drifted: bool
) -> CodeFinding:
    share = round(change.share, 3)
    if not is_drifted or change.share <= _DRIFTED or finding.status is not CodeStatus.VERIFIED:
        return replace(finding, changed_share=share)
    position, path = check.pairs[0][0]
    before = CodeEvidence(contents.history.commit_at(position), path, change.ranges)
    reason = f"{change.gone} of {change.total} lines are gone"
    evidence = (before, *finding.evidence)
    return replace(finding, status=CodeStatus.DRIFTED, reason=reason, evidence=evidence, changed_share=share)


def _symbol_finding(check: ContentCheck, finding: CodeFinding, contents: Contents) -> CodeFinding:
    symbol = check.symbol or ""
    for place, path in check.pairs:
        if (here := _defined(contents, contents.history.blob(path), symbol)) is not None:
            return _present(check, finding, contents, place, path, here)
    for place, _ in check.pairs:
        lines = _defined(contents, contents.blob_before(place), symbol)
        if lines is None:
            continue
        before = CodeEvidence(contents.history.commit_at(place[0]), place[1], (lines,))
        elsewhere = tuple(_elsewhere(symbol, place, contents))
        status = CodeStatus.MOVED if elsewhere else CodeStatus.BROKEN
        reason = f"is now in {elsewhere[0]}" if elsewhere else f"is no longer defined in {place[1]}"
        return replace(finding, status=status, reason=reason, evidence=(before,), current=elsewhere)
    return finding


def _present(
    check: ContentCheck, finding: CodeFinding, contents: Contents, place: Place, path: str, here: tuple[int, int]
) -> CodeFinding:
    """The finding for a symbol that is defined now, with the share of the lines of its definition that are gone."""
    history, symbol = contents.history, check.symbol or ""
    now = CodeEvidence(None if history.is_uncommitted(path) else history.commit, path, (here,))
    status = CodeStatus.VERIFIED if path == place[1] else CodeStatus.MOVED
    reason = "is there" if path == place[1] else f"is now in {path}"
    result = replace(finding, status=status, reason=reason, evidence=(now,), current=(path,))
    old, new = contents.blob_before(place), history.blob(path)
    lines = _defined(contents, old, symbol)
    if lines is None or old == new:
        return result
    change = line_change(_part(contents.text(old), lines), _part(contents.text(new), here), lines[0])
    if change is None:
        return result
    single = replace(check, pairs=((place, path),))
    return _with_change(result, single, change, contents, is_drifted=True)


def _defined(contents: Contents, blob: str | None, symbol: str) -> tuple[int, int] | None:
    text = contents.text(blob)
    return None if text is None else definition(text.decode("utf-8", "replace"), symbol)


def _part(text: bytes | None, lines: tuple[int, int]) -> bytes:
    return b"\n".join((text or b"").splitlines()[lines[0] - 1 : lines[1]])


def _elsewhere(symbol: str, place: Place, contents: Contents) -> Iterator[str]:
    """Current files of the same language that define a symbol, and did not when the file of the symbol still did."""
    suffix = posixpath.splitext(place[1])[1]
    paths = [path for path in contents.history.files_mentioning(symbol) if path.endswith(suffix)][:_MOST_MENTIONS]
    contents.load([[((place[0], path), path)] for path in paths])
    for path in paths:
        before, now = contents.blob_before((place[0], path)), contents.history.blob(path)
        if before != now and _defined(contents, now, symbol) and not _defined(contents, before, symbol):
            yield path
