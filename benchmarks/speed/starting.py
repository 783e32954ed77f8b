"""What a new process costs: the first answer after opening, the command line, the embedding model."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.rows import Row
from benchmarks.speed.corpus import Corpus, memory_id, repo_name
from benchmarks.speed.timing import Timings, repeat

_ROOT = Path(__file__).parent.parent.parent
_PROCESSES = 9
_TEXTS = 256
_CLI = ("-c", "from graphmem.cli import main; main()")

_FIRST = """
import sys, time, json
import graphmem
from graphmem.model import Scope
from graphmem.retrieval.embedder import EmbedderMissing
path, repo, key, text, mode = sys.argv[1:]
import graphmem.opening, graphmem.service.memory, graphmem.adapters.sqlite.store, graphmem.adapters.sqlite.write_batch
import graphmem.retrieval.search
off = EmbedderMissing("off")
started = time.perf_counter()
with graphmem.open(path, scope=Scope("speed", repo), actor="speed", embedder=lambda: off) as memory:
    memory.get(key) if mode == "get" else memory.search(text)
    print(json.dumps((time.perf_counter() - started) * 1e3))
"""

_SDK_ALONE = """
import anyio
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp_types import ListToolsResult

async def tools(context, params):
    return ListToolsResult(tools=[])

async def serve():
    server = Server("nothing", on_list_tools=tools)
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())

anyio.run(serve)
"""
_HELLO = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "benchmark", "version": "1"}}

# Made-up words would fall into many more pieces than those of a language do.
_ENGLISH = """
    we use the database for orders because it keeps every change and lets services read old versions while new code is
    written so teams agreed to move from one large server to small queues with clear limits on time memory and cost
""".split()  # noqa: SIM905


def first_answers(corpus: Corpus, path: Path) -> list[Row]:
    """From `graphmem.open` to the first answer, imports aside, in new processes."""
    asked = corpus.queries(1)[0]
    arguments = [str(path), repo_name(0), memory_id(0), asked.text]
    got = np.median([json.loads(_python(["-c", _FIRST, *arguments, "get"])) for _ in range(_PROCESSES)])
    found = np.median([json.loads(_python(["-c", _FIRST, *arguments, "search"])) for _ in range(_PROCESSES)])
    return [
        Row("open and first answer (get), new process", float(got), "ms", "lower", 20),
        Row("open and first search by words, new process", float(found), "ms", "lower"),
    ]


def command_line(path: Path) -> list[Row]:
    """`graphmem --help`, and the whole process of one search, with and without the model."""
    if importlib.util.find_spec("graphmem.cli") is None:
        print("no command line yet: not measured", file=sys.stderr)
        return []
    search = [*_CLI, "search", "which database do we use", "--json"]
    here = {"GRAPHMEM_URL": str(path), "GRAPHMEM_TENANT": "speed", "GRAPHMEM_REPO": repo_name(0)}
    return [
        _process("graphmem --help", [*_CLI, "--help"], {}, goal=150),
        _process("cold graphmem search, by words", search, {**here, "GRAPHMEM_EMBEDDINGS": "off"}),
        _process("cold graphmem search, with the model", search, here),
    ]


def tools_for_agents() -> list[Row]:
    """`initialize` and `tools/list` from new processes: ours, and the MCP SDK's with no tools at all, in turns."""
    timings = {"graphmem mcp": Timings(), "the MCP SDK alone": Timings()}
    for _ in range(_PROCESSES):
        for (_, each), arguments in zip(timings.items(), ([*_CLI, "mcp"], ["-c", _SDK_ALONE]), strict=True):
            with each.one():
                _list_tools(arguments)
    ours, alone = (each.p50 for each in timings.values())
    return [
        Row("cold graphmem mcp, initialize and tools/list", ours, "ms", "lower", 700),
        Row("cold MCP SDK alone, initialize and tools/list", alone, "ms", "lower"),
    ]


def _list_tools(arguments: Sequence[str]) -> None:
    sent: list[dict[str, Any]] = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": _HELLO},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/list"},
    ]
    with subprocess.Popen(
        [sys.executable, *arguments], cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None  # noqa: S101 - it was asked for
        assert process.stdout is not None  # noqa: S101 - as above
        for one in sent:
            process.stdin.write(json.dumps(one) + "\n")
            process.stdin.flush()
            if "id" in one and json.loads(process.stdout.readline())["id"] != one["id"]:
                raise RuntimeError(f"{arguments[-1]!r} gave no answer to {one['method']}")
        process.kill()


def embedding() -> list[Row]:
    """Texts of about 67 words a second, and one text alone."""
    from graphmem.retrieval.embedder import EmbedderMissing, find_embedder

    backend = find_embedder()
    if isinstance(backend, EmbedderMissing):
        print(f"not measured: {backend.reason}", file=sys.stderr)
        return []
    rng = np.random.default_rng(1)
    texts = [" ".join(rng.choice(_ENGLISH, size=67)) for _ in range(_TEXTS)]
    backend.embed(texts[:8])
    started = time.perf_counter()
    backend.embed(texts)
    rate = len(texts) / (time.perf_counter() - started)
    query = repeat(50, lambda: backend.embed(["which database do we use for the ledger"]))
    return [Row("embedding, texts of 67 words", rate, "/s", "higher"), *query.rows("embedding one query")]


def _process(name: str, arguments: Sequence[str], environment: dict[str, str], goal: float | None = None) -> Row:
    timings = repeat(_PROCESSES, lambda: _python(arguments, environment))
    return Row(name, timings.p50, "ms", "lower", goal)


def _python(arguments: Sequence[str], environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=_ROOT,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout
