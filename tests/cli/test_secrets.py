"""What the command line says about secrets: rule and place, on standard output; never the secret."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Tool
from tests.secrets.tokens import token


@pytest.fixture
def leaky(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> Tool:
    """The tool, on a store that was written with the gate off."""
    with monkeypatch.context() as off:
        off.setenv("GRAPHMEM_SECRETS", "off")
        tool.out("add", f"Deploys use {token('a')}")
        tool.out("add", "plain", "--actor", token("b"))
    return tool


def test_the_receipt_of_a_write_says_rule_and_place(tool: Tool) -> None:
    told = tool.out("add", f"Deploys use {token()}", "--reason", f"told {token('r')}")
    assert "  secret redacted github-pat in title, reason\n" in told
    assert "[redacted: github-pat]" in tool.out("search", "deploys")


def test_a_refused_secret_is_named_by_rule_and_place(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHMEM_SECRETS", "reject")
    done = tool.run("add", f"Deploys use {token()}")
    assert done.exit_code == 1
    assert done.stderr.startswith("graphmem: a secret is in title (rule github-pat); remove it")
    assert token()[4:] not in done.stderr + done.stdout


def test_a_wrong_usage_does_not_repeat_a_secret(tool: Tool) -> None:
    done = tool.run("transition", "x", token())
    assert done.exit_code == 2
    assert "[redacted: github-pat]" in done.stderr
    assert token()[4:] not in done.stderr


def test_an_ingested_file_is_named_with_its_line(tool: Tool, tmp_path: Path) -> None:
    record = f"# 1. Use queues\n\nDate: 2024-05-01\n\n## Status\n\nAccepted\n\n## Decision\n\nKey {token()}.\n"
    (tmp_path / "0001-queues.md").write_text(record, encoding="utf-8")
    told = tool.out("ingest", "decisions", str(tmp_path))
    assert "secret redacted github-pat in 0001-queues.md:1 " in told


def test_an_import_names_the_place(tool: Tool, tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(f"---\npermalink: a\n---\n- [fact] it is {token()}\n", encoding="utf-8")
    assert "secret redacted github-pat in " in tool.out("import", "--from", "basic-memory", str(tmp_path))


def test_scrub_lists_replaces_and_says_what_is_left(leaky: Tool) -> None:
    listed = leaky.out("scrub", "--dry-run")
    assert "github-pat in title of memory " in listed
    told = leaky.out("scrub")
    assert " erased, its place taken by " in told
    assert "not removed change 2 actor (rule github-pat): erasing a memory does not remove it" in told
    again = json.loads(leaky.out("scrub", "--json"))
    assert [(each["change"], each["place"]) for each in again["found"]] == [(2, "actor")]


def test_scrub_says_that_there_is_nothing(tool: Tool) -> None:
    tool.add("A")
    assert tool.out("scrub") == "no secrets in 1 ledger entries\n"


def test_a_restore_is_verbatim_and_counts_entries_with_secrets(leaky: Tool, tmp_path: Path) -> None:
    ledger = leaky.out("export")
    (tmp_path / "copy").mkdir()
    told = Tool(tmp_path / "copy").out("restore", "-", text=ledger)
    assert told.splitlines()[0] == "2 ledger entries restored"
    assert "2 entries have one, restored as it was; graphmem scrub --dry-run lists them" in told
    assert Tool(tmp_path / "copy").out("export") == ledger
