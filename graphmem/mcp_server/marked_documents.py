"""Answers for agents, with every text of untrusted origin between marks that name the origin.

Memories can repeat text from issues, logs and conversations, and an agent reads this text. The field that holds a text
and the origin of its memory decide if it is marked, before the answer is rendered; the rendered text is never searched.
The marks are part of the text, because a model sees only the text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from enum import Enum, StrEnum
from typing import Any

from graphmem.answers import (
    Card,
    Contest,
    Explanation,
    History,
    Hit,
    Reference,
    Relation,
    Sentence,
    Similar,
    Step,
    Told,
    Written,
)
from graphmem.briefing.block import BlockItem, ContextBlock, RejectedOption
from graphmem.claims.work_claim import ClaimStep, WorkClaim
from graphmem.deferred_dataclass import dataclass
from graphmem.guard.file_changes import SkippedFile
from graphmem.marks import Foreign, Parts, rendered
from graphmem.mcp_server.ingest_tool import IngestAnswer, IngestedSource
from graphmem.model import (
    AbandonBranch,
    Add,
    Alternative,
    Anchor,
    Change,
    CodeVerdict,
    CommitPoint,
    Confirm,
    End,
    Erase,
    Feedback,
    Link,
    Memory,
    MergeBranch,
    Move,
    OpenBranch,
    Origin,
    Provenance,
    ReadMainline,
    Retract,
    Scope,
    Statement,
    Supersede,
    Transition,
)
from graphmem.recalls import RecallCounts, UnansweredQuestion
from graphmem.redactions import Redaction
from graphmem.repository.dating_commits import DatingCommit
from graphmem.repository.file_lives import AuthorShare, FileLife, FilePath
from graphmem.repository.file_places import FilePlace, FileRename, PlaceShare
from graphmem.repository.relocations import Relocation
from graphmem.repository.repository_link import LinkRepository, MovedFolder
from graphmem.repository.symbol_places import SymbolMove, SymbolPlace
from graphmem.retrieval.briefs import Brief, BriefAnswer, Rejected
from graphmem.service.claim_answers import ClaimWritten
from graphmem.service.guard_answers import ExcusedFinding, GuardFinding
from graphmem.service.recall_answers import RecallStatistics, UsedMemory
from graphmem.temporal import touched
from graphmem.wire.json_documents import Writer

#: Origin of a memory that is not visible or is erased.
UNKNOWN = "unknown"
_TRUST = {origin.value: origin.trust for origin in Origin}
_TRUSTED = Origin.AGENT.trust
_TAG_CHARS = 12

_OWN_ID = re.compile(r"[0-9a-hjkmnp-tv-z]{12}")
_OWN_OP_ID = re.compile(r"[0-9a-f]{24}(/(new|[0-9]{1,6}))?")


class Voice(StrEnum):
    """The author of the text in a field of an answer.

    `OURS`: text of graphmem. `WORDS`: text of the memory or entry that the field belongs to. `QUOTED`: a `Sentence`,
    which records the origin of each part. `ID`: a memory id; ids made by graphmem carry no text, ids chosen by a caller
    can. `HOME`: a name in a memory's scope.
    """

    OURS = "ours"
    WORDS = "words"
    QUOTED = "quoted"
    ID = "id"
    HOME = "home"


_PLAIN = Voice.OURS
#: The author of each field of an answer that holds text; a test checks that the table is complete.
VOICES: Mapping[type, Mapping[str, Voice]] = {
    BriefAnswer: {"mode": _PLAIN, "notes": Voice.QUOTED},
    Brief: {
        "id": Voice.ID,
        "alias": Voice.WORDS,
        "title": Voice.WORDS,
        "excerpt": Voice.WORDS,
        "rationale": Voice.WORDS,
        "because": Voice.QUOTED,
        "files": Voice.WORDS,
        "code": Voice.WORDS,
        "suspect": Voice.QUOTED,
    },
    WorkClaim: {
        **dict.fromkeys(("id", "works_on", "overlaps"), Voice.ID),
        **dict.fromkeys(("task", "actor", "paths"), Voice.WORDS),
        "repo": Voice.HOME,
    },
    ClaimStep: dict.fromkeys(("actor", "action", "note"), Voice.WORDS),
    ClaimWritten: {"ids": Voice.ID, "notes": Voice.QUOTED},
    ContextBlock: dict.fromkeys(("markdown", "counter", "mode", "note"), _PLAIN),
    BlockItem: {
        "id": Voice.ID,
        "title": Voice.WORDS,
        "alias": Voice.WORDS,
        "matched": _PLAIN,
        "cautions": Voice.QUOTED,
        "settled": Voice.QUOTED,
    },
    RejectedOption: {"name": Voice.WORDS, "reason": Voice.WORDS},
    CommitPoint: dict.fromkeys(("name", "sha", "fork"), Voice.WORDS),
    FilePlace: dict.fromkeys(("path", "now", "deleted_in"), Voice.WORDS),
    FilePath: dict.fromkeys(("path", "commit", "ended_by", "author"), Voice.WORDS),
    FileLife: {"now": Voice.WORDS},
    DatingCommit: dict.fromkeys(("sha", "author"), Voice.WORDS),
    AuthorShare: dict.fromkeys(("author", "commit"), Voice.WORDS),
    FileRename: dict.fromkeys(("old", "new", "commit", "author"), Voice.WORDS),
    PlaceShare: dict.fromkeys(("path", "commit"), Voice.WORDS),
    SymbolPlace: dict.fromkeys(("symbol", "now", "gone_in", "proposals"), Voice.WORDS),
    SymbolMove: {**dict.fromkeys(("old", "new", "commit"), Voice.WORDS), "basis": _PLAIN},
    Rejected: {"name": Voice.WORDS, "reason": Voice.WORDS},
    Reference: {"id": Voice.ID, "title": Voice.WORDS, "alias": Voice.WORDS},
    GuardFinding: {
        **dict.fromkeys(("message", "option", "key", "reason", "instead", "change", "allow"), Voice.WORDS),
        **dict.fromkeys(("path", "evidence"), _PLAIN),
    },
    ExcusedFinding: {
        **dict.fromkeys(("option", "by", "reason", "allow"), Voice.WORDS),
        "path": _PLAIN,
    },
    SkippedFile: dict.fromkeys(("path", "reason"), _PLAIN),
    Hit: {"because": Voice.QUOTED, "parts": _PLAIN},
    Contest: {"rule": _PLAIN},
    Told: {"word": Voice.WORDS},
    Step: {"part": Voice.QUOTED, "evidence": Voice.QUOTED, "before": _PLAIN, "after": _PLAIN},
    Relation: {"before": _PLAIN, "after": _PLAIN, "part": Voice.QUOTED},
    Explanation: {"reasons": Voice.QUOTED, "suspect": Voice.QUOTED, "use": _PLAIN},
    RecallStatistics: {"since": _PLAIN, "began": _PLAIN},
    RecallCounts: {"last_day": _PLAIN},
    UsedMemory: {"why": _PLAIN},
    UnansweredQuestion: {**dict.fromkeys(("digest", "first_day", "last_day"), _PLAIN), "repo": Voice.HOME},
    IngestAnswer: {"failed": Voice.WORDS},
    IngestedSource: {"name": Voice.WORDS},
    Redaction: {"rule": _PLAIN, "place": _PLAIN},
    Similar: {"found_by": _PLAIN},
    Written: {"ids": Voice.ID, "notes": Voice.QUOTED},
    Change: {"op_id": Voice.WORDS},
    Provenance: {"actor": Voice.WORDS, "source": Voice.WORDS, "reason": Voice.WORDS},
    Memory: {"id": Voice.ID},
    Scope: dict.fromkeys(("tenant", "repo", "user", "branch", "environment", "related_repos"), Voice.HOME),
    Statement: dict.fromkeys(("title", "body", "rationale", "subject", "aliases", "labels", "language"), Voice.WORDS),
    Anchor: dict.fromkeys(("name", "repo", "role"), Voice.WORDS),
    Alternative: dict.fromkeys(("name", "reason", "keys"), Voice.WORDS),
    Move: {"source_word": Voice.WORDS},
    Supersede: {"old": Voice.ID, "new": Voice.ID, "part": Voice.WORDS},
    End: {"id": Voice.ID, "source_word": Voice.WORDS},
    Link: {"source": Voice.ID, "target": Voice.ID},
    OpenBranch: {"name": Voice.WORDS, "parent": Voice.WORDS},
    MergeBranch: {"name": Voice.WORDS},
    AbandonBranch: {"name": Voice.WORDS},
    Relocation: {
        **dict.fromkeys(("commit", "path", "symbol", "new_path", "new_symbol"), Voice.WORDS),
        "basis": _PLAIN,
    },
    CodeVerdict: {"memory": Voice.ID, **dict.fromkeys(("commit", "reason", "path"), Voice.WORDS)},
    ReadMainline: dict.fromkeys(("ref", "tip", "content", "authors"), Voice.WORDS),
    LinkRepository: {"old": Voice.HOME, "commit": Voice.WORDS},
    MovedFolder: dict.fromkeys(("old", "new"), Voice.WORDS),
    Add: {"source_key": Voice.WORDS},
    Confirm: {"id": Voice.ID, "source_key": Voice.WORDS},
    **{kind: {"id": Voice.ID} for kind in (Transition, Retract, Erase, Feedback)},
}

#: Looks up the origins of memories by id; ids of unseen memories are missing from the result.
Origins = Callable[[Sequence[str]], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Marking:
    """Marks the texts of an answer by their origin.

    Attributes:
        here: The caller's scope; its names are never marked.
        lookup: Returns the origins of memories that the answer names only by id.
        sign: Makes a tag from a text with the store's secret, which writers of memories do not have.
    """

    here: Scope
    lookup: Origins
    sign: Callable[[str], str]

    def document(self, answer: object) -> Any:  # noqa: ANN401 - JSON
        """Render an answer as JSON, with every untrusted text between marks."""
        shown = dict(_origins_in(answer))
        bare = [key for key in dict.fromkeys(_bare_ids(answer)) if key not in shown]
        walk = _Walk(self, shown, dict(self.lookup(bare)) if bare else {}, Origin.HUMAN.value)
        document = walk.value(answer)
        return _written(document, self.sign(json.dumps(_texts_in(document)))[:_TAG_CHARS])

    def error(self, refusal: Mapping[str, Any]) -> dict[str, Any]:
        """Render a refusal; if its heads have untrusted ids chosen by a caller, its message is marked as a whole."""
        heads = refusal["heads"]
        chosen = [key for key in heads if not _OWN_ID.fullmatch(key)]
        origins = self.lookup(chosen) if chosen else {}
        untrusted = [key for key in chosen if not is_trusted(origins.get(key, UNKNOWN))]
        if not untrusted:
            return dict(refusal)
        tag = self.sign(json.dumps(dict(refusal)))[:_TAG_CHARS]
        message = rendered((Foreign(str(refusal["message"]), UNKNOWN),), tag)
        shown = [rendered((Foreign(key, UNKNOWN),), tag) if key in untrusted else key for key in heads]
        return {**refusal, "message": message, "heads": shown}


@dataclass(frozen=True, slots=True)
class _TextParts:
    """A text in its parts."""

    parts: Parts


def is_trusted(origin: str) -> bool:
    """Return True if text of this origin needs no mark."""
    return origin in _TRUST and _TRUST[origin] >= _TRUSTED


@dataclass(frozen=True, slots=True)
class _Walk(Writer):
    """Writes an answer with its texts in parts; `speaker` is the origin of the enclosing record's texts."""

    marking: Marking
    shown: Mapping[str, str]
    looked: Mapping[str, str]
    speaker: str

    def record(self, value: object) -> dict[str, Any]:
        """See `Writer`."""
        speaker = self._speaker_of(value)
        walk = self if speaker == self.speaker else replace(self, speaker=speaker)
        return Writer.record(walk, value)

    def field(self, owner: object, name: str, value: object) -> Any:  # noqa: ANN401 - JSON
        """See `Writer`."""
        if isinstance(value, Enum) or not _holds_text(value):
            return self.value(value)
        if isinstance(value, tuple | list):
            return [self.field(owner, name, item) for item in value]
        assert isinstance(value, str), "it holds text"  # noqa: S101
        return self._text(owner, VOICES.get(type(owner), {}).get(name, Voice.WORDS), value)

    def _text(self, owner: object, voice: Voice, text: str) -> object:
        if isinstance(owner, Told) and text == owner.status.value:
            return text
        if isinstance(text, Sentence) and voice is Voice.QUOTED:
            return _TextParts(_parts_of_sentence(text))
        if not text or voice is Voice.OURS or _is_ours(text, voice, self.marking.here):
            return text
        if voice is Voice.QUOTED:
            origin = self._origin_of_plain(owner)
        else:
            origin = self._origin_of(text) if voice is Voice.ID else self.speaker
        return text if is_trusted(origin) else _TextParts((Foreign(text, origin),))

    def _origin_of(self, key: str) -> str:
        """The origin of a memory, as the answer shows it or else as it was looked up."""
        return self.shown.get(key) or self.looked.get(key, UNKNOWN)

    def _origin_of_plain(self, owner: object) -> str:
        """The origin of a plain text in a field for sentences, as in the answer of a remote server.

        The text of a supersession has the less trusted origin of its two sides; any other text has the least trusted
        origin in the answer.
        """
        if isinstance(owner, Step | Relation):
            return _least((_origin_word(owner.memory), self.speaker))
        return _least((self.speaker, *self.shown.values(), *self.looked.values()))

    def _speaker_of(self, value: object) -> str:
        """The origin of the texts in a record."""
        if isinstance(value, History | Explanation | Hit):
            value = value.card
        if isinstance(value, Card):
            value = value.memory
        if isinstance(value, Brief | BlockItem | WorkClaim | ClaimStep):
            return value.origin.value
        if isinstance(value, GuardFinding | ExcusedFinding):
            value = value.memory
        if isinstance(value, Reference):
            return _origin_word(value)
        if isinstance(value, Memory):
            return UNKNOWN if value.statement is None else value.statement.origin.value
        if isinstance(value, Statement):
            return value.origin.value
        if isinstance(value, Change):
            origins = [self._origin_in(value.operation, key) for key in touched(value.operation)]
            return _least((value.provenance.origin.value, *origins))
        return self.speaker

    def _origin_in(self, operation: object, key: str) -> str:
        if isinstance(operation, Add):
            return self._speaker_of(operation.memory)
        return self._origin_of(key)


