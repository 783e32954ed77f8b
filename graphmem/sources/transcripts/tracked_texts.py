"""The Markdown files of the last commit, searched for statements that they already make."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from graphmem.errors import GraphMemError
from graphmem.ranking import name_key
from graphmem.sources.git.runner import GitFailure, git_text
from graphmem.sources.git.work_tree import work_tree
from graphmem.sources.limited_files import limited_content

_MOST_FILES, _MOST_BYTES = 2_000, 1 << 20


class TrackedTexts:
    """The Markdown files of the repository around a folder, as they are in the work tree; none outside a repository.

    Args:
        folder: A folder of the work tree.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def say(self, title: str) -> bool:
        """Return True if a file has the words of a title in their order, with any text between and around them."""
        words = name_key(title)
        return bool(words) and any(f" {words} " in text for text in self._texts)

    @cached_property
    def _texts(self) -> tuple[str, ...]:
        root = work_tree(self._folder)
        if root is None:
            return ()
        try:
            names = git_text(root, ["ls-tree", "-r", "-z", "--name-only", "HEAD"]).split("\0")
        except GitFailure:
            return ()
        documents = [name for name in names if name.endswith((".md", ".mdc"))]
        return tuple(text for name in documents[:_MOST_FILES] if (text := _text(root / name)))


def _text(path: Path) -> str:
    try:
        content = limited_content(path, _MOST_BYTES)
    except GraphMemError:
        return ""  # deleted, a link to nowhere, or too large to be read for this
    return f" {name_key(content.decode('utf-8', 'replace'))} "
