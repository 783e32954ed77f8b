"""The user, password and token of a remote are stored and shown nowhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Tool
from tests.sources.git.repositories import Repository

SECRETS = ("glpat-Zx81qv9TTk20wPdY", "hunter2-Hg71")
URL = f"https://{SECRETS[0]}:{SECRETS[1]}@git.example.invalid/team/project.git"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A clone without its blobs, whose remote has a password and cannot be reached."""
    source = Repository.made(tmp_path / "source")
    source.write(
        docs__adr__0001_first="# 1. Use tabs\n", pyproject_dot_toml="[project]\nname = 'x'\n", AGENTS_dot_md="- x\n"
    )
    source.commit()
    source.git("config", "uploadpack.allowFilter", "true")
    source.git(
        "clone", "--quiet", "--no-checkout", "--filter=blob:none", f"file://{source.root}", str(tmp_path / "clone")
    )
    made = Repository(tmp_path / "clone")
    made.git("remote", "set-url", "origin", URL)
    made.git("remote", "add", "other", f"ssh://{SECRETS[1]}@git.example.invalid:22/team/other")
    monkeypatch.chdir(made.root)
    return made


COMMANDS = (
    ("init", "--no-read"),
    ("ingest", "git", "."),
    ("ingest", "repository", "."),
    ("ci", "."),
    ("verify", "."),
    ("hooks", "status"),
    ("doctor",),
)


@pytest.mark.heavy
def test_no_command_shows_or_stores_the_credentials_of_a_remote(
    tool: Tool, project: Repository, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    runs = {words: tool.run(*words, *(["--json"] if turn % 2 else [])).output for turn, words in enumerate(COMMANDS)}
    written = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and ".git" not in path.parts}
    for secret in SECRETS:
        assert [words for words, output in runs.items() if secret in output] == []
        assert [path for path, content in written.items() if secret.encode() in content] == []
        assert secret not in caplog.text
    name = (project.root / ".graphmem" / "config.toml").read_text(encoding="utf-8")
    assert name == f"repo = {json.dumps('git.example.invalid/team/project')}\n"
