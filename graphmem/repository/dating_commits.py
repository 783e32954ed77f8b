"""The commit of the mainline at whose time a memory came into force."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graphmem.deferred_dataclass import dataclass

if TYPE_CHECKING:
    from graphmem.repository.mainline_history import MainlineHistory


@dataclass(frozen=True, slots=True)
class DatingCommit:
    """The commit that dates a memory.

    Attributes:
        sha: The hash of the commit.
        author: The author of the commit, as a hash under the tenant's key; None if that is not known.
    """

    sha: str
    author: str | None = None


def dating_commit(history: MainlineHistory, start_us: int) -> DatingCommit | None:
    """Return the commit with an effective time, which no other commit of the mainline has; None if there is none.

    Args:
        history: The mainline.
        start_us: The time in microseconds since 1970.
    """
    position = history.position_at(start_us)
    if position < 0 or history.times_us[position] != start_us:
        return None
    return DatingCommit(history.shas[position], history.authors.author_of(position))
