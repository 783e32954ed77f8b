"""The recorded history of repositories: `python -m benchmarks.repository.history CLONES [--pack PACK] [--only PART]`.

CLONES holds a clone of each repository of `REPOSITORIES` that is to be read, named `OWNER+NAME`; the git folder may be
one level below. PACK is the folder `renames` of the corpora. Parts, each also by itself:

- `reading`: processor and wall time of reading, and of reading into a durable store, in units of `git log --raw` of the
  same mainline to nowhere; least of three rounds, in turns. Processor time is our own and git's together.
- `memory`: what our own process needs above what it had before, git not counted; also for a generated repository of
  100,000 commits and 50,000 files.
- `increments`: `graphmem ingest git` after one commit, start of the process included, in units of `graphmem --version`.
- `paths`: processor time of a path query where the history is kept in memory, and of the first one.
- `truth`: the files believed at every tag against `git ls-tree`; reading twice, and in three parts, against once.
- `pack`: the questions of the pack about paths.

Prints, and writes to `results/history.json`. Thresholds of lineages were chosen on psf/requests, encode/httpx,
jlowin/fastmcp, rjmurillo/ai-agents, steveyegge/beads, tokio-rs/axum, pypa/pip and ansible/ansible, before this code.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

import graphmem
from benchmarks.manifests import clone_of
from benchmarks.repository.path_questions import Marks, marks_of, question_rows, together
from benchmarks.rows import Row, read, show, write
from graphmem.model import Scope
from graphmem.repository.commit_names import files_of, place_of_commit
from graphmem.repository.mainline_history import MainlineHistory
from graphmem.repository.path_names import text_of_path
from graphmem.retrieval.mainlines import Mainlines
from graphmem.retrieval.path_reach import reach
from graphmem.service import GraphMemory, Write
from graphmem.service.mainline_ingestion import ingest_mainline, recorded_mainline
from graphmem.sources.git.mainline import RENAME_LIMIT, find_mainline
from graphmem.sources.git.mainline_reading import MainlineReader
from graphmem.sources.git.raw_log import LOG_ARGUMENTS
from graphmem.sources.git.runner import GitFailure, git_stream
from graphmem.store import Filter

READ_AT = datetime(2100, 1, 1, tzinfo=UTC)
REPOSITORIES = (
    "psf/requests",
    "encode/httpx",
    "jlowin/fastmcp",
    "tokio-rs/axum",
    "pypa/pip",
    "steveyegge/beads",
    "rjmurillo/ai-agents",
    "ansible/ansible",
)
#: The repositories of the pack, and those whose tags are compared.
ASKED = ("psf/requests", "encode/httpx", "jlowin/fastmcp", "rjmurillo/ai-agents")
COMPARED = ("psf/requests", "encode/httpx", "jlowin/fastmcp", "tokio-rs/axum", "pypa/pip", "steveyegge/beads")
LARGEST = "ansible/ansible"
GENERATED_COMMITS, GENERATED_FILES = 100_000, 50_000
ROUNDS = 3
INCREMENTS = 7
QUERIES = 500
SEED = 15
_SCOPE = Scope("default", repo="measured")


@dataclass(frozen=True, slots=True)
class Cost:
    """What a piece of work took: seconds of processor time of this process and of git, wall time, MiB of this process.

    Attributes:
        idle_mib: The most memory before the work; `peak_mib` until its end.
    """

    own_s: float
    git_s: float
    wall_s: float
    idle_mib: float
    peak_mib: float

    def least(self, other: Cost) -> Cost:
        """The lower figure of two runs, each for itself."""
        mine, theirs = (self.own_s, self.git_s, self.wall_s), (other.own_s, other.git_s, other.wall_s)
        own_s, git_s, wall_s = map(min, mine, theirs)
        return Cost(own_s, git_s, wall_s, self.idle_mib, max(self.peak_mib, other.peak_mib))


def cost_of(work: Callable[[], object]) -> Cost:
    """Do some work and measure it."""
    idle, before, started = peak_mib(), cpu_s(), time.perf_counter()
    work()
    wall, after = time.perf_counter() - started, cpu_s()
    return Cost(after[0] - before[0], after[1] - before[1], wall, idle, peak_mib())


def cpu_s() -> tuple[float, float]:
    """Processor time of this process, and of those that it started and that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    own, children = (part.ru_utime + part.ru_stime for part in used)
    return own, children


