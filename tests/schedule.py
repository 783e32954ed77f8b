"""Which tests of a parallel run share a process, and in which order they are handed out.

Tests that share a Neo4j server run in one process, in two halves that have a server each (ADR-0054), and so do those
of one package that share a Chromium; all others go file by file to whichever process is free. What takes longest comes
first, so that no process is left with it at the end. Tests that change the schema come last of those on a server: each
change makes it plan every statement anew.

Of a test that is repeated on stores, coverage is measured once on each, not again for each of its other parameters.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

import pytest
from xdist.scheduler import LoadScopeScheduling

if TYPE_CHECKING:
    from xdist.remote import Producer

#: The variable that names a running server to use instead of one of our own.
NAMED_SERVER = "GRAPHMEM_TEST_NEO4J_URL"
#: Fixtures that hand out a shared server, and the one that also hands it out without a schema.
_CALENDAR = "calendar"
_SERVERS = frozenset({"neo4j", _CALENDAR})
_CHANGES_SCHEMA = "bare_neo4j"
#: Stores that tests are repeated on.
_NEO4J, _STAND_INS = frozenset({"neo4j"}), frozenset({"oracle", "planned"})
_STORES = _NEO4J | _STAND_INS | {"sqlite"}
#: Folders whose tests on Neo4j take about as long as all others together, and restore into the calendar release.
_OTHER_HALF = ("tests/contract", "tests/service")
#: Folders and files whose tests start many processes, or take many seconds together.
_LONG = (
    "tests/adapters/sqlite/test_processes.py",
    "tests/analysis/test_pictures.py",
    "tests/benchmarks",
    "tests/cli/test_copy_command.py",
    "tests/cli/test_process.py",
    "tests/doctor/test_files.py",
    "tests/doctor/test_servers.py",
    "tests/http/test_process.py",
    "tests/http/test_trace_spans.py",
    "tests/laws/test_overlay.py",
    "tests/mcp_server/test_roots.py",
    "tests/mcp_server/test_transports.py",
    "tests/parity/test_use_cases.py",
    "tests/sources/decisions/test_hostile_texts.py",
    "tests/sources/manifests/test_hostile_texts.py",
    "tests/test_bootstrap.py",
    "tests/torture",
)
#: Fixtures that start a Chromium, or a server for one module.
_OWN = frozenset({"browser", "kept"})
#: One Chromium is open for each of these folders.
_PACKAGES = ("tests/web",)


def shares_server(item: pytest.Item) -> bool:
    """Whether a test needs a shared Neo4j server: by a fixture, or as one of the stores that it is repeated on."""
    return bool(_SERVERS & _fixtures(item)) or any(_is_store(one, _NEO4J) for one in _parameters(item))


def is_heavy(item: pytest.Item) -> bool:
    """Whether `make check` leaves a test out: it stands in the list above, or a fixture starts something of its own."""
    return bool(_OWN & _fixtures(item)) or _is_long(_file(item))


def is_rehearsed(item: pytest.Item) -> bool:
    """Whether a test runs on a store that stands in for a real one; on SQLite it takes the same lines, and more."""
    return any(_is_store(one, _STAND_INS) for one in _parameters(item))


def measured_before(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """The tests on stores that repeat with other parameters, on the same stores, what one before them runs."""
    found: dict[tuple[str, frozenset[str]], pytest.Item] = {}
    on_stores = [(item, stores) for item in items if (stores := _stores(item))]
    return [item for item, stores in on_stores if found.setdefault((_name(item), stores), item) is not item]


def arrange(items: list[pytest.Item]) -> dict[str, str]:
    """Put tests in the order described above.

    Returns:
        The group of each test by its id.
    """
    items.sort(key=_turn)
    return {item.nodeid: _group(item) for item in items}


class GroupScheduling(LoadScopeScheduling):
    """Hands out whole groups in the order of the collection: `pytest --dist=loadgroup --no-loadscope-reorder`.

    xdist itself reads groups off the ids of tests, where pytest 9.2 lets no plugin write. So each process that collects
    writes them to a folder, whose path it inherits from the process that schedules.
    """

    def __init__(self, config: pytest.Config, log: Producer | None = None) -> None:
        super().__init__(config, log)
        self._groups: dict[str, str] = {}

    def schedule(self) -> None:
        """See xdist; called when every process has collected."""
        if not self._groups:
            self._groups = json.loads(next(_folder().glob("*.json")).read_text(encoding="utf-8"))
        super().schedule()

    def _split_scope(self, nodeid: str) -> str:
        return self._groups[nodeid]


def share_groups(groups: dict[str, str]) -> None:
    """Tell the process that schedules."""
    (_folder() / f"{os.environ['PYTEST_XDIST_WORKER']}.json").write_text(json.dumps(groups), encoding="utf-8")


def make_folder() -> None:
    """Make the folder for groups, in the process that schedules, before it starts others."""
    os.environ[_VARIABLE] = tempfile.mkdtemp(prefix="graphmem-groups-")


def remove_folder() -> None:
    """Remove it at the end."""
    shutil.rmtree(_folder(), ignore_errors=True)


_VARIABLE = "PYTEST_GROUPS_FOLDER"


def _folder() -> Path:
    return Path(os.environ[_VARIABLE])


def _group(item: pytest.Item) -> str:
    file = _file(item)
    if shares_server(item):
        is_other = _CALENDAR in _fixtures(item) or any(file.is_relative_to(one) for one in _OTHER_HALF)
        # A server that was named has one database for all.
        return "neo4j, other half" if is_other and NAMED_SERVER not in os.environ else "neo4j"
    return next((one for one in _PACKAGES if file.is_relative_to(one)), str(file))


def _file(item: pytest.Item) -> PurePath:
    return _path(item.nodeid.partition("::")[0])


# Thousands of tests, a few hundred files.
_path = cache(PurePath)


@cache
def _is_long(file: PurePath) -> bool:
    return any(file.is_relative_to(one) for one in _LONG)


def _turn(item: pytest.Item) -> int:
    if shares_server(item):
        return 1 if _CHANGES_SCHEMA in _fixtures(item) else 0
    return 2 if item.get_closest_marker("heavy") else 3


def _fixtures(item: pytest.Item) -> frozenset[str]:
    return frozenset(getattr(item, "fixturenames", ()))


def _parameters(item: pytest.Item) -> list[object]:
    spec = getattr(item, "callspec", None)
    return [] if spec is None else list(spec.params.values())


def _name(item: pytest.Item) -> str:
    return item.nodeid.partition("[")[0]


def _stores(item: pytest.Item) -> frozenset[str]:
    return frozenset(name for name in _STORES if any(_is_store(one, frozenset({name})) for one in _parameters(item)))


def _is_store(parameter: object, names: frozenset[str]) -> bool:
    return getattr(parameter, "name", None) in names
