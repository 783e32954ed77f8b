"""One file on the page: the paths that it had, the commits that renamed it, and the memories about it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from graphmem import GraphMemory, Scope, Write
from graphmem.instants import to_micros
from graphmem.model import ReadMainline
from graphmem.repository.mainline_rows import MainlineRows, PathOrigin, SegmentRow, packed
from tests.web.conftest import Screen
from tests.web.story import HOSTILE, Story, on

ROWS = MainlineRows(
    shas=("1" * 40, "2" * 40, "3" * 40),
    times_us=tuple(to_micros(on(year)) for year in (2020, 2022, 2024)),
    segments=(
        SegmentRow(0, 0, "app/store.py", 0, 1, PathOrigin.ADDED, None, None),
        SegmentRow(1, 0, "src/orders/store.py", 1, None, PathOrigin.RENAMED, 55, 0),
        SegmentRow(2, 1, HOSTILE, 0, 2, PathOrigin.ADDED, None, None),
    ),
    segment_count=3,
)


@pytest.fixture(scope="module", autouse=True)
def reading(memory: GraphMemory, story: Story) -> None:
    assert story
    memory.record_reading(ReadMainline("HEAD", "3" * 40, 3, 0, packed(ROWS)), write=Write(scope=Scope()))


def test_a_file_shows_its_paths_and_the_memories_about_it(screen: Screen, story: Story) -> None:
    page = screen.show(f"#/memory/{story.postgres}")
    page.get_by_role("link", name="src/orders/store.py", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("src/orders/store.py")
    expect(page.locator(".memory-head")).to_contain_text("renamed 1 times; it is src/orders/store.py now")
    paths = page.get_by_role("list", name="The paths of the file").locator(".lane")
    expect(paths).to_have_count(2)
    expect(paths.nth(0)).to_contain_text("app/store.pyadded by 1111111111")
    expect(paths.nth(0).locator(".lane-dates")).to_have_text("2020-01-01 – 2022-01-01")
    expect(paths.nth(1)).to_contain_text("renamed by 2222222222, 55 % alike; look at it")
    expect(paths.nth(1).locator("path.onwards.holds")).to_have_count(1)
    about = page.get_by_role("list", name="Memories about the file").locator(".lane-name")
    expect(about).to_contain_text(["Orders live in CockroachDB"])
    about.get_by_role("link", name="Orders live in MySQL").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Orders live in MySQL")


def test_an_earlier_path_is_the_same_file_and_the_day_counts(screen: Screen, story: Story) -> None:
    assert story
    page = screen.show("#/file/app%2Fstore.py")
    expect(page.locator(".memory-head")).to_contain_text("it is src/orders/store.py now")
    page = screen.show("#/file/app%2Fstore.py?at=2021-06-01")
    expect(page.locator(".memory-head")).to_contain_text("never renamed as of 2021-06-01")
    expect(page.get_by_role("list", name="The paths of the file").locator(".lane")).to_have_count(1)


def test_a_deleted_file_a_hostile_path_and_none_are_told_in_words(screen: Screen, story: Story) -> None:
    assert story
    page = screen.show("#/file/" + "".join(f"%{byte:02x}" for byte in HOSTILE.encode()))
    expect(page.locator(".memory-head")).to_contain_text("deleted on 2024-01-01")
    expect(page.locator("main")).to_contain_text(HOSTILE)
    assert page.locator("main img").count() == 0
    assert page.evaluate("window.hit") is None
    page = screen.show("#/file/no.py")
    expect(page.locator("main")).to_contain_text("No file of this path was read")
    expect(page.locator("main")).to_contain_text("No memory is about this file.")
