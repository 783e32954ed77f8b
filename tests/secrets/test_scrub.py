"""Scrubbing older memories, on every store."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path

import pytest

from graphmem import Anchor, AnchorKind, At, GraphMemory, LinkKind, Move, Scope, Statement, Status, Write
from graphmem.model import Change
from graphmem.redactions import FoundSecret
from graphmem.secrets.policy import SecretPolicy
from graphmem.service import ServiceContext
from graphmem.service.secret_gate import SecretGate
from graphmem.store import Store
from tests.fake_embedder import FakeEmbedder
from tests.secrets.tokens import token
from tests.service.conftest import TickingClock, backend, day, store

__all__ = ["backend", "store"]

PAT = "[redacted: github-pat]"
HERE = Scope(repo="r")


def opened(store: Store, policy: SecretPolicy) -> GraphMemory:
    gate = cache(partial(SecretGate, policy))
    context = ServiceContext(store, scope=HERE, actor="ada", clock=TickingClock(), embedder=FakeEmbedder, gate=gate)
    return GraphMemory(context)


@pytest.fixture
def leaky(store: Store) -> GraphMemory:
    return opened(store, SecretPolicy.OFF)


@pytest.fixture
def memory(store: Store) -> GraphMemory:
    return opened(store, SecretPolicy.REDACT)


def titles(memory: GraphMemory, number: int) -> set[str]:
    return {card.title for card in memory.list(at=At(as_of=day(number))).cards}


def test_a_dry_run_lists_memory_field_and_rule_and_writes_nothing(leaky: GraphMemory, memory: GraphMemory) -> None:
    key = leaky.add(Statement(title="Deploys", body=token("a")), write=Write(reason=token("b"))).ids[0]
    report = memory.scrub(dry_run=True)
    assert report.found == (
        FoundSecret(1, key, "body", "github-pat"),
        FoundSecret(1, key, "reason", "github-pat"),
    )
    assert (report.entries, report.scrubbed, memory.status().changes) == (1, (), 1)


def test_a_scrubbed_memory_keeps_its_words_dates_anchors_and_status(leaky: GraphMemory, memory: GraphMemory) -> None:
    anchors = (Anchor(AnchorKind.FILE, "deploy.sh", "r"),)
    said = Statement(title="Deploys", body=f"use {token()}", subject="deploy", aliases=("D-1",), anchors=anchors)
    life = (Move(Status.PROPOSED, day(1), source_word=f"Draft {token('w')}"), Move(Status.ACTIVE, day(3)))
    key = leaky.add(said, moves=life).ids[0]
    leaky.end(key, at=day(9), word="obsolete")
    ((old, new),) = memory.scrub().scrubbed
    card = memory.get(new, at=At(as_of=day(5)))
    assert (old, card.statement.body) == (key, f"use {PAT}")
    assert (card.statement.subject, card.statement.aliases, card.statement.anchors) == ("deploy", ("D-1",), anchors)
    told = [(one.word, one.at) for one in memory.history(new).moves]
    assert told == [(f"Draft {PAT}", day(1)), ("active", day(3)), ("obsolete", day(9))]
    assert [titles(memory, number) for number in (2, 5, 10)] == [set(), {"Deploys"}, set()]


def test_a_scrubbed_memory_keeps_its_place_in_its_chain(leaky: GraphMemory, memory: GraphMemory) -> None:
    first = leaky.add("first", start=day(1)).ids[0]
    second = leaky.add(f"second {token()}", start=day(1)).ids[0]
    leaky.supersede(first, by=second, at=day(3), write=Write(reason=f"as told {token('r')}"))
    third = leaky.supersede(second, "third", at=day(5)).ids[-1]
    leaky.amend(third, f"part {token('p')}", "retention", at=day(6))
    other = leaky.add("other", start=day(1)).ids[0]
    leaky.link(other, second, LinkKind.DEPENDS_ON)
    pairs = dict(memory.scrub().scrubbed)
    assert [titles(memory, number) for number in (2, 4, 5)] == [
        {"first", f"second {PAT}", "other"},
        {f"second {PAT}", "other"},
        {"third", "other"},
    ]
    assert titles(memory, 7) == {"third", f"part {PAT}", "other"}
    (step,) = memory.history(first).successors
    assert (step.memory.id, step.at, step.evidence) == (pairs[second], day(3), f"as told {PAT}")
    assert [card.title for card in memory.history(third).chain] == ["first", f"second {PAT}", "third"]
    (link,) = memory.explain(other).related
    assert link.memory.id == pairs[second]
    assert memory.check() == []


def test_what_was_undone_stays_undone(leaky: GraphMemory, memory: GraphMemory) -> None:
    key = leaky.add(f"words {token()}", start=day(1)).ids[0]
    leaky.revoke(leaky.end(key, at=day(2)).change.seq)
    leaky.retract(leaky.add(f"wrong {token('w')}", start=day(1)).ids[0])
    memory.scrub()
    assert titles(memory, 3) == {f"words {PAT}"}


def test_a_secret_in_a_reason_alone_is_removed_with_the_entries_of_its_memory(
    leaky: GraphMemory, memory: GraphMemory
) -> None:
    key = leaky.add("plain", start=day(1)).ids[0]
    leaky.confirm(key, write=Write(reason=token()))
    ((old, _),) = memory.scrub().scrubbed
    assert old == key
    assert titles(memory, 2) == {"plain"}
    assert memory.scrub().found == ()


def test_private_memories_and_open_branches_are_scrubbed_where_they_are(
    leaky: GraphMemory, memory: GraphMemory
) -> None:
    private, branch = Scope(repo="r", user="ann"), Scope(repo="r", branch="b")
    leaky.add(f"mine {token('a')}", write=Write(scope=private))
    leaky.open_branch("b")
    leaky.add(f"ours {token('b')}", write=Write(scope=branch))
    assert len(memory.scrub().scrubbed) == 2
    assert {card.title for card in memory.list(scope=private).cards} == {f"mine {PAT}"}
    assert {card.title for card in memory.list(scope=branch).cards} == {f"ours {PAT}"}
    assert memory.list().cards == ()


def test_what_was_merged_is_scrubbed_on_the_main_line(leaky: GraphMemory, memory: GraphMemory) -> None:
    leaky.open_branch("b")
    leaky.add(f"ours {token()}", write=Write(scope=Scope(repo="r", branch="b")))
    leaky.merge_branch("b")
    memory.scrub()
    assert {card.title for card in memory.list().cards} == {f"ours {PAT}"}


def test_what_cannot_be_removed_is_named_with_the_reason(leaky: GraphMemory, memory: GraphMemory) -> None:
    leaky.open_branch("b", write=Write(reason=token("o")))
    hidden = leaky.add(f"ours {token('h')}", write=Write(scope=Scope(repo="r", branch="b"))).ids[0]
    leaky.abandon_branch("b")
    leaky.add("plain", write=Write(actor=token("a")))
    report = memory.scrub()
    assert report.scrubbed == ()
    left = dict(report.left)
    assert set(left) == {"change 1", "change 4", hidden}
    assert left[hidden].startswith("change 2 was written on branch 'b', which is closed")
    assert left["change 4"].startswith("actor (rule github-pat)")


def test_an_interrupted_scrub_goes_on(leaky: GraphMemory, memory: GraphMemory) -> None:
    for name in "abc":
        leaky.add(f"{name} {token(name)}")
    seen: list[tuple[int, int]] = []

    def interrupt(done: int, total: int) -> None:
        seen.append((done, total))
        if done == 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        memory.scrub(progress=interrupt)
    assert seen == [(3, 3), (3, 6), (4, 6)]
    assert len(memory.scrub().scrubbed) == 2
    assert memory.scrub().found == ()


def test_a_memory_that_changes_meanwhile_is_left_for_the_next_run(
    leaky: GraphMemory, memory: GraphMemory, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = leaky.add(f"words {token()}", start=day(1)).ids[0]
    read = store.changes_of

    def changed_meanwhile(reader: Scope, named: str) -> list[Change]:
        found = read(reader, named)
        monkeypatch.undo()
        leaky.end(key, at=day(5))
        return found

    monkeypatch.setattr(store, "changes_of", changed_meanwhile)
    report = memory.scrub()
    assert (report.scrubbed, [what for what, _ in report.left]) == ((), [key])
    assert "changed" in report.left[0][1]
    memory.scrub()
    assert [titles(memory, number) for number in (3, 6)] == [{f"words {PAT}"}, set()]


def test_a_scrubbed_secret_is_nowhere(tmp_path: Path, store: Store) -> None:
    leaky, memory = opened(store, SecretPolicy.OFF), opened(store, SecretPolicy.REDACT)
    secret = token("everywhere")
    key = leaky.add(
        Statement(title=f"Deploys {secret}", body=secret, labels=(secret,)), write=Write(source=secret)
    ).ids[0]
    leaky.transition(key, Status.DEFERRED, word=secret)
    leaky.supersede(key, f"more {secret}", write=Write(reason=secret))
    memory.scrub()
    assert secret[4:] not in "".join(memory.export())
    assert secret[4:] not in repr(memory.search(secret).hits)
    assert memory.status().vectors == memory.status().memories
    store.close()
    kept = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert secret[4:].encode() not in kept
