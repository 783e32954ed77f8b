"""The memory file of the MCP reference server; `data/memory.jsonl` was written by it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from graphmem.errors import NotFound
from graphmem.model import AnchorKind, LinkKind, Origin
from graphmem.sources.memories import MemoryFormat, read_export
from graphmem.sources.memories.mcp_memory import NO_END, NO_NAME, NO_RECORD, NO_TEXT, NOT_JSON
from graphmem.sources.memories.statements import REFUSED
from graphmem.sources.memories.text_files import MAX_LINE_BYTES, NOT_UTF8, TOO_LONG
from tests.sources.memories.conftest import ASKED, DATA, Reads, reasons, starts, titles

FILE = DATA / "memory.jsonl"


def entity(name: object, *said: object, kind: str = "service") -> str:
    return json.dumps({"type": "entity", "name": name, "entityType": kind, "observations": said})


def relation(source: str, word: str, target: str) -> str:
    return json.dumps({"type": "relation", "from": source, "to": target, "relationType": word})


def test_every_observation_begins_with_its_entity() -> None:
    assert titles(read_export(FILE, ASKED, MemoryFormat.MCP_MEMORY)) == [
        "billing-service (service)",
        "billing-service: Retries a failed charge three times",
        "billing-service: Écrit en Kotlin: 日本語",
        "ledger (database)",
        "ledger: Runs on port 5433",
        "ledger is filled by billing-service",
    ]


def test_nothing_in_it_has_a_date() -> None:
    assert set(starts(read_export(FILE, ASKED, MemoryFormat.MCP_MEMORY)).values()) == {None}


def test_statements_are_about_their_entity_and_as_trusted_as_an_agent() -> None:
    said = read_export(FILE, ASKED, MemoryFormat.MCP_MEMORY).items[4].observation.statement
    assert (said.body, said.labels, said.origin) == ("of the same host", ("database",), Origin.AGENT)
    assert [(one.kind, one.name) for one in said.anchors] == [(AnchorKind.COMPONENT, "ledger")]


def test_a_relation_with_a_typed_link_here_is_one() -> None:
    (found,) = read_export(FILE, ASKED, MemoryFormat.MCP_MEMORY).relations
    assert (found.source, found.target, found.kind) == (
        "mcp-memory/memory/billing-service",
        "mcp-memory/memory/ledger",
        LinkKind.DEPENDS_ON,
    )


def test_a_relation_to_an_entity_that_is_not_there_is_carried_as_words(reads: Reads) -> None:
    export = reads(MemoryFormat.MCP_MEMORY, f"{entity('a')}\n{relation('a', 'depends_on', 'gone')}")
    assert (titles(export)[1:], export.relations) == (["a depends_on gone"], ())


def test_what_is_broken_is_told_with_its_line_and_the_rest_is_carried(reads: Reads) -> None:
    lines = [entity("a", "x"), "{broken", "[1]", entity("", "y"), entity("b", 3, "z"), '{"type": "other"}']
    export = reads(MemoryFormat.MCP_MEMORY, "\n".join(lines))
    assert titles(export) == ["a (service)", "a: x", "b (service)", "b: z"]
    told = [(one.line, one.reason) for one in export.losses]
    assert told == [(2, NOT_JSON), (3, NO_RECORD), (4, NO_NAME), (5, NO_TEXT), (6, NO_RECORD)]


def test_a_line_in_another_encoding_is_told_and_the_rest_is_carried(reads: Reads) -> None:
    export = reads(MemoryFormat.MCP_MEMORY, entity("a").encode() + b"\n\xff\xfe\n" + entity("b").encode())
    assert (titles(export), reasons(export)) == (["a (service)", "b (service)"], [NOT_UTF8])


def test_an_endless_line_is_passed_over(reads: Reads) -> None:
    endless = b"x" * (2 * MAX_LINE_BYTES + 5)
    export = reads(MemoryFormat.MCP_MEMORY, endless + b"\n" + entity("b").encode())
    assert (titles(export), reasons(export), export.losses[0].line) == (["b (service)"], [TOO_LONG], 1)


def test_a_byte_order_mark_and_windows_line_ends_change_nothing(reads: Reads) -> None:
    export = reads(MemoryFormat.MCP_MEMORY, b"\xef\xbb\xbf" + f"{entity('a', 'x')}\r\n".encode())
    assert (titles(export), reasons(export)) == (["a (service)", "a: x"], [])


def test_the_answer_of_read_graph_is_the_same(reads: Reads) -> None:
    graph = {"entities": [json.loads(entity("a", "x"))], "relations": [json.loads(relation("a", "knows", "b"))]}
    export = reads(MemoryFormat.MCP_MEMORY, json.dumps(graph, indent=2), name="graph.json")
    assert titles(export) == ["a (service)", "a: x", "a knows b"]


def test_half_of_a_surrogate_pair_is_told(reads: Reads) -> None:
    export = reads(MemoryFormat.MCP_MEMORY, entity("a", "\ud800"))
    assert (titles(export), len(export.losses)) == (["a (service)"], 1)


def test_what_graphmem_does_not_take_is_told(reads: Reads) -> None:
    export = reads(MemoryFormat.MCP_MEMORY, entity("a", "x" * 300_000, "fits"))
    assert (titles(export)[1:], reasons(export)) == (["a: fits"], [REFUSED])


def test_an_empty_file_holds_nothing(reads: Reads) -> None:
    assert reads(MemoryFormat.MCP_MEMORY, "").items == ()


def test_names_of_any_kind_make_keys_of_their_own(reads: Reads) -> None:
    names = ["a/b", "a*", "a?", "a%2Fb", "..", ".", "ä", "x" * 900, "x" * 899 + "y"]
    keys = {one.observation.key for one in reads(MemoryFormat.MCP_MEMORY, "\n".join(map(entity, names))).items}
    assert len(keys) == len(names)
    assert not any(letter in key for key in keys for letter in "*?")
    assert {key.count("/") for key in keys} == {2}


def test_a_folder_means_the_memory_in_it() -> None:
    assert len(read_export(DATA, ASKED, MemoryFormat.MCP_MEMORY).items) == 6


def test_a_folder_without_one_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"memory\.jsonl"):
        read_export(tmp_path, ASKED, MemoryFormat.MCP_MEMORY)


def test_a_relation_that_lacks_an_end_is_told(reads: Reads) -> None:
    assert reasons(reads(MemoryFormat.MCP_MEMORY, relation("a", "knows", ""))) == [NO_END]
