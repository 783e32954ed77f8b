from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.truth.controls import Ranking, StemmedText
from benchmarks.truth.everyday import read_facts
from benchmarks.truth.firsts import First, ask_all, auc, first_rows, judged
from benchmarks.truth.loaded import OURS, WORDS_ONLY, Loaded, loaded, loaded_rivals
from benchmarks.truth.packs import Pack, Question, Record
from benchmarks.truth.rival_rows import rival_rows
from benchmarks.truth.rivals import read_rivals
from benchmarks.truth.scoring import Judge
from benchmarks.truth.tasks import ask_tasks, task_rows, within
from graphmem.model import Statement
from tests.benchmarks.test_truth import write_lines

MAKER = """
def gen(size, seed):
    told = dict(repo="shop-api", component="cli", type="fact", topic="port")
    return [
        dict(i=0, text="The port of cli in shop-api is 80.", ts=1_700_000_000, supersedes=None, **told),
        dict(i=1, text="The logs of cli in shop-api go to disk.", ts=1_700_000_300, supersedes=None, **told),
        dict(i=2, text="The port of cli in shop-api is 443.", ts=1_700_000_600, supersedes=0, **told),
    ]


def queries(memories, count):
    return [
        dict(text="which port does cli in shop-api have", repo="shop-api", current=2, stale=[0]),
        dict(text="where do logs of cli in shop-api go", repo="shop-api", current=1, stale=[]),
    ]
"""


def fact(name: str, title: str, start: str, end: str | None = None, **more: object) -> dict[str, object]:
    plain = {"kind": "fact", "labels": [], "paths": [], "scope": "repo", "alternatives": [], "superseded_by": []}
    return {"id": name, "title": title, "start": start, "end": end, **plain, **more}


def asks(name: str, kind: str, text: str, gold: list[str], wrong: list[str], **more: object) -> dict[str, object]:
    return {"qid": name, "type": kind, "question": text, "as_of": None, "gold": gold, "not": wrong, **more}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "everyday" / "facts" / "acme__shop"
    rejected = [{"name": "Yarn", "reason": "slow", "outcome": "rejected"}]
    write_lines(
        folder / "memories.jsonl",
        fact("f1", "Packages are installed with npm", "2024-01-01", "2025-01-01", superseded_by=["f2"]),
        fact("f2", "Packages are installed with pnpm", "2025-01-01", alternatives=rejected, paths=["web/*", "/web/"]),
        fact("f3", "Indent by four spaces", "2024-01-01", scope="org", subject="style.indent"),
        fact("f4", "Indent by tabs", "2024-01-01", subject="style.indent"),
        fact("f5", "A freeze before Christmas", "2024-12-01", "2024-12-31"),
    )
    write_lines(
        folder / "questions.jsonl",
        asks("q1", "keyword", "installing packages", ["f2"], ["f1"]),
        asks("q2", "keyword", "installing packages", ["f1"], ["f2"], as_of="2024-06-01T12:00:00+00:00"),
        asks("q3", "natural", "how do we indent", ["f4"], ["f3"]),
        asks("q4", "none", "volcano", [], []),
    )
    write_lines(
        folder / "tasks.jsonl",
        {"tid": "t1", "task": "install packages", "paths": ["web"], "gold": ["f2", "f4"], "must": ["f2"]},
    )
    (tmp_path / "peers").mkdir()
    (tmp_path / "peers" / "data.py").write_text(MAKER, encoding="utf-8")
    return tmp_path


@pytest.fixture
def facts(data: Path, tmp_path: Path) -> Iterator[Loaded]:
    ((pack, _),) = read_facts(data)
    with loaded(pack, str(tmp_path / "facts.db"), None) as one:
        yield one


def test_facts_are_answered_by_what_holds_then_and_leads(facts: Loaded) -> None:
    found = {(one.contestant, one.question.id): one for one in ask_all(facts, facts.pack.questions, "facts")}
    for contestant in (OURS, WORDS_ONLY):
        assert [found[contestant, name].is_first for name in ("q1", "q2", "q3")] == [True, True, True]
        assert found[contestant, "q4"].ranking == Ranking((), 0.0, is_silent=True)


