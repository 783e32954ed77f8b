"""The ingestion of a repository: its mainline, then the statements of its files."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import GraphMemError
from graphmem.model import Scope
from graphmem.service.branch_merges import BranchedMemory, merge_branches
from graphmem.service.code_relocations import FollowedMemory, follow_code
from graphmem.service.context import Write
from graphmem.service.local_notes import LocalNotes
from graphmem.service.mainline_ingestion import FollowReport, MainlineReport, Readable, ingest_mainline
from graphmem.sources.edits import IngestReport
from graphmem.store import Progress, silent

if TYPE_CHECKING:
    from graphmem.sources.observations import Reading

#: Sources of a repository in the order of their ingestion: (module, function). Each follows the mainline.
FILE_SOURCES: Mapping[str, tuple[str, str]] = {
    "rules": ("graphmem.sources.rules", "read_rules"),
    "bans": ("graphmem.sources.bans", "read_bans"),
    "structure": ("graphmem.sources.manifests", "read_manifests"),
    "tasks": ("graphmem.sources.tasks", "read_tasks"),
    "incidents": ("graphmem.sources.incidents", "read_incidents"),
    "trailers": ("graphmem.sources.trailers", "read_trailers"),
}
#: Beginnings of the source keys of these sources.
KEY_PREFIXES = ("rules:/", "manifests/", "beads:", "todo:", "flag:", "revert:", "bans:/", "commits:/")
_TRAILERS = "trailers"
#: The note of the branches whose trailers were recorded.
_BRANCHES = "branches"


class RepositoryMemory(FollowedMemory, BranchedMemory, Protocol):
    """An opened memory that takes readings of files too."""

    def ingest(self, reading: Reading, *, write: Write | None = None, progress: Progress = silent) -> IngestReport:
        """See `IngestVerb.ingest`."""
        ...


@dataclass(slots=True)
class RepositoryReport:
    """The result of ingesting a repository.

    Attributes:
        mainline: The result of reading the mainline; None if it was not requested.
        sources: The result for each source of files; sources without news since the last ingestion are left out.
        failed: Sources that could not be read, with the reason.
        cursors: How far each source was read.
    """

    mainline: MainlineReport | None = None
    sources: dict[str, IngestReport] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    cursors: dict[str, str] = field(default_factory=dict)


#: Called with the name of a source before it is read; returns the progress of its reading and writing.
Start = Callable[[str], Progress]


def ingest_repository(  # noqa: PLR0913 - each parameter is about another part
    memory: RepositoryMemory,
    root: Path,
    *,
    read_at: datetime,
    ref: str | None = None,
    since: str | None = None,
    sources: Sequence[str] = tuple(FILE_SOURCES),
    cursors: Path | None = None,
    write: Write | None = None,
    start: Start = lambda _: silent,
) -> RepositoryReport:
    """Record new commits, tags, branches and statements of files of a repository.

    Each batch is durable by itself: after an interruption the same call goes on.

    Args:
        memory: The memory, here or on a server.
        root: A folder of the repository.
        read_at: The time of reading.
        ref: Where the mainline ends; by default where that of earlier readings did, else the default branch.
        since: As in `MainlineReader`.
        sources: Names in `FILE_SOURCES`.
        cursors: A folder for the file that notes how far each source was read, so that only new commits are looked at;
            None reads every source from the first commit.
        write: Scope, actor and reason.
        start: Called for `git` and then for each source.

    Raises:
        GitFailure: There is no repository, or the ref does not exist.
        InvalidInput: The ref would make another line the recorded mainline.
    """
    from graphmem.sources.git.mainline_reading import MainlineReader

    report = RepositoryReport()
    reader = MainlineReader(root, ref=ref, since=since, read_at=read_at, keeps_mainline=True)
    report.mainline = ingest_mainline(memory, reader.batches, write=write, progress=start("git"))
    home = (write or Write()).scope or memory.scope
    followed = ref or report.mainline.branch
    mark = ledger_mark(memory, home)
    merges = merge_branches(memory, root, notes=cursors, write=write, mark=mark)
    report.mainline = replace(report.mainline, merges=merges)
    notes = LocalNotes(cursors, "cursors", mark)
    for name in sources:
        progress = start(name)
        try:
            noted = notes.values.get(name)
            cursor = None if noted is None else str(noted)
            reading = reader_of_source(name)(root, ref=followed, read_at=read_at, since=cursor, progress=progress)
            if reading.size or reading.problems:
                report.sources[name] = memory.ingest(reading, write=_write(write, name), progress=progress)
        except GraphMemError as error:
            report.failed[name] = str(error)
        else:
            if reading.cursor is not None:
                report.cursors[name] = notes.values[name] = reading.cursor
                notes.save()
    if _TRAILERS in sources and home.repo is not None:
        _ingest_branches(memory, root, notes, report, write=write, ref=followed, read_at=read_at)
    _follow(report, memory, root, cursors, write)
    return report


def _follow(
    report: RepositoryReport, memory: FollowedMemory, root: Path, cursors: Path | None, write: Write | None
) -> None:
    """Follow the symbols and files of memories; the report has where they went, or why they could not be followed."""
    from graphmem.sources.git.runner import GitFailure

    try:
        followed = follow_memories(memory, root, cursors=cursors, write=write)
    except GitFailure as error:
        report.failed["symbols"] = str(error)
    else:
        assert report.mainline is not None, "symbols are followed after the mainline"  # noqa: S101
        report.mainline = replace(report.mainline, followed=followed)


def _ingest_branches(  # noqa: PLR0913 - as above
    memory: RepositoryMemory,
    root: Path,
    notes: LocalNotes,
    report: RepositoryReport,
    *,
    write: Write | None,
    ref: str | None,
    read_at: datetime,
) -> None:
    """Record the trailers of branches that are not merged, each on its branch; those of merged ones end there."""
    from graphmem.sources.trailers.reader import complete_reading, read_branch_trailers

    noted = notes.values.get(_BRANCHES)
    recorded = [str(branch) for branch in noted] if isinstance(noted, list) else []
    try:
        readings = dict(read_branch_trailers(root, ref=ref, read_at=read_at))
        for branch in dict.fromkeys([*recorded, *readings]):
            reading = readings.get(branch, complete_reading())
            if reading.size or branch in recorded:
                by = _write(write, _TRAILERS)
                scope = replace(by.scope or Scope(memory.scope.tenant, memory.scope.repo), branch=branch)
                report.sources[f"{_TRAILERS} on {branch}"] = memory.ingest(reading, write=replace(by, scope=scope))
    except GraphMemError as error:
        report.failed[_TRAILERS] = str(error)
    else:
        notes.values[_BRANCHES] = [branch for branch, reading in readings.items() if reading.size]
        notes.save()


def follow_memories(
    memory: FollowedMemory, root: Path, *, cursors: Path | None = None, write: Write | None = None
) -> FollowReport:
    """Follow the symbols and files of a repository's memories; see `follow_code`.

    Args:
        memory: The memory.
        root: A folder of the repository.
        cursors: A folder for the file with the last followed commit for each target; None follows all again.
        write: Scope, actor and reason.
    """
    home = (write or Write()).scope or memory.scope
    return follow_code(memory, root, notes=LocalNotes(cursors, "followed", ledger_mark(memory, home)), write=write)


def reader_of_source(name: str) -> Callable[..., Reading]:
    """Return the function that reads a source of `FILE_SOURCES`."""
    module, function = FILE_SOURCES[name]
    read: Callable[..., Reading] = getattr(import_module(module), function)
    return read


def _write(write: Write | None, name: str) -> Write:
    requested = write or Write()
    scope = None if requested.scope is None else Scope(requested.scope.tenant, requested.scope.repo)
    return Write(
        scope=scope,
        actor=requested.actor,
        source=requested.source or name,
        reason=requested.reason,
        origin=requested.origin,
    )


def ledger_mark(memory: Readable, scope: Scope) -> str:
    """Return a text that another ledger or another scope does not have: a file of this machine may be of another."""
    first = [(change.op_id, change.recorded_at.isoformat()) for change in memory.readings(limit=1, scope=scope)]
    return hashlib.sha256(repr((scope.tenant, scope.repo, first)).encode()).hexdigest()
