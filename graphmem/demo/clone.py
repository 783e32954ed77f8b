"""The part of the demo about its own clone: a file that moved, a commit as a time, a path that is gone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from graphmem import At, Filter, GraphMemory, Scope, Statement, Write
from graphmem.cli.blocks import Beside, Block, Box, Line, Look, Span, dim, line, strong
from graphmem.cli.phrases import point_line
from graphmem.deferred_dataclass import dataclass
from graphmem.instants import from_micros
from graphmem.model import Anchor, AnchorKind
from graphmem.repository.mainline_history import MainlineHistory
from graphmem.repository.mainline_rows import SegmentRow
from graphmem.retrieval.briefs import code_sentence
from graphmem.service.code_verification import verify_repository
from graphmem.service.mainline_ingestion import ingest_mainline, recorded_mainline
from graphmem.sources.git.code_history import read_code_history
from graphmem.sources.git.mainline_reading import MainlineReader
from graphmem.sources.git.runner import GitFailure

#: The repository of the demo's statements about its own files.
CLONE = Scope(repo="graphmem")
_SUFFIX, _FOLDER = ".py", "graphmem/"
_SHA_CHARS = 10


@dataclass(frozen=True, slots=True)
class MovedFile:
    """A file of the clone that moved.

    Attributes:
        old: Its first path; `new` its present one.
        since: When it had the first path.
        before: Hash of the last commit before it moved.
    """

    old: str
    new: str
    since: datetime
    before: str


@dataclass(frozen=True, slots=True)
class ClonePart:
    """What the clone's history shows; `removed` is a path that a statement names and that is gone."""

    moved: MovedFile
    removed: str


def read_clone(memory: GraphMemory, root: Path, now: datetime) -> ClonePart | None:
    """Read the history of this project's clone, and record two statements about its files.

    Returns:
        None if the folder is no clone, or its history has no file that moved and none that is gone.
    """
    try:
        ingest_mainline(memory, MainlineReader(root, read_at=now).batches, write=Write(scope=CLONE))
    except GitFailure:
        return None
    history = recorded_mainline(memory, CLONE)
    moved, removed = _moved(history), _removed(history)
    if moved is None or removed is None:
        return None
    anchor = Anchor(AnchorKind.FILE, moved.old)
    about_file = Statement(
        title="This file reads text from outside: limit every size before parsing", anchors=(anchor,)
    )
    write = Write(scope=CLONE)
    memory.add(about_file, start=moved.since, write=write, on_similar=None)
    gone = Statement(title=f"The details are documented in `{removed.path}`")
    memory.add(gone, start=from_micros(history.times_us[removed.start]), write=write, on_similar=None)
    return ClonePart(moved, removed.path)


def clone_lines(memory: GraphMemory, root: Path, part: ClonePart, now: datetime) -> Iterator[Block]:
    """The section of the page."""
    commits = len(recorded_mainline(memory, CLONE).shas)
    yield line(strong("This repository"), f": {commits} commits of its mainline were read, and no code")
    yield line(f"which rules hold for {part.moved.new}?")
    yield Beside(_box("now", memory, part, At()), _box("before the move", memory, part, At(as_of=part.moved.before)))
    yield line(dim("A rule that was recorded for a file is found under every path that the file ever had."))
    yield line()
    yield line(f"graphmem verify: {part.removed}")
    report = verify_repository(memory, read_code_history(root, read_at=now), at=now, write=Write(scope=CLONE))
    for found in report.checked:
        card = memory.get(found.card.id, scope=CLONE)
        if card.verdict is not None and (sentence := code_sentence(card.verdict)) is not None:
            yield line(Span("code: ", Look.BAD), sentence, "  ", dim(card.title), indent=2)
    yield line()


def _box(label: str, memory: GraphMemory, part: ClonePart, at: At) -> Box:
    where = Filter(paths=(part.moved.new,))
    answer = memory.list(where, at=at, scope=CLONE)
    lines: list[Line] = []
    for card in answer.cards:
        lines.append(line(strong(card.title)))
        lines += [line(dim("file: "), place.sentence, indent=2) for place in card.files]
    if not answer.cards:
        earlier = memory.list(Filter(paths=(part.moved.old,)), at=at, scope=CLONE).cards
        lines.append(line(Span(f"nothing: the file is {part.moved.old} then", Look.GOOD)))
        lines += [line(strong(card.title), indent=2) for card in earlier]
    return Box(label, (*lines, point_line(answer.at, at)), Look.GOOD)


def _moved(history: MainlineHistory) -> MovedFile | None:
    """The file that moved last and is still there."""
    for segment in reversed(history.segments):
        if segment.end is None and segment.previous is not None and _is_ours(segment):
            first = history.life(segment.lineage)[0]
            if first.path != segment.path and first.start < segment.start:
                before = history.shas[history.segments[segment.number].start - 1]
                return MovedFile(first.path, segment.path, from_micros(history.times_us[first.start]), before)
    return None


def _removed(history: MainlineHistory) -> SegmentRow | None:
    """The last path whose file is gone for good."""
    for segment in reversed(history.segments):
        if segment.end is not None and _is_ours(segment) and history.life(segment.lineage)[-1] == segment:
            return segment
    return None


def _is_ours(segment: SegmentRow) -> bool:
    return segment.path.startswith(_FOLDER) and segment.path.endswith(_SUFFIX)