def test_full_text_finds_stems_and_only_the_resolved_one_knows_what_holds(facts: Loaded) -> None:
    rankings = facts.rankings(facts.pack.questions[0])
    assert set(rankings["full text"].ids) == {"f1", "f2"}
    assert rankings["full text, resolved"].ids == ("f2",)


def test_a_word_of_the_title_outweighs_one_of_the_rest() -> None:
    titled, told = Statement(title="Yarn for the web"), Statement(title="Nothing of it", body="yarn for the web")
    scores = StemmedText([Record("titled", titled, ()), Record("told", told, ())]).scores("yarns", None)
    assert scores["titled"] > scores["told"]


def test_what_is_told_of_a_fact_is_loaded(data: Path) -> None:
    ((pack, _),) = read_facts(data)
    known = {record.id: record for record in pack.records}
    assert [anchor.name for anchor in known["f2"].statement.anchors] == ["web"]
    assert [option.name for option in known["f2"].statement.alternatives] == ["Yarn"]
    assert (known["f3"].repo, known["f4"].repo) == (None, "acme/shop")
    assert [told.status for told in known["f5"].told if told.status] == ["active", "ended"]


def test_a_task_counts_what_fits_into_the_budget(data: Path, facts: Loaded) -> None:
    ((_, tasks),) = read_facts(data)
    figures = {row.name: row.value for row in task_rows(ask_tasks(facts, tasks))}
    assert figures["tasks graphmem must within 500 tokens"] == 1.0
    assert figures["tasks graphmem gold within 500 tokens"] == 0.5


def test_titles_are_counted_until_one_does_not_fit() -> None:
    assert within(4, ["a", "b"], {"a": "three words here", "b": "one"}) == ["a"]


def test_a_stale_first_answer_is_told_from_a_wrong_one() -> None:
    question = Question("q", "keyword", "?", None, ("right",), ("old",), None, None)
    judge = Judge(Pack("F", "p", (), (), ()))
    stale = judged("g", OURS, question, Ranking(("old", "right"), 0.5), judge)
    wrong = judged("g", OURS, question, Ranking(("other",), 0.5), judge)
    assert (stale.is_first, stale.in_three, stale.is_stale) == (False, True, True)
    assert (wrong.in_three, wrong.is_stale) == (False, False)


def first(kind: str, relevance: float, *, is_silent: bool = False) -> First:
    question = Question("q", kind, "?", None, ("a",), (), None, None)
    ranking = Ranking(("a",), relevance, is_silent)
    return First("everyday facts", OURS, question, is_first=True, in_three=True, is_stale=False, ranking=ranking)


def test_relevance_tells_questions_with_an_answer_from_those_without() -> None:
    found = [first("keyword", 0.9), first("keyword", 0.4), first("none", 0.4), first("none", 0.1, is_silent=True)]
    assert auc(found) == 0.875
    figures = {row.name: (row.value, row.is_met) for row in first_rows(found)}
    assert figures["everyday facts graphmem refused of those without an answer"] == (0.5, False)
    assert figures["everyday facts graphmem lost of those with one"] == (0.0, True)


def test_the_rivals_corpus_is_told_what_replaces_what(data: Path, tmp_path: Path) -> None:
    (rivals,) = read_rivals(data / "peers", [3], [7])
    with loaded_rivals(rivals, str(tmp_path / "rivals.db"), None) as one:
        found = list(ask_all(one, one.pack.questions, "rivals 3"))
    figures = {row.name: row.value for row in rival_rows(found)}
    assert figures["rivals 3 graphmem never replaced current first"] == 1.0
    assert figures["rivals 3 graphmem replaced current first"] == 1.0
    assert figures["rivals 3 full text, resolved replaced stale first"] == 0.0


def test_without_the_rivals_folder_there_is_no_corpus(tmp_path: Path) -> None:
    assert list(read_rivals(tmp_path, [3], [7])) == []
