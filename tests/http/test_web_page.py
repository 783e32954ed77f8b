"""The page for people: who may fetch it, what it may do, and that nothing else is found beside it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from graphmem import Scope
from graphmem.http import web_page
from graphmem.http.web_page import address_of
from tests.http.conftest import Site

FOLDER = Path(web_page.__file__).parent / "view"
FILES = sorted(path.name for path in FOLDER.iterdir())
PATHS = ["/", *(f"/view/{name}" for name in FILES)]


@pytest.mark.parametrize("path", PATHS)
def test_the_page_and_its_files_need_no_key(locked: Site, path: str) -> None:
    answer = locked.send("GET", path)
    assert answer.status_code == 200
    name = path.rpartition("/")[2] or "index.html"
    assert answer.content == (FOLDER / name).read_bytes()


@pytest.mark.parametrize("path", PATHS)
def test_nothing_but_its_own_files_runs_on_the_page(site: Site, path: str) -> None:
    headers = site.send("GET", path).headers
    policy = dict(one.split(" ", 1) for one in headers["content-security-policy"].split("; "))
    assert policy.pop("default-src") == "'none'"
    own = {policy.pop(name) for name in ("script-src", "style-src", "img-src", "connect-src")}
    assert own == {"'self'"}
    assert {policy.pop(name) for name in ("base-uri", "form-action", "frame-ancestors", "trusted-types")} == {"'none'"}
    assert policy == {"require-trusted-types-for": "'script'"}
    assert (headers["x-content-type-options"], headers["referrer-policy"]) == ("nosniff", "no-referrer")


def test_files_have_their_types(site: Site) -> None:
    types = {path: site.send("GET", path).headers["content-type"] for path in ("/", "/view/app.js", "/view/page.css")}
    assert list(types.values()) == [
        "text/html; charset=utf-8",
        "text/javascript; charset=utf-8",
        "text/css; charset=utf-8",
    ]
    assert site.send("GET", "/view/icon.svg").headers["content-type"] == "image/svg+xml"


def test_a_browser_that_has_a_file_is_not_sent_it_again(site: Site) -> None:
    first = site.send("GET", "/view/app.js")
    again = site.send("GET", "/view/app.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["cache-control"] == "no-cache"
    assert site.send("GET", "/view/app.js", headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("name", ["nothing.js", "..%2fviewing.py", "%2e%2e%2fapp.py", "sub/app.js", "", "app.js%00"])
def test_what_is_no_file_of_the_page_is_a_problem(locked: Site, name: str) -> None:
    answer = locked.send("GET", f"/view/{name}")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json()["code"] == "not_found"


@pytest.mark.parametrize("path", ["/", "/view/app.js"])
def test_the_page_is_only_looked_at(locked: Site, path: str) -> None:
    assert locked.send("HEAD", path).status_code == 200
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        answer = locked.send(method, path)
        assert (answer.status_code, answer.json()["code"]) == (405, "unsupported")


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}], ids=str)
@pytest.mark.parametrize("path", ["/", "/view/app.js", "/view/nothing"])
def test_without_keys_a_foreign_name_shows_no_page(site: Site, path: str, headers: dict[str, str]) -> None:
    assert site.send("GET", path, headers=headers).status_code == 403


@pytest.mark.parametrize("path", ["/v1/memories", "/view/../v1/memories", "//v1/memories", "/viewing", "/mcp"])
def test_the_open_page_opens_nothing_else(locked: Site, path: str) -> None:
    assert locked.send("GET", path).status_code in {401, 404}
    assert "cards" not in locked.send("GET", path).text


def test_the_page_is_no_part_of_the_api(site: Site) -> None:
    assert not [path for path in site.app.openapi()["paths"] if path == "/" or path.startswith("/view")]


def test_everything_that_the_files_name_is_there() -> None:
    texts = {name: (FOLDER / name).read_text(encoding="utf-8") for name in FILES}
    named = {one for text in texts.values() for one in re.findall(r'(?:from "\./|/view/)([\w.-]+)"', text)}
    assert named == set(FILES) - {"index.html"}


def test_no_text_can_become_markup_or_be_fetched_from_elsewhere() -> None:
    for path in FOLDER.iterdir():
        text = path.read_text(encoding="utf-8")
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|style=", text
        ), path
        assert set(re.findall(r"https?://[^\"'\s)]+", text)) <= {"http://www.w3.org/2000/svg"}, path


def test_its_address_says_where_the_server_stands() -> None:
    scope = Scope("acme", "example.org/shop", "ann")
    there = "http://h:1/#/?repo=example.org%2Fshop"
    assert address_of("http://h:1", scope, has_keys=True) == there
    assert address_of("http://h:1", scope, has_keys=False) == f"{there}&tenant=acme&user=ann"
    assert address_of("http://h:1", Scope(), has_keys=False) == "http://h:1/"
