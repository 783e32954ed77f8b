"""Where coverage pauses, and data files of it that a killed process left half-written."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from coverage import CoverageData
from coverage.data import combine_parallel_data

from tests.coverage_files import drop_damaged

ROOT = Path(__file__).parent.parent


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    data = CoverageData(str(tmp_path / ".coverage.host.1"))
    data.add_arcs({f"/src/file_{n:03}.py": [(line, line + 1) for line in range(40)] for n in range(200)})
    data.write()
    return tmp_path / ".coverage.host.1"


def combined(folder: Path) -> set[str]:
    data = CoverageData(str(folder / ".coverage"))
    combine_parallel_data(data, data_paths=[str(folder)], keep=True)
    return data.measured_files()


def test_a_whole_file_stays(whole: Path) -> None:
    assert drop_damaged(whole.parent) == []
    assert len(combined(whole.parent)) == 200


@pytest.mark.parametrize("size", [0, 100, 4096, 9000])
def test_a_file_cut_short_goes_and_the_rest_combines(whole: Path, size: int) -> None:
    broken = whole.with_name(".coverage.host.2")
    broken.write_bytes(whole.read_bytes()[:size])
    assert drop_damaged(whole.parent) == [broken.name]
    assert len(combined(whole.parent)) == 200


@pytest.mark.parametrize("seed", range(20))
def test_what_stays_combines_whatever_page_was_not_written(whole: Path, seed: int) -> None:
    body = bytearray(whole.read_bytes())
    rng = random.Random(seed)  # noqa: S311 - choices of a test
    start = rng.randrange(len(body) // 4096) * 4096
    body[start : start + 4096] = rng.choice([bytes(4096), rng.randbytes(4096)])
    whole.with_name(".coverage.host.2").write_bytes(body)
    drop_damaged(whole.parent)
    assert len(combined(whole.parent)) >= 200


def test_a_path_that_is_no_text_goes(whole: Path) -> None:
    broken = whole.with_name(".coverage.host.2")
    broken.write_bytes(whole.read_bytes().replace(b"/src/file_100.py", b"/src/\xff\xfe\xff\xfe_00.py"))
    assert drop_damaged(whole.parent) == [broken.name]


MODULE = """
def one() -> int:
    return 1

def two() -> int:
    return 2

if __name__ == "__main__":
    two()
"""
TESTS = """
import os
import subprocess
import sys
import pytest
from tests.coverage_files import measuring_paused
import measured

@pytest.mark.parametrize("is_paused", [True, False])
def test_it(request, is_paused):
    if is_paused:
        with measuring_paused(request.config):
            measured.two()
            subprocess.run([sys.executable, "measured.py"], check=True)
    else:
        assert measured.one() == 1
        assert "COVERAGE_PROCESS_CONFIG" in os.environ
"""


@pytest.mark.heavy
@pytest.mark.parametrize("parallel", [[], ["--numprocesses=1"]], ids=["alone", "in a process of a parallel run"])
def test_what_runs_during_a_pause_is_not_measured_and_what_runs_after_it_is(
    tmp_path: Path, parallel: list[str]
) -> None:
    (tmp_path / "measured.py").write_text(MODULE)
    (tmp_path / "test_it.py").write_text(TESTS)
    (tmp_path / "coveragerc").write_text("[run]\nbranch = true\nparallel = true\npatch = subprocess\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir=."]
    options = ["--cov=measured", "--cov-config=coveragerc", "--cov-report=term-missing:skip-covered", "test_it.py"]
    ours = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    environment = {**ours, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    done = subprocess.run(
        [*command, *options, *parallel], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    (line,) = [one for one in done.stdout.splitlines() if one.startswith("measured.py")]
    assert line.split()[-2:] == ["6,", "9"]
