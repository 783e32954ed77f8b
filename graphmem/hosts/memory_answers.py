"""What a memory tells a hook: opens the store of the working folder, and asks it by words alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from graphmem.briefing.block import ContextBlock, Why
from graphmem.hosts.hook.output import MAX_CHARS
from graphmem.hosts.hook.told import Block, Guarded
from graphmem.opening import open_memory
from graphmem.retrieval.embedder import EmbedderMissing

if TYPE_CHECKING:
    from graphmem.hosts.hook.payload import Payload
    from graphmem.service import GraphMemory

_SESSION_TOKENS, _PROMPT_TOKENS, _PATH_TOKENS = 1_000, 400, 300
#: Room for the marks around a block.
_BLOCK_CHARS = MAX_CHARS - 100
_MAIN = frozenset({"", "main", "master", "trunk", "develop"})
_MARK = re.compile(r"[^\w]+|_")
#: Reasons that say that a memory is about the prompt, and not only about such work.
_ON_TOPIC = frozenset({Why.WORDS, Why.MEANING, Why.PATH})


class MemoryAnswers:
    """Answers for hooks, from a memory."""

    def __init__(self, memory: GraphMemory) -> None:
        self._memory = memory

    def session_block(self, branch: str) -> Block:
        """The memories that govern work on a branch, of which its name is all that is known."""
        task = "" if branch in _MAIN else _MARK.sub(" ", branch)
        return block_of(self._asked(task, (), _SESSION_TOKENS), lambda _: True)

    def prompt_block(self, prompt: str) -> Block:
        """The memories that a prompt is about."""
        return block_of(self._asked(prompt, (), _PROMPT_TOKENS), lambda why: why in _ON_TOPIC)

    def path_block(self, paths: list[str]) -> Block:
        """The memories about files."""
        return block_of(self._asked("", paths, _PATH_TOKENS), lambda why: why is Why.PATH)

    def guard(self, payload: Payload) -> Guarded:
        """What a tool brings back."""
        del payload
        return Guarded()

    def _asked(self, task: str, paths: Iterable[str], budget: int) -> ContextBlock:
        return self._memory.context(
            task, tuple(paths), budget_tokens=budget, max_chars=_BLOCK_CHARS, words_only=True
        )


def open_hook_memory() -> MemoryAnswers:
    """The memory of the working folder.

    Raises:
        GraphMemError: It cannot be opened.
    """
    return MemoryAnswers(open_memory(embedder=lambda: EmbedderMissing("hooks compare words alone")))


def block_of(block: ContextBlock, is_wanted: Callable[[Why], bool]) -> Block:
    """The lines of a block whose memories are there for a wanted reason."""
    return Block(_head(block), list(_lines(block, is_wanted)), _foot(block), block.at.seq)


def _head(block: ContextBlock) -> str:
    return block.markdown.partition("\n")[0]


def _foot(block: ContextBlock) -> str:
    last = block.markdown.rpartition("\n")[2]
    return "" if last.startswith(("- ", "#")) else last


def _lines(block: ContextBlock, is_wanted: Callable[[Why], bool]) -> Iterator[tuple[str, str, str]]:
    """Id, heading and line of each memory: a line begins with a dash, in the order of the sections."""
    items = [item for section in block.sections for item in section.items]
    heading = ""
    written = iter(items)
    for line in block.markdown.splitlines():
        if line.startswith("## "):
            heading = line
        elif line.startswith("- "):
            item = next(written)
            if is_wanted(item.why):
                yield item.id, heading, line
