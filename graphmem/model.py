"""The values that graphmem speaks in: memories, moves, supersessions, scopes and operations.

All are frozen; all times are aware UTC with microseconds. Nothing here does I/O or reads a clock.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TypedDict

from graphmem.errors import InvalidInput
from graphmem.vocabulary import AnchorKind as AnchorKind
from graphmem.vocabulary import Kind as Kind
from graphmem.vocabulary import LinkKind as LinkKind
from graphmem.vocabulary import Origin as Origin
from graphmem.vocabulary import Outcome as Outcome
from graphmem.vocabulary import Status as Status
from graphmem.vocabulary import SupersessionKind as SupersessionKind
from graphmem.vocabulary import check_role, check_source_key, word_of

BEGINNING = datetime.min.replace(tzinfo=UTC)
FOREVER = datetime.max.replace(tzinfo=UTC)

MAX_TITLE_CHARS = 1_000
MAX_TEXT_CHARS = 200_000
MAX_NAME_CHARS = 1_000
MAX_LIST_ITEMS = 500


def instant(value: datetime) -> datetime:
    """The same moment as aware UTC.

    Raises:
        InvalidInput: If `value` is naive: a time without a zone is never guessed.
    """
    if not isinstance(value, datetime):
        raise InvalidInput(f"{value!r:.80} is no time; give a datetime with a zone")
    if value.tzinfo is UTC:
        return value
    if value.tzinfo is None or value.utcoffset() is None:
        raise InvalidInput(f"{value.isoformat()!r} has no time zone; give one, such as {value.isoformat()}+00:00")
    return value.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a memory lives or from where a reader looks; `None` is the wider level.

    A scope is whole: `Scope(user="ana")` is in no repository, whatever the default scope of a memory is. To change only
    the user of that, give `user="ana"` to the verb.

    `branch` names a branch of `repo` (of the whole tenant if `repo` is None). On a reader, `related_repos`
    are further repositories whose shared memories it also reads; on a memory it is empty.
    """

    tenant: str = "default"
    repo: str | None = None
    user: str | None = None
    branch: str | None = None
    environment: str | None = None
    related_repos: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("tenant", "repo", "user", "branch", "environment"):
            value = getattr(self, name)
            if value is None and name != "tenant":
                continue
            if not value or len(value) > MAX_NAME_CHARS or _CONTROL.search(value):
                raise InvalidInput(f"{value!r} is no {name}: use 1 to {MAX_NAME_CHARS} printable characters")
        if self.branch is not None and ":" in self.branch:
            raise InvalidInput(f"{self.branch!r} is no branch name: git allows no ':' in one")

    @property
    def branch_key(self) -> str | None:
        """The branch together with its repository, since two repositories may use one branch name."""
        return None if self.branch is None else f"{self.repo or ''}:{self.branch}"

    @property
    def width(self) -> tuple[bool, bool, bool]:
        """(user, environment, repo) set or not: a lexicographically greater one is narrower."""
        return (self.user is not None, self.environment is not None, self.repo is not None)

    def admits(self, home: Scope) -> bool:
        """Whether a reader who stands here sees what lives at `home`, branches aside."""
        repo_ok = home.repo is None or home.repo == self.repo or (home.repo in self.related_repos and home.user is None)
        return (
            home.tenant == self.tenant
            and repo_ok
            and (home.user is None or home.user == self.user)
            and (home.environment is None or home.environment == self.environment)
        )


class ScopeParts(TypedDict, total=False):
    """Parts of a scope that a call gives by name, in place of those of the default scope."""

    tenant: str
    repo: str | None
    user: str | None
    branch: str | None
    environment: str | None
    related_repos: tuple[str, ...]


def scope_with(scope: Scope, parts: ScopeParts) -> Scope:
    """The scope with some of its parts replaced.

    Raises:
        TypeError: A name is none of a scope's parts.
    """
    return replace(scope, **parts) if parts else scope


def may_see_in(reader: Scope, home: Scope) -> bool:
    """Whether a reader would see what lives at `home` if it stood in that repository, branches aside."""
    return replace(reader, repo=home.repo, related_repos=()).admits(home)


