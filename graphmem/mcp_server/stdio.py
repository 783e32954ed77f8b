"""MCP over standard input and output: one process for one client. All else goes to standard error."""

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
from graphmem.mcp_server.serving import make_server
from graphmem.verbs import Profile

if TYPE_CHECKING:
    from graphmem.mcp_server.callers import Caller
    from graphmem.model import Scope
    from graphmem.service import GraphMemory


class _Opened:
    """Opens the memory at the first call of a tool, so that a client is answered before."""

    def __init__(self, opener: Callable[[], GraphMemory], *, finds_repository: bool) -> None:
        self._opener = opener
        self._finds_repository = finds_repository
        self._memory: GraphMemory | None = None
        self._scopes: dict[tuple[Path, ...], Scope] = {}
        self._guard = Lock()

    def __call__(self, folders: tuple[Path, ...]) -> tuple[GraphMemory, Caller]:
        from graphmem.mcp_server.callers import Here

        with self._guard:
            if self._memory is None:
                self._memory = self._opener()
            if folders not in self._scopes:
                self._scopes[folders] = self._scope(self._memory, folders)
            return self._memory, Here(self._scopes[folders])

    def _scope(self, memory: GraphMemory, folders: tuple[Path, ...]) -> Scope:
        """Where the client stands: in the repository of its first folder, reading those of the others too."""
        if not self._finds_repository or memory.scope.repo is not None:
            return memory.scope
        found = repositories_of(folders) or repositories_of([Path.cwd()])
        opened = [repo for repo in found if _is_open(memory, repo)]
        return replace(memory.scope, repo=opened[0], related_repos=tuple(opened[1:])) if opened else memory.scope

    def close(self) -> None:
        with self._guard:
            if self._memory is not None:
                self._memory.close()


def _is_open(memory: GraphMemory, repo: str) -> bool:
    """Whether the memory may be asked from a repository: the key to a server may open others alone."""
    from graphmem.errors import Forbidden, InvalidInput

    try:
        memory.list(repo=repo, limit=1)
    except (Forbidden, InvalidInput):
        return False
    return True


def serve_stdio(
    opener: Callable[[], GraphMemory], *, finds_repository: bool = True, profile: Profile = Profile.CORE
) -> None:
    """Answer one client until it closes standard input.

    Args:
        opener: Opens the memory, once, when it is first needed.
        finds_repository: Where the memory is opened for no repository, stand in that of the client's folders
            (`roots/list`), or of the current one.
        profile: Which tools the client is offered.
    """
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(name)s: %(message)s")
    opened = _Opened(opener, finds_repository=finds_repository)
    server = make_server(opened, ClientRoots(), profile=profile)

    async def serve() -> None:
        async with stdio_server() as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())

    try:
        anyio.run(serve)
    finally:
        opened.close()
