"""Chains, what carries what, what belongs together, what was contested, and how much changed when."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from graphmem.analysis import Area, Churn, Period, central, chains, churn, communities, contested
from graphmem.model import At, LinkKind
from tests.analysis.conftest import Told, day

NOW = At(day(28))


def test_a_chain_is_in_the_order_in_which_its_members_took_over(told: Told) -> None:
    for number, name in enumerate(("a", "b", "c"), 1):
        told.add(name, day(number))
    for number, name in enumerate(("x", "y", "lonely"), 10):
        told.add(name, day(number))
    told.supersede("b", "c", day(3))
    told.supersede("a", "b", day(2))
    told.supersede("x", "y", day(11))
    first, second = chains(told.memory.to_networkx(at=NOW))
    assert (told.names(*first.memories), told.names(*first.heads), first.start) == (["a", "b", "c"], ["c"], day(1))
    assert told.names(*second.memories) == ["x", "y"]


def test_a_chain_goes_on_behind_what_was_erased(told: Told) -> None:
    for number, name in enumerate(("a", "b", "c"), 1):
        told.add(name, day(number))
    told.supersede("a", "b", day(2))
    told.supersede("b", "c", day(3))
    told.memory.erase(told.ids["b"])
    assert [told.names(*one.memories) for one in chains(told.memory.to_networkx(at=NOW))] == [["a", "c"]]


def test_an_amendment_makes_no_chain(told: Told) -> None:
    key = told.add("a", day(1))
    told.memory.amend(key, "in part", "a part", at=day(2))
    assert chains(told.memory.to_networkx(at=NOW)) == ()


def test_what_leans_on_something_would_fall_with_it(told: Told) -> None:
    for name in ("base", "wall", "roof", "shed", "gone"):
        told.add(name, day(1))
    for one, other, kind in (
        ("wall", "base", LinkKind.DEPENDS_ON),
        ("roof", "wall", LinkKind.REFINES),
        ("shed", "base", LinkKind.IMPLEMENTS),
        ("gone", "base", LinkKind.DEPENDS_ON),
        ("base", "shed", LinkKind.FIXES),
    ):
        told.memory.link(told.ids[one], told.ids[other], kind)
    told.ids["clause"] = told.memory.amend(told.ids["roof"], "in part", "its colour", at=day(2)).ids[1]
    told.memory.end(told.ids["gone"], at=day(3))
    found = central(told.memory.to_networkx(at=NOW))
    assert [(*told.names(one.memory), sorted(told.names(*one.falls)), one.leaning) for one in found] == [
        ("base", ["clause", "roof", "shed", "wall"], 2),
        ("wall", ["clause", "roof"], 1),
        ("roof", ["clause"], 1),
    ]
    assert len(central(told.memory.to_networkx(at=NOW), 1)) == 1


def test_two_that_lean_on_each_other_fall_together(told: Told) -> None:
    for name in ("a", "b"):
        told.add(name, day(1))
    told.memory.link(told.ids["a"], told.ids["b"], LinkKind.DEPENDS_ON)
    told.memory.link(told.ids["b"], told.ids["a"], LinkKind.DEPENDS_ON)
    assert {one.falls for one in central(told.memory.to_networkx(at=NOW))} == {(told.ids["a"],), (told.ids["b"],)}


def test_communities_share_what_others_do_not(told: Told) -> None:
    for number in range(4):
        told.add(f"db{number}", day(1), "src/db.py", labels=("all", "storage"))
        told.add(f"web{number}", day(1), "src/web.py", labels=("all", "pages"))
    told.add("alone", day(1))
    found = communities(told.memory.to_networkx(at=NOW))
    assert [sorted(told.names(*one.memories)) for one in found] == [
        ["db0", "db1", "db2", "db3"], ["web0", "web1", "web2", "web3"],
    ]  # fmt: skip
    assert [one.themes for one in found] == [("src/db.py", "storage", "all"), ("src/web.py", "pages", "all")]


@pytest.mark.heavy
def test_communities_are_the_same_in_every_process(tmp_path: Path) -> None:
    program = """
from graphmem.analysis import communities
from graphmem.demo.fresh import packaging_memory
graph = packaging_memory()[0].to_networkx()
print([sorted(graph.nodes[key]["title"] for key in one.memories) for one in communities(graph)])
"""
    told = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed, "TMPDIR": str(tmp_path)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1


def test_a_contest_lasts_as_long_as_two_hold(told: Told) -> None:
    told.add("a", day(1), subject="s")
    told.add("b", day(5), subject="s")
    told.add("other", day(1), subject="t")
    told.memory.end(told.ids["a"], at=day(9))
    (over,) = contested(told.memory.to_networkx(at=NOW))
    assert (over.subject, told.names(*over.claims), over.is_open, over.days) == ("s", ["a", "b"], False, 4.0)
    assert [(one.start, one.end) for one in over.overlap] == [(day(5), day(9))]
    (still,) = contested(told.memory.to_networkx(at=At(day(7))))
    assert (still.is_open, still.days) == (True, 2.0)


def test_what_was_replaced_or_amended_was_not_contested(told: Told) -> None:
    told.add("a", day(1), subject="s")
    told.add("b", day(5), subject="s")
    told.supersede("a", "b", day(5))
    told.memory.amend(told.ids["b"], "in part", "a part", at=day(6))
    assert contested(told.memory.to_networkx(at=NOW)) == ()


def test_churn_counts_by_period_and_area(told: Told) -> None:
    told.add("a", day(1, 1), labels=("x",))
    told.add("b", day(3, 2), labels=("x", "y"))
    told.supersede("a", "b", day(3, 2))
    told.add("to come", day(1, 12))
    graph = told.memory.to_networkx(at=At(day(1, 6)))
    assert churn(graph) == (Churn(day(1), "all", 2, 1),)
    assert churn(graph, every=Period.MONTH) == (Churn(day(1), "all", 1, 0), Churn(day(1, 2), "all", 1, 1))
    assert churn(graph, Area.LABEL, every=Period.QUARTER) == (Churn(day(1), "x", 2, 1), Churn(day(1), "y", 1, 0))
