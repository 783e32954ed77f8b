"""The routes to which GitHub and GitLab send webhooks: signed, without a key, answered before any work is done."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from graphmem.errors import Forbidden, InvalidInput, NotFound, StoreUnavailable
from graphmem.http.problems import Refusal
from graphmem.http.request_limits import refuse_announced_size
from graphmem.webhooks.deliveries import is_signed
from graphmem.webhooks.receiver import WebhookReceiver
from graphmem.webhooks.sources import Forge, WebhookSource

if TYPE_CHECKING:
    from graphmem.http.worker_threads import ServerContext

#: The paths; they need no key.
PATHS = {f"/webhooks/{forge}": forge for forge in Forge}


def webhook_routes(receiver: WebhookReceiver) -> list[Route]:
    """Return the routes of a server that receives webhooks."""

    async def endpoint(request: Request) -> Response:
        return await _received(request, receiver, PATHS[request.url.path])

    return [Route(path, endpoint, methods=["POST"], include_in_schema=False) for path in PATHS]


async def _received(request: Request, receiver: WebhookReceiver, forge: Forge) -> Response:
    """Answer 202 as soon as the event of a delivery is stored.

    Raises:
        Refusal: 401 without a right signature of the body as it came, 404 for a repository of another secret, 413, 415
            and 422 for a body that cannot be read.
    """
    headers = dict(request.headers)
    if not is_signed(forge, headers):
        raise _unsigned()
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Refusal(415, InvalidInput.code, "the webhook does not send JSON: choose application/json in its settings")
    server: ServerContext = request.app.state.server
    limit = server.limits.write_body
    refuse_announced_size(request.scope, limit.size)
    loop = asyncio.get_running_loop()
    with server.body_reader.reserve() as reservation:
        body = await server.body_reader.read(request.receive, limit, reservation)
        signed = await loop.run_in_executor(None, _signers, receiver, forge, headers, body)
        if not signed:
            raise _unsigned()
        answer = await loop.run_in_executor(None, receiver.take, forge, headers, body, signed)
    if answer is None:
        raise NotFound("the delivery is about a repository that is not configured for this secret")
    return JSONResponse({"status": answer}, 202)


def _signers(receiver: WebhookReceiver, forge: Forge, headers: dict[str, str], body: bytes) -> list[WebhookSource]:
    """Return the repositories whose secret signed a body; callers do not learn why their file cannot be read."""
    try:
        return receiver.signers(forge, headers, body)
    except InvalidInput:
        raise Refusal(
            503, StoreUnavailable.code, "the server cannot read its webhooks; run graphmem doctor there"
        ) from None


def _unsigned() -> Refusal:
    detail = "the delivery has no right signature: compare the secret of the webhook with that of the server"
    return Refusal(401, Forbidden.code, detail)
