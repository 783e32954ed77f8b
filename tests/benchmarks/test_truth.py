from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.truth.ask import Asker
from benchmarks.truth.load import Replay, ReplayClock
from benchmarks.truth.loaded import OURS
from benchmarks.truth.packs import Pack, Question, Told, day, told_by_day
from benchmarks.truth.perturb import perturbed
from benchmarks.truth.report import VERBATIM, Asked, rows
from benchmarks.truth.scoring import Judge, Score
from benchmarks.truth.sources import read_packs
from graphmem.model import Scope, Status
from graphmem.service import GraphMemory, ServiceContext
from tests.fake_embedder import no_embedder
from tests.oracle import OracleStore


def write_lines(path: Path, *lines: dict[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


def pep(number: int, title: str) -> dict[str, object]:
    return {"id": f"pep-{number}", "number": number, "title": title, "topic": ["Packaging"], "abstract": ""}


def event(number: int, date: str, status: str) -> dict[str, object]:
    return {"pep": number, "date": date, "status": status}


def edge(old: int, new: int, valid: str | None, told_by_old: str | None, told_by_new: str | None) -> dict[str, object]:
    sides = ["old.Superseded-By"] * (told_by_old is not None) + ["new.Replaces"] * (told_by_new is not None)
    return {
        "old": f"pep-{old}", "new": f"pep-{new}", "kind": "supersedes", "valid_date": valid,
        "recorded_date": told_by_old, "new_header_added": told_by_new, "declared_by": sides,
    }  # fmt: skip


def asks(kind: str, text: str, gold: list[str], **more: object) -> dict[str, object]:
    return {"qid": f"X-{kind}", "type": kind, "question": text, "as_of": None, "gold": gold, "not": [],
            "answer": None, **more}  # fmt: skip


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "peps"
    write_lines(folder / "peps.jsonl", pep(1, "Wheels of wood"), pep(2, "Wheels of steel"), pep(3, "Wheels of air"))
    write_lines(
        folder / "status_events.jsonl",
        event(1, "2001-01-01", "Active"),
        event(1, "2005-01-01", "Superseded"),
        event(2, "2002-01-01", "Draft"),
        event(2, "2003-01-01", "Final"),
        event(3, "2002-06-01", "Draft"),
        event(3, "2002-07-01", "Deferred"),
    )
    write_lines(
        folder / "supersession_edges.jsonl",
        edge(1, 2, "2003-01-01", "2005-01-01", None),
        edge(1, 3, None, None, "2002-06-01"),
    )
    write_lines(folder / "questions.jsonl", asks("current", 'Which PEP covers "Wheels of wood"?', ["pep-2"]))
    return tmp_path


@pytest.fixture
def pack(data: Path) -> Pack:
    return next(iter(read_packs(data, "A")))


@pytest.fixture
def asker(pack: Pack) -> Asker:
    clock = ReplayClock(pack.present)
    context = ServiceContext(OracleStore(), scope=Scope("peps"), actor="t", clock=clock, embedder=no_embedder)
    memory = GraphMemory(context)
    Replay(memory, clock, "peps").run(pack)
    return Asker(memory, "peps")


def question(kind: str, text: str, gold: tuple[str, ...] = (), as_of: str | None = None, **more: object) -> Question:
    given = {"wrong": (), "answer": None, "repo": None, **more}
    return Question("X-1", kind, text, day(as_of) if as_of else None, gold, **given)  # type: ignore[arg-type]


def ids(asker: Asker, one: Question) -> tuple[str, ...]:
    return asker.ask(one, one.text).ids


def test_the_replaced_proposal_is_answered_by_what_replaced_it(pack: Pack, asker: Asker) -> None:
    score = Judge(pack).score(pack.questions[0], pack.questions[0].text, asker)
    assert (score.is_right, score.is_stale, score.got) == (True, False, "pep-2")


def test_between_acceptance_and_mark_the_two_times_differ(pack: Pack, asker: Asker) -> None:
    one = question("bitemporal_lag", 'Which one for "Wheels of wood"?', as_of="2004-01-01",
                   by_recorded=("pep-1",), by_valid=("pep-2",))  # fmt: skip
    assert Judge(pack).score(one, one.text, asker).is_right


def test_a_claim_is_taken_back_when_its_claimant_is_deferred(asker: Asker) -> None:
    assert ids(asker, question("replaced_by_id", "What replaced PEP 1?")) == ("pep-2",)


def test_relations_name_the_other_side(asker: Asker) -> None:
    assert ids(asker, question("replaces", "What did PEP 2 replace?")) == ("pep-1",)
    assert ids(asker, question("history", "List what came after PEP 1.")) == ("pep-1", "pep-2")


def test_a_status_is_told_in_the_word_of_its_source(asker: Asker) -> None:
    asked = question("status_as_of", "What was the status of PEP 1?", as_of="2005-01-01")
    assert asker.ask(asked, asked.text).word == "Superseded"


def test_the_date_of_a_state_is_that_of_the_move_that_the_question_names(asker: Asker) -> None:
    asked = question("when", 'When did PEP 2 ("Wheels of steel") become Final?')
    assert asker.ask(asked, asked.text).word == "2003-01-01"


def test_a_set_counts_words_before_not_yet(asker: Asker) -> None:
    text = "Which Packaging PEPs were a draft, but not yet final, on 2002-06-15?"
    assert set(ids(asker, question("set_as_of", text, as_of="2002-06-15"))) == {"pep-2", "pep-3"}


def test_of_one_day_the_last_state_counts() -> None:
    told = [
        Told(Status.PROPOSED, word, day(date), day(date)) for word, date in (("a", "2001-01-01"), ("b", "2001-01-01"))
    ]
    assert [one.word for one in told_by_day(told)] == ["b"]


def test_perturbing_drops_quotes_and_at_most_half_of_the_title() -> None:
    text = 'Which PEP covers "Wheels of cold steel" now?'
    for seed in range(20):
        wording = perturbed(text, str(seed))
        assert wording is not None
        kept = set(wording.split()) & {"Wheels", "of", "cold", "steel"}
        assert '"' not in wording
        assert 2 <= len(kept) <= 3


def test_a_question_that_quotes_nothing_has_no_perturbed_wording() -> None:
    assert perturbed("What replaced PEP 1?", "seed") is None


def test_excluded_questions_count_in_the_figures_for_all_only() -> None:
    good, bad = (question("current", "q"), Question("X-2", "current", "q", None, (), (), None, None))
    asked = [
        Asked("A", OURS, VERBATIM, Score(one, "q", is_right=one is good, is_stale=False, got="")) for one in (good, bad)
    ]
    found = {row.name: row.value for row in rows(asked, {"X-2": "arguable"})}
    assert found["A graphmem verbatim search hit@1"] == 1.0
    assert found["A graphmem verbatim search hit@1, all"] == 0.5
    assert found["A questions excluded"] == 1
