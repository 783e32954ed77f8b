"""How the reader of decision records does on real ones: `python -m benchmarks.importer [DATA]`.

DATA is a folder laid out like the one whose `adrs/raw/OWNER__NAME/` holds records as Markdown, beside
`adrs/adrs.jsonl` (one record a line: id, repo, path, number_reused ...) and `adrs/supersession_edges.jsonl`
(reviewed by people: old, new, kind, partial, valid_date). Every edge between two reviewed records that the reader
finds and the reviewers did not is printed with the lines it was read from: judge for yourself.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from benchmarks.data_folder import data_folder
from benchmarks.rows import Row, show, write
from graphmem.model import SupersessionKind
from graphmem.sources.decisions import read_decisions
from graphmem.sources.observations import Reading, Replacement

HERE = Path(__file__).resolve().parent
READ_AT = datetime(2100, 1, 1, tzinfo=UTC)
KINDS = ("full", "partial", "amendment")


@dataclass(frozen=True, slots=True)
class Edge:
    """A replacement by the reviewers' ids; `kind` is full, partial or amendment."""

    old: str
    new: str
    kind: str
    at: str | None
    evidence: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Comparison:
    """One repository's reading beside what was reviewed of it."""

    repo: str
    reading: Reading
    reviewed: tuple[Edge, ...]
    found: tuple[Edge, ...]
    beyond: tuple[Edge, ...]
    records: int
    read: int
    wall_s: float


def main(arguments: list[str]) -> int:
    """Measure, print the tables and write `results/importer.json`; 0 if every goal is met."""
    data = Path(arguments[0]) if arguments else data_folder()
    if not (data / "adrs" / "raw").is_dir():
        print(f"no adrs/raw below {str(data)!r}: pass the folder that holds it", file=sys.stderr)
        return 2
    comparisons = list(compare(data / "adrs"))
    for comparison in comparisons:
        report(comparison)
    rows = list(measures(comparisons))
    show(rows)
    write("importer", rows)
    return 1 if any(row.is_met is False for row in rows) else 0


def compare(adrs: Path) -> Iterator[Comparison]:
    """Each repository that has raw records, read and set beside its reviewed edges."""
    records = list(json_lines(adrs / "adrs.jsonl"))
    edges = list(json_lines(adrs / "supersession_edges.jsonl"))
    for folder in sorted(path for path in (adrs / "raw").iterdir() if path.is_dir()):
        repo = folder.name.replace("__", "/")
        ids = {PurePosixPath(str(one["path"])).name: str(one["id"]) for one in records if one["repo"] == repo}
        seen = {
            PurePosixPath(str(one["path"])).name: datetime.fromisoformat(str(one["first_commit_date"])).replace(
                tzinfo=UTC
            )
            for one in records
            if one["repo"] == repo and one["first_commit_date"]
        }
        started = time.perf_counter()
        reading = read_decisions([folder], root=folder, dates=seen, read_at=READ_AT)
        wall_s = time.perf_counter() - started
        own = set(ids.values())
        reviewed = tuple(reviewed_edge(edge) for edge in edges if edge["old"] in own and edge["new"] in own)
        everything = [found_edge(one, ids) for one in reading.replacements]
        found = tuple(edge for edge in everything if {edge.old, edge.new} <= own)
        beyond = tuple(edge for edge in everything if not {edge.old, edge.new} <= own)
        read = len(own & {ids.get(PurePosixPath(one.path).name, "") for one in reading.observations})
        yield Comparison(repo, reading, reviewed, found, beyond, len(own), read, wall_s)


