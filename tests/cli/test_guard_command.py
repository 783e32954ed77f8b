"""`graphmem guard` in a repository: where the change comes from, its forms, and its exit codes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.conftest import Tool

FOUND = 3
DIFF = "--- a/x.py\n+++ b/x.py\n@@ -1 +1,2 @@\n import os\n+import pytz\n"
SAYS = ("--kind", "decision", "--rejected", "pytz", "--key", "pkg:pypi/pytz", "--reason", "use zoneinfo")


def git(folder: Path, *words: str) -> None:
    named = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *named, *words], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with a commit, as the current folder."""
    folder = tmp_path / "repo"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main", ".")
    (folder / "x.py").write_text("import os\n")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def zones(tool: Tool) -> str:
    return tool.add("Zones come from zoneinfo", *SAYS)


def test_what_is_staged_is_judged_with_whole_files(tool: Tool, repository: Path, zones: str) -> None:
    assert tool.out("guard") == "no findings\n"
    (repository / "x.py").write_text("import os\nimport pytz\n")
    assert tool.run("guard").exit_code == 0
    git(repository, "add", ".")
    done = tool.run("guard", "--staged")
    assert done.exit_code == FOUND
    assert done.stdout.splitlines() == [
        "warn  x.py:2: import of pytz  rejected_returns",
        f"      pytz was rejected by {zones}; “Zones come from zoneinfo” since 2020-01-01; reason: use zoneinfo",
        f"      if it is meant: graphmem guard allow {zones} --reason TEXT --path x.py",
        f"      if it no longer holds: graphmem supersede {zones} TEXT",
    ]


def test_a_first_commit_and_a_moved_file_are_read(tool: Tool, tmp_path: Path, zones: str) -> None:
    del zones
    folder = tmp_path / "new"
    folder.mkdir()
    git(folder, "init", "-q", ".")
    (folder / "a.py").write_text("import pytz\n" * 20)
    git(folder, "add", ".")
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        assert tool.run("guard").exit_code == FOUND
        git(folder, "commit", "-qm", "first")
        git(folder, "mv", "a.py", "b.py")
        assert tool.run("guard").exit_code == 0


@pytest.mark.usefixtures("zones")
def test_a_range_of_commits_is_judged(tool: Tool, repository: Path) -> None:
    git(repository, "checkout", "-qb", "side")
    (repository / "y.py").write_text("import pytz\n")
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "second")
    assert tool.run("guard", "--range", "main..side").exit_code == FOUND
    assert tool.run("guard", "--range", "main...").exit_code == FOUND
    assert tool.run("guard", "--range", "side..main").exit_code == 0
    no_range, no_commit = tool.run("guard", "--range", "main"), tool.run("guard", "--range", "main..nope")
    assert (no_range.exit_code, "no range of commits; write A..B" in no_range.stderr) == (2, True)
    assert (no_commit.exit_code, "no commit 'nope' in this repository" in no_commit.stderr) == (1, True)


@pytest.mark.usefixtures("zones")
def test_the_uncommitted_change_of_paths_is_judged(tool: Tool, repository: Path) -> None:
    (repository / "src").mkdir()
    (repository / "src" / "z.py").write_text("import pytz\n")
    assert tool.run("guard", "src").exit_code == FOUND
    assert tool.run("guard", "x.py").exit_code == 0
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "second")
    assert tool.run("guard", "src/z.py").exit_code == 0
    assert tool.run("guard", "no.py").exit_code == 1


@pytest.mark.usefixtures("zones")
def test_diffs_commands_and_texts_are_judged(tool: Tool, tmp_path: Path) -> None:
    (tmp_path / "change.diff").write_text(DIFF)
    assert tool.run("guard", "--diff", str(tmp_path / "change.diff")).exit_code == FOUND
    assert tool.run("guard", "--diff", "-", text=DIFF).exit_code == FOUND
    assert tool.run("guard", "--command", "pip install pytz").exit_code == FOUND
    assert tool.run("guard", "--text", "we take `pytz`").exit_code == 0
    assert tool.run("guard", "--text", "-", "--fail-on", "note", text="we take `pytz`").exit_code == FOUND
    assert tool.run("guard", "--diff", "-", "--fail-on", "deny", text=DIFF).exit_code == 0
    assert tool.run("guard", "--diff", "-", "--fail-on", "nothing", text=DIFF).exit_code == 0


def test_two_changes_and_a_broken_diff_are_wrong_usage(tool: Tool) -> None:
    both = tool.run("guard", "--staged", "--diff", "-", text=DIFF)
    broken = tool.run("guard", "--diff", "-", "--json", text="words")
    assert (both.exit_code, broken.exit_code) == (2, 2)
    assert json.loads(broken.stderr)["error"]["code"] == "bad_diff"


def test_sarif_names_rule_place_and_suppression(tool: Tool, zones: str) -> None:
    excused = DIFF.replace("import pytz", "import pytz  # noqa: TID251 - old feed").replace("x.py", "y.py")
    done = tool.run("guard", "--diff", "-", "--format", "sarif", text=DIFF + excused)
    log = json.loads(done.stdout)
    found, suppressed = log["runs"][0]["results"]
    assert (log["version"], found["ruleId"], found["level"]) == ("2.1.0", "rejected_returns", "warning")
    place = found["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("x.py", 2)
    assert found["properties"]["memory"] == zones
    assert suppressed["suppressions"] == [{"kind": "inSource", "justification": "old feed"}]


@pytest.mark.usefixtures("zones")
def test_annotations_escape_what_github_reads(tool: Tool) -> None:
    diff = DIFF.replace("x.py", "a,b:c.py")
    done = tool.run("guard", "--diff", "-", "--format", "github", text=diff)
    assert done.stdout.startswith("::warning file=a%2Cb%3Ac.py,line=2,title=graphmem%3A rejected_returns::pytz was")


def test_the_setting_of_the_project_lets_a_mandatory_memory_deny(
    tool: Tool, zones: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    del zones
    tool.add("Never pytz", *SAYS, "--mandatory")
    monkeypatch.setenv("GRAPHMEM_GUARD", "deny")
    answer = json.loads(tool.run("guard", "--diff", "-", "--json", text=DIFF).stdout)
    assert (answer["level"], answer["enforcement"]) == ("deny", "deny")
    monkeypatch.setenv("GRAPHMEM_GUARD", "often")
    assert tool.run("guard", "--diff", "-", text=DIFF).exit_code == 2


def test_an_exception_is_recorded_and_shown(tool: Tool, zones: str) -> None:
    assert tool.run("guard", "allow", zones).exit_code == 2
    receipt = tool.out("guard", "allow", zones, "--reason", "the old feed", "--path", "x.py")
    assert "recorded as an exception" in receipt
    done = tool.run("guard", "--diff", "-", text=DIFF)
    assert done.exit_code == 0
    assert done.stdout.splitlines()[0].startswith("excused x.py:2: pytz (")
    assert "the old feed" in done.stdout
