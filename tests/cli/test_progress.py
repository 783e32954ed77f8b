"""Progress is for whoever watches standard error, and for nobody else."""

from __future__ import annotations

import io
import sys

import pytest

from graphmem.cli.output import progress
from graphmem.store import Finding
from tests.cli.conftest import Tool


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_is_drawn_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    with progress("reindex") as tell:
        tell(1, 4)
    assert "reindex" in screen.getvalue()


def test_nothing_is_drawn_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    with progress("reindex") as tell:
        tell(1, 4)
    assert screen.getvalue() == ""


def test_a_finding_of_check_fails_the_command(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [Finding("ledger of default", "entry 3 was changed")]
    monkeypatch.setattr("graphmem.service.store_verbs.StoreVerbs.check", lambda _: found)
    done = tool.run("check")
    assert (done.exit_code, done.stdout) == (1, "ledger of default: entry 3 was changed\n")
