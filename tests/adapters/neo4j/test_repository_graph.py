"""Renamed files, tags and their commits are nodes that follow from the readings of a repository."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from neo4j import Driver

from graphmem.adapters.neo4j import Neo4jStore
from graphmem.adapters.sqlite import SQLiteStore
from graphmem.instants import to_micros
from graphmem.model import Add, Anchor, AnchorKind, Erase, Memory, Move, ReadMainline, Scope, Statement, Status
from graphmem.repository.mainline_rows import MainlineRows, PathOrigin, RefRow, SegmentRow, SideCommit, packed
from graphmem.store import Store
from tests.laws.world import R, day, send
from tests.servers import Access

ADDED, RENAMED = PathOrigin.ADDED, PathOrigin.RENAMED
OTHER_TENANT = Scope(tenant="other", repo="r")


def sha(number: int) -> str:
    return f"{number:040x}"


def rows(
    start: int,
    *segments: SegmentRow,
    shas: tuple[str, ...] = (),
    refs: tuple[RefRow, ...] = (),
    sides: tuple[SideCommit, ...] = (),
) -> MainlineRows:
    """The rows of two commits, five days apart from each other and from those before."""
    numbers = range(start, start + 2)
    return MainlineRows(
        start=start,
        shas=shas or tuple(map(sha, numbers)),
        times_us=tuple(to_micros(day(0) + timedelta(days=5 * number)) for number in numbers),
        segments=segments,
        segment_count=1 + max(segment.number for segment in segments),
        refs=refs,
        sides=sides,
    )


#: `a.py` becomes `b.py`; the tag `v1` is the first commit.
FIRST = rows(
    0,
    SegmentRow(0, 0, "a.py", 0, 1, ADDED, None, None),
    SegmentRow(1, 0, "b.py", 1, None, RENAMED, 80, 0),
    refs=(RefRow("tag", "v1", sha(0)), RefRow("branch", "main", sha(1))),
)
#: `b.py` becomes `c.py`; the tag `v1` moves, and a tag beside the mainline comes.
SECOND = rows(
    2,
    SegmentRow(1, 0, "b.py", 1, 2, RENAMED, 80, 0),
    SegmentRow(2, 0, "c.py", 2, None, RENAMED, None, 1),
    refs=(RefRow("tag", "v1", sha(3)), RefRow("tag", "side", "f" * 40)),
    sides=(SideCommit("f" * 40, sha(1), to_micros(day(9)), (), ()),),
)
#: Instead of the commits from the second on: `a.py` becomes `z.py`; there is no tag any more.
REWRITTEN = rows(
    1,
    SegmentRow(0, 0, "a.py", 0, 2, ADDED, None, None),
    SegmentRow(1, 0, "z.py", 2, None, RENAMED, 70, 0),
    shas=("d" * 40, "e" * 40),
    refs=(RefRow("tag", "v1", None), RefRow("tag", "side", None)),
)


def read(store: Store, previous: int, made: MainlineRows, by: Scope = R) -> int:
    operation = ReadMainline("HEAD", made.shas[-1], made.start + len(made.shas), previous, packed(made))
    return send(store, f"{by.tenant} {previous} {made.shas[0]}", operation, by).seq


def about(store: Store, key: str, kind: AnchorKind, name: str, by: Scope = R) -> None:
    statement = Statement(title=f"The rule {key}", anchors=(Anchor(kind, name, "r"),))
    send(store, f"add {key}", Add(Memory(key, by, statement), (Move(Status.ACTIVE, day(0)),)), by)


@pytest.fixture
def store(place: Access) -> Iterator[Neo4jStore]:
    with Neo4jStore.open(place.url, create=True, login=place.login) as opened:
        yield opened


@pytest.fixture
def driver(place: Access) -> Iterator[Driver]:
    with place.driver() as made:
        yield made


def renamed(driver: Driver, tenant: str = "default") -> set[tuple[str, str, str, int]]:
    query = "MATCH (a:File {tenant: $tenant})-[r:RENAMED_TO]->(b:File) RETURN a.name, b.name, r.commit, r.seq"
    return {tuple(row.values()) for row in driver.execute_query(query, tenant=tenant).records}


def files(driver: Driver, tenant: str = "default") -> list[str]:
    query = "MATCH (f:File {tenant: $tenant}) RETURN f.name ORDER BY f.name"
    return [row[0] for row in driver.execute_query(query, tenant=tenant).records]


def tags(driver: Driver) -> dict[str, str]:
    query = "MATCH (t:Tag)-[:OF]->(c:Commit) RETURN t.name, c.sha"
    return {row[0]: row[1] for row in driver.execute_query(query).records}


def commits(driver: Driver) -> set[str]:
    return {row[0] for row in driver.execute_query("MATCH (c:Commit) RETURN c.sha").records}


def test_a_rename_is_a_relationship_between_the_nodes_of_the_paths(store: Neo4jStore, driver: Driver) -> None:
    seq = read(store, 0, FIRST)
    (record,) = driver.execute_query("MATCH (a)-[r:RENAMED_TO]->(b) RETURN a, properties(r) AS r, b").records
    old, new, properties = record["a"], record["b"], record["r"]
    assert (set(old.labels), dict(old)) == (
        {"Anchor", "File"},
        {
            "id": Anchor(AnchorKind.FILE, "a.py", "r").node_id("default"),
            "tenant": "default",
            "kind": "file",
            "repo": "r",
            "name": "a.py",
        },
    )
    assert new["id"] == Anchor(AnchorKind.FILE, "b.py", "r").node_id("default")
    assert properties.pop("at").to_native() == day(0) + timedelta(days=5)
    (change,) = store.readings(R, "r")
    assert properties.pop("recorded_at").to_native() == change.recorded_at
    assert properties == {"commit": sha(1), "similarity": 80, "lineage": 0, "seq": seq}
    assert store.check() == []


def test_a_tag_is_a_node_with_its_commit(store: Neo4jStore, driver: Driver) -> None:
    read(store, 0, FIRST)
    (record,) = driver.execute_query("MATCH (t:Tag)-[:OF]->(c:Commit) RETURN properties(t) AS t, c").records
    assert record["t"] == {"tenant": "default", "repo": "r", "name": "v1"}
    assert (record["c"]["sha"], record["c"]["name"], record["c"]["repo"]) == (sha(0), sha(0), "r")
    assert record["c"]["at"].to_native() == day(0)
    assert commits(driver) == {sha(0), sha(1)}


def test_a_later_reading_changes_what_it_changes(store: Neo4jStore, driver: Driver) -> None:
    first = read(store, 0, FIRST)
    second = read(store, first, SECOND)
    assert renamed(driver) == {("a.py", "b.py", sha(1), first), ("b.py", "c.py", sha(2), second)}
    assert tags(driver) == {"v1": sha(3), "side": "f" * 40}
    assert commits(driver) == {sha(1), sha(2), sha(3), "f" * 40}
    assert store.check() == []


def test_a_rewritten_mainline_removes_what_it_drops(store: Neo4jStore, driver: Driver) -> None:
    about(store, "m", AnchorKind.FILE, "c.py")
    second = read(store, read(store, 0, FIRST), SECOND)
    third = read(store, second, REWRITTEN)
    assert renamed(driver) == {("a.py", "z.py", "e" * 40, third)}
    assert files(driver) == ["a.py", "c.py", "z.py"]
    assert (tags(driver), commits(driver)) == ({}, {"e" * 40})
    assert store.check() == []


def test_a_rename_that_a_rewrite_keeps_keeps_its_reading(store: Neo4jStore, driver: Driver) -> None:
    first = read(store, 0, FIRST)
    second = read(store, first, rows(0, *FIRST.segments, refs=FIRST.refs))
    assert renamed(driver) == {("a.py", "b.py", sha(1), first)}
    read(store, second, rows(0, *FIRST.segments, shas=(sha(0), "c" * 40)))
    assert renamed(driver) == {("a.py", "b.py", "c" * 40, second + 1)}
    assert store.check() == []


def test_a_reading_that_does_not_count_changes_nothing(store: Neo4jStore, driver: Driver) -> None:
    first = read(store, 0, FIRST)
    send(store, "late", ReadMainline("HEAD", sha(3), 4, 0, packed(SECOND)), R)
    assert renamed(driver) == {("a.py", "b.py", sha(1), first)}
    assert store.check() == []


def test_a_tenant_has_nodes_of_its_own(store: Neo4jStore, driver: Driver) -> None:
    read(store, 0, FIRST)
    read(store, 0, FIRST, OTHER_TENANT)
    read(store, 1, REWRITTEN, OTHER_TENANT)
    assert renamed(driver) == {("a.py", "b.py", sha(1), 1)}
    assert renamed(driver, "other") == {("a.py", "z.py", "e" * 40, 2)}
    assert files(driver) == ["a.py", "b.py"]
    assert store.check() == []


def test_a_reading_of_the_whole_tenant_has_files_of_no_repository(store: Neo4jStore, driver: Driver) -> None:
    read(store, 0, FIRST, Scope())
    (record,) = driver.execute_query("MATCH (f:File {name: 'a.py'}) RETURN f.repo, f.id").records
    assert record.values() == [None, Anchor(AnchorKind.FILE, "a.py").node_id("default")]
    assert (tags(driver), store.check()) == ({"v1": sha(0)}, [])


@pytest.mark.parametrize("is_read_first", [True, False])
def test_a_memory_and_a_rename_share_a_node(store: Neo4jStore, driver: Driver, *, is_read_first: bool) -> None:
    first = read(store, 0, FIRST) if is_read_first else 0
    about(store, "file", AnchorKind.FILE, "b.py")
    about(store, "commit", AnchorKind.COMMIT, sha(1))
    first = first or read(store, 0, FIRST)
    assert files(driver) == ["a.py", "b.py"]
    assert commits(driver) == {sha(0), sha(1)}
    assert store.check() == []
    read(store, first, REWRITTEN)
    assert files(driver) == ["a.py", "b.py", "z.py"]
    (record,) = driver.execute_query("MATCH (c:Commit {name: $name}) RETURN c.sha, c.at", name=sha(1)).records
    assert (record.values(), store.check()) == ([None, None], [])


def test_an_erasure_keeps_the_nodes_of_readings(store: Neo4jStore, driver: Driver) -> None:
    first = read(store, 0, FIRST)
    about(store, "file", AnchorKind.FILE, "b.py")
    about(store, "commit", AnchorKind.COMMIT, sha(1))
    about(store, "alone", AnchorKind.FILE, "alone.py")
    for key in ("file", "commit", "alone"):
        send(store, f"erase {key}", Erase(key), R)
    assert renamed(driver) == {("a.py", "b.py", sha(1), first)}
    assert (files(driver), commits(driver)) == (["a.py", "b.py"], {sha(0), sha(1)})
    assert store.check() == []


def test_a_ledger_from_another_store_brings_its_nodes(store: Neo4jStore, driver: Driver, tmp_path: Path) -> None:
    with SQLiteStore.open(tmp_path / "memory.db", create=True) as source:
        first = read(source, 0, FIRST)
        about(source, "file", AnchorKind.FILE, "b.py")
        second = read(source, first, SECOND)
        store.restore(list(source.export(R)), tenant="default")
    assert renamed(driver) == {("a.py", "b.py", sha(1), first), ("b.py", "c.py", sha(2), second)}
    assert tags(driver) == {"v1": sha(3), "side": "f" * 40}
    assert store.check() == []


def test_a_path_that_no_anchor_can_have_has_no_node(store: Neo4jStore, driver: Driver) -> None:
    long = SegmentRow(1, 0, "x" * 2_000, 1, None, RENAMED, 80, 0)
    read(store, 0, rows(0, FIRST.segments[0], long, refs=(RefRow("tag", "v\x01", sha(0)),)))
    assert (renamed(driver), tags(driver), store.check()) == (set(), {}, [])


EDITS = {
    "a rename": ("MATCH ()-[r:RENAMED_TO]->() DELETE r", "is missing"),
    "a second rename": ("MATCH (a)-[r:RENAMED_TO]->(b) CREATE (a)-[s:RENAMED_TO]->(b) SET s = r", "stored [{"),
    "a rename of nobody": ("MATCH (a:File), (c:Commit) CREATE (a)-[:RENAMED_TO]->(c)", "is in no reading"),
    "a similarity": ("MATCH ()-[r:RENAMED_TO]->() SET r.similarity = 1", "'similarity': 1"),
    "the repository of a file": ("MATCH (f:File {name: 'a.py'}) SET f.repo = 's'", "'repo': 's'"),
    "a tag": ("MATCH (t:Tag) SET t.name = 'v2'", "v2"),
    "the commit of a tag": ("MATCH (:Tag)-[r:OF]->() DELETE r", "tag r v1"),
    "the hash of a commit": ("MATCH (c:Commit) REMOVE c.sha", "is missing"),
    "the time of a commit": ("MATCH (c:Commit) SET c.at = datetime('2020-01-01')", "2020-01-01"),
    "an anchor of nothing": (
        "CREATE (:Anchor:File {id: 'x', tenant: 'default', kind: 'file', name: 'x'})",
        "no memory",
    ),
}


@pytest.mark.parametrize("what", EDITS)
def test_an_edit_by_hand_is_found(what: str, store: Neo4jStore, driver: Driver) -> None:
    edit, found = EDITS[what]
    read(store, 0, FIRST)
    assert store.check() == []
    driver.execute_query(edit)
    findings = store.check()
    assert any(found in finding.what for finding in findings), findings
