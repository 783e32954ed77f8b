"""Branches are opened by the first write on them: a request that opens the branch precedes the write's requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from graphmem.errors import Conflict, NotFound
from graphmem.model import AbandonBranch, Change, MergeBranch, OpenBranch, Request, Scope
from graphmem.scopes import branch_parts
from graphmem.store import Store
from graphmem.temporal.lineage import Lineage

_BRANCH_WORK = (OpenBranch, MergeBranch, AbandonBranch)


def apply_on_branches(
    store: Store, requests: Sequence[Request], apply: Callable[[Sequence[Request]], list[Change]]
) -> list[Change]:
    """Write requests in a transaction, which also opens their branches where they are not open.

    A branch is opened under the main line, if its writer names a repository and gives the branch by name: an earlier
    branch, for example `fix:123`, stays closed. Of two writers at the same moment, only the first opens the branch.

    Args:
        store: The store.
        requests: Requests of one tenant.
        apply: Writes requests in a transaction.

    Returns:
        The ledger entry of each request; not those of the openings.

    Raises:
        NotFound: A request names a memory that its writer does not see, or an earlier branch that is closed.
    """
    writes = {
        replace(request.writer, user=None, environment=None): request
        for request in reversed(requests)
        if _may_open(request.writer) and not isinstance(request.operation, _BRANCH_WORK)
    }
    try:
        return apply(requests)
    except NotFound:
        if not writes:
            raise
    openings = _openings(store, writes)
    try:
        # Without openings, another writer has opened the branches in the meantime.
        return apply([*openings, *requests])[len(openings) :]
    except Conflict:
        if not openings or _openings(store, writes):
            raise
    return apply(requests)


def _openings(store: Store, writes: Mapping[Scope, Request]) -> list[Request]:
    """The requests that open those branches that are not open, each with the provenance of a write on it."""
    reader = replace(next(iter(writes)), branch=None)
    lineage = Lineage(store.rows(reader, ()).branches, reader, store.position(reader).seq)
    return [_opening(request, branch) for branch, request in writes.items() if not lineage.is_open(branch)]


def _opening(request: Request, branch: Scope) -> Request:
    """The request that opens the branch of a write, by the same actor."""
    operation = OpenBranch(branch.branch or "")
    return Request(f"{request.op_id}/opens", operation, replace(branch, branch=None), request.provenance)


def _may_open(writer: Scope) -> bool:
    return writer.repo is not None and writer.branch is not None and branch_parts(writer.branch)[1] is None
