"""Changes that a repository reverted, from the messages of the commits of its mainline and of those that it merged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from hashlib import sha256

from graphmem.deferred_dataclass import dataclass
from graphmem.instants import from_micros
from graphmem.model import Anchor, AnchorKind, Kind, Move, Origin, Statement, Status
from graphmem.sources.clipped_text import clipped, one_line
from graphmem.sources.git.commit_messages import CommitMessage
from graphmem.sources.git.mainline import MainlineCommit
from graphmem.sources.incidents.revert_messages import RevertMessage, revert_message, without_number
from graphmem.sources.observations import Observation

KEY = "revert:"
_SHOWN = 12
_SHORT = 7
#: Beginning of the key of a change that a message names only by its title, and that is not found.
_UNKNOWN = "titled:"
_MAX_FILES = 20
_MAX_REASON_CHARS = 1_000


@dataclass(slots=True)
class RevertedChange:
    """A change that was reverted, and perhaps applied again.

    Attributes:
        sha: Hash of the commit that made it, or as the message writes it if the repository has no such commit.
        original: That commit; None if the repository does not have it.
        first: The commit that reverted it first, and the commit of the mainline that brought the revert.
        moves: Active since a revert, ended by an application.
        touched: Position of the last commit of the mainline that changed the life.
    """

    sha: str
    title: str
    original: CommitMessage | None
    first: tuple[CommitMessage, MainlineCommit]
    reason: str
    moves: list[Move]
    touched: int

    def observation(self) -> Observation:
        """The incident."""
        revert, _ = self.first
        return Observation(
            key=f"{KEY}{self.sha[:40]}",
            statement=self._statement(),
            moves=tuple(self.moves),
            path="",
            provenance=f"commit {revert.sha}",
            is_partial=True,
            is_history=True,
        )

    def _statement(self) -> Statement:
        revert, arrival = self.first
        files = [change.path for change in arrival.raw.changes if change.path.isprintable()]
        commits = [revert.sha] if self.original is None else [self.original.sha, revert.sha]
        named = f"Commit {self.sha[:_SHOWN]}"
        if self.original is None:
            is_unnamed = self.sha.startswith(_UNKNOWN)
            named = (
                "A change that no commit has as its title"
                if is_unnamed
                else f"{named}, which is not in the repository,"
            )
        return Statement(
            title=one_line(f"Reverted: {self.title}"),
            body=f"{named} was reverted by commit {revert.sha[:_SHOWN]}.",
            rationale=clipped(self.reason, _MAX_REASON_CHARS),
            kind=Kind.INCIDENT,
            origin=Origin.COMMIT,
            labels=("revert",),
            anchors=(
                *(Anchor(AnchorKind.COMMIT, sha) for sha in commits),
                *(Anchor(AnchorKind.FILE, path) for path in (files if len(files) <= _MAX_FILES else ())),
            ),
        )


@dataclass(frozen=True, slots=True)
class _RevertEffect:
    """The effect of a commit on a change: a revert, or another application."""

    sha: str
    title: str
    is_revert: bool


@dataclass(slots=True)
class Reverts:
    """The reverted changes of a repository, from its messages.

    Attributes:
        messages: The commits of the mainline and all their ancestors.
        arrived: The position on the mainline at which each commit came to it, by its hash.
        changes: The reverted changes, in the order of their first reverts.
    """

    messages: Sequence[CommitMessage]
    arrived: Mapping[str, int]
    changes: dict[str, RevertedChange] = field(default_factory=dict)
    _by_sha: dict[str, CommitMessage] = field(default_factory=dict)
    _by_prefix: dict[str, str | None] = field(default_factory=dict)
    _by_title: dict[str, list[str]] = field(default_factory=dict)
    _effects: dict[str, tuple[_RevertEffect, ...]] = field(default_factory=dict)

    def read(self, commits: Iterable[MainlineCommit]) -> None:
        """Take in the messages, in the order in which the mainline got them."""
        listed: dict[int, list[CommitMessage]] = {}
        for message in self.messages:
            self._by_sha[message.sha] = message
            self._by_title.setdefault(without_number(message.subject), []).append(message.sha)
            short = message.sha[:_SHORT]
            self._by_prefix[short] = None if short in self._by_prefix else message.sha
            listed.setdefault(self.arrived.get(message.sha, -1), []).append(message)
        for commit in commits:
            for message in listed.get(commit.position, ()):
                revert = revert_message(message.text)
                if revert is not None:
                    self._take(message, revert, commit)

    def _take(self, message: CommitMessage, revert: RevertMessage, commit: MainlineCommit) -> None:
        effects = self._effects[message.sha] = tuple(self._effects_of(message, revert))
        for effect in effects:
            if self.arrived.get(effect.sha) == commit.position:
                # The same merge brought the change and its revert: the mainline never had the change.
                continue
            self._enter(effect, message, revert.reason, commit)

    def _enter(self, effect: _RevertEffect, message: CommitMessage, reason: str, commit: MainlineCommit) -> None:
        at, known = from_micros(commit.at_us), self.changes.get(effect.sha)
        word = f"{'reverted' if effect.is_revert else 'applied again'} by {message.sha[:_SHOWN]}"
        move = Move(Status.ACTIVE if effect.is_revert else Status.ENDED, at, 0, word)
        if known is None and effect.is_revert:
            original, first = self._by_sha.get(effect.sha), (message, commit)
            self.changes[effect.sha] = RevertedChange(
                effect.sha, effect.title, original, first, reason, [move], commit.position
            )
        elif known is not None and known.moves[-1].status is not move.status and known.moves[-1].at < at:
            known.moves.append(move)
            known.touched = commit.position

    def _effects_of(self, message: CommitMessage, revert: RevertMessage) -> Iterable[_RevertEffect]:
        """The changes that a message reverts or applies again, found by the hashes and titles that it has."""
        for named in revert.shas:
            sha = self._full(named)
            before = self._effects.get(sha, ()) if sha is not None else ()
            if before:
                yield from (_RevertEffect(effect.sha, effect.title, not effect.is_revert) for effect in before)
            elif sha is not None:
                yield _RevertEffect(sha, self._by_sha[sha].subject, is_revert=True)
            elif not revert.title:
                yield _RevertEffect(named, f"commit {named[:_SHOWN]} ({message.subject})", is_revert=True)
        if revert.title and not any(self._full(named) for named in revert.shas):
            found = self._titled(revert.title, message)
            sha = found or next(iter(revert.shas), "") or f"{_UNKNOWN}{_digest(without_number(revert.title))}"
            yield _RevertEffect(sha, revert.title, is_revert=revert.depth % 2 == 1)

    def _full(self, named: str) -> str | None:
        if named in self._by_sha:
            return named
        sha = self._by_prefix.get(named[:_SHORT])
        return sha if sha is not None and sha.startswith(named) else None

    def _titled(self, title: str, message: CommitMessage) -> str | None:
        """The last commit with a title that came to the mainline before a message, or with it."""
        position = self.arrived.get(message.sha, -1)
        listed = self._by_title.get(without_number(title), [])
        earlier = [sha for sha in listed if sha != message.sha and self.arrived.get(sha, position + 1) <= position]
        return max(earlier, key=lambda sha: self.arrived[sha], default=None)


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "replace")).hexdigest()[:_SHOWN]
