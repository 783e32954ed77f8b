"""Checks a `graphmem serve` at an HTTP URL: reachability, version, key, store and tools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from graphmem import __version__
from graphmem.client.server_connection import server_url, trusted_certificates
from graphmem.doctor.links import Check, CheckContext, CheckResult, broken, ok, warn
from graphmem.http.authentication import is_loopback

if TYPE_CHECKING:
    import httpx2

_ANSWER_S = 5.0
_SUCCESS, _UNAUTHORIZED, _FORBIDDEN, _MISDIRECTED, _FAILED = 200, 401, 403, 421, 500
_WHERE_IT_RUNS = "graphmem doctor   # where the server runs"
_MCP_REQUEST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
_MCP_HEADERS = {"Accept": "application/json, text/event-stream"}


def _server(context: CheckContext) -> CheckResult:
    import httpx2

    url = server_url(context.store_url)
    try:
        _get(context, "/healthz")
        document = _get(context, "/openapi.json").json()
        server_info = document["info"]
    except httpx2.TransportError as error:
        host = urlsplit(url).hostname or ""
        fix = f"graphmem serve --port {urlsplit(url).port or 80}" if is_loopback(host) else f"curl -sS {url}/healthz"
        return broken(f"no answer from {url} ({error or type(error).__name__})", fix)
    except (ValueError, KeyError, TypeError):
        server_info = {}
    if server_info.get("title") != "graphmem":
        return broken(f"the server at {url} is not graphmem", "export GRAPHMEM_URL=http://127.0.0.1:7470")
    context.version = str(server_info.get("version"))
    return ok(f"{url} answers")


def _version(context: CheckContext) -> CheckResult:
    if context.version == __version__:
        return ok(f"{__version__}, the same as here")
    message = f"the server runs graphmem {context.version}, this client {__version__}"
    return warn(message, f"pip install 'graphmem=={context.version}'")


def _key(context: CheckContext) -> CheckResult:
    answer = _get(context, "/v1/memories?limit=1")
    detail = _detail(answer)
    key = context.settings.key
    if answer.status_code == _UNAUTHORIZED and key is None:
        return broken(f"no key is set, and the server requires a key: {detail}", "export GRAPHMEM_KEY=gmk_…")
    if answer.status_code == _UNAUTHORIZED:
        create = "graphmem key create NAME   # where the server runs; then: export GRAPHMEM_KEY=gmk_…"
        return broken(f"the server refuses GRAPHMEM_KEY: {detail}", create)
    if answer.status_code == _FORBIDDEN and key is None:
        return broken(detail, "graphmem key create NAME   # where the server runs")
    if answer.status_code == _FORBIDDEN:
        return warn(detail, "graphmem key create NAME --permission read   # where the server runs")
    if answer.status_code >= _FAILED:
        return warn(f"the key was not refused, but the server failed: {detail}", _WHERE_IT_RUNS)
    if not answer.is_success:
        return warn(f"the server answered {answer.status_code}: {detail}", _WHERE_IT_RUNS)
    return _let_in(context, has_key=key is not None)


def _let_in(context: CheckContext, *, has_key: bool) -> CheckResult:
    if has_key:
        return ok("accepted")
    if is_loopback(urlsplit(context.store_url).hostname or ""):
        return ok("no key is required on this machine")
    return broken(
        "the server requires no key: every client has full access", "graphmem key create NAME   # where it runs"
    )


def _ready(context: CheckContext) -> CheckResult:
    answer = _get(context, "/readyz")
    if answer.status_code == _SUCCESS:
        return ok("the server reaches its store")
    return broken(f"the server does not reach its store (/readyz returned {answer.status_code})", _WHERE_IT_RUNS)


def _tools(context: CheckContext) -> CheckResult:
    answer = _request(context, "POST", "/mcp", headers=_MCP_HEADERS, json=_MCP_REQUEST)
    if answer.status_code == _MISDIRECTED:
        host = urlsplit(context.store_url).hostname or ""
        return broken(
            f"/mcp does not answer under the name {host!r}", f"graphmem serve --name {host}   # where it runs"
        )
    if answer.status_code in {_UNAUTHORIZED, _FORBIDDEN}:
        return broken(f"/mcp requires a key: {_detail(answer)}", "export GRAPHMEM_KEY=gmk_…")
    try:
        tools = answer.json()["result"]["tools"]
    except (ValueError, KeyError, TypeError):
        return broken(f"/mcp answered {answer.status_code}: {_detail(answer)}", _WHERE_IT_RUNS)
    return ok(f"/mcp lists {len(tools)} tools")


def _get(context: CheckContext, path: str) -> httpx2.Response:
    return _request(context, "GET", path)


def _request(context: CheckContext, method: str, path: str, **more: Any) -> httpx2.Response:  # noqa: ANN401 - passed to httpx2
    import httpx2

    key = context.settings.key
    headers = more.pop("headers", {}) | ({} if key is None else {"Authorization": f"Bearer {key}"})
    url = server_url(context.store_url)
    with httpx2.Client(timeout=_ANSWER_S, verify=trusted_certificates(url)) as client:
        return client.request(method, url + path, headers=headers, **more)


def _detail(answer: httpx2.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return answer.reason_phrase


CHECKS = (
    Check("server", _server),
    Check("version", _version, needs=("server",)),
    Check("key", _key, needs=("server",)),
    Check("its store", _ready, needs=("server",)),
    Check("its tools", _tools, needs=("server",)),
)
