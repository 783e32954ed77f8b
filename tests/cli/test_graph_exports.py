"""`graphmem export --format`: the graph at a point for other programs, and the ledger as before."""

from __future__ import annotations

import io
from pathlib import Path

import networkx as nx
import pytest

from tests.cli.conftest import Tool


def test_graphml_holds_the_chain_as_of_a_day(tool: Tool, chain: tuple[str, str]) -> None:
    for day, holds in (("2022-01-01", [True, False]), ("2024-01-01", [False, True])):
        text = tool.out("export", "--format", "graphml", "--as-of", day)
        graph = nx.read_graphml(io.BytesIO(text.encode()))
        assert [graph.nodes[key]["holds"] for key in chain] == holds
        assert list(graph.edges(data="type")) == [(*chain, "superseded_by")]


def test_what_was_not_known_is_not_there(tool: Tool, chain: tuple[str, str]) -> None:
    text = tool.out("export", "--format", "graphml", "--known-at", "1")
    assert list(nx.read_graphml(io.BytesIO(text.encode()))) == [chain[0]]


def test_a_graph_can_go_to_a_file(tool: Tool, tmp_path: Path, chain: tuple[str, str]) -> None:
    target = tmp_path / "memory.cypher"
    told = tool.json("export", "--format", "cypher", "--output", str(target))
    assert told == {"path": str(target), "lines": 4}
    lines = target.read_text(encoding="utf-8").splitlines()
    assert [line.split()[0] for line in lines] == ["CREATE", "MERGE", "MERGE", "MATCH"]
    assert all(key in lines[-1] for key in chain)


def test_it_is_of_the_place_where_one_stands(tool: Tool) -> None:
    tool.add("Mine alone", "--user", "ann")
    assert "Mine alone" not in tool.out("export", "--format", "cypher")
    assert "Mine alone" in tool.out("export", "--format", "cypher", "--user", "ann")


@pytest.mark.parametrize("point", [("--as-of", "2024-01-01"), ("--known-at", "1")])
def test_a_ledger_is_of_all_times(tool: Tool, point: tuple[str, str]) -> None:
    tool.add("A")
    done = tool.run("export", *point)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "need --format graphml or cypher" in done.stderr


def test_a_graph_cannot_be_restored_and_help_says_so(tool: Tool, chain: tuple[str, str]) -> None:
    del chain
    assert "Only JSON lines can be restored" in " ".join(tool.out("export", "--help").split())
    text = tool.out("export", "--format", "graphml")
    other = Tool(tool.folder / "other")
    other.folder.mkdir()
    done = other.run("restore", "-", text=text)
    assert done.exit_code == 2
    assert "line 1" in done.stderr
