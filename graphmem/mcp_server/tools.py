"""The tools of agents: three with arguments of their own, the others made from the contracts of verbs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import Any

from graphmem.answers import Written
from graphmem.errors import InvalidInput
from graphmem.mcp_server.arguments import AddArguments, Arguments, SearchArguments, SupersedeArguments
from graphmem.mcp_server.brief_answers import answered
from graphmem.mcp_server.callers import Caller, reader_scope, write_of
from graphmem.mcp_server.verb_tools import DESCRIPTIONS, TITLES, arguments_of, run_verb
from graphmem.model import Alternative, Anchor, AnchorKind, Outcome, SupersessionKind
from graphmem.retrieval.briefs import BriefAnswer
from graphmem.service import GraphMemory
from graphmem.service.wording import Words, statement_from
from graphmem.store import Page
from graphmem.verbs import VERBS, Profile, Verb
from graphmem.vocabulary import Permission
from graphmem.wire.contracts import contract


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool.

    Attributes:
        description: What a model reads before it decides to call it.
        takes: Its arguments.
        gives: What it answers.
        permission: What the caller must be allowed.
        is_read_only: It changes nothing.
        run: Carries it out; the arguments are of the kind that it takes.
    """

    name: str
    title: str
    description: str
    takes: type[Arguments]
    gives: Any
    permission: Permission
    is_read_only: bool
    run: Callable[[GraphMemory, Caller, Any], object]


def _search(memory: GraphMemory, caller: Caller, asked: SearchArguments) -> BriefAnswer:
    scope = reader_scope(caller, asked)
    found = memory.search(
        asked.query,
        at=asked.at,
        scope=scope,
        where=asked.where,
        page=Page(asked.limit),
        min_relevance=asked.min_relevance,
    )
    others = () if scope.repo is not None else tuple(filter(caller.may_name, memory.repositories(scope=scope)))
    return answered(found, asked, len(others))


def _add(memory: GraphMemory, caller: Caller, asked: AddArguments) -> Written:
    write = write_of(caller, asked)
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
    write = write_of(caller, asked)
    kind = SupersessionKind.CORRECTION if asked.is_correction else SupersessionKind.UPDATE
    if (asked.text is None) == (asked.new is None):
        raise InvalidInput("a successor is a text or the id of a memory: give one of `text` and `new`")
    if asked.is_correction and asked.at is not None:
        raise InvalidInput("a correction has no `at`: the old one was never right")
    if asked.new is not None:
        return memory.supersede(asked.old, by=asked.new, at=asked.at, kind=kind, write=write)
    return memory.supersede(asked.old, Words(asked.text), at=asked.at, kind=kind, write=write)


_OWN = (
    Tool(
        "memory_search",
        "Search memories",
        "What this project decided, prefers and knows, true now or at a past time. A question worded like a replaced"
        " decision finds what replaced it. Ask before you decide or change something. memory_explain has the whole.",
        SearchArguments,
        BriefAnswer,
        Permission.READ,
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
        Permission.WRITE,
        is_read_only=False,
        run=_add,
    ),
    Tool(
        "memory_supersede",
        "Replace a memory",
        "Let new words, or another memory, supersede one that is no longer true. The old one stays in the history.",
        SupersedeArguments,
        Written,
        Permission.WRITE,
        is_read_only=False,
        run=_supersede,
    ),
)


def _of_verb(verb: Verb) -> Tool:
    """The tool of a verb as its contract makes it."""
    agreed = contract(verb.name)
    title = TITLES.get(verb.name, verb.summary[0].upper() + verb.summary[1:])
    return Tool(
        f"memory_{verb.name}",
        title,
        DESCRIPTIONS.get(verb.name, agreed.doc),
        arguments_of(verb.name),
        agreed.answer,
        verb.permission,
        is_read_only=not verb.is_write,
        run=partial(run_verb, verb.name),
    )


@cache
def tools_of(profile: Profile) -> dict[str, Tool]:
    """The tools of a profile by name, those of `core` first."""
    own = {tool.name: tool for tool in _OWN}
    named = [verb for verb in VERBS.values() if f"memory_{verb.name}" not in own]
    core = own | _made(sorted((verb for verb in named if verb.profile is Profile.CORE), key=_writes_first))
    return core if profile is Profile.CORE else core | _made(verb for verb in named if verb.profile is Profile.FULL)


def _writes_first(verb: Verb) -> bool:
    return not verb.is_write


def _made(verbs: Iterable[Verb]) -> dict[str, Tool]:
    return {f"memory_{verb.name}": _of_verb(verb) for verb in verbs}


TOOLS = tools_of(Profile.CORE)
