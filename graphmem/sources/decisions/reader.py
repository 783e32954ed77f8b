"""Decision records as observations: statements, their lives, and supersessions between them."""

from __future__ import annotations

import posixpath
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from graphmem.model import MAX_LIST_ITEMS, Kind, Origin, Statement, Status, SupersessionKind, instant
from graphmem.sources.decisions.catalogue import Catalogue
from graphmem.sources.decisions.dialects import UNLIKE, take_apart
from graphmem.sources.decisions.documents import Document, common_root, folders_below, load_documents
from graphmem.sources.decisions.file_names import is_among_decisions
from graphmem.sources.decisions.lives import moves_of
from graphmem.sources.decisions.records import ParsedFile, Record, identify, understand
from graphmem.sources.decisions.takeovers import take_overs
from graphmem.sources.observations import Observation, Problem, Reading, Replacement
from graphmem.store import Progress, silent

#: (time, words) of each change of a file's status, earliest first, by the path of the file.
StatusChanges = Mapping[str, Sequence[tuple[datetime, str]]]


def read_decisions(
    paths: Sequence[Path],
    *,
    root: Path | None = None,
    dates: Mapping[str, datetime] | None = None,
    changes: StatusChanges | None = None,
    read_at: datetime,
    progress: Progress = silent,
) -> Reading:
    """The decision records in files and folders: adr-tools, MADR, PEP-like headers and Kubernetes proposals.

    Args:
        paths: Files, or folders that are searched for Markdown, reStructuredText, text and `kep.yaml` files. A named
            file is always read; in a folder, only files that look like a decision record.
        root: Nothing outside of it is read, and keys are relative to it; by default the folder common to the paths.
        dates: For records without a date: a date by relative path, for example that of the first commit.
        changes: The changes of status in the history of each file, by relative path: for records with nothing but the
            date at which they were written.
        read_at: The date of records for which there is no other.
        progress: Called after every file that was split, and after every record that was understood.

    Raises:
        InvalidInput: If a path climbs with `..`, contains NUL or lies outside the root.
        NotFound: If a path does not exist.
    """
    documents, problems = load_documents(paths, root)
    # A named file may speak of its neighbours by number alone: they are read to understand it, and not reported.
    neighbours, _ = load_documents(
        sorted({path.parent for path in paths if path.is_file()}), root or common_root(paths)
    )
    together = {document.path: document for document in (*neighbours, *documents)}
    reading = read_documents(together.values(), dates=dates, changes=changes, read_at=read_at, progress=progress)
    named = {document.path for document in documents} | {problem.path for problem in problems}
    result = _of(replace(reading, problems=(*problems, *reading.problems)), named)
    return replace(result, folders=folders_below(paths, root))


def _of(reading: Reading, paths: set[str]) -> Reading:
    """The part of a reading that comes from some files."""
    return Reading(
        tuple(entry for entry in reading.observations if entry.path in paths),
        tuple(entry for entry in reading.replacements if entry.old in paths or entry.new in paths),
        tuple(entry for entry in reading.problems if entry.path in paths),
        passed_over=tuple(path for path in reading.passed_over if path in paths),
    )


def read_documents(
    documents: Iterable[Document],
    *,
    dates: Mapping[str, datetime] | None = None,
    changes: StatusChanges | None = None,
    read_at: datetime,
    progress: Progress = silent,
) -> Reading:
    """The decision records among documents that are already in memory; see `read_decisions`."""
    by_path = {document.path: document for document in documents}
    files = len(by_path)
    sources, problems, passed_over = _sources(by_path, lambda done: progress(done, 2 * files))
    identities = [identify(source) for source in sources]
    names = Catalogue(identities)
    records: list[Record] = []
    for source, identity in zip(sources, identities, strict=True):
        is_shared, dated = names.is_number_shared(identity), (changes or {}).get(identity.path, ())
        records.append(understand(source, identity, is_number_shared=is_shared, changes=dated))
        progress(files + len(records), files + len(sources))
    problems += [Problem(record.path, line, reason) for record in records for line, reason in record.problems]
    first_seen = {path: instant(at) for path, at in (dates or {}).items()}
    result = take_overs(records, Catalogue(records), _starts(records, first_seen))
    successors: defaultdict[str, list[Replacement]] = defaultdict(list)
    for entry in result.replacements:
        successors[entry.old].append(entry)
    observations = [_observation(record, successors[record.path], first_seen, instant(read_at)) for record in records]
    ordered = sorted([*problems, *result.problems], key=lambda problem: (problem.path, problem.line))
    replacements = _after_starts(result.replacements, observations)
    return Reading(tuple(observations), replacements, tuple(ordered), passed_over=passed_over)


