"""Checks of the contents of anchored files: the share of their lines that is gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field, replace

from graphmem.deferred_dataclass import dataclass
from graphmem.repository.code_verdict import CodeStatus
from graphmem.verification.code_history import CodeHistory
from graphmem.verification.line_changes import LineChange, line_change
from graphmem.verification.references import CodeReference
from graphmem.verification.verdicts import CodeEvidence, CodeFinding, ReferenceKind

#: An anchored file or symbol has drifted if more than this share of its lines is gone.
DRIFTED = 0.5

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
    """A finding for an anchored file, and the contents that decide about it: a place before, and the path now."""

    index: int
    pair: Pair


def file_check(index: int, reference: CodeReference, finding: CodeFinding, position: int) -> ContentCheck | None:
    """The check of an anchored file that is there, or has moved; None if there is nothing to compare."""
    if not reference.is_anchored or reference.kind is not ReferenceKind.FILE or not finding.current:
        return None
    old = finding.evidence[0].path
    return ContentCheck(index, ((position, old), finding.current[0]))


def checked(checks: Sequence[ContentCheck], findings: list[CodeFinding], contents: Contents) -> None:
    """Replace the findings of a memory by those that the contents give.

    If more than half of the lines of all its anchored files together are gone, those files that
    changed as much have drifted.
    """
    found = ((check, _file_change(check, contents)) for check in checks)
    changes = [(check, change) for check, change in found if change is not None]
    total, gone = sum(change.total for _, change in changes), sum(change.gone for _, change in changes)
    for check, change in changes:
        is_drifted = gone > DRIFTED * total
        findings[check.index] = _with_change(findings[check.index], check, change, contents, is_drifted=is_drifted)


def _file_change(check: ContentCheck, contents: Contents) -> LineChange | None:
    place, path = check.pair
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
    if not is_drifted or change.share <= DRIFTED or finding.status is not CodeStatus.VERIFIED:
        return replace(finding, changed_share=share)
    position, path = check.pair[0]
    before = CodeEvidence(contents.history.commit_at(position), path, change.ranges)
    reason = f"{change.gone} of {change.total} lines are gone"
    evidence = (before, *finding.evidence)
    return replace(finding, status=CodeStatus.DRIFTED, reason=reason, evidence=evidence, changed_share=share)
