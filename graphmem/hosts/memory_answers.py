"""Answers for hooks from the store of the working folder, by lexical search alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from graphmem.briefing.block import ContextBlock, Why
from graphmem.config import load_settings, locate
from graphmem.guard.levels import Enforcement, Level
from graphmem.hosts.hook.guard_index import GuardIndex
from graphmem.hosts.hook.output import ALLOW, MAX_CHARS
from graphmem.hosts.hook.told import Block, Guarded
from graphmem.hosts.tool_changes import ToolChange, change_of_tool, changed_by_shell
from graphmem.opening import open_memory, open_store
from graphmem.retrieval.embedder import EmbedderMissing
from graphmem.sources.git.work_tree import work_tree

if TYPE_CHECKING:
    from graphmem.hosts.hook.payload import Payload
    from graphmem.service import GraphMemory
    from graphmem.service.guard_answers import GuardAnswer, GuardFinding

_SESSION_TOKENS, _PROMPT_TOKENS, _PATH_TOKENS = 1_000, 400, 300
#: Room for the marks around a block.
_BLOCK_CHARS = MAX_CHARS - 100
_MAIN = frozenset({"", "main", "master", "trunk", "develop"})
_MARK = re.compile(r"[^\w]+|_")
#: Reasons for which a memory is about the prompt itself, and not only about similar work.
_ON_TOPIC = frozenset({Why.WORDS, Why.MEANING, Why.PATH})


class MemoryAnswers:
    """Answers hooks from a memory.

    Args:
        memory: The memory.
        root: The root of the project; paths are relative to it.
        enforcement: The project's setting for guard: warn, ask or deny.
        url: The URL of the store; None for that of the working folder.
    """

    def __init__(self, memory: GraphMemory, root: Path, enforcement: Enforcement, url: str | None = None) -> None:
        self._memory = memory
        self._url = url
        self._root = root
        self._enforcement = enforcement

    def session_block(self, branch: str) -> Block:
        """Return the memories that govern work on a branch, found by the branch's name."""
        task = "" if branch in _MAIN else _MARK.sub(" ", branch)
        return block_of(self._asked(task, (), _SESSION_TOKENS), lambda _: True)

    def prompt_block(self, prompt: str) -> Block:
        """Return the memories that a prompt is about."""
        return block_of(self._asked(prompt, (), _PROMPT_TOKENS), _ON_TOPIC.__contains__)

    def path_block(self, payload: Payload) -> Block:
        """Return the memories about the files of a tool."""
        paths = payload.relative_files(str(self._root))
        if not paths:
            return Block("", [], "", 0)
        return block_of(self._asked("", paths, _PATH_TOKENS), lambda why: why is Why.PATH)

    def guard_index(self) -> dict[str, object]:
        """Return the fields of a `GuardIndex`: the words and paths by which an edit may concern a memory."""
        settings = load_settings()
        with open_store(locate(self._url, settings), settings, create=False) as store:
            return GuardIndex.of_terms(store.guard_terms(settings.scope())).fields()

    def guard(self, payload: Payload) -> Guarded:
        """Return the findings for a tool call before it runs, or for the files that a shell command changed."""
        is_done = payload.is_shell and payload.moment != "before a tool"
        change = changed_by_shell(self._root) if is_done else change_of_tool(payload, self._root)
        if change.is_empty:
            return Guarded()
        answer = self._memory.guard(
            edits=change.edits, commands=change.commands, paths=change.paths, enforcement=self._enforcement
        )
        return guarded_of(answer, change)

    def _asked(self, task: str, paths: Iterable[str], budget: int) -> ContextBlock:
        return self._memory.context(task, tuple(paths), budget_tokens=budget, max_chars=_BLOCK_CHARS, words_only=True)


def open_hook_memory(url: str | None = None) -> MemoryAnswers:
    """Return the memory of the working folder, or that at a URL.

    Raises:
        GraphMemError: It cannot be opened.
    """
    folder = Path.cwd()
    memory = open_memory(url, embedder=lambda: EmbedderMissing("hooks compare words alone"))
    return MemoryAnswers(memory, work_tree(folder) or folder, Enforcement(load_settings().guard), url)


# ---- blocks


def block_of(block: ContextBlock, is_wanted: Callable[[Why], bool]) -> Block:
    """Return the lines of a block whose memories are there for a wanted reason."""
    head, foot = block.markdown.partition("\n")[0], block.markdown.rpartition("\n")[2]
    is_foot = not foot.startswith(("- ", "#"))
    return Block(head, list(_lines(block, is_wanted)), foot if is_foot else "", block.at.seq)


def _lines(block: ContextBlock, is_wanted: Callable[[Why], bool]) -> Iterator[tuple[str, str, str]]:
    """Id, heading and line of each memory: a line begins with a dash, in the order of the sections."""
    items = iter([item for section in block.sections for item in section.items])
    heading = ""
    for line in block.markdown.splitlines():
        if line.startswith("## "):
            heading = line
        elif line.startswith("- "):
            item = next(items)
            if is_wanted(item.why):
                yield item.id, heading, line


# ---- guard


def guarded_of(answer: GuardAnswer, change: ToolChange) -> Guarded:
    """Return the refusal and the warnings of guard's answer."""
    refused = [finding for finding in answer.findings if finding.level is Level.DENY]
    decision = answer.enforcement.value if refused and answer.enforcement is not Enforcement.WARN else ALLOW
    reason = "" if decision == ALLOW else "\n".join(map(_sentence, refused))
    shown = [finding for finding in answer.findings if decision == ALLOW or finding not in refused]
    warnings = [
        (f"guard {finding.memory.id} {finding.path or change.name}", f"- {_sentence(finding)}") for finding in shown
    ]
    return Guarded(decision, reason, warnings)


def _sentence(finding: GuardFinding) -> str:
    """Return a finding in a line; the words of a memory that is not trusted are not repeated."""
    place = f"{finding.path}:{finding.line}" if finding.line else finding.path or finding.evidence
    name = finding.memory.alias or finding.memory.id
    origin = finding.memory.origin
    if origin is None or not origin.is_trusted:
        return f"{finding.level.value}: {place}: {finding.kind.value}, memory {finding.memory.id} of untrusted origin"
    parts = [f"{finding.level.value}: {place}: {finding.message}, says {name}"]
    if finding.memory.title:
        since = "" if finding.since is None else f", since {finding.since.date().isoformat()}"
        parts.append(f"“{finding.memory.title}”{since}")
    if finding.reason:
        parts.append(f"reason: {finding.reason[:300]}")
    if finding.instead:
        parts.append(f"instead: {', '.join(finding.instead)}")
    if finding.allow:
        parts.append(f"an exception is recorded by: {finding.allow}")
    return "; ".join(" ".join(part.split()) for part in parts)
