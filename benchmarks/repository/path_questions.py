"""Questions about paths, asked of the recorded history of a repository and of memories about its files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain

from benchmarks.rows import Row
from benchmarks.truth.packs import Json
from graphmem.instants import to_micros
from graphmem.model import Anchor, AnchorKind, At, Scope, Statement
from graphmem.repository.mainline_history import MainlineHistory
from graphmem.service import GraphMemory, New, Write
from graphmem.store import Filter, Page

_A_DAY = timedelta(days=1)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)
_MOST = 500


@dataclass(frozen=True, slots=True)
class Marks:
    """Whether each question was answered rightly, in several ways.

    Attributes:
        has_gold: The right path is among the answers; only questions with one.
        is_clean: No path that the pack calls wrong is among the answers; a deleted file has no path.
        is_first: The first answer is the right path, or there is rightly none.
        is_listed: A memory about the right path, recorded as of the question's time, is listed for the question's path.
    """

    has_gold: tuple[bool, ...]
    is_clean: tuple[bool, ...]
    is_first: tuple[bool, ...]
    is_listed: tuple[bool, ...]


def marks_of(memory: GraphMemory, scope: Scope, history: MainlineHistory, questions: Sequence[Json]) -> Marks:
    """The marks of the questions about one repository."""
    told = [(question, answers(history, question)) for question in questions]
    placed = [question for question in questions if question["gold"]]
    return Marks(
        tuple(set(question["gold"]) <= set(found) for question, found in told if question["gold"]),
        tuple(not set(question["not"]) & set(found) for question, found in told),
        tuple(found[:1] == question["gold"][:1] for question, found in told),
        tuple(found_by_path(memory, scope, placed)),
    )


def together(listed: Sequence[Marks]) -> Marks:
    """The marks of several repositories as those of one."""
    return Marks(*(tuple(chain.from_iterable(marks)) for marks in zip(*map(astuple, listed), strict=True)))


def question_rows(repo: str, marks: Marks, *, is_aimed: bool = False) -> Iterator[Row]:
    """The shares of good marks; with goals if they count."""
    name = f"history, questions about paths, {repo}"
    for label, good, goal in (
        ("gold among the answers", marks.has_gold, 0.995),
        ("no wrong path among the answers", marks.is_clean, 1),
        ("first answer right", marks.is_first, 0.96),
        ("memory of the file listed by path", marks.is_listed, 0.995),
    ):
        yield Row(f"{name}: {label}, of {len(good)}", share(good), "share", "higher", goal if is_aimed else None)


def share(marks: Sequence[bool]) -> float:
    """The share of marks that are true."""
    return round(sum(marks) / max(len(marks), 1), 4)


def asked_path(question: Json) -> str:
    """The path in a question."""
    text = str(question["question"])
    if question["as_of"]:
        return text.removeprefix("What was the path of ").rpartition(" on ")[0]
    return text.removeprefix("Where is the file that was ").removesuffix(" now?")


def asked_at(question: Json) -> datetime:
    """The end of the question's day; long after the last commit without one."""
    if not question["as_of"]:
        return _LATEST
    return datetime.fromisoformat(str(question["as_of"])).replace(tzinfo=UTC) + _A_DAY - timedelta(microseconds=1)


def answers(history: MainlineHistory, question: Json) -> list[str]:
    """The paths of each file that ever had the path of a question.

    The file that has the path last comes first where an earlier path is asked for; the one that had it first where the
    present one is.
    """
    segments = history.segments_of(asked_path(question))
    lineages = list(dict.fromkeys(segment.lineage for segment in segments))
    if question["as_of"]:
        lineages.reverse()
    at_us = to_micros(asked_at(question))
    held = (history.path_at(lineage, at_us) for lineage in lineages)
    return [segment.path for segment in held if segment is not None]


def found_by_path(memory: GraphMemory, scope: Scope, questions: Sequence[Json]) -> list[bool]:
    """Whether the memory about the file of each question is listed for the path in the question."""
    items = [
        New(
            statement=Statement(
                title=f"about {question['qid']}", anchors=(Anchor(AnchorKind.FILE, question["gold"][0]),)
            ),
            start=min(asked_at(question), datetime.now(UTC)),
        )
        for question in questions
    ]
    memory.add_many(items, on_similar=None, write=Write(scope=scope))
    marks = []
    for question in questions:
        where, page = Filter(paths=(asked_path(question),)), Page(_MOST)
        listing = memory.list(where, at=At(min(asked_at(question), datetime.now(UTC))), scope=scope, page=page)
        marks.append(f"about {question['qid']}" in {card.title for card in listing.cards})
    return marks
