from __future__ import annotations

import random
import shutil
from pathlib import Path

import numpy as np
import pytest

from graphmem.adapters.sqlite import SQLiteStore
from graphmem.errors import CorruptStore, GraphMemError, InvalidInput, StoreUnavailable, Unsupported
from graphmem.model import Anchor, AnchorKind, Supersede
from graphmem.store import Filter, Probe
from tests.adapters.sqlite.given import DAY, MAIN, START, add, clock, everything, send
from tests.adapters.sqlite.given import chance as seeded

VARIANTS = 60
WORDS = ["cache", "queue", "token", "ledger", "branch", "mirror", "shard", "index", "vector", "lock", "page", "frame"]


def _answers(store: SQLiteStore) -> list[object]:
    """What a reader can ask, as far as it shows every table."""
    vector = np.array([0.6, 0.8], np.float32)
    keys = [f"m{number}" for number in range(120)]
    matches = [
        store.match(MAIN, Probe(terms=(word,), names=(f"memory m{place}",), vector=vector), Filter(), seq=999)
        for place, word in enumerate(WORDS)
    ]
    near = [store.neighbours(MAIN, [key], seq=10_000, limit=20) for key in keys[:5]]
    return [everything(store), matches, near, store.select(MAIN, Filter(), at=None, before=999, limit=999)]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[object]]:
    """A folder with a store whose log holds some of it, and what it answers."""
    chance, folder = seeded(5), tmp_path_factory.mktemp("sound")
    open_folder = tmp_path_factory.mktemp("open")
    with SQLiteStore.open(open_folder / "memory.db", create=True) as store:
        for number in range(120):
            anchor = Anchor(AnchorKind.FILE, f"src/{chance.choice(WORDS)}.py")
            said = add(f"m{number}", body=" ".join(chance.choices(WORDS, k=60)), anchors=(anchor,))
            angle = chance.random()
            vectors = {f"m{number}": np.array([np.cos(angle), np.sin(angle)], np.float32)}
            store.apply([said], clock=clock, vectors=vectors)
            if number == 80:
                store.close()
                store = SQLiteStore.open(open_folder / "memory.db", create=False)  # noqa: PLW2901
        send(store, *(Supersede(old=(f"m{n}",), new=(f"m{n + 1}",), at=START + DAY) for n in range(10)))
        for file in open_folder.iterdir():
            shutil.copy(file, folder / file.name)
        return folder, _answers(store)


def _damage(folder: Path, chance: random.Random) -> str:
    """Flip bits in the file or its log, or cut one of them; says what was done."""
    file = folder / chance.choice(["memory.db", "memory.db", "memory.db-wal"])
    content = bytearray(file.read_bytes())
    if chance.random() < 0.25:
        cut = chance.randrange(len(content))
        file.write_bytes(content[:cut])
        return f"{file.name} cut to {cut} of {len(content)}"
    at = chance.randrange(100) if chance.random() < 0.2 else chance.randrange(len(content))
    content[at] ^= 1 << chance.randrange(8)
    file.write_bytes(content)
    return f"{file.name} flipped at {at} of {len(content)}"


@pytest.mark.heavy
@pytest.mark.parametrize("seed", range(VARIANTS))
def test_damage_is_named_or_does_no_harm(sound: tuple[Path, list[object]], tmp_path: Path, seed: int) -> None:
    folder, expected = sound
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    done = _damage(copy, seeded(seed))
    found = _answers_or_error(copy / "memory.db")
    if isinstance(found, GraphMemError):
        assert "memory.db" in str(found), done
        assert isinstance(found, CorruptStore | StoreUnavailable | InvalidInput | Unsupported), done
    else:
        assert found == expected, done


def _answers_or_error(path: Path) -> list[object] | GraphMemError:
    try:
        with SQLiteStore.open(path, create=False) as store:
            return _answers(store)
    except GraphMemError as error:
        return error


def test_damage_to_a_page_in_use_is_reported_and_not_answered(store: SQLiteStore, path: Path) -> None:
    send(store, *(add(f"m{number}", body="word " * 300) for number in range(200)))
    store.close()
    content = bytearray(path.read_bytes())
    for at in range(9_000, len(content), 8_192):
        content[at] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(GraphMemError, match="damaged"), SQLiteStore.open(path, create=False) as again:
        everything(again)
