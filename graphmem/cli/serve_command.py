"""The command that serves a memory over HTTP."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from graphmem.cli.options import Call, store_options
from graphmem.cli.output import note
from graphmem.deferred_dataclass import dataclass
from graphmem.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from graphmem.keys import KeyRing
    from graphmem.webhooks.receiver import WebhookReceiver


@dataclass(frozen=True, slots=True)
class _ServeOptions:
    """The options of `serve`."""

    host: str
    port: int
    max_seconds: float
    names: tuple[str, ...]
    traces: bool
    workers: int
    line: int | None


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=7470, show_default=True, help="Port; 0 takes a free port."
)
@click.option(
    "--max-seconds",
    type=click.FloatRange(0.1),
    default=30,
    show_default=True,
    help="Time limit of a request, in seconds.",
)
@click.option("--name", "names", multiple=True, help="A host name under which agents reach /mcp. Repeatable.")
@click.option("--traces", is_flag=True, help="Send OpenTelemetry spans to OTEL_EXPORTER_OTLP_ENDPOINT.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="Number of processes.")
@click.option("--line", type=int, hidden=True, help="In a worker process: the descriptor of the socket to its parent.")
@store_options
def serve(*, call: Call, **options: Any) -> None:  # noqa: ANN401 - the fields of `_ServeOptions`
    """Serve the memory over HTTP, with MCP for agents at /mcp and a page for people at /, until interrupted.

    With --workers, each worker is a process (Linux only): limits apply to each process, and /metrics shows those of the
    process that answers.

    As soon as a key exists (`graphmem key create`), callers need a key; a running server notices within a second.
    Without keys every process of this machine has all permissions, and the server refuses an address that other
    machines can reach.
    """
    from graphmem.client import RemoteMemory
    from graphmem.config import file_of
    from graphmem.http.request_limits import ON_A_FILE, Limits
    from graphmem.http.server import ListenAddress, refuse_unprotected_address, serve, uvicorn_config
    from graphmem.http.server_processes import line_to_parent, serve_in_processes
    from graphmem.http.trace_spans import otlp_tracer
    from graphmem.http.web_page import address_of
    from graphmem.mcp_server.key_callers import keyed_tools

    settings = _ServeOptions(**options)
    address, ring = ListenAddress(settings.host, settings.port), ring_if_any(call.url)
    refuse_unprotected_address(ring, address)
    has_keys = ring is not None and ring.is_in_use()
    access = "with keys" if has_keys else "without keys, for this machine only"
    with ExitStack() as stack:
        memory = stack.enter_context(call.open())
        page_of = partial(address_of, scope=memory.scope, has_keys=has_keys)
        if isinstance(memory, RemoteMemory):
            raise InvalidInput(f"{memory.status().url!r} is a server already; name a file or a Neo4j server")

        def announce(url: str) -> None:
            note(f"listening on {url}, {access}; open {page_of(url)} in a browser")

        if settings.workers > 1:
            stack.close()
            serve_in_processes(settings.workers, address, _worker_command(call, settings), listening=announce)
            return
        limits = replace(ON_A_FILE if file_of(_store_url(call.url)) else Limits(), time_s=settings.max_seconds)
        tracer = stack.enter_context(otlp_tracer()) if settings.traces else None
        tools = keyed_tools(memory, settings.names)
        webhooks = webhook_receiver()
        configuration = uvicorn_config(memory, ring, address, limits, tools=tools, tracer=tracer, webhooks=webhooks)
        listening = announce if settings.line is None else stack.enter_context(line_to_parent(settings.line))
        serve(configuration, ring, address, listening=listening, is_shared=settings.line is not None)


def _worker_command(call: Call, settings: _ServeOptions) -> list[str]:
    """Return the command that starts a worker process."""
    words = [
        sys.executable,
        "-m",
        "graphmem.cli",
        "serve",
        "--host",
        settings.host,
        "--max-seconds",
        str(settings.max_seconds),
    ]
    words += [word for name in settings.names for word in ("--name", name)]
    words += ["--traces"] if settings.traces else []
    words += ["--url", call.url] if call.url else []
    return words + [word for part, value in call.scope_parts.items() for word in (f"--{part}", value or "")]


def webhook_receiver() -> WebhookReceiver | None:
    """Return the receiver of webhooks for the file in the settings; None if the settings name no file.

    Raises:
        InvalidInput: The file is wrong.
    """
    from graphmem.config import load_settings
    from graphmem.opening import utc_now
    from graphmem.webhooks.receiver import WebhookReceiver

    path = load_settings().webhooks
    return None if path is None else WebhookReceiver(Path(path), utc_now)


def ring_if_any(url: str | None) -> KeyRing | None:
    """Return the keys of the store at a URL, whose file need not exist yet; None for a store without a key file."""
    path = _path_of(url)
    return None if path is None else _ring(path)


def ring_of(url: str | None) -> KeyRing:
    """Return the keys of the store at a URL, whose file need not exist yet.

    Raises:
        NotFound: The store has no key file.
    """
    path = _path_of(url)
    if path is None:
        raise NotFound(
            "the store is not a file, so it has no folder for a key file: set GRAPHMEM_KEYS to the path of a key file"
        )
    return _ring(path)


def _path_of(url: str | None) -> Path | None:
    from graphmem.config import keys_file, load_settings

    return keys_file(_store_url(url), load_settings())


def _store_url(url: str | None) -> str:
    from graphmem.config import load_settings, locate

    return locate(url, load_settings())


def _ring(path: Path) -> KeyRing:
    from graphmem.keys import KeyRing
    from graphmem.opening import utc_now

    return KeyRing(path, utc_now)
