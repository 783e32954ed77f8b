"""What every test can rely on: reproducible Hypothesis, an environment without graphmem's settings."""

from __future__ import annotations

import os
import platform
import signal

import apsw
import pytest
from hypothesis import HealthCheck, settings

from tests.servers import stop_servers
from tests.stores import absent

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
    "GRAPHMEM_TEST_NEO4J_URL", "GRAPHMEM_TEST_NEO4J_USER", "GRAPHMEM_TEST_NEO4J_PASSWORD",
    "GRAPHMEM_TEST_CHROMIUM",
    "GRAPHMEM_JAVA17_HOME", "GRAPHMEM_JAVA21_HOME", "GRAPHMEM_JAVA25_HOME",
})
# fmt: on


def pytest_configure() -> None:
    for name in os.environ.keys() - KEPT_SETTINGS:
        if name.startswith("GRAPHMEM_"):
            del os.environ[name]
    # What a shell runs in the background has Ctrl-C switched off, and so would the commands that tests interrupt.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Whichever asks first starts a server, for which a busy machine takes a minute; only a hang takes this long.
    for item in items:
        if "neo4j" in item.nodeid and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(400))


def pytest_unconfigure() -> None:
    stop_servers()


def pytest_report_header(config: pytest.Config) -> list[str]:
    profile = config.getoption("--hypothesis-profile", default=None) or "default"
    versions = (
        f"graphmem: SQLite {apsw.sqlite_lib_version()} (APSW {apsw.apsw_version()}), "
        f"{platform.system()} {platform.machine()}, hypothesis profile {profile!r}"
    )
    return [versions, *(f"graphmem: no tests on {reason}" for reason in absent())]
