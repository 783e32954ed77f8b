"""Meanings of status words."""

from __future__ import annotations

import pytest

from graphmem.model import Status
from graphmem.sources.tasks.statuses import status_of


@pytest.mark.parametrize("word", ["open", "in_progress", "In Progress", "blocked", "hooked", "in review", "TODO"])
def test_a_task_that_is_not_done_is_active(word: str) -> None:
    assert status_of(word) is Status.ACTIVE


@pytest.mark.parametrize("word", ["closed", "done", "tombstone", "closed as not planned", "wontfix"])
def test_a_closed_task_has_ended(word: str) -> None:
    assert status_of(word) is Status.ENDED


def test_deferred_and_draft_tasks_are_not_active() -> None:
    assert status_of("on_hold") is Status.DEFERRED
    assert status_of("draft") is Status.PROPOSED
