"""The enumerations of graphmem: kinds, statuses, origins and others."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TypeVar

from graphmem.errors import InvalidInput

_Word = TypeVar("_Word", bound=StrEnum)
_SECOND_WORD = re.compile("(?<=[a-z])([A-Z])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def word_of(words: type[_Word], value: str) -> _Word:
    """Return the member of an enumeration for a text.

    Raises:
        InvalidInput: The text is not the value of a member.
    """
    if type(value) is words:
        return value
    try:
        return words(value)
    except ValueError:
        name = _SECOND_WORD.sub(r" \1", words.__name__).lower()
        raise InvalidInput(f"{value!r:.80} is no {name}; there are {', '.join(words)}") from None


#: Earlier releases stored the source key of a memory as a file anchor with this role.
SOURCE_ROLE = "recorded in"
MAX_SOURCE_KEY_CHARS = 1_000


def check_source_key(key: str | None) -> None:
    """Refuse a source key that a store cannot look up.

    Raises:
        InvalidInput: The key is empty, longer than 1,000 characters, or has control characters.
    """
    if key is not None and (not 0 < len(key) <= MAX_SOURCE_KEY_CHARS or _CONTROL.search(key)):
        raise InvalidInput(f"{key[:80]!r} is no source key: use 1 to {MAX_SOURCE_KEY_CHARS} printable characters")


def check_role(role: str) -> None:
    """Refuse the role that is reserved for ledgers of earlier releases.

    Raises:
        InvalidInput: The role is `SOURCE_ROLE`.
    """
    if role == SOURCE_ROLE:
        raise InvalidInput(f"{role!r} is no role of an anchor: give the file as the source key of the add")


class Kind(StrEnum):
    """The kind of a statement."""

    DECISION = "decision"
    CONVENTION = "convention"
    STRUCTURE = "structure"
    TASK = "task"
    PREFERENCE = "preference"
    INCIDENT = "incident"
    FACT = "fact"


class Status(StrEnum):
    """A memory's own state. Superseded is not a member: it is derived from the edges."""

    PROPOSED = "proposed"
    DEFERRED = "deferred"
    ACTIVE = "active"
    REJECTED = "rejected"
    ENDED = "ended"

    @property
    def rank(self) -> int:
        """Order in a memory's life, 0 to 4; decides between moves at the same instant that have no other order."""
        return _LIFE.index(self)


_LIFE = (Status.PROPOSED, Status.DEFERRED, Status.ACTIVE, Status.REJECTED, Status.ENDED)


class Origin(StrEnum):
    """The origin of a statement, which decides its trust."""

    HUMAN = "human"
    DOCUMENT = "document"
    COMMIT = "commit"
    AGENT = "agent"
    CONVERSATION = "conversation"
    EXTERNAL = "external"

    @property
    def trust(self) -> int:
        """4 (human) down to 0 (external); documents and commits are equals."""
        return _TRUST[self]

    @property
    def is_trusted(self) -> bool:
        """True for the more trusted class: human, document, commit and agent."""
        return self.trust >= Origin.AGENT.trust

    @property
    def may_mandate(self) -> bool:
        """True if statements of this origin may be mandatory: human, document and commit."""
        return self.trust >= Origin.COMMIT.trust


_TRUST = {
    Origin.HUMAN: 4,
    Origin.DOCUMENT: 3,
    Origin.COMMIT: 3,
    Origin.AGENT: 2,
    Origin.CONVERSATION: 1,
    Origin.EXTERNAL: 0,
}


class SupersessionKind(StrEnum):
    """The kind of a supersession."""

    UPDATE = "update"
    CORRECTION = "correction"
    AMENDMENT = "amendment"


class LinkKind(StrEnum):
    """Typed relations between memories other than supersession."""

    DEPENDS_ON = "depends_on"
    IMPLEMENTS = "implements"
    REFINES = "refines"
    FIXES = "fixes"
    CONFLICTS_WITH = "conflicts_with"


class AnchorKind(StrEnum):
    """The kind of an anchor."""

    REPO = "repo"
    MODULE = "module"
    FILE = "file"
    SYMBOL = "symbol"
    COMPONENT = "component"
    COMMIT = "commit"
    DEVELOPER = "developer"


class Outcome(StrEnum):
    """The outcome of an option that a decision considered."""

    CHOSEN = "chosen"
    REJECTED = "rejected"


class Permission(StrEnum):
    """A permission of a key; no permission includes another.

    `read` reads; `write` adds, supersedes and changes status; `review` retracts and revokes changes of others; `admin`
    erases, exports, restores and inspects the whole store.
    """

    READ = "read"
    WRITE = "write"
    REVIEW = "review"
    ADMIN = "admin"
