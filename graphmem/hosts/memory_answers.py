"""Answers for hooks from the store of the working folder, by lexical search alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from graphmem.briefing.block import ContextBlock, Why
from graphmem.config import load_settings, locate
from graphmem.hosts.hook.guard_index import GuardIndex
from graphmem.hosts.hook.output import MAX_CHARS
from graphmem.hosts.hook.told import Block, Guarded
from graphmem.opening import open_reader, open_store
from graphmem.repository.path_patterns import fixed_part
from graphmem.retrieval.embedder import EmbedderMissing
from graphmem.sources.git.work_tree import work_tree

if TYPE_CHECKING:
    from graphmem.guard.levels import Enforcement
    from graphmem.hosts.hook.payload import HookPayload
    from graphmem.service import GraphMemory
    from graphmem.service.context_reader import ContextReader

_SESSION_TOKENS, _PROMPT_TOKENS, _PATH_TOKENS = 1_000, 400, 300
#: Room for the marks around a block.
_BLOCK_CHARS = MAX_CHARS - 100
_MOST_CLAIMS = 1_000
_MAIN = frozenset({"", "main", "master", "trunk", "develop"})
_MARK = re.compile(r"[^\w]+|_")
#: Reasons for which a memory is about the prompt itself, and not only about similar work.
_ON_TOPIC = frozenset({Why.WORDS, Why.MEANING, Why.PATH, Why.CLAIM})


class MemoryAnswers:
    """Answers hooks from a memory.

    Args:
        memory: The memory.
        root: The root of the project; paths are relative to it.
        enforcement: What guard does with a finding: warn, ask or deny; by default the project's setting.
        url: The URL of the store; None for that of the working folder.
    """

    def __init__(
        self,
        memory: GraphMemory | ContextReader,
        root: Path,
        enforcement: Enforcement | None = None,
        url: str | None = None,
    ) -> None:
        self._memory = memory
        self._url = url
        self._root = root
        self._enforcement = enforcement

    def session_block(self, branch: str) -> Block:
        """Return the memories that govern work on a branch, found by the branch's name."""
        task = "" if branch in _MAIN else _MARK.sub(" ", branch)
        return self._block(task, (), _SESSION_TOKENS, lambda _: True)

    def prompt_block(self, prompt: str) -> Block:
        """Return the memories that a prompt is about."""
        return self._block(prompt, (), _PROMPT_TOKENS, _ON_TOPIC.__contains__)

    def path_block(self, payload: HookPayload) -> Block:
        """Return the memories about the files of a tool."""
        paths = payload.relative_files(str(self._root))
        if not paths:
            return Block("", [], "", 0)
        return self._block("", paths, _PATH_TOKENS, lambda why: why is Why.PATH)

    def guard_index(self) -> dict[str, object]:
        """Return the fields of a `GuardIndex`: the words and paths by which an edit may concern a memory or a claim."""
        claims = self._full_memory().claims(limit=_MOST_CLAIMS).claims
        claimed = [f"file:{fixed_part(path)}" for claim in claims for path in claim.paths]
        settings = load_settings()
        with open_store(locate(self._url, settings), settings, create=False) as store:
            return GuardIndex.of_terms([*store.guard_terms(settings.scope()), *claimed]).fields()

    def guard(self, payload: HookPayload) -> Guarded:
        """Return the findings for a tool call before it runs, or for the files that a shell command changed."""
        from graphmem.guard.levels import Enforcement
        from graphmem.hosts.guard_answers import guarded

        return guarded(
            self._full_memory(), payload, self._root, Enforcement(self._enforcement or load_settings().guard)
        )

    def _full_memory(self) -> GraphMemory:
        """Return the memory with all its verbs."""
        from graphmem.service.context_reader import ContextReader

        return self._memory.memory() if isinstance(self._memory, ContextReader) else self._memory

    def _block(self, task: str, paths: Iterable[str], budget: int, is_shown: Callable[[Why], bool]) -> Block:
        """Return a block; the hook itself records which of its memories it shows."""
        block = self._memory.context(task, tuple(paths), budget_tokens=budget, max_chars=_BLOCK_CHARS, words_only=True)
        return block_of(block, is_shown, getattr(self._memory, "counted_reader", None))


def open_hook_memory(url: str | None = None) -> MemoryAnswers:
    """Return the memory of the working folder, or that at a URL.

    Raises:
        GraphMemError: It cannot be opened.
    """
    folder = Path.cwd()
    memory = open_reader(lambda: EmbedderMissing("hooks compare words alone"), url)
    return MemoryAnswers(memory, work_tree(folder) or folder, url=url)


# ---- blocks


def block_of(block: ContextBlock, is_shown: Callable[[Why], bool], reader: list[str | None] | None = None) -> Block:
    """Return the lines of a block whose memories are there for a wanted reason."""
    head, foot = block.markdown.partition("\n")[0], block.markdown.rpartition("\n")[2]
    is_foot = not foot.startswith(("- ", "#"))
    ends = [item.until.timestamp() for section in block.sections for item in section.items if item.until is not None]
    lines = list(_lines(block, is_shown))
    return Block(head, lines, foot if is_foot else "", block.at.seq, reader, min(ends, default=None))


def _lines(block: ContextBlock, is_shown: Callable[[Why], bool]) -> Iterator[tuple[str, str, str]]:
    """Id, heading and line of each memory: a line begins with a dash, in the order of the sections."""
    items = iter([item for section in block.sections for item in section.items])
    heading = ""
    for line in block.markdown.splitlines():
        if line.startswith("## "):
            heading = line
        elif line.startswith("- "):
            item = next(items)
            if is_shown(item.why):
                yield item.id, heading, line
