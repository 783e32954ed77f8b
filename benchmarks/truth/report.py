"""From scores to rows: per pack and type, verbatim and perturbed, with and without excluded questions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.rows import Row
from benchmarks.truth.ask import GONE_TYPES, LAG_TYPES, RELATION_TYPES, SEARCH_TYPES, TIMELINE_TYPES
from benchmarks.truth.loaded import OURS
from benchmarks.truth.packs import json_lines
from benchmarks.truth.scoring import Score

EXCLUSIONS = Path(__file__).resolve().parent.parent / "exclusions"
VERBATIM, PERTURBED = "verbatim", "perturbed"
_SEARCHES = (*SEARCH_TYPES, *LAG_TYPES)
_RULES = "G"
_VERBATIM_AIM, _PERTURBED_AIM = 0.98, 0.94
_STALE_PERTURBED = 0.01


@dataclass(frozen=True, slots=True)
class Asked:
    """One question asked of one contestant in one wording."""

    pack: str
    contestant: str
    wording: str
    score: Score


def read_exclusions(folder: Path = EXCLUSIONS) -> dict[str, str]:
    """Question id to why its gold is arguable, from every reviewed file of a folder."""
    return {one["qid"]: one["reason"] for path in sorted(folder.glob("*.jsonl")) for one in json_lines(path)}


def rows(asked: Sequence[Asked], excluded: Mapping[str, str]) -> Iterator[Row]:
    """Every figure. Goals stand at the figures without excluded questions; "all" figures count every question."""
    for (pack, contestant, wording), group in _grouped(asked):
        fair = [one for one in group if one.question.id not in excluded]
        searches = [one for one in fair if one.question.type in _SEARCHES]
        name = f"{pack} {contestant} {wording}"
        goals = _search_goals(wording) if contestant == OURS else (None, None)
        if searches:
            yield Row(f"{name} search hit@1", _right(searches), "share", "higher", goals[0])
            yield Row(f"{name} search stale@1", _stale(searches), "share", "lower", goals[1])
            everything = [one for one in group if one.question.type in _SEARCHES]
            if len(everything) > len(searches):
                yield Row(f"{name} search hit@1, all", _right(everything), "share", "higher")
                yield Row(f"{name} search stale@1, all", _stale(everything), "share", "lower")
        if contestant == OURS:
            yield from _by_type(name, pack, wording, fair)
    for pack in sorted({one.pack for one in asked}):
        yield Row(f"{pack} questions excluded", len(_excluded(asked, pack, excluded)), "count", "lower")


def _by_type(name: str, pack: str, wording: str, scores: Iterable[Score]) -> Iterator[Row]:
    types: dict[str, list[Score]] = defaultdict(list)
    for one in scores:
        types[one.question.type].append(one)
    for kind in sorted(types):
        goal = _type_goal(pack, kind) if wording == VERBATIM else None
        yield Row(f"{name} {kind}", _right(types[kind]), "share", "higher", goal)


def _search_goals(wording: str) -> tuple[float | None, float | None]:
    if wording == VERBATIM:
        return _VERBATIM_AIM, 0.0
    return _PERTURBED_AIM, _STALE_PERTURBED


def _type_goal(pack: str, kind: str) -> float | None:
    if pack == _RULES:
        return 0.97
    if kind in RELATION_TYPES:
        return 0.93 if pack == "C" else 0.97
    if kind in TIMELINE_TYPES:
        return 0.98
    return 0.98 if kind in (*_SEARCHES, *GONE_TYPES) else None


def _grouped(asked: Iterable[Asked]) -> Iterator[tuple[tuple[str, str, str], list[Score]]]:
    groups: dict[tuple[str, str, str], list[Score]] = defaultdict(list)
    for one in asked:
        groups[one.pack, one.contestant, one.wording].append(one.score)
    yield from groups.items()


def _excluded(asked: Iterable[Asked], pack: str, excluded: Mapping[str, str]) -> set[str]:
    return {one.score.question.id for one in asked if one.pack == pack} & excluded.keys()


def _right(scores: Sequence[Score]) -> float:
    return round(sum(one.is_right for one in scores) / len(scores), 4)


def _stale(scores: Sequence[Score]) -> float:
    return round(sum(bool(one.is_stale) for one in scores) / len(scores), 4)
