"""`graphmem mcp`, started as an agent starts it, and asked what an agent asks first."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from threading import Timer
from typing import IO, Any

from graphmem.doctor.links import Case, Check, Look, broken, ok, warn

_ANSWER_S = 30.0
_LIMIT_S = 40.0
_OPENING = {
    "protocolVersion": "2025-06-18",
    "capabilities": {},
    "clientInfo": {"name": "graphmem doctor", "version": "1"},
}
_REINSTALL = "pip install --force-reinstall graphmem"


def _command(case: Case) -> Look:
    place = [] if case.url is None else ["--url", case.url]
    words = [sys.executable, "-m", "graphmem.cli", "mcp", *place]
    with subprocess.Popen(  # noqa: S603 - this very program
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(case.environment),
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
    return _told(len(tools))


def _told(count: int) -> Look:
    if shutil.which("graphmem") is None:
        told = f"graphmem mcp lists {count} tools, but graphmem is not on the path where agents look for it"
        return warn(told, f"ln -s {sys.prefix}/bin/graphmem ~/.local/bin/")
    return ok(f"graphmem mcp starts and lists {count} tools")


def _tools(to: IO[str], back: IO[str]) -> list[Any]:
    """What the process lists.

    Raises:
        OSError: It has ended.
        ValueError: It answers something else than messages.
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
        return lines[-1][:300] if lines else "it says nothing"
    return "it says nothing"


COMMAND = Check("agents", _command, limit_s=_LIMIT_S)
