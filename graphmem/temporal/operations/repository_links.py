"""Links between repositories: they count for all readers of the repository into which they lead."""

from __future__ import annotations

from graphmem.errors import InvalidInput, NotFound
from graphmem.model import Change, Request, Scope, instant
from graphmem.repository.repository_link import LinkRepository, UnlinkRepository
from graphmem.rows import Needs, ReadingRow, Rows, Situation, stamp_of
from graphmem.temporal.operations.mainline import refuse_narrow
from graphmem.temporal.operations.rules import Rules
from graphmem.temporal.view import View


def _refuse_link(operation: LinkRepository, request: Request, _: Situation, __: View) -> None:
    """Refuse a link that not all readers of a repository would follow, or that does not join two repositories."""
    refuse_narrow(request)
    Scope(repo=operation.old)
    if operation.at is not None:
        instant(operation.at)
    if request.writer.repo is None:
        raise InvalidInput("a link leads into a repository: name the new one")
    if request.writer.repo == operation.old:
        raise InvalidInput(f"{operation.old!r} cannot be linked to itself: name two repositories")


def _refuse_unlink(operation: UnlinkRepository, request: Request, situation: Situation, _: View) -> None:
    """Refuse an entry that does not undo a link into the writer's repository."""
    refuse_narrow(request)
    target = situation.change
    if target is None or not isinstance(target.operation, LinkRepository) or target.writer.repo != request.writer.repo:
        raise NotFound(f"change {operation.link} links no repository to {request.writer.repo!r}")


def _effects(_: LinkRepository | UnlinkRepository, change: Change, __: Rows) -> Rows:
    return Rows(readings=(ReadingRow(change.writer.repo, stamp_of(change)),))


def _is_visible(_: LinkRepository | UnlinkRepository, change: Change, view: View) -> bool:
    return view.reader.admits(Scope(change.writer.tenant, change.writer.repo))


LINK_REPOSITORY = Rules[LinkRepository](
    name="link_repository", refuse=_refuse_link, effects=_effects, is_visible_to=_is_visible
)
UNLINK_REPOSITORY = Rules[UnlinkRepository](
    name="unlink_repository",
    needs=lambda operation, _: Needs(change=operation.link),
    refuse=_refuse_unlink,
    effects=_effects,
    is_visible_to=_is_visible,
)
