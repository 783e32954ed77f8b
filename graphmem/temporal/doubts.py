"""Doubts about memories: a memory's dependency has ceased to be in force since the memory was last confirmed.

With a link "m depends on d" that the reader sees, at a valid time `v` and a ledger position::

    closed(d)  = the last ledger entry that keeps d, which had started by v, from being in force at v
    doubted(m) = a chain m → … → d of such links, all in force but d, where d is closed,
                 and no member before d was confirmed after closed(d)

Doubts are read off the rows; nothing is stored for them.
"""

from __future__ import annotations

from datetime import datetime
from heapq import heappop, heappush
from itertools import islice

from graphmem.temporal.view import View
from graphmem.vocabulary import LinkKind, Status

#: The kinds of links over which a doubt passes from the target to the source.
DEPENDENCIES = frozenset({LinkKind.DEPENDS_ON, LinkKind.IMPLEMENTS, LinkKind.REFINES})


def dependencies(view: View, key: str) -> list[str]:
    """Return the ids that a memory depends on by the links in effect, in ledger order, seen by the reader or not."""
    rows = (row for row in view.links_from(key) if row.kind in DEPENDENCIES)
    return list(dict.fromkeys(row.target for row in sorted(rows, key=lambda row: (row.stamp.seq, row.target))))


def doubt(view: View, key: str, valid: datetime) -> tuple[str, ...]:
    """Return the chain of dependencies that puts a memory in force in doubt; empty if there is no doubt.

    Args:
        view: Has the rows of everything that the memory depends on, directly or not; missing rows cast no doubt.
        key: The memory.
        valid: The valid time.

    Returns:
        The ids from the memory's own dependency to the memory that is no longer in force. Of several chains it is the
        chain whose end was closed last, by its ledger position, and of these the shortest.
    """
    if not view.holds(key, valid):
        return ()
    causes: list[tuple[int, tuple[str, ...]]] = []
    # Each memory is reached first over the chain whose last confirmation is the earliest: it lets most doubts pass.
    ahead: list[tuple[int, int, tuple[str, ...]]] = [(view.confirmed_seq(key), 0, (key,))]
    passed = set[str]()
    while ahead:
        confirmed, length, chain = heappop(ahead)
        if chain[-1] in passed:
            continue
        passed.add(chain[-1])
        for dependency in dependencies(view, chain[-1]):
            if view.holds(dependency, valid):
                latest = max(confirmed, view.confirmed_seq(dependency))
                heappush(ahead, (latest, length + 1, (*chain, dependency)))
            elif view.memory(dependency) is not None and (since := closed(view, dependency, valid)) > confirmed:
                causes.append((since, (*chain[1:], dependency)))
    return max(causes, key=lambda cause: (cause[0], -len(cause[1]), cause[1]), default=(0, ()))[1]


def closed(view: View, key: str, valid: datetime) -> int:
    """Return the last position of an entry that keeps a memory that had started from being in force at a valid time.

    Returns:
        0 if the memory is in force, or has not started by then.
    """
    start = view.start(key)
    if start is None or start > valid or view.holds(key, valid):
        return 0
    seqs = [view.retracted_seq(key)]
    for edge in view.successions(key):
        if view.covers(edge, valid):
            begun = (row for row in view.moves(edge.new) if row.move.status is Status.ACTIVE and row.move.at <= valid)
            seqs.append(max([edge.stamp.seq, *(row.stamp.seq for row in islice(begun, 1))]))
    decisive = view.status(key, valid)
    if decisive is not None and decisive.move.status is not Status.ACTIVE:
        seqs.append(decisive.stamp.seq)
    return max(seqs)
