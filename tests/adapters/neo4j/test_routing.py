"""A store over two servers: the contract's essential part, and what only several servers can get wrong.

All that happens within a tenant is `Neo4jStore`'s and passes the whole contract there. Here run those contract tests
that write to several tenants, send again, refuse, close and adopt models; and every method is called once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from graphmem.adapters.neo4j.connecting import Login
from graphmem.adapters.neo4j.projecting import Neo4jProjection
from graphmem.adapters.neo4j.routed_schema import open_routed_schema
from graphmem.adapters.neo4j.routing import RoutedStore
from graphmem.errors import InvalidInput, NotFound, StoreUnavailable, Unsupported
from graphmem.model import Link as LinkMemories
from graphmem.model import LinkKind, Request, Scope
from graphmem.service.projecting import Projector
from graphmem.store import Filter, ModelCard, Probe, Store
from tests.contract.scenario import NOON, VECTORS, fill, sorted_rows
from tests.contract.test_concurrency import test_one_request_sent_by_many_is_recorded_once
from tests.contract.test_keeping import (
    test_a_closed_store_says_so,
    test_a_sound_store_has_no_findings,
    test_another_model_drops_all_vectors,
    test_other_tenants_stay_out_of_an_export,
)
from tests.contract.test_writing import (
    snapshot,
    test_a_refused_batch_leaves_nothing_behind,
    test_entries_are_numbered_from_one_without_gaps,
    test_one_batch_is_of_one_tenant,
    test_sending_again_changes_nothing_and_answers_the_same,
    test_tenants_share_nothing,
)
from tests.faults import FaultProxy
from tests.laws.world import CLOCK, R, add, send, supersede
from tests.oracle.planned import PlannedStore
from tests.servers import Access

__all__ = [
    "test_a_closed_store_says_so",
    "test_a_refused_batch_leaves_nothing_behind",
    "test_a_sound_store_has_no_findings",
    "test_another_model_drops_all_vectors",
    "test_entries_are_numbered_from_one_without_gaps",
    "test_one_batch_is_of_one_tenant",
    "test_one_request_sent_by_many_is_recorded_once",
    "test_other_tenants_stay_out_of_an_export",
    "test_sending_again_changes_nothing_and_answers_the_same",
    "test_tenants_share_nothing",
]

THEIRS = Scope(tenant="other", repo="r")
CARD, OTHER_CARD = ModelCard("one", 4, "a"), ModelCard("two", 4, "b")
PATIENCE_S, SHORT_S = 60.0, 10.0

_CROSSING = "MATCH (a)-->(b) WHERE a.tenant <> b.tenant RETURN count(*) AS edges"
_TENANTS = "MATCH (n) WHERE n.tenant IS NOT NULL RETURN DISTINCT n.tenant AS tenant"


@pytest.fixture
def servers(neo4j: Access, calendar: Access) -> dict[str, Access]:
    """Two empty servers by the names of their shards."""
    found = {"a": neo4j, "b": calendar}
    for access in found.values():
        access.wipe()
    return found


def write_rule(folder: Path, urls: dict[str, str], tenants: str = 'default = "a"\nother = "b"') -> Path:
    shards = "\n".join(f'{name} = "{url}"' for name, url in urls.items())
    path = folder / "shards.toml"
    path.write_text(f"[shards]\n{shards}\n[tenants]\n{tenants}\n")
    return path


def opened(path: Path, servers: dict[str, Access], patience_s: float = PATIENCE_S) -> RoutedStore:
    def login(shard: str) -> Login:
        return servers[shard].login

    return RoutedStore.open(path, create=True, logins=login, patience_s=patience_s)


@pytest.fixture
def store(servers: dict[str, Access], tmp_path: Path) -> Iterator[Store]:
    """Tenant `default` is on one server, `other` on the other."""
    path = write_rule(tmp_path, {name: access.url for name, access in servers.items()})
    with opened(path, servers) as store:
        yield store


@pytest.fixture
def faulty(servers: dict[str, Access], tmp_path: Path) -> Iterator[tuple[RoutedStore, FaultProxy]]:
    """The same with a proxy before the server of `other`."""
    with ExitStack() as stack:
        proxy = stack.enter_context(FaultProxy.before(servers["b"].url))
        path = write_rule(tmp_path, {"a": servers["a"].url, "b": proxy.url})
        with opened(path, servers) as patient:  # the first statement on a server takes it long
            add_to(patient, R, "first")
            add_to(patient, THEIRS, "first")
        yield stack.enter_context(opened(path, servers, SHORT_S)), proxy


def add_to(store: Store, tenant: Scope, key: str) -> None:
    store.apply([Request(f"add {key}", add(key, home=tenant), tenant)], clock=lambda: CLOCK)


def answers(store: Store, reader: Scope) -> list[object]:
    """One answer of each method that reads; scores are left to the contract of a single server."""
    last, at = store.position(reader).seq, NOON
    return [
        store.position(reader, at),
        store.changes(reader, after=1, limit=3),
        store.changes_of(reader, "A"),
        store.change_by_op_id(reader, store.changes(reader)[0].op_id),
        sorted_rows(store.rows(reader, ("A", "B", "O"))),
        store.select(reader, Filter(), at=None, before=last, limit=9),
        sorted(store.match(reader, Probe(terms=("storage",), vector=VECTORS["A"]), Filter()).ids),
        {*store.neighbours(reader, ["A", "B"], seq=last, limit=50).steps},
        store.contested_subjects(reader),
        store.forked(reader),
        store.declared_conflicts(reader),
        store.without_vector(reader, 99),
        store.info(reader).changes,
        len(list(store.export(reader))),
    ]


# ---- what is where


@pytest.mark.parametrize("reader", [R, THEIRS], ids=["on a", "on b"])
def test_every_question_is_answered_by_the_tenant_s_server(store: Store, reader: Scope) -> None:
    expected = PlannedStore()
    assert fill(store) == fill(expected)
    assert answers(store, reader) == answers(expected, reader)


def test_everything_of_a_tenant_is_on_its_server_and_no_edge_crosses(store: Store, servers: dict[str, Access]) -> None:
    fill(store)
    add_to(store, THEIRS, "Z")
    for shard, tenant in (("a", "default"), ("b", "other")):
        with servers[shard].driver() as driver:
            assert [row["tenant"] for row in driver.execute_query(_TENANTS).records] == [tenant]
            assert driver.execute_query(_CROSSING).records[0]["edges"] == 0


def test_a_memory_of_another_tenant_can_be_neither_replaced_nor_linked(store: Store) -> None:
    add_to(store, R, "A")
    add_to(store, THEIRS, "Z")
    for operation in (supersede("Z", "A", 1), LinkMemories("A", "Z", LinkKind.DEPENDS_ON)):
        with pytest.raises(NotFound):
            send(store, "cross", operation)
    assert store.check() == []


def test_what_was_written_is_there_after_a_restart(servers: dict[str, Access], tmp_path: Path) -> None:
    path = write_rule(tmp_path, {name: access.url for name, access in servers.items()})
    with opened(path, servers) as store:
        fill(store)
        before = snapshot(store)
    with opened(path, servers) as store:
        assert snapshot(store) == before


def test_a_tenant_moves_by_export_and_a_changed_rule(servers: dict[str, Access], tmp_path: Path) -> None:
    urls = {name: access.url for name, access in servers.items()}
    with opened(write_rule(tmp_path, urls), servers) as store:
        fill(store)
        before, lines = snapshot(store), list(store.export(R))
    with opened(write_rule(tmp_path, urls, 'default = "b"\nother = "b"'), servers) as moved:
        moved.restore(lines, tenant="default")
        assert snapshot(moved) == before
        # What was left behind is told until somebody removes it.
        assert [one.what for one in moved.check()] == ["tenant 'default' has a ledger on shard 'a', but is kept on 'b'"]


def test_a_store_tells_which_server_a_tenant_is_on(store: Store) -> None:
    assert "shard 'a'" in store.info(R).url
    assert "shard 'b'" in store.info(THEIRS).url


def test_servers_are_opened_when_they_are_needed(tmp_path: Path, servers: dict[str, Access]) -> None:
    path = write_rule(tmp_path, {"a": servers["a"].url, "b": "bolt://127.0.0.1:9"})
    with opened(path, servers) as store:
        add_to(store, R, "A")
        assert store.position(R).seq == 1


def test_a_backup_is_refused(store: Store, tmp_path: Path) -> None:
    with pytest.raises(Unsupported, match="export"):
        store.backup(tmp_path / "copy")


def test_nothing_to_apply_is_refused(store: Store) -> None:
    with pytest.raises(InvalidInput, match="at least one"):
        store.apply([], clock=lambda: CLOCK)


# ---- models


def test_a_model_is_adopted_everywhere_or_where_one_tenant_is(store: Store) -> None:
    store.adopt_model(CARD, R)
    assert (store.model(R), store.model(THEIRS), store.check()) == (CARD, None, [])
    store.adopt_model(CARD)
    assert (store.model(), store.model(THEIRS)) == (CARD, CARD)


def test_a_shard_with_another_model_is_named(store: Store) -> None:
    store.adopt_model(CARD, R)
    store.adopt_model(OTHER_CARD, THEIRS)
    with pytest.raises(Unsupported, match="'a' has 'one', 'b' has 'two'"):
        store.model()
    assert [(one.area, one.what) for one in store.check()] == [
        ("model", "the shards' embedding models differ: 'a' has 'one', 'b' has 'two'")
    ]


def test_a_model_is_adopted_nowhere_while_a_shard_is_down(faulty: tuple[RoutedStore, FaultProxy]) -> None:
    store, proxy = faulty
    proxy.go_down()
    with pytest.raises(StoreUnavailable, match="shard 'b'"):
        store.adopt_model(CARD)
    assert store.model(R) is None


# ---- one server down


def test_tenants_of_other_servers_go_on_while_one_is_down(faulty: tuple[RoutedStore, FaultProxy]) -> None:
    store, proxy = faulty
    add_to(store, THEIRS, "Z")
    proxy.go_down()
    with pytest.raises(StoreUnavailable, match="shard 'b'"):
        add_to(store, THEIRS, "Y")
    add_to(store, R, "A")
    assert store.position(R).seq == 2
    proxy.resume()
    add_to(store, THEIRS, "Y")
    assert [one.op_id for one in store.changes(THEIRS)] == ["add first", "add Z", "add Y"]


def test_a_server_that_is_down_at_first_is_opened_once_it_is_up(faulty: tuple[RoutedStore, FaultProxy]) -> None:
    store, proxy = faulty
    proxy.go_down()
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="shard 'b'"):
            next(store.export(THEIRS))
    proxy.resume()
    add_to(store, THEIRS, "Z")
    assert store.position(THEIRS).seq == 2


def test_a_check_needs_every_server(faulty: tuple[RoutedStore, FaultProxy]) -> None:
    store, proxy = faulty
    proxy.go_down()
    with pytest.raises(StoreUnavailable, match="shard 'b'"):
        store.check()


def test_a_refused_login_names_the_shard_and_its_settings(servers: dict[str, Access], tmp_path: Path) -> None:
    path = write_rule(tmp_path, {name: access.url for name, access in servers.items()})
    wrong = RoutedStore.open(path, create=True, logins=lambda _: Login("neo4j", "wrong"), patience_s=PATIENCE_S)
    with wrong, pytest.raises(StoreUnavailable, match=r"shard 'b'.*GRAPHMEM_NEO4J_USER_B"):
        wrong.position(THEIRS)


def test_a_projection_is_kept_where_its_tenant_is(store: RoutedStore, servers: dict[str, Access]) -> None:
    projector, tenant = Projector(store, store.projected()), THEIRS.tenant
    assert projector.status(tenant).position is None
    projector.switch_on(tenant)
    add_to(store, THEIRS, "A")
    projector.after_write(tenant)
    status = projector.status(tenant)
    assert (status.position, [one.memories for one in status.groups]) == (1, [1])
    found = {}
    for name, access in servers.items():
        with access.driver() as driver:
            found[name] = driver.execute_query("MATCH (e:GraphitiEntity) RETURN count(e) AS nodes").records[0]["nodes"]
    assert found == {"a": 0, "b": 2}
    assert projector.switch_off(tenant).position is None


_LEFT = "CREATE (:GraphitiEntity {uuid: 'left', tenant: $tenant, group_id: 'left', memory: 'm'})"
_BEGUN = """
CREATE (:GraphitiProjection {tenant: $tenant, seq: 1})
CREATE (:GraphitiEntity {uuid: 'begun', tenant: $tenant, group_id: 'begun', memory: 'm'})
"""


def test_clearing_takes_what_is_left_and_not_what_another_process_began(
    store: RoutedStore, servers: dict[str, Access], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, tenant = store.projected(), THEIRS.tenant
    with servers["b"].driver() as driver:
        driver.execute_query(_LEFT, tenant=tenant)
        kept.switch_on(tenant)
        assert kept.groups(tenant) == []
        monkeypatch.setattr(Neo4jProjection, "note", lambda *_, **__: driver.execute_query(_BEGUN, tenant=tenant))
        kept.switch_off(tenant)
        assert [one.group_id for one in kept.groups(tenant)] == ["begun"]


# ---- schema


def test_the_schema_is_that_of_every_server(servers: dict[str, Access], tmp_path: Path) -> None:
    def login(shard: str) -> Login:
        return Login(servers[shard].user, servers[shard].password)

    path = write_rule(tmp_path, {name: access.url for name, access in servers.items()})
    servers["b"].wipe_schema()
    schema = open_routed_schema(path, login, patience_s=PATIENCE_S)
    try:
        assert all(name.startswith("b: ") for name in schema.status().pending)
        assert {one.name.partition(": ")[0] for one in schema.diff()} == {"b"}
        assert schema.apply().pending == ()
        assert schema.diff() == []
    finally:
        schema.close()
