"""Everybody can use the page: with a keyboard, a screen reader, a small screen, in the dark."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.web.conftest import Opened, Screen
from tests.web.story import Story

AXE = (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]

PLACES = {
    "list": "#/",
    "search": "#/?q=orders%20in%20MySQL&past=yes",
    "nothing": "#/?q=zebra",
    "memory": "#/memory/{postgres}",
    "memory then": "#/memory/{cockroach}?at=2022-01-01",
    "ledger": "#/ledger",
    "problem": "#/memory/nothing",
}


def violations(page: Page) -> list[str]:
    """What axe-core finds, each with the elements that it is about."""
    page.evaluate(AXE)
    found: dict[str, Any] = page.evaluate("tags => axe.run(document, {runOnly: tags})", TAGS)
    return [f"{one['id']}: {[node['html'][:120] for node in one['nodes']]}" for one in found["violations"]]


@pytest.mark.parametrize("place", PLACES)
def test_axe_finds_nothing_by_light_in_the_dark_and_on_a_narrow_screen(
    screen: Screen, story: Story, place: str
) -> None:
    page = screen.show(PLACES[place].format(postgres=story.postgres, cockroach=story.cockroach))
    assert violations(page) == []
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size({"width": 360, "height": 740})
    page.wait_for_function(
        "() => !document.querySelector('.graph-room') || document.querySelector('svg.graph').clientWidth < 360"
    )
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_axe_finds_nothing_in_the_form_for_the_place(screen: Screen) -> None:
    page = screen.show()
    page.get_by_text("Looking at").click()
    expect(page.get_by_label("Repository")).to_be_visible()
    assert violations(page) == []


def test_on_a_narrow_screen_the_graph_is_one_column(opened: Opened, story: Story) -> None:
    page = opened(width=360).show(f"#/memory/{story.postgres}")
    expect(page.locator(".node rect").first).to_be_visible()
    boxes = page.locator(".node rect")
    assert len(set(boxes.evaluate_all("all => all.map(one => one.getAttribute('x'))"))) == 1
    tops = boxes.evaluate_all("all => all.map(one => Number(one.getAttribute('y')))")
    assert tops == sorted(tops)


def focused(page: Page) -> str:
    found: str = page.evaluate(
        "(document.activeElement.ariaLabel || document.activeElement.id || document.activeElement.textContent).trim()"
    )
    return found


def test_everything_is_reached_with_the_keyboard(screen: Screen, story: Story) -> None:
    page = screen.show(f"#/memory/{story.cockroach}?q=orders")
    reached = []
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.append(focused(page))
        if reached[-1].startswith("about · file"):
            break
    wanted = [
        "Skip to the content",
        "Search",
        "Ledger",
        "date",
        "Now",
        "slider",
        "supersedes: Orders live in PostgreSQL",
        "about · file: src/orders/store.py",
    ]
    # A field for a date has a stop for each of its parts.
    assert list(dict.fromkeys(one for one in reached if one in wanted)) == wanted


def test_the_content_is_one_key_away(screen: Screen) -> None:
    page = screen.show("#/?q=orders")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert focused(page) == "main"
    assert page.url.endswith("#/?q=orders")
    page.keyboard.press("Tab")
    assert focused(page) == "q"


def test_a_question_is_asked_and_followed_without_a_mouse(screen: Screen) -> None:
    page = screen.show()
    page.get_by_label("Question").focus()
    page.keyboard.type("orders in MySQL")
    page.keyboard.press("Enter")
    expect(page.locator(".hit h2").first).to_have_text("Orders live in CockroachDB")
    for _ in range(9):
        page.keyboard.press("Tab")
        if focused(page) == "Orders live in CockroachDB":
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(page).to_have_title("Orders live in CockroachDB · graphmem")


def test_what_is_focused_is_seen(screen: Screen, story: Story) -> None:
    page = screen.show(f"#/memory/{story.postgres}")
    page.locator(".brand").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.locator("a.node").first.focus()
    assert page.evaluate("getComputedStyle(document.querySelector('a.node .box')).strokeWidth") == "3.5px"
