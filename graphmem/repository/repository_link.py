"""Links between repositories: a folder of a repository that is a folder of another repository, since a time."""

from __future__ import annotations

from datetime import datetime
from pathlib import PurePosixPath

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import InvalidInput


def plain_path(path: str) -> str:
    """Return a path of a repository without `./` and slashes at its ends; "" for the root.

    Raises:
        InvalidInput: The path leads out of the repository.
    """
    parts = PurePosixPath(path.strip().strip("/")).parts
    if ".." in parts:
        raise InvalidInput(f"{path!r} leads out of the repository: write a path from its root")
    return "/".join(parts)


@dataclass(frozen=True, slots=True)
class MovedFolder:
    """A folder or file, and where it is in another repository; "" is the root of a repository.

    Attributes:
        old: The path in the old repository, without a slash at its end.
        new: The path in the new repository.
    """

    old: str = ""
    new: str = ""

    def __post_init__(self) -> None:
        for path in (self.old, self.new):
            if path != plain_path(path):
                raise InvalidInput(f"{path!r} is no path of a repository: write {plain_path(path)!r}")

    @property
    def is_everything(self) -> bool:
        """Return True if the whole old repository is the whole new repository."""
        return not self.old and not self.new

    def forward(self, path: str) -> str | None:
        """Return the new path of an old path; None if it is not in the folder."""
        return _replaced(path, self.old, self.new)

    def back(self, path: str) -> str | None:
        """Return the old path of a new path; None if it is not in the folder."""
        return _replaced(path, self.new, self.old)


_EVERYTHING = MovedFolder()


def _replaced(path: str, prefix: str, by: str) -> str | None:
    if path == prefix and prefix:
        return by or path.rpartition("/")[2]
    if prefix and not path.startswith(f"{prefix}/"):
        return None
    rest = path.removeprefix(f"{prefix}/") if prefix else path
    return f"{by}/{rest}" if by else rest


def moved_folder(text: str | None) -> MovedFolder:
    """Return the folders of a text `OLD:NEW`; those of whole repositories for None.

    Raises:
        InvalidInput: The text has not two paths.
    """
    if text is None:
        return _EVERYTHING
    if text.count(":") != 1:
        raise InvalidInput(f"{text!r} is not OLD:NEW, as in packages/parser:src; leave a side empty for the root")
    old, _, new = text.partition(":")
    return MovedFolder(plain_path(old), plain_path(new))


@dataclass(frozen=True, slots=True)
class LinkRepository:
    """The operation that lets readers of the writer's repository read the memories of another repository.

    Attributes:
        old: The repository that has the memories.
        folder: The folder in the old repository and in the writer's; both roots for all memories.
        at: The valid time from which the memories count in the writer's repository; None for always.
        commit: Hash of the commit that gave the time; None if no commit did.
    """

    old: str
    folder: MovedFolder = _EVERYTHING
    at: datetime | None = None
    commit: str | None = None


@dataclass(frozen=True, slots=True)
class UnlinkRepository:
    """The operation that undoes a `LinkRepository` of the writer's repository.

    Attributes:
        link: Ledger position of the link.
    """

    link: int


#: The operations on links between repositories.
RepositoryOperation = LinkRepository | UnlinkRepository


@dataclass(frozen=True, slots=True)
class RepositoryLink:
    """A recorded link: readers of another repository also read the memories of a repository's folder.

    Attributes:
        seq: Ledger position of its entry.
        old: The repository that has the memories.
        folder: The folder in the old repository and in the new one.
        since: The valid time from which the memories count in the new repository; None for always.
        undone: Ledger position of the entry that undid it; None while it is in effect.
    """

    seq: int
    old: str
    folder: MovedFolder
    since: datetime | None
    undone: int | None = None

    def is_in_effect(self, seq: int) -> bool:
        """Return True if the link is in effect at a ledger position."""
        return self.seq <= seq and (self.undone is None or seq < self.undone)
