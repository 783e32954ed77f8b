"""`graphmem copy`: files and a real server, interrupted and finished, with an exit code for what differs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from graphmem import GraphMemory, Kind, Scope
from graphmem.cli.app import app
from graphmem.config import Settings
from graphmem.model import Statement
from graphmem.opening import open_memory, open_store
from graphmem.service import New
from graphmem.sources.decisions import read_decisions
from graphmem.store import Finding, ModelCard
from tests.contract.scenario import fill
from tests.fake_embedder import no_embedder
from tests.laws.world import R, add, send
from tests.servers import Access

ROOT = Path(__file__).parent.parent.parent

_SLOWLY = """
import sys
from graphmem.adapters import export_lines
from graphmem.cli import output
from graphmem.cli.app import app
from tests.fake_embedder import no_embedder
import graphmem.service.store_copy as copying
export_lines.PART = 20
whole = copying.copy
def told(*given, progress, **rest):
    def tell(done, total):
        print(done, flush=True)
        progress(done, total)
        if done == 100:
            sys.stdin.readline()
    return whole(*given, progress=tell, **rest)
copying.copy = told
app(sys.argv[1:])
"""


@pytest.fixture
def place(neo4j: Access, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of an empty database, its login in the environment."""
    neo4j.wipe()
    monkeypatch.setenv("GRAPHMEM_NEO4J_USER", neo4j.user)
    monkeypatch.setenv("GRAPHMEM_NEO4J_PASSWORD", neo4j.password or "")
    return neo4j.url


@pytest.fixture
def project(tmp_path: Path) -> str:
    """A file with the ledgers of two tenants."""
    path = str(tmp_path / "project.db")
    with open_store(path, Settings(), create=True) as store:
        fill(store)
    return path


def run(*words: str) -> Result:
    return CliRunner().invoke(app, words, prog_name="graphmem")


def told(*words: str) -> list[dict[str, Any]]:
    """What a copy that must succeed says of each tenant."""
    done = run("copy", *words, "--json")
    assert done.exit_code == 0, done.output
    tenants: list[dict[str, Any]] = json.loads(done.stdout)["tenants"]
    return tenants


def exported(path: str, tenant: str = "default") -> list[str]:
    with open_store(path, Settings(), create=False) as store:
        return list(store.export(Scope(tenant)))


def test_a_file_is_copied_to_a_file(project: str, tmp_path: Path) -> None:
    target = str(tmp_path / "copy.db")
    (done,) = told(project, target)
    assert (done["tenant"], done["entries"], done["written"], done["findings"]) == ("default", 23, 23, [])
    assert exported(target) == exported(project)
    with open_store(target, Settings(), create=False) as store:
        assert store.tenants() == ["default"]
        assert store.check() == []


