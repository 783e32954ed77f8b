"""What every test can rely on: reproducible Hypothesis, an environment without graphmem's settings."""

from __future__ import annotations

import gc
import os
import platform
import signal
import sys
import tempfile
from contextlib import nullcontext
from typing import TYPE_CHECKING

import apsw
import pytest
from hypothesis import HealthCheck, settings

from tests.coverage_files import drop_damaged, measuring_paused
from tests.places import give_back, use_memory
from tests.schedule import (
    NAMED_SERVER,
    GroupScheduling,
    arrange,
    is_heavy,
    is_rehearsed,
    make_folder,
    measured_before,
    remove_folder,
    share_groups,
    shares_server,
)
from tests.servers import Access, neo4j_server, sharing, stop_servers
from tests.stores import absent

if TYPE_CHECKING:
    from collections.abc import Generator

    from xdist.remote import Producer

# Tests start thousands of processes, and each would compile all that it imports.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# `pytest --hypothesis-profile=explore` looks for new examples; the default repeats the same ones everywhere.
# How long an example takes says something about the machine, never about the code.
_TIMELESS = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("default", _TIMELESS, derandomize=True, database=None, print_blob=True)
settings.register_profile("explore", _TIMELESS, max_examples=2_000)
settings.load_profile("default")

# Read by tests themselves: where the real corpora are; how long the state machine runs, and from which seed; which
# Neo4j to use instead of one of their own, and which Java that one runs on; which Chromium shows the page.
# fmt: off
KEPT_SETTINGS = frozenset({
    "GRAPHMEM_DATA", "GRAPHMEM_SEED", "GRAPHMEM_STEPS",
    NAMED_SERVER, "GRAPHMEM_TEST_NEO4J_USER", "GRAPHMEM_TEST_NEO4J_PASSWORD",
    "GRAPHMEM_TEST_CHROMIUM",
    "GRAPHMEM_JAVA17_HOME", "GRAPHMEM_JAVA21_HOME", "GRAPHMEM_JAVA25_HOME",
})
# fmt: on

_STATE = tempfile.TemporaryDirectory(prefix="graphmem-state-")
_DAMAGED = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    use_memory()
    # What graphmem keeps for the user of a machine (trusted folders, entries in settings of hosts) is this run's own.
    os.environ["XDG_STATE_HOME"] = _STATE.name
    if _is_grouped(config):
        make_folder()
    else:
        gc.disable()  # until all is imported and collected
    for name in os.environ.keys() - KEPT_SETTINGS:
        if name.startswith("GRAPHMEM_"):
            del os.environ[name]
    # What a shell runs in the background has Ctrl-C switched off, and so would the commands that tests interrupt.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> GroupScheduling | None:
    return GroupScheduling(config, log) if _is_grouped(config) else None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if is_heavy(item):
            item.add_marker("heavy")
        if shares_server(item):
            item.add_marker("neo4j")
        # Whichever asks first starts a server, for which a busy machine takes a minute; only a hang takes this long.
        is_slow = item.get_closest_marker("heavy") or item.get_closest_marker("neo4j")
        if is_slow and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(400))
    rehearsed = list(filter(is_rehearsed, items))
    for item in rehearsed:
        item.add_marker("rehearsed")
    for item in (*rehearsed, *measured_before(items)):
        item.add_marker("unmeasured")
    if config.getoption("loadgroup", default=False):
        share_groups(arrange(items))


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Begin to look for garbage, and leave all that was imported and collected out of it: it stays to the end."""
    gc.freeze()
    gc.enable()


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtestloop(session: pytest.Session) -> Generator[None, object, object]:
    """Let pytest-cov combine whole files alone."""
    done = yield
    if _is_grouped(session.config):
        session.config.stash[_DAMAGED] = drop_damaged(session.config.rootpath)
    return done


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for name in config.stash.get(_DAMAGED, []):
        terminalreporter.write_line(f"graphmem: {name} was left half-written by a killed process, and is not counted")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    sharing.is_declared = shares_server(item)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    with measuring_paused(item.config) if item.get_closest_marker("unmeasured") else nullcontext():
        return (yield)


@pytest.fixture(scope="session")
def neo4j() -> Access:
    """The shared Neo4j server of the LTS release; whoever writes to it wipes it first."""
    return neo4j_server(0)


@pytest.fixture(scope="session")
def calendar() -> Access:
    """The shared Neo4j server of the calendar release; whoever writes to it wipes it first."""
    return neo4j_server(1)


@pytest.fixture(scope="session")
def bare_neo4j(neo4j: Access) -> Access:
    """The same as `neo4j`, for tests that change its schema: in a parallel run they come last."""
    return neo4j


def pytest_unconfigure(config: pytest.Config) -> None:
    stop_servers()
    if _is_grouped(config):
        remove_folder()
    _STATE.cleanup()
    give_back()


def _is_grouped(config: pytest.Config) -> bool:
    """Whether this process hands out tests in groups; those that run them say no."""
    return bool(config.getoption("dist", default="no") == "loadgroup")


def pytest_report_header(config: pytest.Config) -> list[str]:
    profile = config.getoption("--hypothesis-profile", default=None) or "default"
    versions = (
        f"graphmem: SQLite {apsw.sqlite_lib_version()} (APSW {apsw.apsw_version()}), "
        f"{platform.system()} {platform.machine()}, hypothesis profile {profile!r}"
    )
    return [versions, *(f"graphmem: no tests on {reason}" for reason in absent())]
