"""Errors of this interface; each is also a `ValueError`, which mem0 scripts catch."""

from __future__ import annotations

from graphmem.errors import InvalidInput, NotFound


class WrongArgument(InvalidInput, ValueError):
    """An invalid argument."""


class NoSuchMemory(NotFound, ValueError):
    """No memory has this id, or it was deleted."""
