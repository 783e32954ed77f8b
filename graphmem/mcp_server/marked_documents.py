"""What came from outside is told apart from what is trusted: its words stand between marks that name their origin.

An agent that reads memories reads whatever somebody once put into an issue, a log or a conversation. What is marked is
decided by the field that a text stands in and by the origin of the memory that it belongs to, before anything is
written; the finished text is never searched. The marks are in the text itself, since that is all a model sees.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
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
from graphmem.mcp_server.marks import Foreign, Parts, rendered
from graphmem.model import (
    AbandonBranch,
    Add,
    Alternative,
    Anchor,
    Change,
    Confirm,
    End,
    Erase,
    Link,
    Memory,
    MergeBranch,
    Move,
    OpenBranch,
    Origin,
    Provenance,
    Retract,
    Scope,
    Statement,
    Supersede,
    Transition,
)
from graphmem.retrieval.briefs import Brief, BriefAnswer, Rejected
from graphmem.temporal import touched
from graphmem.wire.json_documents import Writer

#: Of a memory that is not there to be asked.
UNKNOWN = "unknown"
_TRUST = {one.value: one.trust for one in Origin}
_TRUSTED = Origin.AGENT.trust
_TAG_CHARS = 12

_OWN_ID = re.compile(r"[0-9a-hjkmnp-tv-z]{12}")
_OWN_OP_ID = re.compile(r"[0-9a-f]{24}(/(new|[0-9]{1,6}))?")


class Voice(StrEnum):
    """Whose words a field of an answer holds.

    `OURS` are graphmem's own. `WORDS` are those of the memory or entry that the field belongs to. `QUOTED` knows itself
    which of its words are whose (`Sentence`). `ID` names a memory: our own ids say nothing, those that a caller made
    may. `HOME` says where a memory lives.
    """

    OURS = "ours"
    WORDS = "words"
    QUOTED = "quoted"
    ID = "id"
    HOME = "home"


_PLAIN = Voice.OURS
#: Every field of an answer that holds text; a test holds that none is left out.
VOICES: Mapping[type, Mapping[str, Voice]] = {
    BriefAnswer: {"mode": _PLAIN, "notes": Voice.QUOTED},
    Brief: {
        "id": Voice.ID,
        "alias": Voice.WORDS,
        "title": Voice.WORDS,
        "excerpt": Voice.WORDS,
        "rationale": Voice.WORDS,
        "because": Voice.QUOTED,
    },
    Rejected: {"name": Voice.WORDS, "reason": Voice.WORDS},
    Reference: {"id": Voice.ID, "title": Voice.WORDS, "alias": Voice.WORDS},
    Hit: {"because": Voice.QUOTED, "parts": _PLAIN},
    Contest: {"rule": _PLAIN},
    Told: {"word": Voice.WORDS},
    Step: {"part": Voice.QUOTED, "evidence": Voice.QUOTED, "before": _PLAIN, "after": _PLAIN},
    Relation: {"before": _PLAIN, "after": _PLAIN, "part": Voice.QUOTED},
    Explanation: {"reasons": Voice.QUOTED, "suspect": Voice.QUOTED},
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
    Add: {"source_key": Voice.WORDS},
    Confirm: {"id": Voice.ID, "source_key": Voice.WORDS},
    **{kind: {"id": Voice.ID} for kind in (Transition, Retract, Erase)},
}

#: The origins of memories by their ids, of those that are seen.
Origins = Callable[[Sequence[str]], Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Marking:
    """How the words of one answer are told apart.

    Attributes:
        here: Where the caller stands: names of that place are the caller's own.
        lookup: The origins of memories that the answer names by id alone.
        sign: Makes a tag of a text; with the store's secret, so that nobody else can.
    """

    here: Scope
    lookup: Origins
    sign: Callable[[str], str]

    def document(self, answer: object) -> Any:  # noqa: ANN401 - JSON
        """The written form of an answer, with all words from outside between marks."""
        shown = dict(_origins_in(answer))
        bare = [key for key in dict.fromkeys(_bare_ids(answer)) if key not in shown]
        walk = _Walk(self, shown, dict(self.lookup(bare)) if bare else {}, Origin.HUMAN.value)
        found = walk.value(answer)
        return _written(found, self.sign(json.dumps(_texts_in(found)))[:_TAG_CHARS])

    def error(self, refusal: Mapping[str, Any]) -> dict[str, Any]:
        """What a refusal says: ids that a caller made may stand in its message, which is then marked as a whole."""
        heads = refusal["heads"]
        given = [key for key in heads if not _OWN_ID.fullmatch(key)]
        origins = self.lookup(given) if given else {}
        strange = [key for key in given if not is_trusted(origins.get(key, UNKNOWN))]
        if not strange:
            return dict(refusal)
        tag = self.sign(json.dumps(dict(refusal)))[:_TAG_CHARS]
        message = rendered((Foreign(str(refusal["message"]), UNKNOWN),), tag)
        shown = [rendered((Foreign(key, UNKNOWN),), tag) if key in strange else key for key in heads]
        return {**refusal, "message": message, "heads": shown}


@dataclass(frozen=True, slots=True)
class _Text:
    """A text in its parts."""

    parts: Parts


def is_trusted(origin: str) -> bool:
    """Whether words of that origin need no mark."""
    return origin in _TRUST and _TRUST[origin] >= _TRUSTED


@dataclass(frozen=True, slots=True)
class _Walk(Writer):
    """Writes one answer with its texts in parts; `speaker` is the origin of words that have no nearer one."""

    marking: Marking
    shown: Mapping[str, str]
    looked: Mapping[str, str]
    speaker: str

    def record(self, value: object) -> dict[str, Any]:
        """See `Writer`."""
        speaker = self._speaker_of(value)
        here = self if speaker == self.speaker else replace(self, speaker=speaker)
        return Writer.record(here, value)

    def field(self, owner: object, name: str, value: object) -> Any:  # noqa: ANN401 - JSON
        """See `Writer`."""
        if isinstance(value, Enum) or not _holds_text(value):
            return self.value(value)
        if isinstance(value, tuple | list):
            return [self.field(owner, name, one) for one in value]
        assert isinstance(value, str), "it holds text"  # noqa: S101
        return self._text(owner, VOICES.get(type(owner), {}).get(name, Voice.WORDS), value)

    def _text(self, owner: object, voice: Voice, text: str) -> object:
        if isinstance(owner, Told) and text == owner.status.value:
            return text
        if isinstance(text, Sentence) and voice is Voice.QUOTED:
            return _Text(_parts_of_sentence(text))
        if not text or voice is Voice.OURS or _is_ours(text, voice, self.marking.here):
            return text
        if voice is Voice.QUOTED:
            origin = self._origin_of_plain(owner)
        else:
            origin = self._origin_of(text) if voice is Voice.ID else self.speaker
        return text if is_trusted(origin) else _Text((Foreign(text, origin),))

    def _origin_of(self, key: str) -> str:
        """The origin of a memory: as the answer shows it, else as it was looked up."""
        return self.shown.get(key) or self.looked.get(key, UNKNOWN)

    def _origin_of_plain(self, owner: object) -> str:
        """The origin of a text that does not know whose words it holds, as an answer of a server does not.

        What is said of a supersession is as far to be trusted as both its sides, and any other sentence as all that the
        answer names.
        """
        if isinstance(owner, Step | Relation):
            return _least((_origin_word(owner.memory), self.speaker))
        return _least((self.speaker, *self.shown.values(), *self.looked.values()))

    def _speaker_of(self, value: object) -> str:
        """The origin of the words in a record."""
        if isinstance(value, History | Explanation | Hit):
            value = value.card
        if isinstance(value, Card):
            value = value.memory
        if isinstance(value, Brief):
            return value.origin.value
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
        isinstance(value, tuple | list) and bool(value) and all(isinstance(one, str) for one in value)
    )


def _is_ours(text: str, voice: Voice, here: Scope) -> bool:
    if voice is Voice.ID:
        return _OWN_ID.fullmatch(text) is not None
    if voice is Voice.HOME:
        return text in {here.tenant, here.repo, here.user, here.branch, here.environment, *here.related_repos}
    return _OWN_OP_ID.fullmatch(text) is not None


def _least(origins: Iterable[str]) -> str:
    return min(origins, key=lambda one: _TRUST.get(one, -1), default=Origin.HUMAN.value)


def _bare_ids(answer: object) -> Iterator[str]:
    """The ids of memories that ledger entries of an answer name."""
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
        for one in value:
            yield from _origins_in(one)
    elif is_dataclass(value) and not isinstance(value, type):
        if isinstance(value, Brief):
            yield value.id, value.origin.value
        for spec in fields(value):
            yield from _origins_in(getattr(value, spec.name))


def _origin_word(memory: Reference) -> str:
    """The origin of a memory that an answer names; that of an erased or unseen one is not known."""
    return UNKNOWN if memory.origin is None else memory.origin.value


def _parts_of_sentence(sentence: Sentence) -> Parts:
    parts: list[str | Foreign] = []
    end = 0
    for one in sentence.quotes:
        words = str(sentence[one.start : one.end])
        is_ours = is_trusted(one.origin.value)
        parts += [str(sentence[end : one.start]), words if is_ours else Foreign(words, one.origin.value)]
        end = one.end
    return tuple(one for one in (*parts, str(sentence[end:])) if one != "")


def _texts_in(value: object) -> list[str]:
    """All texts of an answer in parts, in their order; points in time and numbers do not count."""
    if isinstance(value, _Text):
        return [one if isinstance(one, str) else f"{one.origin}\x1f{one.text}" for one in value.parts]
    if isinstance(value, dict):
        return [text for name, one in value.items() if name != "at" for text in _texts_in(one)]
    if isinstance(value, list):
        return [text for one in value for text in _texts_in(one)]
    return [value] if isinstance(value, str) else []


def _written(value: Any, tag: str) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, _Text):
        return rendered(value.parts, tag)
    if isinstance(value, dict):
        return {name: _written(one, tag) for name, one in value.items()}
    return [_written(one, tag) for one in value] if isinstance(value, list) else value
