"""Branches of the memory that the repository has merged: those that are certain are merged, the others proposed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import field, replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

from graphmem.answers import Written
from graphmem.deferred_dataclass import dataclass
from graphmem.errors import Conflict, Forbidden, InvalidInput, NotFound
from graphmem.instants import from_micros, to_micros
from graphmem.model import Origin, Scope
from graphmem.parameters import Limit, Position
from graphmem.repository.mainline_history import MainlineHistory
from graphmem.service.branch_verbs import Branch, BranchState
from graphmem.service.context import Write
from graphmem.service.local_notes import LocalNotes
from graphmem.service.mainline_ingestion import Readable, recorded_mainline
from graphmem.sources.git.branch_heads import branch_heads, former_line, own_commits
from graphmem.sources.git.merges import Merge, MergeFinder, MergeWay, mainline_patches
from graphmem.sources.git.runner import GitFailure

_OP_PREFIX = "branch-merge/"
_PAGE = 100
_SHA_CHARS = 10
#: Merges within merges that are followed to where a branch left the mainline.
_MOST_MERGES = 5
_WAYS = {
    MergeWay.ANCESTRY: "the mainline has its last commit",
    MergeWay.SQUASH: "a commit of the mainline makes the same changes",
    MergeWay.REBASE: "commits of the mainline make the changes of each of its commits",
}


class BranchedMemory(Readable, Protocol):
    """An opened memory with branches, here or on a server."""

    def branches(self, *, after: Position = 0, limit: Limit = 100, scope: Scope | None = None) -> Sequence[Branch]:
        """See `BranchVerbs.branches`."""
        ...

    def merge_branch(self, name: str, *, at: datetime | None = None, write: Write | None = None) -> Written:
        """See `WriteVerbs.merge_branch`."""
        ...


@dataclass(frozen=True, slots=True)
class MergedBranch:
    """A branch that was merged, because the repository merged it.

    Attributes:
        commit: The first commit of the mainline that contains all of the branch.
        reason: How the merge was recognised, in a sentence.
        change: The ledger position of the merge.
    """

    branch: str
    commit: str
    reason: str
    change: int


@dataclass(frozen=True, slots=True)
class ProposedMerge:
    """A branch that may have been merged; a person decides.

    Attributes:
        reason: The uncertainty, in a sentence.
        command: The command that merges it.
    """

    branch: str
    reason: str
    command: str


@dataclass(slots=True)
class BranchReport:
    """The branches that were merged, and those that a person has to decide on."""

    merged: list[MergedBranch] = field(default_factory=list)
    proposed: list[ProposedMerge] = field(default_factory=list)


def merge_branches(
    memory: BranchedMemory, root: Path, *, notes: Path | None = None, write: Write | None = None, mark: str = ""
) -> BranchReport:
    """Merge the open branches of the memory that were merged into the recorded mainline of their repository.

    A branch is merged only if its last commit is on the mainline, or commits of the mainline make the same changes, and
    that came after the branch was opened in the memory. All else is proposed, or nothing is known about it.

    Args:
        memory: The memory, into which the mainline was read.
        root: A folder of the repository.
        notes: A folder for a file that notes which branches were examined, so that they are examined again only after a
            change; None examines all.
        write: Scope (its repository), actor and reason.
        mark: A text that another ledger does not have.
    """
    given = write or Write()
    home = given.scope or memory.scope
    scope = Scope(home.tenant, home.repo)
    report = BranchReport()
    branches = [branch for branch in _branches(memory, scope) if branch.state is BranchState.OPEN]
    if not branches:
        return report
    history = recorded_mainline(memory, scope)
    if not history.shas:
        return report
    (first,) = memory.readings(limit=1, scope=scope)
    search = _MergeSearch(root, history, to_micros(first.recorded_at))
    known = LocalNotes(notes, "merges", mark)
    for branch in branches:
        found = search.noted(branch, known)
        by = replace(given, scope=scope)
        done = _merged(memory, branch, found, history, by) if isinstance(found, Merge) else found
        if isinstance(done, MergedBranch):
            report.merged.append(done)
        elif done:
            report.proposed.append(ProposedMerge(branch.branch, done, f"graphmem branch merge {branch.name}"))
    open_now = {str(branch.opened) for branch in branches} - {found.branch for found in report.merged}
    known.values = {opened: value for opened, value in known.values.items() if opened in open_now}
    known.save()
    return report


def _branches(memory: BranchedMemory, scope: Scope) -> Iterator[Branch]:
    after = 0
    while page := memory.branches(after=after, limit=_PAGE, scope=scope):
        yield from page
        after = page[-1].opened


def _merged(
    memory: BranchedMemory, branch: Branch, merge: Merge, history: MainlineHistory, write: Write
) -> MergedBranch | str:
    """Merge a branch; returns why not if the ledger refuses it."""
    mainline = (history.branch or "the mainline").rpartition("/")[2]
    reason = f"merged into {mainline} with commit {merge.commit[:_SHA_CHARS]}: {_WAYS[merge.way]}"
    digest = hashlib.sha256(f"{write.scope}\x1f{branch.branch}".encode()).hexdigest()
    by = replace(write, op_id=f"{_OP_PREFIX}{digest}", source=f"commit {merge.commit}", origin=_origin(write))
    try:
        position = history.position_of(merge.commit)
        at = None if position is None else from_micros(history.times_us[position])
        written = memory.merge_branch(branch.branch, at=at, write=replace(by, reason=reason))
    except (Conflict, Forbidden, InvalidInput, NotFound) as refusal:
        return f"{reason}; not carried out: {refusal}"
    if written.is_proposal:
        return f"{reason}; only proposed (change {written.change.seq}): its origin is not trusted enough"
    return MergedBranch(branch.branch, merge.commit, reason, written.change.seq)


def _origin(write: Write) -> Origin:
    """Return the origin of a merge: the commit, or the writer's origin if that is trusted less."""
    return Origin.COMMIT if write.origin is None or write.origin.trust >= Origin.COMMIT.trust else write.origin


