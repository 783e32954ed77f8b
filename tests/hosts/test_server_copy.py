"""Hooks on Neo4j: a copy of the store on this machine, its age, and what is not copied."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from graphmem import GraphMemory, Kind, Scope, Statement, Write
from graphmem.cli.app import app
from graphmem.config import load_settings
from graphmem.errors import Forbidden, NotFound
from graphmem.hosts.hook.entry import answered
from graphmem.hosts.hook.hook_log import last_failures
from graphmem.hosts.hook.server_copy import ServerCopy, note_path
from graphmem.hosts.sample_payloads import sample_payload
from graphmem.hosts.server_copies import HookCopy, make_copy, new_copy, publish
from graphmem.opening import open_memory, open_store
from graphmem.service.memory import context_of
from tests.fake_embedder import no_embedder

URL = "neo4j://127.0.0.1:1/shop"
RULE = Statement(title="Every commit is signed", kind=Kind.CONVENTION, is_mandatory=True)


@pytest.fixture
def server(tmp_path: Path) -> GraphMemory:
    """A memory in the place of one on a server."""
    return open_memory(str(tmp_path / "server.db"), create=True, embedder=no_embedder, scope=Scope(user="ana"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder whose memory is on a server that does not run."""
    monkeypatch.setenv("GRAPHMEM_URL", URL)
    monkeypatch.setenv("GRAPHMEM_USER", "ana")
    made = tmp_path / "work"
    made.mkdir()
    monkeypatch.chdir(made)
    return made


def copied(server: GraphMemory) -> HookCopy:
    with new_copy(URL) as file:
        with open_store(str(file), load_settings(), create=True) as target:
            position = make_copy(context_of(server).store, target, server.scope)
        return publish(URL, file, position)


def said(folder: Path, event: str = "SessionStart", **changed: object) -> str:
    return answered(
        "claude-code", event, json.dumps(sample_payload("claude-code", event, str(folder)) | changed).encode()
    ).stdout


def test_without_a_copy_a_hook_is_silent_and_its_log_says_how_to_make_one(folder: Path) -> None:
    assert said(folder) == ""
    assert "graphmem copy-for-hooks" in last_failures(0)[0]


def test_a_hook_reads_the_copy_and_says_how_old_it_is(server: GraphMemory, folder: Path) -> None:
    server.add(RULE)
    made = copied(server)
    text = said(folder)
    assert "Every commit is signed" in text
    assert "(A copy of the store, 0 minutes old, position 1; graphmem copy-for-hooks makes a new one.)" in text
    note = Path(note_path(URL))
    long_ago = note.stat().st_mtime - 3 * 86_400
    note.write_text(json.dumps({"file": made.file, "position": made.position, "at": long_ago}))
    assert "3 days old" in said(folder, session_id="another")
    assert last_failures(0) == []


def test_a_copy_belongs_to_its_user_alone_and_a_new_one_takes_its_place(server: GraphMemory, folder: Path) -> None:
    server.add(RULE)
    copied(server)
    server.add(Statement(title="Branches are short", kind=Kind.CONVENTION), write=Write(scope=Scope(user="ana")))
    made = copied(server)
    private = [path for path in Path(note_path(URL)).parent.rglob("*") if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}
    assert [path for path in private if path.suffix == ".db"] == [Path(made.file)]
    assert made.position == 2
    assert "Branches are short" in said(folder)


def test_a_ledger_with_private_memories_of_others_is_not_copied(server: GraphMemory, folder: Path) -> None:
    del folder
    server.add("Bob likes tabs", write=Write(scope=Scope(user="bob")))
    with pytest.raises(Forbidden, match="graphmem serve"):
        copied(server)
    assert ServerCopy.of(URL) is None


def test_an_empty_ledger_is_not_copied(server: GraphMemory, folder: Path) -> None:
    del folder
    with pytest.raises(NotFound, match="no memories"):
        copied(server)


def test_a_store_that_hooks_read_anyway_is_not_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHMEM_URL", str(tmp_path / "m.db"))
    result = CliRunner().invoke(app, ["copy-for-hooks"])
    assert (result.exit_code, "only a Neo4j store is copied" in result.output) == (2, True)
    assert not (tmp_path / "m.db").exists()
