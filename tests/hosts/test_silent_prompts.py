"""A prompt that is answered without opening the memory is one about which the memory says nothing."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

import graphmem
from graphmem import Alternative, Anchor, AnchorKind, Kind, Outcome, Statement
from graphmem.adapters.sqlite import text_index
from graphmem.hosts.memory_answers import open_hook_memory
from graphmem.hosts.silent_prompts import is_silent
from graphmem.opening import initialise

WORDS = "cache queue table page router ledger token team rule deploy invoice wallet région 数据库".split()  # noqa: SIM905
#: Words of prompts: those of memories, words near them, and others.
OTHERS = "paint bicycle green cachee qeue invoce wallets adr-7 use-redis 3.11 bicycles balloon the a to again".split()  # noqa: SIM905


def memory_about(pick: random.Random, number: int) -> Statement:
    words = pick.choices(WORDS, k=6)
    options = (Alternative(words[4], Outcome.REJECTED, words[5]),) if pick.random() < 0.3 else ()
    return Statement(
        title=f"{words[0]} {words[1]} {number}",
        body=words[2],
        kind=pick.choice((Kind.DECISION, Kind.CONVENTION, Kind.TASK)),
        subject=f"{words[3]}.{number}",
        aliases=(f"ADR-{number}",) if pick.random() < 0.3 else (),
        anchors=(Anchor(AnchorKind.FILE, f"src/{words[3]}/"),),
        alternatives=options,
        is_mandatory=pick.random() < 0.1,
    )


def prompt_of(pick: random.Random, ids: list[str]) -> str:
    words = pick.choices(OTHERS, k=pick.choice((1, 2, 4, 20)))
    found = (pick.choice(WORDS), pick.choice(ids)[:6], pick.choice(ids), f"'{pick.choice(WORDS)} x'")
    if pick.random() < 0.5:
        words.insert(pick.randint(0, len(words)), pick.choice(found))
    return pick.choice((" ", ", and ", ". ")).join(words)


@pytest.mark.parametrize("seed", range(6))
def test_whatever_is_called_silent_has_an_empty_block(
    seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pick = random.Random(seed)  # noqa: S311 - no secret is made of them
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRAPHMEM_EMBEDDINGS", "off")
    store = initialise(tmp_path)
    with graphmem.open(str(store)) as memory:
        ids = [memory.add(memory_about(pick, number)).ids[0] for number in range(pick.randint(1, 30))]
    answers, told = open_hook_memory(), {True: 0, False: 0}
    for _ in range(120):
        prompt = prompt_of(pick, ids)
        lines = answers.prompt_block(prompt).lines
        silent = is_silent(str(store), prompt)
        told[silent] += 1
        assert not (silent and lines), prompt
    assert told[True] > 10
    assert told[False] > 10


@pytest.mark.parametrize("seed", range(3))
def test_a_block_is_the_same_with_and_without_numpy(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pick = random.Random(seed)  # noqa: S311 - no secret is made of them
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRAPHMEM_EMBEDDINGS", "off")
    with graphmem.open(str(initialise(tmp_path))) as memory:
        ids = [memory.add(memory_about(pick, number)).ids[0] for number in range(pick.randint(5, 40))]
    for _ in range(25):
        prompt, blocks = prompt_of(pick, ids), []
        for is_imported in (True, False):
            monkeypatch.setattr(text_index, "has_numpy", lambda has=is_imported: has)
            blocks.append(open_hook_memory().prompt_block(prompt).fields())
        assert blocks[0] == blocks[1], prompt


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    made = initialise(tmp_path)
    with graphmem.open(str(made)) as memory:
        memory.add(Statement(title="The invoices keep their currency", kind=Kind.DECISION, aliases=("ADR-12",)))
    return str(made)


@pytest.mark.parametrize(
    ("prompt", "silent"),
    [
        ("paint the bicycle green", True),
        ("where is the currency", False),
        ("where is the curency", False),  # misspelt
        ("open src/page.py", False),  # a path
        ("what about ADR-12", False),
        ("repaint the observatory", False),  # a word of two edits
        ("", True),
    ],
)
def test_words_names_paths_and_misspelt_words_may_concern_a_memory(store: str, prompt: str, *, silent: bool) -> None:
    assert is_silent(store, prompt) is silent


def test_a_file_that_cannot_be_read_is_left_to_the_memory(tmp_path: Path) -> None:
    (tmp_path / "memory.db").write_bytes(b"no database" * 1000)
    assert not is_silent(str(tmp_path / "memory.db"), "paint the bicycle green")
    assert not is_silent(str(tmp_path / "none.db"), "paint the bicycle green")


def test_words_of_a_write_are_held_at_once(store: str) -> None:
    assert is_silent(store, "paint the bicycle green")
    with graphmem.open(store) as memory:
        memory.add("Bicycles are green")
        assert not is_silent(store, "paint the bicycle green")


def test_a_hook_knows_the_claims_of_its_own_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRAPHMEM_EMBEDDINGS", "off")
    monkeypatch.delenv("GRAPHMEM_ACTOR", raising=False)
    store = initialise(tmp_path)
    with graphmem.open(str(store)) as memory:
        memory.claim("Port the ledger reader", ["src/ledger/"])
    block = open_hook_memory().prompt_block("how do I port the ledger reader")
    assert "your claim on src/ledger/" in block.text()
