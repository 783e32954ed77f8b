"""The measure of the reader of conventions, on a repository and a pack made for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.repository.rules import Measured, comparable, measure, read_pack
from tests.sources.git.repositories import Repository

REPO = "made/repo"
OLD, NEW, GONE = "**Run tests** with pytest", "Run all tests with pytest", "Never push on a Friday"


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    folder = tmp_path / "pack"
    folder.mkdir()
    life = {"repo": REPO, "file": "AGENTS.md"}
    texts = {"r1": (OLD, "2023-11-16"), "r2": (NEW, None), "r3": (GONE, "2023-11-16")}
    lives = [{**life, "id": key, "text": text, "to": to} for key, (text, to) in texts.items()]
    event = {**life, "op": "replace", "date": "2023-11-16", "old": OLD, "new": NEW}
    other = {**life, "op": "add", "date": "2023-11-16", "repo": "other/repo"}
    question = {"repo": REPO, "as_of": None, "answer": None}
    questions = [
        {**question, "qid": "1", "type": "current_rule", "question": f'"{OLD}"?', "gold": ["r2"], "not": ["r1"]},
        {**question, "qid": "2", "type": "current_rule_gone", "question": f'"{GONE}"?', "gold": [], "not": ["r3"]},
        {**question, "qid": "3", "type": "rule_as_of", "question": f'"{NEW}"?', "gold": ["r1"], "not": [],
         "as_of": "2023-11-15", "not_yet": ["r2"]},
    ]  # fmt: skip
    for name, rows in (("rule_events", [event, other]), ("rule_lifetimes", lives), ("questions", questions)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return folder


@pytest.fixture
def measured(tmp_path: Path, pack: Path) -> Measured:
    repository = Repository.made(tmp_path / "repository")
    repository.write(AGENTS_dot_md=f"- {OLD}\n- {GONE}\n")
    repository.commit()
    repository.write(AGENTS_dot_md=f"- {NEW}\n")
    repository.commit()
    return measure(read_pack(pack, REPO), repository.root)


def test_right_answers_and_pairs_are_counted(measured: Measured) -> None:
    assert (measured.wrong, measured.stale) == ([], [])
    assert measured.found == measured.readable == measured.pack.pairs
    assert all(row.is_met is not False for row in measured.rows())


def test_marks_and_ends_of_texts_are_not_compared() -> None:
    assert comparable("[ ] **Run** `uv sync`:") == comparable("run uv sync")
    assert comparable("word " * 200) == comparable("word " * 100 + "\u2026")
