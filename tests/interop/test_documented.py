"""The code of docs/graphiti.md does what the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "graphiti.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
SHOWN = re.findall(r"^```text\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def test_its_blocks_run_one_after_the_other_and_print_what_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "documented"}
    for block in BLOCKS:
        exec(compile(block, "docs/graphiti.md", "exec", flags=0, dont_inherit=True), names)  # noqa: S102
    assert capsys.readouterr().out == "".join(SHOWN)
    assert {"then", "listen", "accept"} <= names.keys()
