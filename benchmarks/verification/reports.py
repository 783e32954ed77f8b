"""Reports on rule files and decision records of public repositories, and the labels that they were given by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.verification.rule_memories import is_rule_file, rule_memories
from graphmem.instants import from_micros
from graphmem.sources.git.code_history import GitCodeHistory, read_code_history
from graphmem.sources.git.mainline import MainlineCommit, find_mainline
from graphmem.verification import CodeFinding, CodeStatus, MemoryToVerify, verify_memories

LABELS = Path(__file__).parent / "labels.jsonl"
READ_AT = datetime(2100, 1, 1, tzinfo=UTC)
#: Where, between the first commit of a rule file and the last commit, the memories are taken from.
POINTS = (0.25, 0.45, 0.65, 0.85)
_ALARMS = frozenset({CodeStatus.BROKEN, CodeStatus.MOVED, CodeStatus.DRIFTED})


@dataclass(frozen=True, slots=True)
class Report:
    """An alarm about a target, at its first memory.

    Attributes:
        repo: Owner and name.
        commit: Hash of the commit at which the memory was in its file.
        tip: Hash of the commit that was checked.
        memory: Path of the file and line of the memory.
        current: The first path at which the target is reported to be now; empty if none is.
    """

    repo: str
    commit: str
    tip: str
    memory: str
    kind: str
    target: str
    verdict: str
    current: str


@dataclass(frozen=True, slots=True)
class Label:
    """The judgement of a report by hand.

    Attributes:
        set: `first`, `second` or `third`: the left-out repositories in the order in which they were read.
        is_first_reading: The report was made when the set was read for the first time, and not by a later version.
        is_right: The target was in the repository when the memory was written, the memory means it, it is no longer
            there under this name, and if it has moved, the reported path is the right one.
        reason: The reason in a few words.
    """

    report: Report
    set: str
    is_first_reading: bool
    is_right: bool
    reason: str


def reports(root: Path, repo: str, tip: str | None = None) -> Iterator[tuple[Report, MemoryToVerify, CodeFinding]]:
    """The alarms of a repository, each target once, with the memory and the finding."""
    commits = list(find_mainline(root, tip or "HEAD").commits(1 << 62))
    history = read_code_history(root, ref=tip or "HEAD", read_at=READ_AT)
    seen: set[tuple[str, str]] = set()
    for commit in _chosen(commits):
        for memory, finding in _alarms(root, history, commit):
            key = (finding.kind.value, finding.target)
            if key not in seen:
                seen.add(key)
                yield _report(repo, commit.raw.sha, history.commit, memory, finding), memory, finding


def _chosen(commits: Sequence[MainlineCommit]) -> list[MainlineCommit]:
    first = next(
        (commit.position for commit in commits if any(is_rule_file(each.path) for each in commit.raw.changes)), None
    )
    if first is None:
        return []
    return [commits[int(first + (len(commits) - 1 - first) * point)] for point in POINTS]


def _alarms(
    root: Path, history: GitCodeHistory, commit: MainlineCommit
) -> Iterator[tuple[MemoryToVerify, CodeFinding]]:
    memories = list(rule_memories(root, commit.raw.sha, from_micros(commit.at_us)))
    for memory, verdict in zip(memories, verify_memories(memories, history, at=READ_AT), strict=True):
        yield from ((memory, finding) for finding in verdict.findings if finding.status in _ALARMS)


def _report(repo: str, commit: str, tip: str, memory: MemoryToVerify, finding: CodeFinding) -> Report:
    place = ":".join(memory.memory_id.split(":")[:2])
    current = finding.current[0] if finding.current else ""
    return Report(repo, commit, tip, place, finding.kind.value, finding.target, finding.status.value, current)


def read_labels() -> list[Label]:
    """The labels."""
    lines = (json.loads(line) for line in LABELS.read_text(encoding="utf-8").splitlines())
    return [Label(**{**line, "report": Report(**line["report"])}) for line in lines]
