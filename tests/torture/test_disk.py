"""No room, and no permission: a clean error, reads go on, nothing is corrupted."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.torture.conftest import Clock, opened

ROOT = Path(__file__).parent.parent.parent
UNPRIVILEGED = 65534

# Everything is imported before privileges are dropped: the interpreter may lie where nobody else may read.
BEGIN = """
import getpass, os, resource, sys
import graphmem, graphmem.service.memory, graphmem.opening
import graphmem.adapters.sqlite.store, graphmem.adapters.sqlite.write_batch
from graphmem import GraphMemError, Scope
from graphmem.retrieval.embedder import EmbedderMissing
from pathlib import Path
import numpy
graphmem.adapters.sqlite.connection.load_checksums()
def opened():
    scope, missing = Scope("acme", "acme/shop"), EmbedderMissing("no model")
    return graphmem.open(sys.argv[1], scope=scope, actor="ann", embedder=lambda: missing)
def attempt(call):
    try:
        return "done" if call() is None else "answered"
    except GraphMemError as refusal:
        return type(refusal).__name__
def titles(memory):
    return sorted(card.memory.statement.title for card in memory.list().cards)
"""


def run(program: str, path: Path) -> list[str]:
    """What a child process prints."""
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + program, str(path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert not done.returncode, done.stderr
    return done.stdout.splitlines()


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that an unprivileged process can reach."""
    folder = Path(tempfile.mkdtemp(prefix="graphmem-disk-"))
    folder.chmod(0o755)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def test_a_full_disk_refuses_the_write_and_keeps_what_is_there(path: Path, clock: Clock) -> None:
    with opened(path, clock) as memory:
        memory.add("We keep the ledger in one file")
    size = path.stat().st_size + 200_000
    printed = run(
        f"""
memory = opened()
resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))
for number in range(100):
    said = attempt(lambda: memory.add(f"Filler {{number}} " + "x" * 20_000))
    if said != "answered":
        break
print(said, number < 100, "We keep the ledger in one file" in titles(memory), len(titles(memory)) == number + 1)
""",
        path,
    )
    assert printed == ["StoreUnavailable True True True"]
    with opened(path, clock) as memory:
        assert memory.check() == []
        memory.add("There is room again")
        assert memory.search("room again").hits


DROP = f"""
if os.geteuid() == 0:
    os.setgroups([]); os.setgid({UNPRIVILEGED}); os.setuid({UNPRIVILEGED})
"""


def test_a_store_in_a_read_only_folder_is_read_or_refused_by_name(open_folder: Path, clock: Clock) -> None:
    path = open_folder / "memory.db"
    with opened(path, clock) as memory:
        memory.add("We read where we may not write")
    for file in open_folder.iterdir():
        file.chmod(0o444)
    open_folder.chmod(0o555)
    before = path.read_bytes()
    printed = run(
        DROP
        + """
try:
    with opened() as memory:
        print(titles(memory), attempt(lambda: memory.add("More")))
except GraphMemError as refusal:
    print(type(refusal).__name__)
""",
        path,
    )
    assert printed in (["['We read where we may not write'] StoreUnavailable"], ["StoreUnavailable"])
    assert path.read_bytes() == before


def test_an_open_store_goes_on_reading_when_its_folder_becomes_read_only(open_folder: Path, clock: Clock) -> None:
    path = open_folder / "memory.db"
    with opened(path, clock) as memory:
        memory.add("We read on")
    if os.geteuid() == 0:
        for one in (open_folder, *open_folder.iterdir()):
            os.chown(one, UNPRIVILEGED, UNPRIVILEGED)
    printed = run(
        DROP
        + """
memory = opened()
titles(memory)
os.chmod(Path(sys.argv[1]).parent, 0o555)
before, said = titles(memory), attempt(lambda: memory.add("More"))
print(before, said in {"answered", "StoreUnavailable"}, "We read on" in titles(memory))
os.chmod(Path(sys.argv[1]).parent, 0o755)
memory.close()
""",
        path,
    )
    assert printed == ["['We read on'] True True"]


def test_a_folder_that_cannot_be_written_gives_no_new_store(open_folder: Path) -> None:
    open_folder.chmod(0o555)
    printed = run(
        DROP
        + """
print(attempt(lambda: graphmem.open(sys.argv[1], create=True)))
""",
        open_folder / "memory.db",
    )
    assert printed == ["StoreUnavailable"]
    assert not list(open_folder.iterdir())
