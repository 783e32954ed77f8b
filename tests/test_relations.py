"""The table of words for relations: every kind, side and effect, written out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from graphmem.relations import (
    LINK_WORDS,
    RECORDED_WORDS,
    RESOLVED_WORDS,
    RULE_WORDS,
    Dates,
    Effect,
    Side,
    chain_words,
    link_words,
    precedence_words,
    relation_words,
    rule_words,
)
from graphmem.temporal import Standing
from graphmem.temporal.precedence import RULES
from graphmem.vocabulary import LinkKind, SupersessionKind

UPDATE, CORRECTION, AMENDMENT = SupersessionKind
#: With `X` for the other memory; `supersede` becomes `correct` and `amend` for the other kinds.
TABLE = {
    (Effect.IN_EFFECT, Side.NEW): "supersedes X since 2025-09-01",
    (Effect.IN_EFFECT, Side.OLD): "superseded by X on 2025-09-01",
    (Effect.TO_COME, Side.NEW): "will supersede X on 2025-09-01",
    (Effect.TO_COME, Side.OLD): "will be superseded by X on 2025-09-01",
    (Effect.OVER, Side.NEW): "formerly superseded X on 2025-09-01",
    (Effect.OVER, Side.OLD): "formerly superseded by X on 2025-09-01",
    (Effect.PROPOSED, Side.NEW): "proposed to supersede X",
    (Effect.PROPOSED, Side.OLD): "proposed to be superseded by X",
    (Effect.DEFERRED, Side.NEW): "would supersede X, but is deferred",
    (Effect.DEFERRED, Side.OLD): "would be superseded by X, which is deferred",
    (Effect.REJECTED, Side.NEW): "was to supersede X, but was rejected",
    (Effect.REJECTED, Side.OLD): "was to be superseded by X, which was rejected",
    (Effect.RETRACTED, Side.NEW): "was to supersede X, but was retracted",
    (Effect.RETRACTED, Side.OLD): "was to be superseded by X, which was retracted",
    (Effect.CORRECTED, Side.NEW): "was to supersede X, but was itself corrected",
    (Effect.CORRECTED, Side.OLD): "was to be superseded by X, which was itself corrected",
    (Effect.UNUSED, Side.NEW): "was to supersede X, but ended without having been in force",
    (Effect.UNUSED, Side.OLD): "was to be superseded by X, which ended without having been in force",
    (Effect.NAMED, Side.NEW): "named as successor of X, itself only proposed",
    (Effect.NAMED, Side.OLD): "names as its successor X, itself only proposed",
}
VERBS = {
    UPDATE: ("superseded", "supersedes", "supersede"),
    CORRECTION: ("corrected", "corrects", "correct"),
    AMENDMENT: ("amended", "amends", "amend"),
}


def of_kind(phrase: str, kind: SupersessionKind) -> str:
    for word, verb in zip(VERBS[UPDATE], VERBS[kind], strict=True):
        phrase = re.sub(rf"\b{word}\b", verb, phrase)
    return phrase


@pytest.mark.parametrize(("kind", "side", "effect"), list(product(SupersessionKind, Side, Effect)))
def test_every_kind_side_and_effect_has_its_words(kind: SupersessionKind, side: Side, effect: Effect) -> None:
    words = relation_words(kind, side, effect, Dates(on="2025-09-01"))
    assert words.around("X") == of_kind(TABLE[effect, side], kind)


def test_the_end_of_a_provisional_replacement_is_told() -> None:
    dates = Dates("2025-09-01", "2026-01-01")
    told = [relation_words(UPDATE, side, Effect.IN_EFFECT, dates).around("X") for side in Side]
    assert told == ["supersedes X since 2025-09-01 until 2026-01-01", "superseded by X on 2025-09-01 until 2026-01-01"]


def test_a_successor_that_is_only_named_is_told_with_its_own_status() -> None:
    words = relation_words(UPDATE, Side.NEW, Effect.NAMED, status="only deferred")
    assert words.around("X") == "named as successor of X, itself only deferred"


def test_the_part_that_is_amended_stands_behind_the_name_as_it_is_written() -> None:
    words = relation_words(AMENDMENT, Side.NEW, Effect.PROPOSED)
    assert words.around("ADR-076", "{until} {x}") == "proposed to amend ADR-076 ({until} {x})"


@pytest.mark.parametrize(
    ("side", "count", "phrase"),
    [
        (Side.NEW, 1, "supersedes X, through 1 other"),
        (Side.OLD, 2, "comes before X, through 2 others"),
        (None, 1, "is in one chain with X, through 1 other"),
    ],
)
def test_a_relation_over_several_steps_says_how_many_are_between(side: Side | None, count: int, phrase: str) -> None:
    assert chain_words(side, count).around("X") == phrase


def test_precedence_is_told_from_both_sides_with_the_rule() -> None:
    told = [precedence_words(is_head=is_head, rule="scope").around("X") for is_head in (True, False)]
    assert told == [
        "overrules X (scope: the narrower scope leads)",
        "overruled by X (scope: the narrower scope leads)",
    ]


def test_every_rule_of_precedence_has_words_and_an_unknown_one_its_name() -> None:
    assert set(RULES) <= set(RULE_WORDS)
    assert rule_words("phase of the moon") == "phase of the moon"


def test_every_standing_of_an_answer_has_words() -> None:
    assert set(RESOLVED_WORDS) == {one.value for one in Standing}


@pytest.mark.parametrize("kind", LinkKind)
def test_a_link_has_words_from_both_sides(kind: LinkKind) -> None:
    assert link_words(kind, is_outgoing=True) == kind.value.replace("_", " ")
    assert link_words(kind, is_outgoing=False) == LINK_WORDS[kind][1]


def test_the_page_has_the_same_words() -> None:
    page = (Path(__file__).parent.parent / "graphmem/http/view/words.js").read_text(encoding="utf-8")
    tables: dict[str, Mapping[Any, Any]] = {
        "RECORDED": RECORDED_WORDS,
        "LINKS": LINK_WORDS,
        "RULES": RULE_WORDS,
        "RESOLVED": RESOLVED_WORDS,
    }
    for name, table in tables.items():
        found = re.search(rf"^const {name} = (\{{.*?^\}});$", page, re.MULTILINE | re.DOTALL)
        assert found is not None, name
        expected = {str(key): list(value) if isinstance(value, tuple) else value for key, value in table.items()}
        assert json.loads(re.sub(r",\s*}", "}", found[1])) == expected, name
