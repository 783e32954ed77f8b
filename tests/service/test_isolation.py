"""No reading verb shows anything of another tenant, user, environment, repository or branch: canaries everywhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import networkx as nx
import pytest

from graphmem.answers import Hit
from graphmem.errors import GraphMemError, NotFound
from graphmem.model import (
    Alternative,
    Anchor,
    AnchorKind,
    At,
    LinkKind,
    Outcome,
    Scope,
    Statement,
    Status,
    SupersessionKind,
)
from graphmem.service import GraphMemory, Write
from graphmem.store import Filter, Page
from tests.service.conftest import REPO, TickingClock, day

CANARY = "canary"
ANN, BOB = replace(REPO, user="ann"), replace(REPO, user="bob")
STRANGERS = {
    "a user": ANN,
    "a tenant": Scope(tenant="other", repo="r"),
    "an environment": replace(REPO, environment="prod"),
    "a repository": Scope(repo="elsewhere"),
    "a branch": replace(REPO, branch="x"),
}
SAID = Statement(
    title="canary title",
    body="canary body",
    rationale="canary rationale",
    subject="canary.subject",
    aliases=("CANARY-1",),
    labels=("canary",),
    anchors=(Anchor(AnchorKind.FILE, "src/canary.py", "r"), Anchor(AnchorKind.FILE, "src/shared.py", "r")),
    alternatives=(Alternative("canary option", Outcome.REJECTED, "canary fault"),),
)

Read = Callable[[GraphMemory, Scope, At, str], object]
READS: dict[str, Read] = {
    "search": lambda m, by, at, _: searched(m, "canary title shared CANARY-1", by, at, Filter()),
    "search with history": lambda m, by, at, _: searched(m, "canary shared", by, at, Filter(include_history=True)),
    "list": lambda m, by, at, _: m.list(Filter(include_history=True), at=at, scope=by, page=Page(99)).cards,
    "list by subject": lambda m, by, at, _: m.list(Filter(subjects=("canary.subject",)), at=at, scope=by).cards,
    "get": lambda m, by, at, key: m.get(key, at=at, scope=by),
    "history": lambda m, by, at, key: m.history(key, at=at, scope=by),
    "explain": lambda m, by, at, key: m.explain(key, at=at, scope=by),
    "timeline of a subject": lambda m, by, at, _: m.timeline(subject="canary.subject", at=at, scope=by),
    "timeline of a path": lambda m, by, at, _: m.timeline(path="src/shared.py", at=at, scope=by),
    "diff": lambda m, by, at, _: m.diff(At(day(2), at.known_at), at, scope=by),
    "conflicts": lambda m, by, at, _: m.conflicts(at=at, scope=by),
    "changes": lambda m, by, _, __: m.changes(scope=by),
    "to_networkx": lambda m, by, at, _: drawn(m.to_networkx(at=at, scope=by)),
}


def searched(memory: GraphMemory, query: str, by: Scope, at: At, where: Filter) -> list[Hit]:
    """All that a search tells but its figures: how much a word says follows from all shared memories of a tenant.

    That nobody else's private words weigh in them is `tests/contract/test_statistics.py`'s to show.
    """
    hits = memory.search(query, at=at, scope=by, where=where, min_relevance=0.0).hits
    return [replace(hit, relevance=0.0, parts={}) for hit in hits]


def drawn(graph: nx.MultiDiGraph[str]) -> object:
    """All that a graph tells."""
    return graph.graph, list(graph.nodes(data=True)), list(graph.edges(keys=True, data=True))


@pytest.fixture(params=list(STRANGERS.values()), ids=list(STRANGERS))
def stranger(request: pytest.FixtureRequest) -> Scope:
    found: Scope = request.param
    return found


@pytest.fixture
def shared(memory: GraphMemory, clock: TickingClock) -> str:
    """A memory that everybody of the repository reads, and one that replaced it and was retracted."""
    about = (Anchor(AnchorKind.FILE, "src/shared.py", "r"),)
    key = memory.add(Statement(title="shared rule", subject="shared", anchors=about), start=day(1)).ids[0]
    memory.open_branch("x")
    clock.pass_days(200)
    return key


def live_apart(memory: GraphMemory, stranger: Scope, shared: str) -> list[str]:
    """Let somebody do everything that can be done where the reader does not look; the ids that this made."""
    write = Write(scope=stranger, actor=CANARY, source=CANARY, reason=CANARY)
    first, second = (memory.add(replace(SAID, body=body), start=day(3), write=write).ids[0] for body in ("one", "two"))
    done = [
        memory.supersede(first, "canary successor words", at=day(4), write=write),
        memory.link(first, second, LinkKind.CONFLICTS_WITH, write=write),
        memory.transition(second, Status.DEFERRED, at=day(9), word=CANARY, write=write),
        memory.retract(first, write=write),
    ]
    for one in done:
        memory.revoke(one.change.seq, write=write)
    memory.confirm(second, write=write)
    third = memory.amend(first, "canary amendment words", CANARY, at=day(5), write=write).ids[1]
    touch_what_is_shared(memory, shared, second, write)
    return [first, second, third, done[0].ids[1]]


def touch_what_is_shared(memory: GraphMemory, shared: str, private: str, write: Write) -> None:
    """Relate something private to something shared, as far as the writer sees it."""
    try:
        memory.get(shared, scope=write.scope)
    except NotFound:
        return
    memory.link(private, shared, LinkKind.DEPENDS_ON, write=write)
    memory.link(shared, private, LinkKind.CONFLICTS_WITH, write=write)
    swap = memory.supersede(shared, private, at=day(6), write=write)
    memory.revoke(swap.change.seq, write=write)
    memory.supersede(shared, private, kind=SupersessionKind.CORRECTION, write=write)


def told(memory: GraphMemory, read: Read, at: At, key: str) -> str:
    try:
        return repr(read(memory, BOB, at, key))
    except GraphMemError as refusal:
        return repr(refusal)


def test_nothing_of_a_stranger_shows_to_others(memory: GraphMemory, shared: str, stranger: Scope) -> None:
    unwanted = [CANARY, *live_apart(memory, stranger, shared)]
    for valid in (day(5), day(20)):
        answers = {name: told(memory, read, At(valid), shared).casefold() for name, read in READS.items()}
        assert [(name, word) for name, answer in answers.items() for word in unwanted if word in answer] == []


def test_what_a_stranger_does_changes_no_answer(memory: GraphMemory, shared: str, stranger: Scope) -> None:
    at = At(day(20), known_at=2)
    before = {name: told(memory, read, at, shared) for name, read in READS.items() if name != "changes"}
    live_apart(memory, stranger, shared)
    after = {name: told(memory, read, at, shared) for name, read in READS.items() if name != "changes"}
    assert {name for name in after if after[name] != before[name]} == set()


def test_what_is_not_seen_is_refused_like_what_is_not_there(memory: GraphMemory, shared: str, stranger: Scope) -> None:
    (key, *_) = live_apart(memory, stranger, shared)
    for verb in ("get", "history", "explain"):
        hidden, nowhere = (told(memory, READS[verb], At(), one) for one in (key, "nowhere"))
        assert hidden == nowhere.replace("nowhere", key)
        assert hidden.startswith("NotFound")


WRITES: dict[str, Callable[[GraphMemory, str, Write], object]] = {
    "supersede": lambda m, key, by: m.supersede(key, "other words altogether", write=by),
    "amend": lambda m, key, by: m.amend(key, "other words altogether", "part", write=by),
    "transition": lambda m, key, by: m.transition(key, Status.ENDED, write=by),
    "end": lambda m, key, by: m.end(key, write=by),
    "retract": lambda m, key, by: m.retract(key, write=by),
    "confirm": lambda m, key, by: m.confirm(key, write=by),
    "link": lambda m, key, by: m.link(key, key[::-1], LinkKind.REFINES, write=by),
    "erase": lambda m, key, by: m.erase(key, write=by),
}


def test_what_is_not_seen_cannot_be_written_about(memory: GraphMemory, shared: str) -> None:
    (key, *_) = live_apart(memory, ANN, shared)
    for write in WRITES.values():
        with pytest.raises(NotFound) as hidden:
            write(memory, key, Write(scope=BOB))
        with pytest.raises(NotFound) as nowhere:
            write(memory, "nowhere", Write(scope=BOB))
        assert str(hidden.value) == str(nowhere.value).replace("nowhere", key)


def test_a_private_change_cannot_be_revoked_by_another(memory: GraphMemory, shared: str) -> None:
    assert shared
    key = memory.add("my own note", write=Write(scope=ANN)).ids[0]
    ended = memory.end(key, write=Write(scope=ANN))
    with pytest.raises(NotFound):
        memory.revoke(ended.change.seq, write=Write(scope=BOB))


def test_the_owner_sees_their_own_changes_whole(memory: GraphMemory, shared: str) -> None:
    private = live_apart(memory, ANN, shared)
    last = memory.changes(scope=ANN)[-1]
    assert (last.provenance.reason, last.operation.new) == (CANARY, (private[1],))  # type: ignore[union-attr]


def test_a_supersession_of_both_names_only_what_the_reader_sees(memory: GraphMemory, shared: str) -> None:
    private = memory.add("my own note", start=day(2), write=Write(scope=ANN)).ids[0]
    successor = memory.add("the new rule", start=day(7)).ids[0]
    memory.supersede([shared, private], successor, at=day(8), write=Write(scope=ANN))
    seen = memory.changes(scope=BOB)[-1].operation
    assert (seen.old, seen.new) == ((shared,), (successor,))  # type: ignore[union-attr]
