"""Effects of reverts, from messages and commits without a repository."""

from __future__ import annotations

from graphmem.sources.git.commit_messages import CommitMessage
from graphmem.sources.git.mainline import MainlineCommit
from graphmem.sources.git.raw_log import FileChange, RawCommit
from graphmem.sources.incidents.reverts import Reverts

CHANGE, OTHER, UNDONE, AGAIN = (letter * 40 for letter in "abcd")


def read(*messages: tuple[str, str], files: int = 0) -> Reverts:
    listed = [CommitMessage(sha, (), text) for sha, text in messages]
    reverts = Reverts(listed, {message.sha: at for at, message in enumerate(listed)})
    changes = tuple(FileChange("M", f"f{number}", f"f{number}", "0", "1", "100644") for number in range(files))
    reverts.read(
        MainlineCommit(at, RawCommit(message.sha, (), at, at, "", changes), at * 1_000_000, False, False, False)  # noqa: FBT003
        for at, message in enumerate(listed)
    )
    return reverts


def statuses(reverts: Reverts) -> dict[str, list[str]]:
    return {sha: [move.status.value for move in change.moves] for sha, change in reverts.changes.items()}


def test_a_shortened_hash_finds_its_commit() -> None:
    assert statuses(read((CHANGE, "Add"), (UNDONE, f"Undo\n\nThis reverts commit {CHANGE[:8]}."))) == {
        CHANGE: ["active"]
    }


def test_a_revert_of_several_commits_is_several_incidents() -> None:
    undo = f"Undo\n\nThis reverts commits {CHANGE} and {OTHER}."
    again = f"Redo\n\nThis reverts commit {UNDONE}."
    assert statuses(read((CHANGE, "Add"), (OTHER, "Add b"), (UNDONE, undo), (AGAIN, again))) == {
        CHANGE: ["active", "ended"], OTHER: ["active", "ended"]
    }  # fmt: skip


def test_a_second_revert_of_the_same_change_adds_nothing() -> None:
    undo = f"Undo\n\nThis reverts commit {CHANGE}."
    assert statuses(read((CHANGE, "Add"), (UNDONE, undo), (AGAIN, undo))) == {CHANGE: ["active"]}


def test_an_application_of_what_was_never_reverted_is_no_incident() -> None:
    assert statuses(read((CHANGE, "Add"), (AGAIN, 'Reapply "Add"'))) == {}


def test_of_several_commits_with_a_title_the_last_is_meant() -> None:
    assert statuses(read((CHANGE, "Add"), (OTHER, "Add"), (UNDONE, 'Revert "Add"'))) == {OTHER: ["active"]}


def test_a_revert_of_many_files_is_about_its_commits_alone() -> None:
    undo = f"Undo\n\nThis reverts commit {CHANGE}.\n\nToo slow."
    (change,) = read((CHANGE, "Add"), (UNDONE, undo), files=30).changes.values()
    statement = change.observation().statement
    assert [anchor.name for anchor in statement.anchors] == [CHANGE, UNDONE]
    assert statement.rationale == "Too slow."
