"""Claims: who works on what until when, on every store; overlaps, renewals, hand-overs, and what others see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from graphmem import Anchor, AnchorKind, GraphMemory, Kind, Origin, Scope, Statement, Write
from graphmem.claims.work_claim import WorkClaim
from graphmem.errors import Conflict, InvalidInput, NotFound
from graphmem.model import At
from graphmem.service.claim_answers import ClaimWritten
from tests.service.conftest import TickingClock, day

ANA, BOB = Write(actor="ana"), Write(actor="bob")


def ids(memory: GraphMemory, **more: Any) -> list[str]:  # noqa: ANN401 - as `claims` has it
    return [claim.id for claim in memory.claims(**more).claims]


def made(written: ClaimWritten) -> WorkClaim:
    assert written.claim is not None
    return written.claim


def claim(memory: GraphMemory, task: str = "Port the reader", *paths: str, by: Write = ANA, lasting: str = "4h") -> str:
    return made(memory.claim(task, paths, lasting=lasting, write=by)).id


def actions(shown: WorkClaim) -> list[tuple[str, str, str | None]]:
    return [(step.actor, step.action.split(" until")[0], step.note) for step in shown.steps]


# ---- time


def test_a_claim_is_listed_with_its_holder_paths_and_end(memory: GraphMemory) -> None:
    key = claim(memory, "Port the reader", "billing/**")
    (shown,) = memory.claims().claims
    assert (shown.id, shown.task, shown.actor, shown.paths) == (key, "Port the reader", "ana", ("billing/**",))
    assert shown.since is not None
    assert shown.until == shown.since + timedelta(hours=4)


def test_a_claim_expires_without_a_clock_job(memory: GraphMemory) -> None:
    key = claim(memory)
    until = made(memory.renew(key, lasting="2h")).until
    assert until is not None
    assert ids(memory, at=At(until - timedelta(microseconds=1))) == [key]
    assert ids(memory, at=At(until)) == []


def test_a_renewal_changes_no_earlier_answer(memory: GraphMemory) -> None:
    key = claim(memory)
    before = At(day(1) + timedelta(hours=3), known_at=1)
    late = At(day(1) + timedelta(hours=5), known_at=1)
    earlier = (memory.claims(at=before), memory.claims(at=late))
    memory.renew(key, lasting="2d", note="3 of 7")
    assert ids(memory, at=At(day(1) + timedelta(hours=30))) == [key]
    assert (memory.claims(at=before), memory.claims(at=late)) == earlier
    assert earlier[1].claims == ()


def test_a_renewal_may_shorten_and_may_be_repeated(memory: GraphMemory) -> None:
    key = claim(memory)
    for lasting in ("2d", "1h", "3h"):
        renewed = made(memory.renew(key, lasting=lasting))
    assert renewed.since is not None
    assert renewed.until is not None
    assert timedelta(hours=3) < renewed.until - renewed.since < timedelta(hours=4)


def test_an_expired_claim_begins_again_when_it_is_renewed(memory: GraphMemory, clock: TickingClock) -> None:
    key = claim(memory)
    clock.pass_days(1)
    assert ids(memory) == []
    renewed = made(memory.renew(key, lasting="1h"))
    assert ids(memory) == [key]
    assert renewed.since is not None
    assert renewed.since > day(1) + timedelta(hours=20)
    assert ids(memory, at=At(day(1) + timedelta(hours=12))) == []


@pytest.mark.parametrize(("is_done", "word"), [(True, "done"), (False, "released")])
def test_a_released_claim_is_over(memory: GraphMemory, *, is_done: bool, word: str) -> None:
    key = claim(memory)
    memory.release(key[:6], done=is_done, note="see the branch")
    assert ids(memory) == []
    assert memory.history(key).moves[-2].word == word
    with pytest.raises(InvalidInput, match=f"cannot be renewed: it is {word} since"):
        memory.renew(key)
    with pytest.raises(InvalidInput, match=f"cannot be released: it is {word} since"):
        memory.release(key)


def test_the_default_is_a_working_day(memory: GraphMemory) -> None:
    shown = made(memory.claim("Port the reader"))
    assert shown.since is not None
    assert shown.until == shown.since + timedelta(hours=8)


# ---- overlaps


def test_overlapping_claims_are_reported_to_both_and_refused_to_none(memory: GraphMemory) -> None:
    first = claim(memory, "Port the reader", "billing/**")
    second = memory.claim("Rename models", ["billing/models.py"], write=BOB)
    assert [other.id for other in second.overlapping] == [first]
    assert second.notes[0].startswith(f"overlaps ana's claim “Port the reader” [{first}] on billing/**, until 2026-")
    shown = {each.id: each.overlaps for each in memory.claims().claims}
    assert shown == {first: (made(second).id,), made(second).id: (first,)}
    assert [other.id for other in memory.renew(first).overlapping] == [made(second).id]


def test_own_claims_and_disjoint_paths_do_not_overlap(memory: GraphMemory) -> None:
    claim(memory, "Port the reader", "billing/**")
    assert memory.claim("Port the writer", ["billing/writer.py"], write=ANA).overlapping == ()
    assert memory.claim("Write docs", ["docs/"], write=BOB).overlapping == ()


def test_claims_of_a_path_are_those_that_touch_it(memory: GraphMemory) -> None:
    key = claim(memory, "Port the reader", "billing/**")
    claim(memory, "Write docs", "docs/", by=BOB)
    assert ids(memory, path="billing/reader.py") == [key]
    assert ids(memory, path="billing/") == [key]
    assert ids(memory, path="api/") == []
    assert ids(memory, holder="ana") == [key]


def test_a_limit_counts_the_others(memory: GraphMemory) -> None:
    for number in range(3):
        claim(memory, f"Task {number}")
    listing = memory.claims(limit=2)
    assert (len(listing.claims), listing.more) == (2, 1)
    with pytest.raises(InvalidInput, match="limit 0 is not at least 1"):
        memory.claims(limit=0)


def test_the_same_claim_again_renews_the_first(memory: GraphMemory) -> None:
    key = claim(memory, "Port the reader", "a.py", "b.py")
    again = memory.claim("port the  READER", ["b.py", "a.py"], lasting="1d", write=ANA)
    assert made(again).id == key
    assert again.notes == (f"renews the claim {key} of the same task on the same paths",)
    assert ids(memory, at=At(day(1) + timedelta(hours=20))) == [key]


# ---- taking over and handing over


def test_the_task_of_an_expired_claim_is_taken_over_with_its_history(memory: GraphMemory, clock: TickingClock) -> None:
    old = claim(memory, "Port the reader", "billing/**")
    memory.renew(old, note="3 of 7", lasting="1h", write=ANA)
    clock.pass_days(1)
    taken = memory.claim("Port the reader", ["billing/reader.py"], write=BOB)
    assert [before.id for before in taken.took_over] == [old]
    assert "takes over ana's claim “Port the reader”" in taken.notes[0]
    assert actions(made(taken)) == [("ana", "claimed", None), ("ana", "renewed", "3 of 7"), ("bob", "taken over", None)]
    with pytest.raises(InvalidInput, match=f"cannot be renewed: {made(taken).id!r} took it over"):
        memory.renew(old)


def test_an_expired_claim_of_another_task_is_named(memory: GraphMemory, clock: TickingClock) -> None:
    old = claim(memory, "Port the reader", "billing/**")
    clock.pass_days(1)
    other = memory.claim("Rename models", ["billing/models.py"], write=BOB)
    assert other.took_over == ()
    assert f"[{old}]" in other.notes[0]
    assert "had expired and was not released; to go on with it, hand it over to bob" in other.notes[0]


def test_a_claim_is_handed_over_with_its_history(memory: GraphMemory) -> None:
    old = claim(memory, "Port the reader", "billing/**")
    memory.renew(old, note="3 of 7 tables", write=ANA)
    first = memory.hand_over(old, "bob", note="orders is next", write=ANA)
    second = memory.hand_over(made(first).id, "carl", lasting="2d", note="writer left", write=BOB)
    assert [each.actor for each in memory.claims().claims] == ["carl"]
    assert actions(made(second)) == [
        ("ana", "claimed", None),
        ("ana", "renewed", "3 of 7 tables"),
        ("ana", "handed over to bob", "orders is next"),
        ("bob", "handed over to carl", "writer left"),
    ]
    with pytest.raises(InvalidInput, match="holds the claim"):
        memory.hand_over(made(second).id, "carl")


def test_a_task_that_is_no_claim_stays_and_is_worked_on(memory: GraphMemory) -> None:
    anchors = (Anchor(AnchorKind.FILE, "billing/models.py", "r"),)
    task = memory.add(Statement(title="Migrate to UUIDv7", kind=Kind.TASK, aliases=("M-1",), anchors=anchors)).ids[0]
    handed = made(memory.hand_over("M-1", "bob", note="3 of 7 tables", write=ANA))
    assert (handed.works_on, handed.paths, handed.actor) == (task, ("billing/models.py",), "bob")
    assert actions(handed) == [("tester", "recorded", None), ("ana", "handed over to bob", "3 of 7 tables")]
    assert memory.release(handed.id, done=True).notes == (
        f"the task {task!r} has a status of its own; `end` closes it if it is done too",
    )
    assert memory.get(task).state.value == "holds"


def test_a_claim_for_a_task_takes_its_paths(memory: GraphMemory) -> None:
    anchors = (Anchor(AnchorKind.FILE, "billing/models.py", "r"),)
    task = memory.add(Statement(title="Migrate", kind=Kind.TASK, anchors=anchors)).ids[0]
    shown = made(memory.claim("Tables one to three", works_on=task, write=ANA))
    assert (shown.works_on, shown.paths) == (task, ("billing/models.py",))
    handed = made(memory.hand_over(shown.id, "bob", write=ANA))
    assert handed.works_on == task


def test_what_is_over_is_not_handed_over(memory: GraphMemory) -> None:
    task = memory.add("Migrate", kind=Kind.TASK).ids[0]
    memory.end(task, word="closed")
    with pytest.raises(InvalidInput, match="cannot be handed over: it is closed since"):
        memory.hand_over(task, "bob")


# ---- bad input, and writes that are sent again


BAD: list[tuple[str, Callable[[GraphMemory], object], str]] = [
    ("a path outside", lambda memory: memory.claim("t", ["../a"]), "is outside the repository"),
    ("a duration", lambda memory: memory.claim("t", lasting="soon"), "'soon' is no duration"),
    ("a past end", lambda memory: memory.claim("t", until=day(1) - timedelta(days=1)), "is past; give a later time"),
    ("a far end", lambda memory: memory.claim("t", until=datetime(2027, 1, 1, tzinfo=UTC)), "more than 90 days away"),
    ("both ends", lambda memory: memory.claim("t", lasting="1h", until=day(2)), "not both"),
    ("no task", lambda memory: memory.claim(" "), "no text to remember"),
    ("no receiver", lambda memory: memory.hand_over("fact", " "), "' ' is no actor"),
    ("no claim", lambda memory: memory.renew("fact"), "'fact' names no claim but a fact, 'Water is wet'"),
    ("no claim either", lambda memory: memory.release("fact"), "names no claim"),
]


@pytest.mark.parametrize(("call", "message"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_bad_input_names_the_value_and_the_mend(
    memory: GraphMemory, call: Callable[[GraphMemory], object], message: str
) -> None:
    from graphmem import New

    memory.add_many([New(statement="Water is wet", id="fact")])
    with pytest.raises(InvalidInput, match=message):
        call(memory)
    assert memory.status().changes == 1


@pytest.mark.parametrize("verb", ["renew", "release", "hand_over"])
def test_an_unknown_claim_is_not_found(memory: GraphMemory, verb: str) -> None:
    more = ("bob",) if verb == "hand_over" else ()
    with pytest.raises(NotFound, match="no memory 'nobody'"):
        getattr(memory, verb)("nobody", *more)


def test_a_write_that_is_sent_again_changes_nothing(memory: GraphMemory, clock: TickingClock) -> None:
    def send() -> list[int]:
        first = memory.claim("Port it", ["a.py"], lasting="1h", write=Write(actor="ana", op_id="claim"))
        key = made(first).id
        again = memory.claim("Port it", ["a.py"], lasting="2h", write=Write(actor="ana", op_id="claim again"))
        renewed = memory.renew(key, lasting="1d", write=Write(actor="ana", op_id="renew"))
        handed = memory.hand_over(key, "bob", write=Write(actor="ana", op_id="hand"))
        over = memory.release(made(handed).id, write=Write(op_id="over"))
        return [written.change.seq for written in (first, again, renewed, handed, over)]

    sent = send()
    written = memory.status().changes
    clock.pass_days(1)
    assert send() == sent
    assert memory.status().changes == written


@pytest.mark.parametrize("verb", ["claim", "renew", "release", "hand_over"])
def test_a_taken_name_is_a_conflict(memory: GraphMemory, verb: str) -> None:
    key = claim(memory)
    memory.add("Words", write=Write(op_id="taken"))
    arguments = {"claim": ("Other",), "hand_over": (key, "bob")}.get(verb, (key,))
    with pytest.raises(Conflict):
        getattr(memory, verb)(*arguments, write=Write(op_id="taken"))


# ---- what others see


def everywhere(memory: GraphMemory, scope: Scope, actor: str = "eve") -> str:
    """All that a reader is told of claims: by the list, the block and guard."""
    block = memory.context("port the reader", ["billing/reader.py"], scope=scope, actor=actor)
    findings = memory.guard(paths=["billing/reader.py"], scope=scope, actor=actor).findings
    return f"{memory.claims(scope=scope)}{block}{findings}"


HIDDEN_TASK = "Port the reader of the merger"


@pytest.mark.parametrize(
    ("home", "reader"),
    [
        (Scope("acme", repo="r"), Scope("default", repo="r")),
        (Scope(repo="r", user="ana"), Scope(repo="r", user="eve")),
        (Scope(repo="r", user="ana"), Scope(repo="r")),
        (Scope(repo="other"), Scope(repo="r")),
        (Scope(repo="r", environment="production"), Scope(repo="r")),
        (Scope(repo="r", user="ana"), Scope(repo="other", related_repos=("r",))),
    ],
)
def test_a_claim_shows_itself_to_nobody_outside_its_scope(memory: GraphMemory, home: Scope, reader: Scope) -> None:
    key = made(memory.claim(HIDDEN_TASK, ["billing/**"], write=Write(scope=home, actor="ana"))).id
    assert HIDDEN_TASK in everywhere(memory, home)
    told = everywhere(memory, reader)
    assert (HIDDEN_TASK in told, key in told, "ana" in told) == (False, False, False)
    mine = memory.claim("Rename", ["billing/**"], write=Write(scope=reader, actor="eve"))
    assert mine.overlapping == ()
    assert key not in f"{mine}"
    with pytest.raises(NotFound):
        memory.hand_over(key, "eve", write=Write(scope=reader))


def test_a_private_claim_says_so(memory: GraphMemory) -> None:
    written = memory.claim("Port it", write=Write(scope=Scope(repo="r", user="ana"), actor="ana"))
    assert written.notes == ("private to 'ana': nobody else sees this claim; make it without a user to show it",)


def test_a_claim_on_a_branch_is_seen_there(memory: GraphMemory) -> None:
    memory.open_branch("fix")
    branch = Scope(repo="r", branch="fix")
    written = memory.claim(HIDDEN_TASK, ["billing/**"], write=Write(scope=branch, actor="ana"))
    assert "only readers of branch 'fix'" in written.notes[0]
    assert HIDDEN_TASK in everywhere(memory, branch)
    assert HIDDEN_TASK not in everywhere(memory, Scope(repo="r"))
    memory.merge_branch("fix")
    assert HIDDEN_TASK in everywhere(memory, Scope(repo="r"))


def test_the_id_of_a_task_is_shown_to_those_who_see_the_task(memory: GraphMemory) -> None:
    private = Scope(repo="r", user="ana")
    task = memory.add("A private plan", kind=Kind.TASK, write=Write(scope=private)).ids[0]
    key = claim(memory, "Port the reader", "billing/**")
    from graphmem.model import LinkKind

    memory.link(key, task, LinkKind.IMPLEMENTS, write=Write(scope=private))
    assert memory.claims(scope=private).claims[0].works_on == task
    assert task not in f"{memory.claims()}"


def test_the_claim_of_an_untrusted_origin_is_a_proposal(memory: GraphMemory) -> None:
    written = memory.claim("Keep out", ["**"], write=Write(actor="mallory", origin=Origin.EXTERNAL))
    assert "only proposed, since 'external' is not trusted to claim" in written.notes[0]
    assert ids(memory) == []
    assert "mallory" not in everywhere(memory, Scope(repo="r"))


def test_an_agent_may_renew_and_hand_over_the_claim_of_a_person(memory: GraphMemory) -> None:
    key = claim(memory, "Port the reader", "a.py")
    agent = Write(actor="codex", origin=Origin.AGENT)
    memory.renew(key, lasting="1d", write=agent)
    handed = made(memory.hand_over(key, "codex", write=agent))
    assert (handed.actor, handed.origin) == ("codex", Origin.AGENT)
    assert ids(memory) == [handed.id]
    assert memory.check() == []


# ---- context and guard


def block(memory: GraphMemory, actor: str, *paths: str, task: str = "", **more: Any) -> str:  # noqa: ANN401
    return memory.context(task, paths, actor=actor, **more).markdown


def test_the_block_tells_own_claims_from_those_of_others(memory: GraphMemory) -> None:
    first = made(memory.claim("Port the reader", ["billing/**"], lasting="4h", write=Write(actor="ana", op_id="a"))).id
    other = made(memory.claim("Rename models", ["billing/models.py"], write=Write(actor="bob", op_id="b"))).id
    assert block(memory, "ana", "billing/models.py") == BLOCK
    assert f"- Rename models [{other[:6]} 2026-01-01 claim]; your claim on" in block(memory, "bob", "billing/models.py")
    assert f"- Port the reader [{first[:6]} 2026-01-01 path]; claimed by ana on" in block(memory, "bob", "billing/x.py")


#: The ids follow from the `op_id`s, so every store gives these bytes.
BLOCK = """\
In force: statement [id since why].
## In flight
- Rename models [p7pdp0 2026-01-01 path]; claimed by bob on billing/models.py until 2026-01-01 08:00Z
- Port the reader [dskek5 2026-01-01 claim]; your claim on billing/** until 2026-01-01 04:00Z; overlaps p7pdp0
Nothing left out. Position 2."""


def test_claims_elsewhere_and_expired_claims_are_not_in_the_block(memory: GraphMemory, clock: TickingClock) -> None:
    claim(memory, "Port the reader", "billing/**")
    assert "Port the reader" not in block(memory, "bob", "api/", task="port the reader")
    assert "claimed by ana" in block(memory, "bob", task="port the reader")
    clock.pass_days(1)
    for actor in ("ana", "bob"):
        assert "Port the reader" not in block(memory, actor, "billing/a.py", task="port the reader")
    assert "claimed by ana" in block(memory, "bob", "billing/a.py", at=At(day(1) + timedelta(hours=1)))


def test_the_receiver_reads_the_history_in_the_block(memory: GraphMemory) -> None:
    key = claim(memory, "Port the reader", "billing/**")
    memory.hand_over(key, "bob", note="reader ported,\norders is next", write=ANA)
    told = block(memory, "bob", "api/", task="something else")
    assert "your claim on billing/**" in told
    assert "2026-01-01 claimed by ana; 2026-01-01 handed over to bob by ana: reader ported, orders is next" in told
    assert told.count("Port the reader") == 1
    assert "Port the reader" not in block(memory, "ana", "api/")


def test_changes_since_a_position_tell_new_claims_and_no_old_ones(memory: GraphMemory) -> None:
    key = claim(memory, "Port the reader", "billing/**")
    claim(memory, "Rename models", "billing/models.py", by=BOB)
    told = block(memory, "carl", "billing/models.py", since=1)
    assert ("Rename models" in told, "Port the reader" in told) == (True, False)
    memory.hand_over(key, "bob")
    memory.release(key := memory.claims(holder="bob").claims[0].id)
    assert key[:6] not in block(memory, "carl", "billing/models.py", since=2)


def test_guard_notes_the_claim_of_another(memory: GraphMemory, clock: TickingClock) -> None:
    key = claim(memory, "Port the reader", "billing/**")
    (finding,) = memory.guard(paths=["billing/reader.py"], actor="bob").findings
    assert (finding.kind.value, finding.level.value, finding.memory.id) == ("claimed_by_another", "note", key)
    assert (finding.path, finding.message) == ("billing/reader.py", "ana claims this file until 2026-01-01 04:00Z")
    assert memory.guard(paths=["billing/reader.py"], actor="ana").findings == ()
    assert memory.guard(paths=["api/a.py"], actor="bob").findings == ()
    early = At(day(1) + timedelta(hours=2))
    clock.pass_days(1)
    assert memory.guard(paths=["billing/reader.py"], actor="bob").findings == ()
    assert len(memory.guard(paths=["billing/reader.py"], actor="bob", at=early).findings) == 1


def test_the_default_reader_is_the_actor_of_writes(memory: GraphMemory) -> None:
    memory.claim("Port the reader", ["billing/**"])
    assert "your claim" in memory.context("", ["billing/a.py"]).markdown
    assert memory.guard(paths=["billing/a.py"]).findings == ()
