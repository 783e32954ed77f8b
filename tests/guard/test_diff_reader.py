"""Unified diffs as git writes them: every form is read, and what does not fit is refused with its line."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphmem.errors import BadDiff
from graphmem.guard.diff_reader import read_diff
from graphmem.guard.file_changes import ChangedFile

HEAD = "diff --git a/x.py b/x.py\nindex 1..2 100644\n--- a/x.py\n+++ b/x.py\n"


def only(diff: str) -> ChangedFile:
    (change,) = read_diff(diff).files
    return change


def added_lines(change: ChangedFile) -> list[tuple[int, str]]:
    """Number and text of each added line."""
    return [
        (number, piece.after.split("\n")[number - piece.start])
        for piece in change.pieces
        for number in sorted(piece.added or ())
    ]


def test_a_hunk_has_the_text_before_the_text_after_and_the_added_lines() -> None:
    piece = only(f"{HEAD}@@ -3,3 +3,3 @@ def f():\n a\n-b\n+c\n d\n").pieces[0]
    assert (piece.before, piece.after, piece.start, piece.added) == ("a\nb\nd\n", "a\nc\nd\n", 3, frozenset({4}))


def test_an_empty_text_is_an_empty_change() -> None:
    assert read_diff("").files == ()


def test_new_deleted_renamed_and_copied_files_are_told_apart() -> None:
    new = only("diff --git a/n b/n\nnew file mode 100644\n--- /dev/null\n+++ b/n\n@@ -0,0 +1 @@\n+x\n")
    gone = only("diff --git a/o b/o\ndeleted file mode 100644\n--- a/o\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n")
    moved = only("diff --git a/o b/n\nsimilarity index 100%\nrename from o\nrename to n\n")
    copied = only("diff --git a/o b/n\nsimilarity index 90%\ncopy from o\ncopy to n\n")
    assert (new.path, new.is_new, gone.path, gone.is_deleted) == ("n", True, "o", True)
    assert (moved.path, moved.old_path, copied.path, copied.old_path) == ("n", "o", "n", "o")


def test_a_change_of_mode_alone_has_no_pieces() -> None:
    assert only("diff --git a/x y b/x y\nold mode 100644\nnew mode 100755\n") == ChangedFile("x y")


def test_binary_files_and_binary_patches_are_skipped_and_listed() -> None:
    plain = "diff --git a/i.png b/i.png\nindex 1..2 100644\nBinary files a/i.png and b/i.png differ\n"
    patch = "diff --git a/j b/j\nindex 1..2 100644\nGIT binary patch\nliteral 3\nKc$@(M0RaGX{rUh9\n\n"
    patch += "literal 0\nHcmV?d00001\n\n"
    read = read_diff(plain + patch + HEAD + "@@ -1 +1 @@\n-a\n+b\n")
    assert [(one.path, one.reason) for one in read.skipped] == [("i.png", "binary"), ("j", "binary")]
    assert [one.path for one in read.files] == ["x.py"]


def test_a_file_without_a_final_newline_loses_no_line() -> None:
    diff = f"{HEAD}@@ -1 +1,2 @@\n-a\n\\ No newline at end of file\n+a\n+b\n\\ No newline at end of file\n"
    assert added_lines(only(diff)) == [(1, "a"), (2, "b")]


def test_line_ends_of_windows_are_read() -> None:
    diff = (HEAD + "@@ -1 +1,2 @@\n a\n+import pytz\n").replace("\n", "\r\n")
    assert added_lines(only(diff)) == [(2, "import pytz")]


def test_quoted_paths_and_paths_with_blanks_are_read() -> None:
    name = "\\303\\244\\t.py"
    head = f'diff --git "a/{name}" "b/{name}"\n--- "a/{name}"\n+++ "b/{name}"\n'
    quoted = f"{head}@@ -1 +1 @@\n-a\n+b\n"
    blank = "diff --git a/a b.py b/a b.py\n--- a/a b.py\t\n+++ b/a b.py\t\n@@ -1 +1 @@\n-a\n+b\n"
    assert (only(quoted).path, only(blank).path) == ("ä\t.py", "a b.py")


def test_paths_without_prefixes_keep_a_folder_that_is_called_a() -> None:
    assert only("--- a/x.py\n+++ a/x.py\n@@ -1 +1 @@\n-a\n+b\n").path == "a/x.py"


def test_a_combined_diff_adds_what_no_parent_has() -> None:
    diff = (
        "diff --cc x.py\nindex 1,2..3\n--- a/x.py\n+++ b/x.py\n@@@ -1,2 -1,2 +1,4 @@@\n  a\n+ ours\n +theirs\n++both\n"
    )
    assert added_lines(only(diff)) == [(4, "both")]


def test_the_message_of_a_commit_is_no_part_of_its_diff() -> None:
    head = "From 1234 Mon Sep 17 00:00:00 2001\nSubject: x\n\n+import no\n---\n x.py | 2 +-\n\n"
    mail = f"{head}{HEAD}@@ -1 +1 @@\n-a\n+b\n-- \n2.40\n\n"
    assert added_lines(only(mail)) == [(1, "b")]


@pytest.mark.parametrize(
    ("diff", "line"),
    [
        ("nonsense", 1),
        ("import pytz\n", 1),
        (f"{HEAD}@@ -1 +1,2 @@\n a\n", 7),
        (f"{HEAD}@@ -1 +1,2 @@\n a\n+b\n+c\n", 8),
        (f"{HEAD}@@ -1,2 +1 @@\n a\nb\n", 7),
        (f"{HEAD}@@ -x +1 @@\n+b\n", 5),
        ("--- a/x\n+++ b/x\n", 3),
        ("@@ -1 +1 @@\n-a\n+b\n", 1),
        (f"{HEAD}@@ -1 +1 @@\n-a\n+b\ngarbage\n", 8),
    ],
)
def test_what_does_not_fit_is_refused_with_its_line(diff: str, line: int) -> None:
    with pytest.raises(BadDiff, match=f"line {line} of the diff") as refused:
        read_diff(diff)
    assert refused.value.line == line


def test_bytes_that_are_no_text_and_large_files_are_skipped_and_listed() -> None:
    latin = f"{HEAD}@@ -1 +1 @@\n-a\n+caf\udce9\n"
    large = f"{HEAD}@@ -0,0 +1 @@\n+{'x' * 2_000_001}\n"
    assert [one.reason for one in read_diff(latin).skipped] == ["not UTF-8"]
    assert [one.reason for one in read_diff(large).skipped] == ["more than 2,000,000 characters"]


# ---- beside git itself

LINE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r\0"), max_size=6)
FILE = st.tuples(st.lists(LINE, max_size=8), st.booleans()).map(lambda one: "\n".join(one[0]) + "\n" * one[1])


def git(folder: Path, *words: str) -> bytes:
    return subprocess.run(["git", *words], cwd=folder, capture_output=True, check=False).stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("diffs")
    git(made, "init", "-q", ".")
    return made


def lines_of(text: str) -> Sequence[str]:
    return text.split("\n")[:-1] if text.endswith("\n") else text.split("\n") if text else []


@pytest.mark.unmeasured
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=FILE, after=FILE, context=st.integers(0, 4))
def test_a_diff_by_git_has_the_lines_of_the_file_where_they_are(
    folder: Path, before: str, after: str, context: int
) -> None:
    for name, text in (("old", before), ("new", after)):
        (folder / name).write_text(text, encoding="utf-8", newline="")
    diff = git(folder, "diff", "--no-index", "--text", f"-U{context}", "old", "new").decode()
    read = read_diff(diff)
    rest, added = list(lines_of(after)), 0
    for piece in (piece for change in read.files for piece in change.pieces):
        shown = lines_of(piece.after)
        assert rest[piece.start - 1 : piece.start - 1 + len(shown)] == shown
        added += len(piece.added or ())
    counted = git(folder, "diff", "--no-index", "--text", "--numstat", "old", "new").split(b"\t")[0]
    assert added == int(counted or 0)
