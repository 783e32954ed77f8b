"""The laws run on every store."""

import pytest

from tests.stores import backend, store

__all__ = ["backend", "store"]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "mutants: the laws against faults put into the kernel (minutes)")
