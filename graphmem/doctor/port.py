"""Checks the port for `graphmem serve`."""

from __future__ import annotations

import errno
import socket
from contextlib import closing

from graphmem.doctor.links import Check, CheckContext, CheckResult, broken, ok, warn

_ANSWER_S = 2.0
_BACKLOG_NAME = "127.0.0.1"


def _port(context: CheckContext) -> CheckResult:
    host = context.host or _BACKLOG_NAME
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, context.port, type=socket.SOCK_STREAM)[0]
        with closing(socket.socket(family, kind, protocol)) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return _taken(context, host)
        fix = f"graphmem serve --host {_BACKLOG_NAME}"
        return broken(f"graphmem serve cannot listen on {host}:{context.port}: {error.strerror or error}", fix)
    return ok(f"{context.port} is free for graphmem serve")


def _taken(context: CheckContext, host: str) -> CheckResult:
    if _is_ours(host, context.port):
        return ok(f"a graphmem serve answers on {host}:{context.port}")
    message = f"another program listens on {host}:{context.port}"
    return warn(message, f"graphmem serve --port {context.port + 1 if context.port < 65_535 else 0}")  # noqa: PLR2004


def _is_ours(host: str, port: int) -> bool:
    import httpx2

    name = f"[{host}]" if ":" in host else host
    try:
        document = httpx2.get(f"http://{name}:{port}/openapi.json", timeout=_ANSWER_S).json()
        return bool(document["info"]["title"] == "graphmem")
    except (httpx2.HTTPError, ValueError, KeyError, TypeError):
        return False


PORT = Check("port", _port)
