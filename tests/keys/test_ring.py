"""Keys: what they open, how long, and what is stored of them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from graphmem.errors import Forbidden, InvalidInput, NotFound, StoreUnavailable, Unsupported
from graphmem.keys import Granted, Key, KeyRing, Permission
from graphmem.keys.secret import make_text, present
from graphmem.model import Scope
from tests.service.conftest import TickingClock

DAY = timedelta(days=1)
DRAFT = Key(
    id="",
    digest="",
    name="ci",
    tenant="acme",
    permissions=(Permission.READ,),
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
)


@pytest.fixture
def clock() -> TickingClock:
    return TickingClock()


@pytest.fixture
def ring(tmp_path: Path, clock: TickingClock) -> KeyRing:
    return KeyRing(tmp_path / "keys.json", clock)


@pytest.fixture
def granted(ring: KeyRing) -> Granted:
    return ring.create(DRAFT)


def test_a_key_is_found_by_its_text(ring: KeyRing, granted: Granted) -> None:
    assert ring.find(granted.text) == granted.key
    assert (granted.key.name, granted.key.tenant) == ("ci", "acme")


def test_nothing_of_the_secret_is_stored(tmp_path: Path, granted: Granted) -> None:
    _, key_id, secret, checksum = granted.text.split("_")
    stored = (tmp_path / "keys.json").read_text()
    assert key_id in stored
    assert secret not in stored
    assert checksum not in stored.replace(granted.key.digest, "")


def test_only_the_owner_may_read_the_file(tmp_path: Path, granted: Granted) -> None:
    assert granted
    assert (tmp_path / "keys.json").stat().st_mode & 0o077 == 0


def test_a_key_has_a_prefix_and_160_random_bits() -> None:
    texts = {make_text() for _ in range(100)}
    assert len(texts) == 100
    assert all(re.fullmatch(r"gmk_[0-9a-z]{8}_[0-9a-z]{32}_[0-9a-f]{6}", text) for text in texts)


@pytest.mark.parametrize(
    "damage", [lambda t: t[:-1], lambda t: t + "0", lambda t: t.swapcase(), lambda _: "", str.strip]
)
def test_a_damaged_key_is_told_by_its_checksum(damage: object) -> None:
    text = make_text()
    damaged = damage(text)  # type: ignore[operator]
    assert (present(damaged) is None) is (damaged != text)


def test_a_whole_key_of_nobody_opens_nothing(ring: KeyRing, granted: Granted) -> None:
    assert ring.find(make_text()) is None
    other = make_text().split("_")
    assert ring.find("_".join([*granted.text.split("_")[:2], *other[2:]])) is None


def test_a_revoked_key_opens_nothing_for_another_process(tmp_path: Path, ring: KeyRing, granted: Granted) -> None:
    assert ring.find(granted.text)
    KeyRing(tmp_path / "keys.json", TickingClock()).revoke(granted.key.id)
    assert ring.find(granted.text) is None


def test_an_expired_key_opens_nothing(ring: KeyRing, clock: TickingClock) -> None:
    short = ring.create(replace(DRAFT, expires_at=clock.now + DAY))
    assert ring.find(short.text)
    clock.pass_days(1)
    assert ring.find(short.text) is None


def test_after_a_rotation_both_keys_live_until_the_old_one_ends(
    ring: KeyRing, clock: TickingClock, granted: Granted
) -> None:
    fresh = ring.rotate(granted.key.id, until=clock.now + DAY)
    assert (ring.find(granted.text) is None, ring.find(fresh.text)) == (False, fresh.key)
    clock.pass_days(1)
    assert (ring.find(granted.text), ring.find(fresh.text)) == (None, fresh.key)
    with pytest.raises(InvalidInput, match="revoked or expired"):
        ring.rotate(granted.key.id, until=clock.now + DAY)


def test_an_unknown_key_cannot_be_revoked(ring: KeyRing) -> None:
    with pytest.raises(NotFound, match="'nobody'"):
        ring.revoke("nobody")


@pytest.mark.parametrize("text", ["{", '{"version": 1}', "[]", '{"version": 9, "keys": []}'])
def test_a_damaged_file_opens_nothing_and_is_named(tmp_path: Path, ring: KeyRing, text: str) -> None:
    (tmp_path / "keys.json").write_text(text)
    with pytest.raises((StoreUnavailable, Unsupported), match=r"keys\.json"):
        ring.find(make_text())


@pytest.mark.parametrize("wrong", [{"name": " "}, {"permissions": ()}, {"tenant": ""}, {"repos": ("",)}])
def test_a_key_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidInput):
        replace(DRAFT, **wrong)  # type: ignore[arg-type]


BOUND = replace(DRAFT, user="ann", repos=("r",))


def test_a_bound_key_stands_where_it_is_bound() -> None:
    assert BOUND.effective_scope(Scope(), None, is_write=True) == Scope("acme", "r", "ann")
    assert BOUND.effective_scope(Scope("x", "r", "ann", "b", "prod"), "acme", is_write=False) == Scope(
        "acme", "r", "ann", "b", "prod"
    )
    assert DRAFT.effective_scope(Scope("x", "any", "bob"), None, is_write=True) == Scope("acme", "any", "bob")


@pytest.mark.parametrize("asked", [Scope(user="bob"), Scope(repo="s"), Scope(repo="r", related_repos=("s",))])
def test_a_bound_key_stands_nowhere_else(asked: Scope) -> None:
    with pytest.raises(Forbidden):
        BOUND.effective_scope(asked, None, is_write=False)


def test_a_key_of_several_repositories_reads_but_does_not_write_what_belongs_to_none() -> None:
    key = replace(DRAFT, repos=("r", "s"))
    assert key.effective_scope(Scope(), None, is_write=False).repo is None
    with pytest.raises(Forbidden):
        key.effective_scope(Scope(), None, is_write=True)


def test_another_tenant_is_not_there() -> None:
    with pytest.raises(NotFound, match="'other'"):
        DRAFT.effective_scope(Scope(), "other", is_write=False)


def test_a_key_allows_what_it_says_and_nothing_else() -> None:
    DRAFT.require(Permission.READ)
    for other in (Permission.WRITE, Permission.REVIEW, Permission.ADMIN):
        with pytest.raises(Forbidden, match=other.value):
            DRAFT.require(other)
    DRAFT.require_unbound()
    with pytest.raises(Forbidden, match="whole tenant"):
        BOUND.require_unbound()


def test_a_file_that_cannot_be_replaced_is_left_as_it_was(
    tmp_path: Path, ring: KeyRing, granted: Granted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    before = (tmp_path / "keys.json").read_text()
    monkeypatch.setattr("graphmem.keys.key_store.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        ring.revoke(granted.key.id)
    assert (tmp_path / "keys.json").read_text() == before
    assert sorted(one.name for one in tmp_path.iterdir()) == ["keys.json", "keys.lock"]


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "keys.json").mkdir()
    with pytest.raises(StoreUnavailable, match="cannot be read"):
        KeyRing(tmp_path / "keys.json", TickingClock()).find(make_text())


def test_there_are_keys_as_soon_as_another_process_made_one(tmp_path: Path, ring: KeyRing, clock: TickingClock) -> None:
    assert not ring.is_in_use()
    KeyRing(tmp_path / "keys.json", clock).create(DRAFT)
    assert ring.is_in_use()


def test_a_file_that_is_gone_is_no_file_that_never_was(tmp_path: Path, ring: KeyRing, granted: Granted) -> None:
    assert ring.find(granted.text)
    (tmp_path / "keys.json").unlink()
    for ask in (ring.is_in_use, lambda: ring.find(granted.text)):
        with pytest.raises(StoreUnavailable, match="has disappeared"):
            ask()


def test_a_change_that_no_stamp_shows_counts_within_a_second(tmp_path: Path, clock: TickingClock) -> None:
    path, seconds = tmp_path / "keys.json", [100.0]
    ring = KeyRing(path, clock, lambda: seconds[0])
    granted = ring.create(DRAFT)
    assert ring.find(granted.text)
    ring._stamp = lambda: (1, 1, 1, 1)  # type: ignore[method-assign]  # noqa: SLF001 - a file system that tells none
    assert ring.find(granted.text)
    KeyRing(path, clock).revoke(granted.key.id)
    assert ring.find(granted.text)
    seconds[0] += 0.5
    assert ring.find(granted.text) is None
