"""The shipped facts are well-formed: a wrong link or date in them would make the demo lie."""

from __future__ import annotations

import json
import re
from datetime import date
from importlib.resources import files
from typing import Any

import pytest

from graphmem.model import Outcome, Status, SupersessionKind

TEXT = (files("graphmem.demo") / "packaging_facts.jsonl").read_text(encoding="utf-8")
FACTS: list[dict[str, Any]] = [json.loads(line) for line in TEXT.splitlines()]
BY_ID = {fact["id"]: fact for fact in FACTS}
LINKS = [(fact, link) for fact in FACTS for link in fact["replaces"]]


def first_in_force(fact: dict[str, Any]) -> str:
    """The day from which a fact held; a day later than any other if it never did."""
    return min((move["at"] for move in fact["moves"] if move["status"] == Status.ACTIVE), default="9999-12-31")


def test_ids_and_titles_are_unique() -> None:
    assert len(BY_ID) == len(FACTS) == len({fact["title"] for fact in FACTS})


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact["id"])
def test_a_fact_is_complete_and_sourced(fact: dict[str, Any]) -> None:
    number = int(fact["id"].removeprefix("pep-"))
    assert fact["source"] == f"https://peps.python.org/pep-{number:04d}/"
    assert fact["aliases"] == [f"PEP {number}"]
    assert fact["body"].endswith(".")
    assert fact["labels"][0] == "packaging"


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact["id"])
def test_moves_go_forward_in_known_states(fact: dict[str, Any]) -> None:
    days = [date.fromisoformat(move["at"]) for move in fact["moves"]]
    assert days == sorted(days)
    assert {move["status"] for move in fact["moves"]} <= set(Status)


def test_options_that_were_weighed_have_an_outcome_and_a_reason() -> None:
    weighed = {fact["id"]: fact["alternatives"] for fact in FACTS if "alternatives" in fact}
    assert weighed.keys() == {"pep-518", "pep-723", "pep-751"}
    for options in weighed.values():
        assert len({one["name"] for one in options}) == len(options)
        assert {one["outcome"] for one in options} <= set(Outcome)
        assert all(one["reason"] for one in options)


@pytest.mark.parametrize(("fact", "link"), LINKS, ids=lambda value: value["id"])
def test_a_replacement_starts_when_its_new_side_is_in_force(fact: dict[str, Any], link: dict[str, Any]) -> None:
    assert link["id"] in BY_ID
    assert link["at"] == first_in_force(fact)
    assert date.fromisoformat(link["recorded"])
    assert ("part" in link) == (SupersessionKind(link["kind"]) is SupersessionKind.AMENDMENT)


def test_nothing_is_replaced_for_good_twice() -> None:
    replaced = [link["id"] for _, link in LINKS if link["kind"] == SupersessionKind.UPDATE]
    assert len(replaced) == len(set(replaced))


def test_some_replacements_were_recorded_years_after_they_took_effect() -> None:
    late = [link["id"] for _, link in LINKS if link["recorded"][:4] > link["at"][:4]]
    assert {"pep-513", "pep-571", "pep-599"} <= set(late)


def test_two_facts_in_force_share_a_subject_without_a_link() -> None:
    subjects = [fact["subject"] for fact in FACTS if re.fullmatch(r"pep-(503|691)", fact["id"])]
    assert subjects == ["index.simple-api.format"] * 2
