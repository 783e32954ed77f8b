"""Messages of reverts, as git and GitHub write them."""

from __future__ import annotations

import pytest

from graphmem.sources.incidents.revert_messages import RevertMessage, revert_message, without_number

SHA, OTHER = "2480316248585009a599524837fa0738809d8448", "0fffa44a2302a496dfa4ffa838843b3bbf0ee122"


def test_the_message_of_git_names_title_and_commit() -> None:
    text = f'Revert "Parse empty files"\n\nThis reverts commit {SHA}.\n\nIt broke the build.\n\nSigned-off-by: Ana\n'
    assert revert_message(text) == RevertMessage((SHA,), "Parse empty files", 1, "It broke the build.")


@pytest.mark.parametrize(
    ("subject", "title", "depth"),
    [
        ('Revert "Revert "Parse""', "Parse", 2),
        ('Reapply "Parse"', "Parse", 2),
        ('Revert "Revert "Parse (#1)" (#2)" (#3)', "Parse (#1)", 2),
        ('revert "Say "hello""', 'Say "hello"', 1),
    ],
)
def test_quotes_say_how_often_a_change_was_reverted(subject: str, title: str, depth: int) -> None:
    found = revert_message(subject)
    assert found is not None
    assert (found.title, found.depth) == (title, depth)


def test_several_commits_are_named() -> None:
    found = revert_message(f"Undo\n\nThis reverts commits {SHA} and {OTHER[:9]}.\nThis reverts commit {SHA}, too.")
    assert found is not None
    assert found.shas == (SHA, OTHER[:9])


@pytest.mark.parametrize(
    "text",
    [
        "Revert overselling of the plugin",
        "Fix reverts\n\nThis reverts the data files while keeping the code.",
        'Add "Revert" button',
        f"Fix\n\nAnother tool reverts commit {SHA} by mistake.",
        "",
        "Undo\n\n" + "".join(f"This reverts commit {number:040x}.\n" for number in range(30)),
    ],
)
def test_other_messages_are_no_reverts(text: str) -> None:
    assert revert_message(text) is None


def test_hostile_messages_are_read_in_linear_time() -> None:
    assert revert_message('Revert "' * 20_000) is not None
    assert revert_message("x\n\n" + "reverts commit " * 20_000) is None
    deep = 'Revert "' * 2_000 + "x" + '"' * 2_000
    assert revert_message(deep) is not None


def test_numbers_of_pull_requests_are_taken_off() -> None:
    assert without_number("Parse (#12)") == "Parse"
    assert without_number("Parse #12") == "Parse #12"
