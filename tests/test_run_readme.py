"""The runner that keeps README.md true: it must notice what the page gets wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.run_readme import Mismatch, agrees, blocks, commands, run_page


def page(folder: Path, text: str) -> Path:
    path = folder / "page.md"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("printed", "shown"),
    [
        ("one\ntwo\n", "one\ntwo"),
        ("one  \n", "one"),
        ("id 7f3a done\n", "id ... done"),
        ("a\nb\nc\nd\n", "a\n...\nd"),
        ("", "..."),
        ("a (b) [c]\n", "a (b) [c]"),
    ],
)
def test_output_agrees_up_to_what_is_left_out(printed: str, shown: str) -> None:
    assert agrees(printed, shown)


@pytest.mark.parametrize(("printed", "shown"), [("one\n", "two"), ("one\ntwo\n", "one"), ("a\nb\n", "a\n...\nc")])
def test_other_output_does_not_agree(printed: str, shown: str) -> None:
    assert not agrees(printed, shown)


def test_blocks_know_their_language_and_line() -> None:
    found = blocks("# T\n\n```python\nx = 1\n```\n\n```text\n1\n```\n\nwords\n\n```text\n2\n```\n")
    assert [(block.language, block.line, block.follows_directly) for block in found] == [
        ("python", 4, False),
        ("text", 8, True),
        ("text", 14, False),
    ]


def test_a_command_may_go_on_in_the_next_line() -> None:
    (block,) = blocks("```console\n$ echo a \\\n    b\na b\n$ true\n```\n")
    assert list(commands(block)) == [("echo a b", "a b"), ("true", "")]


def test_python_blocks_share_a_namespace_and_are_compared(tmp_path: Path) -> None:
    path = page(tmp_path, "```python\nx = 1\n```\n```python\nprint(x)\n```\n```text\n1\n```\n")
    assert run_page(path, tmp_path) == 2


@pytest.mark.parametrize(
    "text",
    [
        "```python\nprint(1)\n```\n```text\n2\n```\n",
        "```console\n$ echo one\ntwo\n```\n",
        "```console\n$ false\n```\n",
    ],
)
def test_a_page_that_is_wrong_is_noticed(tmp_path: Path, text: str) -> None:
    with pytest.raises(Mismatch, match=r"page\.md:\d"):
        run_page(page(tmp_path, text), tmp_path)


def test_blocks_for_reading_are_not_run(tmp_path: Path) -> None:
    assert run_page(page(tmp_path, "```sh\nexit 1\n```\n"), tmp_path) == 0
