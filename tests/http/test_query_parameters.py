"""Query parameters that nobody could answer rightly are refused."""

from __future__ import annotations

import pytest

from tests.http.conftest import Site


@pytest.mark.parametrize("place", ["/v1/repositories?repo=a&repo=b", "/v1/memories?as_of=2024-01-01&as_of=2025-01-01"])
def test_what_says_one_thing_is_said_once(site: Site, place: str) -> None:
    refused = site.send("GET", place)
    assert refused.status_code == 422
    assert "is given 2 times; give it once" in refused.text


def test_what_may_say_several_things_is_said_several_times(site: Site) -> None:
    assert site.send("GET", "/v1/memories?labels=a&labels=b").status_code == 200
    assert site.send("GET", "/v1/repositories?repo=a&related_repos=b&related_repos=c").status_code == 200
