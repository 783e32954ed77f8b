"""Feature flags along a mainline."""

from __future__ import annotations

from datetime import UTC, datetime

from graphmem.sources.git.file_versions import FileVersion
from graphmem.sources.git.raw_log import FileChange
from graphmem.sources.tasks.flag_history import FlagHistory

PATH = "feature_flags.json"


def version(position: int, path: str = PATH, old: str = PATH, status: str = "M") -> FileVersion:
    at = datetime(2024, 1, position + 1, tzinfo=UTC)
    return FileVersion(position, f"sha{position}", at, FileChange(status, path, old, "0", "1", "100644"))


def words(history: FlagHistory) -> dict[str, list[tuple[str | None, int]]]:
    lives = history.histories.lives.items()
    return {key: [(move.source_word, move.at.day) for move in life.moves] for key, life in lives}


def test_a_flag_ends_when_it_is_off_or_leaves_the_registry() -> None:
    history = FlagHistory()
    for position, content in enumerate([b'{"a": true, "b": true}', b'{"a": false, "b": true}', b'{"a": true}']):
        history.take([(version(position), content)])
    assert words(history) == {
        f"{PATH}#a": [("on", 1), ("off", 2), ("on", 3)], f"{PATH}#b": [("on", 1), ("removed", 3)]
    }  # fmt: skip


def test_a_registry_that_cannot_be_read_changes_nothing() -> None:
    history = FlagHistory()
    for position, content in enumerate([b'{"a": true}', b"{", None]):
        history.take([(version(position), content)])
    assert words(history) == {f"{PATH}#a": [("on", 1)]}
    assert [position for position, _ in history.problems] == [1, 2]


def test_flags_end_with_their_registry() -> None:
    history = FlagHistory()
    history.take([(version(0), b'{"a": true}')])
    history.take([(version(1, status="D"), None)])
    assert words(history) == {f"{PATH}#a": [("on", 1), ("removed", 2)]}


def test_a_registry_that_is_renamed_to_another_name_is_gone() -> None:
    history = FlagHistory()
    history.take([(version(0), b'{"a": true}')])
    history.take([(version(1, path="old.json", status="R"), b"{}")])
    assert words(history) == {f"{PATH}#a": [("on", 1), ("removed", 2)]}
