"""A real Neo4j Browser in a real Chromium: connected by the link, dressed, led through the guide, asked everything."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from html import unescape

import pytest
from playwright.sync_api import Browser, expect

from graphmem.browser.file_server import FileServer
from graphmem.browser.files import GuideParameters, file_for, guide, saved_queries
from graphmem.config import Settings
from graphmem.opening import find_browser
from tests.browser.conftest import World
from tests.browser.world import GONE, REPO
from tools.chromium import running_chromium
from tools.neo4j_browser import Driven

expect.set_options(timeout=30_000)

# Whichever asks first starts the server, for which a busy machine takes a minute.
pytestmark = pytest.mark.timeout(400)

TABLES = frozenset(
    {
        "dates-of-a-subject",
        "renames-of-a-file",
        "who-decided-what",
        "most-often-replaced",
        "waiting-for-a-decision",
        "learned-late",
    }
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def link(world: World) -> Iterator[str]:
    """What `graphmem browser` prints, with its guide handed out."""
    access = world.access
    place = find_browser(access.url, Settings(neo4j_user=access.user, neo4j_password=access.password, repo=REPO))
    assert {"src/orders/store.py", GONE} <= set(place.paths)
    with FileServer(0, place.origin, GuideParameters("default", REPO, (GONE,))) as hand:
        thread = threading.Thread(target=hand.serve_forever)
        thread.start()
        yield place.link(f"{hand.base}/guide.html")
        hand.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def driven(browser: Browser, world: World, link: str) -> Driven:
    """Connected, with the style and the examples of the first slide."""
    driven = Driven(browser.new_page(viewport={"width": 1400, "height": 900}))
    driven.connect(link, world.access.password or "")
    driven.command("Colours and sizes", "node.Decision.Closed")
    driven.command("Examples from your graph", '"subject": "PEP 643"')
    return driven


def in_order() -> list[str]:
    """Names of the queries as the guide comes by them."""
    titles = [unescape(one) for one in re.findall(r'data-populate="// ([^\n]*)', guide("", GuideParameters()))]
    names = {one.title: one.name for one in saved_queries()}
    return [names[title] for title in titles]


def test_every_question_of_the_guide_is_answered_by_a_picture_or_a_table(driven: Driven) -> None:
    titles = {one.name: one.title for one in saved_queries()}
    assert sorted(in_order()) == sorted(titles)
    for name in in_order():
        frame = driven.run(titles[name])
        expect(frame.locator("tr" if name in TABLES else "g.node").first).to_be_visible()
        if name in {"what-replaced-what", "life-of-a-subject", "what-holds-for-a-file", "rejected-alternatives"}:
            expect(frame.locator("g.relationship").first).to_be_attached()


def test_the_style_tells_kind_and_state(driven: Driven, world: World) -> None:
    driven.page.get_by_test_id("pagination-1").click()
    frame = driven.run("The life of one subject")
    expect(frame.locator("g.node")).to_have_count(6)
    fills = frame.locator("g.node circle.b-outline, g.node circle.outline").evaluate_all(
        "all => all.map((one) => [one.getAttribute('fill'), one.getAttribute('r')])"
    )
    assert sorted(map(tuple, fills)) == sorted([("#2F6DB5", "50")] * 2 + [("#D1DFEF", "37")] * 3 + [("#E8EAED", "32")])
    assert len(world.ids("what-held-on-a-day")) > 5


def test_saved_queries_are_taken_in_when_their_file_is_dropped(driven: Driven) -> None:
    file = file_for("graphmem.zip", "")
    assert file is not None
    driven.drop("graphmem.zip", file.content)
    assert sorted(driven.saved()) == sorted(one.title for one in saved_queries())
