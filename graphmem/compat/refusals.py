"""Errors of this interface: graphmem's own, and each a `ValueError` too, which scripts catch."""

from __future__ import annotations

from graphmem.errors import InvalidInput, NotFound


class WrongArgument(InvalidInput, ValueError):
    """An argument that makes no sense."""


class NoSuchMemory(NotFound, ValueError):
    """No memory of that id, or it was deleted."""
