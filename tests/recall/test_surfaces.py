"""Recalls through hooks, the server, agents and the command line: who is counted, and what people read of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import graphmem
from graphmem import EmbedderMissing, GraphMemory, Kind, Scope, Statement
from graphmem.config import load_settings, recall_stem
from graphmem.errors import InvalidInput
from graphmem.hosts.hook.entry import answered
from graphmem.hosts.sample_payloads import sample_payload
from graphmem.keys import Permission
from graphmem.mcp_server.tool_callers import LocalCaller
from graphmem.mcp_server.tool_calls import call_tool
from graphmem.opening import initialise
from graphmem.recalls import RecallCounts
from graphmem.user_state.trusted_folders import trust
from tests.cli.conftest import Tool
from tests.http.conftest import Site, clock, limits, locked, memory, ring

__all__ = ["clock", "limits", "locked", "memory", "ring"]


def uses(memory: GraphMemory) -> dict[str, RecallCounts]:
    return {used.memory.id: used.counts for used in memory.stats().relied_on}


# ---- hooks


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A trusted project with a rule, as the current folder."""
    for name in ("HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.setenv("GRAPHMEM_EMBEDDINGS", "off")
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    store = initialise(folder)
    trust(str(store.parent))
    with graphmem.open(str(store)) as memory:
        memory.add(Statement(title="Invoices are rendered by templates", kind=Kind.CONVENTION))
    return store


def prompted(folder: Path, session: str, text: str) -> str:
    fields = sample_payload("claude-code", "UserPromptSubmit", str(folder)) | {"prompt": text, "session_id": session}
    return answered("claude-code", "UserPromptSubmit", json.dumps(fields).encode()).stdout


def test_a_hook_counts_what_it_shows_and_nothing_that_was_shown_before(project: Path) -> None:
    folder = project.parent.parent
    assert "templates" in prompted(folder, "one", "change how the invoices are rendered")
    assert prompted(folder, "one", "change how the invoices look, and are rendered") == ""
    assert "templates" in prompted(folder, "two", "invoices, how are they rendered")
    spool = (project.parent / "memory.recall.jsonl").read_text()
    assert spool.count("hook") == 2
    assert "rendered" not in spool
    with graphmem.open(str(project)) as memory:
        assert [counts.surfaced for counts in uses(memory).values()] == [2]


def test_a_hook_counts_nothing_if_the_setting_is_off(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHMEM_RECALL", "off")
    assert "templates" in prompted(project.parent.parent, "one", "change how the invoices are rendered")
    assert [path.name for path in project.parent.iterdir() if "recall" in path.name] == []


def test_a_spool_that_cannot_be_written_costs_no_answer(project: Path) -> None:
    (project.parent / "memory.recall.jsonl").mkdir()
    assert "templates" in prompted(project.parent.parent, "one", "change how the invoices are rendered")
    with graphmem.open(str(project), embedder=lambda: EmbedderMissing("none here")) as memory:
        assert memory.search("invoices").hits
        assert uses(memory) == {}


# ---- servers and agents


def test_a_key_that_only_reads_is_not_counted(locked: Site) -> None:
    key = locked.memory.add("The database is PostgreSQL").ids[0]
    reader, writer = locked.key(Permission.READ), locked.key(Permission.READ, Permission.WRITE)
    for caller in (reader, writer):
        assert locked.send("GET", f"/v1/memories/{key}", key=caller).status_code == 200
        assert locked.send("POST", "/v1/search", key=caller, json={"query": "which database"}).status_code == 200
    answer = locked.send("GET", "/v1/stats", key=reader).json()
    counts = answer["relied_on"][0]["counts"]
    assert (counts["opened"], counts["surfaced"]) == (1, 1)


def test_a_key_of_a_user_sees_no_recalls_of_another_user(locked: Site) -> None:
    locked.memory.add("The database is PostgreSQL")
    ann, bob = (locked.key(Permission.READ, Permission.WRITE, user=user) for user in ("ann", "bob"))
    for question in ("which database", "kangaroos in zeppelins"):
        locked.send("POST", "/v1/search", key=ann, json={"query": question})
    own, other = (locked.send("GET", "/v1/stats", key=key).json() for key in (ann, bob))
    assert ([used["counts"]["surfaced"] for used in own["relied_on"]], len(own["unanswered"])) == ([1], 1)
    assert (other["relied_on"], other["unanswered"]) == ([], [])


def test_the_comparison_of_an_etag_is_no_use(locked: Site) -> None:
    key = locked.memory.add("The database is PostgreSQL").ids[0]
    tag = locked.send("GET", f"/v1/memories/{key}", key=locked.key()).headers["ETag"]
    done = locked.send("POST", f"/v1/memories/{key}/confirm", key=locked.key(), headers={"If-Match": tag}, json={})
    assert done.status_code == 200
    assert uses(locked.memory)[key] == RecallCounts(opened=1, confirmed=1, last_day="2026-01-01")


@pytest.mark.parametrize(("may_write", "opened"), [(True, [1]), (False, [])])
def test_an_agents_tools_are_counted_if_it_may_write(
    memory: GraphMemory, *, may_write: bool, opened: list[int]
) -> None:
    key = memory.add("The database is PostgreSQL").ids[0]
    caller = LocalCaller(Scope(), may_write=may_write)
    assert not call_tool("memory_history", {"id": key}, lambda: (memory, caller)).is_error
    assert [counts.opened for counts in uses(memory).values()] == opened


# ---- the command line


@pytest.fixture
def tool(tmp_path: Path) -> Tool:
    return Tool(tmp_path)


def test_stats_for_people_lists_each_list_with_titles_and_ids(tool: Tool) -> None:
    used, unused = tool.add("The database is PostgreSQL"), tool.add("Log lines are JSON")
    tool.out("show", used)
    tool.out("search", "kangaroos in zeppelins")
    text = tool.out("stats")
    assert "most relied on (1)" in text
    assert used in text
    assert "never used (1)" in text
    assert unused in text
    assert "questions that found nothing (1)" in text
    assert "warnings overridden: none" in text
    assert "use: Relied on 1 time, last on 2026-01-01." in tool.out("explain", used)
    assert "since 2026-01-02" in tool.out("stats", "--since", "2026-01-02")


def test_stats_say_that_nothing_is_counted(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHMEM_RECALL", "off")
    tool.out("show", tool.add("The database is PostgreSQL"))
    assert "nothing is counted: the setting recall is off" in tool.out("stats")


def test_retain_for_people_says_what_ends_and_what_stays(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHMEM_RETAIN", "fact=30d")
    lone, basis, user = (tool.add(f"Fact {name}") for name in ("alpha", "beta", "gamma"))
    tool.out("link", user, "depends_on", basis)
    tool.now = tool.now.replace(month=6)
    dry = tool.out("retain", "--dry-run")
    assert f"would end Fact alpha  {lone}" in dry
    assert "fact = 30d: another memory depends on it" in dry
    assert "2 to end, 1 past their time stay · 1 rule" in dry
    done = tool.out("retain")
    assert "2 ended, 1 past their time stay" in done
    assert "undo: graphmem changes --source 'retention: 2026-06-01' --revoke" in done
    assert tool.json("show", lone)["card"]["state"] == "ended"
    tool.out("changes", "--source", "retention: 2026-06-01", "--revoke")
    assert {tool.json("show", key)["card"]["state"] for key in (lone, basis, user)} == {"holds"}


def test_retain_without_a_policy_says_how_to_make_one(tool: Tool) -> None:
    tool.add("Fact alpha")
    done = tool.run("retain")
    assert done.exit_code == 2
    assert "add a table [retain] to .graphmem/config.toml" in done.stderr


# ---- settings


def test_the_setting_is_on_or_off() -> None:
    with pytest.raises(InvalidInput, match="recall 'maybe' is neither 'on' nor 'off'"):
        load_settings({"GRAPHMEM_RECALL": "maybe"})


def test_the_files_are_beside_the_store_or_in_the_folder_of_the_project_or_the_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    assert recall_stem(str(tmp_path / "team.db")) == tmp_path / "team"
    server = recall_stem("neo4j://localhost:7687")
    assert server.parent == tmp_path / "state" / "graphmem" / "recall"
    (tmp_path / ".graphmem").mkdir()
    assert recall_stem("neo4j://localhost:7687") == tmp_path / ".graphmem" / f"server-{server.name}"
