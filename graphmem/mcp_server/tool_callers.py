"""The caller of a tool, and the scope and the writer of its calls."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Protocol

from graphmem.deferred_dataclass import dataclass
from graphmem.mcp_server.tool_arguments import Arguments, AuthorArguments, WriteArguments
from graphmem.model import Scope
from graphmem.service import Write
from graphmem.vocabulary import Permission


class ToolCaller(Protocol):
    """The caller of a tool."""

    @property
    def actor(self) -> str | None:
        """The default writer; None for the memory's own."""
        ...

    @property
    def may_read(self) -> bool:
        """Whether the caller may read memories of others."""
        ...

    @property
    def may_write(self) -> bool:
        """Whether the caller may write, and so whether recalls are counted."""
        ...

    def require(self, permission: Permission) -> None:
        """Check a permission of the caller.

        Raises:
            Forbidden: The caller lacks it.
        """
        ...

    def may_name(self, repo: str) -> bool:
        """Return whether the caller may learn that a repository exists."""
        ...

    def own_op_id(self, op_id: str) -> str:
        """Return the `op_id` for the ledger."""
        ...

    def scope_for(self, requested: Scope, *, is_write: bool) -> Scope:
        """Return the caller's scope for a call that names a repository, a user, both or neither.

        Raises:
            Forbidden: The caller may not read in that scope, or not write.
        """
        ...


@dataclass(frozen=True, slots=True)
class LocalCaller:
    """The user who started the process, with every permission that the opened memory has.

    Attributes:
        folder: The folder in which the client works; None if it is not known.
    """

    scope: Scope
    actor: str | None = None
    may_read: bool = True
    may_write: bool = True
    folder: Path | None = None

    def require(self, permission: Permission) -> None:
        """Accept any permission."""
        del permission

    def may_name(self, repo: str) -> bool:
        """Return True."""
        del repo
        return True

    def own_op_id(self, op_id: str) -> str:
        """Return the same `op_id`."""
        return op_id

    def scope_for(self, requested: Scope, *, is_write: bool) -> Scope:
        """Return the memory's own scope, with the repository and the user of the call."""
        del is_write
        return replace(self.scope, repo=requested.repo or self.scope.repo, user=requested.user or self.scope.user)


def reader_scope(caller: ToolCaller, arguments: Arguments) -> Scope:
    """Return the scope of a tool that reads."""
    return caller.scope_for(arguments.scope, is_write=False)


def write_of(caller: ToolCaller, arguments: AuthorArguments) -> Write:
    """Return the scope, the writer and the reason of a tool that writes."""
    return Write(
        scope=caller.scope_for(arguments.scope, is_write=True),
        actor=caller.actor,
        source=arguments.source if isinstance(arguments, WriteArguments) else None,
        reason=arguments.reason,
        origin=arguments.origin,
        op_id=None if arguments.op_id is None else caller.own_op_id(arguments.op_id),
    )
