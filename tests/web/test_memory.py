"""One memory on the page: its chain as bars, the graph around it, its words, and every change of it."""

from __future__ import annotations

from datetime import UTC, datetime

from playwright.sync_api import Locator, Page, expect

from graphmem import GraphMemory, Move, New, Statement, Status
from graphmem.model import OR_LATER
from tests.web.conftest import Screen
from tests.web.story import HOSTILE, Story


def width(piece: Locator) -> float:
    return float((piece.get_attribute("width") or "").rstrip("%"))


def lane(page: Page, title: str) -> Locator:
    return page.locator(".lane").filter(has_text=title)


def test_a_chain_is_drawn_as_bars_on_one_axis(screen: Screen, story: Story) -> None:
    page = screen.show(f"#/memory/{story.postgres}")
    names = page.get_by_role("list", name="The memories of its chain").locator(".lane-name")
    expect(names).to_contain_text(["Orders live in MySQL", "Orders live in PostgreSQL", "Orders live in CockroachDB"])
    dates = page.locator(".lane-dates").all_inner_texts()
    assert dates[:3] == ["2021-03-01 – 2023-06-01", "2023-06-01 – 2025-02-01", "since 2025-02-01"]
    first, second = (width(lane(page, name).locator("rect.elsewhen")) for name in ("MySQL", "PostgreSQL"))
    assert 1.2 < first / second < 1.5  # 822 days over 611
    last = lane(page, "CockroachDB").locator("rect.holds")
    expect(lane(page, "CockroachDB").locator("path.onwards.holds")).to_have_count(1)
    assert float((last.get_attribute("x") or "").rstrip("%")) + width(last) == 100


def test_a_start_that_is_not_known_exactly_is_no_bar_like_others(
    screen: Screen, story: Story, memory: GraphMemory
) -> None:
    move = Move(Status.ACTIVE, datetime(2021, 5, 1, tzinfo=UTC), source_word=f"Accepted{OR_LATER}")
    undated = memory.add_many([New(statement=Statement(title="Names are short"), moves=(move,))])[0].ids[0]
    page = screen.show(f"#/memory/{undated}")
    row = lane(page, "Names are short")
    expect(row.locator("rect.unsure")).to_have_count(1)
    expect(row.locator(".lane-dates")).to_have_text("since 2021-05-01 or later")
    expect(page.locator(".legend").last).to_contain_text("began then or later")
    screen.show(f"#/memory/{story.postgres}")
    expect(page.locator("rect.unsure")).to_have_count(0)


def test_what_is_only_proposed_is_drawn_apart(screen: Screen, story: Story) -> None:
    page = screen.show(f"#/memory/{story.cockroach}")
    row = lane(page, "Orders move to SQLite")
    expect(row.locator("rect.proposed")).to_have_count(1)
    expect(row.locator(".lane-dates")).to_have_text("at no time")
    expect(page.locator(".legend").last).to_contain_text("proposed")


def test_the_asked_day_is_a_line_through_all_bars(screen: Screen, story: Story) -> None:
    page = screen.show(f"#/memory/{story.postgres}?at=2023-06-02")
    places = {one.get_attribute("x1") for one in page.locator(".chart").first.locator("line.asked").all()}
    piece = lane(page, "PostgreSQL").first.locator("rect.holds")
    (place,) = places
    start = float((piece.get_attribute("x") or "").rstrip("%"))
    assert start < float((place or "").rstrip("%")) < start + 1


def test_it_says_where_it_stands_why_and_what_holds_instead(screen: Screen, story: Story) -> None:
    page = screen.show(f"#/memory/{story.mysql}")
    expect(page.locator(".state.big")).to_contain_text("superseded")
    expect(page.locator(".callout")).to_have_text("in force in its place: Orders live in CockroachDB")
    expect(page.locator(".reasons").first).to_contain_text("MySQL could not lock rows")
    expect(page.locator(".prose")).to_contain_text("Orders must survive.")
    expect(page.locator(".options")).to_contain_text("Flat files")
    expect(page.locator(".options")).to_contain_text("no transactions")


