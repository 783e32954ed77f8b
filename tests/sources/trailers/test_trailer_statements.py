"""Statements of trailers."""

from __future__ import annotations

import pytest

from graphmem.model import Kind, Origin, Outcome
from graphmem.sources.trailers.trailer_statements import ReadTrailer, trailer_statement

SHA = "a" * 40


def test_a_rejected_option_is_a_decision_with_its_typed_keys() -> None:
    trailer = ReadTrailer("Rejected", "pytz [pkg:pypi/PyTZ, import:py:pytz] — zoneinfo is enough", SHA)
    statement, problem = trailer_statement(trailer, "Dates", ("app/a.py",))
    assert (statement.title, statement.rationale, problem) == ("Rejected: pytz", "zoneinfo is enough", "")
    assert (statement.kind, statement.origin, statement.labels) == (Kind.DECISION, Origin.COMMIT, ("rejected",))
    (option,) = statement.alternatives
    assert (option.name, option.outcome, option.reason) == ("pytz", Outcome.REJECTED, "zoneinfo is enough")
    assert option.keys == ("pkg:pypi/pytz", "import:python:pytz")
    assert [(anchor.name, anchor.role) for anchor in statement.anchors] == [
        (SHA, "about"),
        ("app/a.py", "changed with"),
    ]
    assert statement.body == "Commit: Dates"
    assert not statement.is_mandatory


@pytest.mark.parametrize(
    ("key", "kind", "label"),
    [
        ("Constraint", Kind.FACT, "constraint"),
        ("limit", Kind.FACT, "constraint"),
        ("Directive", Kind.CONVENTION, "directive"),
        ("WARN", Kind.CONVENTION, "directive"),
    ],
)
def test_constraints_are_facts_and_directives_conventions(key: str, kind: Kind, label: str) -> None:
    statement, _ = trailer_statement(ReadTrailer(key, "The API takes: ten calls", SHA), "s", ())
    assert (statement.title, statement.kind, statement.labels) == ("The API takes: ten calls", kind, (label,))
    assert statement.alternatives == ()


def test_words_without_brackets_never_become_keys() -> None:
    statement, _ = trailer_statement(ReadTrailer("Ruled-out", "redis as a cache | one more server", SHA), "s", ())
    (option,) = statement.alternatives
    assert (option.name, option.reason, option.keys) == ("redis as a cache", "one more server", ())


def test_a_malformed_key_is_left_out_and_said() -> None:
    statement, problem = trailer_statement(ReadTrailer("Rejected", "x [pkg:nuget/x]: slow", SHA), "s", ())
    assert (statement.title, statement.alternatives[0].keys) == ("Rejected: x", ())
    assert problem.startswith("keys are left out: 'pkg:nuget/x'")


def test_a_long_trailer_has_its_words_in_the_body_and_many_files_say_nothing() -> None:
    words = "word " * 100
    files = [f"f{number}" for number in range(21)]
    statement, _ = trailer_statement(ReadTrailer("Limit", words.strip(), SHA), "s", files)
    assert statement.title.endswith("\u2026")
    assert statement.body == f"Commit: s\n\n{words.strip()}"
    assert [anchor.name for anchor in statement.anchors] == [SHA]


def test_a_trailer_is_its_words_whatever_commit_has_it() -> None:
    first = ReadTrailer("Ruled-out", "a  | b", SHA)
    assert first.source_key == ReadTrailer("Rejected", "a | b", "b" * 40).source_key
    assert first.source_key != ReadTrailer("Limit", "a | b", SHA).source_key
