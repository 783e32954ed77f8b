"""Which tests share a process in a parallel run, and the order in which they are handed out."""

from __future__ import annotations

import gc
from dataclasses import dataclass, field

import pytest

from tests import servers
from tests.schedule import NAMED_SERVER, arrange, is_rehearsed, measured_before, shares_server
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


@pytest.fixture(autouse=True)
def _no_named_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(NAMED_SERVER, raising=False)


def test_what_needs_the_server_is_one_group_and_comes_first_and_schema_changes_last_of_it() -> None:
    assert arranged(
        Fake("tests/a.py::one"),
        Fake("tests/a.py::two[sqlite]", params={"backend": SQLITE}),
        Fake("tests/b.py::long", marks=[pytest.mark.heavy]),
        Fake("tests/b.py::bare", ("bare_neo4j", "neo4j")),
        Fake("tests/a.py::two[neo4j]", params={"backend": NEO4J}),
        Fake("tests/c.py::one", ("neo4j",)),
    ) == [
        ("tests/a.py::two[neo4j]", "neo4j"),
        ("tests/c.py::one", "neo4j"),
        ("tests/b.py::bare", "neo4j"),
        ("tests/b.py::long", "tests/b.py"),
        ("tests/a.py::one", "tests/a.py"),
        ("tests/a.py::two[sqlite]", "tests/a.py"),
    ]


TWO_HALVES = (
    Fake("tests/adapters/neo4j/test_a.py::one", ("neo4j",)),
    Fake("tests/contract/test_b.py::one[neo4j]", params={"backend": NEO4J}),
    Fake("tests/interop/test_c.py::one", ("calendar",)),
)


def test_what_needs_the_server_comes_in_halves_that_have_one_each_and_the_calendar_release_is_in_one() -> None:
    halves = ["neo4j", "neo4j, other half", "neo4j, other half"]
    assert [group for _, group in arranged(*TWO_HALVES)] == halves


def test_a_server_that_is_named_is_used_by_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(NAMED_SERVER, "bolt://127.0.0.1:7687")
    assert {group for _, group in arranged(*TWO_HALVES)} == {"neo4j"}


def test_coverage_is_measured_once_on_each_store_and_always_without_one() -> None:
    tests = [
        Fake("tests/a.py::one"),
        Fake("tests/a.py::two[sqlite-x]", params={"backend": SQLITE, "word": "x"}),
        Fake("tests/a.py::two[sqlite-y[]", params={"backend": SQLITE, "word": "y["}),
        Fake("tests/a.py::two[neo4j-x]", params={"backend": NEO4J, "word": "x"}),
        Fake("tests/a.py::two[neo4j-y[]", params={"backend": NEO4J, "word": "y["}),
        Fake("tests/b.py::two[x]", params={"word": "x"}),
        Fake("tests/b.py::two[y]", params={"word": "y"}),
    ]
    found = measured_before(tests)  # type: ignore[arg-type]
    assert [one.nodeid for one in found] == ["tests/a.py::two[sqlite-y[]", "tests/a.py::two[neo4j-y[]"]


def test_stores_that_stand_in_for_real_ones_are_not_measured() -> None:
    found = {one.name: is_rehearsed(Fake("tests/a.py::two", params={"backend": one})) for one in BACKENDS}  # type: ignore[arg-type]
    assert found == {"oracle": True, "planned": True, "sqlite": False, "neo4j": False}


def test_tests_of_the_page_share_one_chromium() -> None:
    assert arranged(Fake("tests/web/test_a.py::one"), Fake("tests/web/test_b.py::two")) == [
        ("tests/web/test_a.py::one", "tests/web"),
        ("tests/web/test_b.py::two", "tests/web"),
    ]


def test_garbage_is_looked_for_while_tests_run() -> None:
    assert gc.isenabled()
    assert gc.get_freeze_count() > 10_000


def test_a_test_that_did_not_declare_it_gets_no_server(request: pytest.FixtureRequest) -> None:
    assert not shares_server(request.node)
    with pytest.raises(AssertionError, match="ask for the fixture `neo4j` or `calendar`"):
        servers.neo4j_server()
