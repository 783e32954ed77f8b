"""Rules and cases of a pack of bans, and the memories that its rules are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from graphmem import Alternative, Anchor, AnchorKind, Kind, Move, New, Origin, Outcome, Statement, Status
from graphmem.option_keys.file_scope import EXCLUDED_FOLDER_PATTERN, EXCLUDED_PATTERN

_ROLES = {"path": EXCLUDED_PATTERN, "dir": EXCLUDED_FOLDER_PATTERN}
_LANGUAGES = {"go": "go", "python": "python", "npm": "javascript", "javascript": "javascript", "cargo": "rust"}


@dataclass(frozen=True, slots=True)
class Case:
    """A change, when guard is asked about it, and what it must say."""

    cid: str
    repo: str
    at: datetime
    why: str
    diff: str
    is_return: bool

    @property
    def is_excused(self) -> bool:
        """Whether a comment on the line excuses it."""
        return self.why == "excused"


def rules_in(path: Path) -> list[dict[str, Any]]:
    """The rules of a pack."""
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def cases_in(paths: Iterable[Path]) -> Iterator[Case]:
    """The cases of a pack's files, in their order."""
    for path in paths:
        with path.open(encoding="utf-8") as file:
            for line in file:
                row = json.loads(line)
                at, is_return = datetime.fromisoformat(row["at"]), row["verdict"] == "returns"
                yield Case(row["cid"], row["repo"], at, row["why"], row["diff"], is_return=is_return)


def memories_of(rules: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, New]]:
    """Yield the repository and the memory of each rule; one for each time in which its exclusions stay the same."""
    for rule in rules:
        if rule.get("never_matches"):
            continue
        start, end = rule["first_date"], rule["last_date"]
        excluded = rule.get("excluded") or []
        bounds = {each[side] for each in excluded for side in ("from", "to") if each[side] is not None}
        edges = [start, *sorted(bound for bound in bounds if start < bound and (end is None or bound < end)), end]
        for number, (low, high) in enumerate(pairwise(edges)):
            live = [one for one in excluded if one["from"] <= low and (one["to"] is None or low < one["to"])]
            patterns = [(_ROLES[one["on"]], one["regex"]) for one in live]
            yield rule["repo"], _memory(rule, f"{rule['id']}/{number}", patterns, (low, high))


def _memory(
    rule: Mapping[str, Any], key: str, excluded: Iterable[tuple[str, str]], between: tuple[str, str | None]
) -> New:
    language = _LANGUAGES[rule["ecosystem"]]
    option = Alternative(rule["key"], Outcome.REJECTED, rule["reason"] or "", (f"import:{language}:{rule['key']}",))
    globs = tuple(Anchor(AnchorKind.FILE, glob) for glob in rule.get("file_globs") or ())
    said = Statement(
        title=f"{rule['linter']} forbids {rule['key']} ({key})",
        kind=Kind.CONVENTION,
        origin=Origin.DOCUMENT,
        is_mandatory=True,
        alternatives=(option,),
        anchors=(*globs, *(Anchor(AnchorKind.FILE, pattern, role=role) for role, pattern in excluded)),
    )
    moves = [Move(Status.ACTIVE, datetime.fromisoformat(between[0]))]
    if between[1] is not None:
        moves.append(Move(Status.ENDED, datetime.fromisoformat(between[1])))
    return New(statement=said, moves=tuple(moves))
