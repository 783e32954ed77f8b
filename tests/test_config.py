from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from graphmem.config import Settings, find_folder, load_settings, locate
from graphmem.errors import InvalidInput, NotFound


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    git(root, "init", "-q")
    git(root, "config", "user.email", "t@example.org")
    git(root, "config", "user.name", "t")
    git(root, "commit", "-q", "--allow-empty", "-m", "begin")
    return root


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('repo = "from-file"\nuser = "ann"\n[components]\nbilling = "src/**"\n')
    settings = load_settings({"GRAPHMEM_REPO": "from-environment"}, tmp_path)
    assert (settings.repo, settings.user, settings.tenant) == ("from-environment", "ann", "default")


def test_an_unknown_setting_is_named_with_those_that_exist(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('rpeo = "typo"\n')
    with pytest.raises(InvalidInput, match=r"'rpeo'.*repo"):
        load_settings({}, tmp_path)


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("repo = \n")
    with pytest.raises(InvalidInput, match=r"config\.toml"):
        load_settings({}, tmp_path)


@pytest.mark.parametrize(("name", "value"), [("LOCK_TIMEOUT_S", "soon"), ("EMBEDDINGS", "big")])
def test_a_bad_value_is_named(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(InvalidInput, match=value):
        load_settings({f"GRAPHMEM_{name}": value}, tmp_path)


def test_the_folder_is_found_upward(tmp_path: Path) -> None:
    (tmp_path / ".graphmem").mkdir()
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert find_folder(inner) == tmp_path / ".graphmem"


def test_worktrees_share_the_folder_of_their_repository(repository: Path, tmp_path: Path) -> None:
    (repository / ".graphmem").mkdir()
    git(repository, "worktree", "add", "-q", str(tmp_path / "elsewhere"), "-b", "x")
    assert find_folder(tmp_path / "elsewhere") == repository / ".graphmem"


def test_without_a_folder_the_message_says_how_to_make_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotFound, match="graphmem init"):
        locate(None, Settings())


def test_a_model_is_one_of_sentence_transformers(tmp_path: Path) -> None:
    settings = load_settings({"GRAPHMEM_MODEL": "some/model"}, tmp_path)
    assert (settings.embeddings, settings.model) == ("sentence-transformers", "some/model")
    off = load_settings({"GRAPHMEM_MODEL": "some/model", "GRAPHMEM_EMBEDDINGS": "off"}, tmp_path)
    assert off.embeddings == "off"


def test_a_folder_with_a_graph_is_a_model_for_onnx_runtime(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "model.onnx").touch()
    settings = load_settings({"GRAPHMEM_MODEL": str(folder)}, tmp_path)
    assert (settings.embeddings, settings.model) == ("onnx", str(folder))
    named = load_settings({"GRAPHMEM_MODEL": str(folder), "GRAPHMEM_EMBEDDINGS": "sentence-transformers"}, tmp_path)
    assert named.embeddings == "sentence-transformers"


def test_another_model_than_minilm_is_not_taken_for_it(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="GRAPHMEM_EMBEDDINGS=sentence-transformers"):
        load_settings({"GRAPHMEM_MODEL": "some/model", "GRAPHMEM_EMBEDDINGS": "minilm"}, tmp_path)


def test_no_file_of_a_project_may_name_what_is_downloaded(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('model = "some/model"\n')
    with pytest.raises(InvalidInput, match="'model'"):
        load_settings({}, tmp_path)


def test_a_project_can_make_the_secrets_gate_stricter_and_not_switch_it_off(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('secrets = "reject"\n')
    assert load_settings({}, tmp_path).secrets == "reject"
    assert load_settings({"GRAPHMEM_SECRETS": "off"}, tmp_path).secrets == "off"
    (tmp_path / "config.toml").write_text('secrets = "off"\n')
    with pytest.raises(InvalidInput, match="GRAPHMEM_SECRETS=off"):
        load_settings({}, tmp_path)


def test_another_word_for_the_secrets_gate_is_refused_with_those_that_exist(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="'redact', 'reject', 'off'"):
        load_settings({"GRAPHMEM_SECRETS": "on"}, tmp_path)