def json_lines(path: Path) -> Iterator[dict[str, object]]:
    """The objects of a file of JSON lines."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def reviewed_edge(edge: dict[str, object]) -> Edge:
    """An edge as people reviewed it."""
    kind = "amendment" if edge["kind"] == "amends" else "partial" if edge["partial"] else "full"
    return Edge(str(edge["old"]), str(edge["new"]), kind, str(edge["valid_date"]) if edge["valid_date"] else None)


def found_edge(found: Replacement, ids: dict[str, str]) -> Edge:
    """An edge as the reader found it; it tells an amendment and a partial replacement apart no further."""
    kind = "full" if found.kind is SupersessionKind.UPDATE else "amendment"
    at = found.at.date().isoformat() if found.at else None
    old, new = (ids.get(PurePosixPath(key).name, key) for key in (found.old, found.new))
    return Edge(old, new, kind, at, found.evidence)


def missed(comparison: Comparison, kind: str) -> list[Edge]:
    """Reviewed edges of a kind that were not found as such."""
    wanted = "full" if kind == "full" else "amendment"
    got = {(edge.old, edge.new, edge.kind) for edge in comparison.found}
    return [edge for edge in comparison.reviewed if edge.kind == kind and (edge.old, edge.new, wanted) not in got]


def additional(comparison: Comparison, *, full: bool) -> list[Edge]:
    """Edges between reviewed records that no reviewer listed; for full ones, also what was reviewed as less."""
    known = {(edge.old, edge.new) for edge in comparison.reviewed if not full or edge.kind == "full"}
    return [edge for edge in comparison.found if (edge.kind == "full") is full and (edge.old, edge.new) not in known]


def report(comparison: Comparison) -> None:
    """Print one repository: counts, what was missed, and what was found beyond the review with its lines."""
    problems = comparison.reading.problems
    print(f"\n{comparison.repo}: {comparison.read} of {comparison.records} records, {len(problems)} problems")
    for kind in KINDS:
        reviewed = [edge for edge in comparison.reviewed if edge.kind == kind]
        lost = missed(comparison, kind)
        print(f"  {kind:<10} reviewed {len(reviewed):>3}  found {len(reviewed) - len(lost):>3}  missed {len(lost):>3}")
        show_edges("missed", lost)
    show_edges("invented", additional(comparison, full=True))
    show_edges("also declared", additional(comparison, full=False))
    show_edges("outside the review", comparison.beyond)
    for problem in problems:
        print(f"    problem  {problem.path}:{problem.line} {problem.reason}")


def show_edges(label: str, edges: Iterable[Edge]) -> None:
    """Print edges, each with the lines that declare it."""
    for edge in edges:
        print(f"    {label}: {edge.kind} {edge.old} -> {edge.new}")
        for path, text in edge.evidence:
            print(f"        {path}: {' '.join(text.split())[:160]}")


def measures(comparisons: list[Comparison]) -> Iterator[Row]:
    """The rows of the results file."""
    for kind, goal in zip(KINDS, (1.0, 1.0, 0.8), strict=True):
        total = sum(edge.kind == kind for one in comparisons for edge in one.reviewed)
        lost = sum(len(missed(one, kind)) for one in comparisons)
        if total:
            yield Row(f"importer recall, {kind}", round((total - lost) / total, 3), "share", "higher", goal)
    invented, also = (sum(len(additional(one, full=full)) for one in comparisons) for full in (True, False))
    yield Row("importer invented full supersessions", invented, "edges", "lower", 0)
    yield Row("importer amendments beyond the review", also, "edges", "lower")
    read, records = sum(one.read for one in comparisons), sum(one.records for one in comparisons)
    yield Row("importer records read", round(read / max(records, 1), 3), "share", "higher", 1.0)
    dated, agreeing = dates_that_agree(comparisons)
    yield Row("importer dates of found edges as reviewed", round(agreeing / max(dated, 1), 3), "share", "higher", 0.9)
    wall_s = sum(one.wall_s for one in comparisons)
    observations = sum(len(one.reading.observations) for one in comparisons)
    yield Row("importer time a record", round(1000 * wall_s / max(observations, 1), 1), "ms", "lower")


def dates_that_agree(comparisons: list[Comparison]) -> tuple[int, int]:
    """(edges found with a reviewed date, those of them with the same date)."""
    dated = agreeing = 0
    for one in comparisons:
        at = {(edge.old, edge.new): edge.at for edge in one.found}
        for edge in one.reviewed:
            if edge.at and (edge.old, edge.new) in at:
                dated += 1
                agreeing += at[edge.old, edge.new] == edge.at
    return dated, agreeing


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
