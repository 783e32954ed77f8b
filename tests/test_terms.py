"""What texts and questions are searched by."""

from __future__ import annotations

import threading

import pytest

from graphmem.model import Alternative, Anchor, AnchorKind, Outcome, Statement
from graphmem.terms import question_terms, statement_terms, text_terms


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", []),
        ("Deploys, deployed and deploying: deployment", ["deploy", "deploy", "and", "deploy", "deploy"]),
        ("camelCase names", ["camelcas", "camel", "case", "name"]),
        ("Python 3.11.4", ["python", "3", "11", "4", "3_11", "3_11_4"]),
        ("v1.2", ["v1", "2", "1_2"]),
        ("a.b 1.", ["a", "b", "1"]),
        ("東京タ", ["東", "京", "タ", "東京", "京タ"]),
        ("naïve größe", ["naïve", "grösse"]),
    ],
)
def test_a_text_gives_stems_versions_and_pairs(text: str, terms: list[str]) -> None:
    assert text_terms(text) == terms


@pytest.mark.parametrize(
    ("question", "terms"),
    [
        ("How should we deploy it?", ("deploy",)),
        ("should I use zustand", ("zustand",)),
        ("what is it", ("what", "is", "it")),
        ("", ()),
        ("Python 1.2 or 2.1", ("python", "1_2", "2_1")),
        ("deploy deploying", ("deploy",)),
        ("東京 tower", ("tower", "東京")),
        ("東", ("東",)),
    ],
)
def test_a_question_gives_what_it_is_about(question: str, terms: tuple[str, ...]) -> None:
    assert question_terms(question) == terms


def test_a_version_is_another_than_the_one_turned_round_and_belongs_to_its_line() -> None:
    assert not set(question_terms("1.2")) & set(text_terms("2.1"))
    assert set(question_terms("3.11")) <= set(text_terms("Python 3.11.4"))


def test_title_and_aliases_count_double_and_everything_else_once() -> None:
    said = Statement(
        title="alpha",
        aliases=("beta",),
        body="gamma",
        rationale="delta",
        subject="eps.zeta",
        labels=("eta",),
        anchors=(Anchor(AnchorKind.FILE, "src/theta.py"),),
        alternatives=(Alternative("iota", Outcome.REJECTED, reason="kappa"),),
    )
    once = ["gamma", "delta", "ep", "zeta", "eta", "src", "theta", "py", "iota", "kappa"]
    assert sorted(statement_terms(said)) == sorted(["alpha", "beta"] * 2 + once)


def test_threads_stem_at_once() -> None:
    words = [f"{stem}{end}" for stem in ("migrat", "valid", "configur", "deploy") for end in ("ing", "ed", "ions")]
    expected = text_terms(" ".join(words))
    found: list[list[str]] = []
    threads = [threading.Thread(target=lambda: found.append(text_terms(" ".join(words)))) for _ in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert found == [expected] * 8
