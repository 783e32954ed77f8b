"""What Neo4j Browser fetches from a server: without a key, from any page, and nothing but those files."""

from __future__ import annotations

import pytest

from graphmem.browser.files import NAMES, file_for
from tests.http.conftest import Site

BASE = "http://127.0.0.1/browser"


@pytest.mark.parametrize("name", NAMES)
def test_its_files_need_no_key_and_are_for_every_page(locked: Site, name: str) -> None:
    answer = locked.send("GET", f"/browser/{name}", headers={"Origin": "https://browser.example.org"})
    file = file_for(name, BASE)
    assert file is not None
    assert (answer.status_code, answer.content) == (200, file.content)
    assert (answer.headers["content-type"], answer.headers["access-control-allow-origin"]) == (file.media_type, "*")


def test_a_browser_may_ask_with_any_header(locked: Site) -> None:
    asked = {"Origin": "https://browser.example.org", "Access-Control-Request-Headers": "cache-control,sentry-trace"}
    answer = locked.send("OPTIONS", "/browser/guide.html", headers=asked)
    assert (answer.status_code, answer.headers["access-control-allow-headers"]) == (204, "*")


def test_behind_tls_the_guide_names_its_files_with_tls(locked: Site) -> None:
    headers = {"Host": "memory.example.org", "X-Forwarded-Proto": "https"}
    text = locked.send("GET", "/browser/guide.html", headers=headers).text
    assert "style https://memory.example.org/browser/graphmem.grass" in text


def test_a_hostile_host_stays_text(locked: Site) -> None:
    text = locked.send("GET", "/browser/guide.html", headers={"Host": '"><script>x</script>'}).text
    assert "<script>" not in text


def test_without_keys_a_foreign_page_gets_nothing(site: Site) -> None:
    assert site.send("GET", "/browser/guide.html", headers={"Origin": "https://evil.example"}).status_code == 403
    assert site.send("GET", "/browser/guide.html", headers={"Origin": "http://localhost:7474"}).status_code == 200


@pytest.mark.parametrize(
    "path", ["/browser/", "/browser/files.py", "/browser/../v1/memories", "/browser/%2e%2e%2fapp.py"]
)
def test_nothing_else_is_there(locked: Site, path: str) -> None:
    assert locked.send("GET", path).status_code in {401, 404}


def test_they_are_only_looked_at(locked: Site) -> None:
    assert locked.send("POST", "/browser/guide.html").status_code == 405
