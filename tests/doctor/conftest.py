from __future__ import annotations

from pathlib import Path

import pytest

import graphmem
from graphmem.doctor import CheckedLink, examine


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with nothing in it; no model is loaded."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GRAPHMEM_EMBEDDINGS", "off")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))  # settings of hosts are this test's own
    return tmp_path


@pytest.fixture
def store(project: Path) -> Path:
    """The file of a store with one memory, closed."""
    path = project / "memory.db"
    with graphmem.open(str(path), create=True) as memory:
        memory.add("Logs are lines of JSON")
    return path


def link(name: str, url: object = None, *, host: str | None = None) -> CheckedLink:
    """One link as it was found; what comes behind it is not looked at."""
    return next(one for one in examine(None if url is None else str(url), host=host) if one.name == name)
