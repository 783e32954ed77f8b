"""Takes the pictures of docs/browser.md: Neo4j Browser on the history of Python packaging and our own decisions.

Usage: python -m tools.browser_screenshots [FOLDER]
"""

from __future__ import annotations

import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Locator, expect

from graphmem import GraphMemory, Scope
from graphmem.browser.file_server import FileServer
from graphmem.browser.files import GuideParameters
from graphmem.config import Settings
from graphmem.demo.__main__ import ingest_records
from graphmem.demo.facts import ReplayClock, last_day, load_facts, replay
from graphmem.opening import find_browser, open_memory, open_store, utc_now
from graphmem.retrieval.embedder import EmbedderMissing
from graphmem.service import ServiceContext
from tools.chromium import running_chromium
from tools.neo4j_browser import Driven
from tools.neo4j_server import Options, start

FOLDER = Path(__file__).resolve().parent.parent / "docs" / "browser"
MAX_BYTES = 200_000
_SETTLE_MS = 4_000


@dataclass(frozen=True, slots=True)
class Picture:
    """One question of the guide, and its answer."""

    name: str
    title: str
    height: int = 570


PICTURES = (
    Picture("replaced", "What replaced what"),
    Picture("life", "The life of one subject"),
    Picture("alternatives", "Rejected alternatives of decisions that hold"),
    Picture("known", "What was known on one day to hold on another"),
    Picture("ledger", "Why a memory stands as it does: every entry about it"),
)


def main() -> int:
    """0 if every picture is taken and small; 1 with those that are not on standard error."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=60_000)
    with start(Options(is_quick=True)) as server:
        settings = Settings(neo4j_user=server.user, neo4j_password=server.password)
        _remember(server.url, settings)
        with _link(server.url, settings) as link, running_chromium() as browser:
            driven = Driven(browser.new_page(viewport={"width": 1240, "height": 570}))
            driven.connect(link, server.password or "")
            for one in PICTURES:
                _take(driven, one, folder / f"{one.name}.png")
    large = [one.name for one in PICTURES if (folder / f"{one.name}.png").stat().st_size > MAX_BYTES]
    for name in large:
        print(f"{name}.png has more than {MAX_BYTES} bytes", file=sys.stderr)
    return 1 if large else 0


def _remember(url: str, settings: Settings) -> None:
    """The history, told in a file, and restored on the server."""
    clock, facts = ReplayClock(), load_facts()
    with tempfile.TemporaryDirectory() as folder:
        place = str(Path(folder) / "memory.db")
        with open_memory(
            place, scope=Scope(), actor="packaging", clock=clock, embedder=lambda: EmbedderMissing("none"), create=True
        ) as memory:
            replay(facts, memory, clock)
            ingest_records(memory, last_day(facts) + timedelta(days=1))
            lines = list(memory.export())
    store = open_store(url, settings, create=True)
    context = ServiceContext(
        store,
        scope=Scope(),
        actor="packaging",
        clock=utc_now,
        embedder=lambda: EmbedderMissing("none"),
    )
    with GraphMemory(context) as memory:
        memory.restore(lines)


@contextmanager
def _link(url: str, settings: Settings) -> Iterator[str]:
    place = find_browser(url, settings)
    with FileServer(0, place.origin, GuideParameters("default")) as hand:
        thread = threading.Thread(target=hand.serve_forever)
        thread.start()
        try:
            yield place.link(f"{hand.base}/guide.html")
        finally:
            hand.shutdown()
            thread.join()


def _take(driven: Driven, picture: Picture, file: Path) -> None:
    if not driven.page.get_by_test_id("frame").filter(has_text="node.Decision").count():
        driven.command("Colours and sizes", "node.Decision")
        driven.command("Examples from your graph", '"tenant"')
    driven.page.set_viewport_size({"width": 1240, "height": picture.height})
    frame = driven.run(picture.title)
    expect(frame.locator("g.node, tr").first).to_be_visible()
    _spread(frame, driven)
    driven.page.screenshot(path=file)


def _spread(frame: Locator, driven: Driven) -> None:
    """Make room for the graph, let it settle, and fit it in."""
    if not frame.locator("g.node").count():
        return
    collapse = frame.get_by_title("Collapse the node properties display")
    if collapse.count():  # it stays so for the frames to come
        collapse.click()
    driven.page.wait_for_timeout(_SETTLE_MS)
    frame.get_by_label("zoom-to-fit").click()
    driven.page.wait_for_timeout(_SETTLE_MS)


if __name__ == "__main__":
    raise SystemExit(main())
