"""The recording of a repository's mainline, batch by batch; an interrupted recording continues where it stopped."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

from graphmem.answers import Written
from graphmem.deferred_dataclass import dataclass, replace
from graphmem.errors import Conflict, InvalidInput
from graphmem.model import Change, CodeVerdict, Origin, ReadMainline, RecordRelocations, RecordVerdicts, Request, Scope
from graphmem.parameters import Limit, Position
from graphmem.repository.authors import packed_authors
from graphmem.repository.mainline_history import MainlineHistory
from graphmem.repository.mainline_rows import UnreadCommit, packed
from graphmem.repository.relocations import Relocation
from graphmem.retrieval.mainlines import folded, take_reading
from graphmem.service.author_hashes import with_hashed_authors
from graphmem.service.context import ServiceContext, Write
from graphmem.store import Progress, silent

if TYPE_CHECKING:
    from graphmem.service.branch_merges import BranchReport
    from graphmem.sources.git.mainline_reading import MainlineBatch

_OP_PREFIX = "mainline/"
_PAGE = 20
_MOST_RACES = 20

#: Returns the parts of a mainline that a history lacks, as `MainlineReader.batches` does.
MainlineSource = Callable[[MainlineHistory], "Iterable[MainlineBatch]"]


class Readable(Protocol):
    """An opened memory, here or on a server."""

    @property
    def scope(self) -> Scope:
        """The default scope."""
        ...

    def readings(self, *, after: Position = 0, limit: Limit = 20, scope: Scope | None = None) -> Sequence[Change]:
        """See `ReadingVerbs.readings`."""
        ...

    def record_reading(self, reading: ReadMainline, *, write: Write | None = None) -> Written:
        """See `ReadingVerbs.record_reading`."""
        ...


@dataclass(frozen=True, slots=True)
class FollowReport:
    """The result of following the files and symbols that memories are about.

    Attributes:
        symbols: The number of symbols that were followed; `files` of files.
        relocations: The new relocations, which are recorded now.
        unparsed: Files that do not parse, with symbols that are known by the path alone.
        change: The ledger position of the last entry; None if nothing was new.
    """

    symbols: int = 0
    files: int = 0
    relocations: tuple[Relocation, ...] = ()
    unparsed: tuple[str, ...] = ()
    change: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MainlineReport:
    """The result of reading a mainline.

    Attributes:
        commits: The number of commits on the mainline.
        read: The number of commits that this run recorded.
        replaced: The number of commits that earlier readings had and that are no longer on the mainline.
        files: The number of files that the mainline ever had.
        renamed: The number of them with more than one path.
        tags: The number of tags; `branches` of branch heads.
        unread: Commits that were not read completely, with the reason.
        is_shallow: The history begins at the boundary of a shallow clone.
        change: The ledger position of the last reading; 0 without any.
        branch: The branch that the mainline follows; None if it was read under another name.
        followed: Where the symbols and files of memories went; None if they were not followed.
        merges: The branches of the memory that the repository merged; None if they were not looked for.
    """

    commits: int
    read: int
    replaced: int
    files: int
    renamed: int
    tags: int
    branches: int
    unread: tuple[UnreadCommit, ...]
    is_shallow: bool
    change: int
    branch: str | None
    followed: FollowReport | None = None
    merges: BranchReport | None = None


class ReadingVerbs:
    """The verbs about readings of a repository's mainline."""

    _context: ServiceContext

    def readings(self, *, after: Position = 0, limit: Limit = 20, scope: Scope | None = None) -> Sequence[Change]:
        """List what was read of the code of the scope's repository: its mainline with packed rows, and verdicts.

        Args:
            after: List only readings after this ledger position; 0 lists from the first.
            limit: The most readings to return.
            scope: The reader's scope; its repository counts.

        Raises:
            InvalidInput: `after` or `limit` is too small.
        """
        if after < 0 or limit < 1:
            raise InvalidInput(f"after {after!r} and limit {limit!r} must be at least 0 and 1")
        reader = self._context.reader(scope)
        return self._context.store.readings(reader, reader.repo, after=after)[:limit]

    def record_reading(self, reading: ReadMainline, *, write: Write | None = None) -> Written:
        """Record a reading of the mainline of a repository: commits, their authors, tags, and the paths of files.

        Of several readings with the same predecessor only the first counts. Each author is hashed under the tenant's
        key before the reading is recorded.

        Args:
            reading: The reading; `graphmem.sources.git.mainline_reading` makes its rows.
            write: Scope (its repository), actor and reason.

        Raises:
            InvalidInput: The rows cannot be read, or the scope has a user, a branch or an environment.
            Forbidden: The origin of the write is not trusted.
        """
        request = self._context.write_request(write).limited_to(Origin.COMMIT)
        by = replace(request.provenance, source=request.provenance.source or "git")
        hashed = with_hashed_authors(self._context, reading, request.writer)
        (change,) = self._context.record([Request(request.op_id, hashed, request.writer, by)])
        return Written(change, ())

    def record_verdicts(self, verdicts: Sequence[CodeVerdict], *, write: Write | None = None) -> Written:
        """Record verdicts of checks against the code; `graphmem verify` makes them.

        Args:
            verdicts: Those that differ from the last ones, at least one.
            write: Scope (its repository), actor and reason.

        Raises:
            NotFound: A memory is not visible.
            InvalidInput: The scope has a user, a branch or an environment.
            Forbidden: The origin of the write is not trusted.
        """
        request = self._context.write_request(write).limited_to(Origin.COMMIT)
        operation = RecordVerdicts(tuple(verdicts))
        (change,) = self._context.record([Request(request.op_id, operation, request.writer, request.provenance)])
        return Written(change, tuple(verdict.memory for verdict in operation.verdicts))

    def record_relocations(self, relocations: Sequence[Relocation], *, write: Write | None = None) -> Written:
        """Record where parts of files went that memories are about; `graphmem ingest git` finds them.

        Args:
            relocations: Symbols that are in another file, have another name or are gone, and lines of files that were
                split. Those of a commit, a path and a symbol replace earlier ones.
            write: Scope (its repository), actor and reason.

        Raises:
            InvalidInput: There is none, or the scope has a user, a branch or an environment.
            Forbidden: The origin of the write is not trusted.
        """
        request = self._context.write_request(write).limited_to(Origin.COMMIT)
        by = replace(request.provenance, source=request.provenance.source or "git")
        operation = RecordRelocations(tuple(relocations))
        (change,) = self._context.record([Request(request.op_id, operation, request.writer, by)])
        return Written(change, ())


