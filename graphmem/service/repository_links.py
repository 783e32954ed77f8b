"""Links between repositories: recorded, undone, and followed by every verb that reads."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from graphmem.answers import Written
from graphmem.deferred_dataclass import dataclass, replace
from graphmem.errors import Conflict, InvalidInput, NotFound
from graphmem.instants import from_micros
from graphmem.model import At, Request, Scope
from graphmem.parameters import CommitName, FolderPair, RepositoryName
from graphmem.repository.repository_link import LinkRepository, UnlinkRepository, moved_folder
from graphmem.service.commit_points import reader_of, resolve
from graphmem.service.context import ServiceContext, Write

if TYPE_CHECKING:
    from graphmem.repository.commit_names import CommitPlace

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class LinkedReader:
    """A context and a reader that see linked repositories at a point.

    Attributes:
        at: The point, with the ledger position whose links are followed.
    """

    context: ServiceContext
    reader: Scope
    at: At


def follows_links(verb: Callable[P, R]) -> Callable[P, R]:
    """Let a verb that reads answer with the records of repositories that are linked into the reader's.

    The links are those in effect at the ledger position of the answer. Until a link is known in this process, the verb
    first answers without any, and looks for links with the ledger position that it has read: readers of a repository
    without links pay nothing.
    """

    @wraps(verb)
    def followed(*args: P.args, **kwargs: P.kwargs) -> R:
        memory: Any = args[0]
        context: ServiceContext = memory._context  # noqa: SLF001 - a decorator of its methods
        reader = reader_of(context, kwargs)
        if context.is_linked or reader.repo is None:
            return verb(*args, **kwargs)
        if not context.mainlines.ever_linked(reader):
            try:
                answer = verb(*args, **kwargs)
            except (NotFound, InvalidInput):
                if not context.mainlines.ever_linked(reader, looks=True):
                    raise
            else:
                if not context.mainlines.ever_linked(reader, looks=True):
                    return answer
        linked = at_links(context, cast("At | None", kwargs.get("at")), reader)
        if linked.context is context:
            return verb(*args, **kwargs)
        inner = type(memory)(linked.context)
        rest = {name: value for name, value in kwargs.items() if name not in Scope.__dataclass_fields__}
        try:
            linked_answer: R = cast("Any", verb)(inner, *args[1:], **{**rest, "scope": linked.reader, "at": linked.at})
            return linked_answer  # noqa: TRY300 - the error is of the line above
        except InvalidInput:
            # A cursor of an answer before the link goes on without it.
            if getattr(kwargs.get("page"), "cursor", None) is None:
                raise
            return verb(*args, **kwargs)

    return followed


def at_links(context: ServiceContext, at: At | None, reader: Scope) -> LinkedReader:
    """Return the context and the reader for a point, with the links that are in effect at its ledger position."""
    requested = at or At()
    if context.is_linked or not context.mainlines.ever_linked(reader, looks=True):
        return LinkedReader(context, reader, requested)
    from graphmem.service.linked_store import linked_reader, linked_store
    from graphmem.service.repository_routes import routes_of

    seq = context.point(replace(resolve(context, requested, reader).at, as_of=None), reader).seq
    routes = routes_of(context.mainlines, reader, seq)
    if not routes:
        return LinkedReader(context, reader, requested)
    inner = context.over(linked_store(context.store, routes, reader), context.mainlines)
    inner.is_linked = True
    return LinkedReader(inner, linked_reader(reader, routes), replace(requested, known_at=seq))


class RepositoryLinkVerbs:
    """The verb that links repositories."""

    _context: ServiceContext

    def link_repository(
        self,
        old: RepositoryName,
        new: RepositoryName,
        *,
        path: FolderPair | None = None,
        at: CommitName | None = None,
        since: datetime | None = None,
        write: Write | None = None,
    ) -> Written:
        """Let readers of a repository read what is recorded for another: its remote was renamed, or a package moved.

        The memories stay where they are, and are changed there. Their files are shown, and found, under their paths in
        the new repository. Private memories and those of open branches are not carried. `revoke` undoes the link.

        Args:
            old: The repository that has the memories.
            new: The repository whose readers shall read them.
            path: The folder that moved, in the old and the new repository, as in `packages/parser:src`; an empty side
                is the root. Only memories about it are carried. Without it, all are.
            at: The commit, tag or branch of either repository from whose time on the memories count in the new one;
                always if not given.
            since: That time, if no recorded commit has it.
            write: Actor, source and reason of the write; of its scope the tenant counts.

        Raises:
            InvalidInput: The repositories are the same, a path leads out of them, or both `at` and `since` are given.
            NotFound: `at` is recorded of neither repository.
            Conflict: The same link is in effect.
            Forbidden: The origin of the write is not trusted.
        """
        context, request = self._context, self._context.write_request(write)
        writer = Scope(request.writer.tenant, new)
        folder = moved_folder(path)
        if at is not None and since is not None:
            raise InvalidInput(f"`at` {at!r} and `since` {since.isoformat()} are both given: give one of them")
        commit = None if at is None else _place(context, at, writer, Scope(writer.tenant, old))
        when = since if commit is None else from_micros(commit.at_us)
        operation = LinkRepository(old, folder, when, None if commit is None else commit.sha)
        if request.earlier is None:
            for link in context.mainlines.links(writer, context.store.position(writer).seq):
                if (link.old, link.folder, link.since) == (old, folder, operation.at):
                    raise Conflict(f"{old!r} is linked to {new!r} already, by change {link.seq}")
        (change,) = context.record([Request(request.op_id, operation, writer, request.provenance)])
        return Written(change, ())


def _place(context: ServiceContext, name: str, *readers: Scope) -> CommitPlace:
    """Return the place of a commit in the first repository that has it.

    Raises:
        NotFound: None has it; the message names the command that reads a repository.
    """
    from graphmem.repository.commit_names import place_of_commit

    for reader in readers:
        history = context.mainlines.at(reader, reader.repo, context.store.position(reader).seq)
        with suppress(NotFound):
            return place_of_commit(history, name)
    repos = " or ".join(repr(reader.repo) for reader in readers)
    raise NotFound(
        f"no recorded commit, tag or branch {name!r} of {repos}; run graphmem ingest git there, or give a time"
    )


def unlinked(context: ServiceContext, link: int, write: Write | None) -> Written | None:
    """Undo the link that a ledger entry recorded; None if the entry is no link that the writer sees."""
    request = context.write_request(write)
    (entry,) = context.store.changes(request.writer, after=link - 1, limit=1) or (None,)
    if entry is None or entry.seq != link or not isinstance(entry.operation, LinkRepository):
        return None
    repo = entry.writer.repo
    if request.writer.repo not in {None, repo, entry.operation.old}:
        return None
    writer = Scope(request.writer.tenant, repo)
    in_effect = {linked.seq for linked in context.mainlines.links(writer, context.store.position(writer).seq)}
    if request.earlier is None and link not in in_effect:
        raise Conflict(f"change {link} is already revoked; redo it with a fresh operation")
    (change,) = context.record([Request(request.op_id, UnlinkRepository(link), writer, request.provenance)])
    return Written(change, ())
