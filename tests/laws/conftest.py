"""The laws run on every store."""

from tests.stores import backend, store

__all__ = ["backend", "store"]
