"""The library and the client: verbs are methods, arguments values of the library."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from graphmem import (
    At,
    Filter,
    GraphMemError,
    GraphMemory,
    Kind,
    LinkKind,
    Move,
    New,
    OnSimilar,
    Page,
    Scope,
    Sort,
    Statement,
    Status,
    SupersessionKind,
    Write,
)
from graphmem.errors import Conflict
from graphmem.feedback import Opinion
from graphmem.model import CodeVerdict, ReadMainline
from graphmem.repository.relocations import Relocation
from graphmem.service.guard_answers import FileEdit
from graphmem.sources.transcripts import Message
from graphmem.wire.forms import read
from graphmem.wire.json_documents import document
from graphmem.wire.times import read_time
from tests.parity.documents import reading_of
from tests.parity.use_case import Refused

_PARTS: dict[str, Any] = {
    "on_similar": OnSimilar,
    "opinion": Opinion,
    "page": Page,
    "reading": ReadMainline,
    "scope": Scope,
    "sort": Sort,
    "status": Status,
    "where": Filter,
    "write": Write,
}
#: Of what kind the `kind` of a verb is.
_KINDS: dict[str, Any] = {"add": Kind, "link": LinkKind, "supersede": SupersessionKind}
_TIMES = frozenset({"start", "until"})


@dataclass(frozen=True, slots=True)
class Typed:
    """A memory, here or over a server, asked in Python."""

    memory: GraphMemory
    folder: Path

    def ask(self, verb: str, asked: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
        """The answer in the written form."""
        try:
            if verb == "ingest":
                return document(self.memory.ingest(reading_of(asked["documents"]), write=_made(Write, asked["write"])))
            if verb == "backup":
                return self.memory.backup(self.folder / asked["target"])
            given = {name: _value(verb, name, one) for name, one in asked.items()}
            return _plain(getattr(self.memory, verb)(**given))
        except GraphMemError as error:
            heads = error.heads if isinstance(error, Conflict) else ()
            raise Refused(error.code, heads, str(error)) from error


def offered() -> set[str]:
    """Every verb of the service."""
    return {name for name in dir(GraphMemory) if not name.startswith("_")}


def _plain(answer: object) -> Any:  # noqa: ANN401 - JSON
    listed = isinstance(answer, Iterable) and not isinstance(answer, str)
    return document(list(answer) if listed else answer)  # type: ignore[call-overload]


def _value(verb: str, name: str, given: Any) -> Any:  # noqa: ANN401 - any argument of any verb
    """The library's own value of an argument; what is none is passed as it is, as an unwary caller does."""
    if name == "at":
        return _made(At, given) if isinstance(given, dict) else _time(given)
    if name in {"start", "end"} and verb == "diff":
        return _made(At, given)
    if name in _TIMES:
        return _time(given)
    if name == "kind":
        return _made(_KINDS[verb], given)
    if name == "moves":
        return tuple(_made(Move, one) for one in given)
    if name == "edits":
        return tuple(_made(FileEdit, one) for one in given)
    if name == "messages":
        return tuple(_made(Message, one) for one in given)
    if name == "verdicts":
        return tuple(_made(CodeVerdict, one) for one in given)
    if name == "relocations":
        return tuple(_made(Relocation, one) for one in given)
    if name == "items":
        return [_item(one) for one in given]
    if name in {"statement", "new"} and isinstance(given, dict):
        return _made(Statement, given)
    return _made(_PARTS[name], given) if name in _PARTS else given


def _item(given: dict[str, Any]) -> New:
    told = dict(given)
    said, scope = told.pop("statement"), told.pop("scope", None)
    times = {name: _time(told.pop(name)) for name in ("start", "until") if name in told}
    return New(
        statement=said if isinstance(said, str) else _made(Statement, said),
        scope=None if scope is None else _made(Scope, scope),
        supersedes=tuple(told.pop("supersedes", ())),
        **times,
        **told,
    )


def _made(kind: Any, given: Any) -> Any:  # noqa: ANN401 - any value of the library
    try:
        return read(kind, given)
    except ValidationError:
        return kind(**given) if isinstance(given, dict) else given


def _time(text: str) -> Any:  # noqa: ANN401 - as above
    try:
        return read_time(text)
    except GraphMemError:
        return text
