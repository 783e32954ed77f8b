"""Laws of claims: they overlap exactly when paths and times do, and no later write changes an earlier answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from graphmem import GraphMemory, Write
from graphmem.errors import GraphMemError
from graphmem.model import At
from graphmem.option_keys.file_scope import path_matches
from graphmem.service import ServiceContext
from tests.fake_embedder import no_embedder
from tests.oracle import OracleStore
from tests.service.conftest import REPO

START = datetime(2026, 1, 1, tzinfo=UTC)
#: Every file that there is: two patterns overlap if they have one of these in common.
FILES = ("api/a.py", "api/v1/a.py", "api/v1/b.md", "docs/b.md", "a.py")
#: Each pattern matches one of the files wherever it meets another pattern.
PATTERNS = ("api/", "api/*.py", "api/**/*.py", "api/v1/b.md", "**/*.md", "docs/", "*.py", "**")


@dataclass(frozen=True, slots=True)
class Claimed:
    """A claim to make: its holder, its pattern, the hour at which it is made, and its length in hours."""

    holder: str
    pattern: str
    hour: int
    length: int

    def is_in_force(self, hour: int) -> bool:
        return self.hour <= hour < self.hour + self.length

    def meets(self, other: Claimed) -> bool:
        return any(path_matches(self.pattern, file) and path_matches(other.pattern, file) for file in FILES)


claimed = st.builds(
    Claimed,
    st.sampled_from(["ana", "bob", "carl"]),
    st.sampled_from(PATTERNS),
    st.integers(0, 6),
    st.integers(1, 6),
)


class SetClock:
    """Stands at the hour that was set."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def set_hour(self, hour: int) -> None:
        self.now = START + timedelta(hours=hour)


def opened(clock: SetClock) -> GraphMemory:
    return GraphMemory(ServiceContext(OracleStore(), scope=REPO, actor="x", clock=clock, embedder=no_embedder))


def pairs(memory: GraphMemory, at: At) -> set[frozenset[str]]:
    """The pairs of tasks whose claims overlap at a point; each is told by both sides."""
    listing = memory.claims(at=at).claims
    tasks = {each.id: each.task for each in listing}
    told = [(each.task, tasks[other]) for each in listing for other in each.overlaps]
    assert {(b, a) for a, b in told} == set(told)
    return {frozenset(pair) for pair in told}


@settings(max_examples=30, deadline=None)
@given(st.lists(claimed, min_size=1, max_size=5), st.integers(0, 12))
def test_claims_overlap_exactly_when_their_paths_and_times_do(made: list[Claimed], hour: int) -> None:
    clock = SetClock()
    memory = opened(clock)
    made = sorted(made, key=lambda each: each.hour)
    for number, each in enumerate(made):
        clock.set_hour(each.hour)
        memory.claim(f"Task {number}", [each.pattern], lasting=f"{each.length}h", write=Write(actor=each.holder))
    live = [(number, each) for number, each in enumerate(made) if each.is_in_force(hour)]
    at = At(START + timedelta(hours=hour))
    assert {each.task for each in memory.claims(at=at).claims} == {f"Task {number}" for number, _ in live}
    expected = {
        frozenset((f"Task {one}", f"Task {two}"))
        for (one, first), (two, second) in combinations(live, 2)
        if first.holder != second.holder and first.meets(second)
    }
    assert pairs(memory, at) == expected


steps = st.lists(
    st.tuples(st.sampled_from(["claim", "renew", "release", "hand_over"]), st.integers(0, 3), st.integers(1, 5)),
    min_size=2,
    max_size=8,
)


@settings(max_examples=15, deadline=None)
@given(steps)
def test_no_write_about_claims_changes_an_earlier_answer(writes: list[tuple[str, int, int]]) -> None:
    clock = SetClock()
    memory = opened(clock)
    answers: list[tuple[At, object]] = []
    ids = [written.claim.id for number in range(2) if (written := memory.claim(f"Task {number}", ["api/"])).claim]
    for hour, (verb, number, length) in enumerate(writes, start=1):
        clock.set_hour(hour)
        key = ids[number % len(ids)]
        try:
            if verb == "claim":
                written = memory.claim(
                    f"Task {number}", ["api/"], lasting=f"{length}h", write=Write(actor=f"a{length}")
                )
            elif verb == "renew":
                written = memory.renew(key, lasting=f"{length}h")
            elif verb == "release":
                written = memory.release(key)
            else:
                written = memory.hand_over(key, f"a{length}", lasting=f"{length}h")
        except GraphMemError:
            continue
        if written.claim is not None:
            ids.append(written.claim.id)
        at = At(START + timedelta(hours=hour, minutes=30), known_at=memory.status().changes)
        answers.append((at, memory.claims(at=at)))
    assert all(memory.claims(at=at) == answer for at, answer in answers)
    assert memory.check() == []
