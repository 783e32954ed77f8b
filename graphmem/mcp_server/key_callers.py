"""The tools as part of the HTTP server, for callers that its authentication has accepted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from starlette.datastructures import Headers

from graphmem.deferred_dataclass import dataclass
from graphmem.http.authentication import Caller
from graphmem.http.request_parameters import REPOSITORY
from graphmem.mcp_server.http_app import MountedTools
from graphmem.mcp_server.tool_callers import LocalCaller
from graphmem.model import Scope
from graphmem.service import GraphMemory
from graphmem.vocabulary import Permission


@dataclass(frozen=True, slots=True)
class KeyCaller:
    """A caller of the HTTP server.

    Attributes:
        caller: The caller that the authentication found.
        scope: The memory's own scope, which is that of callers on a server without keys.
        repo: The repository in the header of the request; None without the header.
    """

    caller: Caller
    scope: Scope
    repo: str | None = None

    @property
    def actor(self) -> str | None:
        """The key's name; None on a server without keys."""
        return self.caller.actor

    @property
    def may_read(self) -> bool:
        """Whether the key may read memories of others."""
        return self.caller.may_read

    @property
    def may_write(self) -> bool:
        """Whether the key may write; see `Caller.may_write`."""
        return self.caller.may_write

    def require(self, permission: Permission) -> None:
        """Check a permission; see `Caller.require`."""
        self.caller.require(permission)

    def may_name(self, repo: str) -> bool:
        """Return whether the key opens that repository."""
        opened = () if self.caller.key is None else self.caller.key.repos
        return not opened or repo in opened

    def own_op_id(self, op_id: str) -> str:
        """Return the `op_id` for the ledger; see `Key.own_op_id`."""
        return self.caller.own_op_id(op_id)

    def scope_for(self, requested: Scope, *, is_write: bool) -> Scope:
        """Return the scope that the key opens for a call.

        Raises:
            Forbidden: The key lacks the permission, or does not open the scope.
        """
        self.caller.require(Permission.WRITE if is_write else Permission.READ)
        requested = replace(requested, repo=requested.repo or self.repo)
        if self.caller.key is None:
            return LocalCaller(self.scope).scope_for(requested, is_write=is_write)
        return self.caller.scope_for(requested, None, is_write=is_write)


def keyed_tools(memory: GraphMemory, names: Sequence[str] = ()) -> MountedTools:
    """Return the tools over streamable HTTP, for callers that the server has authenticated.

    Args:
        memory: An open memory.
        names: Host names of the server, in addition to this machine's own.
    """

    def identify(scope: Mapping[str, Any]) -> KeyCaller:
        return KeyCaller(scope["state"]["caller"], memory.scope, Headers(raw=scope["headers"]).get(REPOSITORY) or None)

    return MountedTools(memory, identify, names=names)
