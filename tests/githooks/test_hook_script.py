"""The lines in a hook: where they are inserted, that removal restores every byte, and that a shell runs them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem.githooks.hook_script import (
    EVENTS,
    VERSION,
    has_current_lines,
    has_lines,
    hook_lines,
    is_created,
    is_damaged,
    obstacle,
    with_lines,
    without_lines,
)
from tests.githooks.conftest import write_hook

SHELLS = [name for name in ("sh", "dash", "bash", "zsh") if shutil.which(name)]
FIRST_LINES = ("#!/bin/sh", "#!/usr/bin/env bash", "#! /bin/dash -e", "#!/usr/bin/env -S zsh -f", "#!/bin/sh -eu")
LINES = (
    b"exec true",
    b"",
    b"exit 1",
    b"caf\xc3\xa9",
    b"\xff\xfe",
    b"cat <<X\r",
    b"# >>> other >>>",
    b"x\x00y",
    b"#!/bin/sh",
)
TAILS = st.lists(st.sampled_from(LINES)).map(b"\n".join)
OLD = hook_lines("post-commit").replace(f"hooks {VERSION} ", "hooks 0 ").replace("date", "old-date")


@given(first=st.sampled_from(FIRST_LINES), tail=st.none() | TAILS, event=st.sampled_from(EVENTS))
def test_removal_restores_every_byte(first: str, tail: bytes | None, event: str) -> None:
    content = first.encode() + (b"" if tail is None else b"\n" + tail)
    hook = with_lines(content, event)
    assert hook.startswith(first.encode() + b"\n# >>> graphmem hooks")
    assert (has_current_lines(hook, event), is_created(hook), is_damaged(hook)) == (True, False, False)
    assert with_lines(hook, event) == hook
    assert without_lines(hook) == content


@given(added=TAILS, event=st.sampled_from(EVENTS))
def test_edits_made_after_the_insertion_stay(added: bytes, event: str) -> None:
    hook = with_lines(b"#!/bin/sh\necho old\n", event)
    head, mark, tail = hook.partition(b"# >>> graphmem")
    edited = head + b"echo before\n" + mark + tail + added
    assert without_lines(edited) == b"#!/bin/sh\necho before\necho old\n" + added


def test_text_after_a_hook_without_a_newline_stays_a_line_of_its_own() -> None:
    hook = with_lines(b"#!/bin/sh", "post-merge")
    assert without_lines(hook) == b"#!/bin/sh"
    assert without_lines(hook + b"echo later\n") == b"#!/bin/sh\necho later\n"


def test_a_hook_that_was_created_says_so_after_an_update_too() -> None:
    hook = with_lines(None, "post-commit")
    assert (is_created(hook), without_lines(hook)) == (True, b"#!/bin/sh\n")
    assert is_created(with_lines(hook.replace(b"date", b"old-date"), "post-commit"))


def test_lines_of_another_release_are_replaced() -> None:
    old = f"#!/bin/sh\n{OLD}exec true\n".encode()
    assert (has_lines(old), has_current_lines(old, "post-commit")) == (True, False)
    assert with_lines(old, "post-commit") == with_lines(b"#!/bin/sh\nexec true\n", "post-commit")


def test_lines_that_an_editor_gave_other_line_ends_are_removed() -> None:
    hook = with_lines(b"#!/bin/sh\necho a\n", "post-commit").replace(b"\n", b"\r\n")
    assert without_lines(hook) == b"#!/bin/sh\r\necho a\r\n"


@pytest.mark.parametrize("part", [slice(0, -25), slice(60, None)])
def test_a_mark_without_its_counterpart_is_damage(part: slice) -> None:
    hook = with_lines(b"#!/bin/sh\n", "post-commit")[part]
    assert is_damaged(hook)
    assert without_lines(hook) == hook


def test_a_begin_mark_alone_swallows_nothing_up_to_the_next_lines() -> None:
    lines = hook_lines("post-commit")
    torn = f"#!/bin/sh\n{lines[:70]}\necho mine\n{lines}".encode()
    assert b"echo mine" in without_lines(torn)


@pytest.mark.parametrize("first", [line.encode() for line in FIRST_LINES])
def test_lines_go_into_scripts_of_these_shells(first: bytes) -> None:
    assert obstacle(first + b"\nexec true\n") is None


@pytest.mark.parametrize(
    ("content", "part"),
    [
        (b"#!/usr/bin/env python3\n", "is no script for"),
        (b"#!/usr/bin/env -S node --x\n", "is no script for"),
        (b"#!/usr/bin/env\n", "is no script for"),
        (b"#!/usr/bin/fish", "is no script for"),
        (b"#!/bin/sh\r\necho\r\n", "CR LF"),
        (b"echo no first line\n", "no #! line"),
        (b"\x7fELF\x00", "no #! line"),
        (b"", "no #! line"),
        (b"#!/bin/sh\n# >>> graphmem hooks 1 >>>\n", "damaged marks"),
    ],
)
def test_other_hooks_are_refused_with_the_reason(content: bytes, part: str) -> None:
    assert part in str(obstacle(content))


# ---- in a shell


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A git directory with a queue folder, as far as the lines need it."""
    for name in ("hooks", "graphmem"):
        (tmp_path / ".git" / name).mkdir(parents=True)
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main\n", encoding="utf-8")
    return tmp_path


