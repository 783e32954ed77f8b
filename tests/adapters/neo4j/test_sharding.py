"""Which shard keeps which tenant, and what a file of shards may say."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from graphmem.adapters.neo4j.sharding import Shards
from graphmem.config import Settings, login_settings
from graphmem.errors import InvalidInput, NotFound
from graphmem.opening import open_schema, open_store

TENANTS = [f"tenant-{number}" for number in range(4_000)]


def rule(names: str, **more: object) -> Shards:
    return Shards.parsed({"shards": {name: f"bolt://{name}.example.org:7687" for name in names}, **more})


def test_where_a_tenant_is_never_changes() -> None:
    kept = [rule("abc").shard_of(tenant) for tenant in ("default", "acme", "globex", "東京", "")]
    assert kept == ["b", "b", "c", "b", "a"]


def test_tenants_spread_evenly() -> None:
    counted = Counter(map(rule("abc").shard_of, TENANTS))
    assert all(1_233 < counted[shard] < 1_433 for shard in "abc")


def test_a_shard_that_joins_takes_its_share_and_moves_nobody_else() -> None:
    before, after = rule("abc"), rule("abcd")
    moved = {after.shard_of(one) for one in TENANTS if after.shard_of(one) != before.shard_of(one)}
    share = sum(after.shard_of(one) == "d" for one in TENANTS) / len(TENANTS)
    assert moved == {"d"}
    assert 0.23 < share < 0.27


def test_the_order_of_shards_does_not_matter() -> None:
    assert [rule("cab").shard_of(one) for one in TENANTS[:99]] == [rule("abc").shard_of(one) for one in TENANTS[:99]]


def test_a_tenant_that_is_named_is_where_it_is_named() -> None:
    named = rule("abc", tenants={"acme": "a"}, spread=["b", "c"])
    assert named.shard_of("acme") == "a"
    assert {named.shard_of(tenant) for tenant in TENANTS[:99]} == {"b", "c"}


def test_without_a_spread_only_named_tenants_are_kept() -> None:
    named = rule("ab", tenants={"acme": "a"}, spread=[])
    assert named.shard_of("acme") == "a"
    with pytest.raises(InvalidInput, match=r"'other' has no shard"):
        named.shard_of("other")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "names no shard|table"),
        ("[shards]", "names no shard"),
        ('[shards]\nA = "bolt://h:1"', "shard 'A' must be"),
        ('[shards]\na = "http://h:1"', "is no server"),
        ('[shards]\na = "bolt://h:1"\nb = "bolt://h:1"', "where another one is"),
        ('[shards]\na = "bolt://neo4j:hidden@h:1"', "carries a user or password"),
        ("[shards]\na = 1", "table of texts"),
        ('spread = "a"\n[shards]\na = "bolt://h:1"', "list of shards"),
        ('spread = ["z"]\n[shards]\na = "bolt://h:1"', "no shard 'z'; there are: a"),
        ('[shards]\na = "bolt://h:1"\n[tenants]\nx = "z"', "no shard 'z'"),
        ('[shards]\na = "bolt://h:1"\n[tenant]\nx = "a"', "'tenant' is nothing known"),
        ("[shards", "shards.toml"),
    ],
)
def test_a_wrong_file_is_refused_with_what_is_wrong(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "shards.toml"
    path.write_text(text)
    with pytest.raises(InvalidInput, match=told) as caught:
        open_store(f"neo4j-shards:///{path}", Settings(), create=False)
    assert "hidden" not in str(caught.value)


def test_a_missing_file_and_a_missing_path_are_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"none\.toml"):
        open_schema(f"neo4j-shards:///{tmp_path}/none.toml", Settings())
    with pytest.raises(InvalidInput, match="has no path"):
        open_store("neo4j-shards://shards.toml", Settings(), create=False)


@pytest.mark.parametrize(
    ("environment", "login"),
    [
        ({}, ("ann", "common", "token")),
        ({"GRAPHMEM_NEO4J_PASSWORD_B": "own"}, ("ann", "own", None)),
        ({"GRAPHMEM_NEO4J_USER_B": "bob", "GRAPHMEM_NEO4J_PASSWORD_B": "own"}, ("bob", "own", None)),
        ({"GRAPHMEM_NEO4J_TOKEN_B": "own"}, ("ann", "common", "own")),
        ({"GRAPHMEM_NEO4J_PASSWORD_BB": "other's"}, ("ann", "common", "token")),
    ],
)
def test_a_shard_has_its_own_login_or_the_common_one(
    environment: dict[str, str], login: tuple[str | None, ...]
) -> None:
    common = Settings(neo4j_user="ann", neo4j_password="common", neo4j_token="token")  # noqa: S106
    found = login_settings(common, "b", environment)
    assert (found.neo4j_user, found.neo4j_password, found.neo4j_token) == login
