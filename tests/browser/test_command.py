"""`graphmem browser` as it is typed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EACCES
from html import unescape
from pathlib import Path

import httpx2
import pytest
from click.testing import CliRunner, Result

from graphmem.browser.files import NAMES, file_for
from graphmem.cli.app import app
from graphmem.cli.browser_command import _gone
from tests.browser.conftest import World
from tests.browser.world import GONE, REPO

ROOT = Path(__file__).parents[2]

# Whichever asks first starts the server, for which a busy machine takes a minute.
pytestmark = pytest.mark.timeout(400)


def run(*words: str, **environment: str) -> Result:
    return CliRunner().invoke(app, ["browser", *words], env=environment, prog_name="graphmem")


def login(world: World) -> dict[str, str]:
    return {"GRAPHMEM_NEO4J_USER": world.access.user, "GRAPHMEM_NEO4J_PASSWORD": world.access.password or ""}


def test_a_file_has_no_neo4j_browser(tmp_path: Path) -> None:
    done = run("--url", str(tmp_path / "memory.db"))
    assert done.exit_code == 1
    assert "is not a Neo4j server and has no Neo4j Browser: run graphmem serve for a web page" in done.stderr


def test_files_can_be_had_without_a_server(tmp_path: Path) -> None:
    done = run("--save", str(tmp_path / "out"))
    assert done.stdout.splitlines() == [str(tmp_path / "out" / name) for name in NAMES]
    for name in NAMES:
        file = file_for(name, "http://localhost:7470/browser")
        assert file is not None
        assert (tmp_path / "out" / name).read_bytes() == file.content


def test_files_are_gone_that_the_repository_lacks(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "there.py").touch()
    assert _gone(("src/there.py", GONE), tmp_path / "src") == (GONE,)


def test_outside_of_a_repository_nothing_is_known_to_be_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Path, "exists", lambda _: False)
    assert _gone((GONE,), tmp_path) == ()


def test_a_name_that_no_file_can_have_is_gone(tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    assert _gone(("x" * 1000,), tmp_path) == ("x" * 1000,)


def test_what_may_not_be_looked_at_is_not_told_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".git").mkdir()
    there = Path.exists

    def refusing(path: Path) -> bool:
        if path.name == GONE.rpartition("/")[2]:
            raise PermissionError(EACCES, "Permission denied", str(path))
        return there(path)

    monkeypatch.setattr(Path, "exists", refusing)
    assert _gone((GONE,), tmp_path) == ()


def test_a_server_may_hand_out_the_guide(world: World) -> None:
    words = ("--url", world.access.url, "--served-by", "http://localhost:7470/")
    link = run(*words, **login(world)).stdout.strip()
    told = json.loads(run(*words, "--json", **login(world)).stdout)
    assert told == {"link": link}
    assert link.endswith("&cmd=guide&arg=http://localhost:7470/browser/guide.html")
    assert (
        httpx2.get(link.partition("?")[0], timeout=None).status_code == 200
    )  # where the link leads, there is a Neo4j Browser


def test_a_guide_from_a_host_that_is_not_allowed_is_refused(world: World) -> None:
    done = run("--url", world.access.url, "--served-by", "https://memory.example.org", **login(world))
    assert done.exit_code == 2
    assert "accepts guides only from guides.neo4j.com, localhost, not from 'memory.example.org'" in done.stderr


def test_a_wrong_login_is_told(world: World) -> None:
    done = run("--url", world.access.url, **{**login(world), "GRAPHMEM_NEO4J_PASSWORD": "wrong"})
    assert done.exit_code == 1
    assert "GRAPHMEM_NEO4J_PASSWORD" in done.stderr


@contextmanager
def handing(world: World, folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command in a process of its own, and the link that it prints."""
    words = [sys.executable, "-m", "graphmem.cli", "browser", "--url", world.access.url, "--port", "0"]
    environment = {**os.environ, **login(world), "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        words, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def test_it_hands_out_the_guide_until_it_is_interrupted(world: World, tmp_path: Path) -> None:
    _is_repository(tmp_path, REPO)
    with handing(world, tmp_path) as (process, link):
        guide = link.rpartition("arg=")[2]
        assert f"style {guide.removesuffix('guide.html')}graphmem.grass" in httpx2.get(guide, timeout=None).text
        assert GONE in unescape(httpx2.get(guide, timeout=None).text)
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=30)[1]
        assert process.returncode == 0
    assert "until Ctrl-C" in said
    assert said.rstrip().endswith("stopped")


def test_files_of_other_repositories_are_not_told_gone(world: World, tmp_path: Path) -> None:
    _is_repository(tmp_path, "example.org/other")
    with handing(world, tmp_path) as (_, link):
        assert "src/orders/store.py" not in unescape(httpx2.get(link.rpartition("arg=")[2], timeout=None).text)


def _is_repository(folder: Path, name: str) -> None:
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text(f'[remote "origin"]\n\turl = https://{name}.git\n', encoding="utf-8")
