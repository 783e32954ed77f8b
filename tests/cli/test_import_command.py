"""Bringing other memories in from the command line, as somebody types it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from graphmem.service import IngestReport, Write
from graphmem.service.memory_import import _Import
from graphmem.sources.observations import Reading
from tests.cli.conftest import Tool
from tests.cli.test_ingest_commands import commit, git

ENTITY = {"type": "entity", "name": "billing", "entityType": "service", "observations": ["port 5433", "in Go"]}
LINK = {"type": "relation", "from": "billing", "to": "ledger", "relationType": "depends on"}


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    path = tmp_path / "memory.jsonl"
    lines = [ENTITY, {**ENTITY, "name": "ledger", "observations": []}, LINK]
    path.write_text("\n".join([*map(json.dumps, lines), "{broken"]), encoding="utf-8")
    return path


def test_an_import_says_what_it_did_and_what_it_left_out(tool: Tool, graph: Path) -> None:
    assert tool.out("import", str(graph)).splitlines() == [
        "mcp-memory, memory: 4 statements and 1 relation imported",
        "4 added · 1 related",
        "not imported 1 × a line that is no JSON",
        "  memory.jsonl:4 {broken",
    ]
    assert tool.json("search", "which port")["hits"][0]["card"]["title"] == "billing: port 5433"


def test_a_second_import_says_that_nothing_changed(tool: Tool, graph: Path) -> None:
    tool.out("import", str(graph), "--from", "mcp-memory")
    assert tool.out("import", str(graph)).splitlines()[1] == "4 unchanged"


def test_a_report_for_a_pipe_names_all_ids_and_counts_reasons(tool: Tool, graph: Path) -> None:
    report = tool.json("import", str(graph))
    assert (report["source"], len(report["added"]), len(report["related"])) == ("mcp-memory", 4, 1)
    what = {"path": "memory.jsonl", "line": 4, "reason": "a line that is no JSON", "what": "{broken"}
    assert report["losses"] == [{**what, "is_unread": True}]
    assert report["reasons"] == {"a line that is no JSON": 1}


def test_a_dry_run_writes_nothing(tool: Tool, graph: Path) -> None:
    shown = tool.out("import", str(graph), "--dry-run").splitlines()
    assert shown[0] == "mcp-memory, memory: 4 statements and 1 relation would be imported"
    assert tool.json("status")["store"]["changes"] == 0


def test_what_is_gone_is_told_and_ended_when_asked(tool: Tool, graph: Path) -> None:
    tool.now = datetime.now(UTC)
    tool.out("import", str(graph))
    graph.write_text(json.dumps({**ENTITY, "observations": ["port 5433"]}), encoding="utf-8")
    assert tool.out("import", str(graph)).splitlines()[1:] == [
        "2 unchanged",
        "2 of an earlier import are no longer in the export and stay in force; --end-missing ends them",
    ]
    assert tool.out("import", str(graph), "--end-missing").splitlines()[1:] == ["2 ended · 2 unchanged"]


@pytest.mark.parametrize(("zone", "start"), [("UTC", "2025-07-01T12:00:00Z"), ("+02:00", "2025-07-01T10:00:00Z")])
def test_a_zone_has_a_name_or_an_offset(tool: Tool, tmp_path: Path, zone: str, start: str) -> None:
    path = tmp_path / "export.json"
    path.write_text(json.dumps([{"id": "m1", "memory": "Tea", "created_at": "2025-07-01T12:00:00"}]), encoding="utf-8")
    tool.out("import", str(path), "--timezone", zone)
    assert tool.json("list")["cards"][0]["holding"][0]["start"] == start


def test_what_belongs_to_somebody_is_theirs_alone_when_asked(tool: Tool, tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    item = {"id": "m1", "memory": "Tea at four", "user_id": "u1", "created_at": "2025-01-01T00:00:00"}
    path.write_text(json.dumps({"results": [item]}), encoding="utf-8")
    tool.out("import", str(path), "--private", "--timezone", "Europe/Berlin")
    assert tool.json("list")["cards"] == []
    (card,) = tool.json("list", "--user", "u1")["cards"]
    assert card["holding"][0]["start"] == "2024-12-31T23:00:00Z"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("nothing-here",), "no file or folder at"),
        ((".", "--from", "mem1"), "'mem1' is not one of 'mem0', 'mcp-memory', 'basic-memory', 'claude'"),
        ((".", "--timezone", "Mars/North"), "'Mars/North' is not a time zone; write Europe/Berlin, UTC or +02:00"),
    ],
)
def test_what_is_wrong_is_named_with_the_fix(tool: Tool, words: tuple[str, ...], told: str) -> None:
    done = tool.run("import", *words)
    assert done.exit_code in {1, 2}
    assert told in done.stderr


def test_a_folder_of_unknown_looks_is_asked_back(tool: Tool, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = tool.run("import", str(tmp_path / "empty"))
    assert (done.exit_code, "say with --from which it is" in done.stderr) == (2, True)


def test_claudes_files_are_dated_by_git_when_asked(tool: Tool, tmp_path: Path) -> None:
    root = tmp_path / "shop"
    root.mkdir()
    git(root, "init", "--quiet")
    for text, day in (("# Style\n- Tabs\n", "2020-02-02"), ("# Style\n- Spaces\n", "2021-03-03")):
        (root / "CLAUDE.md").write_text(text, encoding="utf-8")
        commit(root, day)
        tool.out("import", str(root), "--git-dates")
    cards = tool.json("list", "--history")["cards"]
    assert [(card["body"], card["holding"][0]["start"][:10]) for card in cards] == [
        ("- Spaces", "2021-03-03"),
        ("- Tabs", "2020-02-02"),
    ]


def test_an_import_that_is_interrupted_says_how_much_is_done_and_goes_on(
    tool: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "memory.jsonl"
    lines = [{"type": "entity", "name": f"e{number}", "entityType": "x", "observations": []} for number in range(900)]
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    ingest, calls = _Import._ingest, iter(range(2))  # noqa: SLF001 - it runs beside the command, on a server too

    def interrupt(self: _Import, reading: Reading, write: Write, **more: bool) -> IngestReport:
        if next(calls, None) is None:
            raise KeyboardInterrupt
        return ingest(self, reading, write, **more)

    with monkeypatch.context() as patch:
        patch.setattr(_Import, "_ingest", interrupt)
        stopped = tool.run("import", str(path))
    assert (stopped.exit_code, "800 of 900 are written" in stopped.stderr) == (130, True)
    assert "100 added · 800 unchanged" in tool.out("import", str(path))
