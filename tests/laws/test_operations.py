"""Every operation of the ledger has its rules, and they agree with each other."""

from __future__ import annotations

from typing import get_args

import pytest

from graphmem import model
from graphmem.model import Change, Operation, Provenance, Scope
from graphmem.repository.repository_link import LinkRepository
from graphmem.temporal.operations import (
    MARKS,
    RULES,
    about,
    inner_operation,
    marks,
    needs,
    operation_name,
    renamed,
    touched,
)
from tests.test_ledger_bodies import NAMED

EXAMPLES = pytest.mark.parametrize("operation", [operation for operation, _, _ in NAMED.values()], ids=list(NAMED))
R = Scope(repo="r")


def undone(seq: int) -> Change:
    return Change(seq, model.BEGINNING, "op", model.Link("a", "b", model.LinkKind.FIXES), R, Provenance())


def test_every_operation_has_rules_of_its_own_name() -> None:
    assert set(RULES) == set(get_args(Operation))
    assert len({rules.name for rules in RULES.values()}) == len(RULES)


@EXAMPLES
def test_what_an_operation_names_is_renamed(operation: Operation) -> None:
    other = renamed(operation, {key: f"{key}2" for key in touched(operation)})
    is_add = isinstance(operation, model.Add)
    assert touched(other) == (touched(operation) if is_add else tuple(f"{key}2" for key in touched(operation)))
    assert renamed(operation, {"nobody": "else"}) is operation


@EXAMPLES
def test_a_store_reads_what_an_operation_names_first(operation: Operation) -> None:
    needed = needs(model.Request("op", operation, R))
    assert needed.ids == touched(operation)
    assert (
        needed.ids
        or needed.change
        or needed.branch
        or isinstance(operation, model.OpenBranch | model.ReadMainline | model.RecordRelocations | LinkRepository)
    )


@EXAMPLES
def test_marks_lead_to_all_that_an_entry_is_about(operation: Operation) -> None:
    found = marks(operation, undone)
    assert {kind for kind, _, _ in found} <= set(MARKS)
    if found:
        assert {key for _, key, _ in found} == set(about(operation, undone))


def test_marks_are_the_types_of_relationships_that_the_schema_knows() -> None:
    assert MARKS == (
        "SUPERSEDED",
        "RETRACTED",
        "CONFIRMED",
        "RATED",
        "LINKED",
        "REVOKED",
        "ERASED",
        "VERIFIED",
        "PROPOSED",
    )


def test_a_revocation_is_about_what_it_undoes() -> None:
    assert about(model.Revoke(3), undone) == ("a", "b")
    assert about(model.Propose(model.Revoke(3)), undone) == ("a", "b")
    assert about(model.Revoke(3), lambda _: None) == ()
    assert inner_operation(model.Propose(model.Revoke(3))) == model.Revoke(3)
    assert operation_name(model.MergeBranch("b")) == "merge_branch"
