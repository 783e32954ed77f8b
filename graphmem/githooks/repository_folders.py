"""The folders of a repository that hooks and their queue need."""

from __future__ import annotations

import os
from pathlib import Path

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import NotFound, Unsupported
from graphmem.sources.git.runner import GitFailure, hooks_folder
from graphmem.sources.git.work_tree import common_directory, work_tree


@dataclass(frozen=True, slots=True)
class RepositoryFolders:
    """The folders of a repository.

    Attributes:
        root: The root of the work tree.
        common: The git directory that all work trees of the repository share.
    """

    root: Path
    common: Path

    @property
    def queue_folder(self) -> Path:
        """The folder in which hooks note events."""
        return self.common / "graphmem"

    @property
    def own_hooks(self) -> Path:
        """The hooks folder of the git directory, which git reads unless `core.hooksPath` names another."""
        return self.common / "hooks"

    def effective_hooks(self) -> Path:
        """The folder whose hooks git runs.

        Raises:
            Unsupported: Git is not installed, or refuses the repository.
        """
        try:
            return Path(os.path.normpath(hooks_folder(self.root)))
        except GitFailure as error:
            raise Unsupported(f"git cannot name the hooks folder of {str(self.root)!r}: {error}") from error

    def shares_directory(self, hooks: Path) -> bool:
        """Whether the parent of a hooks folder is the common git directory, so that its hooks find the queue."""
        return hooks.resolve().parent == self.common


def repository_folders(path: Path) -> RepositoryFolders:
    """The folders of the repository around a path.

    Raises:
        NotFound: The path is in no work tree of git.
    """
    root = work_tree(path)
    common = None if root is None else common_directory(root / ".git")
    if root is None or common is None:
        raise NotFound(f"no git work tree at {str(path)!r} or above it; create it with: git init")
    return RepositoryFolders(root, common)
