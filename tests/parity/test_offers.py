"""The table leaves out nothing: whatever a surface offers is a verb that use cases ask for there, well and ill."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphmem.http.app import create_app
from graphmem.mcp_server.tool_callers import LocalCaller
from tests.parity import surface_cli, surface_http, surface_mcp
from tests.parity.surfaces import EVERY_VERB, VERBS
from tests.parity.test_use_cases import CASES, table
from tests.parity.use_case import Surface
from tests.parity.world import HERE, opened

#: What is about a place, a server, or the one who asks, and so is one surface's own.
OF_ONE_SURFACE = {
    Surface.CLI: {
        *(
            "ingest git",
            "ingest repository",
            "ingest rules",
            "ingest structure",
            "ingest tasks",
            "ingest trailers",
            "ingest bans",
            "ingest incidents",
        ),
        *(
            "install",
            "uninstall",
            "on",
            "trust",
            "setup",
            "capture",
            "verify",
            "reconcile",
            "ci",
            "init",
            "copy",
            "copy-for-hooks",
            "import",
            "completion",
            "docs",
            "doctor",
            "serve",
            "browser",
            "mcp",
        ),
        *("schema status", "schema apply", "schema diff", "schema vectors"),
        *("graphiti on", "graphiti off", "graphiti sync", "graphiti rebuild", "graphiti status"),
        *("key create", "key list", "key rotate", "key revoke"),
        *("model status", "model verify"),
        *("hooks install", "hooks uninstall", "hooks status", "hooks run", "webhooks status", "webhooks run"),
        "repo compare",
    },
    Surface.HTTP: {"/healthz", "/readyz", "/metrics"},
}
#: Verbs that no argument makes wrong.
NEVER_REFUSED = {"check", "status", "export", "ingest", "repositories", "scrub", "retain"}


def test_every_verb_of_the_service_is_in_the_table() -> None:
    assert {case.verb for case in CASES} == EVERY_VERB


@pytest.mark.parametrize("surface", Surface)
def test_every_verb_is_asked_well_and_ill_on_every_surface_that_offers_it(surface: Surface) -> None:
    asked = {(case.verb, case.code is None) for case, where in table() if where is surface}
    assert {verb for verb, _ in asked} == VERBS[surface]
    refused = VERBS[surface] - NEVER_REFUSED
    assert {verb for verb, is_answered in asked if not is_answered} >= refused
    answered = VERBS[surface] - ({"backup", "to_networkx"} if surface is Surface.CLIENT else set())
    assert {verb for verb, is_answered in asked if is_answered} == answered


def test_every_command_is_a_verb() -> None:
    verbs = {command for command, _ in surface_cli.COMMANDS.values()}
    assert set(surface_cli.offered()) == verbs | OF_ONE_SURFACE[Surface.CLI]


def test_every_route_is_a_verb(tmp_path: Path) -> None:
    with opened(tmp_path) as memory:
        offered = surface_http.offered(create_app(memory, None))
    routes = [*surface_http.ROUTES.values(), surface_http.READING]
    verbs = {(one.method, one.path) for one in routes}
    assert offered == verbs | {("GET", path) for path in OF_ONE_SURFACE[Surface.HTTP]}


def test_every_tool_is_a_verb(tmp_path: Path) -> None:
    with opened(tmp_path) as memory:
        assert surface_mcp.offered(memory, LocalCaller(HERE)) == set(surface_mcp.TOOLS.values())


def test_what_a_surface_has_no_words_for_is_a_verb_of_its() -> None:
    for case in CASES:
        assert all(case.verb in VERBS[surface] for surface in case.lacks), case


def test_use_cases_have_names_of_their_own() -> None:
    names = [str(case) for case in CASES]
    assert len(names) == len(set(names))