def test_every_tenant_or_one_by_name(project: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = f"sqlite:///{tmp_path / 'copy.db'}"
    assert [one["tenant"] for one in told(project, target, "--tenant", "other")] == ["other"]
    assert [(one["tenant"], one["written"]) for one in told(project, target, "--all-tenants")] == [
        ("default", 23),
        ("other", 0),
    ]
    monkeypatch.setenv("GRAPHMEM_TENANT", "other")
    assert [one["tenant"] for one in told(project, str(tmp_path / "third.db"))] == ["other"]
    assert run("copy", project, target, "--all-tenants", "--tenant", "other").exit_code == 2


def test_people_read_what_became_of_each(project: str, tmp_path: Path) -> None:
    target = str(tmp_path / "copy.db")
    shown = run("copy", project, target, "--samples", "7").stdout
    assert "default: 23 ledger entries · 23 copied now · 5 vectors" in shown
    assert "equal answers at 7 points" in shown
    assert "all copied before" in run("copy", project, target).stdout


def test_nothing_to_copy_is_said(tmp_path: Path) -> None:
    empty = str(tmp_path / "empty.db")
    open_store(empty, Settings(), create=True).close()
    assert "no memories to copy" in run("copy", empty, str(tmp_path / "b.db"), "--all-tenants").stdout
    assert run("copy", empty, str(tmp_path / "b.db")).exit_code == 1


def test_a_source_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    done = run("copy", str(tmp_path / "none.db"), str(tmp_path / "b.db"))
    assert (done.exit_code, list(tmp_path.iterdir())) == (1, [])


def test_a_difference_fails_the_command(project: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [Finding("search", "as of 2020-01-02: the two answers differ")]
    monkeypatch.setattr("graphmem.service.store_copy.differences", lambda *_: found)
    done = run("copy", project, str(tmp_path / "copy.db"))
    assert (done.exit_code, "search: as of 2020-01-02" in done.stdout) == (1, True)


def test_missing_vectors_come_with_what_to_do(project: str, tmp_path: Path) -> None:
    target = str(tmp_path / "copy.db")
    with open_store(target, Settings(), create=True) as store:
        store.adopt_model(ModelCard("two", 4, "b"))
    assert "graphmem reindex" in run("copy", project, target).stdout


def test_a_target_that_has_something_else_is_refused(project: str, tmp_path: Path) -> None:
    target = str(tmp_path / "copy.db")
    with open_store(target, Settings(), create=True) as store:
        send(store, "mine", add("mine"))
    done = run("copy", project, target)
    assert (done.exit_code, "differ from the source's" in done.stderr) == (2, True)


# ---- a server


def test_to_a_server_and_back(project: str, place: str, tmp_path: Path) -> None:
    back = str(tmp_path / "back.db")
    there = told(project, place, "--all-tenants")
    assert [(one["entries"], one["findings"]) for one in there] == [(23, []), (1, [])]
    assert [one["findings"] for one in told(place, back, "--all-tenants")] == [[], []]
    for tenant in ("default", "other"):
        assert exported(back, tenant) == exported(project, tenant)


def test_each_end_may_have_its_own_login(
    project: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(project, place)
    password = os.environ["GRAPHMEM_NEO4J_PASSWORD"]
    monkeypatch.setenv("GRAPHMEM_NEO4J_PASSWORD", "wrong" if password else "")
    monkeypatch.setenv("GRAPHMEM_SOURCE_NEO4J_USER", os.environ["GRAPHMEM_NEO4J_USER"])
    monkeypatch.setenv("GRAPHMEM_SOURCE_NEO4J_PASSWORD", password)
    (done,) = told(place, str(tmp_path / "back.db"))
    assert not done["findings"]


def test_real_decisions_survive_the_journey(place: str, tmp_path: Path) -> None:
    first, back = str(tmp_path / "first.db"), str(tmp_path / "back.db")
    with open_memory(first, scope=Scope(repo="graphmem"), embedder=no_embedder, create=True) as memory:
        folder = ROOT / "docs" / "decisions"
        memory.ingest(read_decisions([folder], read_at=datetime(2026, 1, 1, tzinfo=UTC)))
        entries = memory.status().changes
    (there,) = told(first, place)
    assert (there["entries"], there["findings"]) == (entries, [])
    (home,) = told(place, back)
    assert not home["findings"]
    assert exported(back) == exported(first)


# ---- broken off


@pytest.fixture
def many(tmp_path: Path) -> str:
    path = str(tmp_path / "many.db")
    with open_memory(path, embedder=no_embedder, create=True) as memory:
        _add_many(memory, 300)
    return path


def _add_many(memory: GraphMemory, count: int) -> None:
    said = (Statement(title=f"Rule {number} of the house", kind=Kind.CONVENTION) for number in range(count))
    memory.add_many(New(statement=one) for one in said)


Started = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def started() -> Iterator[Started]:
    """Starts copies that wait in the middle; those still running are killed at the end."""
    children: list[subprocess.Popen[str]] = []

    def begin(*words: str) -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        command = [sys.executable, "-c", _SLOWLY, "copy", *words]
        child = subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        children.append(child)
        assert child.stdout is not None
        for row in child.stdout:
            if row == "100\n":
                return child
        raise AssertionError(child.stderr and child.stderr.read())

    yield begin
    for child in children:
        child.kill()
        child.communicate()


def test_interrupting_leaves_what_the_same_command_finishes(many: str, tmp_path: Path, started: Started) -> None:
    target = str(tmp_path / "copy.db")
    child = started(many, target)
    child.send_signal(signal.SIGINT)
    _, said = child.communicate()
    assert (child.returncode, "run the same command again" in said) == (130, True)
    (done,) = told(many, target)
    assert (done["written"], done["entries"], done["findings"]) == (200, 300, [])
    assert exported(target) == exported(many)


def test_a_killed_copy_to_a_file_is_finished(many: str, tmp_path: Path, started: Started) -> None:
    target = str(tmp_path / "copy.db")
    started(many, target).kill()
    with open_store(target, Settings(), create=False) as store:
        assert [one.area for one in store.check()] == ["restore"]
        assert 0 < store.position(R).seq <= 120
    (done,) = told(many, target)
    assert (done["entries"], done["findings"]) == (300, [])
    with open_store(target, Settings(), create=False) as store:
        assert store.check() == []


def test_a_killed_copy_to_a_server_is_finished(many: str, place: str, started: Started) -> None:
    started(many, place).kill()
    (done,) = told(many, place)
    assert (0 < done["written"] < 300, done["entries"], done["findings"]) == (True, 300, [])
    assert told(many, place)[0]["written"] == 0