@dataclass(slots=True)
class _MergeSearch:
    """Finds how branches came to a mainline that was read into the ledger.

    Attributes:
        first_us: The time of the first reading: the ledger knows nothing of commits rewritten before it.
    """

    root: Path
    history: MainlineHistory
    first_us: int

    def noted(self, branch: Branch, notes: LocalNotes) -> Merge | str | None:
        """Return the merge of a branch, the uncertainty about it, or None if nothing shows a merge."""
        heads, is_gone = self._heads(branch)
        state = [sorted(heads), self.history.shas[-1], is_gone]
        key = str(branch.opened)
        noted = notes.values.get(key)
        if isinstance(noted, list) and noted[:1] == [state]:
            return str(noted[1]) if noted[1] else None
        found = self._merge(branch, sorted(heads), is_gone=is_gone) if heads else None
        if not isinstance(found, Merge):
            notes.values[key] = [state, found]
        return found

    def _heads(self, branch: Branch) -> tuple[set[str], bool]:
        """Return the last commits of a branch, and whether the repository no longer has it."""
        heads = branch_heads(self.root, branch.name)
        if heads:
            return heads, False
        names = (branch.name, f"origin/{branch.name}")
        gone = (self.history.gone[name] for name in names if name in self.history.gone)
        return {sha for sha, seq in gone if seq > branch.opened}, True

    def _merge(self, branch: Branch, heads: Sequence[str], *, is_gone: bool) -> Merge | str | None:
        try:
            found = [self._merge_of(head) for head in heads]
        except GitFailure as error:
            return f"git could not compare it with the mainline: {error}" if is_gone else None
        merges = [merge for merge in found if merge is not None]
        if not merges:
            return "is gone from the repository, and nothing shows a merge" if is_gone else None
        last = max(merges, key=lambda merge: self.history.position_of(merge.commit) or 0)
        doubt = self._doubt(branch, last, heads)
        if len(merges) < len(heads):
            doubt = f"one of its heads was merged with commit {last.commit[:_SHA_CHARS]}, another was not"
        return doubt or last

    def _merge_of(self, head: str) -> Merge | None:
        tip = self.history.shas[-1]
        fork = min(map(self._fork, own_commits(self.root, tip, head).bases), default=0)
        after = self.history.shas[fork - 1] if fork else None
        finder = MergeFinder(self.root, tip, mainline_patches(self.root, tip, after))
        return finder.merge_of(head, has_own_commits=head in self.history.sides)

    def _fork(self, sha: str) -> int:
        """Return the position of the last mainline commit before a commit; 0 if it is not clear.

        The commits of a merge began before it: the mainline may have the same changes already.
        """
        for _ in range(_MOST_MERGES):
            position = self.history.position_of(sha)
            if position is not None:
                return position
            arrival = self.history.arrivals.get(sha, 0)
            bases = own_commits(self.root, self.history.shas[arrival - 1], sha).bases if arrival else ()
            if len(bases) != 1:
                return 0
            sha = bases[0]
        return 0

    def _doubt(self, branch: Branch, merge: Merge, heads: Sequence[str]) -> str | None:
        """Return why a merge that git shows may not be that of a branch of the memory; None if it is."""
        commit = merge.commit[:_SHA_CHARS]
        position = self.history.position_of(merge.commit)
        if merge.reverted_by is not None:
            return f"was merged with commit {commit}, which {merge.reverted_by[:_SHA_CHARS]} reverted"
        if self.history.is_shallow:
            return f"seems to be merged with commit {commit}; the clone is shallow: git fetch --unshallow"
        if position is None:
            return f"was merged with commit {commit}, which is not recorded"
        if branch.parent is not None:
            return f"was merged with commit {commit}, but was opened under {branch.parent} in the memory"
        if self.history.times_us[position] <= to_micros(branch.opened_at):
            return f"has the name of a branch that was merged with commit {commit}, before it was opened in the memory"
        if merge.way is not MergeWay.ANCESTRY and self.history.times_us[position] <= self.first_us:
            return f"seems to be merged with commit {commit}, before the history was first read"
        if any(self._has_former(merge, position, head) for head in heads):
            return f"seems to be merged with commit {commit}, but has commits of the mainline before its rewriting"
        return None

    def _has_former(self, merge: Merge, position: int, head: str) -> bool:
        """Return whether a branch has commits that were on the mainline before it was rewritten."""
        if merge.commit == head:  # It was fast-forwarded, and was read as a commit off the mainline before.
            return head in self.history.former
        before = self.history.shas[position - 1] if position else merge.commit
        since = own_commits(self.root, before if merge.way is MergeWay.ANCESTRY else self.history.shas[-1], head)
        former = self.history.former | former_line(self.root, self.history.ref or "HEAD", since.bases)
        return not former.isdisjoint((head, *since.own))
