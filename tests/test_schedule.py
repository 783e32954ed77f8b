"""Which tests share a process in a parallel run, and the order in which they are handed out."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from tests import servers
from tests.schedule import arrange, is_rehearsed, shares_server
from tests.stores import BACKENDS


@dataclass
class Fake:
    """What is read of a collected test."""

    nodeid: str
    fixturenames: tuple[str, ...] = ()
    params: dict[str, object] = field(default_factory=dict)
    marks: list[pytest.MarkDecorator] = field(default_factory=list)

    @property
    def callspec(self) -> Fake:
        return self

    def get_closest_marker(self, name: str) -> pytest.MarkDecorator | None:
        return next((one for one in self.marks if one.name == name), None)


NEO4J = next(one for one in BACKENDS if one.name == "neo4j")
SQLITE = next(one for one in BACKENDS if one.name == "sqlite")


def arranged(*tests: Fake) -> list[tuple[str, str]]:
    """The names of tests with their groups, as they are handed out."""
    return list(arrange(list(tests)).items())  # type: ignore[arg-type]


def test_what_needs_the_server_is_one_group_and_comes_first_and_schema_changes_last_of_it() -> None:
    assert arranged(
        Fake("tests/a.py::one"),
        Fake("tests/a.py::two[sqlite]", params={"backend": SQLITE}),
        Fake("tests/b.py::long", marks=[pytest.mark.heavy]),
        Fake("tests/b.py::bare", ("bare_neo4j", "neo4j")),
        Fake("tests/a.py::two[neo4j]", params={"backend": NEO4J}),
        Fake("tests/c.py::one", ("calendar",)),
    ) == [
        ("tests/a.py::two[neo4j]", "neo4j"),
        ("tests/c.py::one", "neo4j"),
        ("tests/b.py::bare", "neo4j"),
        ("tests/b.py::long", "tests/b.py"),
        ("tests/a.py::one", "tests/a.py"),
        ("tests/a.py::two[sqlite]", "tests/a.py"),
    ]


def test_stores_that_stand_in_for_real_ones_are_not_measured() -> None:
    found = {one.name: is_rehearsed(Fake("tests/a.py::two", params={"backend": one})) for one in BACKENDS}  # type: ignore[arg-type]
    assert found == {"oracle": True, "planned": True, "sqlite": False, "neo4j": False}


def test_tests_of_the_page_share_one_chromium() -> None:
    assert arranged(Fake("tests/web/test_a.py::one"), Fake("tests/web/test_b.py::two")) == [
        ("tests/web/test_a.py::one", "tests/web"),
        ("tests/web/test_b.py::two", "tests/web"),
    ]


def test_a_test_that_did_not_declare_it_gets_no_server(request: pytest.FixtureRequest) -> None:
    assert not shares_server(request.node)
    with pytest.raises(AssertionError, match="ask for the fixture `neo4j` or `calendar`"):
        servers.neo4j_server()
