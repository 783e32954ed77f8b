"""What is measured of coverage: where it pauses, and data files that a killed process left half-written.

Tracing doubles the processor time of whatever it measures.

Tests kill processes at any moment, also while one writes what it measured at its end. Coverage writes without a
journal, so such a file may be damaged anywhere, and one damaged file ends the combination of all.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from coverage import Coverage, CoverageData
from coverage.exceptions import CoverageException

#: By it, coverage is measured in processes that one starts.
_INHERITED = "COVERAGE_PROCESS_CONFIG"
_READS = (
    "SELECT * FROM arc",
    "SELECT * FROM context",
    "SELECT * FROM coverage_schema",
    "SELECT * FROM line_bits",
    "SELECT * FROM meta",
    "SELECT * FROM tracer",
)


def drop_damaged(folder: Path) -> list[str]:
    """Remove the damaged data files of a folder.

    Returns:
        Their names.
    """
    damaged = [one for one in sorted(folder.glob(".coverage.*")) if one.suffix != ".combine" and not _is_whole(one)]
    for one in damaged:
        one.unlink()
    return [one.name for one in damaged]


@contextmanager
def measuring_paused(config: pytest.Config) -> Iterator[None]:
    """Coverage is measured neither here nor in the processes that are started meanwhile.

    In each process of a parallel run, which is the child of one that measures, coverage itself began to measure before
    pytest-cov did, and would go on whenever that pauses. The first pause ends it; its data are saved at the end.
    """
    plugin = config.pluginmanager.getplugin("_cov")
    controller = plugin and plugin.cov_controller  # pytest-cov's own; none where it measures nothing
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(_INHERITED, raising=False)
        if controller:
            controller.pause()
            while (inherited := Coverage.current()) is not None:
                inherited.stop()
        try:
            yield
        finally:
            if controller:
                controller.resume()


def _is_whole(path: Path) -> bool:
    try:
        CoverageData(str(path), read_only=True).read()
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            found = connection.execute("PRAGMA integrity_check").fetchall()
            # A path that is no text raises an error as it is read, or is of another type.
            paths = [row[0] for row in connection.execute("SELECT path FROM file")]
            for read in _READS:
                connection.execute(read).fetchall()
    except (CoverageException, sqlite3.Error, UnicodeDecodeError):
        return False
    return found == [("ok",)] and all(isinstance(one, str) for one in paths)
