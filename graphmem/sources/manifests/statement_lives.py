"""The versions of facts along the mainline: when each began, what superseded it, and when it ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from datetime import datetime

from graphmem.deferred_dataclass import dataclass
from graphmem.model import Move, Status, SupersessionKind
from graphmem.sources.manifests.structure_facts import StructureFact
from graphmem.sources.observations import Observation, Replacement

#: At most so many statements hold at a time.
MAX_STATEMENTS = 100
#: Source keys of this source begin with it.
FOLDER = "manifests/"
REMOVED = "removed"
BEYOND_LIMIT = f"beyond the limit of {MAX_STATEMENTS} statements"
_SHA_CHARS = 12


@dataclass(frozen=True, slots=True)
class CommitMoment:
    """A commit of the mainline: its position from 0, its hash and its effective time."""

    position: int
    sha: str
    at: datetime


@dataclass(slots=True)
class FactVersion:
    """Words of a fact, from the commit that brought them to the commit that changed or removed them.

    Attributes:
        end: The commit that removed the fact, with the word for it; None while it holds or if it was superseded.
        previous: The version that it superseded.
        superseded: The commit that brought the next version.
    """

    fact: StructureFact
    start: CommitMoment
    end: tuple[CommitMoment, str] | None = None
    previous: FactVersion | None = None
    superseded: CommitMoment | None = None

    @property
    def key(self) -> str:
        """The source key: the subject, and the commit that brought the words."""
        return f"{FOLDER}{self.fact.subject}#{self.start.sha[:_SHA_CHARS]}"

    @property
    def path(self) -> str:
        """The file that declares the fact; `.` for a fact of the whole tree."""
        return self.fact.paths[0] if self.fact.paths else "."

    def has_changed_after(self, position: int) -> bool:
        """True if the version began or ended after a position of the mainline."""
        return self.start.position > position or (self.end is not None and self.end[0].position > position)

    def observation(self) -> Observation:
        """The version as an observation."""
        moves = [Move(Status.ACTIVE, self.start.at)]
        if self.end is not None:
            moves.append(Move(Status.ENDED, self.end[0].at, ordinal=1, source_word=self.end[1]))
        return Observation(
            key=self.key,
            statement=self.fact.statement(),
            moves=tuple(moves),
            path=self.path,
            line=self.fact.line,
            provenance=f"commit {self.start.sha}",
        )

    def replacement(self) -> Replacement | None:
        """The supersession of the version before it; None if there is none."""
        if self.previous is None:
            return None
        evidence = ((self.path, f"{self.fact.title} (commit {self.start.sha[:_SHA_CHARS]})"),)
        kind = SupersessionKind.UPDATE
        return Replacement(old=self.previous.key, new=self.key, kind=kind, at=self.start.at, evidence=evidence)


@dataclass(slots=True)
class StatementLives:
    """Versions that grow commit by commit, in the order of the mainline.

    Attributes:
        versions: Every version so far, in the order of their starts.
        current: The versions that hold, by subject.
    """

    versions: list[FactVersion] = field(default_factory=list)
    current: dict[str, FactVersion] = field(default_factory=dict)
    _since: dict[str, int] = field(default_factory=dict)

    def take(self, point: CommitMoment, facts: Sequence[StructureFact]) -> None:
        """Take in the facts of a commit: the complete list, also of those that did not change."""
        declared = {fact.subject for fact in facts}
        chosen = {fact.subject: fact for fact in self._within_limit(point, facts)}
        for subject in [subject for subject in self.current if subject not in chosen]:
            self._end(subject, point, BEYOND_LIMIT if subject in declared else REMOVED)
        for subject, fact in chosen.items():
            current = self.current.get(subject)
            if current is None or not _is_same(current.fact, fact):
                self._begin(point, fact, current)

    def _within_limit(self, point: CommitMoment, facts: Sequence[StructureFact]) -> list[StructureFact]:
        """The facts that hold: by rank; of equal rank, those that hold the longest."""
        if len(facts) <= MAX_STATEMENTS:
            return list(facts)
        since, position = self._since, point.position
        ordered = sorted(facts, key=lambda fact: (fact.rank, since.get(fact.subject, position), fact.subject))
        return ordered[:MAX_STATEMENTS]

    def _begin(self, point: CommitMoment, fact: StructureFact, previous: FactVersion | None) -> None:
        version = FactVersion(fact, point, previous=previous)
        if previous is not None:
            previous.superseded = point
        self._since.setdefault(fact.subject, point.position)
        self.current[fact.subject] = version
        self.versions.append(version)

    def _end(self, subject: str, point: CommitMoment, word: str) -> None:
        self.current.pop(subject).end = (point, word)
        del self._since[subject]


def _is_same(old: StructureFact, new: StructureFact) -> bool:
    return (old.title, old.body, old.paths) == (new.title, new.body, new.paths)
