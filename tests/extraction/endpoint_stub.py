"""An OpenAI-compatible endpoint on this machine that answers as a test lays ready."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Reply = Callable[[BaseHTTPRequestHandler, Mapping[str, Any]], None]


def send(handler: BaseHTTPRequestHandler, status: int, body: bytes) -> None:
    handler.send_response(status)
    handler.send_header("content-type", "application/json")
    handler.send_header("content-length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def completion(content: str) -> bytes:
    message = {"role": "assistant", "content": content}
    return json.dumps({"choices": [{"index": 0, "finish_reason": "stop", "message": message}]}).encode()


def item(quote: str, statement: str = "Use httpx in all services", **fields: object) -> dict[str, Any]:
    """A statement as a model answers it, by default a decision of the user in turn 1."""
    whole = {"turn": 1, "speaker": "user", "quote": quote, "statement": statement, "kind": "decision"}
    return {**whole, "reason": "", "rejected": [], **fields}


@dataclass
class EndpointStub:
    """Requests that arrived, with their headers, and the reply to each."""

    url: str = ""
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    reply: Reply = lambda handler, _: send(handler, 200, completion('{"statements": []}'))
    #: Set when the test is over: a slow reply ends then.
    over: threading.Event = field(default_factory=threading.Event)

    def answers(self, *items: Mapping[str, Any]) -> None:
        body = completion(json.dumps({"statements": items}))
        self.reply = lambda handler, _: send(handler, 200, body)

    def says(self, content: str) -> None:
        self.reply = lambda handler, _: send(handler, 200, completion(content))

    def fails(self, status: int) -> None:
        self.reply = lambda handler, _: send(handler, status, b'{"error": {"message": "no"}}')

    @property
    def sent(self) -> str:
        """The text of all messages that arrived."""
        return json.dumps([request["messages"] for request in self.requests], ensure_ascii=False)


@contextmanager
def endpoint() -> Iterator[EndpointStub]:
    """A server on a free port."""
    stub = EndpointStub()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = json.loads(self.rfile.read(int(self.headers["content-length"])))
            stub.requests.append(request)
            stub.headers.append({"path": self.path, **{name.lower(): value for name, value in self.headers.items()}})
            stub.reply(self, request)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    stub.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield stub
    finally:
        stub.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
