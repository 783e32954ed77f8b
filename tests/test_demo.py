"""The demo shows what it claims: plain search answers with what was replaced, graphmem with what holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from graphmem import At, Filter, GraphMemory, Page
from graphmem.cli.block_output import plain_lines
from graphmem.demo.__main__ import main, prepare
from graphmem.demo.kept_vectors import KeptVectors
from graphmem.demo.loop import loop_lines, open_project
from graphmem.demo.page import Demo
from graphmem.demo.plain import PlainSearch
from graphmem.demo.questions import AS_OF, EVERYDAY, KNOWN_AT, QUESTIONS, DemoQuestion, Pair

ANSWERS = (
    ("ADR-0002", "ADR-0005"),
    ("ADR-0008", "ADR-0010"),
    ("ADR-0003", "ADR-0009"),
    ("PEP 345", "PEP 566"),
    ("PEP 571", "PEP 600"),
    ("PEP 438", "PEP 470"),
)


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GraphMemory]:
    with pytest.MonkeyPatch.context() as patch, closing(_prepared(tmp_path_factory, patch)) as opened:
        yield opened


def _prepared(folders: pytest.TempPathFactory, patch: pytest.MonkeyPatch) -> GraphMemory:
    patch.setenv("GRAPHMEM_EMBEDDINGS", "off")
    folder = folders.mktemp("demo") / "store"
    return prepare(folder, KeptVectors(folder / "vectors.npz"))


def first_alias(memory: GraphMemory, text: str, at: At) -> str:
    said = memory.search(text, at=at).hits[0].card.memory.statement
    assert said is not None
    return said.aliases[0]


@pytest.mark.heavy
@pytest.mark.parametrize(("question", "answers"), list(zip(QUESTIONS, ANSWERS, strict=True)))
def test_plain_search_is_wrong_where_graphmem_is_right(
    memory: GraphMemory, question: DemoQuestion, answers: tuple[str, str]
) -> None:
    plain = PlainSearch(memory.list(Filter(include_history=True), page=Page(1000)).cards)
    said = plain.best(question.text).memory.statement
    assert said is not None
    assert (said.aliases[0], first_alias(memory, question.text, At())) == answers


def test_everyday_questions_are_answered_by_what_holds_and_the_last_by_nothing(memory: GraphMemory) -> None:
    firsts = [next(iter(memory.search(one.text).hits), None) for one in EVERYDAY]
    assert all(hit is not None and hit.holds for hit in firsts[:-1])
    assert firsts[-1] is None


def test_questions_about_a_rejected_option_are_answered_by_it_first(memory: GraphMemory) -> None:
    lines = list(plain_lines(Demo(memory, has_records=True).page(200)))
    answered = {one.text: lines[lines.index(one.text) + 1].strip() for one in EVERYDAY}
    rejected = {text: line for text, line in answered.items() if line.startswith("rejected: ")}
    assert {text: line.partition(", since ")[0] for text, line in rejected.items()} == {
        "should I use kuzu": "rejected: Kuzu",
        "should I use yaml for build requirements": "rejected: YAML",
        "should a lock file be json": "rejected: JSON",
        "should requirements be inferred from imports": "rejected: Requirements inferred from the imports",
    }
    assert rejected["should I use kuzu"].endswith(", since a second process is refused while a writer is open.")
    assert len(EVERYDAY) == 10


@pytest.mark.parametrize(
    ("pair", "answers"),
    [(AS_OF, ("PEP 314", "PEP 345")), (KNOWN_AT, ("PEP 599", "PEP 600"))],
    ids=["as_of", "known_at"],
)
def test_a_pair_differs_in_one_time(memory: GraphMemory, pair: Pair, answers: tuple[str, str]) -> None:
    assert tuple(first_alias(memory, pair.text, at) for _, at in pair.points) == answers


def test_recorded_times_are_those_of_the_sources(memory: GraphMemory) -> None:
    first = memory.changes(limit=1)[0]
    assert first.recorded_at == datetime(2001, 3, 13, tzinfo=UTC)


def test_the_page_shows_questions_pairs_and_the_conflict(memory: GraphMemory) -> None:
    shown = "\n".join(plain_lines(Demo(memory, has_records=True).page(110)))
    assert [question.text for question in QUESTIONS if question.text not in shown] == []
    assert "leads by the rule “start: the later start leads”" in shown
    assert "by words alone: embeddings are switched off" in shown


def test_without_its_own_records_it_asks_of_the_facts(memory: GraphMemory) -> None:
    shown = "\n".join(plain_lines(Demo(memory, has_records=False).page(110)))
    assert "Kuzu?" not in shown
    assert "manylinux2010" in shown


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    with open_project(str(tmp_path_factory.mktemp("loop") / "shop.db")) as project:
        return list(plain_lines(loop_lines(project)))


def below(lines: list[str], heading: str) -> list[str]:
    """Return the lines of a section: from its heading to an empty line."""
    start = next(index for index, line in enumerate(lines) if line.startswith(heading))
    return [line.strip() for line in lines[start : lines.index("", start)]]


def test_the_block_of_the_task_has_the_decision_with_what_it_rejected(loop: list[str]) -> None:
    assert "(pkg:pypi/marshmallow)" in below(loop, "1  ")[1]
    block = "\n".join(below(loop, "2  "))
    assert "pydantic models [pydantic 2024-02 path]; not marshmallow (two schemas of one thing drift)" in block
    for told in ("built with FastAPI", "a folder under `api/`", "posts a wrong request", "move from the `billing`"):
        assert told in block


def test_guard_catches_the_edit_before_it_lands(loop: list[str]) -> None:
    _, edit, found, *_ = below(loop, "3  ")
    assert edit == "+ from marshmallow import Schema"
    assert found.startswith("warn  api/invoices/routes.py:1: import of marshmallow  rejected_returns")


def test_the_exception_is_a_decision_that_excuses_the_edit_and_is_told(loop: list[str]) -> None:
    guarded = "\n".join(below(loop, "4  "))
    assert "excused api/invoices/routes.py:1: marshmallow" in guarded
    assert "rejected_returns" not in guarded
    changed = below(loop, "[graphmem context … --since 11]")
    assert changed[2] == "## Decided"
    assert changed[3].startswith("- Exception: marshmallow may be used in api/invoices/routes.py [")


def test_what_depends_on_a_superseded_decision_is_suspect(loop: list[str]) -> None:
    suspect = below(loop, "5  ")[3]
    assert suspect.startswith("- Errors name the fields as pydantic does [")
    assert "suspect: depends on 'Requests are validated with pydantic models'" in suspect


@pytest.mark.heavy
def test_it_runs_twice_and_draws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHMEM_EMBEDDINGS", "off")
    words = ["--folder", str(tmp_path / "store"), "--svg", str(tmp_path / "page.svg")]
    first, second = (CliRunner().invoke(main, words, catch_exceptions=False) for _ in range(2))
    assert first.exit_code == second.exit_code == 0
    assert (tmp_path / "page.svg").read_text(encoding="utf-8").startswith("<svg")
