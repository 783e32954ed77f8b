"""Observations, replacements and links of lives."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from graphmem.model import LinkKind, Origin
from graphmem.sources.tasks.histories import TaskHistories, TaskPoint
from graphmem.sources.tasks.observed_tasks import TaskSource
from graphmem.sources.tasks.records import TaskLink, TaskLinkKind, TaskRecord

SOURCE = TaskSource("t:", Origin.DOCUMENT)
AT = [TaskPoint(day, f"sha{day}", datetime(2024, 1, day, tzinfo=UTC), "issues.jsonl", 3) for day in range(1, 5)]


def task(key: str, title: str, *links: TaskLink) -> TaskRecord:
    return TaskRecord(id=key, title=title, word="open", links=links, labels=("bug",), files=("a.py",))


def test_earlier_words_of_all_tasks_come_before_later_words() -> None:
    histories = TaskHistories()
    for point, titles in zip(AT, (("Parse a", "Draw b"), ("Parse aa", "Draw bb")), strict=False):
        for key, title in zip("12", titles, strict=True):
            histories.see(task(key, title), point)
    found = SOURCE.observations(histories.lives.values())
    assert [item.statement.title for item in found] == ["Parse a", "Draw b", "Parse aa", "Draw bb"]
    assert {(item.key, item.line, item.is_history, item.is_partial) for item in found} == {
        ("t:1", 3, True, True), ("t:2", 3, True, True)
    }  # fmt: skip


def test_a_statement_has_the_id_as_its_name() -> None:
    histories = TaskHistories()
    histories.see(task("bd-1", "Parse"), AT[0])
    (named,) = SOURCE.observations(histories.lives.values())
    (unnamed,) = replace(SOURCE, has_names=False).observations(histories.lives.values())
    assert (named.statement.subject, named.statement.aliases) == ("bd-1", ("bd-1",))
    assert (unnamed.statement.subject, unnamed.statement.aliases) == (None, ())
    assert named.provenance == "issues.jsonl in commit sha1"


def test_links_have_the_kinds_of_the_model() -> None:
    kinds = {kind: TaskLink(kind, f"to {kind}") for kind in TaskLinkKind}
    histories = TaskHistories()
    histories.see(task("1", "Parse", *kinds.values(), TaskLink(TaskLinkKind.DEPENDS_ON, "1")), AT[0])
    lives = list(histories.lives.values())
    assert [(link.source, link.target, link.kind) for link in SOURCE.links(lives)] == [
        ("t:1", "t:to depends on", LinkKind.DEPENDS_ON), ("t:1", "t:to part of", LinkKind.IMPLEMENTS)
    ]  # fmt: skip
    assert [(pair.old, pair.new) for pair in SOURCE.replacements(lives)] == [
        ("t:1", "t:to duplicates"), ("t:to supersedes", "t:1")
    ]  # fmt: skip


def test_another_id_of_a_task_supersedes_the_first() -> None:
    histories = TaskHistories()
    for point, key in zip(AT, "12", strict=False):
        histories.see(replace(task(key, "Parse"), created="2023"), point)
    histories.lose("1", AT[2])
    (pair,) = SOURCE.replacements(histories.lives.values())
    assert (pair.old, pair.new, pair.at) == ("t:1", "t:2", AT[2].at)
