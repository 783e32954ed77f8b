"""How the reader does on repositories that it was not written on: `python -m benchmarks.reading FOLDER`.

FOLDER holds a checkout of each repository of `links.jsonl`, named `OWNER+NAME`. That file has the replacements between
records of one repository, read by hand: old and new are how their file or folder begins after its date, kind is full,
partial or amendment, evidence says where it stands; a line without them is a repository in which none was found.
`SPLIT.md` says which repositories the reader was chosen on. What the reader found beyond the list is printed with its
lines: judge for yourself.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from benchmarks.importer import READ_AT, json_lines
from benchmarks.rows import Row, show, write
from graphmem.model import SupersessionKind
from graphmem.sources.decisions import read_decisions
from graphmem.sources.decisions.file_names import RECORD_SUFFIXES
from graphmem.sources.observations import Reading, Replacement

HERE = Path(__file__).resolve().parent
_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}[_-]")


#: (set, kind, links read by hand, share found) when the reader saw a set for the first time; see `SPLIT.md`.
FIRST_READINGS = (
    (1, "full", 18, 0.61),
    (1, "partial", 8, 0.25),
    (2, "full", 12, 0.5),
    (3, "full", 43, 0.581),
    (3, "partial", 1, 0.0),
    (3, "amendment", 11, 0.636),
    (4, "full", 12, 0.833),
    (4, "partial", 4, 0.0),
    (4, "amendment", 9, 0.778),
    (5, "full", 24, 0.75),
    (5, "partial", 1, 0.0),
)
FIRST_INVENTED = ((2, 0), (3, 0), (4, 1), (5, 1))
GOALS = {"full": 0.95, "partial": 0.85, "amendment": None}


@dataclass(frozen=True, slots=True)
class Links:
    """What was read by hand in one repository: (old, new) to full, partial or amendment.

    `round` is the set that it belongs to; `SPLIT.md` has what the first reading of each found.
    """

    repo: str
    under: str
    round: int
    kinds: dict[tuple[str, str], str]


def main(arguments: list[str]) -> int:
    """Measure, print the tables and write `results/reading.json`; 0 if every goal is met."""
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    found = [one for one in listed() if (Path(arguments[0]) / one.repo.replace("/", "+")).is_dir()]
    rounds = ([one for one in found if one.round == number] for number in (1, 2, 3, 4, 5))
    rows = [*first_readings(), *(row for some in rounds if some for row in measures(some, Path(arguments[0])))]
    show(rows)
    write("reading", rows)
    return 1 if any(row.is_met is False for row in rows) else 0


def first_readings() -> Iterator[Row]:
    """What was found of text that nobody had tuned to; noted once, and never measured again."""
    for number, kind, count, share in FIRST_READINGS:
        name = f"reading, set {number}, never read before: {kind}, of {count} read by hand"
        yield Row(name, share, "share", "higher", GOALS[kind])
    for number, count in FIRST_INVENTED:
        yield Row(f"reading, set {number}, never read before: full ones beyond the list", count, "edges", "lower", 0)


def listed() -> Iterator[Links]:
    """The repositories of `links.jsonl`."""
    by_repo: defaultdict[tuple[str, str, int], dict[tuple[str, str], str]] = defaultdict(dict)
    for one in json_lines(HERE / "links.jsonl"):
        links = by_repo[str(one["repo"]), str(one["under"]), int(str(one["round"]))]
        if "old" in one:
            links[str(one["old"]), str(one["new"])] = str(one["kind"])
    return (Links(*place, links) for place, links in by_repo.items())


def measures(repositories: list[Links], folder: Path) -> Iterator[Row]:
    """The rows of the results file; prints each repository on the way."""
    reviewed: defaultdict[str, int] = defaultdict(int)
    hit: defaultdict[str, int] = defaultdict(int)
    invented = files = told = 0
    for links in repositories:
        root = folder / links.repo.replace("/", "+") / links.under
        reading = read_decisions([root], root=root, read_at=READ_AT)
        files += sum(1 for file in root.rglob("*") if file.suffix in RECORD_SUFFIXES)
        spoken_of = {one.path for one in reading.observations} | {one.path for one in reading.problems}
        spoken_of |= set(reading.passed_over)
        told += len(spoken_of)
        print(f"\n{links.repo}: {len(reading.observations)} records, {len(reading.problems)} problems")
        for kind, is_found in judged(links, reading):
            reviewed[kind] += 1
            hit[kind] += is_found
        invented += sum(not is_listed(links, one, is_full=True) for one in reading.replacements)
    told_of = f"reading, set {repositories[0].round}, mended after a first look"
    for kind, goal in GOALS.items():
        if not reviewed[kind]:
            continue
        share = round(hit[kind] / reviewed[kind], 3)
        yield Row(f"{told_of}: {kind}, of {reviewed[kind]} read by hand", share, "share", "higher", goal)
    yield Row(f"{told_of}: full supersessions beyond the list", invented, "edges", "lower", 0)
    yield Row(f"{told_of}: files understood or reported, of {files}", told, "files", "higher")


def judged(links: Links, reading: Reading) -> Iterator[tuple[str, bool]]:
    """(kind, whether it was found as such) of each listed replacement; prints what was missed, and what is beyond."""
    got = {pair_of(one, links): one.kind for one in reading.replacements}
    for pair, kind in links.kinds.items():
        wanted = SupersessionKind.UPDATE if kind == "full" else SupersessionKind.AMENDMENT
        is_found = got.get(pair) is wanted
        if not is_found:
            print(f"  missed {kind} {pair[0]} -> {pair[1]}")
        yield kind, is_found
    for one in reading.replacements:
        if pair_of(one, links) not in links.kinds:
            print(f"  beyond the list: {one.kind.value} {one.old} -> {one.new}")
            for path, text in one.evidence:
                print(f"      {path}: {' '.join(text.split())[:160]}")


def is_listed(links: Links, found: Replacement, *, is_full: bool) -> bool:
    """Whether a replacement is on the list as what it was found as; of full ones alone if asked so."""
    kind = links.kinds.get(pair_of(found, links))
    return kind == "full" or (is_full and found.kind is not SupersessionKind.UPDATE)


def pair_of(found: Replacement, links: Links) -> tuple[str, str]:
    """The names by which the list knows both sides, or their paths."""
    names = {name for pair in links.kinds for name in pair}
    return _name(found.old, names), _name(found.new, names)


def _name(path: str, names: set[str]) -> str:
    place = PurePosixPath(path)
    stems = [_DATE.sub("", stem) for stem in (place.stem, place.parent.name)]
    return next((name for stem in stems for name in names if re.match(rf"{re.escape(name)}(?!\d)", stem)), path)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
