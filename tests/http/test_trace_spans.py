"""`graphmem serve --traces`: what reaches an OpenTelemetry collector, and what does not."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

import graphmem
from graphmem.model import Statement
from tests.http.test_process import server

SECRET = "zanzibar"  # noqa: S105 - a word to look for
TRACE = "0af7651916cd43dd8448eb211c80319c"


@contextmanager
def collector() -> Iterator[tuple[str, list[bytes]]]:
    """A real receiver of OTLP over HTTP, and the bodies that it got."""
    got: list[bytes] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", got
        finally:
            server.shutdown()


def spans_in(bodies: list[bytes]) -> list[Span]:
    read = [ExportTraceServiceRequest.FromString(body) for body in bodies]
    return [span for one in read for group in one.resource_spans for part in group.scope_spans for span in part.spans]


def told(span: Span) -> dict[str, object]:
    values = {one.key: one.value for one in span.attributes}
    return {key: one.int_value if one.HasField("int_value") else one.string_value for key, one in values.items()}


def test_requests_are_spans_without_a_word_of_a_memory(tmp_path: Path) -> None:
    graphmem.open(str(tmp_path / "memory.db"), create=True).close()
    with collector() as (endpoint, got):
        with server(tmp_path, "--traces", OTEL_EXPORTER_OTLP_ENDPOINT=endpoint) as (url, process):
            with graphmem.open(url) as memory:
                memory.add(Statement(title=f"The {SECRET} is ours", subject=SECRET))
            asked = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01", "user-agent": SECRET}
            httpx2.get(f"{url}/v1/memories", params={"subject": SECRET}, headers=asked, timeout=None)
            httpx2.get(f"{url}/{SECRET}", timeout=None)
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)
        assert process.returncode == 0
    spans = {span.name: span for span in spans_in(got)}
    assert spans.keys() >= {"POST /v1/memories", "GET /v1/memories", "unrouted unrouted"}
    added, listed = told(spans["POST /v1/memories"]), spans["GET /v1/memories"]
    assert (added["http.response.status_code"], "graphmem.change" in added) == (201, True)
    assert listed.trace_id.hex() == TRACE
    assert all(SECRET.encode() not in body for body in got)


def test_missing_packages_are_named_with_the_fix(tmp_path: Path) -> None:
    graphmem.open(str(tmp_path / "memory.db"), create=True).close()
    hidden = "import sys; sys.modules['opentelemetry.sdk'] = None; from graphmem.cli import main; main()"
    words = [sys.executable, "-c", hidden, "serve", "--traces", "--port", "0", "--url", "memory.db"]
    done = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "pip install 'graphmem[opentelemetry]'" in done.stderr


def test_without_it_nothing_of_it_is_loaded() -> None:
    code = (
        "import sys, graphmem.http.server; sys.exit(any(name.startswith('opentelemetry.sdk') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
