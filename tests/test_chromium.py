"""Finding the browser that tests of the page drive."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools import chromium
from tools.chromium import ChromiumMissing


def test_a_named_one_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "browser"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("GRAPHMEM_TEST_CHROMIUM", str(program))
    assert chromium.chromium() == program


def test_a_name_that_is_no_program_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAPHMEM_TEST_CHROMIUM", "/nowhere/browser")
    with pytest.raises(ChromiumMissing, match="'/nowhere/browser', which is no program: correct it, or unset it"):
        chromium.chromium()


def test_without_one_the_fix_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("GRAPHMEM_TEST_CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(chromium, "_PLACES", ())
    with pytest.raises(ChromiumMissing, match="apt-get install chromium"):
        chromium.chromium()
