"""Conventions of a repository: the rules of its instruction files and linter settings, with their lives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field, replace
from datetime import datetime
from pathlib import Path

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import InvalidInput
from graphmem.instants import to_micros
from graphmem.model import instant
from graphmem.sources.git.file_versions import MAX_CONTENT_BYTES, FileVersion, commit_files, have_changed
from graphmem.sources.git.mainline import Mainline, find_mainline
from graphmem.sources.git.runner import GitFailure
from graphmem.sources.observations import Problem, Reading
from graphmem.sources.rules.conventions import observation_of, replacements_of
from graphmem.sources.rules.file_content import FileContent, read_content
from graphmem.sources.rules.lives import CommitMark, FileRules, RuleHistory
from graphmem.sources.rules.rule_files import holds_rules
from graphmem.sources.rules.rule_text import Rule
from graphmem.sources.unread_commits import unread_commits
from graphmem.store import Progress, silent

_UNREAD = f"the file is over the limit of {MAX_CONTENT_BYTES} bytes, or git lacks its content"


def read_rules(
    root: Path,
    *,
    ref: str | None = None,
    read_at: datetime,
    since: str | None = None,
    progress: Progress = silent,
) -> Reading:
    """The conventions that the files of a repository stated along its mainline, each valid while a file has its words.

    A convention is a list item, a paragraph or a bold line of an instruction file (`AGENTS.md`, `.cursor/rules`, …), or
    a setting of a linter. Equal words in several files are one convention with several anchors. A rewording supersedes
    the earlier wording; a removal ends it.

    Args:
        root: A folder of the repository.
        ref: The branch, tag or commit at which the mainline ends; by default that of `find_mainline`.
        read_at: The time of reading: no commit is later.
        since: The `cursor` of an earlier reading. Only conventions that changed after it are returned; if no rule
            changed, only the commits after it are read. Everything is returned if it is not on the mainline.
        progress: Called after every commit with the number of read commits, and their total.

    Returns:
        Observations in the order in which the mainline brought them. `passed_over` has links and submodules, `problems`
        the files at the tip that could not be read: their last readable version goes on holding.

    Raises:
        InvalidInput: There is no git repository, or no such ref.
    """
    try:
        mainline = find_mainline(root, ref)
        read_at_us = to_micros(instant(read_at))
        start = mainline.position_after(since)
        if start and not have_changed(mainline, read_at_us, start, holds_rules, _texts):
            return Reading((), (), unread_commits(mainline), cursor=mainline.tip)
        history = _HistoryReader(mainline)
        history.read(read_at_us, progress)
    except GitFailure as failure:
        raise InvalidInput(f"the history of {str(root)!r} cannot be read: {failure}") from failure
    return history.reading(start)


def _texts(path: str, content: bytes | None) -> list[Rule] | None:
    """Return the rules of a content without their lines; None if a part of it could not be read."""
    read = None if content is None else read_content(path, content)
    if read is None or read.problem is not None or read.rules is None:
        return None
    return [replace(rule, line=0) for rule in read.rules]


@dataclass(slots=True)
class _HistoryReader:
    """The rules of a mainline while it is read.

    Attributes:
        history: The lives of the rules so far.
        problems: The problem of the latest version of a file, by path.
        passed_over: Paths that are links or submodules now.
    """

    mainline: Mainline
    history: RuleHistory = field(default_factory=RuleHistory)
    problems: dict[str, Problem] = field(default_factory=dict)
    passed_over: set[str] = field(default_factory=set)

    def read(self, read_at_us: int, progress: Progress) -> None:
        """Read the mainline from its first commit to its tip."""
        for files in commit_files(self.mainline, read_at_us, holds_rules, progress):
            commit = files[0][0]
            mark = CommitMark(commit.position, commit.sha, commit.at)
            self.history.take(mark, [self._file(version, content) for version, content in files])

    def reading(self, start: int) -> Reading:
        """The lives that commits from a position on changed."""
        lives = [life for life in self.history.lives if life.touched >= start]
        boundary = self.mainline.boundary
        problems = sorted(self.problems.values(), key=lambda problem: problem.path)
        return Reading(
            tuple(observation_of(life, is_dated=life.born.sha not in boundary) for life in lives),
            tuple(replacement for life in lives for replacement in replacements_of(life)),
            (*unread_commits(self.mainline), *problems),
            passed_over=tuple(sorted(self.passed_over)),
            cursor=self.mainline.tip,
        )

    def _file(self, version: FileVersion, content: bytes | None) -> FileRules:
        """A changed file with its rules; if it cannot be read, with those of its last readable version."""
        path, old_path = version.path, version.change.old_path
        for name in {path, old_path}:
            self.problems.pop(name, None)
            self.passed_over.discard(name)
        if version.is_deleted or not holds_rules(path):
            return FileRules(None, old_path)
        if not version.is_regular:
            self.passed_over.add(path)
            return FileRules(None, old_path)
        before = self.history.files.get(old_path, ())
        read = FileContent(None, problem=_UNREAD) if content is None else read_content(path, content)
        if read.problem is not None:
            self.problems[path] = Problem(path, read.line, read.problem)
        if read.rules is None:
            return FileRules(path, old_path, before)
        return FileRules(path, old_path, _with_scope_of(before, read))


def _with_scope_of(before: Sequence[Rule], read: FileContent) -> tuple[Rule, ...]:
    """The rules of a file; if its front matter could not be read, with the scope of its last readable version."""
    assert read.rules is not None, "the file was read"  # noqa: S101
    if not read.is_scope_unread or not before:
        return read.rules
    return tuple(replace(rule, scope=before[0].scope) for rule in read.rules)
