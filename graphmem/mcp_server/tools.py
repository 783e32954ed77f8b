"""The tools: what each is called, takes and does. Each is one verb of the service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol

from graphmem.answers import Explanation, History, Written
from graphmem.errors import InvalidInput
from graphmem.mcp_server.arguments import (
    AddArguments,
    Arguments,
    ConfirmArguments,
    EndArguments,
    OneArguments,
    SearchArguments,
    Signed,
    SupersedeArguments,
)
from graphmem.mcp_server.brief_answers import answered
from graphmem.model import Alternative, Anchor, AnchorKind, Outcome, Scope, SupersessionKind
from graphmem.retrieval.briefs import BriefAnswer
from graphmem.service import GraphMemory, Write
from graphmem.service.wording import Words, statement_from
from graphmem.store import Filter, Page


class Caller(Protocol):
    """Who calls a tool."""

    @property
    def actor(self) -> str | None:
        """Who writes; None for whoever the memory was opened for."""
        ...

    @property
    def may_read(self) -> bool:
        """Whether they may be told what others wrote."""
        ...

    def may_name(self, repo: str) -> bool:
        """Whether they may be told that there is a repository."""
        ...

    def own_op_id(self, op_id: str) -> str:
        """The name in the ledger of a write that they name so."""
        ...

    def place(self, asked: Scope, *, is_write: bool) -> Scope:
        """Where they stand who name a repository, a person or neither.

        Raises:
            Forbidden: They may not ask there; or not write.
        """
        ...


@dataclass(frozen=True, slots=True)
class Here:
    """Whoever started the process: everything that the opened memory lets them."""

    scope: Scope
    actor: str | None = None
    may_read: bool = True

    def may_name(self, repo: str) -> bool:
        """Always."""
        del repo
        return True

    def own_op_id(self, op_id: str) -> str:
        """The same."""
        return op_id

    def place(self, asked: Scope, *, is_write: bool) -> Scope:
        """Where the memory was opened for, or in the repository and for the person that were named."""
        del is_write
        return replace(self.scope, repo=asked.repo or self.scope.repo, user=asked.user or self.scope.user)


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool.

    Attributes:
        description: What a model reads before it decides to call it.
        takes: Its arguments.
        gives: What it answers.
        is_read_only: It changes nothing.
        run: Carries it out; the arguments are of the kind that it takes.
    """

    name: str
    title: str
    description: str
    takes: type[Arguments]
    gives: type
    is_read_only: bool
    run: Callable[[GraphMemory, Caller, Any], object]


def _search(memory: GraphMemory, caller: Caller, asked: SearchArguments) -> BriefAnswer:
    where = Filter(
        kinds=() if asked.kind is None else (asked.kind,),
        labels=asked.tags,
        paths=() if asked.path is None else (asked.path,),
        include_history=asked.include_history,
    )
    scope = _reader(caller, asked)
    found = memory.search(
        asked.query, at=asked.at, scope=scope, where=where, page=Page(asked.limit), min_relevance=asked.min_relevance
    )
    others = () if scope.repo is not None else tuple(filter(caller.may_name, memory.repositories(scope=scope)))
    return answered(found, asked, len(others))


def _add(memory: GraphMemory, caller: Caller, asked: AddArguments) -> Written:
    write = _write(caller, asked)
    repo = write.scope.repo if write.scope is not None else None
    said = replace(
        statement_from(asked.text, asked.kind),
        subject=asked.subject,
        rationale=asked.rationale or "",
        labels=asked.tags,
        origin=asked.origin,
        confidence=asked.confidence,
        alternatives=tuple(map(_rejected, asked.rejected)),
        anchors=tuple(Anchor(AnchorKind.FILE, path, repo) for path in asked.paths),
    )
    return memory.add(said, start=asked.start, on_similar=asked.on_similar if caller.may_read else None, write=write)


def _rejected(said: str) -> Alternative:
    name, _, reason = said.partition(":")
    return Alternative(name.strip(), Outcome.REJECTED, reason.strip())


def _supersede(memory: GraphMemory, caller: Caller, asked: SupersedeArguments) -> Written:
    write = _write(caller, asked)
    kind = SupersessionKind.CORRECTION if asked.is_correction else SupersessionKind.UPDATE
    if (asked.text is None) == (asked.new is None):
        raise InvalidInput("a successor is a text or the id of a memory: give one of `text` and `new`")
    if asked.is_correction and asked.at is not None:
        raise InvalidInput("a correction has no `at`: the old one was never right")
    if asked.new is not None:
        return memory.supersede(asked.old, by=asked.new, at=asked.at, kind=kind, write=write)
    return memory.supersede(asked.old, Words(asked.text), at=asked.at, kind=kind, write=write)


def _end(memory: GraphMemory, caller: Caller, asked: EndArguments) -> Written:
    return memory.end(asked.id, at=asked.at, write=_write(caller, asked))


def _confirm(memory: GraphMemory, caller: Caller, asked: ConfirmArguments) -> Written:
    return memory.confirm(asked.id, write=_write(caller, asked))


def _history(memory: GraphMemory, caller: Caller, asked: OneArguments) -> History:
    return memory.history(asked.id, at=asked.at, scope=_reader(caller, asked))


def _explain(memory: GraphMemory, caller: Caller, asked: OneArguments) -> Explanation:
    return memory.explain(asked.id, at=asked.at, scope=_reader(caller, asked))


def _reader(caller: Caller, asked: Arguments) -> Scope:
    return caller.place(asked.place, is_write=False)


def _write(caller: Caller, asked: Signed) -> Write:
    return Write(
        scope=caller.place(asked.place, is_write=True),
        actor=caller.actor,
        source=asked.source,
        reason=asked.reason,
        origin=asked.origin,
        op_id=None if asked.op_id is None else caller.own_op_id(asked.op_id),
    )


_ALL = (
    Tool(
        "memory_search",
        "Search memories",
        "What this project decided, prefers and knows, true now or at a past time. A question worded like a replaced"
        " decision finds what replaced it. Ask before you decide or change something. memory_explain has the whole.",
        SearchArguments,
        BriefAnswer,
        is_read_only=True,
        run=_search,
    ),
    Tool(
        "memory_add",
        "Record a memory",
        "Record a decision, convention, fact or preference that others will rely on. The answer names similar ones: if"
        " one of them is replaced by this, call memory_supersede.",
        AddArguments,
        Written,
        is_read_only=False,
        run=_add,
    ),
    Tool(
        "memory_supersede",
        "Replace a memory",
        "Let new words, or another memory, supersede one that is no longer true. The old one stays in the history.",
        SupersedeArguments,
        Written,
        is_read_only=False,
        run=_supersede,
    ),
    Tool(
        "memory_end",
        "End a memory",
        "A memory no longer holds and nothing takes its place. It stays in the history.",
        EndArguments,
        Written,
        is_read_only=False,
        run=_end,
    ),
    Tool(
        "memory_confirm",
        "Confirm a memory",
        "You saw that a memory still holds: its confidence starts afresh.",
        ConfirmArguments,
        Written,
        is_read_only=False,
        run=_confirm,
    ),
    Tool(
        "memory_history",
        "History of a memory",
        "What a memory supersedes, what supersedes it, its own moves and every change of it.",
        OneArguments,
        History,
        is_read_only=True,
        run=_history,
    ),
    Tool(
        "memory_explain",
        "Explain a memory",
        "Why a memory stands as it does: the reasons, what decides, what it rests on, what stands for it.",
        OneArguments,
        Explanation,
        is_read_only=True,
        run=_explain,
    ),
)
TOOLS = {tool.name: tool for tool in _ALL}