def _holds_text(value: object) -> bool:
    return isinstance(value, str) or (
        isinstance(value, tuple | list) and bool(value) and all(isinstance(item, str) for item in value)
    )


def _is_ours(text: str, voice: Voice, caller: Scope) -> bool:
    if voice is Voice.ID:
        return _OWN_ID.fullmatch(text) is not None
    if voice is Voice.HOME:
        return text in {
            caller.tenant,
            caller.repo,
            caller.user,
            caller.branch,
            caller.environment,
            *caller.related_repos,
        }
    return _OWN_OP_ID.fullmatch(text) is not None


def _least(origins: Iterable[str]) -> str:
    return min(origins, key=lambda origin: _TRUST.get(origin, -1), default=Origin.HUMAN.value)


def _bare_ids(answer: object) -> Iterator[str]:
    """The ids that an answer, or its ledger entries, name without showing the memories."""
    for change in (*getattr(answer, "changes", ()), getattr(answer, "change", None)):
        if isinstance(change, Change):
            yield from touched(change.operation)
    yield from getattr(answer, "ids", ())


def _origins_in(value: object) -> Iterator[tuple[str, str]]:
    """The origins of the memories that an answer shows or refers to."""
    if isinstance(value, Memory) and value.statement is not None:
        yield value.id, value.statement.origin.value
    elif isinstance(value, Reference):
        yield value.id, _origin_word(value)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _origins_in(item)
    elif is_dataclass(value) and not isinstance(value, type):
        if isinstance(value, Brief | BlockItem | WorkClaim):
            yield value.id, value.origin.value
        for spec in fields(value):
            yield from _origins_in(getattr(value, spec.name))


