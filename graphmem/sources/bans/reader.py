"""Bans of a repository: imports and dependencies that the settings of its linters forbid, along its mainline."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime
from pathlib import Path

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import InvalidInput
from graphmem.instants import to_micros
from graphmem.model import instant
from graphmem.sources.bans.ban_lives import BanCommit, BanHistory, FileBans, PlacedBan
from graphmem.sources.bans.observed_bans import observations_of
from graphmem.sources.bans.settings_files import UnreadableBans, may_ban, read_settings
from graphmem.sources.git.file_versions import MAX_CONTENT_BYTES, FileVersion, commit_files, have_changed
from graphmem.sources.git.mainline import Mainline, find_mainline
from graphmem.sources.git.runner import GitFailure
from graphmem.sources.observations import Problem, Reading
from graphmem.sources.unread_commits import unread_commits
from graphmem.store import Progress, silent

_MOST_EXTENDED = 1_000
_EXTENDED = (".js", ".cjs", ".json", ".yaml", ".yml")
_UNREAD = f"the file is over the limit of {MAX_CONTENT_BYTES} bytes, or git lacks its content"


def read_bans(
    root: Path,
    *,
    ref: str | None = None,
    read_at: datetime,
    since: str | None = None,
    progress: Progress = silent,
) -> Reading:
    """Return the bans of imports and dependencies that linters of a repository enforce, each valid until it is lifted.

    Settings are those of Ruff (`banned-api`), golangci-lint (depguard), ESLint (`no-restricted-imports`) and cargo-deny
    (`[bans]`). A ban is a convention whose rejected option has a typed key. It is mandatory if the settings turn the
    rule on as an error. New words or files of a ban supersede the earlier wording.

    Args:
        root: A folder of the repository.
        ref: The branch, tag or commit at which the mainline ends; by default that of `find_mainline`.
        read_at: The time of reading: no commit is later.
        since: The `cursor` of an earlier reading. Only bans that changed after it are returned; everything if it is not
            on the mainline.
        progress: Called after every commit with the number of read commits, and their total.

    Returns:
        Observations in the order in which the mainline brought the bans. `problems` has settings at the tip that could
        not be read, whose last readable version goes on holding, and bans that nothing can match.

    Raises:
        InvalidInput: There is no git repository, or no such ref.
    """
    try:
        mainline = find_mainline(root, ref)
        mainline.finds_renames = False  # bans of a renamed file go on: it applies to the same folder
        start = mainline.position_after(since)
        read_at_us = to_micros(instant(read_at))
        if start and not have_changed(mainline, read_at_us, start, _may_matter, _bans):
            return Reading((), (), unread_commits(mainline), cursor=mainline.tip)
        history = _BanReader(mainline)
        history.read(read_at_us, progress)
        # Files that ESLint's settings extend may have any name: once they are known, the mainline is read with them.
        while not history.targets <= history.extended and len(history.extended) < _MOST_EXTENDED:
            history = _BanReader(mainline, history.targets | history.extended)
            history.read(read_at_us, progress)
    except GitFailure as failure:
        raise InvalidInput(f"the history of {str(root)!r} cannot be read: {failure}") from failure
    return history.reading(start)


def _may_matter(path: str) -> bool:
    """Return whether a file with this path may ban imports, or looks like one that settings of ESLint extend."""
    return may_ban(path) or ("eslint" in path.lower() and path.endswith(_EXTENDED))


def _bans(path: str, content: bytes | None) -> object:
    """Return a value that is equal for contents with equal bans; None if it cannot be read."""
    try:
        is_extended = content is not None and not may_ban(path)
        read = None if content is None or is_extended else read_settings(path, _text(content))
    except UnreadableBans:
        return None
    if is_extended:
        return content
    if read is None:
        return None
    return (
        [ban.without_line() for ban in read.bans],
        [why for _, why in read.problems],
        read.replaced_tool,
        read.extended,
    )


def _text(content: bytes) -> str:
    return content.decode("utf-8-sig", "replace")


@dataclass(slots=True)
class _BanReader:
    """The bans of a mainline while it is read.

    Attributes:
        extended: Paths that settings of ESLint may extend, known from an earlier reading.
        targets: The paths that this reading found.
        problems: The problems of the latest version of each file, by path.
    """

    mainline: Mainline
    extended: frozenset[str] = frozenset()
    targets: frozenset[str] = frozenset()
    history: BanHistory = field(default_factory=BanHistory)
    problems: dict[str, tuple[Problem, ...]] = field(default_factory=dict)
    _texts: dict[str, str] = field(default_factory=dict)
    _extending: dict[str, frozenset[str]] = field(default_factory=dict)

    def read(self, read_at_us: int, progress: Progress) -> None:
        """Read the mainline from its first commit to its tip."""
        for files in commit_files(self.mainline, read_at_us, self._selects, progress):
            commit = files[0][0]
            for version, content in files:
                self._note(version, content)
            changes = {
                version.path: self._placed(version, content) for version, content in files if may_ban(version.path)
            }
            touched = {path for version, _ in files for path in (version.path, version.change.old_path)}
            for path, targets in list(self._extending.items()):
                if path not in changes and not touched.isdisjoint(targets):
                    changes[path] = self._read(path, self._texts[path])
            self.history.take(BanCommit(commit.position, commit.sha, commit.at), changes)

    def _selects(self, path: str) -> bool:
        return may_ban(path) or path in self.extended

    def _note(self, version: FileVersion, content: bytes | None) -> None:
        """Note the content of a file that settings may extend, or that may extend others."""
        if version.change.old_path != version.path and version.change.status != "C":
            self._texts.pop(version.change.old_path, None)
        if not version.has_content:
            self._texts.pop(version.path, None)
            self._extending.pop(version.path, None)
        elif content is not None and (version.path in self.extended or b"extends" in content):
            self._texts[version.path] = _text(content)

    def reading(self, start: int) -> Reading:
        """Return the bans that commits from a position on changed."""
        lives = [life for life in self.history.lives if life.touched >= start]
        problems = (problem for path in sorted(self.problems) for problem in self.problems[path])
        return Reading(
            tuple(found for life in lives for found in observations_of(life, self.mainline.boundary)),
            (),
            (*unread_commits(self.mainline), *problems),
            cursor=self.mainline.tip,
        )

    def _placed(self, version: FileVersion, content: bytes | None) -> FileBans | None:
        """Return the bans of a changed file, else of its last readable version; None if it is removed."""
        path = version.path
        before = self.history.bans_of(path)
        self.problems.pop(path, None)
        if not version.has_content:
            return None
        if content is None:
            self.problems[path] = (Problem(path, 1, _UNREAD),)
            return before
        return self._read(path, _text(content))

    def _read(self, path: str, text: str) -> FileBans:
        """Return the bans of a settings file, else of its last readable version."""
        try:
            read = read_settings(path, text, self._texts.get)
        except UnreadableBans as error:
            self.problems[path] = (Problem(path, error.line, str(error)),)
            return self.history.bans_of(path)
        self._extending.pop(path, None)
        if read.extended:
            self._extending[path] = frozenset(read.extended)
            self.targets |= self._extending[path]
        self.problems[path] = tuple(Problem(path, line, reason) for line, reason in read.problems)
        placed = tuple(PlacedBan(ban, path, read.folder) for ban in read.bans)
        return FileBans(placed, read.folder, read.replaced_tool)
