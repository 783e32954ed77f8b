"""`.ci/run` where every program only says that it was called: its order, its end, and how it names a failure."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# Stands for the interpreter of every environment, and for graphmem.
PYTHON = """#!/bin/bash
echo "called $*"
case "$*" in
  *hatchling*) mkdir -p "${@: -1}"; touch "${@: -1}/graphmem-1.whl" ;;
  *bootstrap*) mkdir -p "$2/bin"; cp "$0" "$2/bin/python"; cp "$0" "$2/bin/graphmem" ;;
  *"pip list"*) echo graphmem==1 ;;
  *check_image*) [ "$FAILS" != image ] || exit 3 ;;
  *check_sentence*) [ "$FAILS" != suite ] || { touch waiting; exec sleep 600; } ;;
esac
"""
MAKEFILE = """env docs lint fuzz:
\t@echo made $@
suite:
\t@echo '1.25s call     tests/test_a.py::test_one'
\t@until [ "$$FAILS" != suite ] || [ -e waiting ]; do sleep 0.01; done
\t@test "$$FAILS" != suite
"""
BESIDE = (
    "Wheel",
    "Wheel in an empty environment",
    "README and guides, run as a reader would",
    "Dockerfile and Compose service, carried out without Docker",
    "sentence-transformers, in an environment of its own",
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").write_text(PYTHON)
    (tmp_path / ".venv" / "bin" / "python").chmod(0o755)
    (tmp_path / "Makefile").write_text(MAKEFILE)
    shutil.copytree(ROOT / ".ci", tmp_path / ".ci")
    return tmp_path


def run(checkout: Path, fails: str = "") -> tuple[int, list[str]]:
    """Exit status and lines of a run that leaves nothing behind."""
    (checkout / "work").mkdir()
    environment = {**os.environ, "FAILS": fails, "TMPDIR": str(checkout / "work")}
    done = subprocess.run(
        ["bash", ".ci/run"], cwd=checkout, env=environment, capture_output=True, text=True, check=False
    )
    assert list((checkout / "work").iterdir()) == [], done.stderr
    return done.returncode, done.stdout.splitlines()


def sections(lines: list[str]) -> list[str]:
    return [line.removeprefix("======== ") for line in lines if line.startswith("========")]


def test_every_section_is_shown_whole_and_its_seconds_and_the_slowest_tests_come_last(checkout: Path) -> None:
    code, lines = run(checkout)
    alone = ["Environment", "Documentation", "Lint and types", "Tests", "Schemathesis, a minute of it"]
    assert (code, sections(lines)) == (0, [*alone, "The rest of what ran beside the tests", *BESIDE, "Passed"])
    end = lines[lines.index("======== Passed") :]
    assert "1.25s call     tests/test_a.py::test_one" in end
    assert {line.partition(" s  ")[2] for line in end} >= {*alone, *BESIDE, "in all"}


def test_what_fails_beside_the_tests_is_named(checkout: Path) -> None:
    code, lines = run(checkout, "image")
    assert (code, sections(lines)[-1]) == (3, f"Failed in: {BESIDE[3]}")
    assert BESIDE[4] not in sections(lines)


def test_when_the_tests_fail_what_runs_beside_them_is_ended_and_shown(checkout: Path) -> None:
    code, lines = run(checkout, "suite")
    assert (code, sections(lines)[-1]) == (2, "Failed in: Tests")
    assert sections(lines)[4:-1] == [*BESIDE]
