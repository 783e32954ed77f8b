"""Drives a real Neo4j Browser: for tests, and for the pictures of docs/browser.md."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from playwright.sync_api import Locator, Page, Route, expect

_HERE = frozenset({"127.0.0.1", "localhost"})
_DROP = """([name, content]) => {
  const bytes = Uint8Array.from(atob(content), (one) => one.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name));
  const target = document.querySelector("[data-testid=main]");
  for (const event of ["dragenter", "dragover", "drop"]) {
    target.dispatchEvent(new DragEvent(event, { bubbles: true, cancelable: true, dataTransfer: transfer }));
  }
}"""


@dataclass(frozen=True, slots=True)
class Driven:
    """One tab with Neo4j Browser in it, kept from asking anybody but this machine."""

    page: Page

    def connect(self, link: str, password: str) -> None:
        """Open a link of `graphmem browser` and log in."""
        self.page.route(lambda url: urlsplit(url).hostname not in _HERE, _refuse)
        self.page.goto(link)
        self.page.get_by_test_id("password").fill(password)
        self.page.get_by_test_id("connect").click()
        expect(self.frame).to_contain_text("You are connected as user")

    @property
    def frame(self) -> Locator:
        """The latest answer."""
        return self.page.get_by_test_id("frame").first

    @property
    def guide(self) -> Locator:
        """The guide beside the answers."""
        return self.page.get_by_test_id("guidesDrawer")

    def command(self, label: str, told: str) -> Locator:
        """Click what runs a command at once, on this slide; returns its frame once it says what it must."""
        self.guide.locator("[data-exec]").filter(has_text=label).click()
        expect(self.frame.get_by_test_id("frameContents")).to_contain_text(told)
        return self.frame

    def next_slide(self) -> None:
        """Turn the page of the guide."""
        self.page.get_by_test_id("guideNextSlide").click()

    def find(self, title: str) -> Locator:
        """A question of the guide, on this slide or one after it."""
        exactly = re.compile(rf"^\s*{re.escape(title)}\s*$")
        question = self.guide.locator("[data-populate]").filter(has_text=exactly)
        while not question.count():
            self.next_slide()
        return question

    def run(self, title: str) -> Locator:
        """Click a question of the guide, which runs it; returns its frame once the answer is there."""
        # Old frames go as new ones come, so that counting them tells nothing.
        self.frame.evaluate("frame => frame.setAttribute('data-seen', 'yes')")
        self.find(title).click()
        expect(self.frame).not_to_have_attribute("data-seen", "yes")
        expect(self.frame.get_by_test_id("frame-loaded-contents")).to_be_visible()
        return self.frame

    def drop(self, name: str, content: bytes) -> None:
        """Drop a file onto the window."""
        self.page.evaluate(_DROP, [name, base64.b64encode(content).decode()])

    def saved(self) -> list[str]:
        """Titles of the saved queries."""
        self.page.get_by_test_id("navigationFavorites").click()
        self.page.get_by_test_id("savedScriptsFolder-graphmem").click()
        items = self.page.get_by_test_id("savedScriptListItem")
        expect(items.first).to_be_visible()
        return [one.strip() for one in items.all_inner_texts()]


def _refuse(route: Route) -> None:
    route.abort()
