"""The files of a commit by path, by name and by folder."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

from graphmem.deferred_dataclass import dataclass
from graphmem.sources.git.file_versions import contents
from graphmem.sources.git.runner import git_text

_LINK = "120000"
_MOST_LINKS = 1_000
_MOST_STEPS = 5


@dataclass(frozen=True)
class TreeFiles:
    """The files of a commit.

    Attributes:
        blobs: Hashes of contents by path; of a submodule, of its commit.
        links: Targets of links by path, resolved to paths of the commit.
    """

    blobs: Mapping[str, str]
    links: Mapping[str, str]

    @cached_property
    def folders(self) -> frozenset[str]:
        """The folders with a file at any depth."""
        found: set[str] = set()
        for path in self.blobs:
            folder = posixpath.dirname(path)
            while folder and folder not in found:
                found.add(folder)
                folder = posixpath.dirname(folder)
        return frozenset(found)

    @cached_property
    def by_name(self) -> Mapping[str, Sequence[str]]:
        """Paths of files by their last component."""
        return _by_name(self.blobs)

    @cached_property
    def folders_by_name(self) -> Mapping[str, Sequence[str]]:
        """Paths of folders by their last component."""
        return _by_name(sorted(self.folders))

    def followed(self, path: str) -> str:
        """The path with the links in it replaced by their targets."""
        for _ in range(_MOST_STEPS if self.links else 0):
            link = next((part for part in _beginnings(path) if part in self.links), None)
            if link is None:
                break
            path = posixpath.normpath(self.links[link] + path[len(link) :])
        return path


def tree_files(root: Path, commit: str) -> TreeFiles:
    """The files of a commit.

    Raises:
        GitFailure: Git could not read them.
    """
    output = git_text(root, ("ls-tree", "-r", "-z", "--full-tree", "--end-of-options", commit))
    blobs: dict[str, str] = {}
    links: dict[str, str] = {}
    for entry in output.split("\0"):
        words, _, path = entry.partition("\t")
        if path:
            blobs[path] = words.rpartition(" ")[2]
            if words.startswith(_LINK):
                links[path] = blobs[path]
    return TreeFiles(blobs, _targets(root, links))


def _targets(root: Path, links: Mapping[str, str]) -> dict[str, str]:
    """Targets of links within the repository; of very many links, those of the first."""
    few = dict(list(links.items())[:_MOST_LINKS])
    texts = dict(contents(root, list(dict.fromkeys(few.values())))) if few else {}
    found: dict[str, str] = {}
    for path, blob in few.items():
        target = (texts.get(blob) or b"").decode("utf-8", "surrogateescape")
        joined = posixpath.normpath(posixpath.join(posixpath.dirname(path), target))
        if target and not target.startswith("/") and not joined.startswith(".."):
            found[path] = joined
    return found


def _by_name(paths: Mapping[str, str] | Sequence[str]) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        found[path[path.rfind("/") + 1 :]].append(path)
    return dict(found)


def _beginnings(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
