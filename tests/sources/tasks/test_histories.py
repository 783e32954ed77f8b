"""Lives of tasks: words, moves and ids."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from graphmem.sources.tasks.histories import TaskHistories, TaskPoint
from graphmem.sources.tasks.records import TaskLink, TaskLinkKind, TaskRecord

PARSE = TaskRecord(id="1", title="Parse empty files", word="open", created="2024")


def point(day: int) -> TaskPoint:
    return TaskPoint(day, f"sha{day}", datetime(2024, 1, day, tzinfo=UTC), "issues.jsonl")


def lives(histories: TaskHistories, key: str = "1") -> list[tuple[str, list[tuple[str | None, int]]]]:
    versions = histories.lives[key].versions
    return [(words.record.title, [(move.source_word, move.at.day) for move in words.moves]) for words in versions]


def read(*records: TaskRecord) -> TaskHistories:
    histories = TaskHistories()
    for day, record in enumerate(records, start=1):
        histories.see(record, point(day))
    return histories


def test_words_of_the_same_status_are_moves() -> None:
    assert lives(read(PARSE, replace(PARSE, word="in_progress"), PARSE)) == [
        ("Parse empty files", [("open", 1), ("in_progress", 2), ("open", 3)])
    ]


def test_what_is_seen_again_changes_nothing() -> None:
    histories = read(PARSE, PARSE)
    assert (lives(histories), histories.lives["1"].touched) == ([("Parse empty files", [("open", 1)])], 1)


def test_a_similar_title_is_another_version_of_the_task() -> None:
    assert lives(read(PARSE, replace(PARSE, title="Parse all empty files"))) == [
        ("Parse empty files", [("open", 1)]), ("Parse all empty files", [("open", 2)])
    ]  # fmt: skip


def test_another_title_under_the_same_id_ends_the_task() -> None:
    assert lives(read(PARSE, replace(PARSE, title="Write a manual"))) == [
        ("Parse empty files", [("open", 1), ("its id names another task", 2)]), ("Write a manual", [("open", 2)])
    ]  # fmt: skip


def test_an_edit_of_the_text_counts_while_the_task_is_open() -> None:
    assert len(lives(read(PARSE, replace(PARSE, body="All.")))) == 2
    assert len(lives(read(replace(PARSE, word="closed"), replace(PARSE, word="closed", body="All.")))) == 1


def test_a_lost_task_goes_on_under_the_id_that_has_its_title_and_creation_time() -> None:
    histories = read(PARSE, replace(PARSE, id="a1"))
    histories.lose("1", point(3))
    assert histories.lives["1"].successor == ("a1", point(3))
    assert lives(histories) == [("Parse empty files", [("open", 1)])]


def test_a_task_that_comes_back_has_no_other_id() -> None:
    histories = read(PARSE, replace(PARSE, id="a1"))
    histories.lose("1", point(3))
    histories.see(PARSE, point(4))
    assert histories.lives["1"].successor is None
    assert lives(histories) == [("Parse empty files", [("open", 1), ("removed", 3), ("open", 4)])]


def test_a_lost_task_without_another_id_has_ended() -> None:
    histories = read(PARSE)
    histories.lose("1", point(2))
    histories.lose("1", point(3))
    histories.lose("2", point(3))
    assert lives(histories) == [("Parse empty files", [("open", 1), ("removed", 2)])]


def test_a_closed_task_stays_closed_in_its_own_word() -> None:
    histories = read(PARSE, replace(PARSE, word="closed"))
    histories.lose("1", point(3))
    assert lives(histories) == [("Parse empty files", [("open", 1), ("closed", 2)])]


def test_two_states_of_one_commit_are_one_move() -> None:
    histories = TaskHistories()
    for word in ("open", "closed"):
        histories.see(replace(PARSE, word=word), point(1))
    assert lives(histories) == [("Parse empty files", [("closed", 1)])]


def test_two_titles_of_one_commit_are_one_version() -> None:
    histories = TaskHistories()
    for title in ("Parse", "Write a manual"):
        histories.see(replace(PARSE, title=title), point(1))
    assert lives(histories) == [("Write a manual", [("open", 1)])]


def test_a_link_is_dated_where_it_was_seen_first() -> None:
    linked = replace(PARSE, links=(TaskLink(TaskLinkKind.DEPENDS_ON, "2"),))
    histories = read(PARSE, linked, linked)
    assert [(link.target, at.position) for link, at in histories.lives["1"].links.items()] == [("2", 2)]
    assert histories.lives["1"].touched == 2