def test_the_slider_moves_where_it_stands(screen: Screen, story: Story) -> None:
    page = screen.show(f"#/memory/{story.mysql}?at=2023-06-02")
    expect(page.locator(".state.big")).to_contain_text("superseded")
    page.get_by_role("slider").press("ArrowLeft")
    page.get_by_role("slider").press("ArrowLeft")
    expect(page.locator(".state.big")).to_contain_text("holds")
    expect(page.get_by_role("slider")).to_be_focused()


def test_the_graph_has_what_came_before_after_and_beside(screen: Screen, story: Story) -> None:
    page = screen.show(f"#/memory/{story.postgres}")
    graph = page.get_by_role("group", name="What is around Orders live in PostgreSQL")
    names = [one.get_attribute("aria-label") for one in graph.locator(".node").all()]
    assert names == [
        "supersedes: Orders live in MySQL",
        "○ superseded: Orders live in PostgreSQL",
        "superseded by: Orders live in CockroachDB",
        "formerly amended by (backups): Backups of orders run hourly",
        "needed by, holds: Reports read a replica",
        f"refined by, holds: {HOSTILE}",
        "about · file: src/orders/store.py",
    ]
    before, self, after = (graph.locator(".node rect").nth(index).bounding_box() for index in (0, 1, 2))
    assert before is not None
    assert self is not None
    assert after is not None
    assert before["x"] + before["width"] < self["x"] < self["x"] + self["width"] < after["x"]
    expect(graph.locator("path.edge")).to_have_count(6)


def test_boxes_of_the_graph_lead_on_by_mouse_and_keyboard(screen: Screen, story: Story) -> None:
    page = screen.show(f"#/memory/{story.postgres}")
    page.get_by_role("link", name="superseded by: Orders live in CockroachDB").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Orders live in CockroachDB")
    box = page.get_by_role("link", name="supersedes: Orders live in PostgreSQL")
    box.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Orders live in PostgreSQL")
    page.get_by_role("link", name="about · file").click()
    expect(page.get_by_label("About file or folder")).to_have_value("src/orders/store.py")
    expect(page.locator(".hit h2")).to_have_text(["Orders live in CockroachDB"])


def test_the_same_memory_gets_the_same_drawing(screen: Screen, story: Story) -> None:
    page = screen.show(f"#/memory/{story.postgres}")
    first = page.locator("svg.graph").evaluate("node => node.outerHTML")
    screen.show(f"#/memory/{story.postgres}")
    assert page.locator("svg.graph").evaluate("node => node.outerHTML") == first


def test_a_hostile_text_is_shown_as_text_on_every_view(screen: Screen, story: Story) -> None:
    for place in (
        f"#/memory/{story.hostile}",
        f"#/memory/{story.postgres}",
        "#/?q=img%20onerror",
        "#/ledger",
        "#/?kind=fact",
    ):
        page = screen.show(place)
        expect(page.locator("main")).to_contain_text(HOSTILE)
        assert page.locator("main img, main script, main b, main [onerror], main [onload]").count() == 0
        assert page.evaluate("window.hit") is None


def test_a_hostile_address_is_shown_as_text(screen: Screen) -> None:
    page = screen.show(
        "#/?q=%3Cimg%20src%3Dx%20onerror%3D%22window.hit%3D1%22%3E&repo=%3Cb%3Ex%3C%2Fb%3E&at=%3Cscript%3E"
    )
    expect(page.get_by_role("alert")).to_contain_text("<script>")
    page = screen.show("#/memory/%3Cimg%20src%3Dx%3E/..%2F..%2Fsearch?repo=%3Cb%3Ex%3C%2Fb%3E")
    expect(page.get_by_role("alert")).to_contain_text("Not here")
    expect(page.locator("summary")).to_contain_text("<b>x</b>")
    assert page.locator("main img, summary b").count() == 0


def test_every_change_of_it_is_told(screen: Screen, story: Story) -> None:
    page = screen.show(f"#/memory/{story.mysql}")
    entries = page.locator(".entry")
    expect(entries).to_have_count(2)
    expect(entries.first).to_contain_text(
        "supersede Orders live in PostgreSQL supersedes Orders live in MySQL on 2023-06-01"
    )
    expect(entries.first).to_contain_text("MySQL could not lock rows")
    expect(entries.first).to_contain_text("ada · docs/adr/0002.md")
    expect(entries.last).to_contain_text("add Orders live in MySQL active on 2021-03-01")
