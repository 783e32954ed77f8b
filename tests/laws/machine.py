"""Operations that collide, played to a store and to the oracle, with every law asked after every step."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from graphmem.errors import Conflict
from graphmem.model import (
    AbandonBranch,
    Add,
    Change,
    Confirm,
    End,
    Erase,
    Link,
    LinkKind,
    Memory,
    MergeBranch,
    Move,
    OpenBranch,
    Operation,
    Origin,
    Propose,
    Provenance,
    Request,
    Retract,
    Revoke,
    Scope,
    Statement,
    Status,
    Supersede,
    SupersessionKind,
    Transition,
)
from graphmem.store import Store
from tests.laws import laws
from tests.laws.world import (
    ANN,
    ANN_ON_X,
    BOB,
    FIRST_X,
    IDS,
    INSTANTS,
    ORG,
    PROD,
    READERS,
    SPEAKERS,
    R,
    X,
    Y,
    Z,
    attempt,
    day,
    kernel_answers,
    moves,
    oracle_answers,
)
from tests.oracle import OracleStore
from tests.oracle.planned import PlannedStore

LIVES = (
    (("active", 0),),
    (("active", 0),),
    (("active", 3),),
    (("active", 1), ("ended", 4)),
    (("proposed", 1),),
    (("proposed", 2), ("active", 2)),
    (("active", 0), ("deferred", 2), ("active", 4)),
)
HOMES = (R, R, R, ORG, X, X, Y, Z, FIRST_X, ANN, BOB, ANN_ON_X, PROD)
WRITERS = (R, R, R, X, X, X, Y, FIRST_X, ANN, ANN, ANN_ON_X, PROD)
TURNS = (Status.ACTIVE, Status.DEFERRED, Status.PROPOSED, Status.REJECTED, Status.ENDED)
REVOCABLE = (Supersede, Transition, End, Retract, Link)

writers = st.sampled_from(WRITERS)
ids = st.sampled_from(IDS)
instants = st.sampled_from(INSTANTS)
intervals = st.tuples(instants, st.sampled_from((day(3), day(4)))).filter(lambda ends: ends[0] < ends[1])
picks = st.integers(0, len(WRITERS) - 1)
speakers = st.sampled_from(SPEAKERS)
some_ids = st.lists(ids, min_size=1, max_size=2, unique=True).map(tuple)

Ids = tuple[str, ...]
Life = tuple[tuple[str, int], ...]
Weight = tuple[bool, Origin, datetime | None]
Snapshot = dict[Scope, dict[str, object]]

played: Counter[str] = Counter()


class Machine(RuleBasedStateMachine):
    """Plays requests to `self.store` and to the oracle; subclasses say which store and which laws."""

    make: Callable[[], Store] = PlannedStore
    #: Readers asked at latest, and earlier positions asked, after every step.
    readers_a_step, past_a_step = 4, 1

    def __init__(self) -> None:
        super().__init__()
        self.store, self.oracle = type(self).make(), OracleStore()
        self.random = random.Random(0)  # noqa: S311 - choices of a test
        self.sent: list[Request] = []
        self.past: dict[tuple[Scope, int], dict[str, object]] = {}
        self.now: Snapshot = self.everything()

    # ---- what happens

    @initialize(
        seed=st.integers(0, 2**32),
        lives=st.tuples(*[st.sampled_from(LIVES)] * 4),
        homes=st.tuples(st.just(R), st.just(R), st.sampled_from((R, X, Y, ANN)), st.sampled_from((None, ANN, X, ORG))),
        origins=st.tuples(st.just(Origin.HUMAN), *[st.sampled_from(SPEAKERS)] * 3),
        is_mandatory=st.booleans(),
    )
    def begin(
        self,
        seed: int,
        lives: tuple[Life, ...],
        homes: tuple[Scope | None, ...],
        origins: tuple[Origin, ...],
        *,
        is_mandatory: bool,
    ) -> None:
        self.random = random.Random(seed)  # noqa: S311 - choices of a test
        for name, parent in (("x", None), ("y", "x"), ("z", None)):
            self.do(OpenBranch(name, parent), R)
        for key, steps, home, origin in zip(IDS, lives, homes, origins, strict=True):
            if home is not None:
                said = Statement(title=key, subject="k", origin=origin, is_mandatory=is_mandatory and key == IDS[0])
                self.do(Add(Memory(key, home, said), moves(*steps)), replace(home, repo="r"))

    @rule(
        key=ids,
        home=st.sampled_from(HOMES),
        life=st.sampled_from(LIVES),
        title=st.sampled_from(("m0", "same")),
        weight=st.tuples(st.booleans(), speakers, st.none() | instants),
        speaker=speakers,
    )
    def add(self, key: str, home: Scope, life: Life, title: str, weight: Weight, speaker: Origin) -> None:
        is_mandatory, origin, observed = weight
        said = Statement(title=title, subject="k", is_mandatory=is_mandatory, origin=origin, observed_at=observed)
        # Most speak in their own name; who claims more is refused.
        by = speaker if speaker is Origin.EXTERNAL else max(origin, speaker, key=lambda one: one.trust)
        self.do(Add(Memory(key, home, said), moves(*life)), replace(home, repo="r"), by)

    @rule(old=some_ids, new=some_ids, at=instants, pick=picks, by=speakers)
    def replace_for_good(self, old: Ids, new: Ids, at: datetime, pick: int, by: Origin) -> None:
        self.do(Supersede(old=old, new=new, at=at), self.one_who_sees(pick, *old, *new), by)

    @rule(old=ids, new=ids, interval=intervals, pick=picks, by=speakers)
    def replace_for_a_while(
        self, old: str, new: str, interval: tuple[datetime, datetime], pick: int, by: Origin
    ) -> None:
        at, until = interval
        self.do(Supersede(old=(old,), new=(new,), at=at, until=until), self.one_who_sees(pick, old, new), by)

    @rule(old=ids, new=ids, pick=picks, by=speakers)
    def correct(self, old: str, new: str, pick: int, by: Origin) -> None:
        kind = SupersessionKind.CORRECTION
        self.do(Supersede(old=(old,), new=(new,), kind=kind), self.one_who_sees(pick, old, new), by)

    @rule(old=ids, new=ids, at=instants, pick=picks, by=speakers)
    def amend(self, old: str, new: str, at: datetime, pick: int, by: Origin) -> None:
        kind = SupersessionKind.AMENDMENT
        self.do(Supersede(old=(old,), new=(new,), at=at, kind=kind), self.one_who_sees(pick, old, new), by)

    @rule(
        key=ids, status=st.sampled_from(TURNS), at=instants, ordinal=st.sampled_from((0, 0, 1)), pick=picks, by=speakers
    )
    def transition(self, key: str, status: Status, at: datetime, ordinal: int, pick: int, by: Origin) -> None:
        self.do(Transition(key, Move(status, at, ordinal)), self.one_who_sees(pick, key), by)

    @rule(key=ids, at=instants, is_end=st.booleans(), pick=picks, by=speakers)
    def close(self, key: str, at: datetime, *, is_end: bool, pick: int, by: Origin) -> None:
        self.do(End(key, at) if is_end else Retract(key), self.one_who_sees(pick, key), by)

    @rule(back=st.integers(0, 3), move=st.sampled_from((None, None, None, 1, 2)), by=writers, speaker=speakers)
    def revoke(self, back: int, move: int | None, by: Scope, speaker: Origin) -> None:
        kinds = REVOCABLE if move is None else (Add, Transition)
        found = [change.seq for change in self.log if isinstance(change.operation, kinds)]
        if found:
            self.do(Revoke(found[-1 - back % len(found)], move), by, speaker)

    @rule(
        name=st.sampled_from("xyz"),
        what=st.sampled_from((MergeBranch, MergeBranch, AbandonBranch)),
        by=st.sampled_from((R, R, X)),
        at=st.one_of(st.none(), instants),
        speaker=speakers,
    )
    def branch(
        self, name: str, what: type[MergeBranch | AbandonBranch], by: Scope, at: datetime | None, speaker: Origin
    ) -> None:
        self.do(MergeBranch(name, at) if what is MergeBranch else AbandonBranch(name), by, speaker)

    @rule(name=st.sampled_from("xyz"), parent=st.sampled_from((None, None, "x", "z")))
    def open_again(self, name: str, parent: str | None) -> None:
        self.do(OpenBranch(name, parent), R)

    @rule(key=ids, other=ids, which=st.integers(0, 3), pick=picks, by=speakers)
    def mention(self, key: str, other: str, which: int, pick: int, by: Origin) -> None:
        operations = (Erase(key), Link(key, other, LinkKind.DEPENDS_ON), Confirm(key), Confirm(other))
        self.do(operations[which], self.one_who_sees(pick, key), by)

    @rule(key=ids, other=ids, at=instants, which=st.integers(0, 4), pick=picks, by=speakers)
    def close_and_undo(self, key: str, other: str, at: datetime, which: int, pick: int, by: Origin) -> None:
        """Law 4: closing and revoking is identity."""
        closings: tuple[Operation, ...] = (
            End(key, at),
            Retract(key),
            Supersede(old=(key,), new=(other,), at=at),
            Supersede(old=(key,), new=(other,), kind=SupersessionKind.CORRECTION),
            Transition(key, Move(Status.DEFERRED, at)),
        )
        stands = self.one_who_sees(pick, key, other)
        before = self.now
        closed = self.do(closings[which], stands, by)
        if closed is not None and isinstance(closed.operation, Propose):
            assert self.now == before, "trust: a proposal changes nothing"
        elif closed is not None:
            assert self.do(Revoke(closed.seq), stands, by) is not None, "law 4: what was closed can be undone"
            assert self.now == before, "law 4: undoing is identity"

    def one_who_sees(self, pick: int, *keys: str) -> Scope:
        """One of the writers to whom the memories are known, so that most requests can be accepted."""
        known = [one for one in WRITERS if set(keys) <= set(self.oracle.view(one).known)]
        return (known or WRITERS)[pick % len(known or WRITERS)]

    # ---- what must be true

    @property
    def log(self) -> list[Change]:
        return self.oracle.changes(R)

    def do(self, operation: Operation, writer: Scope, origin: Origin = Origin.HUMAN) -> Change | None:
        """Send one request to both; every law is asked if it was accepted."""
        request = Request(f"op{len(self.sent)}", operation, writer, Provenance(origin=origin))
        self.sent.append(request)
        played["tried"] += 1
        done, expected = attempt(self.store, request), attempt(self.oracle, request)
        assert done == expected, f"law 10: {operation} by {writer}: {done}, not {expected}"
        if not isinstance(done, Change):
            return None
        played["accepted"] += 1
        before, self.now = self.now, self.everything()
        self.check(done, before, self.now)
        return done

    def everything(self) -> Snapshot:
        """What the kernel tells every reader at latest."""
        seq, rows = self.oracle.position(R).seq, self.store.rows(R, self.everyone)
        return {reader: kernel_answers(rows, reader, seq) for reader in READERS[:-1]}

    @property
    def everyone(self) -> list[str]:
        return [change.operation.memory.id for change in self.log if isinstance(change.operation, Add)]

    def check(self, change: Change, before: Snapshot, after: Snapshot) -> None:
        if isinstance(change.operation, Erase):
            self.past.clear()
        for reader in self.random.sample(READERS[:-1], self.readers_a_step):
            assert after[reader] == oracle_answers(self.oracle.view(reader)), f"law 10: {reader} after {change}"
        for reader, answers in after.items():
            self.past[reader, change.seq] = answers
        for reader, seq in self.random.sample(sorted(self.past, key=repr), self.past_a_step):
            self.look_back(reader, seq)
        assert not self.store.rows(READERS[-1], self.everyone).memories, "law 9: another tenant"
        laws.isolation(self.log, change, before, after)
        laws.trust_comes_first(self.log, change, before, after)
        laws.no_cycles(self.log)
        laws.no_forks(self.log, READERS)
        laws.sound_answers(after)
        if isinstance(self.store, PlannedStore):
            laws.caches_tell_the_truth(self.store.derived(R.tenant), self.everyone, after)
        self.replay_one()

    def look_back(self, reader: Scope, seq: int) -> None:
        """Law 1 and parity at an earlier ledger position."""
        answers = kernel_answers(self.store.rows(reader, self.everyone), reader, seq)
        assert answers == self.past[reader, seq], f"law 1: {reader} at {seq}"
        assert answers == oracle_answers(self.oracle.view(reader, seq)), f"law 10: {reader} at {seq}"

    def replay_one(self) -> None:
        """Law 3: what was accepted once is answered again; its id cannot mean something else."""
        log = self.log
        known = {change.op_id: change for change in log}
        request = self.random.choice([one for one in self.sent if one.op_id in known])
        assert attempt(self.store, request) == known[request.op_id], "law 3"
        erased = {change.operation.id for change in log if isinstance(change.operation, Erase)}
        if not erased:
            other = replace(request, operation=Confirm("nobody"))
            assert attempt(self.store, other) == (Conflict, ()), "law 3: op_id reused"
        assert self.store.position(R).seq == len(log), "law 3: nothing is written"

    def teardown(self) -> None:
        log = self.log
        if len(log) > 1:
            laws.order_does_not_matter(log, self.random)
            findings = self.store.check()
            assert findings == [], "caches equal what follows from the rows"
        for reader, seq in self.random.sample(sorted(self.past, key=repr), min(6, len(self.past))):
            self.look_back(reader, seq)
        self.store.close()
