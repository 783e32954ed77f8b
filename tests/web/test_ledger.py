"""The ledger on the page."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.web.conftest import Screen
from tests.web.story import Story


def numbers(page: Page) -> list[int]:
    return [int(text.removeprefix("#")) for text in page.locator(".seq").all_inner_texts()]


def test_the_newest_entries_come_first(screen: Screen, story: Story) -> None:
    page = screen.show("#/ledger")
    assert story
    # The last entry of all, 38, is about a memory of a repository, and is not seen from outside of it.
    assert numbers(page) == list(range(37, 0, -1))
    expect(page.locator(".entry").first).to_contain_text("add Convention 24 of names active on 2020-05-01")
    expect(page.locator("#told")).to_have_text("37 entries of the ledger")
    expect(page.get_by_role("slider")).to_have_count(0)


def test_entries_are_sentences_that_lead_to_memories(screen: Screen) -> None:
    page = screen.show("#/ledger?upto=12")
    said = page.locator(".entry-said").all_inner_texts()
    assert said[1:5] == [
        'link <img src=x onerror="window.hit=1"> refines Orders live in PostgreSQL',
        "link Reports read a replica depends on Orders live in PostgreSQL",
        "supersede Backups of orders run hourly amends Orders live in PostgreSQL in backups on 2024-01-01",
        "supersede Orders live in CockroachDB supersedes Orders live in PostgreSQL on 2025-02-01",
    ]
    page.get_by_role("link", name="Reports read a replica").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Reports read a replica")


def test_a_page_of_entries_needs_no_question_for_each_memory(screen: Screen) -> None:
    screen.show("#/ledger")
    asked = [url for url in screen.requests if "/v1/" in url]
    assert len([url for url in asked if "/v1/changes" in url]) <= 2
    assert [url for url in asked if "/v1/memories/" in url] == []


def test_it_is_turned_page_by_page(screen: Screen) -> None:
    page = screen.show("#/ledger?upto=10")
    assert numbers(page) == list(range(10, 0, -1))
    page.get_by_role("link", name="newer").click()
    expect(page.locator(".seq").first).to_have_text("#37")
    page.go_back()
    expect(page.locator(".seq").first).to_have_text("#10")


def test_where_nothing_is_seen_it_says_so(screen: Screen) -> None:
    page = screen.show("#/ledger?tenant=nobody")
    expect(page.locator(".empty")).to_contain_text("Nothing has been recorded yet")
