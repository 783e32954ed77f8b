"""Memories that tests check."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from graphmem.model import Anchor, AnchorKind, Statement
from graphmem.sources.git.code_history import read_code_history
from graphmem.verification import MemoryToVerify, Verdict, verify_memories
from tests.sources.git.repositories import Repository

FIRST_DAY = datetime.fromtimestamp(1_700_000_000, UTC)
READ_AT = datetime(2030, 1, 1, tzinfo=UTC)


def day(number: int) -> datetime:
    """The time of a commit of a repository, from 1, and a minute."""
    return FIRST_DAY + timedelta(days=number, minutes=1)


def memory(text: str, *anchors: Anchor, since: int = 1, path: str = "", subject: str | None = None) -> MemoryToVerify:
    """A memory since the day of a commit."""
    statement = Statement(title=text.splitlines()[0], body=text, anchors=anchors, subject=subject)
    return MemoryToVerify(memory_id="m", statement=statement, since=day(since), path=path)


def file_anchor(path: str) -> Anchor:
    return Anchor(AnchorKind.FILE, path)


def symbol_anchor(name: str) -> Anchor:
    return Anchor(AnchorKind.SYMBOL, name)


def verdict(repository: Repository, subject: MemoryToVerify, *, with_work_tree: bool = False) -> Verdict:
    """The verdict on a memory, at the last commit of a repository."""
    history = read_code_history(repository.root, read_at=READ_AT, with_work_tree=with_work_tree)
    return verify_memories([subject], history, at=READ_AT)[0]
