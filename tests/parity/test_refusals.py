"""Refusals that no argument brings about: of every kind of error, and of keys; the same code on every surface."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from graphmem import GraphMemory
from graphmem.client import Connection, RemoteMemory
from graphmem.errors import Conflict, GraphMemError
from graphmem.http.app import create_app
from graphmem.http.authentication import Caller
from graphmem.keys import Key, KeyRing, Permission
from graphmem.mcp_server.key_callers import KeyCaller
from tests.parity.surface_http import Requests
from tests.parity.surface_mcp import Agent
from tests.parity.surface_typed import Typed
from tests.parity.surfaces import URL, VERBS, Asked, surface_on
from tests.parity.use_case import Refused, Surface
from tests.parity.world import HERE, NOW, make, opened


@pytest.mark.parametrize("surface", Surface)
@pytest.mark.parametrize("kind", GraphMemError.__subclasses__(), ids=lambda kind: kind.code)
def test_every_error_has_one_code(
    surface: Surface, kind: type[GraphMemError], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise Conflict("what was wrong", ("a", "b")) if kind is Conflict else kind("what was wrong")

    monkeypatch.setattr(GraphMemory, "history", refuse)
    with surface_on(surface, tmp_path) as found, pytest.raises(Refused, match="what was wrong") as told:
        found.ask("history", {"key": "x"})
    assert (told.value.code, told.value.heads) == (kind.code, ("a", "b") if kind is Conflict else ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A use case of somebody who holds a key.

    Attributes:
        code: Of the refusal; None if the key allows it.
        bound: To what the key is bound.
    """

    name: str
    permissions: tuple[Permission, ...]
    verb: str
    asked: Mapping[str, Any]
    code: str | None
    bound: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


READ, WRITE, REVIEW, ADMIN = Permission.READ, Permission.WRITE, Permission.REVIEW, Permission.ADMIN
WORDS = {"statement": "Words", "write": {"op_id": "w"}}
ONE = {"key": "lint", "write": {"op_id": "w"}}
SHOP, TWO = {"repos": ("shop",)}, {"repos": ("shop", "other")}
IN_BILLING = {"repo": "billing"}

HELD = (
    Held(name="a reader reads", permissions=(READ,), verb="search", asked={"query": "lint"}, code=None),
    Held(name="a writer writes", permissions=(WRITE,), verb="add", asked=WORDS, code=None),
    Held(name="a reader writes", permissions=(READ,), verb="add", asked=WORDS, code="forbidden"),
    Held(name="a writer reads", permissions=(WRITE,), verb="explain", asked={"key": "lint"}, code="forbidden"),
    Held(name="a writer retracts", permissions=(READ, WRITE), verb="retract", asked=ONE, code="forbidden"),
    Held(name="a writer erases", permissions=(READ, WRITE), verb="erase", asked=ONE, code="forbidden"),
    Held(name="a reviewer retracts", permissions=(REVIEW,), verb="retract", asked=ONE, code=None),
    Held(name="a reviewer exports", permissions=(READ, REVIEW), verb="export", asked={}, code="forbidden"),
    Held(name="a keeper exports", permissions=(ADMIN,), verb="export", asked={}, code=None),
    Held(name="a keeper checks all tenants", permissions=(READ, ADMIN), verb="check", asked={}, code="forbidden"),
    Held(
        name="in another repository",
        permissions=(READ,),
        verb="search",
        asked={"query": "x", "scope": IN_BILLING},
        code="forbidden",
        bound=SHOP,
    ),
    Held(
        name="writing in another repository",
        permissions=(WRITE,),
        verb="add",
        asked={"statement": "Words", "write": {"op_id": "w", "scope": IN_BILLING}},
        code="forbidden",
        bound=SHOP,
    ),
    Held(
        name="writing in none of two repositories",
        permissions=(WRITE,),
        verb="end",
        asked={"key": "lint", "write": {"op_id": "w", "scope": {"repo": None}}},
        code="forbidden",
        bound=TWO,
    ),
    Held(
        name="as somebody else",
        permissions=(READ,),
        verb="list",
        asked={"scope": {"repo": "shop", "user": "ann"}},
        code="forbidden",
        bound={"user": "bob"},
    ),
    Held(
        name="of another tenant",
        permissions=(READ,),
        verb="list",
        asked={"scope": {"tenant": "acme"}},
        code="not_found",
    ),
    Held(name="of a part alone", permissions=(READ,), verb="status", asked={}, code="forbidden", bound=SHOP),
)
KEYED = (Surface.HTTP, Surface.CLIENT, Surface.MCP)


def held_on() -> Iterator[tuple[Held, Surface]]:
    """Every use case on every surface that knows keys and has the verb."""
    return ((case, surface) for case in HELD for surface in KEYED if case.verb in VERBS[surface])


def surface_with(surface: Surface, memory: GraphMemory, folder: Path, draft: Key) -> Asked:
    """A surface as the holder of a new key sees it."""
    ring = KeyRing(folder / "keys.json", lambda: NOW)
    granted = ring.create(draft)
    if surface is Surface.MCP:
        return Agent(memory, KeyCaller(Caller(granted.key), HERE))
    http = TestClient(create_app(memory, ring), base_url=URL)
    if surface is Surface.HTTP:
        return Requests(http, granted.text)
    connection = Connection(URL, granted.text, http=http, pause=lambda _: None)
    return Typed(RemoteMemory(connection, scope=HERE), folder)


@pytest.mark.filterwarnings("ignore:You should not use the 'timeout' argument with the TestClient")
@pytest.mark.parametrize(("case", "surface"), list(held_on()), ids=str)
def test_a_key_allows_the_same_everywhere(case: Held, surface: Surface, tmp_path: Path) -> None:
    make(tmp_path)
    draft = Key(
        id="",
        digest="",
        name="tester",
        tenant="default",
        permissions=case.permissions,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        **case.bound,
    )
    with opened(tmp_path) as memory:
        found = surface_with(surface, memory, tmp_path, draft)
        if case.code is None:
            assert found.ask(case.verb, dict(case.asked))
            return
        with pytest.raises(Refused) as refusal:
            found.ask(case.verb, dict(case.asked))
    assert refusal.value.code == case.code
