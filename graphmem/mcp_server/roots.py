"""The folders that an MCP client works in (`roots/list`), and the repositories around them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolRequestParams, InputRequiredResult, ListRootsRequest, ListRootsResult, NotificationParams
from pydantic import ValidationError

_ASKED = "roots"
_CHANGED = "notifications/roots/list_changed"
_PATIENCE_S = 5.0
_MOST_ROOTS = 20

_Context = ServerRequestContext[Any, Any]


class ClientRoots:
    """Asks one client for its folders: at its first call, and again after it says that they changed."""

    def __init__(self) -> None:
        self._folders: tuple[Path, ...] | None = None

    def listen(self, server: Any) -> None:  # noqa: ANN401 - the SDK's server is generic
        """Register for the notification that the client's folders changed."""

        async def changed(_: _Context, __: NotificationParams) -> None:
            self._folders = None

        server.add_notification_handler(_CHANGED, NotificationParams, changed)

    async def of(self, context: _Context, params: CallToolRequestParams) -> tuple[Path, ...] | InputRequiredResult:
        """The client's folders, empty if it tells none; or the request that the client answers before it calls again.

        From 2026-07-28 on, servers send no requests: they ask in the result of a call, and the client repeats the call.
        """
        told = (params.input_responses or {}).get(_ASKED)
        if isinstance(told, ListRootsResult):
            self._folders = _folders(told)
        if self._folders is not None:
            return self._folders
        able = context.session.client_capabilities
        if able is None or able.roots is None:
            self._folders = ()
        elif context.session.can_send_request:
            self._folders = await self._asked(context)
        elif params.input_responses is None:
            return InputRequiredResult(input_requests={_ASKED: ListRootsRequest()})
        return self._folders or ()

    async def _asked(self, context: _Context) -> tuple[Path, ...]:
        try:
            told = await context.session.send_request(
                ListRootsRequest(), ListRootsResult, request_read_timeout_seconds=_PATIENCE_S
            )
        except (MCPError, ValidationError):
            return ()
        return _folders(told)


def _folders(told: ListRootsResult) -> tuple[Path, ...]:
    parts = [urlsplit(str(root.uri)) for root in told.roots[:_MOST_ROOTS]]
    return tuple(Path(unquote(one.path)) for one in parts if one.scheme == "file" and one.path)


def repositories_of(folders: Iterable[Path]) -> Sequence[str]:
    """Names of the repositories around some folders, each once, in the order of the folders."""
    from graphmem.sources.git.work_tree import repository_name

    found: dict[str, None] = {}
    for folder in folders:
        try:
            name = repository_name(folder)
        except OSError:
            continue
        if name:
            found[name] = None
    return list(found)
