"""The tools of agents: three have arguments of their own, the others are made from the contracts of verbs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache, partial
from typing import Any

from graphmem.answers import Written
from graphmem.briefing.block import ContextBlock
from graphmem.deferred_dataclass import dataclass
from graphmem.errors import InvalidInput
from graphmem.mcp_server.brief_answers import answered
from graphmem.mcp_server.ingest_tool import IngestAnswer, IngestArguments, ingest
from graphmem.mcp_server.review_question import ReviewAnswer, ReviewArguments, ask_in_words
from graphmem.mcp_server.review_tool import REVIEW_TOOL
from graphmem.mcp_server.tool_arguments import (
    AddArguments,
    Arguments,
    ContextArguments,
    FeedbackArguments,
    SearchArguments,
    SupersedeArguments,
)
from graphmem.mcp_server.tool_callers import ToolCaller, reader_scope, write_of
from graphmem.mcp_server.verb_tools import DESCRIPTIONS, TITLES, arguments_of, run_verb
from graphmem.model import Alternative, Anchor, AnchorKind, Outcome, SupersessionKind
from graphmem.option_keys import parse_option_text
from graphmem.retrieval.briefs import BriefAnswer
from graphmem.service import GraphMemory
from graphmem.service.statements import StatementText, statement_from
from graphmem.store import Page
from graphmem.verbs import VERBS, Profile, Verb
from graphmem.vocabulary import Permission
from graphmem.wire.contracts import contract


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool.

    Attributes:
        description: Read by a model before it decides to call the tool.
        arguments: The model of its arguments.
        answer: The type of its answer.
        permission: The permission that the caller needs.
        is_read_only: Whether it never writes.
        run: The function of the tool; its third argument is an instance of `arguments`.
        is_long: Whether a call may take longer than clients wait for an answer; it reports its progress.
    """

    name: str
    title: str
    description: str
    arguments: type[Arguments]
    answer: Any
    permission: Permission
    is_read_only: bool
    run: Callable[[GraphMemory, ToolCaller, Any], object]
    is_long: bool = False


def _context(memory: GraphMemory, caller: ToolCaller, arguments: ContextArguments) -> ContextBlock:
    return memory.context(
        arguments.task,
        arguments.paths,
        at=arguments.at,
        scope=reader_scope(caller, arguments),
        budget_tokens=arguments.budget,
        since=arguments.since,
        actor=caller.actor,
    )


def _search(memory: GraphMemory, caller: ToolCaller, arguments: SearchArguments) -> BriefAnswer:
    scope = reader_scope(caller, arguments)
    answer = memory.search(
        arguments.query,
        at=arguments.at,
        scope=scope,
        where=arguments.where,
        page=Page(arguments.limit),
        min_relevance=arguments.min_relevance,
    )
    unsearched = () if scope.repo is not None else tuple(filter(caller.may_name, memory.repositories(scope=scope)))
    return answered(answer, arguments, len(unsearched))


def _add(memory: GraphMemory, caller: ToolCaller, arguments: AddArguments) -> Written:
    write = write_of(caller, arguments)
    repo = write.scope.repo if write.scope is not None else None
    statement = replace(
        statement_from(arguments.text, arguments.kind),
        subject=arguments.subject,
        rationale=arguments.rationale or "",
        labels=arguments.tags,
        origin=arguments.origin,
        confidence=arguments.confidence,
        alternatives=tuple(map(_rejected, arguments.rejected)),
        anchors=tuple(Anchor(AnchorKind.FILE, path, repo) for path in arguments.paths),
    )
    return memory.add(
        statement, start=arguments.start, on_similar=arguments.on_similar if caller.may_read else None, write=write
    )


def _rejected(text: str) -> Alternative:
    option = parse_option_text(text)
    return Alternative(option.name, Outcome.REJECTED, option.reason, option.parsed_keys())


