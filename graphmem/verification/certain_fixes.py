"""Certain fixes of memories that a repository contradicts: a file's new path, and a record's removal."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from graphmem.deferred_dataclass import dataclass
from graphmem.model import Anchor, AnchorKind, Statement
from graphmem.repository.code_verdict import CodeStatus
from graphmem.verification.code_history import CodeHistory, PathPeriod
from graphmem.verification.verdicts import CodeFinding, ReferenceKind, Verdict

#: Percent of the content that stayed in the weakest rename on the way to the new path.
LEAST_SIMILARITY = 80
#: Share of the lines of an anchored file that may be gone since the last confirmation.
_MOST_CHANGED = 0.2
_SETTLED = frozenset({CodeStatus.VERIFIED, CodeStatus.UNDECIDED, CodeStatus.MOVED})


@dataclass(frozen=True, slots=True)
class CertainMove:
    """A file that a memory names, and that has another path since a commit.

    Attributes:
        old: The path as the memory has it.
        similarity: Percent of the weakest rename on the way.
        commit: Hash of the commit that brought the new path.
        at: Its effective time.
    """

    old: str
    new: str
    similarity: int
    commit: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Removal:
    """A file that was removed and is nowhere else."""

    path: str
    commit: str
    at: datetime


def certain_moves(verdict: Verdict, history: CodeHistory) -> tuple[CertainMove, ...] | None:
    """Return the moves of the files that a memory names; None if a file, or any other part of it, is not certain.

    A move is certain if the memory names the complete path of a file that has a single path now, to which renames of at
    least `LEAST_SIMILARITY` percent lead. A memory of which a part is broken or has drifted is left to a person: other
    words would begin anew, and hide it.
    """
    if any(finding.status not in _SETTLED for finding in verdict.findings):
        return None
    moves = [_move(finding, history) for finding in verdict.findings if finding.status is CodeStatus.MOVED]
    certain = tuple(move for move in moves if move is not None)
    return certain if len(certain) == len(moves) else None


def _move(finding: CodeFinding, history: CodeHistory) -> CertainMove | None:
    similarity, changed = finding.similarity, finding.changed_share or 0.0
    if finding.kind is not ReferenceKind.FILE or len(finding.current) != 1 or changed > _MOST_CHANGED:
        return None
    if similarity is None or similarity < LEAST_SIMILARITY or finding.evidence[0].path != finding.target:
        return None
    (new,) = finding.current
    period = _open_period(history.periods(new))
    if period is None:
        return None
    return CertainMove(finding.target, new, similarity, history.commit_at(period.start), history.time_at(period.start))


def _open_period(periods: Sequence[PathPeriod]) -> PathPeriod | None:
    return next((period for period in periods if period.end is None), None)


def reworded(statement: Statement, moves: Sequence[CertainMove]) -> Statement | None:
    """Return a statement with the new paths of files; None if its texts name an old path in a way that is not clear.

    Returns:
        The statement itself if no text names an old path: anchors are followed without other words.
    """
    texts = [statement.title, statement.body, statement.rationale]
    made = [_with_paths(text, moves) for text in texts]
    if made == texts:
        return statement if not any(move.old in text for move in moves for text in texts) else None
    if any(_names(text, move.old) for move in moves for text in made):
        return None
    names = {move.old: move.new for move in moves}
    anchors = dict.fromkeys(_with_path(anchor, names) for anchor in statement.anchors)
    title, body, rationale = made
    return replace(statement, title=title, body=body, rationale=rationale, anchors=tuple(anchors))


def _with_paths(text: str, moves: Sequence[CertainMove]) -> str:
    for move in moves:
        text = _whole(move.old).sub(lambda _, new=move.new: new, text)  # type: ignore[misc]
    return text


def _whole(path: str) -> re.Pattern[str]:
    """Return the pattern of a path that is not a part of another path, and has no line number behind it."""
    return re.compile(rf"(?<![\w./\\-]){re.escape(path)}(?![\w/\\-]|\.\w|:\d)")


def _names(text: str, path: str) -> bool:
    """Return whether a text still has a path, with a line number or as a part of a longer word."""
    return re.search(rf"(?<![\w/-]){re.escape(path)}(?![\w/-])", text) is not None


def _with_path(anchor: Anchor, names: dict[str, str]) -> Anchor:
    new = names.get(anchor.name) if anchor.kind is AnchorKind.FILE else None
    return anchor if new is None else replace(anchor, name=new)


def removal_of(path: str, since: datetime, history: CodeHistory) -> Removal | None:
    """Return the removal of the record of a memory; None if the record is there, moved, or not certainly gone.

    It is certain if the file had this path since the memory began, a commit removed it, no rename or copy leads to
    another path, no other file has its name, and other files of its kind are still in its folder: a folder that is
    gone as a whole has moved elsewhere more often than all of its records ended.
    """
    since_position = history.position_at(since)
    periods = [period for period in history.periods(path) if period.end is None or period.end > since_position]
    last = max(periods, key=lambda period: (period.end is None, period.end or 0), default=None)
    if last is None or last.end is None or history.is_file(path) or history.is_ignored(path):
        return None
    if any(period.end is None for period in history.lineage(last.lineage)):
        return None
    if history.files_named(posixpath.basename(path)) or not _has_siblings(path, history):
        return None
    return Removal(path, history.commit_at(last.end), history.time_at(last.end))


def _has_siblings(path: str, history: CodeHistory) -> bool:
    folder, suffix = posixpath.dirname(path), posixpath.splitext(path)[1]
    periods = history.periods_below(folder) if folder else ()
    return any(
        period.end is None and posixpath.dirname(period.path) == folder and period.path.endswith(suffix)
        for period in periods
    )
