"""Lines of exports of beads."""

from __future__ import annotations

import json

import pytest

from graphmem.sources.tasks.beads_lines import beads_record, times_of
from graphmem.sources.tasks.json_values import Unreadable
from graphmem.sources.tasks.records import TaskLink, TaskLinkKind


def line(**more: object) -> bytes:
    return json.dumps({"id": "bd-1", "title": "Parse", "status": "open", **more}).encode()


def test_an_issue_is_read_with_its_type_and_labels() -> None:
    record = beads_record(line(description=" All files. ", issue_type="bug", labels=["io", "bug", 3]))
    assert (record.id, record.title, record.word, record.body) == ("bd-1", "Parse", "open", "All files.")
    assert record.labels == ("bug", "io")


def test_links_that_the_model_has_are_read() -> None:
    kinds = ("blocks", "parent-child", "duplicates", "supersedes", "related", "discovered-from")
    links = [{"issue_id": "bd-1", "depends_on_id": f"bd-{kind}", "type": kind} for kind in kinds]
    assert beads_record(line(dependencies=[*links, "x", {"type": "blocks"}])).links == (
        TaskLink(TaskLinkKind.DEPENDS_ON, "bd-blocks"), TaskLink(TaskLinkKind.PART_OF, "bd-parent-child"),
        TaskLink(TaskLinkKind.DUPLICATES, "bd-duplicates"), TaskLink(TaskLinkKind.SUPERSEDES, "bd-supersedes"),
    )  # fmt: skip


def test_long_texts_are_cut() -> None:
    record = beads_record(line(title="x" * 900, description="y" * 9_000))
    assert (len(record.title), len(record.body)) == (300, 4_000)


@pytest.mark.parametrize(
    "bad",
    [
        b"<<<<<<< HEAD", b"[1]", b'{"id": "bd-1", "title": "", "status": "open"}',
        b'{"id": 1, "title": "x", "status": "open"}',
        b'{"a":' * 100_000, b"\xff\xfe", b'{"id": "' + b"x" * (2 << 20) + b'"}',
    ],
)  # fmt: skip
def test_a_line_that_is_no_issue_is_refused(bad: bytes) -> None:
    with pytest.raises(Unreadable):
        beads_record(bad)


def test_half_of_a_surrogate_pair_is_replaced() -> None:
    assert beads_record(b'{"id": "bd-1", "title": "\\ud800 x", "status": "open"}').title == "? x"


def test_times_are_given_as_they_are_written() -> None:
    assert times_of(line(created_at="2024-01-01T00:00:00Z", closed_at=None)) == ("2024-01-01T00:00:00Z", "")
