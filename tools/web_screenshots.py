"""Takes the pictures of docs/web.md: the page of a server that remembers the history of Python packaging.

Usage: python -m tools.web_screenshots [FOLDER]
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, expect

import graphmem
from graphmem.demo.facts import ReplayClock, last_day, load_facts, replay
from graphmem.opening import open_memory
from graphmem.retrieval.embedder import EmbedderMissing
from tools.chromium import running_chromium

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "web"
MAX_BYTES = 200_000
_QUESTION = "q=Which%20core%20metadata%20version%20do%20packages%20use"


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture; `{id}` in its place stands for the memory of that alias."""

    name: str
    place: str
    alias: str = ""
    is_dark: bool = False
    width: int = 1080
    height: int = 800


PICTURES = (
    Picture("search", f"#/?{_QUESTION}&at=2015-01-01"),
    Picture("memory", "#/memory/{id}?at=2015-01-01", alias="PEP 345", width=980, height=1150),
    Picture("ledger", "#/ledger", is_dark=True, height=620),
    Picture("narrow", "#/memory/{id}?at=2015-01-01", alias="PEP 345", is_dark=True, width=390, height=1150),
)


def main() -> int:
    """0 if every picture is taken and small; 1 with those that are not on standard error."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        ids = _remembered(Path(place) / "memory.db")
        with _served(Path(place)) as url, running_chromium() as browser:
            for one in PICTURES:
                _take(browser, url, one, ids, folder / f"{one.name}.png")
    large = [one.name for one in PICTURES if (folder / f"{one.name}.png").stat().st_size > MAX_BYTES]
    for name in large:
        print(f"{name}.png has more than {MAX_BYTES} bytes", file=sys.stderr)
    return 1 if large else 0


def _remembered(store: Path) -> dict[str, str]:
    """Ids by alias."""
    clock, facts = ReplayClock(), load_facts()
    with open_memory(
        str(store),
        create=True,
        scope=graphmem.Scope(),
        actor="packaging",
        clock=clock,
        embedder=lambda: EmbedderMissing("no model for a picture"),
    ) as memory:
        replay(facts, memory, clock)
        clock.now = last_day(facts)
        cards = memory.list(graphmem.Filter(include_history=True), page=graphmem.Page(1_000)).cards
        return {alias: card.id for card in cards if card.memory.statement for alias in card.memory.statement.aliases}


@contextmanager
def _served(folder: Path) -> Iterator[str]:
    words = [sys.executable, "-m", "graphmem.cli", "serve", "--url", "memory.db", "--port", "0"]
    environment = {**os.environ, "PYTHONPATH": str(FOLDER.parent.parent), "GRAPHMEM_EMBEDDINGS": "off"}
    with subprocess.Popen(words, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None  # noqa: S101 - it is a pipe
        try:
            yield next(line.split()[2].rstrip(",") for line in process.stderr if line.startswith("listening on "))
        finally:
            process.terminate()


def _take(browser: Browser, url: str, picture: Picture, ids: dict[str, str], file: Path) -> None:
    page = browser.new_page(
        viewport={"width": picture.width, "height": picture.height},
        color_scheme="dark" if picture.is_dark else "light",
    )
    page.clock.set_fixed_time("2024-06-01T12:00:00Z")
    page.goto(f"{url}/{picture.place.format(id=ids.get(picture.alias))}", wait_until="networkidle")
    expect(page.locator("main")).to_have_attribute("aria-busy", "false")
    page.screenshot(path=file)
    page.close()


if __name__ == "__main__":
    raise SystemExit(main())
