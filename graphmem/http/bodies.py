"""What the bodies of requests are. They are checked and made into values of the library before a route sees them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr

from graphmem.answers import OnSimilar
from graphmem.http.asking import BranchName, Name, Signed, WhereForm
from graphmem.http.limits import MAX_BATCH, MAX_RESULTS
from graphmem.model import Kind, LinkKind, Move, Scope, Statement, Status, SupersessionKind
from graphmem.retrieval.request import Sort
from graphmem.sources.observations import Reading
from graphmem.wire.forms import ASKED, Instant

Said = Annotated[Statement, ASKED]
Id = Annotated[StrictStr, Field(min_length=1, max_length=1_000)]
Position = Annotated[StrictInt, Field(ge=0, lt=MAX_BATCH)]
Ids = Annotated[tuple[Id, ...], Field(max_length=MAX_BATCH)]
Words = Annotated[StrictStr, Field(min_length=1, max_length=250_000, pattern=r"\S")]
_EXAMPLE = {"title": "Primary keys are UUIDv7", "kind": "decision", "subject": "keys.format"}


class AddBody(Signed):
    """A memory to record."""

    statement: Said | Words = Field(
        description="A statement; or a text whose first line is the title, the rest the body.", examples=[_EXAMPLE]
    )
    moves: Annotated[tuple[Annotated[Move, ASKED], ...], Field(max_length=MAX_BATCH)] = Field(
        default=(), description="Its life as its source tells it; without any it is active from `start`."
    )
    kind: Kind = Field(default=Kind.FACT, description="What sort of statement a text is.")
    start: Instant | None = Field(default=None, description="Since when it holds; now if not given.")
    on_similar: OnSimilar | None = Field(
        default=OnSimilar.KEEP,
        description="Whether the same in other punctuation is recorded too or confirmed; null looks for nothing.",
    )


class Home(BaseModel):
    """Where a memory of a batch lives, if not where its writer stands."""

    model_config = ConfigDict(extra="forbid")

    tenant: Name | None = None
    repo: Name | None = None
    user: Name | None = None
    branch: BranchName | None = None
    environment: Name | None = None

    def scope(self) -> Scope:
        """The same without the tenant."""
        return Scope("default", self.repo, self.user, self.branch, self.environment)


class Item(BaseModel):
    """One memory of a batch."""

    model_config = ConfigDict(extra="forbid")

    statement: Said | Words = Field(
        description="A statement; or a text, of the origin of who writes, which restates what it supersedes."
    )
    moves: Annotated[tuple[Annotated[Move, ASKED], ...], Field(max_length=MAX_BATCH)] = ()
    id: Id | None = Field(default=None, description="Its id, if another system gave it one.")
    scope: Home | None = Field(
        default=None, description="Where it lives; where what it supersedes lives, or its writer stands, if not given."
    )
    start: Instant | None = Field(default=None, description="Since when it holds, and supersedes; now if not given.")
    supersedes: Annotated[tuple[Id | Position, ...], Field(max_length=MAX_BATCH)] = Field(
        default=(),
        description="What it takes over from: memories by id, alias or the beginning of an id, and items before it by"
        " their ids or by their positions, counted from 0.",
    )
    supersession: Literal[SupersessionKind.UPDATE, SupersessionKind.CORRECTION] = SupersessionKind.UPDATE
    until: Instant | None = Field(default=None, description="End of a provisional replacement.")
    reason: Annotated[StrictStr, Field(max_length=20_000)] | None = Field(
        default=None, description="Why, in place of the reason of all."
    )


class BatchBody(Signed):
    """Memories to record in one transaction: all or none."""

    items: Annotated[tuple[Item, ...], Field(max_length=MAX_BATCH)] = Field(
        examples=[[{"statement": _EXAMPLE}, {"statement": "Primary keys are UUIDv8", "supersedes": [0]}]]
    )
    on_similar: OnSimilar | None = Field(
        default=None,
        description="As for one memory: each is compared with what is there, not with the others.",
    )


class SupersedeBody(Signed):
    """What supersedes a memory: `new` words, or the memories `by`."""

    new: Said | Words | Ids | None = Field(
        default=None,
        description="A statement or a text, which is recorded first. An id, or several, is read as `by`.",
        examples=["Primary keys are UUIDv7: they sort by time"],
    )
    by: Ids | Id | None = Field(default=None, description="Memories by id, alias or the beginning of an id.")
    also: Ids = Field(default=(), description="Further memories that are superseded.")
    at: Instant | None = Field(default=None, description="From when; now if not given. A correction has none.")
    until: Instant | None = Field(default=None, description="End of a provisional replacement.")
    kind: Literal[SupersessionKind.UPDATE, SupersessionKind.CORRECTION] = SupersessionKind.UPDATE


class AmendBody(Signed):
    """What replaces a part: `new` words, or the memory `by`."""

    new: Said | Words | None = None
    by: Id | None = Field(default=None, description="A memory by id, alias or the beginning of an id.")
    part: Annotated[StrictStr, Field(max_length=20_000)] = Field(examples=["retention"])
    at: Instant | None = None


class TransitionBody(Signed):
    """One more move."""

    status: Status
    at: Instant | None = None
    word: Annotated[StrictStr, Field(max_length=1_000)] | None = Field(
        default=None, description="The source's own word."
    )


class EndBody(Signed):
    """When it stops holding."""

    at: Instant | None = None
    word: Annotated[StrictStr, Field(max_length=1_000)] | None = Field(
        default=None, description="The source's own word."
    )


class LinkBody(Signed):
    """What it is related to, and how."""

    target: Id
    kind: LinkKind


class RevokeBody(Signed):
    """Which part of a change is undone."""

    move: Annotated[StrictInt, Field(ge=1, le=MAX_BATCH)] | None = Field(
        default=None, description="Only this move of an add, counted from 1."
    )


class BranchBody(Signed):
    """A branch by name."""

    name: BranchName


class OpenBranchBody(BranchBody):
    """A branch to open."""

    parent: BranchName | None = Field(default=None, description="None: the main line.")


class SearchBody(BaseModel):
    """A question."""

    model_config = ConfigDict(extra="forbid")

    query: Annotated[StrictStr, Field(max_length=10_000)] = Field(examples=["which database do we use?"])
    where: WhereForm | None = Field(default=None, description="Narrows what is looked at.")
    sort: Sort = Sort.RELEVANCE
    limit: Annotated[StrictInt, Field(ge=1, le=MAX_RESULTS)] = 10
    cursor: Annotated[StrictStr, Field(max_length=400)] | None = None
    min_relevance: Annotated[float, Field(ge=0, le=1, strict=True)] | None = Field(
        default=None, description="Leave out what is less relevant; 0 leaves out nothing."
    )
    excerpts: StrictBool = Field(
        default=True,
        description="Tell of each hit the sentences that match, the reason and the rejected options, and whether"
        " memories of no repository alone were searched. Where texts are long, that takes as long as the search.",
    )


class DocumentBody(BaseModel):
    """A file that may hold a decision record."""

    model_config = ConfigDict(extra="forbid")

    path: Annotated[StrictStr, Field(min_length=1, max_length=1_000)] = Field(
        description="By which it is known again, relative to the repository.",
        examples=["docs/decisions/0001-use-postgresql.md"],
    )
    content: StrictStr
    first_seen: Instant | None = Field(
        default=None, description="When it was committed first, for a record without a date."
    )


class DocumentsBody(Signed):
    """Files to look for decision records in; send all that speak of each other together."""

    documents: Annotated[tuple[DocumentBody, ...], Field(max_length=MAX_BATCH)]


class ReadingBody(Signed):
    """What a reader on the caller's side made of a source."""

    reading: Annotated[Reading, ASKED]