def _supersede(memory: GraphMemory, caller: ToolCaller, arguments: SupersedeArguments) -> Written:
    write = write_of(caller, arguments)
    kind = SupersessionKind.CORRECTION if arguments.is_correction else SupersessionKind.UPDATE
    if (arguments.text is None) == (arguments.new is None):
        raise InvalidInput("give either `text`, the new statement, or `new`, the id of a memory")
    if arguments.is_correction and arguments.at is not None:
        raise InvalidInput("a correction has no `at`: the old memory was never right")
    if arguments.new is not None:
        return memory.supersede(arguments.old, by=arguments.new, at=arguments.at, kind=kind, write=write)
    return memory.supersede(arguments.old, StatementText(arguments.text), at=arguments.at, kind=kind, write=write)


def _feedback(memory: GraphMemory, caller: ToolCaller, arguments: FeedbackArguments) -> Written:
    return memory.feedback(arguments.id, arguments.opinion, write=write_of(caller, arguments))


_OWN = (
    Tool(
        "memory_context",
        "What governs a task",
        "What governs a task: rules, decisions with what they rejected, work in flight. Call it first, with the files"
        " that you will touch; ids name memories in every tool.",
        ContextArguments,
        ContextBlock,
        Permission.READ,
        is_read_only=True,
        run=_context,
    ),
    Tool(
        "memory_search",
        "Search memories",
        "Decisions, preferences and facts of this project, now or at a past time. A question about a replaced decision"
        " finds its successor. memory_explain has the full text.",
        SearchArguments,
        BriefAnswer,
        Permission.READ,
        is_read_only=True,
        run=_search,
    ),
    Tool(
        "memory_add",
        "Record a memory",
        "Record a decision, convention, fact or preference. The answer lists similar memories: if this replaces one,"
        " call memory_supersede.",
        AddArguments,
        Written,
        Permission.WRITE,
        is_read_only=False,
        run=_add,
    ),
    Tool(
        "memory_supersede",
        "Replace a memory",
        "Replace what is no longer true by a new text or another memory; the old stays in the history.",
        SupersedeArguments,
        Written,
        Permission.WRITE,
        is_read_only=False,
        run=_supersede,
    ),
    Tool(
        "memory_feedback",
        "What became of a memory",
        "Say what became of a memory that you were given. confirmed: you checked it. done: it is over, and ends.",
        FeedbackArguments,
        Written,
        Permission.WRITE,
        is_read_only=False,
        run=_feedback,
    ),
)

#: Tools of the full profile that are no verbs.
_FURTHER = (
    Tool(
        "memory_ingest",
        "Read the repository",
        "Read what the repository of your folder says by itself: history, rules, bans, structure, tasks, incidents,"
        " trailers. Only news are read; a cancelled call is continued by the next one.",
        IngestArguments,
        IngestAnswer,
        Permission.WRITE,
        is_read_only=False,
        run=ingest,
        is_long=True,
    ),
)


#: Beside the tools of verbs in the full profile: a person's verdict never comes from an agent's arguments.
_REVIEW = Tool(
    REVIEW_TOOL,
    "Let the user review a proposal",
    "Ask the user to accept, edit or reject a proposed memory, with a reason, in a form of the client; without forms,"
    " the answer is a question for the user.",
    ReviewArguments,
    ReviewAnswer,
    Permission.REVIEW,
    is_read_only=False,
    run=ask_in_words,
)


def _of_verb(verb: Verb) -> Tool:
    """Return the tool of a verb, made from its contract."""
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
    """Return the tools of a profile by name, those of `core` first."""
    own = {tool.name: tool for tool in _OWN}
    verbs = [verb for verb in VERBS.values() if f"memory_{verb.name}" not in own]
    core = own | _made(sorted((verb for verb in verbs if verb.profile is Profile.CORE), key=_writes_first))
    if profile is Profile.CORE:
        return core
    further = {tool.name: tool for tool in (*_FURTHER, _REVIEW)}
    return core | _made(verb for verb in verbs if verb.profile is Profile.FULL) | further


def _writes_first(verb: Verb) -> bool:
    return not verb.is_write


def _made(verbs: Iterable[Verb]) -> dict[str, Tool]:
    return {f"memory_{verb.name}": _of_verb(verb) for verb in verbs}


TOOLS = tools_of(Profile.CORE)
