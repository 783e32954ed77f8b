"""MCP over standard input and output: a process for a single client. All other output goes to standard error."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import anyio
from mcp.server.stdio import stdio_server

from graphmem.mcp_server.roots import ClientRoots, repositories_of
from graphmem.mcp_server.tool_server import make_server
from graphmem.verbs import Profile

if TYPE_CHECKING:
    from graphmem.mcp_server.tool_callers import ToolCaller
    from graphmem.model import Scope
    from graphmem.service import GraphMemory


class _LazyMemory:
    """Opens the memory at the first call of a tool, so that the client's first requests are answered at once."""

    def __init__(self, opener: Callable[[], GraphMemory], *, finds_repository: bool) -> None:
        self._opener = opener
        self._finds_repository = finds_repository
        self._memory: GraphMemory | None = None
        self._scopes: dict[tuple[Path, ...], Scope] = {}
        self._guard = Lock()

    def __call__(self, folders: tuple[Path, ...]) -> tuple[GraphMemory, ToolCaller]:
        from graphmem.mcp_server.tool_callers import LocalCaller

        with self._guard:
            if self._memory is None:
                self._memory = self._opener()
            if folders not in self._scopes:
                self._scopes[folders] = self._scope(self._memory, folders)
            return self._memory, LocalCaller(self._scopes[folders], folder=folders[0] if folders else Path.cwd())

    def _scope(self, memory: GraphMemory, folders: tuple[Path, ...]) -> Scope:
        """Return the scope of the client.

        Its repository is that of the first folder; those of other folders are related repositories.
        """
        if not self._finds_repository or memory.scope.repo is not None:
            return memory.scope
        names = repositories_of(folders) or repositories_of([Path.cwd()])
        repos = [repo for repo in names if _is_open(memory, repo)]
        return replace(memory.scope, repo=repos[0], related_repos=tuple(repos[1:])) if repos else memory.scope

    def close(self) -> None:
        with self._guard:
            if self._memory is not None:
                self._memory.close()


def _is_open(memory: GraphMemory, repo: str) -> bool:
    """Return whether the memory can be read from a repository: the key of a remote memory may be bound to others."""
    from graphmem.errors import Forbidden, InvalidInput

    try:
        memory.list(repo=repo, limit=1)
    except (Forbidden, InvalidInput):
        return False
    return True


def serve_stdio(
    opener: Callable[[], GraphMemory], *, finds_repository: bool = True, profile: Profile = Profile.CORE
) -> None:
    """Serve a client until it closes standard input.

    Args:
        opener: Opens the memory, once, at the first call.
        finds_repository: If the memory is opened without a repository, use that of the client's folders (`roots/list`),
            or of the current directory.
        profile: The set of tools that the client is offered.
    """
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(name)s: %(message)s")
    memory = _LazyMemory(opener, finds_repository=finds_repository)
    server = make_server(memory, ClientRoots(), profile=profile)

    async def serve() -> None:
        async with stdio_server() as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())

    try:
        anyio.run(serve)
    finally:
        memory.close()
