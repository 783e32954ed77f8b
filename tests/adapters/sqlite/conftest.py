from tests.adapters.sqlite.given import path, store

__all__ = ["path", "store"]
