"""Files with flipped bits, blanked pages or missing ends: a named error or the right answer, never a wrong one."""

from __future__ import annotations

import random
import shutil
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.torture.killing import opened
from graphmem import Anchor, AnchorKind, At, GraphMemory, Statement
from graphmem.errors import GraphMemError

_PAGE_BYTES = 8192
_WORDS = "cache queue ledger broker schema worker bucket token index replica shard lease".split()  # noqa: SIM905


@dataclass(slots=True)
class Damages:
    """How damaged files were met; `faults` name what was answered wrongly or failed without one of our errors."""

    variants: int = 0
    met: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


def damage(folder: Path, *, variants: int, seed: int, limit_s: float | None = None) -> Damages:
    """Ask damaged copies of one store what the sound one was asked; stops early when the time is used up."""
    damages, rng = Damages(), random.Random(seed)  # noqa: S311 - choices of a test
    for is_log in (False, True):
        sound = folder / ("logged.db" if is_log else "sound.db")
        expected = _make(sound, is_log=is_log)
        started = time.monotonic()
        for variant in range(variants // 2):
            if limit_s is not None and time.monotonic() - started > limit_s / 2:
                break
            copy = folder / "damaged" / sound.name
            shutil.rmtree(copy.parent, ignore_errors=True)
            copy.parent.mkdir()
            for file in (*_files(sound), Path(f"{sound}-lock")):
                shutil.copy(file, copy.parent)
            what = _spoil(rng.choice(_files(copy)), rng)
            _ask_damaged(copy, expected, f"variant {variant} ({'with' if is_log else 'without'} log): {what}", damages)
    return damages


def _files(path: Path) -> list[Path]:
    """The file and its log; the index of the log is made anew when the file is opened."""
    return [file for file in (path, Path(f"{path}-wal")) if file.exists() and file.stat().st_size]


def _make(path: Path, *, is_log: bool) -> list[object]:
    """A store with chains, anchors, subjects and an end; as a killed writer leaves it if it is to have a log."""
    work = path.with_name("made.db")
    memory = opened(work, create=True)
    day = datetime(2022, 1, 1, tzinfo=UTC)
    for number in range(24):
        words = " ".join(_WORDS[(number * step) % 12] for step in range(1, 8))
        said = Statement(
            title=f"Decision {number}: {words}",
            body=words * 6,
            subject=f"topic.{number % 6}",
            anchors=(Anchor(AnchorKind.FILE, f"src/{_WORDS[number % 12]}.py"),),
        )
        old = memory.add(said, start=day + timedelta(days=number)).ids[0]
        if number % 3 == 0:
            memory.supersede(old, f"Decision {number} anew: {words}", at=day + timedelta(days=40 + number))
    if is_log:
        _copy(work, path)
    answers = _ask(memory)
    memory.close()
    if not is_log:
        _copy(work, path)
    for file in work.parent.glob("made.db*"):
        file.unlink()
    return answers


def _copy(work: Path, path: Path) -> None:
    shutil.copy(work, path)
    for end in ("-wal", "-lock"):
        if Path(f"{work}{end}").exists():
            shutil.copy(f"{work}{end}", f"{path}{end}")


def _ask(memory: GraphMemory) -> list[object]:
    """Answers over everything stored, at two points."""
    early = At(as_of=datetime(2022, 1, 20, tzinfo=UTC))
    late = At(as_of=datetime(2023, 1, 1, tzinfo=UTC))
    answers: list[object] = []
    for at in (early, late):
        answers += [
            [(hit.card.id, round(hit.relevance, 9)) for hit in memory.search(word, at=at).hits] for word in _WORDS
        ]
        cards = memory.list(at=at).cards
        answers += [[(card.id, card.state, card.memory.statement) for card in cards]]
    answers += [[(one.seq, one.op_id, one.operation) for one in memory.changes(limit=1000)]]
    answers += [[step.memory for step in memory.history(card.id).predecessors] for card in memory.list(at=late).cards]
    return answers


def _ask_damaged(copy: Path, expected: list[object], what: str, damages: Damages) -> None:
    damages.variants += 1
    try:
        with opened(copy) as memory:
            is_right = _ask(memory) == expected
    except GraphMemError as refusal:
        damages.met[type(refusal).__name__] += 1
        return
    except Exception as other:  # noqa: BLE001 - that it is not one of ours is what is looked for
        damages.faults.append(f"{what}: {other!r}")
        return
    damages.met["right answer" if is_right else "wrong answer"] += 1
    if not is_right:
        damages.faults.append(f"{what}: a wrong answer")


def _spoil(file: Path, rng: random.Random) -> str:
    data = bytearray(file.read_bytes())
    way = rng.choice(("bits", "bits", "bits", "header", "page", "cut", "cut at a page"))
    place = rng.randrange(100 if way == "header" else len(data))
    if way in {"bits", "header"}:
        for _ in range(rng.choice((1, 1, 2, 8))):
            data[place] ^= 1 << rng.randrange(8)
            place = min(place + rng.randrange(64), len(data) - 1)
    elif way == "page":
        start = place // _PAGE_BYTES * _PAGE_BYTES
        data[start : start + _PAGE_BYTES] = bytes(_PAGE_BYTES)
    else:
        del data[place if way == "cut" else place // _PAGE_BYTES * _PAGE_BYTES :]
    file.write_bytes(data)
    return f"{way} at {place} of {file.suffix}"