def peak_mib() -> float:
    """The most memory that this process had in RAM; `ru_maxrss` would count that of its parent too."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def alone(work: Callable[[Path], Cost], root: Path) -> Cost:
    """Measure some work in a new process."""
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(work, root).result()


# ---- reading


def reading(root: Path) -> Cost:
    """Read a whole mainline and store nothing."""

    def work() -> None:
        for _ in MainlineReader(root, read_at=READ_AT).batches(MainlineHistory()):
            pass

    return cost_of(work)


def storing(root: Path) -> Cost:
    """Read a whole mainline into a new store on the disk."""
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder)) as memory:
        return cost_of(lambda: stored(memory, root))


def bare(root: Path) -> Cost:
    """Let git print its log of a mainline to nowhere.

    Raises:
        GitFailure: The clone lacks a content.
    """
    tip = find_mainline(root).tip
    arguments = (*LOG_ARGUMENTS, "-M50%", f"-l{RENAME_LIMIT}", "--end-of-options", tip)

    def work() -> None:
        for _ in git_stream(root, arguments, timeout_s=600):
            pass

    return replace(cost_of(work), own_s=0.0)


def opened(folder: Path) -> GraphMemory:
    """A new store in a folder, without vectors."""
    return graphmem.open(f"{folder}/memory.db", embedder=lambda: graphmem.EmbedderMissing("off"), create=True)


def stored(memory: GraphMemory, root: Path, ref: str | None = None) -> MainlineHistory:
    """The history of a repository after what is new was recorded."""
    source = MainlineReader(root, ref=ref, read_at=READ_AT).batches
    ingest_mainline(memory, source, write=Write(scope=_SCOPE))
    return recorded_mainline(memory, _SCOPE)


def reading_rows(repo: str, root: Path) -> Iterator[Row]:
    """Times of reading and storing, in units of git alone."""
    found: dict[str, Cost] = {}
    for _ in range(ROUNDS if repo != LARGEST else 1):
        for name, work in (("bare", bare), ("read", reading), ("stored durably", storing)):
            try:
                cost = alone(work, root)
            except GitFailure as failure:
                print(f"{repo}: {name}: {failure}")
                continue
            found[name] = cost.least(found[name]) if name in found else cost
    git = found.pop("bare", None)
    for (name, cost), goal in zip(found.items(), (2, 3), strict=True):
        label = f"history, {repo}, {name}"
        yield Row(f"{label}: own processor time", round(cost.own_s, 2), "s", "lower")
        if git is not None:
            ratio = (cost.own_s + cost.git_s) / git.git_s
            yield Row(f"{label}: processor time of all, of git log's", round(ratio, 2), "times", "lower", goal)
            yield Row(f"{label}: own processor time, of git log's", round(cost.own_s / git.git_s, 2), "times", "lower")
            yield Row(f"{label}: wall time, of git log's", round(cost.wall_s / git.wall_s, 2), "times", "lower")


# ---- memory


def memory_rows(repo: str, root: Path) -> Iterator[Row]:
    """Memory of our own process above idle."""
    for name, work in (("read", reading), ("stored durably", storing)):
        cost = alone(work, root)
        above = round(cost.peak_mib - cost.idle_mib)
        yield Row(f"history, {repo}, {name}: own memory above idle", above, "MiB", "lower", 100)
        if repo == "generated":
            used = round(cost.own_s, 1)
            yield Row(f"history, {repo}, {name}: own processor time", used, "s", "lower")
            yield Row(f"history, {repo}, {name}: wall time", round(cost.wall_s, 1), "s", "lower")


def generated(folder: Path, commits: int = GENERATED_COMMITS, files: int = GENERATED_FILES) -> Path:
    """A bare repository with so many commits and files."""
    subprocess.run(["git", "init", "--quiet", "--bare", "--initial-branch=main", str(folder)], check=True)
    importer = ["git", "-C", str(folder), "fast-import", "--quiet"]
    with subprocess.Popen(importer, stdin=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None  # noqa: S101 - it is a pipe
        process.stdin.writelines(import_lines(commits, files))
    if process.returncode:
        raise RuntimeError(f"git fast-import ended with status {process.returncode}")
    return folder


def import_lines(commits: int, files: int) -> Iterator[str]:
    """Commits for `git fast-import`: the first add files, each later one edits one to three and renames a few."""
    draw = random.Random(SEED)  # noqa: S311 - the same commits in every run
    adding = max(commits // 200, 1)
    names: list[str] = []
    for number in range(commits):
        yield f"commit refs/heads/main\ncommitter a <a@b> {1_500_000_000 + number * 60} +0000\ndata 1\n.\n"
        for _ in range(-(-files // adding) if number < adding else 0):
            index = len(names)
            names.append(f"src/p{index // 2500}/q{index // 50 % 50}/f{index % 50}.py")
            yield file_line(names[-1], index)
        for _ in range(draw.randint(1, 3) if number >= adding else 0):
            index = draw.randrange(len(names))
            if draw.random() < 0.02:  # noqa: PLR2004 - one in fifty
                old, names[index] = names[index], f"src/p{index // 2500}/r{number}/f{index % 50}.py"
                yield f"R {old} {names[index]}\n"
            else:
                yield file_line(names[index], index, f"edit {number}\n")


def file_line(path: str, index: int, more: str = "") -> str:
    """A file with 30 lines of its own, for `git fast-import`."""
    text = f"file {index}\n" * 30 + more
    return f"M 100644 inline {path}\ndata {len(text)}\n{text}\n"


# ---- increments


def increment_rows(repo: str, root: Path) -> Iterator[Row]:
    """One new commit after the other, by the command."""
    line = find_mainline(root).shas[-INCREMENTS - 1 :]
    times: dict[str, list[tuple[float, float]]] = {"version": [], "list": [], "ingest": [], "nothing new": []}
    command = [str(Path(sys.executable).with_name("graphmem"))]
    with tempfile.TemporaryDirectory() as folder:
        store = f"{folder}/memory.db"
        ingest = [*command, "ingest", "git", str(root), "--url", store, "--repo", "measured", "--ref"]
        with opened(Path(folder)) as memory:
            stored(memory, root, line[0])
        for sha in line[1:]:
            times["version"].append(process_cost([*command, "--version"]))
            times["list"].append(process_cost([*command, "list", "--url", store, "--repo", "measured"]))
            times["ingest"].append(process_cost([*ingest, sha]))
            times["nothing new"].append(process_cost([*ingest, sha]))
    for at, unit in enumerate(("processor time", "wall time")):
        taken = {name: sorted(pair[at] for pair in pairs)[INCREMENTS // 2] for name, pairs in times.items()}
        version, name = taken["version"], f"history, {repo}: {unit}"
        yield Row(f"{name} of graphmem --version", round(version * 1e3), "ms", "lower")
        yield Row(
            f"{name} of graphmem list, no memory, of --version's", round(taken["list"] / version, 2), "times", "lower"
        )
        for label, goal in (("ingest", 2.5), ("nothing new", None)):
            of = "one new commit" if label == "ingest" else label
            times_of = round(taken[label] / version, 2)
            yield Row(f"{name} of ingest git, {of}, of --version's", times_of, "times", "lower", goal)


def process_cost(command: Sequence[str]) -> tuple[float, float]:
    """Processor and wall time of a command."""
    before, started = cpu_s()[1], time.perf_counter()
    # As installed: with compiled modules.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
    return cpu_s()[1] - before, time.perf_counter() - started


# ---- paths


def path_rows(repo: str, root: Path) -> Iterator[Row]:
    """The time of a path query."""
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder)) as memory:
        history = stored(memory, root)
        store, seq = memory._context.store, history.seq  # noqa: SLF001 - no verb only extends a filter
        mainlines = Mainlines(store)
        paths = random.Random(SEED).sample(history.paths(), QUERIES)  # noqa: S311 - the same paths in every run
        wheres = [Filter(paths=(path,)) for path in paths]
        first = cost_of(lambda: reach(mainlines, wheres[0], _SCOPE, seq)).own_s
        warm = cost_of(lambda: [reach(mainlines, where, _SCOPE, seq) for where in wheres]).own_s
        times = [history.times_us[segment.start] for path in paths for segment in history.segments_of(path)[:1]]
        bound = cost_of(lambda: list(map(history.binding, paths, times))).own_s
    lineages = len({segment.lineage for segment in history.segments})
    name = f"history, {repo}, {lineages:,} files"
    yield Row(f"{name}: first path query of a process", round(first * 1e3), "ms", "lower")
    yield Row(f"{name}: path query, warm", round(warm / QUERIES * 1e3, 3), "ms", "lower", 1)
    yield Row(f"{name}: file of a path at a time", round(bound / QUERIES * 1e3, 4), "ms", "lower", 1)


# ---- truth


def truth_rows(repo: str, root: Path) -> Iterator[Row]:
    """Tags whose files are believed rightly; readings that tell the same."""
    line = find_mainline(root).shas
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder)) as memory:
        whole = stored(memory, root)
        twice = stored(memory, root)
    with tempfile.TemporaryDirectory() as folder, opened(Path(folder)) as memory:
        for third in (1, 2):
            stored(memory, root, line[len(line) * third // 3])
        parts = stored(memory, root, "HEAD")
    same = [twice.seq == whole.seq, told(parts) == told(whole)]
    yield Row(f"history, {repo}: read twice, and in three parts, as once", sum(same) / 2, "share", "higher", 1)
    if repo in COMPARED:
        tags = [ref.sha for (kind, _), ref in whole.refs.items() if kind == "tag" and ref.sha]
        right = [files_of(whole, place_of_commit(whole, sha)) == tree_files(root, sha) for sha in tags]
        name = f"history, {repo}: tags with the files of git ls-tree, of {len(tags)}"
        yield Row(name, round(sum(right) / len(tags), 4), "share", "higher", 1)


def told(history: MainlineHistory) -> object:
    """What a history tells, whatever the numbers of its lineages."""
    lives = sorted([row.path for row in history.life(lineage)] for lineage in {row.lineage for row in history.segments})
    segments = [row._replace(lineage=0) for row in history.segments]
    return history.shas, history.times_us, history.arrivals, history.refs, segments, lives


def tree_files(root: Path, sha: str) -> set[str]:
    """The paths of a commit's tree."""
    arguments = ("ls-tree", "-r", "-z", "--name-only", "--full-tree", "--end-of-options", sha)
    listed = b"".join(git_stream(root, arguments)).split(b"\0")[:-1]
    return {text_of_path(path.decode("utf-8", "surrogateescape")) for path in listed}


