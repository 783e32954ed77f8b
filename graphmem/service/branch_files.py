"""What the files of an unmerged branch say: external until the branch is merged, and visible on the branch alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from graphmem.errors import GraphMemError, InvalidInput
from graphmem.model import Move, Origin, Scope, Status
from graphmem.repository.mainline_history import MainlineHistory
from graphmem.service.context import Write
from graphmem.service.mainline_ingestion import recorded_mainline
from graphmem.service.repository_ingestion import (
    RepositoryMemory,
    RepositoryReport,
    Start,
    reader_of_source,
)
from graphmem.sources.git.revisions import commit_of, full_name
from graphmem.sources.git.runner import GitFailure
from graphmem.sources.observations import Inventory, Observation, Reading
from graphmem.store import silent

#: Sources of files that an unmerged branch may change; the others are about commits.
BRANCH_SOURCES = ("rules", "bans", "structure", "tasks")
#: Source keys of what unmerged branches say begin with this, the branch and the source.
KEY_FOLDER = "unmerged/"
_DECISIONS = "decisions"
_REMOTES = "refs/remotes/"
_HEADS = "refs/heads/"


def unmerged_branch(root: Path, ref: str | None, history: MainlineHistory) -> str | None:
    """Return the name of the branch of a ref that is not the recorded mainline's; None of any other ref.

    Raises:
        GitFailure: The ref does not exist.
    """
    if ref is None or history.branch is None:
        return None
    name = full_name(root, ref) or ""
    short = _short(name)
    return short if short and short not in (_short(history.branch), "HEAD") else None


def ingest_branch(  # noqa: PLR0913 - each parameter is about another part
    memory: RepositoryMemory,
    root: Path,
    branch: str,
    *,
    ref: str | None = None,
    read_at: datetime,
    sources: Sequence[str] = BRANCH_SOURCES,
    write: Write | None = None,
    start: Start = lambda _: silent,
) -> RepositoryReport:
    """Record what the files of an unmerged branch say and those of the mainline do not.

    It is of origin `external` and lives on the branch. What the branch says no more ends there; what it drops of the
    mainline stays. The mainline itself is not read.

    Args:
        memory: The memory, into which the mainline was read.
        root: A folder of the repository.
        branch: The name of the branch in the memory.
        ref: Its last commit; `HEAD` if not given.
        read_at: The time of reading.
        sources: Names in `BRANCH_SOURCES`, and `decisions`; others are left out.
        write: Scope (its repository), actor and reason.
        start: Called for each source.

    Raises:
        InvalidInput: The mainline was not read, the clone lacks it, or the scope has no repository.
        GitFailure: There is no repository, or the ref does not exist.
    """
    given = write or Write()
    home = given.scope or memory.scope
    if home.repo is None:
        raise InvalidInput(
            f"the branch {branch!r} needs its repository: name it with --repo or in .graphmem/config.toml"
        )
    scope = Scope(home.tenant, home.repo, branch=branch)
    base = _base(root, recorded_mainline(memory, Scope(home.tenant, home.repo)))
    tip = commit_of(root, ref or "HEAD")
    report = RepositoryReport()
    for name in sources:
        if name not in (*BRANCH_SOURCES, _DECISIONS):
            continue
        progress = start(name)
        folder = f"{KEY_FOLDER}{branch}/{name}/"
        try:
            theirs, ours = (_reading(name, root, commit, read_at) for commit in (base, tip))
            own = [_external(each, folder, read_at) for each in _only_in(ours, theirs)]
            inventory = Inventory(folder, tuple(each.key for each in own), ends_missing=True)
            reading = Reading(tuple(own), (), ours.problems, inventory=inventory)
            by = replace(given, scope=scope, source=given.source or name, origin=Origin.EXTERNAL, op_id=None)
            report.sources[f"{name} on {branch}"] = memory.ingest(reading, write=by, progress=progress)
        except GraphMemError as error:
            report.failed[name] = str(error)
    return report


def end_merged_statements(memory: RepositoryMemory, write: Write | None) -> None:
    """End what unmerged branches said, where it is visible on the mainline since a merge: now the mainline says it."""
    given = write or Write()
    home = given.scope or memory.scope
    if home.repo is not None and memory.branches(limit=1, scope=Scope(home.tenant, home.repo)):
        by = replace(given, scope=Scope(home.tenant, home.repo), source=given.source or "git", origin=Origin.EXTERNAL)
        memory.ingest(Reading((), (), (), inventory=Inventory(KEY_FOLDER, (), ends_missing=True)), write=by)


def _short(name: str) -> str:
    """Return the name of a branch without its namespace and remote; empty for a ref that is no branch."""
    if name.startswith(_REMOTES):
        return name.split("/", 3)[-1]
    return name.removeprefix(_HEADS) if name.startswith(_HEADS) else ""


def _base(root: Path, history: MainlineHistory) -> str:
    """Return the last commit of the mainline that the clone has: that of its branch, else the last recorded one."""
    if not history.shas:
        raise InvalidInput("the mainline was not read: run `graphmem ingest repository` on the default branch first")
    for name in (history.branch, *reversed(history.shas[-20:])):
        try:
            return commit_of(root, name) if name is not None else commit_of(root, history.shas[-1])
        except GitFailure:
            continue
    branch = _short(history.branch or "") or "the default branch"
    raise InvalidInput(f"the clone lacks the mainline: run `git fetch origin {branch}` in it, with its commits")


def _reading(name: str, root: Path, commit: str, read_at: datetime) -> Reading:
    if name == _DECISIONS:
        from graphmem.sources.decisions.committed import read_committed_decisions

        return read_committed_decisions(root, commit, read_at=read_at)
    return reader_of_source(name)(root, ref=commit, read_at=read_at, since=None, progress=silent)


def _only_in(ours: Reading, theirs: Reading) -> Iterator[Observation]:
    """Yield the statements in force of a reading whose words the other does not have in force."""
    existing = {each.statement.content_hash for each in _in_force(theirs).values()}
    for each in _in_force(ours).values():
        if each.statement.content_hash not in existing:
            yield each


def _in_force(reading: Reading) -> Mapping[str, Observation]:
    """Return the last observation of each key, if it is in force at its end."""
    last = {each.key: each for each in reading.observations if not each.is_state}
    return {key: each for key, each in last.items() if each.moves[-1].status is Status.ACTIVE}


def _external(observation: Observation, folder: str, read_at: datetime) -> Observation:
    """Return an observation as an unmerged branch says it."""
    statement = replace(observation.statement, origin=Origin.EXTERNAL, is_mandatory=False)
    at = min(observation.moves[-1].at, read_at)
    return Observation(
        key=f"{folder}{observation.key}",
        statement=statement,
        moves=(Move(Status.ACTIVE, at),),
        path=observation.path,
        line=observation.line,
        provenance=observation.provenance,
        is_dated=observation.is_dated,
        changed_at=at,
    )
