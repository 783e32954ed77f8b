"""The value types of graphmem: memories, moves, supersessions, scopes and operations.

All are frozen; all times are aware UTC with microseconds. This module does no I/O and reads no clock.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

from graphmem.deferred_dataclass import dataclass, field
from graphmem.digests import sha256
from graphmem.errors import InvalidInput
from graphmem.feedback import Feedback as Feedback
from graphmem.points import CommitPoint as CommitPoint
from graphmem.points import Point as Point
from graphmem.repository.code_verdict import CodeVerdict as CodeVerdict
from graphmem.repository.relocations import RecordRelocations as RecordRelocations
from graphmem.repository.repository_link import RepositoryOperation as RepositoryOperation
from graphmem.repository.symbol_names import symbol_file
from graphmem.scopes import MAX_NAME_CHARS as MAX_NAME_CHARS
from graphmem.scopes import Scope as Scope
from graphmem.scopes import ScopeParts as ScopeParts
from graphmem.scopes import may_see_in as may_see_in
from graphmem.scopes import scope_with as scope_with
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
MAX_LIST_ITEMS = 500


def instant(value: datetime) -> datetime:
    """Return the same moment as aware UTC.

    Raises:
        InvalidInput: `value` is naive: a time without a zone is never guessed.
    """
    if not isinstance(value, datetime):
        raise InvalidInput(f"{value!r:.80} is no time; give a datetime with a zone")
    if value.tzinfo is UTC:
        return value
    if value.tzinfo is None or value.utcoffset() is None:
        raise InvalidInput(f"{value.isoformat()!r} has no time zone; give one, such as {value.isoformat()}+00:00")
    return value.astimezone(UTC)


_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Anchor:
    """A part of the code or the team that a memory concerns; `name` is a path, a dotted name or a label."""

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

    @property
    def file(self) -> str | None:
        """The path of a file, or of the file that a symbol's name begins with; None of other anchors."""
        if self.kind is AnchorKind.SYMBOL:
            return symbol_file(self.name)
        return self.name if self.kind is AnchorKind.FILE else None

    def node_id(self, tenant: str) -> str:
        """Return the id of the anchor's graph node, equal for equal anchors of a tenant."""
        # Unambiguous: only `repo` may hold the separator.
        key = "\x1f".join((tenant, self.kind, self.repo or "", self.name))
        return sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class Alternative:
    """An option that a decision considered; `keys` are identifiers whose appearance in code shows its use."""

    name: str
    outcome: Outcome
    reason: str = ""
    keys: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "outcome", word_of(Outcome, self.outcome))


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """The content of a memory; its text never changes once it is recorded."""

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
        """A hash of the statement without its origin, confidence and `observed_at`."""
        anchors = [(anchor.kind, anchor.repo or "", anchor.name, anchor.role) for anchor in self.anchors]
        alternatives = [(option.name, option.outcome, option.reason, option.keys) for option in self.alternatives]
        texts = (self.title, self.body, self.rationale)
        labels = (self.kind, self.subject or "", self.language or "", sorted(self.aliases), sorted(self.labels))
        # JSON separates the texts, whatever characters they hold.
        content = _json((*texts, *labels, bool(self.is_mandatory), anchors, alternatives))
        return sha256(content.encode("utf-8", "surrogatepass")).hexdigest()


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
    """A recorded statement with its id and its home scope.

    `statement` is None after an erasure: the tombstone keeps its node in the graph and is never returned.
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


#: Suffix of a move's source word if the source gives no time for the move: it was made then, or later.
OR_LATER = " (then or later)"


@dataclass(frozen=True, slots=True)
class Move:
    """A status change of a memory, valid from `at` until the next move.

    `ordinal` is the source's order of moves at the same instant; `source_word` is the source's word for the status. If
    it ends in `OR_LATER`, the source gives no time, and `at` is the earliest possible time.
    """

    status: Status
    at: datetime
    ordinal: int = 0
    source_word: str | None = None

    def __post_init__(self) -> None:
        # Constructed often in reads: valid values are not converted.
        if type(self.status) is not Status:
            object.__setattr__(self, "status", word_of(Status, self.status))
        if getattr(self.at, "tzinfo", None) is not UTC:
            object.__setattr__(self, "at", instant(self.at))

    @property
    def is_or_later(self) -> bool:
        """True if `at` is only the earliest possible time of the move."""
        return self.source_word is not None and self.source_word.endswith(OR_LATER)


@dataclass(frozen=True, slots=True)
class Add:
    """Record a memory and the moves that its source gives, earliest first.

    With `may_confirm`, a memory of equal content and scope that is in force for the whole time is confirmed instead.
    `source_key` identifies the statement in its source, so that a later reading of the source finds the memory.
    """

    memory: Memory
    moves: tuple[Move, ...]
    may_confirm: bool = True
    source_key: str | None = None

    def __post_init__(self) -> None:
        check_source_key(self.source_key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Supersede:
    """Supersede `old` by `new` from `at` on, permanently or `until` a later time; a correction has neither time."""

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
        self._check_interval()

    def _check_interval(self) -> None:
        if self.kind is SupersessionKind.CORRECTION:
            if self.at is not None or self.until is not None:
                raise InvalidInput("a correction has no 'at' and no 'until': the old memory was never right")
        elif self.at is None:
            raise InvalidInput(f"an {self.kind} needs 'at', the moment from which the new memory takes over")
        elif self.until is not None and self.until <= self.at:
            raise InvalidInput(f"'until' {self.until.isoformat()} is not after 'at' {self.at.isoformat()}")


@dataclass(frozen=True, slots=True)
class Transition:
    """Add a move to a memory."""

    id: str
    move: Move


@dataclass(frozen=True, slots=True)
class End:
    """End a memory at an instant, without a successor."""

    id: str
    at: datetime
    source_word: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", instant(self.at))


@dataclass(frozen=True, slots=True)
class Retract:
    """Mark a memory as never valid."""

    id: str


@dataclass(frozen=True, slots=True)
class Confirm:
    """Confirm that a memory is still in force; with a `source_key`, also record its new key in the source."""

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
    """Make the entries of the branch `name` visible on its parent, and close it.

    For the parent, they count from the valid time `at` on, or from the recording if that is earlier; from their own
    times if it is None.
    """

    name: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AbandonBranch:
    """Hide the entries of the branch `name`, and close it."""

    name: str


@dataclass(frozen=True, slots=True)
class Erase:
    """Remove the content of a memory permanently; its node in the graph stays."""

    id: str


@dataclass(frozen=True, slots=True)
class ReadMainline:
    """Record what was read of the mainline of the writer's repository: commits, tags, and the paths of files.

    It changes no memory. Of several readings with one predecessor the first counts.

    Attributes:
        ref: The name under which the mainline was read, such as `origin/HEAD`.
        tip: Hash of the last commit that was read.
        commits: The number of mainline commits up to it, those of earlier readings included.
        previous: Ledger position of the reading that this one follows; 0 for the first of the repository.
        content: The rows, as `graphmem.repository.mainline_rows` packs them.
        authors: The authors of the commits, as `graphmem.repository.authors` packs them; empty if there are none.
    """

    ref: str
    tip: str
    commits: int
    previous: int
    content: str
    authors: str = ""

    def __post_init__(self) -> None:
        if self.commits < 0 or self.previous < 0:
            raise InvalidInput(f"a reading of {self.commits} commits after entry {self.previous} is impossible")


@dataclass(frozen=True, slots=True)
class RecordVerdicts:
    """Record verdicts on memories that differ from their last ones; they order answers and hide none."""

    verdicts: tuple[CodeVerdict, ...]


@dataclass(frozen=True, slots=True)
class Propose:
    """An operation that its writer is not trusted to do; it has no effect until a trusted writer does it."""

    asked: Supersede | Transition | End | Retract | Confirm | Link | Revoke | MergeBranch | AbandonBranch | Erase


Operation = (
    Add
    | Supersede
    | Transition
    | End
    | Retract
    | Confirm
    | Feedback
    | Link
    | Revoke
    | OpenBranch
    | MergeBranch
    | AbandonBranch
    | Erase
    | ReadMainline
    | RecordVerdicts
    | RecordRelocations
    | RepositoryOperation
    | Propose
)


@dataclass(frozen=True, slots=True)
class Provenance:
    """The writer of a ledger entry, the source and the reason; part of the payload that an `op_id` identifies.

    Attributes:
        actor: The name of the writer.
        source: A commit, a pull request, a document.
        reason: The reason, in a sentence.
        origin: The origin of the write, which decides what it may change (`graphmem.temporal.trust`). Entries of
            releases without origins count as human.
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
    """An operation to be recorded, with its writer's scope and the id that makes a retry safe.

    `seen` is the ledger position of the writer's last read: the operation is refused if its memories changed since.
    """

    op_id: str
    operation: Operation
    writer: Scope
    provenance: Provenance = field(default_factory=Provenance)
    seen: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A ledger entry.

    `seq` orders the tenant's ledger without gaps from 1; `recorded_at` strictly increases with it. `operation` is the
    recorded operation: an add of existing content is recorded as a confirmation, and an operation that its writer is
    not trusted to do as a proposal.
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
    """The requested point on both time axes; None means now, and latest.

    Attributes:
        as_of: A valid time; or the name of a commit, tag or branch of the reader's repository whose history was read,
            as `v1.2` or `commit:20240501`.
        known_at: A time, a ledger position, or the name of a commit: what was known once that commit had been read.
    """

    as_of: datetime | str | None = None
    known_at: datetime | int | str | None = None

    def __post_init__(self) -> None:
        for name in ("as_of", "known_at"):
            value = getattr(self, name)
            if isinstance(value, datetime):
                object.__setattr__(self, name, instant(value))
            elif isinstance(value, str) and not 0 < len(value) <= MAX_NAME_CHARS:
                raise InvalidInput(f"{value[:80]!r} is no {name}: give a time, or the name of a commit, tag or branch")
