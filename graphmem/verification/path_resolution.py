"""The present and earlier places of a path of a memory."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterator, Sequence

from graphmem.repository.code_verdict import CodeStatus
from graphmem.verification.code_history import CodeHistory, PathPeriod
from graphmem.verification.references import CodeReference
from graphmem.verification.split_paths import parts_now
from graphmem.verification.verdicts import CodeEvidence, CodeFinding, ReferenceKind

_MOST_PATHS = 5
#: A folder has moved to where at least this share of its files went.
_FOLDER_SHARE = 0.3


def resolve_path(reference: CodeReference, since: int, history: CodeHistory) -> CodeFinding:
    """The finding for a reference to a file or a folder.

    Args:
        reference: A file or a folder.
        since: Position of the commit at which the memory was recorded. A path removed before it never resolved.
        history: The repository.
    """
    exact = candidates(reference)
    current = next((path for path in exact if _exists(path, history)), None)
    if current is not None:
        return _found(reference, current, history)
    if reference.is_bare and reference.kind is ReferenceKind.FILE and (named := _ending(reference, history)):
        return _found(reference, named[0], history)
    if lost := _lost(reference, exact, since, history):
        return lost
    if not reference.is_link and (elsewhere := _ending(reference, history)):
        return _found(reference, elsewhere[0], history)
    if not reference.is_link and (periods := _periods_ending(reference, since, history)):
        return _followed(reference, periods, since, history)
    return CodeFinding(reference.kind, reference.target, CodeStatus.UNDECIDED, "was never there since it was recorded")


def candidates(reference: CodeReference) -> tuple[str, ...]:
    """The paths that a reference can mean, the likeliest first."""
    relative = posixpath.normpath(posixpath.join(reference.folder, reference.target))
    paths = [relative, reference.target] if reference.is_link else [reference.target, relative]
    return tuple(dict.fromkeys(path for path in paths if not path.startswith("../") and path != "."))


def _exists(path: str, history: CodeHistory) -> bool:
    return history.is_file(path) or history.is_folder(path)


def _found(reference: CodeReference, path: str, history: CodeHistory) -> CodeFinding:
    evidence = (CodeEvidence(None if history.is_uncommitted(path) else history.commit, path),)
    return CodeFinding(reference.kind, reference.target, CodeStatus.VERIFIED, "is there", evidence, (path,))


def _lost(reference: CodeReference, exact: Sequence[str], since: int, history: CodeHistory) -> CodeFinding | None:
    """The finding for a path that was there under exactly this name; None if it was not."""
    for path in exact:
        if files := [period for period in history.periods(path) if _is_since(period, since)]:
            return _followed(reference, files, since, history)
        if inside := [period for period in history.periods_below(path) if _is_since(period, since)]:
            return _followed_folder(reference, path, inside, since, history)
    return None


def _is_since(period: PathPeriod, since: int) -> bool:
    return period.end is None or period.end > since


def _ending(reference: CodeReference, history: CodeHistory) -> list[str]:
    """Current paths that end in the components of a reference."""
    name = posixpath.basename(reference.target)
    paths = list(history.files_named(name)) if reference.kind is ReferenceKind.FILE else []
    if reference.kind is ReferenceKind.FOLDER or "." not in name:
        paths += history.folders_named(name)
    return [path for path in paths if _ends_in(path, reference.target) and _exists(path, history)]


def _periods_ending(reference: CodeReference, since: int, history: CodeHistory) -> list[PathPeriod]:
    if reference.kind is not ReferenceKind.FILE:
        return []
    named = history.periods_named(posixpath.basename(reference.target))
    return [period for period in named if _ends_in(period.path, reference.target) and _is_since(period, since)]


def _ends_in(path: str, end: str) -> bool:
    return path == end or path.endswith(f"/{end}")


def _followed(reference: CodeReference, periods: Sequence[PathPeriod], since: int, history: CodeHistory) -> CodeFinding:
    """The finding for a file that had these periods and has its path no more."""
    last = max(periods, key=lambda period: (period.end is None, period.end or 0))
    current, similarity = _now(last, history)
    current = [path for path in current if path != last.path]
    if not current:
        current, similarity = _newcomers(reference, since, history), None
    evidence = (_end_of(last, history),)
    if current:
        shown = tuple(current[:_MOST_PATHS])
        reason = f"is now {shown[0]}"
        status = CodeStatus.MOVED
        return CodeFinding(reference.kind, reference.target, status, reason, evidence, shown, similarity)
    if history.is_ignored(last.path):
        return CodeFinding(reference.kind, reference.target, CodeStatus.UNDECIDED, "is ignored by git", evidence)
    if parts := parts_now(last, history):
        reason = f"went to {', '.join(f'{path} ({share:.0%})' for path, share in parts)}"
        paths = tuple(path for path, _ in parts)
        return CodeFinding(reference.kind, reference.target, CodeStatus.MOVED, reason, evidence, paths)
    reason = f"was removed ({last.path})" if last.path != reference.target else "was removed"
    return CodeFinding(reference.kind, reference.target, CodeStatus.BROKEN, reason, evidence)


def _newcomers(reference: CodeReference, since: int, history: CodeHistory) -> list[str]:
    """Current paths that end in the components of a reference and were not there when the memory was recorded."""

    def is_new(path: str) -> bool:
        periods = history.periods(path) or history.periods_below(path)
        return bool(periods) and all(period.start > since for period in periods)

    return [path for path in _ending(reference, history) if is_new(path)]


def _now(period: PathPeriod, history: CodeHistory) -> tuple[list[str], int | None]:
    """(Current paths of the file of a period, the weakest similarity on the way)."""
    later = [each for each in history.lineage(period.lineage) if each.start >= (period.end or 0)]
    paths = [each.path for each in later if each.end is None and history.is_file(each.path)]
    similarities = [each.similarity for each in later if each.similarity is not None]
    return paths, min(similarities, default=None)


def _end_of(period: PathPeriod, history: CodeHistory) -> CodeEvidence:
    """The commit that removed a path; the work tree if no commit did."""
    return CodeEvidence(None if period.end is None else history.commit_at(period.end), period.path)


def _followed_folder(
    reference: CodeReference, folder: str, inside: Sequence[PathPeriod], since: int, history: CodeHistory
) -> CodeFinding:
    """The finding for a folder whose files had these periods: it moved to where most of them went."""
    last = max(inside, key=lambda period: (period.end is None, period.end or 0))
    evidence = (CodeEvidence(_end_of(last, history).commit, folder),)
    counts = Counter(_destinations(folder, inside, history))
    top = [path for path, count in counts.most_common(_MOST_PATHS) if count >= _FOLDER_SHARE * len(inside)]
    if not top and not reference.is_bare:
        top = _newcomers(reference, since, history)[:_MOST_PATHS]
    if top:
        shares = ", ".join(f"{path} ({counts[path] / len(inside):.0%})" for path in top if path in counts)
        reason = f"went to {shares}" if len(top) > 1 and shares else f"is now {top[0]}"
        return CodeFinding(reference.kind, reference.target, CodeStatus.MOVED, reason, evidence, tuple(top))
    if history.is_ignored(f"{folder}/"):
        return CodeFinding(reference.kind, reference.target, CodeStatus.UNDECIDED, "is ignored by git", evidence)
    scattered = tuple(path for path, _ in counts.most_common(_MOST_PATHS))
    reason = "was removed; few of its files are elsewhere" if scattered else "was removed"
    return CodeFinding(reference.kind, reference.target, CodeStatus.BROKEN, reason, evidence, scattered)


def _destinations(folder: str, inside: Sequence[PathPeriod], history: CodeHistory) -> Iterator[str]:
    """For each file of a folder that is elsewhere now, the folder that takes the place of the old one."""
    for period in inside:
        rest = period.path[len(folder) :]
        for path in _now(period, history)[0][:1]:
            yield path.removesuffix(rest) if path.endswith(rest) else posixpath.dirname(path)
