"""As much of a search answer as a budget of tokens has room for, best first."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from graphmem.answers import Sentence
from graphmem.mcp_server.brief_text import brief_text, hit_lines
from graphmem.mcp_server.tool_arguments import MOST_BUDGET
from graphmem.retrieval.briefs import Brief, BriefAnswer
from graphmem.retrieval.token_count import token_count

#: Of what names how many hits are left out.
_FOOT_TOKENS = 60
_STEP = 100

Mark = Callable[[object], Any]


def fitted(answer: BriefAnswer, budget: int, mark: Mark) -> tuple[dict[str, Any], str]:
    """The written form of an answer and its compact form, each within a budget by `token_count`.

    Hits come whole while they have room, then by their headings, then not; a note tells of both.

    Args:
        answer: With all its hits.
        budget: In tokens; what is written beside the hits counts, and so do marks.
        mark: Writes an answer with all words from outside between marks.
    """
    costs = [(_cost(mark(one), place), _cost(mark(one.heading), place)) for place, one in enumerate(answer.hits)]
    frame = _written(mark(replace(answer, hits=())))
    room = budget - _FOOT_TOKENS - max(token_count(_json(frame)), token_count(brief_text(frame)))
    kept = _kept(answer.hits, costs, room)
    wanted = budget - room + sum(whole for whole, _ in costs)
    shortened = sum(one is not whole for one, whole in zip(kept, answer.hits, strict=False))
    foot = _foot(len(answer.hits) - len(kept), shortened, wanted)
    notes = (*answer.notes, *foot)
    told = _written(mark(replace(answer, hits=kept, notes=notes, left_out=len(answer.hits) - len(kept))))
    return told, brief_text(told)


def _kept(hits: Sequence[Brief], costs: Sequence[tuple[int, int]], room: int) -> tuple[Brief, ...]:
    kept: list[Brief] = []
    is_whole = True
    for one, (whole, heading) in zip(hits, costs, strict=True):
        is_whole = is_whole and whole <= room
        cost = whole if is_whole else heading
        if cost > room:
            break
        kept.append(one if is_whole else one.heading)
        room -= cost
    return tuple(kept)


def _foot(left_out: int, shortened: int, wanted: int) -> list[Sentence]:
    """What a budget has no room for, and which one has."""
    said = [f"{left_out} more {_hits(left_out)}"] if left_out else []
    said += [f"what {shortened} {_hits(shortened)} say"] if shortened else []
    enough = -(-wanted // _STEP) * _STEP
    ask = f"ask with budget={enough}" if enough <= MOST_BUDGET else "ask for fewer with limit"
    return [Sentence.of(f"Left out for want of room: {' and '.join(said)}; {ask}.")] if said else []


def _hits(count: int) -> str:
    return "hit" if count == 1 else "hits"


def _cost(hit: Mapping[str, Any], place: int) -> int:
    """What a hit takes of either form, with what stands between it and the next."""
    bare = _bare(hit)
    return max(token_count(_json(bare)), token_count("\n".join(hit_lines(place + 1, bare)))) + 1


def _written(told: dict[str, Any]) -> dict[str, Any]:
    """The written form without what is empty in its hits: a model reads the rest."""
    return {**told, "hits": [_bare(one) for one in told["hits"]]}


def _bare(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        shown = {key: _bare(one) for key, one in value.items()}
        return {key: one for key, one in shown.items() if not (one in (None, [], {}, "") or _is_nothing(one))}
    return [_bare(one) for one in value] if isinstance(value, list) else value


def _is_nothing(value: object) -> bool:
    return value is False or (type(value) is int and value == 0)


def _json(told: object) -> str:
    return json.dumps(told, ensure_ascii=False)
