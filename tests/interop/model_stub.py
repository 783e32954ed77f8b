"""A language model that is a web server on this machine: it answers each question with what a test laid ready."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class ModelStub:
    """Answers by the field that a schema asks for; any other field gets an empty list or nothing."""

    answers: dict[str, Any] = field(default_factory=dict)
    #: The properties of every schema that was asked for.
    asked: list[tuple[str, ...]] = field(default_factory=list)
    url: str = ""

    def answer(self, body: Mapping[str, Any]) -> dict[str, Any]:
        schema = body["response_format"]["json_schema"]["schema"]
        self.asked.append(tuple(schema["properties"]))
        return {name: self.answers.get(name, _empty(one)) for name, one in schema["properties"].items()}


def _empty(schema: Mapping[str, Any]) -> list[str] | str | None:
    return [] if schema.get("type") == "array" else "" if schema.get("type") == "string" else None


@contextmanager
def model_server() -> Iterator[ModelStub]:
    """The server, on a free port."""
    stub = ModelStub()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            message = {"role": "assistant", "content": json.dumps(stub.answer(body))}
            choice = {"index": 0, "finish_reason": "stop", "message": message}
            usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
            done = {"id": "x", "object": "chat.completion", "created": 0, "model": "stub", "choices": [choice]}
            data = json.dumps({**done, "usage": usage}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    stub.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
