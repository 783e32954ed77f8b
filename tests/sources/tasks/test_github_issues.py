"""Issues of GitHub, as its REST API and its command line export them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from graphmem.model import Status
from graphmem.sources.tasks.github_issues import github_issue, is_github_issue, is_pull_request, moment
from graphmem.sources.tasks.json_values import Unreadable
from graphmem.sources.tasks.records import TaskLink, TaskLinkKind

REST = {
    "number": 12, "title": "Parse empty files", "state": "closed", "state_reason": "not_planned",
    "html_url": "https://github.com/ana/tea/issues/12", "created_at": "2024-01-01T00:00:00Z",
    "closed_at": "2024-02-01T00:00:00Z", "labels": [{"name": "bug"}],
    "body": "- Blocked by: #3, ana/pot#4\nDuplicate of #9",
}  # fmt: skip
CLI = {
    "number": 12, "title": "Parse empty files", "state": "OPEN", "stateReason": "", "labels": [{"name": "bug"}],
    "url": "https://github.com/ana/tea/issues/12", "createdAt": "2024-01-01T00:00:00Z", "closedAt": None,
}  # fmt: skip


def test_both_forms_name_the_same_task() -> None:
    rest, cli = github_issue(REST).record, github_issue(CLI).record
    assert (rest.id, rest.title, rest.labels) == (cli.id, cli.title, cli.labels) == (
        "ana/tea#12", "Parse empty files", ("bug",)
    )  # fmt: skip


def test_a_closed_issue_ends_in_the_word_of_github() -> None:
    moves = github_issue(REST).moves
    assert [(move.status, move.source_word, move.at) for move in moves] == [
        (Status.ACTIVE, "open", datetime(2024, 1, 1, tzinfo=UTC)),
        (Status.ENDED, "closed as not planned", datetime(2024, 2, 1, tzinfo=UTC)),
    ]
    assert [move.source_word for move in github_issue(CLI).moves] == ["open"]


def test_links_at_the_beginning_of_a_line_are_read() -> None:
    assert github_issue(REST).record.links == (
        TaskLink(TaskLinkKind.DEPENDS_ON, "ana/tea#3"), TaskLink(TaskLinkKind.DEPENDS_ON, "ana/pot#4"),
        TaskLink(TaskLinkKind.DUPLICATES, "ana/tea#9"),
    )  # fmt: skip
    assert github_issue({**REST, "body": "We are not blocked by #3."}).record.links == ()


def test_pull_requests_are_told_apart() -> None:
    assert is_pull_request({**REST, "pull_request": {}})
    assert is_pull_request({**CLI, "url": "https://github.com/ana/tea/pull/12"})
    assert not is_pull_request(REST)


def test_other_values_are_no_issues() -> None:
    assert not is_github_issue([1])
    assert not is_github_issue({"number": "1", "title": "x"})
    with pytest.raises(Unreadable):
        github_issue({"number": 1, "title": "x"})


def test_a_time_without_a_zone_is_utc() -> None:
    assert moment("2024-01-01T00:00:00") == datetime(2024, 1, 1, tzinfo=UTC)
    assert moment("2024-01-01T02:00:00.123456789+02:00") == datetime(2024, 1, 1, 0, 0, 0, 123456, tzinfo=UTC)
    assert moment("yesterday") is None
    assert moment("0001-01-01T00:00:00+14:00") is None
