"""`graphmem graphiti`: switched on and off per tenant, on a server alone."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Tool
from tests.servers import Access


def test_a_file_is_refused_with_the_ways_there_are(tool: Tool) -> None:
    tool.add("A")
    done = tool.run("graphiti", "on", "--url", str(tool.folder / "memory.db"))
    assert done.exit_code == 1
    assert "is not a Neo4j server" in done.stderr
    assert "graphmem copy" in done.stderr


def test_it_is_switched_on_followed_and_switched_off(
    tool: Tool, neo4j: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    neo4j.wipe()
    monkeypatch.setenv("GRAPHMEM_NEO4J_USER", neo4j.user)
    monkeypatch.setenv("GRAPHMEM_NEO4J_PASSWORD", neo4j.password or "")
    tool.run("schema", "apply", "--url", neo4j.url)

    def said(verb: str, *more: str) -> dict[str, object]:
        status: dict[str, object] = tool.json("graphiti", verb, "--url", neo4j.url, "--tenant", "team", *more)
        return {key: status[key] for key in ("tenant", "position", "ledger")}

    assert said("status") == {"tenant": "team", "position": None, "ledger": 0}
    done = tool.run("graphiti", "sync", "--url", neo4j.url)
    assert (done.exit_code, "graphmem graphiti on" in done.stderr) == (1, True)
    assert said("on") == {"tenant": "team", "position": 0, "ledger": 0}
    assert said("rebuild") == said("sync") == said("status")
    assert "team: on" in tool.out("graphiti", "status", "--url", neo4j.url, "--tenant", "team")
    assert said("off") == {"tenant": "team", "position": None, "ledger": 0}
    assert "team: off" in tool.out("graphiti", "status", "--url", neo4j.url, "--tenant", "team")
