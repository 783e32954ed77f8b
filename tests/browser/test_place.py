"""The link that opens Neo4j Browser, and the guide that is handed out for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import httpx2
import pytest

from graphmem.browser.address import ADVERTISED, ALLOWED, ENABLED, BrowserAddress, allowed_by, browser_of
from graphmem.browser.file_server import FileServer
from graphmem.browser.files import GuideParameters
from graphmem.errors import InvalidInput, Unsupported

GUIDE = "http://localhost:7471/guide.html"
ORIGIN = "http://127.0.0.1:7474"


def test_a_link_connects_and_plays_the_guide() -> None:
    place = BrowserAddress("http://db:7474/browser/", "neo4j://db:7687", "team a", "reader")
    assert place.link(GUIDE) == (
        "http://db:7474/browser/?dbms=neo4j://reader@db:7687&db=team%20a&cmd=guide&arg=http://localhost:7471/guide.html"
    )
    assert place.origin == "http://db:7474"


def test_a_link_without_user_and_database() -> None:
    place = BrowserAddress("http://db:7474/browser/", "bolt://db:7687")
    assert place.link(GUIDE).partition("?")[2].startswith("dbms=bolt://db:7687&cmd=guide&")


@pytest.mark.parametrize("allowed", [("*",), ("guides.neo4j.com", "localhost"), ("http://localhost",), ()], ids=str)
def test_a_guide_from_an_allowed_host_is_linked(allowed: tuple[str, ...]) -> None:
    assert GUIDE in BrowserAddress("http://db:7474/browser/", "neo4j://db:7687", allowed=allowed).link(GUIDE)


def test_a_guide_that_would_be_refused_is_not_linked() -> None:
    place = BrowserAddress("http://db:7474/browser/", "neo4j://db:7687", allowed=("guides.neo4j.com",))
    with pytest.raises(
        InvalidInput, match=r"not from 'localhost': add it to browser\.remote_content_hostname_whitelist"
    ):
        place.link(GUIDE)


@pytest.mark.parametrize(
    ("server", "advertised", "browser"),
    [
        ("neo4j://db:7687", "localhost:7474", "http://db:7474/browser/"),
        ("bolt://127.0.0.1:17687", "127.0.0.1:17474", "http://127.0.0.1:17474/browser/"),
        ("neo4j+s://[::1]:7687", ":8080", "http://[::1]:8080/browser/"),
        ("neo4j://db", None, "http://db:7474/browser/"),
    ],
)
def test_browser_is_on_the_host_of_the_server(server: str, advertised: str | None, browser: str) -> None:
    assert browser_of(server, {} if advertised is None else {ADVERTISED: advertised}) == browser


def test_a_server_without_http_has_no_browser() -> None:
    with pytest.raises(Unsupported, match=r"server\.http\.enabled is false.*--at"):
        browser_of("neo4j://db:7687", {ENABLED: "false"})


def test_hosts_that_are_allowed_are_read_off_the_setting() -> None:
    assert allowed_by({ALLOWED: "guides.neo4j.com, localhost/"}) == ("guides.neo4j.com", "localhost")
    assert allowed_by({}) == ()


@pytest.fixture
def hand() -> Iterator[FileServer]:
    with FileServer(0, ORIGIN, GuideParameters("default", None, ("src/gone.py",))) as hand:
        thread = threading.Thread(target=hand.serve_forever)
        thread.start()
        yield hand
        hand.shutdown()
        thread.join()


def test_the_guide_is_for_the_page_of_neo4j_browser_alone(hand: FileServer) -> None:
    address = f"http://127.0.0.1:{hand.server_port}"
    answer = httpx2.get(f"{address}/guide.html", headers={"Origin": ORIGIN}, timeout=None)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, ORIGIN)
    assert "src/gone.py" in answer.text
    assert f"style {hand.base}/graphmem.grass" in answer.text
    assert httpx2.get(f"{address}/graphmem.zip", timeout=None).headers["content-type"] == "application/zip"


def test_browsers_may_ask_with_any_header(hand: FileServer) -> None:
    answer = httpx2.options(f"http://127.0.0.1:{hand.server_port}/guide.html", headers={"Origin": ORIGIN})
    assert (answer.status_code, answer.headers["access-control-allow-headers"]) == (204, "*")


@pytest.mark.parametrize("path", ["/", "/nothing", "/../files.py", "/queries/01-what-replaced-what.cypher"])
def test_nothing_else_is_handed_out(hand: FileServer, path: str) -> None:
    assert httpx2.get(f"http://127.0.0.1:{hand.server_port}{path}", timeout=None).status_code == 404


def test_another_name_that_leads_here_gets_nothing(hand: FileServer) -> None:
    answer = httpx2.get(
        f"http://127.0.0.1:{hand.server_port}/guide.html", headers={"Host": "evil.example"}, timeout=None
    )
    assert answer.status_code == 404


def test_a_port_in_use_is_named(hand: FileServer) -> None:
    with pytest.raises(InvalidInput, match=rf"port {hand.server_port} cannot be listened on .*--port"):
        FileServer(hand.server_port, ORIGIN, GuideParameters())
