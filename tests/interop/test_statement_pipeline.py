"""graphiti's pipeline behind the interface of the endpoint: its facts get quotes, and failures record nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from graphmem.extraction.completions import Completions
from graphmem.interop.graphiti.statement_pipeline import GraphitiPipeline
from graphmem.model import Kind
from graphmem.opening import open_memory
from graphmem.service import GraphMemory
from graphmem.sources.transcripts import Speaker, TranscriptTurn
from graphmem.sources.transcripts.quoted_statements import ModelReading, QuotedStatement
from tests.extraction.endpoint_stub import EndpointStub, completion, endpoint, send
from tests.fake_embedder import FakeEmbedder
from tests.interop.story import REPO

FACT = "The billing service uses httpx"
SAID = "Thanks. The billing service is on httpx now. See you."


@pytest.fixture
def stub() -> Iterator[EndpointStub]:
    with endpoint() as running:
        yield running


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[GraphMemory]:
    model = FakeEmbedder()
    place = str(tmp_path / "memory.db")
    with open_memory(place, scope=REPO, actor="t", embedder=lambda: model, create=True) as opened:
        yield opened


def hears(stub: EndpointStub, *, source: str = "billing service", target: str = "httpx") -> None:
    """Let the endpoint answer each schema of graphiti's: two entities, a fact, and nothing else."""
    entities = [{"name": name, "entity_type_id": 0, "episode_indices": [0]} for name in (source, target)]
    edge = {"source_entity_name": source, "target_entity_name": target, "relation_type": "USES", "fact": FACT}
    answers: dict[str, Any] = {
        "extracted_entities": entities,
        "edges": [{**edge, "valid_at": "2026-01-05T00:00:00Z", "invalid_at": None, "episode_indices": [0]}],
    }

    def reply(handler: BaseHTTPRequestHandler, request: Mapping[str, Any]) -> None:
        schema = request["response_format"]["json_schema"]["schema"]
        said = {name: answers.get(name, _empty(one)) for name, one in schema["properties"].items()}
        send(handler, 200, completion(json.dumps(said)))

    stub.reply = reply


def _empty(schema: Mapping[str, Any]) -> list[str] | str | None:
    return [] if schema.get("type") == "array" else "" if schema.get("type") == "string" else None


def read(memory: GraphMemory, stub: EndpointStub, text: str = SAID, timeout_s: float = 30) -> ModelReading:
    pipeline = GraphitiPipeline(memory, Completions(stub.url, "m", timeout_s=timeout_s))
    return pipeline.statements_in([TranscriptTurn(Speaker.USER, text, 4)])


def test_a_fact_gets_the_sentence_that_names_both_of_its_entities(memory: GraphMemory, stub: EndpointStub) -> None:
    hears(stub)
    quote = "The billing service is on httpx now."
    fact = QuotedStatement(FACT, quote, 4, Speaker.USER, Kind.FACT)
    assert read(memory, stub) == ModelReading((fact,))
    assert memory.status().changes == 0


def test_a_fact_that_no_sentence_names_is_dropped_and_counted(memory: GraphMemory, stub: EndpointStub) -> None:
    hears(stub, target="aiohttp")
    assert read(memory, stub) == ModelReading((), {"no sentence names what the fact is about": 1})


def test_what_is_private_is_not_sent(memory: GraphMemory, stub: EndpointStub) -> None:
    hears(stub)
    memory.add("A memory that nobody sends")
    read(memory, stub, f"{SAID}\n<private>for Zyxwa</private>")
    assert ("billing" in stub.sent, "Zyxwa" in stub.sent, "nobody sends" in stub.sent) == (True, False, False)


@pytest.mark.parametrize("status", [429, 500])
def test_a_status_that_is_an_error_is_the_failure(memory: GraphMemory, stub: EndpointStub, status: int) -> None:
    stub.fails(status)
    assert read(memory, stub) == ModelReading(failure=f"HTTP status {status}")


@pytest.mark.parametrize("content", ["no JSON", '{"extracted_entities": 3}', "[]"])
def test_an_answer_off_the_schema_is_the_failure(memory: GraphMemory, stub: EndpointStub, content: str) -> None:
    stub.says(content)
    assert read(memory, stub).failure == "the answer is not of the schema"


def test_slow_giant_and_broken_answers_are_the_failure(memory: GraphMemory, stub: EndpointStub) -> None:
    def wait(*_: object) -> None:
        stub.over.wait(30)

    def cut(handler: BaseHTTPRequestHandler, _: Mapping[str, Any]) -> None:
        handler.send_response(200)
        handler.send_header("content-length", "1000")
        handler.end_headers()
        handler.close_connection = True

    stub.reply = wait
    assert read(memory, stub, timeout_s=0.3).failure == "no answer in time"
    stub.reply = cut
    assert read(memory, stub).failure == "the answer broke off"
    stub.reply = lambda handler, _: send(handler, 200, b" " * (2 << 20))
    assert "more than" in read(memory, stub).failure


def test_a_memory_on_a_server_is_refused_in_words(stub: EndpointStub) -> None:
    from graphmem.client import Connection, RemoteMemory

    with RemoteMemory(Connection("http://127.0.0.1:9", None), scope=REPO, actor="t") as remote:
        assert "direct access to the store" in read(remote, stub).failure
