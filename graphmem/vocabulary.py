"""The words that graphmem knows: kinds, statuses, origins and the rest, each a closed list."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TypeVar

from graphmem.errors import InvalidInput

_Word = TypeVar("_Word", bound=StrEnum)
_SECOND_WORD = re.compile("(?<=[a-z])([A-Z])")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def word_of(words: type[_Word], value: str) -> _Word:
    """The word that a text spells; a word is itself.

    Raises:
        InvalidInput: It spells none of them: nothing may be stored that no reader understands.
    """
    if type(value) is words:
        return value
    try:
        return words(value)
    except ValueError:
        name = _SECOND_WORD.sub(r" \1", words.__name__).lower()
        raise InvalidInput(f"{value!r:.80} is no {name}; there are {', '.join(words)}") from None


#: Earlier releases kept the source key of a memory as a file anchor in this role.
SOURCE_ROLE = "recorded in"
MAX_SOURCE_KEY_CHARS = 1_000


def check_source_key(key: str | None) -> None:
    """Refuse a source key that no store could look up.

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
    """What sort of statement a memory is."""

    DECISION = "decision"
    CONVENTION = "convention"
    STRUCTURE = "structure"
    TASK = "task"
    PREFERENCE = "preference"
    INCIDENT = "incident"
    FACT = "fact"


class Status(StrEnum):
    """A memory's own state. Superseded is not among them: it is read off the edges."""

    PROPOSED = "proposed"
    DEFERRED = "deferred"
    ACTIVE = "active"
    REJECTED = "rejected"
    ENDED = "ended"

    @property
    def rank(self) -> int:
        """Place in a memory's life, 0 to 4: decides between moves at one instant that nothing else orders."""
        return _LIFE.index(self)


_LIFE = (Status.PROPOSED, Status.DEFERRED, Status.ACTIVE, Status.REJECTED, Status.ENDED)


class Origin(StrEnum):
    """Where a statement came from, which decides how far it is trusted."""

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
        """Whether it is of the more trusted class: a human, a document, a commit or an agent."""
        return self.trust >= Origin.AGENT.trust

    @property
    def may_mandate(self) -> bool:
        """Whether what it says may be mandatory: of a human, a document or a commit."""
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
    """How a new memory relates to the one that it supersedes."""

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
    """What a memory can be about."""

    REPO = "repo"
    MODULE = "module"
    FILE = "file"
    SYMBOL = "symbol"
    COMPONENT = "component"
    COMMIT = "commit"
    DEVELOPER = "developer"


class Outcome(StrEnum):
    """What became of an option that a decision considered."""

    CHOSEN = "chosen"
    REJECTED = "rejected"


class Permission(StrEnum):
    """What a key allows; none includes another.

    `read` reads; `write` adds, replaces and moves; `review` retracts and revokes what others wrote; `admin` erases,
    exports, restores and reads about the store as a whole.
    """

    READ = "read"
    WRITE = "write"
    REVIEW = "review"
    ADMIN = "admin"
