"""What the page does where it is not simply let in: keys, refusals, and a server that is gone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from graphmem import GraphMemory
from graphmem.keys import KeyRing, Permission
from tests.client.conftest import serving
from tests.web.conftest import Opened, Screen, key
from tests.web.story import Story

KEPT = "Object.values(sessionStorage)"


@pytest.fixture
def locked(opened: Opened, memory: GraphMemory, story: Story, ring: KeyRing) -> Iterator[Screen]:
    """A tab on a server with keys."""
    assert story
    key(ring)
    with serving(memory, ring) as url:
        yield opened(url)


def unlock(page: Page, text: str) -> None:
    page.get_by_label("Key", exact=True).fill(text)
    page.get_by_role("button", name="Use this key").click()


def test_a_server_with_keys_is_asked_with_one(locked: Screen, ring: KeyRing) -> None:
    page = locked.show("#/?q=orders%20in%20MySQL")
    expect(page.get_by_role("heading", level=1)).to_have_text("This server needs a key")
    expect(page.get_by_label("Key", exact=True)).to_be_focused()
    unlock(page, key(ring))
    expect(page.locator(".hit h2").first).to_have_text("Orders live in CockroachDB")
    page.reload()
    expect(page.locator(".hit h2").first).to_have_text("Orders live in CockroachDB")


def test_a_key_stays_in_the_tab(locked: Screen, ring: KeyRing) -> None:
    page = locked.show()
    text = key(ring)
    unlock(page, text)
    expect(page.locator(".hit").first).to_be_visible()
    assert page.evaluate(KEPT) == [text]
    assert page.evaluate("[localStorage.length, document.cookie]") == [0, ""]
    assert not [one for one in [*locked.requests, page.url] if text in one]
    page.get_by_role("button", name="Forget key").click()
    expect(page.get_by_label("Key", exact=True)).to_be_visible()
    assert page.evaluate(KEPT) == []


def test_a_wrong_key_is_told_as_such(locked: Screen, ring: KeyRing) -> None:
    page = locked.show()
    unlock(page, "gmk_nothing")
    expect(page.get_by_role("alert")).to_contain_text("That key was refused: the key is damaged, unknown")
    unlock(page, "with a space")
    expect(page.locator(".problem")).to_have_text("That is no key: keys begin with gmk_ and have no spaces.")
    unlock(page, key(ring))
    expect(page.locator(".hit").first).to_be_visible()


def test_a_key_that_may_not_read_is_told_as_such(locked: Screen, ring: KeyRing) -> None:
    page = locked.show()
    unlock(page, key(ring, Permission.WRITE))
    expect(page.get_by_role("alert")).to_contain_text("has no permission to read")
    page.get_by_role("button", name="Forget key").click()
    expect(page.get_by_label("Key", exact=True)).to_be_visible()


def test_a_key_that_is_revoked_meanwhile_is_asked_for_again(locked: Screen, ring: KeyRing) -> None:
    page = locked.show()
    text = key(ring)
    unlock(page, text)
    expect(page.locator(".hit").first).to_be_visible()
    ring.revoke(text.split("_")[1])
    page.get_by_role("link", name="Ledger").click()
    expect(page.get_by_role("alert")).to_contain_text("That key was refused")


def test_a_server_that_is_gone_is_told_and_asked_again(screen: Screen) -> None:
    # The last that a page asks for which is already drawn: without an answer it would show the alert too soon.
    with screen.page.expect_response("**/v1/changes?*"):
        page = screen.show()

    def gone(route: Route) -> None:
        route.abort("connectionrefused")

    page.route("**/v1/**", gone)
    page.get_by_label("Kind").select_option("decision")
    expect(page.get_by_role("alert")).to_contain_text("The server does not answer. Is `graphmem serve` still running?")
    page.unroute("**/v1/**", gone)
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".hit h2")).to_have_text(["Orders live in CockroachDB"])


def test_a_view_stays_if_the_days_of_the_ledger_cannot_be_read(screen: Screen) -> None:
    screen.page.route("**/v1/changes?*", lambda route: route.abort("connectionrefused"))
    with screen.page.expect_event("requestfailed"):
        page = screen.show()
    expect(page.locator(".hit").first).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_refusal_is_shown_in_the_servers_words(screen: Screen) -> None:
    page = screen.show("#/?at=yesterday")
    expect(page.get_by_role("alert")).to_contain_text("Not understood")
    expect(page.get_by_role("alert")).to_contain_text("'yesterday'")
    page.get_by_role("link", name="Begin anew").click()
    expect(page.locator(".hit").first).to_be_visible()


def test_an_answer_that_is_no_json_is_told(screen: Screen) -> None:
    page = screen.show()
    page.route("**/v1/search*", lambda route: route.fulfill(status=502, body="<html>bad gateway"))
    page.get_by_label("Question").fill("orders")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("The server answered 502 and no JSON.")


def test_a_late_answer_does_not_replace_a_newer_one(screen: Screen) -> None:
    page = screen.show()
    held: list[Route] = []

    def hold_the_first(route: Route) -> None:
        if "MySQL" in (route.request.post_data or ""):
            held.append(route)
        else:
            route.continue_()

    page.route("**/v1/search*", hold_the_first)
    for words in ("orders in MySQL", "replica"):
        page.get_by_label("Question").fill(words)
        page.keyboard.press("Enter")
    expect(page.locator(".hit h2").first).to_have_text("Reports read a replica")
    (late,) = held
    late.continue_()
    page.get_by_label("also what does not hold").focus()
    expect(page.locator(".hit h2").first).to_have_text("Reports read a replica")
