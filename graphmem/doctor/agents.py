"""Starts `graphmem mcp` as an agent does, and lists its tools."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from threading import Timer
from typing import IO, Any

from graphmem.doctor.links import Check, CheckContext, CheckResult, broken, ok, warn

_ANSWER_S = 30.0
_LIMIT_S = 40.0
_OPENING = {
    "protocolVersion": "2025-06-18",
    "capabilities": {},
    "clientInfo": {"name": "graphmem doctor", "version": "1"},
}
_REINSTALL = "pip install --force-reinstall graphmem"


def _command(context: CheckContext) -> CheckResult:
    url_option = [] if context.url is None else ["--url", context.url]
    command = [sys.executable, "-m", "graphmem.cli", "mcp", *url_option]
    with subprocess.Popen(  # noqa: S603 - the running program
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(context.environment),
    ) as process:
        last_call = Timer(_ANSWER_S, process.kill)
        last_call.start()
        try:
            assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018 - both are pipes
            tools = _tools(process.stdin, process.stdout)
        except (OSError, ValueError, KeyError):
            process.kill()
            return broken(f"graphmem mcp does not start: {_last_line(process.stderr)}", _REINSTALL)
        finally:
            last_call.cancel()
            process.kill()
    return _result(len(tools))


def _result(count: int) -> CheckResult:
    if shutil.which("graphmem") is None:
        message = f"graphmem mcp lists {count} tools, but graphmem is not on the PATH that agents search"
        return warn(message, f"ln -s {sys.prefix}/bin/graphmem ~/.local/bin/")
    return ok(f"graphmem mcp starts and lists {count} tools")


def _tools(to: IO[str], back: IO[str]) -> list[Any]:
    """Return the tools that the process lists.

    Raises:
        OSError: The process has ended.
        ValueError: The answer is not a JSON-RPC message.
    """
    _send(to, {"id": 1, "method": "initialize", "params": _OPENING})
    _answer(back)
    _send(to, {"method": "notifications/initialized"})
    _send(to, {"id": 2, "method": "tools/list", "params": {}})
    tools: list[Any] = _answer(back)["tools"]
    return tools


def _send(to: IO[str], message: Mapping[str, object]) -> None:
    to.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    to.flush()


def _answer(back: IO[str]) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(back.readline())["result"]
    return answer


def _last_line(stream: IO[str] | None) -> str:
    with suppress(OSError, ValueError):
        lines = (stream.read() if stream is not None else "").strip().splitlines()
        return lines[-1][:300] if lines else "no output"
    return "no output"


COMMAND = Check("agents", _command, limit_s=_LIMIT_S)
