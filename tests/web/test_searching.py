"""Searching on the page, at any point in time."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from graphmem import GraphMemory, Statement
from graphmem.model import Alternative, Outcome
from tests.web.conftest import Screen
from tests.web.story import FILLERS


def ask(page: Page, words: str) -> None:
    page.get_by_label("Question").fill(words)
    page.get_by_role("button", name="Search").click()


def test_without_a_question_it_lists_what_holds(screen: Screen) -> None:
    page = screen.show()
    expect(page.locator(".count")).to_have_text("The first 20 memories hold now, 2026-01-02")
    assert "Orders live in MySQL" not in screen.titles()


def test_a_question_worded_like_what_was_replaced_finds_what_holds(screen: Screen) -> None:
    page = screen.show()
    ask(page, "orders in MySQL")
    first = page.locator(".hit").first
    expect(first.locator("h2")).to_have_text("Orders live in CockroachDB")
    expect(first.locator(".instead").first).to_have_text("supersedes Orders live in MySQL, through 1 other")
    expect(first.locator(".because")).to_contain_text("in force since 2025-02-01")
    expect(first.locator(".state")).to_contain_text("holds")
    expect(first.locator(".hit-dates")).to_have_text("since 2025-02-01")
    expect(page.locator("#told")).to_contain_text("2 answers now, 2026-01-02")


def test_a_hit_tells_why_it_was_decided_and_what_was_rejected(screen: Screen, memory: GraphMemory) -> None:
    said = Statement(
        title="State lives in Context",
        rationale="## Consequences\n\nTwo **screens** need no store.\n\nMore.",
        alternatives=(
            Alternative("Redux", Outcome.REJECTED, "too much"),
            Alternative("Context", Outcome.CHOSEN),
            Alternative("<b>Zustand</b>", Outcome.REJECTED, "Context is enough"),
        ),
    )
    memory.add(said)
    page = screen.show()
    ask(page, "state with redux and context")
    first = page.locator(".hit").first
    expect(first.locator(".why")).to_have_text(
        [
            "why: Two screens need no store.",
            "rejected: Redux, since too much",
            "rejected: <b>Zustand</b>, since Context is enough",
        ]
    )
    expect(first.locator(".facts")).to_contain_text("relevance 0.")


def test_a_hit_shows_the_sentence_that_matched_with_its_words_emphasised(screen: Screen, memory: GraphMemory) -> None:
    body = (
        "# Context\n\nA long story.\n\n## Decision\n\nScreens **share** one [context](http://x.example), <b>always</b>."
    )
    memory.add(Statement(title="State lives in React", body=body))
    page = screen.show()
    ask(page, "what do screens share?")
    first = page.locator(".hit").first
    expect(first.locator(".excerpt")).to_have_text("Screens share one context, always.")
    expect(first.locator(".excerpt strong")).to_have_text(["Screens", "share"])


def test_it_shows_how_a_word_was_read_and_which_name_there_is(screen: Screen, memory: GraphMemory) -> None:
    memory.add(Statement(title="State lives in Zustand", body="Zustand is small.", aliases=("ADR-0009",)))
    page = screen.show()
    ask(page, "zustadn")
    expect(page.locator(".remarks li").first).to_have_text("Read 'zustadn' as 'zustand'.")
    expect(page.locator(".hit .excerpt strong")).to_have_text(["Zustand"])
    ask(page, "ADR-0099")
    expect(page.locator(".remarks li").first).to_have_text("No memory is called 'ADR-0099'; nearest: ADR-0009.")


def test_of_no_repository_it_says_that_there_are_some(screen: Screen) -> None:
    note = "Only org-wide memories were searched; one repository has more: name it with repo."
    page = screen.show("#/?q=orders")
    expect(page.locator(".remarks li")).to_have_text([note])
    page = screen.show("#/?q=tea&repo=example.org/shop")
    expect(page.locator(".hit")).to_have_count(1)
    expect(page.locator(".remarks")).to_have_count(0)


def test_what_is_only_near_a_question_is_shown_on_request(screen: Screen) -> None:
    page = screen.show("#/?q=convention%20about%20zebras%20and%20their%20stripes%20in%20savannahs")
    expect(page.locator(".empty")).to_contain_text("Nothing is recorded about this.")
    page.get_by_role("link", name="Show what is only near it").click()
    screen.drawn()
    expect(page.locator(".hit h2").first).to_contain_text("Convention")


def test_the_slider_moves_the_answer_and_the_date(screen: Screen) -> None:
    page = screen.show("#/?q=orders%20in%20MySQL&at=2023-06-02")
    expect(page.locator(".hit h2").first).to_have_text("Orders live in PostgreSQL")
    slider = page.get_by_role("slider", name="As of")
    slider.press("ArrowLeft")
    slider.press("ArrowLeft")
    expect(page.locator(".hit h2").first).to_have_text("Orders live in MySQL")
    expect(page.get_by_label("As of", exact=True).and_(page.locator("#date"))).to_have_value("2023-05-31")
    assert slider.get_attribute("aria-valuetext") == "2023-05-31"
    assert "at=2023-05-31" in page.url


def test_the_date_field_moves_the_slider(screen: Screen) -> None:
    page = screen.show("#/?q=orders%20in%20MySQL")
    page.locator("#date").fill("2022-01-01")
    page.locator("#date").dispatch_event("change")
    expect(page.locator(".hit h2").first).to_have_text("Orders live in MySQL")
    expect(page.locator("#slider")).to_have_attribute("aria-valuetext", "2022-01-01")
    page.get_by_role("button", name="Now").click()
    expect(page.locator(".hit h2").first).to_have_text("Orders live in CockroachDB")
    expect(page.locator("#date")).to_have_value("2026-01-02")
    assert "at=" not in page.url


def test_it_goes_from_change_to_change(screen: Screen) -> None:
    page = screen.show("#/?q=orders%20in%20MySQL&at=2024-08-01")
    expect(page.locator("#slider")).to_have_attribute(
        "min", str(18_383)
    )  # 2020-05-01: it has looked through the ledger
    page.get_by_role("button", name="later change").click()
    expect(page.locator("#date")).to_have_value("2025-02-01")
    expect(page.locator(".hit h2").first).to_have_text("Orders live in CockroachDB")
    page.get_by_role("button", name="earlier change").click()
    expect(page.locator("#date")).to_have_value("2024-04-01")


def test_the_slider_covers_the_whole_ledger(screen: Screen) -> None:
    page = screen.show("#/?q=CockroachDB")
    expect(page.locator("#slider")).to_have_attribute("min", str(18_383))  # 2020-05-01
    expect(page.locator("#slider")).to_have_attribute("max", str(20_455))  # 2026-01-02


def test_filters_narrow_the_answers(screen: Screen) -> None:
    page = screen.show()
    page.get_by_label("Kind").select_option("decision")
    expect(page.locator(".hit h2")).to_have_text(["Orders live in CockroachDB"])
    page.get_by_label("also what does not hold").check()
    expect(page.locator(".hit")).to_have_count(4)
    page.get_by_label("About file or folder").fill("src/other/")
    page.get_by_label("About file or folder").press("Enter")
    expect(page.locator(".empty")).to_contain_text("Nothing org-wide fits.")


def test_more_answers_come_on_request(screen: Screen) -> None:
    page = screen.show("#/?kind=convention")
    assert len(screen.titles()) == 20
    page.get_by_role("button", name="Show more").click()
    expect(page.locator(".hit")).to_have_count(FILLERS)
    expect(page.get_by_role("button", name="Show more")).to_have_count(0)
    expect(page.locator(".hit h2 a").nth(20)).to_be_focused()


def test_where_nothing_answers_it_says_what_to_try(screen: Screen) -> None:
    page = screen.show("#/?q=zebra")
    expect(page.locator(".empty")).to_contain_text("answers this")
    expect(page.locator(".empty")).to_contain_text("choose one of these repositories")
    expect(page.locator("#told")).to_have_text("0 answers now, 2026-01-02 · by words alone: no model in this test")


def test_memories_of_a_repository_are_seen_from_there(screen: Screen) -> None:
    page = screen.show("#/?q=tea")
    expect(page.locator(".empty")).to_be_visible()
    page.get_by_text("Looking at").click()
    page.get_by_label("Repository").fill("example.org/shop")
    page.get_by_role("button", name="Look here").click()
    expect(page.locator(".hit h2")).to_have_text(["The shop sells tea"])
    expect(page.locator("summary")).to_have_text("Looking at example.org/shop")


def test_what_was_not_known_yet_is_not_answered(screen: Screen) -> None:
    page = screen.show("#/?q=orders&known=2025-12-31")
    expect(page.locator(".empty")).to_be_visible()
    expect(page.locator(".count")).to_contain_text("as known on 2025-12-31")


def test_back_forward_and_reload_show_the_same_again(screen: Screen) -> None:
    page = screen.show()
    ask(page, "orders in MySQL")
    expect(page.locator(".hit h2").first).to_have_text("Orders live in CockroachDB")
    page.locator(".hit h2 a").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Orders live in CockroachDB")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Orders live in CockroachDB")
    page.go_back()
    expect(page.get_by_label("Question")).to_have_value("orders in MySQL")
    page.go_back()
    expect(page.get_by_label("Question")).to_have_value("")
    page.go_forward()
    expect(page.locator(".hit h2").first).to_have_text("Orders live in CockroachDB")


def test_where_nothing_is_found_the_repositories_are_listed_to_choose_from(screen: Screen) -> None:
    page = screen.show("#/?q=sells%20tea")
    expect(page.locator(".empty")).to_contain_text("Nothing org-wide answers this.")
    page.get_by_role("navigation", name="Repositories").get_by_role("link", name="example.org/shop").click()
    expect(page.locator(".hit h2")).to_have_text(["The shop sells tea"])


def test_a_memory_that_is_to_be_superseded_is_not_shown_as_superseding(screen: Screen) -> None:
    page = screen.show("#/?q=PostgreSQL&at=2022-01-01")
    first = page.locator(".hit").first
    expect(first.locator("h2")).to_have_text("Orders live in MySQL")
    expect(first.locator(".instead").first).to_have_text(
        "will be superseded by Orders live in PostgreSQL on 2023-06-01"
    )


def test_an_overruled_memory_comes_after_the_one_that_overrules_it_and_says_so(
    screen: Screen, memory: GraphMemory
) -> None:
    wide = Statement(title="Line length is 100: line length", subject="lint.length")
    memory.add(wide, environment="lab")
    memory.add(Statement(title="Lines of 120", subject="lint.length"), repo="example.org/shop", environment="lab")
    page = screen.show("#/?q=line%20length&repo=example.org/shop&environment=lab")
    expect(page.locator(".hit h2")).to_have_text(["Lines of 120", "Line length is 100: line length"])
    expect(page.locator(".hit").nth(1).locator(".overruled")).to_have_text(
        "overruled by Lines of 120 (scope: the narrower scope leads)"
    )
    page.locator(".hit h2 a").nth(1).click()
    expect(page.locator(".callout")).to_have_text("overruled by Lines of 120 (scope: the narrower scope leads)")
