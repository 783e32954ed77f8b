"""The store that a hook reads: `.graphmem` above the working folder, or the URL in the environment.

`graphmem.config` finds the same, and more settings, and takes longer to import.
"""

from __future__ import annotations

import os

FOLDER, FILE, CONFIG = ".graphmem", "memory.db", "config.toml"
_BOLT = ("neo4j", "bolt")


class Project:
    """The store of a working folder.

    Attributes:
        folder: The `.graphmem` folder; empty if the environment names the store and there is none.
        url: The URL in the environment; empty without one.
        file: The file of an embedded store; empty for a server.
    """

    __slots__ = ("file", "folder", "url")

    def __init__(self, folder: str, url: str) -> None:
        self.folder = folder
        self.url = url
        if url:
            self.file = "" if "://" in url and not url.startswith("sqlite:///") else url.removeprefix("sqlite:///")
        else:
            self.file = os.path.join(folder, FILE)

    @property
    def is_neo4j(self) -> bool:
        """True if the store is a Neo4j server, which a hook does not connect to."""
        return self.url.startswith(_BOLT)

    def read_copy(self, file: str) -> None:
        """Read a copy of the server's store from now on."""
        self.file = file


def find_project(start: str) -> Project | None:
    """Return the store of a working folder; None if there is neither a folder nor a URL."""
    url = os.environ.get("GRAPHMEM_URL") or ""
    folder = _find_folder(start)
    return Project(folder, url) if folder or url else None


def _find_folder(start: str) -> str:
    parent = start
    while True:
        candidate = os.path.join(parent, FOLDER)
        if os.path.isdir(candidate):
            return candidate
        beside = _beside_common(os.path.join(parent, ".git"))
        if beside and os.path.isdir(beside):
            return beside
        above = os.path.dirname(parent)
        if above == parent:
            return ""
        parent = above


def _beside_common(entry: str) -> str:
    """Return the `.graphmem` next to the git directory that all work trees share; empty if the entry is no file."""
    if not os.path.isfile(entry):
        return ""
    text = _first_line(entry)
    if not text.startswith("gitdir:"):
        return ""
    own = os.path.join(os.path.dirname(entry), text[7:].strip())
    pointer = _first_line(os.path.join(own, "commondir"))
    common = os.path.realpath(os.path.join(own, pointer) if pointer else own)
    return os.path.join(os.path.dirname(common), FOLDER)


def _first_line(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.readline(4096).strip()
    except OSError:
        return ""


def work_tree_of(folder: str) -> str:
    """Return the root of the git work tree around a folder; the folder itself outside of a repository."""
    parent = folder
    while not os.path.exists(os.path.join(parent, ".git")):
        above = os.path.dirname(parent)
        if above == parent:
            return folder
        parent = above
    return parent


def branch_of(root: str) -> str:
    """Return the branch that is checked out in a work tree; empty if it is detached or unknown."""
    entry = os.path.join(root, ".git")
    if os.path.isfile(entry):
        text = _first_line(entry)
        entry = os.path.join(root, text[7:].strip()) if text.startswith("gitdir:") else ""
    head = _first_line(os.path.join(entry, "HEAD")) if entry else ""
    return head.removeprefix("ref: refs/heads/") if head.startswith("ref: refs/heads/") else ""
