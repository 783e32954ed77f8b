"""Seeded breakages of a made repository, and the labels of reports."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.verification.reports import LABELS, read_labels
from benchmarks.verification.rule_memories import blocks, is_rule_file
from benchmarks.verification.seeded import run_in_made_repository

MOST_REASON_CHARS = 120


def test_seeded_breakages_are_found_and_nothing_else(tmp_path: Path) -> None:
    outcome = run_in_made_repository(tmp_path / "made.git", 30, 1)
    assert (outcome.seeds, outcome.missed, outcome.false_alarms) == (30, (), ())


@pytest.mark.parametrize("name", ["second", "third"])
def test_left_out_reports_were_right_when_they_were_read_first(name: str) -> None:
    labels = [label for label in read_labels() if label.set == name and label.is_first_reading]
    assert sum(label.is_right for label in labels) / len(labels) >= 0.9


def test_labels_are_of_distinct_targets_in_many_repositories_and_short() -> None:
    labels = [label for label in read_labels() if label.is_first_reading and label.set != "first"]
    assert len({(label.report.repo, label.report.kind, label.report.target) for label in labels}) == len(labels) >= 60
    assert len({label.report.repo for label in labels}) >= 10
    assert all(len(label.reason) <= MOST_REASON_CHARS for label in labels)
    assert LABELS.is_file()


def test_a_rule_file_is_cut_into_paragraphs_and_items() -> None:
    text = "# Head\n\nText\nof two lines\n- item\n  more\n- next\n```sh\n- no item\n```\n"
    assert [line for line, _ in blocks(text)] == [1, 2, 5, 7]
    assert is_rule_file("web/AGENTS.md")
    assert is_rule_file("docs/adr/0001-x.md")
    assert not is_rule_file("examples/AGENTS.md")
