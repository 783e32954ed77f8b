"""Questions about paths, asked of the recorded history of a repository and of memories about its files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

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


def question_rows(
    repo: str, memory: GraphMemory, scope: Scope, history: MainlineHistory, questions: Sequence[Json]
) -> Iterator[Row]:
    """The share of right answers; a deleted file is answered with no path.

    A memory about each right answer is recorded as of the question's time. It must be listed for the path in the
    question, as the file had both.
    """
    alike = [question for question in questions if question["gold"]]
    told = {question["qid"]: answers(history, question) for question in questions}
    has_gold = [set(question["gold"]) <= set(told[question["qid"]]) for question in alike]
    clean = [not set(question["not"]) & set(told[question["qid"]]) for question in questions]
    first = [told[question["qid"]][:1] == question["gold"][:1] for question in questions]
    listed = found_by_path(memory, scope, alike)
    name = f"history, questions about paths, {repo}"
    yield Row(f"{name}: gold among the answers, of {len(alike)}", share(has_gold), "share", "higher", 0.995)
    yield Row(f"{name}: no wrong path among the answers, of {len(questions)}", share(clean), "share", "higher", 1)
    yield Row(f"{name}: first answer right, of {len(questions)}", share(first), "share", "higher", 0.96)
    yield Row(f"{name}: memory of the file listed by path, of {len(alike)}", share(listed), "share", "higher", 0.995)


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