# ---- all


def pack_rows(clones: dict[str, Path], pack: Path) -> Iterator[Row]:
    """The questions of the pack, asked of stores that read the clones; by repository, and all together."""
    listed = (pack / "questions.jsonl").read_text(encoding="utf-8").splitlines()
    questions = [json.loads(line) for line in listed]
    marks: list[Marks] = []
    for repo in ASKED:
        if repo in clones:
            with tempfile.TemporaryDirectory() as folder, opened(Path(folder)) as memory:
                history = stored(memory, clones[repo])
                asked = [question for question in questions if question["repo"] == repo]
                marks.append(marks_of(memory, _SCOPE, history, asked))
                yield from question_rows(repo, marks[-1])
    yield from question_rows("all", together(marks), is_aimed=True)


def rows(parts: Sequence[str], clones: dict[str, Path], pack: Path | None) -> Iterator[Row]:
    """The rows of the parts."""
    for repo, root in clones.items():
        if "reading" in parts:
            yield from reading_rows(repo, root)
        if "memory" in parts:
            yield from memory_rows(repo, root)
        if "increments" in parts:
            yield from increment_rows(repo, root)
        if "paths" in parts and repo == LARGEST:
            yield from path_rows(repo, root)
        if "truth" in parts:
            yield from truth_rows(repo, root)
    if "memory" in parts:
        with tempfile.TemporaryDirectory() as folder:
            yield from memory_rows("generated", generated(Path(folder) / "generated"))
    if "pack" in parts and pack is not None:
        yield from pack_rows(clones, pack)


PARTS = ("reading", "memory", "increments", "paths", "truth", "pack")


def main(arguments: list[str]) -> int:
    """Measure, print and write `results/history.json`; 0 if every goal is met."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clones", type=Path)
    parser.add_argument("--pack", type=Path)
    parser.add_argument("--only", nargs="*", choices=PARTS, default=PARTS)
    parser.add_argument("--repos", nargs="*", default=REPOSITORIES)
    options = parser.parse_args(arguments)
    clones = {
        repo: root for repo in options.repos if (root := clone_of(options.clones / repo.replace("/", "+"))) is not None
    }
    found: list[Row] = []
    for row in rows(options.only, clones, options.pack):
        print(f"{row.name}: {row.value} {row.unit}", flush=True)
        found.append(row)
    show(found)
    names = {row.name for row in found}
    write("history", [*(row for row in read("history") if row.name not in names), *found])
    return 1 if any(row.is_met is False for row in found) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
