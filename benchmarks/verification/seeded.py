"""Seeded breakages: files that memories name are removed, renamed or rewritten, and the verdicts must say so."""

from __future__ import annotations

import random
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.verification.rule_memories import rule_memories
from benchmarks.verification.scratch import ScratchRepository
from graphmem.model import Anchor, AnchorKind, Statement
from graphmem.sources.git.code_history import read_code_history
from graphmem.sources.git.file_versions import contents
from graphmem.sources.git.tree_files import tree_files
from graphmem.verification import CodeStatus, MemoryToVerify, verify_memories

_READ_AT = datetime(2100, 1, 1, tzinfo=UTC)
#: The words by which the task defines that a sentence is no reference; memories with them are no seeds.
_NO_REFERENCE = re.compile(
    r"removed|previously|formerly|example|creat|if it exists|e\.g|such as|https?:|\.html|repositor", re.IGNORECASE
)
_WORD = re.compile(r"(?:[\w.@+-]+/)+[\w.@+-]*[\w+-]")
_BREAKAGES = ("delete", "rename", "edit")


@dataclass(frozen=True, slots=True)
class Seed:
    """A memory, a target that it names, and what is done to the target.

    Attributes:
        expected: The verdict on the target.
    """

    memory: MemoryToVerify
    target: str
    breakage: str
    expected: CodeStatus


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a seeded run.

    Attributes:
        missed: Seeds whose target has no alarm, or another verdict than expected.
        false_alarms: Targets without a breakage that have an alarm.
    """

    seeds: int
    missed: tuple[str, ...]
    false_alarms: tuple[str, ...]

    @property
    def recall(self) -> float:
        """Share of the seeds that have the expected verdict."""
        return 1 - len(self.missed) / self.seeds if self.seeds else 0.0


def run_in_clone(origin: Path, folder: Path, number: int, seed: int) -> Outcome:
    """Break files of a clone that its own rule files and decision records name by their path."""
    repository = ScratchRepository(folder, origin)
    tip = repository.git("rev-parse", "HEAD")
    since = datetime.fromtimestamp(repository.start_s, UTC) + timedelta(hours=1)
    tree = tree_files(folder, tip)
    chosen = random.Random(seed)  # noqa: S311 - a repeatable choice
    memories = list(rule_memories(folder, tip, since))
    named = sorted({(target, index) for index, memory in enumerate(memories) for target in _named(memory, tree.blobs)})
    chosen.shuffle(named)
    targets: dict[str, int] = {}
    for target, index in named:
        targets.setdefault(target, index)
    seeds = [
        _seed(memories[index], target, _BREAKAGES[count % 3])
        for count, (target, index) in enumerate(list(targets.items())[:number])
    ]
    texts = dict(contents(folder, [tree.blobs[each.target] for each in seeds]))
    repository.commit(
        {path: content for each in seeds for path, content in _broken(each, texts[tree.blobs[each.target]] or b"")}
    )
    return _outcome(folder, seeds, memories)


def _named(memory: MemoryToVerify, paths: Collection[str]) -> Iterator[str]:
    """Paths of files that a memory names in full, unless its text has a word that makes it no reference."""
    text = memory.statement.body
    if _NO_REFERENCE.search(text) is None:
        yield from (word for word in _WORD.findall(text) if word in paths and word != memory.path)


def _seed(memory: MemoryToVerify, target: str, breakage: str) -> Seed:
    expected = {"delete": CodeStatus.BROKEN, "rename": CodeStatus.MOVED, "edit": CodeStatus.DRIFTED}[breakage]
    if breakage == "edit":
        anchored = replace(memory.statement, anchors=(Anchor(AnchorKind.FILE, target),))
        memory = replace(memory, memory_id=f"{memory.memory_id} anchored", statement=anchored)
    return Seed(memory, target, breakage, expected)


def _broken(seed: Seed, content: bytes) -> Iterator[tuple[str, bytes | None]]:
    """(Path, content) of the files that a breakage writes or, without content, removes."""
    if seed.breakage == "edit":
        yield seed.target, b"".join(b"line %d is another\n" % number for number in range(content.count(b"\n") + 1))
        return
    yield seed.target, None
    if seed.breakage == "rename":
        yield f"elsewhere/{seed.target}", content


def _outcome(folder: Path, seeds: Sequence[Seed], others: Sequence[MemoryToVerify]) -> Outcome:
    history = read_code_history(folder, ref="HEAD", read_at=_READ_AT)
    missed: list[str] = []
    for seed, verdict in zip(
        seeds, verify_memories([seed.memory for seed in seeds], history, at=_READ_AT), strict=True
    ):
        found = [finding for finding in verdict.findings if finding.status is seed.expected]
        shown = [f"{finding.target} {finding.status}" for finding in verdict.findings]
        if not any(_is_about(finding.target, seed.target) for finding in found):
            missed.append(f"{seed.breakage} {seed.target} in {seed.memory.memory_id}: {shown}")
    broken = {seed.target for seed in seeds}
    alarms = {CodeStatus.BROKEN, CodeStatus.MOVED, CodeStatus.DRIFTED}
    false_alarms = [
        f"{finding.status} {finding.target} in {verdict.memory_id}"
        for verdict in verify_memories(others, history, at=_READ_AT)
        for finding in verdict.findings
        if finding.status in alarms
        and not any(evidence.path in broken or _holds(evidence.path, broken) for evidence in finding.evidence)
    ]
    return Outcome(len(seeds), tuple(missed), tuple(false_alarms))


def _is_about(found: str, target: str) -> bool:
    name = found.removeprefix("../").removeprefix("../").removeprefix("python.")
    return target == name or target.endswith(f"/{name}")


def _holds(folder: str, targets: set[str]) -> bool:
    return any(target.startswith(f"{folder}/") for target in targets)


def run_in_made_repository(folder: Path, number: int, seed: int) -> Outcome:
    """Break files, tasks, dependencies and symbols of a made repository."""
    repository = ScratchRepository(folder)
    chosen = random.Random(seed)  # noqa: S311 - a repeatable choice
    files = {
        f"src/part{part}/module{index}.py": _module(part, index) for part in range(10) for index in range(number // 5)
    }
    tasks = [f"task-{index}" for index in range(number)]
    names = [f"library-{index}" for index in range(number)]
    repository.commit(files | {"Makefile": _makefile(tasks), "requirements.txt": _lines(names), "README.md": b"made\n"})
    since = datetime.fromtimestamp(repository.start_s, UTC) + timedelta(days=1, hours=1)
    paths = sorted(files)
    chosen.shuffle(paths)
    seeds: list[Seed] = []
    changes: dict[str, bytes | None] = {}
    for index in range(number):
        path = paths[index]
        seeds.append(_made_seed(index, path, tasks, names, since))
        changes |= _made_change(seeds[-1], files[path])
    gone = {each.target for each in seeds}
    kept = [task for task in tasks if f"make {task}" not in gone], [name for name in names if name not in gone]
    changes |= {"Makefile": _makefile(kept[0]), "requirements.txt": _lines(kept[1])}
    others = [
        _memory(f"kept {path}", f"`{path}` is the entry; run `make {task}`.", since)
        for path, task in zip(paths[number:], kept[0], strict=False)
    ]
    repository.commit(changes)
    return _outcome(folder, seeds, others)


_FORMS = (
    "Read `{0}` first.",
    "The parser is in {0}.",
    "See [the parser](/{0}) for the grammar.",
    "| `{0}` | the parser |",
    "Run `python {0} --all`.",
)


def _made_seed(index: int, path: str, tasks: Sequence[str], names: Sequence[str], since: datetime) -> Seed:
    kind = ("delete", "rename", "edit", "command", "dependency", "symbol")[index % 6]
    text = _FORMS[index // 6 % len(_FORMS)].format(path)
    if kind == "command":
        return Seed(
            _memory(str(index), f"Before a commit run `make {tasks[index]}`.", since),
            f"make {tasks[index]}",
            kind,
            CodeStatus.BROKEN,
        )
    if kind == "dependency":
        statement = Statement(title=f"Uses {names[index]}", subject=f"dependency.python.{names[index]}")
        return Seed(
            MemoryToVerify(memory_id=str(index), statement=statement, since=since),
            names[index],
            kind,
            CodeStatus.BROKEN,
        )
    if kind == "symbol":
        anchor = Anchor(AnchorKind.SYMBOL, f"{path}:work_{path[8:9]}_{path[16:-3]}_1")
        statement = Statement(title="The work is done here", anchors=(anchor,))
        return Seed(
            MemoryToVerify(memory_id=str(index), statement=statement, since=since),
            anchor.name,
            kind,
            CodeStatus.BROKEN,
        )
    return _seed(_memory(str(index), text, since), path, kind)


def _made_change(seed: Seed, content: bytes) -> dict[str, bytes | None]:
    if seed.breakage == "symbol":
        return {seed.target.partition(":")[0]: content.replace(b"_1(", b"_labour(")}
    if seed.breakage in {"command", "dependency"}:
        return {}
    return dict(_broken(seed, content))


def _memory(memory_id: str, text: str, since: datetime) -> MemoryToVerify:
    return MemoryToVerify(memory_id=memory_id, statement=Statement(title=text, body=text), since=since)


def _module(part: int, index: int) -> bytes:
    return "".join(
        f"def work_{part}_{index}_{each}():\n    return {part} * {index} + {each}  # part {part} of {index}\n\n\n"
        for each in range(12)
    ).encode()


def _makefile(tasks: Sequence[str]) -> bytes:
    return "".join(f"{task}:\n\techo {task}\n\n" for task in tasks).encode()


def _lines(names: Sequence[str]) -> bytes:
    return "".join(f"{name}==1.0\n" for name in names).encode()
