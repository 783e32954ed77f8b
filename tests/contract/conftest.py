"""The contract is one and the same for every store."""

from tests.stores import backend, store

__all__ = ["backend", "store"]
