"""The folders that an MCP client works in (`roots/list`), and their repositories."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import (
    CallToolRequestParams,
    GetPromptRequestParams,
    InputRequiredResult,
    ListRootsRequest,
    ListRootsResult,
    NotificationParams,
    ReadResourceRequestParams,
)
from pydantic import ValidationError

_ROOTS_REQUEST = "roots"
_CHANGED = "notifications/roots/list_changed"
_TIMEOUT_S = 5.0
_MAX_ROOTS = 20

_Context = ServerRequestContext[Any, Any]
_Params = CallToolRequestParams | ReadResourceRequestParams | GetPromptRequestParams


class ClientRoots:
    """Requests a client's folders at its first call, and again after it reports a change."""

    def __init__(self) -> None:
        self._folders: tuple[Path, ...] | None = None

    def listen(self, server: Any) -> None:  # noqa: ANN401 - the SDK's server is generic
        """Register for the notification that the client's folders changed."""

        async def changed(_: _Context, __: NotificationParams) -> None:
            self._folders = None

        server.add_notification_handler(_CHANGED, NotificationParams, changed)

    async def of(self, context: _Context, params: _Params) -> tuple[Path, ...] | InputRequiredResult:
        """Return the client's folders, empty if it has none; or a request that the client must answer first.

        From MCP 2026-07-28 on, servers send no requests: the result of a call holds the request, and the client repeats
        the call with its answer.
        """
        answer = (params.input_responses or {}).get(_ROOTS_REQUEST)
        if isinstance(answer, ListRootsResult):
            self._folders = _folders(answer)
        if self._folders is not None:
            return self._folders
        capabilities = context.session.client_capabilities
        if capabilities is None or capabilities.roots is None:
            self._folders = ()
        elif context.session.can_send_request:
            self._folders = await self._request_folders(context)
        elif params.input_responses is None:
            return InputRequiredResult(input_requests={_ROOTS_REQUEST: ListRootsRequest()})
        return self._folders or ()

    async def _request_folders(self, context: _Context) -> tuple[Path, ...]:
        try:
            answer = await context.session.send_request(
                ListRootsRequest(), ListRootsResult, request_read_timeout_seconds=_TIMEOUT_S
            )
        except (MCPError, ValidationError):
            return ()
        return _folders(answer)


def _folders(answer: ListRootsResult) -> tuple[Path, ...]:
    urls = [urlsplit(str(root.uri)) for root in answer.roots[:_MAX_ROOTS]]
    return tuple(Path(unquote(url.path)) for url in urls if url.scheme == "file" and url.path)


def repositories_of(folders: Iterable[Path]) -> Sequence[str]:
    """Return the names of the repositories around folders, without duplicates, in the order of the folders."""
    from graphmem.sources.git.repository_identity import repository_name

    names: dict[str, None] = {}
    for folder in folders:
        try:
            name = repository_name(folder)
        except OSError:
            continue
        if name:
            names[name] = None
    return list(names)
