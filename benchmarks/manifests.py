"""The structure that is read from real repositories: `python -m benchmarks.manifests FOLDER [STATEMENTS]`.

FOLDER holds a clone of each repository of `REPOSITORIES` that is to be read, named `OWNER+NAME`; the git folder may be
one level below. Prints, and writes to `results/manifests.json`: statements in force at the tip, supersessions,
problems, and the processor time of the reading next to that of `git log --raw` with its options. With STATEMENTS, as
many statements in force of the last round are drawn and printed with their files: judge for yourself.
"""

from __future__ import annotations

import random
import resource
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.rows import Row, show, write
from graphmem.model import Status
from graphmem.sources.git.mainline import RENAME_LIMIT, find_mainline
from graphmem.sources.git.raw_log import LOG_ARGUMENTS
from graphmem.sources.git.runner import GitFailure, git_stream
from graphmem.sources.manifests import read_manifests
from graphmem.sources.observations import Observation, Reading

READ_AT = datetime(2100, 1, 1, tzinfo=UTC)
SEED = 15
#: (repository, round): rules and wording were chosen on round 0; what a round showed was mended before the next one.
REPOSITORIES = (
    ("psf/requests", 0),
    ("encode/httpx", 0),
    ("jlowin/fastmcp", 0),
    ("steveyegge/beads", 1),
    ("tokio-rs/axum", 1),
    ("google/gson", 1),
    ("expressjs/express", 1),
    ("spring-projects/spring-petclinic", 2),
    ("vuejs/core", 2),
    ("sinatra/sinatra", 2),
    ("modelcontextprotocol/python-sdk", 2),
    ("jhy/jsoup", 3),
    ("axios/axios", 3),
    ("BurntSushi/ripgrep", 3),
    ("rack/rack", 3),
    ("mockito/mockito", 4),
    ("fastify/fastify", 4),
    ("ben-manes/caffeine", 5),
    ("Seldaek/monolog", 5),
    ("gin-gonic/gin", 5),
    ("sveltejs/kit", 5),
    ("square/moshi", 6),
    ("jekyll/jekyll", 6),
    ("slimphp/Slim", 6),
    ("junegunn/fzf", 6),
    ("apache/commons-lang", 7),
    ("socketio/socket.io", 7),
)
#: (round, statements read by hand, true ones, what was wrong), when the reader saw the repositories of a round for the
#: first time: noted once, and never measured again.
FIRST_READINGS = (
    (1, 30, 29, "branches that a workflow leaves out"),
    (2, 30, 19, "gems of a Gemfile beside a gemspec, which only developers need"),
    (3, 30, 28, "a fuzzing crate, an optional library"),
    (4, 30, 19, "Gradle: plugins of the build itself, compileOnly, folders of integration tests"),
    (5, 30, 22, "Gradle: nested blocks of test suites, the toolchain as the supported version"),
    (6, 30, 27, "a linter as a gem, a release of one Gradle task, an option as the name of a group"),
    (7, 30, 29, "a library whose scope the parent of the build gives"),
)


@dataclass(frozen=True, slots=True)
class Measured:
    """The reading of a repository, with the processor time in seconds of it and of git alone."""

    repo: str
    round: int
    reading: Reading
    reading_s: float
    git_s: float


def main(arguments: list[str]) -> int:
    """Measure, print and write `results/manifests.json`; 0 if every goal is met."""
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    listed = [found for repo, number in REPOSITORIES if (found := measured(Path(arguments[0]), repo, number))]
    rows = [*first_readings(), *(row for found in listed for row in measures(found))]
    show(rows)
    write("manifests", rows)
    if len(arguments) > 1:
        last = max(found.round for found in listed)
        draw([found for found in listed if found.round == last], int(arguments[1]))
    return 1 if any(row.is_met is False for row in rows) else 0


def first_readings() -> Iterator[Row]:
    """The share of true statements when the reader saw repositories for the first time."""
    for number, read, true, wrong in FIRST_READINGS:
        name = f"manifests, round {number}, never read before: true, of {read} read by hand (wrong: {wrong})"
        yield Row(name, round(true / read, 3), "share", "higher")


def measured(folder: Path, repo: str, number: int) -> Measured | None:
    """Read a repository, and the log of git alone; None if the folder has no clone of it."""
    root = clone_of(folder / repo.replace("/", "+"))
    if root is None:
        return None
    start = cpu_s()
    reading = read_manifests(root, read_at=READ_AT)
    middle = cpu_s()
    tip = find_mainline(root).tip
    try:
        for _ in git_stream(
            root, (*LOG_ARGUMENTS, "-M50%", f"-l{RENAME_LIMIT}", "--end-of-options", tip), timeout_s=600
        ):
            pass
    except GitFailure as failure:
        print(f"{repo}: git log ended early: {failure}")
    return Measured(repo, number, reading, middle - start, cpu_s() - middle)


def clone_of(folder: Path) -> Path | None:
    """The folder itself or one below it that is a git repository."""
    candidates = (folder, *sorted(folder.iterdir())) if folder.is_dir() else ()
    return next((root for root in candidates if (root / "HEAD").is_file() or (root / ".git").exists()), None)


def cpu_s() -> float:
    """Processor time of this process and of those that it started, in seconds."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(part.ru_utime + part.ru_stime for part in used)


def in_force(reading: Reading) -> list[Observation]:
    """The statements that hold at the tip."""
    superseded = {replacement.old for replacement in reading.replacements}
    return [
        observation
        for observation in reading.observations
        if observation.key not in superseded and observation.moves[-1].status is Status.ACTIVE
    ]


def measures(found: Measured) -> Iterator[Row]:
    """The rows of a repository."""
    name = f"manifests, {found.repo} (round {found.round})"
    yield Row(f"{name}: statements in force", len(in_force(found.reading)), "memories", "lower", 100)
    yield Row(f"{name}: supersessions", len(found.reading.replacements), "edges", "lower")
    yield Row(f"{name}: versions that could not be read", len(found.reading.problems), "files", "lower")
    yield Row(f"{name}: processor time", round(found.reading_s, 2), "s", "lower")
    yield Row(f"{name}: processor time of git log --raw alone", round(found.git_s, 2), "s", "lower")


def draw(listed: list[Measured], count: int) -> None:
    """Print statements in force, drawn at random with a fixed seed."""
    every = [(found.repo, observation) for found in listed for observation in in_force(found.reading)]
    for repo, observation in random.Random(SEED).sample(every, min(count, len(every))):  # noqa: S311 - a fixed draw
        statement = observation.statement
        print(f"\n{repo} {observation.path}:{observation.line} since {observation.moves[0].at.date()}")
        print(f"  {statement.title}\n  {statement.body[:300]}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
