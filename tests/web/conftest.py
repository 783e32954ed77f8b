"""The page in a real Chromium, on a server of this process with a small history."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from graphmem import GraphMemory, Scope
from graphmem.keys import Key, KeyRing, Permission
from graphmem.opening import open_memory
from tests.client.conftest import serving
from tests.fake_embedder import no_embedder
from tests.service.conftest import TickingClock
from tests.web.story import Story, tell
from tools.chromium import running_chromium

#: What the browser takes for now: a day after everything in the story.
NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)

# A machine that is busy with other tests answers later than a person's.
expect.set_options(timeout=20_000)


@dataclass(slots=True)
class Screen:
    """One tab, and everything that it asked for or complained of."""

    page: Page
    url: str
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda message: self._heard(message))  # noqa: PLW0108 - Playwright marks a bound method
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.clock.set_fixed_time(NOW)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith("Failed to load resource"):
            self.complaints.append(message.text)

    def show(self, place: str = "#/") -> Page:
        """The page at an address after '#', once it is drawn."""
        self.page.goto("about:blank")
        self.page.goto(f"{self.url}/{place}")
        self.drawn()
        return self.page

    def drawn(self) -> None:
        """Wait for the answer that the page shows."""
        expect(self.page.locator("main")).to_have_attribute("aria-busy", "false")
        expect(self.page.locator("[aria-busy=true]")).to_have_count(0)

    def titles(self) -> list[str]:
        """Titles of the answers that are listed."""
        return self.page.locator(".hit h2").all_inner_texts()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    # Of these tests and no longer: while it runs, this thread has an event loop, and no test can start another.
    with running_chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def memory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GraphMemory]:
    with open_memory(
        str(tmp_path_factory.mktemp("store") / "memory.db"),
        scope=Scope(),
        actor="ada",
        clock=TickingClock(),
        embedder=no_embedder,
        create=True,
    ) as memory:
        yield memory


@pytest.fixture(scope="module")
def story(memory: GraphMemory) -> Story:
    return tell(memory)


@pytest.fixture(scope="module")
def url(memory: GraphMemory, story: Story) -> Iterator[str]:
    """A server without keys."""
    assert story
    with serving(memory) as url:
        yield url


Opened = Callable[..., Screen]


@pytest.fixture
def opened(browser: Browser, url: str) -> Iterator[Opened]:
    """Opens tabs, of which none may look elsewhere or complain."""
    screens: list[Screen] = []

    def open_screen(at: str = url, *, width: int = 1200, **more: Any) -> Screen:  # noqa: ANN401
        page = browser.new_page(viewport={"width": width, "height": 900}, **more)
        page.set_default_timeout(20_000)
        screens.append(Screen(page, at))
        return screens[-1]

    yield open_screen
    for one in screens:
        one.page.context.close()
        assert one.complaints == []
        assert {asked for asked in one.requests if not asked.startswith((f"{one.url}/", "about:"))} == set()


@pytest.fixture
def screen(opened: Opened) -> Screen:
    return opened()


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return KeyRing(tmp_path / "keys.json", TickingClock())


def key(ring: KeyRing, permission: Permission = Permission.READ) -> str:
    """The text of a new key."""
    draft = Key(id="", digest="", name="reader", tenant="default", permissions=(permission,), created_at=NOW)
    return ring.create(draft).text
