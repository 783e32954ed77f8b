"""schema/README.md names every value that the model can hold."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

import pytest

from graphmem.model import AnchorKind, Kind, LinkKind, Origin, Outcome, Status, SupersessionKind

DICTIONARY = (Path(__file__).parent.parent / "schema" / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("values", [Kind, Status, Origin, SupersessionKind, Outcome])
def test_every_value_is_in_the_dictionary(values: type[StrEnum]) -> None:
    assert [value for value in values if f"`{value}`" not in DICTIONARY] == []


def test_every_kind_of_memory_and_anchor_is_a_label() -> None:
    labels = [value.capitalize() for enum in (Kind, AnchorKind) for value in enum]
    assert [label for label in labels if f"`{label}`" not in DICTIONARY] == []


def test_every_link_is_a_relationship() -> None:
    assert [value for value in LinkKind if value.upper() not in DICTIONARY] == []
