"""A server with a file of webhooks, for two repositories."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from graphmem import GraphMemory, Scope
from graphmem.opening import open_memory
from tests.fake_embedder import no_embedder
from tests.service.conftest import TickingClock
from tests.webhooks.samples import NAME, PROJECT, SECRET


def configured(folder: Path, *, mirror: Path | None = None) -> Path:
    """A file of webhooks, in which the first repository has a mirror."""
    path = folder / "webhooks.toml"
    kept = "" if mirror is None else f'mirror = "{mirror}"\n'
    path.write_text(
        f'queue = "events"\n[[repository]]\nname = "{NAME}"\nforge = "github"\nsecret = "{SECRET}"\n{kept}'
        f'[[repository]]\nname = "{PROJECT}"\nforge = "gitlab"\nsecret = "{SECRET}"\n'
        f'[[repository]]\nname = "github.com/acme/other"\nforge = "github"\nsecret = "{SECRET} of another"\n'
    )
    path.chmod(0o600)
    return path


@pytest.fixture
def clock() -> TickingClock:
    return TickingClock()


@pytest.fixture
def memory(tmp_path: Path, clock: TickingClock) -> Iterator[GraphMemory]:
    with open_memory(
        str(tmp_path / "memory.db"), scope=Scope(), actor="server", clock=clock, embedder=no_embedder, create=True
    ) as memory:
        yield memory
