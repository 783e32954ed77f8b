"""One structured call of an OpenAI-compatible endpoint, and what becomes of answers that are none."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from graphmem.deadline import wanted_by
from graphmem.extraction.chat_endpoint import ChatEndpoint
from graphmem.extraction.completions import MAX_ANSWER_BYTES, Completions
from graphmem.extraction.sent_turns import PART_CHARS
from graphmem.model import Kind
from graphmem.sources.transcripts import Speaker, TranscriptTurn
from graphmem.sources.transcripts.quoted_statements import ModelReading, QuotedStatement
from tests.extraction.endpoint_stub import EndpointStub, completion, item, send

SAID = "Fine, httpx it is, for every service, since it is async. Requests is out."
TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"


def read(stub: EndpointStub, text: str = SAID, key: str | None = None, timeout_s: float = 60) -> ModelReading:
    return ChatEndpoint(Completions(stub.url, "qwen3", key, timeout_s)).statements_in(
        [TranscriptTurn(Speaker.USER, text, 1)]
    )


def test_a_part_is_read_in_one_structured_call(stub: EndpointStub) -> None:
    stub.answers(item("httpx it is, for every service", reason="it is async", rejected=["requests"]))
    done = read(stub, key="k1")
    decision = QuotedStatement(
        "Use httpx in all services",
        "httpx it is, for every service",
        1,
        Speaker.USER,
        Kind.DECISION,
        "it is async",
        ("requests",),
    )
    assert done == ModelReading((decision,))
    (request,), (headers,) = stub.requests, stub.headers
    assert (request["model"], request["response_format"]["type"]) == ("qwen3", "json_schema")
    assert (headers["path"], headers["authorization"]) == ("/v1/chat/completions", "Bearer k1")


def test_an_endpoint_that_knows_no_schema_is_asked_for_plain_json(stub: EndpointStub) -> None:
    def reply(handler: BaseHTTPRequestHandler, request: Mapping[str, Any]) -> None:
        if "response_format" in request:
            send(handler, 400, b"response_format is not supported")
        else:
            answer = json.dumps({"statements": [item("Requests is out.")]})
            send(handler, 200, completion(f"Here you are:\n```json\n{answer}\n```"))

    stub.reply = reply
    model = ChatEndpoint(Completions(stub.url, "m"))
    for _ in range(2):
        assert [one.quote for one in model.statements_in([TranscriptTurn(Speaker.USER, SAID, 1)]).statements] == [
            "Requests is out."
        ]
    assert ["response_format" in request for request in stub.requests] == [True, False, False]


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_a_status_that_is_an_error_is_the_failure(stub: EndpointStub, status: int) -> None:
    stub.fails(status)
    assert read(stub) == ModelReading(failure=f"HTTP status {status}")
    assert len(stub.requests) == 1


@pytest.mark.parametrize(
    "content", ["Nothing to say.", "[]", '{"statements": "none"}', '{"facts": []}', '{"statements": [', "", "{" * 9_000]
)
def test_an_answer_off_the_schema_is_the_failure(stub: EndpointStub, content: str) -> None:
    stub.says(content)
    assert read(stub) == ModelReading(failure="the answer is not of the schema")


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"choices": []}', b'{"choices": [{"message": {}}]}'])
def test_a_body_that_is_no_completion_is_the_failure(stub: EndpointStub, body: bytes) -> None:
    stub.reply = lambda handler, _: send(handler, 200, body)
    assert read(stub).failure == "the answer is not of the schema"


def test_a_statement_off_the_schema_is_counted_and_the_others_are_taken(stub: EndpointStub) -> None:
    bad: list[Any] = [
        item("Requests is out.", kind="gossip"),
        item("x", turn=0),
        {"quote": "x"},
        "x",
        item("x", mood="glad"),
    ]
    stub.answers(*bad, item("Requests is out."))
    done = read(stub)
    assert ([one.quote for one in done.statements], done.dropped) == (["Requests is out."], {"off the schema": 5})


def test_more_statements_than_an_answer_may_have_are_counted(stub: EndpointStub) -> None:
    stub.answers(*[item("Requests is out.")] * 60)
    done = read(stub)
    assert (len(done.statements), done.dropped) == (50, {"beyond the limit of an answer": 10})


def test_an_endpoint_that_is_down_is_the_failure(stub: EndpointStub) -> None:
    del stub
    gone = ChatEndpoint(Completions("http://127.0.0.1:9/v1", "m"))
    assert gone.statements_in([TranscriptTurn(Speaker.USER, SAID, 1)]).failure == "no connection"


def test_a_slow_endpoint_is_the_failure(stub: EndpointStub) -> None:
    def wait(*_: object) -> None:
        stub.over.wait(30)

    stub.reply = wait
    assert read(stub, timeout_s=0.3).failure == "no answer in time"


def test_an_endpoint_that_drips_its_answer_is_the_failure(stub: EndpointStub) -> None:
    def drip(handler: BaseHTTPRequestHandler, _: Mapping[str, Any]) -> None:
        handler.send_response(200)
        handler.send_header("content-length", "1000")
        handler.end_headers()
        while not stub.over.wait(0.05):
            try:
                handler.wfile.write(b" ")
                handler.wfile.flush()
            except OSError:
                return

    stub.reply = drip
    assert read(stub, timeout_s=0.5).failure == "no answer in time"


def test_a_giant_answer_is_the_failure_and_is_not_read_to_its_end(stub: EndpointStub) -> None:
    def flood(handler: BaseHTTPRequestHandler, _: Mapping[str, Any]) -> None:
        handler.send_response(200)
        handler.send_header("content-length", str(1 << 40))
        handler.end_headers()
        try:
            while not stub.over.is_set():
                handler.wfile.write(b" " * 65_536)
        except OSError:
            pass

    stub.reply = flood
    assert read(stub).failure == f"an answer of more than {MAX_ANSWER_BYTES} bytes"


def test_an_answer_that_breaks_off_is_the_failure(stub: EndpointStub) -> None:
    def cut(handler: BaseHTTPRequestHandler, _: Mapping[str, Any]) -> None:
        handler.send_response(200)
        handler.send_header("content-length", "1000")
        handler.end_headers()
        handler.wfile.write(b'{"choices": [')
        handler.close_connection = True

    stub.reply = cut
    assert read(stub).failure == "the answer broke off"


def test_a_redirection_is_not_followed(stub: EndpointStub) -> None:
    def elsewhere(handler: BaseHTTPRequestHandler, _: Mapping[str, Any]) -> None:
        handler.send_response(307)
        handler.send_header("location", f"{stub.url}/elsewhere")
        handler.send_header("content-length", "0")
        handler.end_headers()

    stub.reply = elsewhere
    assert (read(stub).failure, len(stub.requests)) == ("HTTP status 307", 1)


def test_only_the_words_of_speakers_are_sent_and_no_secret(stub: EndpointStub) -> None:
    text = (
        f"Deploy with {TOKEN} please.\n<private>the client is Acme</private>\n"
        "<system-reminder>be brief</system-reminder>\n```\nprint('code')\n```\n> quoted words\ngraphmem: 3 memories\n"
        "<local-command-stdout>ran</local-command-stdout>"
    )
    read(stub, text)
    assert "Deploy with" in stub.sent
    for word in (TOKEN, "Acme", "be brief", "print", "quoted words", "3 memories", "ran<"):
        assert word not in stub.sent


def test_nothing_is_sent_if_nothing_is_left(stub: EndpointStub) -> None:
    assert read(stub, "<private>all of it</private>") == ModelReading()
    assert stub.requests == []


def test_a_long_conversation_is_read_in_parts_until_one_fails(stub: EndpointStub) -> None:
    replies = iter([200, 500, 200])

    def reply(handler: BaseHTTPRequestHandler, _: Mapping[str, Any]) -> None:
        send(handler, next(replies), completion(json.dumps({"statements": [item("Requests is out.")]})))

    stub.reply = reply
    turns = [TranscriptTurn(Speaker.USER, "word " * (PART_CHARS // 5 - 10), number) for number in (1, 2, 3)]
    done = ChatEndpoint(Completions(stub.url, "m")).statements_in(turns)
    assert (len(done.statements), done.failure, len(stub.requests)) == (1, "HTTP status 500", 2)


def test_the_key_is_not_shown() -> None:
    assert "k1" not in repr(ChatEndpoint(Completions("http://127.0.0.1:9/v1", "m", "k1")))


def test_a_request_that_has_no_time_left_calls_nothing(stub: EndpointStub) -> None:
    with wanted_by(time.monotonic() + 1):
        assert read(stub).failure == "no time left for a call"
    assert stub.requests == []
