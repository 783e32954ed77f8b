"""Failures of JUnit XML, ingested run by run."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from graphmem.errors import InvalidInput, NotFound
from graphmem.model import Origin
from graphmem.service import GraphMemory
from graphmem.sources.incidents import junit as module
from graphmem.sources.incidents import read_junit
from graphmem.sources.incidents.junit import case_results
from tests.sources.stored_memories import opened

_FAILURE = '<failure message="0 != 1&#10;more"/>'
FAILED = f'<testcase classname="tests.sums" name="test_zero" file="tests/sums.py">{_FAILURE}</testcase>'
PASSED = '<testcase classname="tests.sums" name="test_zero"/>'
SKIPPED = '<testcase classname="tests.sums" name="test_zero"><skipped/></testcase>'


def day(number: int) -> datetime:
    return datetime(2024, 1, number, tzinfo=UTC)


def suite(*cases: str) -> str:
    return f'<?xml version="1.0"?><testsuites><testsuite name="all">{"".join(cases)}</testsuite></testsuites>'


def run(memory: GraphMemory, folder: Path, number: int, *cases: str) -> None:
    path = folder / "junit.xml"
    path.write_text(suite(*cases), encoding="utf-8")
    assert memory.ingest(read_junit(path, at=day(number), commit=f"{number:040x}")).problems == []


def moves(memory: GraphMemory) -> list[tuple[str, str, int]]:
    card = memory.search("test_zero fails").hits[0].card
    return [(told.status.value, told.word, told.at.day) for told in memory.history(card.id).moves]


def test_an_incident_ends_with_the_commit_that_mended_the_test(tmp_path: Path) -> None:
    with opened(tmp_path / "store.db") as memory:
        for number, case in enumerate((FAILED, FAILED, SKIPPED, PASSED, PASSED, FAILED), start=1):
            run(memory, tmp_path, number, case)
        zeros = "0" * 12
        assert moves(memory) == [
            ("active", f"failed at {zeros}", 1), ("ended", f"passed at {zeros}", 4),
            ("active", f"failed at {zeros}", 6),
        ]  # fmt: skip
        sources = [change.provenance.source or "" for change in memory.changes()]
        assert [source.rpartition(" ")[2] for source in sources] == [f"{number:040x}" for number in (1, 4, 6)]


def test_a_test_that_never_failed_makes_no_memory(tmp_path: Path) -> None:
    with opened(tmp_path / "store.db") as memory:
        run(memory, tmp_path, 1, PASSED, SKIPPED)
        assert memory.list().cards == ()


def test_another_message_is_the_same_incident(tmp_path: Path) -> None:
    with opened(tmp_path / "store.db") as memory:
        run(memory, tmp_path, 1, FAILED)
        run(memory, tmp_path, 2, FAILED.replace("0 != 1", "0 != 2"))
        (card,) = memory.list().cards
        statement = memory.get(card.id).memory.statement
        assert statement is not None
        assert (statement.body, statement.origin) == ("0 != 1", Origin.EXTERNAL)
        assert [anchor.name for anchor in statement.anchors] == ["tests/sums.py"]


def test_errors_and_texts_of_failures_are_read() -> None:
    error = '<testcase name="a"><error type="KeyError">KeyError: 1\nat x</error></testcase>'
    text = '<testcase name="b"><failure>assert &lt;0&gt;\nmore</failure></testcase>'
    found = [(result.name, result.message) for result in case_results(suite(error, text))]
    assert found == [("all::a", "KeyError"), ("all::b", "assert <0>")]


def test_of_two_results_of_one_name_a_failure_counts(tmp_path: Path) -> None:
    path = tmp_path / "junit.xml"
    path.write_text(suite(SKIPPED, PASSED, FAILED, PASSED), encoding="utf-8")
    (observation,) = read_junit(path, at=day(1), commit="abc").observations
    assert observation.moves[0].source_word == "failed at abc"


@pytest.mark.parametrize("file", ["/etc/passwd", "../x.py", "C:\\x.py", ""])
def test_files_outside_are_not_named(file: str) -> None:
    (result,) = case_results(f'<testcase name="a" file="{file}"/>')
    assert result.file == ""


def test_a_build_in_which_all_fails_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_FAILURES", 1)
    path = tmp_path / "junit.xml"
    path.write_text(suite(FAILED, FAILED.replace("test_zero", "test_one")), encoding="utf-8")
    reading = read_junit(path, at=day(1), commit="abc")
    assert (len(reading.observations), reading.problems[0].reason) == (1, "2 tests failed; the first 1 were read")


def test_another_file_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "junit.xml"
    path.write_text("<html/>", encoding="utf-8")
    assert read_junit(path, at=day(1), commit="abc").problems[0].path == "junit.xml"


def test_a_missing_or_large_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotFound):
        read_junit(tmp_path / "none.xml", at=day(1), commit="abc")
    monkeypatch.setattr(module, "MAX_FILE_BYTES", 3)
    (tmp_path / "large.xml").write_text("<a/>", encoding="utf-8")
    with pytest.raises(InvalidInput, match="more than"):
        read_junit(tmp_path / "large.xml", at=day(1), commit="abc")


def test_the_number_of_cases_is_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_TESTS", 2)
    assert len(list(case_results(suite(*[PASSED] * 5)))) == 2


def test_a_case_that_is_never_closed_is_read() -> None:
    text = '<testcase name="a"><system-out>x</system-out><testcase name="b"><failure/>'
    assert [(result.name, result.has_failed) for result in case_results(text)] == [("a", False), ("b", True)]