def ingest_mainline(
    memory: Readable, source: MainlineSource, *, write: Write | None = None, progress: Progress = silent
) -> MainlineReport:
    """Record new commits of the mainline of a repository, in an opened memory or on a server.

    Each batch is durable by itself: after an interruption the same call goes on.

    Args:
        memory: The memory.
        source: Reads the repository: `graphmem.sources.git.mainline_reading.MainlineReader(root, …).batches`.
        write: Scope (only its repository counts), actor and reason.
        progress: Called after every batch with the number of commits recorded and their total.

    Raises:
        Conflict: Other writers recorded the same repository again and again during the run.
    """
    home = (write or Write()).scope or memory.scope
    scope = Scope(home.tenant, home.repo)
    history = recorded_mainline(memory, scope)
    before = list(history.shas)
    for _ in range(_MOST_RACES):
        latest = _record(memory, source, history, replace(write or Write(), scope=scope), progress)
        if latest is not None:
            return _report(before, latest)
        history = recorded_mainline(memory, scope)
    raise Conflict(f"{scope.repo or 'the repository'!r} is being read by other writers; try again later")


def recorded_mainline(memory: Readable, scope: Scope, history: MainlineHistory | None = None) -> MainlineHistory:
    """Return the history of a repository from its readings, at the latest ledger position.

    Args:
        memory: The memory.
        scope: Its repository counts.
        history: The history from earlier readings; it is not changed.

    Returns:
        The caller must not change it. What an earlier call in this process unpacked is not unpacked again, unless the
        memory is on a server.
    """
    context = getattr(memory, "_context", None)  # A memory on a server has none.
    if history is None and isinstance(context, ServiceContext):
        return context.mainlines.at(scope, scope.repo, context.store.position(scope).seq)
    made, after = history or MainlineHistory(), 0 if history is None else history.last
    while page := _page(memory, scope, after):
        made = folded(made, page)
        after = page[-1].seq
    return made


def _page(memory: Readable, scope: Scope, after: int) -> Sequence[Change]:
    return memory.readings(after=after, limit=_PAGE, scope=scope)


def _record(
    memory: Readable, source: MainlineSource, history: MainlineHistory, write: Write, progress: Progress
) -> MainlineHistory | None:
    """Record the batches that follow a history; returns None if another writer's reading counts instead."""
    latest, scope = history, write.scope or memory.scope
    for batch in source(history):
        content = packed(batch.rows)
        authors = packed_authors(batch.authors) if batch.authors is not None else ""
        operation = ReadMainline(batch.ref, batch.tip, batch.commits, latest.seq, content, authors)
        digest = hashlib.sha256(f"{write.scope}\x1f{latest.seq}\x1f{content}{authors}".encode()).hexdigest()
        written = memory.record_reading(operation, write=replace(write, op_id=f"{_OP_PREFIX}{digest}"))
        latest = _followed(memory, scope, latest.copy() if latest is history else latest, written.change, batch)
        if latest.seq != written.change.seq:
            return None
        progress(batch.commits, batch.total)
    return latest


def _followed(
    memory: Readable, scope: Scope, history: MainlineHistory, change: Change, batch: MainlineBatch
) -> MainlineHistory:
    """Return the history with a batch that was just recorded, if nothing else was, else with all that was."""
    page = _page(memory, scope, history.last)
    if [entry.seq for entry in page] != [change.seq]:
        return recorded_mainline(memory, scope, history)
    take_reading(history, page[0], batch.rows)
    return history


def _report(before: list[str], history: MainlineHistory) -> MainlineReport:
    common = next(
        (at for at, (old, new) in enumerate(zip(before, history.shas, strict=False)) if old != new),
        min(len(before), len(history.shas)),
    )
    paths: dict[int, set[str]] = {}
    for segment in history.segments:
        paths.setdefault(segment.lineage, set()).add(segment.path)
    return MainlineReport(
        commits=len(history.shas),
        read=len(history.shas) - common,
        replaced=len(before) - common,
        files=len(paths),
        renamed=sum(len(named) > 1 for named in paths.values()),
        tags=sum(kind == "tag" for kind, _ in history.refs),
        branches=sum(kind == "branch" for kind, _ in history.refs),
        unread=tuple(history.unread),
        is_shallow=history.is_shallow,
        change=history.seq,
        branch=history.branch,
    )
