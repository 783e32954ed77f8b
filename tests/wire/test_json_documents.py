"""The shape of JSON answers, written out."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from graphmem.model import End, Kind, MergeBranch, Point
from graphmem.wire.json_documents import as_json, document


def test_values_become_what_pipes_expect() -> None:
    moment = datetime(2025, 1, 2, 3, 4, 5, 6, tzinfo=UTC)
    value = {"at": moment, "kind": Kind.TASK, "path": Path("a"), "many": (1, None, True), "point": Point(moment, 7)}
    assert document(value) == {
        "at": "2025-01-02T03:04:05.000006Z",
        "kind": "task",
        "path": "a",
        "many": [1, None, True],
        "point": {"as_of": "2025-01-02T03:04:05.000006Z", "known_at": 7, "commit": None},
    }


def test_operations_carry_their_verb() -> None:
    assert document(MergeBranch("next")) == {"operation": "merge_branch", "name": "next", "at": None}
    assert document(End("a", datetime(2025, 1, 1, tzinfo=UTC)))["operation"] == "end"


def test_any_text_can_be_piped() -> None:
    assert as_json("\ud800 ü\n") == '"\\ud800 \\u00fc\\n"'


def test_what_has_no_form_is_an_error_of_ours() -> None:
    with pytest.raises(TypeError, match="has no JSON form"):
        document(object())