def run_hook(folder: Path, shell: str, script: str, event: str, *words: str, text: str = "") -> tuple[int, str, str]:
    """Exit code, output and errors of a script with the lines."""
    hook = write_hook(folder / ".git" / "hooks" / event, with_lines(f"#!/bin/sh\n{script}".encode(), event))
    environment = {"PATH": os.environ["PATH"], "old": "from outside", "LC_ALL": "C"}
    command = [*shell.split(), str(hook.relative_to(folder)), *words]
    done = subprocess.run(command, cwd=folder, env=environment, input=text, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def noted(folder: Path) -> list[list[str]]:
    queue = folder / ".git" / "graphmem" / "queue"
    return [line.split(" ")[:-1] for line in queue.read_text(encoding="utf-8").splitlines()]


REST = 'echo "$# $1 $old $- ${ref-} ${at-} ${graphmem_pairs-}"; pwd; cat; exit 3\n'


@pytest.mark.parametrize("shell", [f"{shell}{options}" for shell in SHELLS for options in ("", " -eu")])
@pytest.mark.parametrize("event", EVENTS)
def test_the_rest_of_the_script_runs_as_without_the_lines(folder: Path, shell: str, event: str) -> None:
    pairs = f"{'a' * 40} {'b' * 40}\n{'c' * 40} {'b' * 40}\n"
    hook = folder / ".git" / "hooks" / "plain"
    hook.write_text(REST, encoding="utf-8")
    code, output, errors = run_hook(folder, shell, REST, event, "1", "2", "1", text=pairs)
    environment = {"PATH": os.environ["PATH"], "old": "from outside"}
    command = [*shell.split(), ".git/hooks/plain", "1", "2", "1"]
    plain = subprocess.run(
        command, cwd=folder, env=environment, input=pairs, capture_output=True, text=True, check=False
    )
    assert (code, output, errors) == (3, plain.stdout, "")
    assert output.endswith(pairs)


@pytest.mark.parametrize("shell", SHELLS)
def test_input_of_any_length_is_handed_on(folder: Path, shell: str) -> None:
    pairs = "".join(f"{number:040x} {number + 1:040x}\n" for number in range(3_000))
    assert run_hook(folder, shell, "cat\n", "post-rewrite", "rebase", text=pairs) == (0, pairs, "")
    assert len(noted(folder)) == 3_000
    assert noted(folder)[1] == ["1", "post-rewrite", f"{1:040x}", f"{2:040x}", "refs/heads/main"]


@pytest.mark.parametrize("shell", SHELLS)
def test_empty_input_stays_empty(folder: Path, shell: str) -> None:
    assert run_hook(folder, shell, "cat\n", "post-rewrite", "rebase") == (0, "", "")
    assert noted(folder) == [["1", "post-rewrite", "-", "-", "refs/heads/main"]]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_detached_head_has_its_hash(folder: Path, shell: str) -> None:
    (folder / ".git" / "HEAD").write_text(f"{'a' * 40}\n", encoding="utf-8")
    assert run_hook(folder, shell, "", "post-commit") == (0, "", "")
    assert noted(folder) == [["1", "post-commit", "-", "a" * 40, "HEAD"]]


@pytest.mark.parametrize("shell", SHELLS)
def test_a_name_too_long_for_a_short_line_is_left_out(folder: Path, shell: str) -> None:
    (folder / ".git" / "HEAD").write_text(f"ref: refs/heads/{'x' * 200}\n", encoding="utf-8")
    run_hook(folder, shell, "", "post-commit")
    assert noted(folder) == [["1", "post-commit", "-", "-", "-"]]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("event", EVENTS)
def test_a_full_disk_a_missing_folder_and_a_missing_head_are_no_failures(folder: Path, shell: str, event: str) -> None:
    queue = folder / ".git" / "graphmem" / "queue"
    queue.symlink_to("/dev/full")
    words, pair = ("1", "2", "1") if event == "post-checkout" else ("0",), f"{'a' * 40} {'b' * 40}\n"
    assert run_hook(folder, shell, "", event, *words, text=pair) == (0, "", "")
    queue.unlink()
    queue.parent.rmdir()
    assert run_hook(folder, shell, "", event, *words, text=pair) == (0, "", "")
    (folder / ".git" / "HEAD").unlink()
    assert run_hook(folder, shell, "cat\n", event, *words, text=pair) == (0, pair, "")


@pytest.mark.parametrize("shell", SHELLS)
def test_without_any_program_the_time_is_unknown(folder: Path, shell: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(shutil.which(shell))
    monkeypatch.setenv("PATH", str(folder))
    assert run_hook(folder, path, "", "post-commit") == (0, "", "")
    assert noted(folder) == [["1", "post-commit", "-", "-", "refs/heads/main"]]
