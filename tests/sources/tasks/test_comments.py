"""Which comments are statements."""

from __future__ import annotations

import pytest

from graphmem.sources.tasks.comments import comment_task, has_comments


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("x = 1  # TODO(ana): parse empty files", "TODO(ana): parse empty files"),
        ("// FIXME: see #123", "FIXME: see #123"),
        ("    /* TODO PROJ-12 drop this */", "TODO PROJ-12 drop this"),
        ("  * TODO(bd-20j): override", "TODO(bd-20j): override"),
        ("-- TODO 2024-05-01 drop the column", "TODO 2024-05-01 drop the column"),
        ("<!-- TODO @ana: picture -->", "TODO @ana: picture"),
        ("# @TODO(ana) later", "TODO(ana) later"),
        ("# TODO: https://github.com/a/b/issues/4", "TODO: https://github.com/a/b/issues/4"),
        ("; TODO(b/1234567) reads twice", "TODO(b/1234567) reads twice"),
    ],
)
def test_a_comment_with_an_issue_an_owner_or_a_date_is_a_task(line: str, title: str) -> None:
    task = comment_task(line, "a.py")
    assert task is not None
    assert (task.title, task.files) == (title, ("a.py",))


@pytest.mark.parametrize(
    "line",
    [
        "# TODO: handle this",
        "# TODO(future): not yet",
        'raise ValueError("TODO(ana)")',
        "x = TODO(ana)",
        "# the TODO(ana) above",
        "# TODO: decode UTF-8 and ISO-8859",
        "# TODOS(ana): many",
        "# todo(ana): small letters",
        'x = "# TODO(ana): in a string"',
        "# TODO: see step-2 of phase-3",
        "# FIXME(s):",
        "# TODO (when this is finished, call it)",
        "# TODO: mail a@example.org",
        "# TODO(ana): " + "x" * 2_000,
    ],
)
def test_other_lines_are_no_statements(line: str) -> None:
    assert comment_task(line, "a.py") is None


def test_equal_texts_are_one_task_wherever_they_are() -> None:
    first, second = comment_task("# TODO(ana): x", "a.py"), comment_task("  //  TODO(ana):   x", "b.go")
    assert first is not None
    assert second is not None
    assert first.id == second.id


@pytest.mark.parametrize("path", ["docs/a.md", "vendor/a.go", "web/node_modules/a.js", "a.min.js", "data.jsonl"])
def test_prose_data_and_foreign_code_are_left_out(path: str) -> None:
    assert not has_comments(path)


def test_code_is_read() -> None:
    assert has_comments("src/vendor.py")
    assert has_comments("Makefile")
