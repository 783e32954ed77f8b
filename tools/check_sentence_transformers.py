"""Proves the second embedding backend where sentence-transformers is installed: in an environment of its own.

Both backends give the same vectors for the same model, so that a store may change between them; another model is
refused, its vectors are made by `reindex`, and then it works. Nothing is downloaded: the other model is made here.

Usage: python tools/check_sentence_transformers.py
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np

import graphmem
from graphmem.retrieval.embedder import Embedder, EmbedderMissing, card_of
from graphmem.retrieval.minilm import MiniLM, installed_folder
from graphmem.retrieval.named_model import NamedModel
from graphmem.retrieval.verification import verify

LEAST_COSINE = 0.999
TEXTS = [
    "Which database do we use?",
    "Primary keys are UUIDv7: they sort by time.",
    "naïve café ☕",
    "日本語のテキスト",
    "",
    "x" * 5_000,
    "word " * 600,
    *(f"note {number} " + "the store keeps every word " * (number % 9) for number in range(60)),
]


def main() -> int:
    """0 if all holds, 1 otherwise."""
    with tempfile.TemporaryDirectory() as folder:
        other = make_model(Path(folder) / "other")
        checks: list[tuple[str, Callable[[], bool]]] = [
            ("both backends give the same vectors", same_vectors),
            (
                "both backends are one model for a store",
                lambda: card_of(NamedModel.find(None)) == card_of(MiniLM.find()),
            ),
            (
                "the model passes its verification",
                lambda: all(one.is_sound for one in verify("sentence-transformers", None)),
            ),
            ("a text has the same vector alone and in a batch", same_in_any_batch),
            ("threads may share a model", threads_agree),
            ("another model is another model", lambda: card_of(NamedModel.find(str(other))) != card_of(MiniLM.find())),
            ("another model is refused, reindexed, and works", lambda: refused_and_reindexed(Path(folder), other)),
            ("the command takes a model from the environment", lambda: from_environment(Path(folder), other)),
        ]
        failed = [name for name, holds in checks if not _told(name, holds())]
    print(f"{len(checks) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


def _told(name: str, is_so: bool) -> bool:  # noqa: FBT001 - the outcome
    print(f"{'ok    ' if is_so else 'FAILED'} {name}")
    return is_so


def same_vectors() -> bool:
    """Whether each text's two vectors are as near as can be."""
    nearness = (MiniLM.find().embed(TEXTS) * NamedModel.find(None).embed(TEXTS)).sum(axis=1)
    print(f"       least cosine of {len(TEXTS)} texts: {nearness.min():.6f}")
    return bool((nearness >= LEAST_COSINE).all())


def same_in_any_batch() -> bool:
    """Whether padding changes no more than rounding does."""
    model = NamedModel.find(None)
    alone = np.concatenate([model.embed([text]) for text in TEXTS[:20]])
    return bool(np.abs(model.embed(TEXTS)[:20] - alone).max() < 1e-5)  # noqa: PLR2004


def threads_agree() -> bool:
    """Whether four threads that load and use one model at once get the same."""
    model = NamedModel.find(None)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(model.embed, [TEXTS[:8]] * 4))
    return all(np.allclose(answer, answers[0], atol=1e-6) for answer in answers)


def refused_and_reindexed(folder: Path, other: Path) -> bool:
    """Whether a store goes from one model to another and back."""
    first, second = MiniLM.find(), NamedModel.find(str(other))
    place = str(folder / "m.db")
    with graphmem.open(place, create=True, embedder=lambda: first) as memory:
        memory.add("Keys are UUIDv7")
    with graphmem.open(place, embedder=lambda: NamedModel.find(None)) as memory:
        is_shared = memory.search("which keys?").mode == "hybrid"
    with graphmem.open(place, embedder=lambda: second) as memory:
        before = memory.search("which keys?")
        made, after = memory.reindex(), memory.search("which keys?")
    is_refused = before.mode == "lexical" and "graphmem reindex" in (before.note or "")
    return is_shared and is_refused and made == 1 and after.mode == "hybrid" and _has_vectors_of(place, second)


def _has_vectors_of(place: str, model: Embedder) -> bool:
    with graphmem.open(place, embedder=lambda: model) as memory:
        return memory.status().model == card_of(model)


def from_environment(folder: Path, other: Path) -> bool:
    """Whether `GRAPHMEM_MODEL` reaches a process of its own."""
    place = str(folder / "e.db")
    with graphmem.open(place, create=True, embedder=lambda: EmbedderMissing("off")) as memory:
        memory.add("Keys are UUIDv7")
    environment = {**os.environ, "GRAPHMEM_MODEL": str(other), "GRAPHMEM_URL": place}
    done = subprocess.run(
        [sys.executable, "-m", "graphmem.cli", "reindex"], env=environment, capture_output=True, text=True, check=False
    )
    print(done.stderr[-2_000:] if done.returncode else "", end="")
    with graphmem.open(place, embedder=lambda: EmbedderMissing("off")) as memory:
        status = memory.status()
    return not done.returncode and status.vectors == 1 and status.model is not None and status.model.name == "other"


def make_model(folder: Path) -> Path:
    """A model that means nothing: one small layer of random weights, with the vocabulary of the installed one."""
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers import AutoTokenizer, BertConfig, BertModel

    torch.manual_seed(random.Random(7).randrange(1_000))  # noqa: S311 - not for secrets
    config = BertConfig(
        vocab_size=30_522, hidden_size=48, num_hidden_layers=1, num_attention_heads=4, intermediate_size=64
    )
    plain = folder.with_name("plain")
    BertModel(config).save_pretrained(plain)
    AutoTokenizer.from_pretrained(str(installed_folder())).save_pretrained(plain)
    SentenceTransformer(str(plain)).save(str(folder))
    return folder


if __name__ == "__main__":
    raise SystemExit(main())
