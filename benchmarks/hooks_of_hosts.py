"""The time of a hook of a host: `python -m benchmarks.hooks_of_hosts [--memories N] [--rounds N]`.

A hook is a process: `graphmem on HOST EVENT` with a payload, beside an interpreter that imports json and sqlite3,
which is what a hook in Python costs at least. All run in turn, round by round; a figure is the ratio of medians, of
processor time, which other processes of the machine disturb least. Modules are compiled before, as pip does. The store
has made-up memories; nothing was chosen on it. Writes `results/hooks_of_hosts.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import graphmem
from benchmarks.rows import Row, show, write
from graphmem import Alternative, Anchor, AnchorKind, Kind, New, Outcome, Statement
from graphmem.hosts.sample_payloads import sample_payload
from graphmem.opening import initialise

_SILENT, _BLOCK = 2.0, 4.0
#: Memories that bind everybody, and so begin each session.
_BINDING = 5
_WORDS = """
    account address alarm archive billing branch budget button cache calendar channel chart checkout client
    cluster column command comment config contract cookie counter currency customer dashboard deadline delivery
    discount document domain driver editor email endpoint event export feature field filter folder format gateway
    header history image import index invoice kernel label ledger library limit locale market member message
    metric migration model module network notice object order owner package page parser partner patch payment
    planner plugin policy portal price printer process product profile project protocol queue quota record region
    release report request reserve retry review role router runner sample schedule schema screen script search
    secret sender server service session setting shelf signal socket source status stock storage stream student
    subject supplier switch table target task tenant thread ticket token topic tracker trigger update user vendor
    version viewer volume wallet warehouse widget window worker zone
""".split()  # noqa: SIM905


@dataclass(frozen=True, slots=True)
class _Case:
    """A hook that is timed."""

    name: str
    event: str
    changed: Mapping[str, object]
    goal: float | None


def main() -> int:
    """Measure, print and write the figures; 0 if the goals are met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--memories", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=21)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name) / "project"
        root.mkdir()
        os.environ.update(XDG_STATE_HOME=f"{name}/state", GRAPHMEM_EMBEDDINGS="off")
        os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
        _fill(root, given.memories)
        rows = list(_rows(root, given.memories, given.rounds))
    show(rows)
    write("hooks_of_hosts", rows)
    return 0 if all(row.is_met is not False for row in rows) else 1


def _fill(root: Path, memories: int) -> None:
    from graphmem.user_state.trusted_folders import trust

    store = initialise(root)
    trust(str(store.parent))
    pick = random.Random(7)  # noqa: S311 - made-up memories
    with graphmem.open(str(store)) as memory:
        for start in range(0, memories, 500):
            memory.add_many(
                [New(statement=_statement(pick, start + number)) for number in range(min(500, memories - start))]
            )
    old = time.time() - 60
    for file in store.parent.iterdir():
        os.utime(file, (old, old))


def _statement(pick: random.Random, number: int) -> Statement:
    words = pick.sample(_WORDS, 6)
    options = (Alternative(words[4], Outcome.REJECTED, "slow", keys=(f"pkg:pypi/library-{number}",)),)
    is_binding = number < _BINDING
    return Statement(
        title=f"The {words[0]} {words[1]} keeps its {words[2]} in the {words[3]} of {number}",
        kind=Kind.DECISION,
        subject=f"{words[0]}.{number}",
        is_mandatory=is_binding,
        anchors=() if is_binding else (Anchor(AnchorKind.FILE, f"src/{words[5]}/{number}/"),),
        alternatives=options if number % 10 == 0 else (),
    )


def _cases() -> list[_Case]:
    read = {"tool_name": "Read", "tool_input": {"file_path": "docs/none.md"}}
    code = {"tool_name": "Edit", "tool_input": {"file_path": "src/a.py", "old_string": "x = 1", "new_string": "x = 2"}}
    imports = {"tool_name": "Edit", "tool_input": {"file_path": "b.py", "old_string": "", "new_string": "import json"}}
    back = {"tool_name": "Bash", "tool_input": {"command": "pip install library-10"}}
    listing = {"tool_name": "Bash", "tool_input": {"command": "ls"}}
    beside, about = {"prompt": "paint the bicycle green"}, {"prompt": "where does the invoice ledger keep its currency"}
    practice = {"prompt": "add an endpoint that stores the invoice and write a test for its migration"}
    return [
        _Case("assent, nothing to say", "UserPromptSubmit", {"prompt": "yes, go ahead"}, _SILENT),
        _Case("command without packages, nothing to say", "PreToolUse", listing, _SILENT),
        _Case("stop, nothing new", "Stop", {}, _SILENT),
        _Case("edit without imports, nothing to say", "PreToolUse", code, _SILENT),
        _Case("read, file asked about before, nothing to say", "PostToolUse", read, _SILENT),
        _Case("edit with imports, nothing to say", "PreToolUse", imports, _SILENT),
        _Case("prompt beside the topic, nothing to say", "UserPromptSubmit", beside, _SILENT),
        _Case("session start, block that is still right", "SessionStart", {}, _BLOCK),
        _Case("package command asked about before, warning", "PreToolUse", back, _BLOCK),
        _Case("prompt on topic, block", "UserPromptSubmit", about, _BLOCK),
        _Case("prompt on topic and on four practices, block", "UserPromptSubmit", practice, _BLOCK),
    ]


def _rows(root: Path, memories: int, rounds: int) -> Iterator[Row]:
    cases = _cases()
    base: list[float] = []
    times: dict[str, list[float]] = {case.name: [] for case in cases}
    told: dict[str, int] = dict.fromkeys(times, 0)
    bare = [sys.executable, "-c", "import json, sqlite3"]
    for number in range(rounds):
        base.append(_run(bare, b"", root)[0])
        for case in cases:
            payload = sample_payload("claude-code", case.event, str(root))
            fields = {**payload, **case.changed, "session_id": f"{number} {case.name}"}
            taken, output = _run([_program(), "on", "claude-code", case.event], json.dumps(fields).encode(), root)
            times[case.name].append(taken)
            told[case.name] += bool(output)
    bare_ms = statistics.median(base)
    yield Row("interpreter with json and sqlite3, processor time, p50", round(bare_ms, 1), "ms", "lower")
    for case in cases:
        ratio = statistics.median(times[case.name]) / bare_ms
        name = f"{case.name}, {memories:,} memories ({told[case.name]} of {rounds} told something)"
        yield Row(name, round(ratio, 2), "x", "lower", case.goal)


def _program() -> str:
    return str(Path(sys.executable).parent / "graphmem")


def _run(command: list[str], content: bytes, root: Path) -> tuple[float, bytes]:
    """Return the processor time of a command in milliseconds, and its output."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, input=content, capture_output=True, cwd=root, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) * 1e3, done.stdout


if __name__ == "__main__":
    sys.exit(main())
