"""The tools behind the door of the HTTP surface: its callers, as the tools know callers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from starlette.datastructures import Headers

from graphmem.http.asking import REPOSITORY
from graphmem.http.callers import Caller
from graphmem.mcp_server.callers import Here
from graphmem.mcp_server.mounting import MountedTools
from graphmem.model import Scope
from graphmem.service import GraphMemory
from graphmem.vocabulary import Permission


@dataclass(frozen=True, slots=True)
class Keyed:
    """A caller of the HTTP surface.

    Attributes:
        caller: Whom the door let in.
        scope: Where the memory was opened for: there stand callers of a server without keys.
        repo: The repository that the request's head names; None if it names none.
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
        """Whether the key may be told what others wrote."""
        return self.caller.may_read

    def require(self, permission: Permission) -> None:
        """Let the caller pass; see `Caller.require`."""
        self.caller.require(permission)

    def may_name(self, repo: str) -> bool:
        """Whether the key opens that repository."""
        opened = () if self.caller.key is None else self.caller.key.repos
        return not opened or repo in opened

    def own_op_id(self, op_id: str) -> str:
        """The name of a write in the ledger; see `Key.own_op_id`."""
        return self.caller.own_op_id(op_id)

    def place(self, asked: Scope, *, is_write: bool) -> Scope:
        """Where the key lets them stand.

        Raises:
            Forbidden: It does not allow this, or not there.
        """
        self.caller.require(Permission.WRITE if is_write else Permission.READ)
        asked = replace(asked, repo=asked.repo or self.repo)
        if self.caller.key is None:
            return Here(self.scope).place(asked, is_write=is_write)
        return self.caller.place(asked, None, is_write=is_write)


def keyed_tools(memory: GraphMemory, names: Sequence[str] = ()) -> MountedTools:
    """The tools over streamable HTTP for whoever the door lets in.

    Args:
        memory: An open memory.
        names: Host names under which callers reach the server, beside this machine's own.
    """

    def identify(scope: Mapping[str, Any]) -> Keyed:
        return Keyed(scope["state"]["caller"], memory.scope, Headers(raw=scope["headers"]).get(REPOSITORY) or None)

    return MountedTools(memory, identify, names=names)
