"""The command that serves a memory over HTTP."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from graphmem.cli.options import Call, located
from graphmem.cli.output import note
from graphmem.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from graphmem.keys import KeyRing


@dataclass(frozen=True, slots=True)
class _Asked:
    """What `serve` was told."""

    host: str
    port: int
    max_seconds: float
    names: tuple[str, ...]
    traces: bool
    workers: int
    line: int | None


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=7470, show_default=True, help="0 takes a free one.")
@click.option("--max-seconds", type=click.FloatRange(0.1), default=30, show_default=True, help="For one request.")
@click.option("--name", "names", multiple=True, help="A host name under which agents reach /mcp; may be repeated.")
@click.option("--traces", is_flag=True, help="Send OpenTelemetry spans where OTEL_EXPORTER_OTLP_ENDPOINT says.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Processes, for more cores.")
@click.option("--line", type=int, hidden=True, help="Of one of several processes: the descriptor of its parent's line.")
@located
def serve(*, call: Call, **asked: Any) -> None:  # noqa: ANN401 - the fields of `_Asked`
    """Serve the memory over HTTP, to agents over MCP at /mcp, to people as a page at /, until it is interrupted.

    With several workers each is a process of its own (Linux): limits are each one's, and /metrics tells of the one that
    answers.

    As soon as there is a key (`graphmem key create`), callers need one, on a running server within a second. Without
    any, every process of this machine may do everything; on an address that other machines reach, it does not start
    then.
    """
    from graphmem.client import RemoteMemory
    from graphmem.config import file_of
    from graphmem.http.limits import ON_A_FILE, Limits
    from graphmem.http.processes import line_to_parent, serve_in_processes
    from graphmem.http.serving import ListenAddress, refuse_unprotected_address, serve, uvicorn_config
    from graphmem.http.tracing import otlp_tracer
    from graphmem.http.viewing import address_of
    from graphmem.mcp_server.doors import keyed_tools

    how = _Asked(**asked)
    address, ring = ListenAddress(how.host, how.port), ring_if_any(call.url)
    refuse_unprotected_address(ring, address)
    has_keys = ring is not None and ring.is_in_use()
    doors = "with keys" if has_keys else "without keys, for this machine alone"
    with ExitStack() as stack:
        memory = stack.enter_context(call.open())
        page_of = partial(address_of, scope=memory.scope, has_keys=has_keys)
        if isinstance(memory, RemoteMemory):
            raise InvalidInput(f"{memory.status().url!r} is served already; name a file or a Neo4j server")

        def told(url: str) -> None:
            note(f"listening on {url}, {doors}; open {page_of(url)} in a browser")

        if how.workers > 1:
            stack.close()
            serve_in_processes(how.workers, address, _one_of_several(call, how), listening=told)
            return
        limits = replace(ON_A_FILE if file_of(_place_of(call.url)) else Limits(), time_s=how.max_seconds)
        tracer = stack.enter_context(otlp_tracer()) if how.traces else None
        tools = keyed_tools(memory, how.names)
        configuration = uvicorn_config(memory, ring, address, limits, tools=tools, tracer=tracer)
        listening = told if how.line is None else stack.enter_context(line_to_parent(how.line))
        serve(configuration, ring, address, listening=listening, is_shared=how.line is not None)


def _one_of_several(call: Call, how: _Asked) -> list[str]:
    """The command that starts one of several processes which serve the same."""
    words = [sys.executable, "-m", "graphmem.cli", "serve", "--host", how.host, "--max-seconds", str(how.max_seconds)]
    words += [word for name in how.names for word in ("--name", name)]
    words += ["--traces"] if how.traces else []
    words += ["--url", call.url] if call.url else []
    return words + [word for part, value in call.stands.items() for word in (f"--{part}", value or "")]


def ring_if_any(url: str | None) -> KeyRing | None:
    """The keys of the store at a URL, whose file need not be there yet; None if there is no place for it."""
    path = _path_of(url)
    return None if path is None else _ring(path)


def ring_of(url: str | None) -> KeyRing:
    """The keys of the store at a URL, whose file need not be there yet.

    Raises:
        NotFound: There is no place for it.
    """
    path = _path_of(url)
    if path is None:
        raise NotFound("the store is no file beside which keys could stand: set GRAPHMEM_KEYS to a path for them")
    return _ring(path)


def _path_of(url: str | None) -> Path | None:
    from graphmem.config import keys_file, load_settings

    return keys_file(_place_of(url), load_settings())


def _place_of(url: str | None) -> str:
    from graphmem.config import load_settings, locate

    return locate(url, load_settings())


def _ring(path: Path) -> KeyRing:
    from graphmem.keys import KeyRing
    from graphmem.opening import utc_now

    return KeyRing(path, utc_now)