_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Anchor:
    """Something in the code or the team that a memory is about; `name` is a path, a dotted name or a label."""

    kind: AnchorKind
    name: str
    repo: str | None = None
    role: str = "about"

    def __post_init__(self) -> None:
        if not self.name or len(self.name) > MAX_NAME_CHARS or _CONTROL.search(self.name):
            raise InvalidInput(f"{self.name[:80]!r} is no {self.kind} name: use 1 to {MAX_NAME_CHARS} characters")
        object.__setattr__(self, "kind", word_of(AnchorKind, self.kind))
        check_role(self.role)
        if self.repo == "":
            object.__setattr__(self, "repo", None)

    def node_id(self, tenant: str) -> str:
        """Stable id of the node in the graph: the same thing always gets the same one."""
        # Unambiguous: of the four, only `repo` may hold the separator.
        key = "\x1f".join((tenant, self.kind, self.repo or "", self.name))
        return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class Alternative:
    """An option that a decision considered; `keys` are identifiers whose appearance betrays its use."""

    name: str
    outcome: Outcome
    reason: str = ""
    keys: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "outcome", word_of(Outcome, self.outcome))


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """The content of a memory: what somebody relied on, in words that never change once recorded."""

    title: str
    kind: Kind = Kind.FACT
    body: str = ""
    rationale: str = ""
    subject: str | None = None
    aliases: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    language: str | None = None
    confidence: float = 1.0
    origin: Origin = Origin.HUMAN
    is_mandatory: bool = False
    observed_at: datetime | None = None
    anchors: tuple[Anchor, ...] = ()
    alternatives: tuple[Alternative, ...] = ()

    def __post_init__(self) -> None:
        if not self.title.strip():
            raise InvalidInput("a memory needs a title: one line that states it")
        _check_lengths(self)
        if type(self.kind) is not Kind or type(self.origin) is not Origin:
            object.__setattr__(self, "kind", word_of(Kind, self.kind))
            object.__setattr__(self, "origin", word_of(Origin, self.origin))
        if not 0.0 <= self.confidence <= 1.0:
            raise InvalidInput(f"confidence {self.confidence!r} is not between 0 and 1")
        if self.observed_at is not None:
            object.__setattr__(self, "observed_at", instant(self.observed_at))

    @property
    def content_hash(self) -> str:
        """Equal for statements that say the same of the same things; origin and confidence do not count."""
        anchors = [(one.kind, one.repo or "", one.name, one.role) for one in self.anchors]
        alternatives = [(one.name, one.outcome, one.reason, one.keys) for one in self.alternatives]
        texts = (self.title, self.body, self.rationale)
        labels = (self.kind, self.subject or "", self.language or "", sorted(self.aliases), sorted(self.labels))
        # JSON keeps every text apart from the next, whatever characters they hold.
        content = _json((*texts, *labels, bool(self.is_mandatory), anchors, alternatives))
        return hashlib.sha256(content.encode("utf-8", "surrogatepass")).hexdigest()


_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


def _check_lengths(statement: Statement) -> None:
    if len(statement.title) > MAX_TITLE_CHARS:
        size = len(statement.title)
        raise InvalidInput(f"the title has {size} characters, more than {MAX_TITLE_CHARS}: put the rest in the body")
    for name in ("body", "rationale"):
        if (size := len(getattr(statement, name))) > MAX_TEXT_CHARS:
            raise InvalidInput(f"the {name} has {size} characters, more than {MAX_TEXT_CHARS}: split it")
    for name in ("aliases", "labels", "anchors", "alternatives"):
        if (size := len(getattr(statement, name))) > MAX_LIST_ITEMS:
            raise InvalidInput(f"{size} {name} are more than {MAX_LIST_ITEMS}")
    subject = statement.subject
    if subject is not None and not 0 < len(subject) <= MAX_NAME_CHARS:
        raise InvalidInput(f"{subject[:80]!r} is no subject: use 1 to {MAX_NAME_CHARS} characters: 'stack.database'")


@dataclass(frozen=True, slots=True)
class Memory:
    """One recorded statement: who it is (`id`), where it lives, what it says.

    `statement` is None once it was erased: the tombstone keeps its place in the graph and is never returned.
    """

    id: str
    scope: Scope
    statement: Statement | None

    def __post_init__(self) -> None:
        if self.scope.related_repos:
            raise InvalidInput(f"memory {self.id!r} lives in one repository; related ones are for readers")

    @property
    def is_erased(self) -> bool:
        """True for a tombstone."""
        return self.statement is None


#: Ends the source's word for a step of which no source tells the time: it was made then, or later.
OR_LATER = " (then or later)"


@dataclass(frozen=True, slots=True)
class Move:
    """One step in a memory's own life, valid from `at` until the next one.

    `ordinal` is the order that the source gives to moves at one instant; `source_word` is its own word. If that ends in
    `OR_LATER`, the source does not tell when the step was made: `at` is the earliest that it can have been.
    """

    status: Status
    at: datetime
    ordinal: int = 0
    source_word: str | None = None

    def __post_init__(self) -> None:
        # Many are made for one answer: what is well formed is left as it is.
        if type(self.status) is not Status:
            object.__setattr__(self, "status", word_of(Status, self.status))
        if getattr(self.at, "tzinfo", None) is not UTC:
            object.__setattr__(self, "at", instant(self.at))

    @property
    def is_or_later(self) -> bool:
        """Whether `at` is only the earliest that the step can have been made."""
        return self.source_word is not None and self.source_word.endswith(OR_LATER)


@dataclass(frozen=True, slots=True)
class Add:
    """Record a memory and the moves that its source tells of it, earliest first.

    With `may_confirm`, one of the same content and scope that already holds all that time is confirmed instead.
    `source_key` is where a source has the statement: by it a later reading of the source finds the memory again.
    """

    memory: Memory
    moves: tuple[Move, ...]
    may_confirm: bool = True
    source_key: str | None = None

    def __post_init__(self) -> None:
        check_source_key(self.source_key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Supersede:
    """Let `new` take over from `old` from `at` on (a correction has no `at`), for good or `until` a time."""

    old: tuple[str, ...]
    new: tuple[str, ...]
    at: datetime | None = None
    until: datetime | None = None
    kind: SupersessionKind = SupersessionKind.UPDATE
    part: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", word_of(SupersessionKind, self.kind))
        for name in ("at", "until"):
            if (value := getattr(self, name)) is not None:
                object.__setattr__(self, name, instant(value))


@dataclass(frozen=True, slots=True)
class Transition:
    """Give a memory one more move."""

    id: str
    move: Move


@dataclass(frozen=True, slots=True)
class End:
    """The statement stops holding at an instant, without a successor."""

    id: str
    at: datetime
    source_word: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", instant(self.at))


@dataclass(frozen=True, slots=True)
class Retract:
    """The statement should not be believed at any valid time."""

    id: str


@dataclass(frozen=True, slots=True)
class Confirm:
    """Somebody saw that the statement still holds; with a `source_key`, that its source has it there from now on."""

    id: str
    source_key: str | None = None

    def __post_init__(self) -> None:
        check_source_key(self.source_key)


@dataclass(frozen=True, slots=True)
class Link:
    """A typed relation from one memory to another."""

    source: str
    target: str
    kind: LinkKind

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", word_of(LinkKind, self.kind))


@dataclass(frozen=True, slots=True)
class Revoke:
    """Undo a supersede, transition, end, retract or link; or move number `move` (from 1) of an add."""

    change: int
    move: int | None = None


@dataclass(frozen=True, slots=True)
class OpenBranch:
    """Open the branch `name` of the writer's repository under `parent` (None: the main line)."""

    name: str
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class MergeBranch:
    """Make what was recorded on `name` visible on its parent, and close it."""

    name: str


@dataclass(frozen=True, slots=True)
class AbandonBranch:
    """Hide what was recorded on `name`, and close it."""

    name: str


@dataclass(frozen=True, slots=True)
class Erase:
    """Remove the content of a memory for good; its place in the graph stays."""

    id: str


@dataclass(frozen=True, slots=True)
class Propose:
    """What was asked by somebody not trusted enough to do it; nothing changes until somebody who is asks the same."""

    asked: Supersede | Transition | End | Retract | Confirm | Link | Revoke | MergeBranch | AbandonBranch | Erase


Operation = (
    Add
    | Supersede
    | Transition
    | End
    | Retract
    | Confirm
    | Link
    | Revoke
    | OpenBranch
    | MergeBranch
    | AbandonBranch
    | Erase
    | Propose
)


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who says so and where it was read: kept on the ledger entry, and part of what `op_id` stands for.

    Attributes:
        actor: The name of who writes.
        source: Where it was read: a commit, a pull request, a document.
        reason: Why, in a sentence.
        origin: What sort of speaker writes, which decides what the write may change (`graphmem.temporal.trust`).
            Entries of releases that kept no origin are a human's.
    """

    actor: str = "unknown"
    source: str | None = None
    reason: str | None = None
    origin: Origin = Origin.HUMAN

    def __post_init__(self) -> None:
        if type(self.origin) is not Origin:
            object.__setattr__(self, "origin", word_of(Origin, self.origin))


@dataclass(frozen=True, slots=True)
class Request:
    """One operation on its way to the ledger: where its writer stands, and the id that makes a retry safe.

    `seen` is the ledger position at which the writer looked: if what the operation names changed since, it is refused.
    """

    op_id: str
    operation: Operation
    writer: Scope
    provenance: Provenance = field(default_factory=Provenance)
    seen: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One ledger entry as every reader sees it.

    `seq` orders the tenant's ledger without gaps from 1; `recorded_at` strictly increases with it.
    `operation` is what took effect: an add of something already held is recorded as its confirmation, and what its
    writer is not trusted enough to do as a proposal.
    """

    seq: int
    recorded_at: datetime
    op_id: str
    operation: Operation
    writer: Scope
    provenance: Provenance


# ---- reading


@dataclass(frozen=True, slots=True)
class At:
    """The point on both time axes that a question is asked for; None means now, and latest.

    `known_at` is a moment or a ledger position.
    """

    as_of: datetime | None = None
    known_at: datetime | int | None = None

    def __post_init__(self) -> None:
        if self.as_of is not None:
            object.__setattr__(self, "as_of", instant(self.as_of))
        if isinstance(self.known_at, datetime):
            object.__setattr__(self, "known_at", instant(self.known_at))


@dataclass(frozen=True, slots=True)
class Point:
    """An `At` made exact: an instant of valid time and a ledger position. Every answer echoes one."""

    valid: datetime
    seq: int
