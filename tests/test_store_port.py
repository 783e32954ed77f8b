"""Every store offers the whole port, with the port's own signatures."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import pytest

from graphmem.adapters.neo4j import Neo4jStore
from graphmem.adapters.sqlite import SQLiteStore
from graphmem.store import Store
from tests.oracle import OracleStore
from tests.oracle.planned import PlannedStore

if TYPE_CHECKING:
    # mypy holds each of them to the port.
    SATISFIED: tuple[type[Store], ...] = (SQLiteStore, Neo4jStore, OracleStore, PlannedStore)

STORES = (SQLiteStore, Neo4jStore, OracleStore, PlannedStore)
# fmt: off
METHODS = {
    "apply", "restore", "save_vectors", "adopt_model",
    "tenants", "model", "secret", "position", "pin", "changes", "change_by_op_id", "changes_of", "rows",
    "rows_with_rivals", "select", "match", "ids_beginning", "guarding", "guard_terms", "guiding", "readings",
    "repositories", "sources",
    "neighbours", "contested_subjects", "forked", "declared_conflicts", "without_vector",
    "export", "backup", "check", "info", "close", "__enter__", "__exit__",
}
# fmt: on


def port_methods() -> dict[str, inspect.Signature]:
    own = {name: one for name, one in vars(Store).items() if inspect.isfunction(one)}
    return {name: inspect.signature(one) for name, one in own.items() if name in METHODS}


def test_the_port_is_what_it_is_thought_to_be() -> None:
    public = {name for name, one in vars(Store).items() if inspect.isfunction(one) and not name.startswith("_")}
    assert public == {name for name in METHODS if not name.startswith("_")}
    assert port_methods().keys() == METHODS


@pytest.mark.parametrize("store", STORES)
@pytest.mark.parametrize("name", sorted(METHODS))
def test_a_store_has_each_method_with_the_signature_of_the_port(store: type[object], name: str) -> None:
    ours, theirs = port_methods()[name], inspect.signature(getattr(store, name))
    assert str(theirs) == str(ours)


@pytest.mark.parametrize("name", sorted(name for name in METHODS if not name.startswith("_")))
def test_the_port_says_what_each_method_promises(name: str) -> None:
    assert inspect.getdoc(getattr(Store, name))
