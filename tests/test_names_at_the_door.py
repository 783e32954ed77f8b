"""The names that the package offers."""

from __future__ import annotations

import graphmem


def test_every_name_at_the_door_exists() -> None:
    assert [name for name in graphmem._HOME_OF if not hasattr(graphmem, name)] == []  # noqa: SLF001 - the table itself
    assert {*graphmem._HOME_OF} <= {*graphmem.__all__}  # noqa: SLF001