def _origin_word(memory: Reference) -> str:
    """The origin of a referenced memory; UNKNOWN for an erased or unseen memory."""
    return UNKNOWN if memory.origin is None else memory.origin.value


def _parts_of_sentence(sentence: Sentence) -> Parts:
    parts: list[str | Foreign] = []
    end = 0
    for quote in sentence.quotes:
        words = str(sentence[quote.start : quote.end])
        is_ours = is_trusted(quote.origin.value)
        parts += [str(sentence[end : quote.start]), words if is_ours else Foreign(words, quote.origin.value)]
        end = quote.end
    return tuple(part for part in (*parts, str(sentence[end:])) if part != "")


def _texts_in(value: object) -> list[str]:
    """All texts of an answer in parts, in order, without its points in time and numbers."""
    if isinstance(value, _TextParts):
        return [part if isinstance(part, str) else f"{part.origin}\x1f{part.text}" for part in value.parts]
    if isinstance(value, dict):
        return [text for name, item in value.items() if name != "at" for text in _texts_in(item)]
    if isinstance(value, list):
        return [text for item in value for text in _texts_in(item)]
    return [value] if isinstance(value, str) else []


def _written(value: Any, tag: str) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, _TextParts):
        return rendered(value.parts, tag)
    if isinstance(value, dict):
        return {name: _written(item, tag) for name, item in value.items()}
    return [_written(item, tag) for item in value] if isinstance(value, list) else value
