"""A memory on a server answers and refuses what the memory itself does."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

import graphmem
from graphmem import At, Filter, GraphMemory, Move, New, OnSimilar, Page, Scope, Statement, Status, Write
from graphmem.client import RemoteMemory
from graphmem.config import Settings
from graphmem.errors import Conflict, Forbidden, InvalidInput, NotFound, StoreUnavailable, Unsupported
from graphmem.keys import Key, KeyRing, Permission
from graphmem.model import Supersede, SupersessionKind
from graphmem.opening import open_schema, open_store, utc_now
from graphmem.service.statements import StatementText
from graphmem.sources.decisions.documents import Document
from graphmem.sources.decisions.reader import read_documents
from tests.client.conftest import serving
from tests.service.conftest import day
from tests.service.played import READERS, Player, everything

VERBS = [name for name, one in inspect.getmembers(GraphMemory, inspect.isfunction) if not name.startswith("_")]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_is_carried_out_by_the_server(verb: str) -> None:
    own, inherited = getattr(RemoteMemory, verb), getattr(GraphMemory, verb)
    assert own is not inherited
    assert inspect.signature(own) == inspect.signature(inherited)


def test_a_server_of_this_process_prints_nothing(local: GraphMemory, capfd: pytest.CaptureFixture[str]) -> None:
    with serving(local) as url, graphmem.open(url) as remote:
        remote.list()
    assert capfd.readouterr() == ("", "")


@pytest.mark.heavy
def test_a_server_answers_what_its_memory_answers(local: GraphMemory, remote: GraphMemory) -> None:
    player = Player(remote, 7)
    player.play(60)
    last = local.status().changes
    assert remote.status() == local.status()
    for reader in READERS:
        for known in (last // 2, last):
            told = everything(remote, reader, player.ids[:8], known)
            assert told == everything(local, reader, player.ids[:8], known)
    assert remote.changes(limit=1_500) == local.changes(limit=1_500)
    assert [one.provenance.actor for one in local.changes(limit=1)] == ["ada"]


def test_filters_points_and_pages_arrive(local: GraphMemory, remote: GraphMemory) -> None:
    for number in range(5):
        said = Statement(title=f"fact {number}", labels=("a b", "c&d") if number % 2 else (), confidence=0.5)
        remote.add(said, start=datetime(2025, 1, number + 1, tzinfo=UTC))
    where = Filter(labels=("c&d", "x"), min_confidence=0.4, include_history=True)
    for at in (At(day(3)), At(day(9), 3), At(day(9), local.changes()[2].recorded_at)):
        cards = [local.list(where, at=at, page=Page(1)), remote.list(where, at=at, page=Page(1))]
        assert cards[0].cards == cards[1].cards
    found = remote.search("fact", page=Page(2))
    assert len(remote.search("fact", page=Page(9, found.cursor)).hits) == 3


def test_what_is_similar_is_told_and_skipped_as_asked(remote: GraphMemory) -> None:
    first = remote.add("Ports are named in lower case.")
    again = remote.add("Ports are named in lower case")
    assert [one.memory.id for one in again.similar] == [first.ids[0]]
    assert remote.add("Ports are named in lower case", on_similar=None).similar == ()
    assert remote.add("Ports are named in lower case!", on_similar=OnSimilar.SKIP).is_confirmation
    item = New(statement=Statement(title="Ports are named in lower case?"))
    (told,) = remote.add_many([item], on_similar=OnSimilar.KEEP)
    assert told.similar
    assert remote.add_many([New(statement=Statement(title="Ports are named in lower case;"))])[0].similar == ()


def test_errors_come_back_as_what_they_are(remote: GraphMemory) -> None:
    key = remote.add("old words here").ids[0]
    head = remote.supersede(key, "new words here").ids[1]
    with pytest.raises(Conflict) as conflict:
        remote.supersede(key, "newer words here")
    assert conflict.value.heads == (head,)
    with pytest.raises(NotFound, match="no memory 'a/b'; `list`"):
        remote.history("a/b")
    with pytest.raises(InvalidInput, match="names no memory"):
        remote.supersede((), "x y")
    with pytest.raises(InvalidInput, match="give either `subject` or `path`"):
        remote.timeline()
    with pytest.raises(Unsupported):
        remote.backup(Path("copy.db"))
    with pytest.raises(Unsupported, match="no model"):
        remote.reindex()


def test_a_batch_with_lives_and_ids_of_its_own_arrives(remote: GraphMemory, local: GraphMemory) -> None:
    moves = (Move(Status.PROPOSED, day(1)), Move(Status.ACTIVE, day(2), 1, "Accepted"))
    home = Scope(user="ann", repo="r")
    items = [
        New(statement=Statement(title="one"), moves=moves, id="a/b"),
        New(statement=Statement(title="2"), scope=Scope(repo="r")),
    ]
    write = Write(op_id="once", scope=home)
    first = remote.add_many(items, write=write)
    assert remote.add_many(items, write=write) == first
    assert remote.history("a/b", scope=home).moves == local.history("a/b", scope=home).moves
    assert local.get(first[1].ids[0]).memory.scope == Scope(repo="r")


def test_a_batch_that_supersedes_arrives(remote: GraphMemory, local: GraphMemory) -> None:
    old = remote.add("Use tabs", start=day(1)).ids[0]
    items = [
        New(statement="Use spaces", supersedes=(old,), start=day(2), reason="editors", until=day(5)),
        New(statement=Statement(title="Two"), supersedes=(0,), supersession=SupersessionKind.CORRECTION),
    ]
    first, second = remote.add_many(items, write=Write(op_id="once"))
    changes = local.changes(scope=remote.scope)
    assert [first.change, second.change] == [changes[2], changes[4]]
    assert first.change.operation == Supersede(old=(old,), new=first.ids[1:], at=day(2), until=day(5))
    assert first.change.provenance.reason == "editors"
    assert second.change.operation == Supersede(old=first.ids[1:], new=second.ids[1:], kind=SupersessionKind.CORRECTION)


def test_a_ledger_goes_out_and_comes_in(remote: GraphMemory, local: GraphMemory, tmp_path: Path) -> None:
    remote.add("words with \u2028 and \x85 inside")
    lines = list(remote.export())
    assert lines == list(local.export())
    with (
        graphmem.open(str(tmp_path / "copy.db"), create=True) as copy,
        serving(copy) as url,
        graphmem.open(url) as other,
    ):
        assert other.restore(lines) == 1
        assert other.check() == []
        assert list(other.export()) == lines


def test_what_was_read_on_this_side_is_brought_in(remote: GraphMemory) -> None:
    text = b"# 1. Use queues\n\nDate: 2024-05-01\n\n## Status\n\nAccepted\n\n## Decision\n\nWe use queues.\n"
    reading = read_documents([Document("adr/0001-queues.md", text)], read_at=datetime(2026, 1, 1, tzinfo=UTC))
    first, second = remote.ingest(reading), remote.ingest(reading)
    assert (len(first.added), second.unchanged) == (1, 1)
    assert first.ids == second.ids


@pytest.fixture
def keyed(local: GraphMemory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, KeyRing, str]]:
    """URL, ring and key id of a server that asks for a key, which stands in the environment."""
    ring = KeyRing(tmp_path / "keys.json", utc_now)
    draft = Key(
        id="", digest="", name="ci", tenant="acme", permissions=(Permission.READ, Permission.WRITE), created_at=day(1)
    )
    granted = ring.create(draft)
    monkeypatch.setenv("GRAPHMEM_KEY", granted.text)
    with serving(local, ring) as url:
        yield url, ring, granted.key.id


def test_the_key_comes_from_the_environment(keyed: tuple[str, KeyRing, str], local: GraphMemory) -> None:
    url, ring, key_id = keyed
    with graphmem.open(url) as remote:
        written = remote.add("words of acme")
        assert (written.change.writer.tenant, written.change.provenance.actor) == ("acme", "ci")
        with pytest.raises(Forbidden, match="permission to admin"):
            list(remote.export())
        with pytest.raises(NotFound, match="no tenant 'other'"):
            remote.list(scope=Scope("other"))
        ring.revoke(key_id)
        with pytest.raises(Forbidden, match="revoked"):
            remote.list()
    assert len(local.changes(scope=Scope("acme"))) == 1


@pytest.mark.parametrize(
    "url", ["http://a:b@host", "http://gmk_key@host", "http://", "http://h:99999", "https://h?x=1"]
)
def test_a_url_names_a_server_and_nothing_else(url: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        graphmem.open(url)
    assert "gmk_key" not in str(refusal.value)


@pytest.mark.parametrize(
    "use", [lambda url: open_store(url, Settings(), create=False), lambda url: open_schema(url, Settings())]
)
def test_what_needs_a_store_says_that_a_server_is_none(use: Callable[[str], object]) -> None:
    with pytest.raises(Unsupported, match="needs the store itself"):
        use("http://127.0.0.1:7474")


def test_a_server_that_is_not_there_is_named() -> None:
    with graphmem.open("http://127.0.0.1:9") as remote, pytest.raises(StoreUnavailable, match="graphmem serve"):
        remote.list()


def test_a_number_and_parts_of_the_scope_are_given_by_name(remote: RemoteMemory) -> None:
    remote.add("Tabs for Ann", user="ann", repo="shop")
    assert remote.search("tabs", limit=1).hits == ()
    assert [hit.card.title for hit in remote.search("tabs", limit=1, user="ann", repo="shop").hits] == ["Tabs for Ann"]
    assert [card.title for card in remote.list(user="ann", repo="shop", limit=1).cards] == ["Tabs for Ann"]
    assert remote.repositories(scope=Scope(user="ann")) == ("shop",)


def test_words_that_read_like_an_id_are_words(remote: GraphMemory) -> None:
    old = remote.add("We deploy by hand").ids[0]
    written = remote.supersede(old, StatementText("4kd0w1t9bqzc"))
    assert remote.get(written.ids[1]).title == "4kd0w1t9bqzc"
