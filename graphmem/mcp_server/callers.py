"""Who calls a tool, and the scope and the writer that follow."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from graphmem.mcp_server.arguments import Arguments, Signed
from graphmem.model import Scope
from graphmem.service import Write
from graphmem.vocabulary import Permission


class Caller(Protocol):
    """Who calls a tool."""

    @property
    def actor(self) -> str | None:
        """The writer; None for the one for whom the memory was opened."""
        ...

    @property
    def may_read(self) -> bool:
        """Whether the caller may be shown what others wrote."""
        ...

    def require(self, permission: Permission) -> None:
        """Let the caller pass.

        Raises:
            Forbidden: The caller is not allowed that.
        """
        ...

    def may_name(self, repo: str) -> bool:
        """Whether the caller may learn that a repository exists."""
        ...

    def own_op_id(self, op_id: str) -> str:
        """The `op_id` in the ledger for an `op_id` of the caller."""
        ...

    def place(self, asked: Scope, *, is_write: bool) -> Scope:
        """The caller's scope for a call that names a repository, a person or neither.

        Raises:
            Forbidden: The caller may not read there, or not write.
        """
        ...


@dataclass(frozen=True, slots=True)
class Here:
    """The user who started the process: may do everything that the opened memory allows."""

    scope: Scope
    actor: str | None = None
    may_read: bool = True

    def require(self, permission: Permission) -> None:
        """Let the caller pass, always."""
        del permission

    def may_name(self, repo: str) -> bool:
        """Always."""
        del repo
        return True

    def own_op_id(self, op_id: str) -> str:
        """The same `op_id`."""
        return op_id

    def place(self, asked: Scope, *, is_write: bool) -> Scope:
        """The scope for which the memory was opened, with the repository and the person that the call names."""
        del is_write
        return replace(self.scope, repo=asked.repo or self.scope.repo, user=asked.user or self.scope.user)


def reader_scope(caller: Caller, given: Arguments) -> Scope:
    """The scope of a tool that reads."""
    return caller.place(given.place, is_write=False)


def write_of(caller: Caller, given: Signed) -> Write:
    """The writer, the scope and the reason of a tool that writes."""
    return Write(
        scope=caller.place(given.place, is_write=True),
        actor=caller.actor,
        source=given.source,
        reason=given.reason,
        origin=given.origin,
        op_id=None if given.op_id is None else caller.own_op_id(given.op_id),
    )
