"""Data files of coverage that a killed process left half-written."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from coverage import CoverageData
from coverage.data import combine_parallel_data

from tests.coverage_files import drop_damaged


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
