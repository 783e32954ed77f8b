"""The file that a memory was read from, and the words by which it is known again under another name."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable

from graphmem.model import Statement, SupersessionKind
from graphmem.temporal import View

RECORDED_IN = "recorded in"


def number_of(*parts: str) -> int:
    """A number that the parts alone decide."""
    told = "".join(f"{len(part)}:{part}" for part in parts)
    return int.from_bytes(hashlib.sha256(told.encode("utf-8", "surrogatepass")).digest()[:8], "big")


def has_moved(view: View, key: str) -> bool:
    """Whether the words were recorded again for another file: this memory stands for none any more."""
    memory = view.memory(key)
    corrections = (edge for edge in view.edges_out(key) if edge.kind is SupersessionKind.CORRECTION)
    return any(
        (other := view.memory(edge.new)) is not None
        and memory is not None
        and record_of(other.statement) not in {None, record_of(memory.statement)}
        for edge in corrections
    )


def words_of(statement: Statement) -> tuple[str, str]:
    """Title and body."""
    return statement.title, statement.body


def words_at(view: View, key: str) -> tuple[str, str] | None:
    """Title and body of a memory; None if it was erased, or is not seen."""
    memory = view.memory(key)
    return None if memory is None or memory.statement is None else words_of(memory.statement)


def unique(pairs: Iterable[tuple[tuple[str, str] | None, str]]) -> dict[tuple[str, str], str]:
    """What each words belong to, less those that belong to several."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for words, key in pairs:
        if words is not None:
            found[words].append(key)
    return {words: keys[0] for words, keys in found.items() if len(keys) == 1}


def record_of(statement: Statement | None) -> str | None:
    """The file that a statement was read from; None if it was not read from one."""
    if statement is None:
        return None
    return next((anchor.name for anchor in statement.anchors if anchor.role == RECORDED_IN), None)
