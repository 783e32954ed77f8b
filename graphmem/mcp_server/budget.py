"""Search answers cut to a budget of tokens, best hits first."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from graphmem.answers import Sentence
from graphmem.mcp_server.brief_text import brief_text, hit_lines
from graphmem.mcp_server.tool_arguments import MOST_BUDGET
from graphmem.retrieval.briefs import Brief, BriefAnswer
from graphmem.token_count import token_count

#: Tokens reserved for the note about omitted hits.
_FOOT_TOKENS = 60
_STEP = 100

Mark = Callable[[object], Any]


def fitted(answer: BriefAnswer, budget: int, mark: Mark) -> tuple[dict[str, Any], str]:
    """The JSON and the compact text of an answer, each within a budget by `token_count`.

    Hits are complete while they fit, then reduced to their headings, then omitted; a note gives both numbers.

    Args:
        answer: The answer with all its hits.
        budget: Tokens for the whole answer, including notes and marks.
        mark: Renders an answer as JSON with marks around untrusted text.
    """
    costs = [(_cost(mark(hit), rank), _cost(mark(hit.heading), rank)) for rank, hit in enumerate(answer.hits, 1)]
    frame = _written(mark(replace(answer, hits=())))
    room = budget - _FOOT_TOKENS - max(token_count(_json(frame)), token_count(brief_text(frame)))
    hits = _hits_within(answer.hits, costs, room)
    required = budget - room + sum(complete for complete, _ in costs)
    shortened = sum(shown is not hit for shown, hit in zip(hits, answer.hits, strict=False))
    left_out = len(answer.hits) - len(hits)
    notes = (*answer.notes, *_foot(left_out, shortened, required))
    document = _written(mark(replace(answer, hits=hits, notes=notes, left_out=left_out)))
    return document, brief_text(document)


def _hits_within(hits: Sequence[Brief], costs: Sequence[tuple[int, int]], room: int) -> tuple[Brief, ...]:
    shown: list[Brief] = []
    is_complete = True
    for hit, (complete, heading) in zip(hits, costs, strict=True):
        is_complete = is_complete and complete <= room
        cost = complete if is_complete else heading
        if cost > room:
            break
        shown.append(hit if is_complete else hit.heading)
        room -= cost
    return tuple(shown)


def _foot(left_out: int, shortened: int, required: int) -> list[Sentence]:
    """The note about omitted and shortened hits, with the budget that fits all of them."""
    missing = [f"{left_out} more {_hits(left_out)}"] if left_out else []
    missing += [f"what {shortened} {_hits(shortened)} say"] if shortened else []
    enough = -(-required // _STEP) * _STEP
    ask = f"ask with budget={enough}" if enough <= MOST_BUDGET else "ask for fewer with limit"
    return [Sentence.of(f"Left out for want of room: {' and '.join(missing)}; {ask}.")] if missing else []


def _hits(count: int) -> str:
    return "hit" if count == 1 else "hits"


def _cost(hit: Mapping[str, Any], rank: int) -> int:
    """Tokens of a hit in the more expensive of the two forms, including its separator."""
    bare = _bare(hit)
    return max(token_count(_json(bare)), token_count("\n".join(hit_lines(rank, bare)))) + 1


def _written(document: dict[str, Any]) -> dict[str, Any]:
    """The JSON of an answer without the empty members of its hits."""
    return {**document, "hits": [_bare(hit) for hit in document["hits"]]}


def _bare(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        members = {key: _bare(item) for key, item in value.items()}
        return {key: item for key, item in members.items() if not (item in (None, [], {}, "") or _is_nothing(item))}
    return [_bare(item) for item in value] if isinstance(value, list) else value


def _is_nothing(value: object) -> bool:
    return value is False or (type(value) is int and value == 0)


def _json(document: object) -> str:
    return json.dumps(document, ensure_ascii=False)
