"""Files that have parts of a file since a commit removed it."""

from __future__ import annotations

from graphmem.symbols.file_parts import FileContents, file_parts
from graphmem.verification.code_history import CodeHistory, PathPeriod

#: A file has been split, and is not removed, if at least this share of its lines is in its parts.
_LEAST_IN_PARTS = 0.3
_MOST_FILES = 400
_MOST_PARTS = 5


def parts_now(removed: PathPeriod, history: CodeHistory) -> list[tuple[str, float]]:
    """Return (path now, share of the lines) of each part of a removed file, the largest first.

    Args:
        removed: The last period of the file.
        history: The repository.

    Returns:
        Nothing if too few of its lines are elsewhere, or no commit removed it.
    """
    if removed.end is None:
        return []
    edits = history.edits_at([removed.end]).get(removed.end, ())
    edits = sorted(edits, key=lambda edit: (edit.old_path != removed.path, bool(edit.old_blob)))[:_MOST_FILES]
    texts = history.texts({blob for edit in edits for blob in (edit.old_blob, edit.blob) if blob})
    files = [
        FileContents(
            edit.old_path,
            edit.path,
            texts.get(edit.old_blob, b"") if edit.old_blob else None,
            texts.get(edit.blob, b"") if edit.blob else None,
        )
        for edit in edits
    ]
    parts = file_parts(files, [removed.path]).get(removed.path, [])
    if sum(part.share for part in parts) < _LEAST_IN_PARTS:
        return []
    shares = ((_path_now(part.path, removed.end, history), part.share) for part in parts[:_MOST_PARTS])
    return [(path, share) for path, share in shares if path is not None]


def _path_now(path: str, position: int, history: CodeHistory) -> str | None:
    """Return the path by now of the file that has a path at a commit; None if it is gone."""
    for period in history.periods(path):
        if period.start <= position and (period.end is None or period.end > position):
            later = history.lineage(period.lineage)
            return next((each.path for each in later if each.end is None and history.is_file(each.path)), None)
    return None