def _sources(
    documents: Mapping[str, Document], progress: Callable[[int], None]
) -> tuple[list[ParsedFile], list[Problem], tuple[str, ...]]:
    sources: list[ParsedFile] = []
    problems: list[Problem] = []
    unlike: list[str] = []
    for done, path in enumerate(sorted(documents), start=1):
        taken = take_apart(documents[path], documents)
        progress(done)
        if isinstance(taken, ParsedFile):
            sources.append(taken)
        elif taken == UNLIKE:
            unlike.append(path)
        elif taken is not None:
            problems.append(Problem(path, 1, taken))
    held = Counter(posixpath.dirname(source.path) for source in sources)
    unlike_folders = Counter(posixpath.dirname(path) for path in unlike)
    dated = {
        path
        for path in unlike
        if is_among_decisions(path) or held[posixpath.dirname(path)] > unlike_folders[posixpath.dirname(path)]
    }
    problems += [Problem(path, 1, UNLIKE) for path in sorted(dated)]
    return sources, problems, tuple(path for path in unlike if path not in dated)


def _starts(records: Iterable[Record], first_seen: Mapping[str, datetime]) -> dict[str, datetime]:
    """The start of each record: when it came into force, else its first date."""
    starts: dict[str, datetime] = {}
    for record in records:
        start = _start(record, first_seen)
        if start is None:
            continue
        moves = moves_of(record.life, start, None, has_successor=True)
        active = (move.at for move in moves if move.status is Status.ACTIVE)
        starts[record.path] = next(active, moves[0].at)
    return starts


def _start(record: Record, first_seen: Mapping[str, datetime]) -> datetime | None:
    life = record.life
    dated = [
        at
        for at in (
            life.dates.created,
            life.dates.updated,
            life.dates.decided,
            *(entry.at for entry in life.entries if entry.status),
        )
        if at
    ]
    seen = first_seen.get(record.path)
    if not dated:
        return seen
    # A record that ended or was replaced often carries only the date of that; it was first seen before.
    is_over = life.is_superseded or life.status is Status.ENDED
    return min(*dated, seen) if seen and is_over and len(dated) == 1 else min(dated)


def _observation(
    record: Record, replacements: Iterable[Replacement], first_seen: Mapping[str, datetime], read_at: datetime
) -> Observation:
    successors = [entry for entry in replacements if entry.kind is SupersessionKind.UPDATE]
    replaced_at = min((entry.at for entry in successors if entry.at), default=None)
    # A record without a date existed before its successor.
    dated = _start(record, first_seen)
    start = dated or (min(read_at, replaced_at) if replaced_at else read_at)
    return Observation(
        key=record.path,
        statement=_statement(record),
        moves=moves_of(record.life, start, replaced_at, has_successor=bool(successors)),
        path=record.path,
        line=record.line,
        is_dated=dated is not None,
    )


def _statement(record: Record) -> Statement:
    return Statement(
        title=record.title,
        kind=Kind.DECISION,
        body=record.body,
        rationale=record.rationale,
        aliases=record.names,
        labels=record.labels[:MAX_LIST_ITEMS],
        origin=Origin.DOCUMENT,
        observed_at=record.observed_at,
        anchors=record.anchors,
        alternatives=record.alternatives,
    )


def _after_starts(replacements: Iterable[Replacement], observations: Iterable[Observation]) -> tuple[Replacement, ...]:
    """The replacements, each moved to the start of the replaced record if it is dated before."""
    begins = {observation.key: observation.moves[0].at for observation in observations}
    return tuple(
        replace(entry, at=begins[entry.old])
        if entry.at and entry.kind is SupersessionKind.UPDATE and entry.at < begins[entry.old]
        else entry
        for entry in replacements
    )
