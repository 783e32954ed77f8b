"""`graphmem docs`: where the documentation is, or how it is built."""

from __future__ import annotations

import json
import webbrowser
from pathlib import Path

import pytest

from graphmem.cli import docs
from tests.cli.conftest import Tool


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in the place of the site, without pages."""
    monkeypatch.setattr(docs, "SITE", tmp_path / "_site")
    (tmp_path / "_site").mkdir()
    return tmp_path / "_site"


def test_a_checkout_without_the_site_says_how_to_build_it(tool: Tool, site: Path) -> None:
    done = tool.run("docs")
    assert (done.exit_code, done.stdout) == (1, "")
    assert str(site / "index.html") in done.stderr
    assert "make docs" in done.stderr


def test_the_address_is_that_of_a_file(tool: Tool, site: Path) -> None:
    (site / "index.html").touch()
    assert tool.run("docs").stdout == f"{(site / 'index.html').as_uri()}\n"
    assert json.loads(tool.run("docs", "--json").stdout) == {"address": (site / "index.html").as_uri()}


def test_it_is_opened_in_a_web_browser_if_there_is_one(tool: Tool, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (site / "index.html").touch()
    opened: list[str] = []

    def fail(address: str) -> bool:
        opened.append(address)
        return False

    monkeypatch.setattr(webbrowser, "open", fail)
    assert "no web browser could be opened" in tool.run("docs", "--open").stderr
    assert opened == [(site / "index.html").as_uri()]
