"""The documentation as a site: it builds without a warning, and its search works from a file, without a network."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tools.chromium import running_chromium
from tools.site_hooks import on_page_markdown

ROOT = Path(__file__).parent.parent


class Page:
    """A page as mkdocs hands it to hooks, as far as the hooks look."""

    def __init__(self, src_uri: str) -> None:
        self.file = self
        self.src_uri = src_uri


@pytest.mark.parametrize(
    ("link", "shown"),
    [
        ("[ADR](../decisions/0001-a.md)", "[ADR](../decisions/0001-a.md)"),
        ("[how](../../benchmarks/truth/CHOSEN.md#x)", "how (`benchmarks/truth/CHOSEN.md`)"),
        ("[`schema/README.md`](../../schema/README.md)", "`schema/README.md`"),
        ("![picture](../../picture.png)", "![picture](../../picture.png)"),
    ],
)
def test_a_link_out_of_the_pages_becomes_its_text(link: str, shown: str) -> None:
    assert on_page_markdown(link, page=Page("guides/team.md")) == shown


@pytest.mark.heavy
def test_the_site_is_built_strictly_and_searched_from_a_file(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "mkdocs", "--quiet", "build", "--strict", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(build, cwd=ROOT, capture_output=True, text=True, check=False)
    assert not done.returncode, done.stderr
    with running_chromium() as browser:
        page = browser.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto((tmp_path / "site" / "index.html").as_uri())
        page.locator(".md-search__input").click()
        page.keyboard.type("idempotency")
        page.locator(".md-search-result__item", has_text="Idempotency-Key").first.wait_for()
    assert [url for url in asked if not url.startswith("file:")] == []
