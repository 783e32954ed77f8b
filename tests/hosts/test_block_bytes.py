"""The block of a hook, which imports little, is the block of the opened memory, byte for byte."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

import graphmem
from graphmem import Alternative, Anchor, AnchorKind, At, GraphMemory, Kind, New, Outcome, Statement
from graphmem.adapters.sqlite import packed_search, text_index
from graphmem.opening import initialise, open_reader
from graphmem.retrieval.embedder import EmbedderMissing

WORDS = "account billing cache currency export gateway invoice ledger migration order payment queue".split()  # noqa: SIM905
AT = At(datetime(2100, 1, 1, tzinfo=UTC))
PROMPTS = (
    "where does the invoice ledger keep its currency",
    "add an endpoint that stores the order and write a test for its migration",
    "rename the gateway; then speed up the export queue in src/billing/3/",
    "paymnet deadline",
    "",
)


@pytest.fixture
def store(project: Path) -> Path:
    """A store of 300 memories: some contradict each other, some were superseded, some bind everybody."""
    file, pick = initialise(project), random.Random(11)  # noqa: S311 - made-up memories
    with graphmem.open(str(file)) as memory:
        ids = [
            written.ids[0] for written in memory.add_many([New(statement=made(pick, number)) for number in range(300)])
        ]
        memory.supersede([ids[7]], [ids[8]])
        memory.retract(ids[9])
        memory.confirm(ids[10])
    return file


def made(pick: random.Random, number: int) -> Statement:
    words = pick.sample(WORDS, 4)
    outcome = pick.choice((Outcome.CHOSEN, Outcome.REJECTED))
    options = (Alternative(words[2], outcome, "slow", keys=(f"pkg:pypi/library-{number % 7}",)),)
    negation = pick.choice(("", "not "))
    return Statement(
        title=f"The {words[0]} must {negation}keep the {words[1]} for {number % 5} days",
        kind=pick.choice((Kind.DECISION, Kind.CONVENTION, Kind.TASK)),
        subject=pick.choice((None, f"{words[0]}.{number % 9}")),
        is_mandatory=number < 4,
        anchors=(Anchor(AnchorKind.FILE, f"src/{words[3]}/{number % 6}/"),) if number % 3 == 0 else (),
        alternatives=options if number % 4 == 0 else (),
    )


@pytest.mark.parametrize("most_rare", [0, 100])
def test_the_block_of_a_hook_is_that_of_the_memory(
    store: Path, most_rare: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed_search, "_MOST_RARE", most_rare)
    for prompt in PROMPTS:
        for paths in ((), ("src/ledger/3/page.py",)):
            blocks = []
            for has_numpy in (True, False):
                monkeypatch.setattr(text_index, "has_numpy", lambda has=has_numpy: has)
                opened = graphmem.open(str(store)) if has_numpy else open_reader(_no_backend, str(store))
                blocks.append(opened.context(prompt, paths, at=AT, budget_tokens=400, words_only=True))
                (opened if isinstance(opened, GraphMemory) else opened.memory()).close()
            assert blocks[0].markdown == blocks[1].markdown
            assert blocks[0] == blocks[1]
        assert blocks[0].markdown


def _no_backend() -> EmbedderMissing:
    return EmbedderMissing("words alone")
