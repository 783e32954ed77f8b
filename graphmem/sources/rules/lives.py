"""The lives of rules: from the commit that brought the words to the commit after which no file has them.

Equal words in several files are one life. Words that return after their end begin another life.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import datetime

from graphmem.deferred_dataclass import dataclass
from graphmem.sources.rules.rewordings import rewordings
from graphmem.sources.rules.rule_text import Rule


@dataclass(frozen=True, slots=True)
class CommitMark:
    """A commit of the mainline: its position, hash and effective time."""

    position: int
    sha: str
    at: datetime


@dataclass(frozen=True, slots=True)
class FileRules:
    """A file that a commit changed.

    Attributes:
        path: Its path after the commit; None if it was removed, or holds no rules any more.
        old_path: Its path before the commit; equal to `path` unless it was renamed or removed.
        rules: Its rules after the commit.
    """

    path: str | None
    old_path: str
    rules: tuple[Rule, ...] = ()


@dataclass(slots=True, eq=False)
class RuleLife:
    """The life of a rule.

    Attributes:
        rule: The rule as it was first written.
        number: Which life of these words it is, from 1.
        path: The file that had it first.
        files: The rule in each file that has it, by path; in those that had it last, if it has ended.
        born: The commit that brought it.
        ended: The commit that removed it; None while it is in force.
        touched: Position of the last commit that changed its files, scope or end.
        rewordings: Lives that files have instead of this one, in order.
        successors: Lives that superseded it when it ended.
    """

    rule: Rule
    number: int
    path: str
    born: CommitMark
    files: dict[str, Rule] = field(default_factory=dict)
    ended: CommitMark | None = None
    touched: int = 0
    rewordings: list[RuleLife] = field(default_factory=list)
    successors: list[RuleLife] = field(default_factory=list)


class RuleHistory:
    """Lives that grow commit by commit, in the order of the mainline."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[Rule, ...]] = {}
        self._alive: dict[str, RuleLife] = {}
        self._numbers: dict[str, int] = {}
        self.lives: list[RuleLife] = []

    @property
    def files(self) -> Mapping[str, tuple[Rule, ...]]:
        """The rules of each file now, by path."""
        return self._files

    def take(self, commit: CommitMark, changes: Iterable[FileRules]) -> None:
        """Take in the changed files of a commit."""
        listed = sorted(changes, key=lambda change: change.path or change.old_path)
        before = [self._files.get(change.old_path, ()) for change in listed]
        former: dict[str, dict[str, Rule]] = {}
        for path in {path for change in listed for path in (change.old_path, change.path) if path is not None}:
            self._leave(path, former)
        for change in listed:
            if change.path is not None:
                self._enter(commit, change.path, change.rules, former)
        for rules, change in zip(before, listed, strict=True):
            for pair in rewordings(rules, change.rules):
                self._alive[pair.old.identity].rewordings.append(self._alive[pair.new.identity])
        self._settle(commit, former)

    def _leave(self, path: str, former: dict[str, dict[str, Rule]]) -> None:
        """Take the rules of a file out of it; those that it still has come back."""
        for rule in self._files.pop(path, ()):
            life = self._alive[rule.identity]
            former.setdefault(rule.identity, dict(life.files))
            life.files.pop(path, None)

    def _enter(
        self, commit: CommitMark, path: str, rules: tuple[Rule, ...], former: dict[str, dict[str, Rule]]
    ) -> None:
        self._files[path] = rules
        for rule in rules:
            life = self._alive.get(rule.identity) or self._new(commit, path, rule)
            former.setdefault(rule.identity, dict(life.files))
            life.files.setdefault(path, rule)

    def _new(self, commit: CommitMark, path: str, rule: Rule) -> RuleLife:
        number = self._numbers[rule.identity] = self._numbers.get(rule.identity, 0) + 1
        life = self._alive[rule.identity] = RuleLife(rule, number, path, commit, touched=commit.position)
        self.lives.append(life)
        return life

    def _settle(self, commit: CommitMark, former: Mapping[str, dict[str, Rule]]) -> None:
        """End the lives that no file has any more, and mark those whose files changed."""
        ended = [self._alive.pop(identity) for identity in former if not self._alive[identity].files]
        for life in ended:
            life.ended, life.touched = commit, commit.position
            life.files = former[life.rule.identity]
        for life in ended:
            life.successors = list(dict.fromkeys(_in_force(life.rewordings, {life})))
        for identity, files in former.items():
            living = self._alive.get(identity)
            if living is not None and _scopes(living.files) != _scopes(files):
                living.touched = commit.position


def _scopes(files: Mapping[str, Rule]) -> dict[str, tuple[str, ...]]:
    return {path: rule.scope for path, rule in files.items()}


def _in_force(lives: Sequence[RuleLife], seen: set[RuleLife]) -> Iterator[RuleLife]:
    """The lives that are in force among some lives and, for those that ended, their successors."""
    pending = list(reversed(lives))
    while pending:
        life = pending.pop()
        if life in seen:
            continue
        seen.add(life)
        if life.ended is None:
            yield life
        else:
            pending.extend(reversed(life.successors or life.rewordings))
