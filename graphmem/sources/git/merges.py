"""Finds how a branch was merged into the mainline: by its commits, or by equal changes of a squash or a rebase.

A branch is only reported as merged if its commits are on the mainline, or if commits of the mainline since its fork
make the same changes, line for line. Anything else stays open: a branch that was edited while it was merged, a branch
of which only a part was picked, and a branch without commits of its own.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import field, replace
from enum import StrEnum
from pathlib import Path

from graphmem.deferred_dataclass import dataclass
from graphmem.sources.git.revisions import commit_of
from graphmem.sources.git.runner import GitFailure, git_partial_text, git_piped, git_stream, git_text

#: A configuration may not change the form of a patch: ids of earlier readings are compared with those of later.
_PATCH = (
    *("-p", "--no-renames", "--full-index", "--no-ext-diff", "--no-textconv", "--no-color", "--no-relative"),
    *("-U3", "--inter-hunk-context=0", "--diff-algorithm=myers", "--indent-heuristic"),
    *("--src-prefix=a/", "--dst-prefix=b/", "--submodule=short", "--ignore-submodules=none"),
)
#: `-R` exchanges the prefixes as well, and a patch id depends on them.
_REVERSE = ("-R", "--src-prefix=b/", "--dst-prefix=a/")
_IDS = ("patch-id", "--stable")
#: Shows the change of a single commit, of a merge against its first parent.
_SHOW = ("log", "-1", "--first-parent", "-m", "--format=%H")
_TIMEOUT_S = 600.0
#: Commits whose patches are computed together; if git fails at a commit, each of them is computed alone.
_PART = 500
#: After so many commits that cannot be read, a clone without contents is assumed.
_MOST_UNREAD = 100


class MergeWay(StrEnum):
    """The way in which a branch came to the mainline."""

    ANCESTRY = "ancestry"
    SQUASH = "squash"
    REBASE = "rebase"


@dataclass(frozen=True, slots=True)
class Patch:
    """A commit and the id of its changes, as `git patch-id --stable` computes it."""

    commit: str
    id: str


@dataclass(frozen=True, slots=True)
class MainlinePatches:
    """Patches of commits of a mainline, in its order; an empty change has none.

    Attributes:
        patches: The patches.
        unread: Commits whose changes git could not read, as in a clone without contents.
    """

    patches: tuple[Patch, ...] = ()
    unread: tuple[str, ...] = ()

    def plus(self, later: MainlinePatches) -> MainlinePatches:
        """Return these patches followed by those of later commits."""
        return MainlinePatches(self.patches + later.patches, self.unread + later.unread)


@dataclass(frozen=True, slots=True)
class Merge:
    """A branch that was merged.

    Attributes:
        way: How it came to the mainline.
        commit: The first commit of the mainline that contains all of the branch.
        reverted_by: A later commit of the mainline that undid the same changes, if they were not made again.
    """

    way: MergeWay
    commit: str
    reverted_by: str | None = None


def mainline_patches(root: Path, tip: str, after: str | None = None) -> MainlinePatches:
    """The patches of the commits on the first-parent line of a commit.

    Args:
        root: A folder of the repository.
        tip: Hash of the last commit.
        after: Hash of a commit of that line; only commits after it are read. All if not given.

    Raises:
        GitFailure: Git does not have the commits, or needed too long.
    """
    since = () if after is None else (f"^{after}",)
    line = git_text(root, ("rev-list", "--first-parent", "--reverse", "--end-of-options", tip, *since)).split()
    read = MainlinePatches()
    for start in range(0, len(line), _PART):
        read = read.plus(_patches_of(root, line[start : start + _PART], _MOST_UNREAD - len(read.unread)))
    return read


def _patches_of(root: Path, part: Sequence[str], most_unread: int) -> MainlinePatches:
    """The patches of consecutive commits; commits that git cannot read are listed, and after too many of them all."""
    if most_unread <= 0:
        return MainlinePatches(unread=tuple(part))
    try:
        return MainlinePatches(tuple(_patches(root, part)))
    except GitFailure:
        if len(part) == 1:
            return MainlinePatches(unread=tuple(part))
    read = MainlinePatches()
    for commit in part:
        read = read.plus(_patches_of(root, [commit], most_unread - len(read.unread)))
    return read


def _patches(root: Path, part: Sequence[str]) -> list[Patch]:
    """The patches of consecutive commits of a first-parent line, in order."""
    log = ("log", *_PATCH, "--first-parent", "-m", "--reverse", f"-{len(part)}", "--format=%H")
    return _ids(root, (*log, "--end-of-options", part[-1]))


def _ids(root: Path, arguments: Sequence[str]) -> list[Patch]:
    lines = git_piped(root, arguments, _IDS, timeout_s=_TIMEOUT_S).splitlines()
    return [Patch(commit, patch) for patch, _, commit in (line.partition(" ") for line in lines)]


@dataclass(frozen=True, slots=True)
class _PatchChange:
    """A change of a branch: its patch id, and the git command that shows it."""

    id: str
    command: tuple[str, ...]
    commits: tuple[str, ...]

    def arguments(self, *options: str) -> tuple[str, ...]:
        return (*self.command, *_PATCH, *options, "--end-of-options", *self.commits)


@dataclass(slots=True)
class MergeFinder:
    """Finds whether branches were merged into a mainline.

    Attributes:
        root: A folder of the repository.
        tip: Hash of the last commit of the mainline.
        patches: The patches of the mainline up to `tip`, or of its later part: earlier landings are then not found.
    """

    root: Path
    tip: str
    patches: MainlinePatches
    _positions: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list), init=False)
    _position_of: dict[str, int] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        for position, patch in enumerate(self.patches.patches):
            self._positions[patch.id].append(position)
            self._position_of[patch.commit] = position

    def merge_of(self, head: str, *, has_own_commits: bool = False) -> Merge | None:
        """Return the merge of a branch; None if no evidence shows a merge.

        Args:
            head: The last commit of the branch.
            has_own_commits: Whether the head is known to have been made on the branch. Otherwise a head on the
                first-parent line may be a commit of the mainline at which the branch begins, and shows no merge.

        Raises:
            GitFailure: Git does not have the commit, or could not read what it needs.
        """
        head = commit_of(self.root, head)
        found, _ = git_partial_text(self.root, ("merge-base", "--all", "--end-of-options", self.tip, head))
        bases = found.split()
        if head in bases:
            return self._by_ancestry(head, has_own_commits=has_own_commits)
        # Not `^tip`: where clocks were wrong, git then lists commits that the mainline has.
        own = ("--end-of-options", head, *(f"^{base}" for base in bases))
        changes = self._own_changes(own) if bases else []
        for base in bases:
            merge = self._by_squash(base, head, changes) or self._by_rebase(base, own, changes)
            if merge is not None:
                return merge
        return None

    def _own_changes(self, own: Sequence[str]) -> list[_PatchChange]:
        """The changes of the commits that only the branch has; a merge among them has none."""
        patches = _ids(self.root, ("log", *_PATCH, "--format=%H", *own))
        return [_PatchChange(patch.id, _SHOW, (patch.commit,)) for patch in patches]

    def _by_ancestry(self, head: str, *, has_own_commits: bool) -> Merge | None:
        """The merge commit by which the mainline contains the head, or the head itself after a fast-forward."""
        line = ("rev-list", "--first-parent", "--end-of-options", self.tip, f"^{head}^@")
        after = git_text(self.root, line).split()
        if head in after:
            return Merge(MergeWay.ANCESTRY, head) if has_own_commits else None
        path = ("rev-list", "--ancestry-path", "--end-of-options", self.tip, f"^{head}")
        above = set(git_text(self.root, path).split())
        commit = [sha for sha in after if sha in above][-1]
        position = self._position_of.get(commit)
        if position is None:
            return Merge(MergeWay.ANCESTRY, commit)
        _, reverted = self._last_in_effect(_PatchChange("", _SHOW, (commit,)), [position])
        return Merge(MergeWay.ANCESTRY, commit, self._commit(reverted))

    def _by_squash(self, base: str, head: str, changes: Sequence[_PatchChange]) -> Merge | None:
        """A commit that makes all changes of the branch at once.

        If the other commits of a branch cancel out, a single commit makes all of its changes. If some of the
        others are on the mainline too, it has the branch in part.
        """
        whole = _PatchChange("", ("diff-tree",), (base, head))
        at_once = [replace(whole, id=patch.id) for patch in _ids(self.root, whole.arguments())]
        ids = {change.id for change in at_once}
        others = [change for change in changes if change.id not in ids]
        if len(others) < len(changes) and any(self._equal(change, base) for change in others):
            return None
        return self._landed(MergeWay.SQUASH, base, at_once)

    def _by_rebase(self, base: str, own: Sequence[str], changes: Sequence[_PatchChange]) -> Merge | None:
        """Commits that make the changes of each commit of the branch, none of which may be a merge."""
        has_merges = git_text(self.root, ("rev-list", "--merges", "--max-count=1", *own))
        return None if has_merges else self._landed(MergeWay.REBASE, base, changes)

    def _landed(self, way: MergeWay, base: str, changes: Sequence[_PatchChange]) -> Merge | None:
        """The merge of a branch that forked at `base`, if the mainline made each of its changes since, and as often."""
        times = Counter(change.id for change in changes)
        landed: list[int] = []
        reverted: list[int | None] = []
        for change in {change.id: change for change in changes}.values():
            found = self._equal(change, base)[times[change.id] - 1 :]
            if not found:
                return None
            position, undone = self._last_in_effect(change, found)
            landed.append(position)
            reverted.append(undone)
        if not landed:
            return None
        undone_by = [position for position in reverted if position is not None]
        is_reverted = len(undone_by) == len(reverted)
        return Merge(way, self._commit(max(landed)) or "", self._commit(max(undone_by)) if is_reverted else None)

    def _equal(self, change: _PatchChange, base: str) -> list[int]:
        """Positions of the commits of the mainline that make the same change and that the branch did not fork from."""
        found = self._positions.get(change.id, ())
        commits = ((position, self.patches.patches[position].commit) for position in found)
        return [
            position for position, commit in commits if not self._contains(base, commit) and self._is(change, commit)
        ]

    def _contains(self, base: str, commit: str) -> bool:
        found, _ = git_partial_text(self.root, ("merge-base", "--all", "--end-of-options", base, commit))
        return commit in found.split()

    def _is(self, change: _PatchChange, commit: str) -> bool:
        """Return True if a commit adds and removes the same lines: a patch id leaves white space out."""
        other = _PatchChange(change.id, _SHOW, (commit,))
        return _changed_lines(self.root, change.arguments()) == _changed_lines(self.root, other.arguments())

    def _last_in_effect(self, change: _PatchChange, landed: Sequence[int]) -> tuple[int, int | None]:
        """The first landing of a change after which it was not undone; else the last, and the commit that undid it."""
        undone = [
            position
            for patch in _ids(self.root, change.arguments(*_REVERSE))
            for position in self._positions.get(patch.id, ())
        ]
        for position in landed:
            if all(other <= position for other in undone):
                return position, None
        return landed[-1], min(position for position in undone if position > landed[-1])

    def _commit(self, position: int | None) -> str | None:
        return None if position is None else self.patches.patches[position].commit


def _changed_lines(root: Path, arguments: Sequence[str]) -> bytes:
    """A digest of the lines that a diff adds and removes, with their files; of a binary file, of its hashes."""
    digest, index, rest = hashlib.sha256(), b"", b""
    for chunk in git_stream(root, arguments, timeout_s=_TIMEOUT_S):
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line.startswith(b"index "):
                index = line
            if line.startswith(b"Binary files "):
                digest.update(index + b"\n")
            if line.startswith((b"+", b"-", b"diff --git ", b"Binary files ", b"old mode ", b"new ", b"deleted file ")):
                digest.update(line + b"\n")
    return digest.digest()
