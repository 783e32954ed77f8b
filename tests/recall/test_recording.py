"""What verbs note in the recall ledger, on every store, and what `stats` and `explain` tell each reader of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from graphmem import Alternative, GraphMemory, Kind, LinkKind, Move, Origin, Outcome, Scope, Statement, Status, Write
from graphmem.adapters.recall.recall_file import RecallFile
from graphmem.errors import InvalidInput
from graphmem.feedback import Opinion
from graphmem.model import CodeVerdict
from graphmem.recalls import RecallCounts
from graphmem.repository.code_verdict import CodeStatus
from graphmem.service import ServiceContext
from graphmem.service.capture import Review
from graphmem.service.guard_answers import FileEdit
from graphmem.service.recall_answers import UsedMemory
from graphmem.service.recall_recording import unrecorded
from graphmem.store import Page, Store
from tests.fake_embedder import no_embedder
from tests.service.conftest import REPO, TickingClock
from tests.stores import backend, store

__all__ = ["backend", "store"]

ZONES = Statement(
    title="Zones come from zoneinfo",
    kind=Kind.DECISION,
    alternatives=(Alternative("pytz", Outcome.REJECTED, "localize is misused", ("pkg:pypi/pytz",)),),
)
Opened = Callable[[Scope], GraphMemory]


@pytest.fixture
def clock() -> TickingClock:
    return TickingClock()


@pytest.fixture
def opened(store: Store, clock: TickingClock, tmp_path: Path) -> Iterator[Opened]:
    """Opens the memory for a reader; all share the recall ledger."""
    ledger = RecallFile(tmp_path / "use" / "memory")

    def memory(scope: Scope) -> GraphMemory:
        context = ServiceContext(store, scope=scope, actor="tester", clock=clock, embedder=no_embedder, recalls=ledger)
        return GraphMemory(context)

    yield memory
    ledger.close()


@pytest.fixture
def memory(opened: Opened) -> GraphMemory:
    return opened(REPO)


def counts_of(memory: GraphMemory, key: str) -> RecallCounts:
    return memory._context.recalls.counts(memory.scope, [key]).get(key, RecallCounts())  # noqa: SLF001


def counted(memory: GraphMemory, key: str) -> dict[str, int]:
    """The counts that are above zero."""
    memory.stats()
    counts = counts_of(memory, key)
    return {name: number for name in RecallCounts.__slots__ if name != "last_day" and (number := getattr(counts, name))}


def ids_of(used: tuple[UsedMemory, ...]) -> list[str]:
    return [each.memory.id for each in used]


def test_memories_in_answers_are_surfaced_and_named_ones_are_opened(memory: GraphMemory) -> None:
    key = memory.add("The database is PostgreSQL").ids[0]
    memory.search("which database?")
    memory.context("change the database")
    memory.get(key)
    memory.history(key)
    memory.explain(key)
    assert counted(memory, key) == {"surfaced": 2, "opened": 3}


def test_feedback_and_confirmations_are_counted_by_opinion(memory: GraphMemory) -> None:
    key = memory.add("The database is PostgreSQL").ids[0]
    for opinion in (Opinion.USEFUL, Opinion.NOT_USEFUL, Opinion.WRONG, Opinion.CONFIRMED):
        memory.feedback(key, opinion)
    memory.confirm(key)
    assert counted(memory, key) == {"useful": 1, "not_useful": 1, "wrong": 1, "confirmed": 2}
    assert memory.explain(key).use == "Relied on 3 times, doubted 2 times, last on 2026-01-01."


def test_checks_of_commits_follow_or_contradict(memory: GraphMemory) -> None:
    keys = [memory.add(f"Rule {number}").ids[0] for number in range(3)]
    statuses = (CodeStatus.VERIFIED, CodeStatus.BROKEN, CodeStatus.UNDECIDED)
    memory.record_verdicts([CodeVerdict(key, status, "1" * 40) for key, status in zip(keys, statuses, strict=True)])
    assert [counted(memory, key) for key in keys] == [{"followed": 1}, {"contradicted": 1}, {}]


def edit(text: str, path: str = "src/x.py") -> dict[str, Any]:
    return {"edits": (FileEdit(path, after=text),)}


def test_a_warning_is_heeded_by_a_later_change_of_the_path_without_the_option(memory: GraphMemory) -> None:
    key = memory.add(ZONES).ids[0]
    memory.guard(**edit("import pytz\n"))
    memory.guard("--- a/src/y.py\n+++ b/src/y.py\n@@ -0,0 +1 @@\n+import os\n")
    assert counted(memory, key) == {"warned": 1}
    memory.guard("--- a/src/x.py\n+++ b/src/x.py\n@@ -0,0 +1 @@\n+import zoneinfo\n")
    assert counted(memory, key) == {"warned": 1, "heeded": 1}


def test_an_exception_overrides_and_that_of_an_agent_waits(memory: GraphMemory) -> None:
    key = memory.add(ZONES).ids[0]
    memory.guard(**edit("import pytz\n"))
    memory.allow(key, write=Write(reason="to be tried", origin=Origin.AGENT))
    assert counted(memory, key) == {"warned": 1}
    memory.allow(key, path="src/old.py", write=Write(reason="the old client needs it"))
    memory.guard(**edit("import zoneinfo\n"))
    assert counted(memory, key) == {"warned": 1, "overridden": 1}
    (used,) = memory.stats().overridden
    assert (used.memory.id, used.why) == (key, "Overridden once, heeded 0 times.")


def test_a_question_that_finds_nothing_is_counted_without_its_words(memory: GraphMemory, tmp_path: Path) -> None:
    memory.add("The database is PostgreSQL")
    for question in ("Which zeppelin docks?", "which docks, zeppelin", "who paints kangaroos"):
        assert not memory.search(question).hits
    statistics = memory.stats()
    assert [question.times for question in statistics.unanswered] == [2, 1]
    assert statistics.unanswered_count == 2
    files = b"".join(path.read_bytes() for path in (tmp_path / "use").iterdir())
    assert b"zeppelin" not in files
    assert b"kangaroo" not in files


def test_what_nobody_got_is_unused_in_the_order_in_which_it_was_recorded(memory: GraphMemory) -> None:
    keys = [memory.add(f"Rule {name}").ids[0] for name in ("alpha", "beta", "gamma", "delta")]
    memory.get(keys[1])
    memory.confirm(keys[2])
    memory.end(keys[3])
    statistics = memory.stats(limit=1)
    assert ([each.id for each in statistics.unused], statistics.unused_count) == ([keys[0]], 2)


def test_what_is_requested_though_it_is_over_doubtful_or_old_is_stale(memory: GraphMemory, clock: TickingClock) -> None:
    basis, ended, suspect, wrong, fresh = (
        memory.add(f"Rule {name}").ids[0] for name in ("alpha", "beta", "gamma", "delta", "epsilon")
    )
    old = memory.add(Statement(title="Rule zeta", kind=Kind.TASK)).ids[0]
    memory.link(suspect, basis, LinkKind.DEPENDS_ON)
    memory.end(ended)
    memory.end(basis)
    memory.feedback(wrong, Opinion.WRONG)
    clock.pass_days(2_000)
    for key in (wrong, fresh):
        memory.feedback(key, Opinion.CONFIRMED if key == fresh else Opinion.NOT_USEFUL)
    for key in (ended, suspect, wrong, fresh, old):
        memory.get(key)
    why = {used.memory.id: used.why for used in memory.stats().stale}
    assert why.keys() == {ended, suspect, wrong, old}
    assert why[ended] == "Requested once; it is ended."
    assert why[suspect].startswith("Requested once; it is suspect")
    assert why[wrong] == "Requested once; feedback says that it is wrong or not useful, 2 times."
    assert why[old] == "Requested once; it was last confirmed, or came into force, on 2026-01-01."


def test_counts_begin_at_a_day(memory: GraphMemory, clock: TickingClock) -> None:
    key = memory.add("The database is PostgreSQL").ids[0]
    memory.get(key)
    clock.pass_days(10)
    memory.get(key)
    (used,) = memory.stats(since="2026-01-05").relied_on
    assert used.counts.opened == 1
    assert memory.stats(since="2026-02-01").relied_on == ()


@pytest.mark.parametrize("day", ["yesterday", "2026-13-01", ""])
def test_what_is_no_day_is_refused(memory: GraphMemory, day: str) -> None:
    with pytest.raises(InvalidInput, match="is no day; write it as 2026-11-01"):
        memory.stats(since=day)


# ---- who sees what


def test_a_user_sees_own_recalls_and_those_of_nobody_and_no_others(opened: Opened) -> None:
    ann, bob, shared = (opened(Scope(repo="r", user=user)) for user in ("ann", "bob", None))
    key = shared.add("The database is PostgreSQL").ids[0]
    diary = ann.add("Ann prefers short functions").ids[0]
    for memory in (ann, ann, shared):
        memory.get(key)
    ann.get(diary)
    ann.search("kangaroo zeppelin")
    assert [counted(memory, key)["opened"] for memory in (ann, bob, shared)] == [3, 1, 1]
    ann.stats()
    assert [used.counts.opened for used in ann.stats().relied_on] == [3, 1]
    for other in (bob, shared):
        statistics = other.stats()
        assert [used.counts.opened for used in statistics.relied_on] == [1]
        assert statistics.unanswered == ()
        assert diary not in [memory.id for memory in statistics.unused]
        assert diary not in repr(statistics)


def test_counts_of_memories_of_another_tenant_repository_or_branch_are_not_shown(opened: Opened) -> None:
    elsewhere = [Scope("acme", repo="r"), Scope(repo="other")]
    for scope in elsewhere:
        memory = opened(scope)
        memory.get(memory.add("The password store is Vault").ids[0])
    statistics = opened(REPO).stats()
    assert (statistics.relied_on, statistics.unused, statistics.stale) == ((), (), ())


def test_nothing_is_noted_inside_unrecorded_and_a_verb_in_a_verb_counts_once(memory: GraphMemory) -> None:
    key = memory.add("The database is PostgreSQL").ids[0]
    with unrecorded():
        memory.get(key)
        memory.search("database")
    assert counted(memory, key) == {}
    statement = Statement(title="We use MySQL", origin=Origin.CONVERSATION)
    moves = [Move(Status.PROPOSED, memory._context.clock())]  # noqa: SLF001
    proposed = memory.add(statement, moves=moves, write=Write(origin=Origin.CONVERSATION)).ids[0]
    memory.review(proposed, Review.ACCEPT, write=Write(reason="as we agreed"))
    assert counted(memory, proposed) == {}


def test_pages_after_the_first_count_nothing(memory: GraphMemory) -> None:
    keys = [memory.add(f"The database has replica {number}").ids[0] for number in range(3)]
    first = memory.search("database replica", limit=1)
    memory.search("database replica", page=Page(5, first.cursor))
    memory.stats()
    assert sum(counts_of(memory, key).surfaced for key in keys) == 1


# ---- erasure


def test_what_is_erased_is_not_counted_any_more(memory: GraphMemory) -> None:
    key = memory.add("The database is PostgreSQL").ids[0]
    memory.get(key)
    memory.erase(key)
    assert counted(memory, key) == {}
    assert memory.stats().relied_on == ()


def test_what_was_erased_elsewhere_loses_its_counts_at_the_next_statistics(
    memory: GraphMemory, store: Store, clock: TickingClock
) -> None:
    key = memory.add("The database is PostgreSQL").ids[0]
    memory.get(key)
    other = GraphMemory(ServiceContext(store, scope=REPO, actor="tester", clock=clock, embedder=no_embedder))
    other.erase(key)
    assert ids_of(memory.stats().relied_on) == []
    assert counts_of(memory, key) == RecallCounts()


def test_a_memory_without_a_ledger_counts_nothing_and_says_so(store: Store, clock: TickingClock) -> None:
    memory = GraphMemory(ServiceContext(store, scope=REPO, actor="tester", clock=clock, embedder=no_embedder))
    key = memory.add("The database is PostgreSQL").ids[0]
    memory.get(key)
    statistics = memory.stats()
    assert (statistics.is_recording, statistics.relied_on, statistics.unused_count) == (False, (), 1)
    assert memory.explain(key).use == ""


def test_an_erasure_succeeds_while_the_ledger_is_not_writable(memory: GraphMemory, tmp_path: Path) -> None:
    key = memory.add("The database is PostgreSQL").ids[0]
    (tmp_path / "use" / "memory.recall.db").mkdir(parents=True)
    assert memory.erase(key).notes == ("counts of its use remain, without any text; `graphmem stats` removes them",)
