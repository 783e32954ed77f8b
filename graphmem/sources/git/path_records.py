"""The paths of a mainline and the versions of its manifests: from the ledger where it has them, else from git."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property, partial

from graphmem.deferred_dataclass import dataclass
from graphmem.instants import to_micros
from graphmem.repository.mainline_history import MainlineHistory
from graphmem.sources.git.lineages import Lineages, PathSegment, recorded_segments
from graphmem.sources.git.mainline import Mainline, MainlineCommit, content_sizes
from graphmem.sources.git.mainline_reading import MainlineReader
from graphmem.sources.git.raw_log import LOG_ARGUMENTS, RawCommit, commits_of
from graphmem.sources.git.runner import GitFailure, git_stream
from graphmem.verification.manifests import is_manifest

_TIMEOUT_S = 600.0


@dataclass(frozen=True, slots=True)
class PathRecord:
    """The paths of a mainline, and the versions of its manifests.

    Attributes:
        times: Effective times of the commits in microseconds since 1970, in order; of a commit that could not be read,
            that of the commit before it.
        segments: Every path of every file (`Lineages.segments`).
        versions: (Position, hash of the content) of each version by path of a manifest; the hash of a removal is empty.
    """

    times: Sequence[int]
    segments: Sequence[PathSegment]
    versions: Mapping[str, Sequence[tuple[int, str]]]


def read_path_record(mainline: Mainline, read_at: datetime) -> PathRecord:
    """Read the complete mainline of a repository from git.

    Raises:
        GitFailure: Git could not read it.
    """
    lineages = Lineages()
    times: list[int] = []
    versions: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for run in _runs(mainline.commits(to_micros(read_at))):
        lineages.read(run, partial(content_sizes, mainline.root))
        for commit in run:
            times += [times[-1] if times else commit.at_us] * (commit.position - len(times))
            times.append(commit.at_us)
            _take_versions(versions, commit.position, commit.raw)
    return PathRecord(times, lineages.segments, versions)


def recorded_path_record(mainline: Mainline, recorded: MainlineHistory, read_at: datetime) -> PathRecord | None:
    """Return the paths of a mainline from the ledger's history; git is read only for later commits and manifests.

    Args:
        mainline: The mainline that ends at the commit to be checked.
        recorded: The ledger's history of the repository; it is not changed.
        read_at: Later times of commits are clock errors.

    Returns:
        None if the ledger does not have the first commit of this mainline as its own first.
    """
    line = list(mainline.shas)
    if recorded.shas[:1] != line[:1]:
        return None
    history = recorded if recorded.shas[: len(line)] == line else _continued(mainline, recorded, read_at)
    if history is None:
        return None
    if len(history.shas) > len(line):
        history = history.until(len(line) - 1)
    segments = recorded_segments(history, len(history.shas))
    paths = frozenset(segment.path for segment in segments if is_manifest(segment.path))
    return PathRecord(history.times_us, segments, ManifestVersions(mainline, paths))


def _continued(mainline: Mainline, recorded: MainlineHistory, read_at: datetime) -> MainlineHistory | None:
    """Return the recorded history with the commits of a mainline that no entry of the ledger has yet."""
    history = recorded.copy()
    try:
        for batch in MainlineReader(mainline.root, ref=mainline.tip, read_at=read_at).batches(recorded):
            history.add(recorded.seq, batch.rows)
    except GitFailure:
        return None
    return history if history.shas == list(mainline.shas) else None


class ManifestVersions(Mapping[str, Sequence[tuple[int, str]]]):
    """The versions of manifests by their paths; git is started once, at the first need for the versions of a manifest.

    Args:
        mainline: The mainline.
        paths: The paths that manifests ever had on it.
    """

    def __init__(self, mainline: Mainline, paths: frozenset[str]) -> None:
        self._mainline = mainline
        self._paths = paths

    def __getitem__(self, path: str) -> Sequence[tuple[int, str]]:
        """Return (position, hash of the content) of each version; the hash of a removal is empty."""
        if path not in self._paths:
            raise KeyError(path)
        return self._versions.get(path, ())

    def __iter__(self) -> Iterator[str]:
        """Return an iterator over the paths."""
        return iter(self._paths)

    def __len__(self) -> int:
        """Return the number of paths."""
        return len(self._paths)

    def __contains__(self, path: object) -> bool:
        """Return whether a manifest ever had a path, without asking git."""
        return path in self._paths

    @cached_property
    def _versions(self) -> Mapping[str, Sequence[tuple[int, str]]]:
        versions: dict[str, list[tuple[int, str]]] = defaultdict(list)
        positions = {sha: position for position, sha in enumerate(self._mainline.shas)}
        listed = "".join(f":(top,literal){path}\n" for path in sorted(self._paths) if "\n" not in path)
        arguments = (*LOG_ARGUMENTS, "--no-renames", "--stdin", "--end-of-options", self._mainline.tip)
        sent = f"--\n{listed}".encode("utf-8", "surrogateescape")
        for raw in commits_of(git_stream(self._mainline.root, arguments, timeout_s=_TIMEOUT_S, sent=sent)):
            if raw.sha in positions:
                _take_versions(versions, positions[raw.sha], raw)
        return versions


def _take_versions(versions: dict[str, list[tuple[int, str]]], position: int, commit: RawCommit) -> None:
    """Add the versions of manifests that a commit makes or removes."""
    for change in commit.changes:
        for path in {change.old_path, change.path}:
            if is_manifest(path):
                is_gone = change.status == "D" or path != change.path
                versions[path].append((position, "" if is_gone else change.blob))


def _runs(commits: Iterable[MainlineCommit]) -> Iterator[list[MainlineCommit]]:
    """Commits at positions that follow each other, as lists."""
    run: list[MainlineCommit] = []
    for commit in commits:
        if run and run[-1].position + 1 != commit.position:
            yield run
            run = []
        run.append(commit)
    if run:
        yield run
