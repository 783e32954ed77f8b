from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem.errors import InvalidInput
from graphmem.model import (
    Alternative,
    Anchor,
    AnchorKind,
    At,
    End,
    Kind,
    Memory,
    Move,
    Origin,
    Outcome,
    Scope,
    Statement,
    Status,
    Supersede,
    SupersessionKind,
    instant,
)
from graphmem.scopes import branch_parts

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SAME_ELSEWHERE = datetime(2026, 1, 1, 14, tzinfo=timezone(timedelta(hours=2)))
NAIVE = datetime(2026, 1, 1, 12)  # noqa: DTZ001 - that it has no zone is the point

# ---- times


def test_a_time_of_any_zone_becomes_utc() -> None:
    assert instant(SAME_ELSEWHERE) == NOON
    assert instant(SAME_ELSEWHERE).tzinfo is UTC


@pytest.mark.parametrize(
    "use",
    [
        instant,
        lambda naive: Move(Status.ACTIVE, naive),
        lambda naive: End("a", naive),
        lambda naive: Supersede(old=("a",), new=("b",), at=naive),
        lambda naive: Supersede(old=("a",), new=("b",), at=NOON, until=naive),
        lambda naive: At(as_of=naive),
        lambda naive: At(known_at=naive),
        lambda naive: Statement(title="t", observed_at=naive),
    ],
)
def test_a_naive_time_is_refused_wherever_it_is_given(use: object) -> None:
    assert callable(use)
    with pytest.raises(InvalidInput, match="has no time zone"):
        use(NAIVE)


def test_times_inside_values_are_utc() -> None:
    move, end = Move(Status.ACTIVE, SAME_ELSEWHERE), End("a", SAME_ELSEWHERE)
    asked, said = At(SAME_ELSEWHERE, SAME_ELSEWHERE), Statement(title="t", observed_at=SAME_ELSEWHERE)
    taken = Supersede(old=("a",), new=("b",), at=SAME_ELSEWHERE, until=SAME_ELSEWHERE + timedelta(hours=1))
    times = [move.at, end.at, asked.as_of, asked.known_at, said.observed_at, taken.at]
    assert {repr(one) for one in times} == {repr(NOON)}
    assert repr(taken.until) == repr(NOON + timedelta(hours=1))


@pytest.mark.parametrize(
    ("kind", "at", "until", "fault"),
    [
        (SupersessionKind.UPDATE, None, None, "an update needs 'at'"),
        (SupersessionKind.UPDATE, None, NOON, "an update needs 'at'"),
        (SupersessionKind.AMENDMENT, None, None, "an amendment needs 'at'"),
        (SupersessionKind.CORRECTION, NOON, None, "a correction has no 'at'"),
        (SupersessionKind.CORRECTION, None, NOON, "no 'until'"),
        (SupersessionKind.UPDATE, NOON, NOON, "is not after 'at'"),
        (SupersessionKind.AMENDMENT, NOON, NOON - timedelta(hours=1), "is not after 'at'"),
    ],
)
def test_a_supersession_with_an_interval_that_its_kind_cannot_have_is_refused(
    kind: SupersessionKind, at: datetime | None, until: datetime | None, fault: str
) -> None:
    with pytest.raises(InvalidInput, match=fault):
        Supersede(old=("a",), new=("b",), at=at, until=until, kind=kind)


def test_a_ledger_position_is_asked_for_as_it_is() -> None:
    assert At(known_at=7).known_at == 7


# ---- states and origins


def test_states_are_ranked_along_a_life() -> None:
    assert [one.rank for one in Status] == [0, 1, 2, 3, 4]
    assert [str(one) for one in Status] == ["proposed", "deferred", "active", "rejected", "ended"]


def test_people_are_trusted_before_documents_before_agents() -> None:
    assert {str(one): one.trust for one in Origin} == {
        "human": 4,
        "document": 3,
        "commit": 3,
        "agent": 2,
        "conversation": 1,
        "external": 0,
    }


# ---- scopes

HERE = Scope(repo="r", user="ann", environment="prod")


@pytest.mark.parametrize(
    ("home", "is_seen"),
    [
        (Scope(), True),
        (Scope(repo="r"), True),
        (Scope(repo="r", user="ann"), True),
        (Scope(user="ann"), True),
        (Scope(repo="r", environment="prod"), True),
        (Scope(tenant="other", repo="r"), False),
        (Scope(repo="s"), False),
        (Scope(repo="r", user="bob"), False),
        (Scope(repo="r", environment="test"), False),
        (Scope(repo="r", branch="x"), True),  # branches are the lineage's business
    ],
)
def test_a_reader_sees_the_wider_levels_and_its_own(home: Scope, *, is_seen: bool) -> None:
    assert HERE.admits(home) is is_seen


def test_a_reader_without_a_repository_sees_the_org_wide_only() -> None:
    assert Scope().admits(Scope())
    assert not Scope().admits(Scope(repo="r"))


def test_of_a_related_repository_only_what_is_shared_is_read() -> None:
    reader = replace(HERE, related_repos=("s",))
    assert reader.admits(Scope(repo="s"))
    assert not reader.admits(Scope(repo="s", user="ann"))
    assert not reader.admits(Scope(repo="t"))


def test_one_branch_name_in_two_repositories_is_two_branches() -> None:
    keys = [Scope(repo=repo, branch="x").branch_key for repo in ("r", "s", None)]
    assert keys == ["r:x", "s:x", ":x"]
    assert Scope(repo="r").branch_key is None


def test_a_user_is_narrower_than_an_environment_than_a_repository() -> None:
    widths = [Scope(), Scope(repo="r"), Scope(environment="e"), Scope(environment="e", repo="r"), Scope(user="u")]
    assert sorted(widths, key=lambda one: one.width) == widths


@pytest.mark.parametrize("name", ["tenant", "repo", "user", "branch", "environment"])
@pytest.mark.parametrize(
    "value", ["", "a\nb", "\x00", "\x7f", "x" * 1001], ids=["empty", "newline", "nul", "del", "long"]
)
def test_a_scope_is_named_in_printable_characters(name: str, value: str) -> None:
    with pytest.raises(InvalidInput, match=f"is no {name}"):
        Scope(**{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("branch", ["a:b", "a:", ":1", "a:0", "a:01", "a:1:2", "a:-1", "a:1 "])
def test_a_branch_name_has_no_colon(branch: str) -> None:
    with pytest.raises(InvalidInput, match="no ':'"):
        Scope(branch=branch)


def test_a_branch_may_be_named_with_the_entry_that_opened_it() -> None:
    assert [branch_parts(name) for name in ("fix", "fix:123", "fix@123")] == [
        ("fix", None),
        ("fix", 123),
        ("fix@123", None),
    ]
    assert Scope(repo="r", branch="fix:123").branch_key == "r:fix:123:"
    assert Scope(repo="r:fix", branch="123").branch_key == "r:fix:123"


def test_a_memory_lives_in_one_repository() -> None:
    with pytest.raises(InvalidInput, match="one repository"):
        Memory("m", Scope(repo="r", related_repos=("s",)), Statement(title="t"))


def test_a_tombstone_has_no_statement() -> None:
    assert Memory("m", Scope(), None).is_erased
    assert not Memory("m", Scope(), Statement(title="t")).is_erased


# ---- anchors


@pytest.mark.parametrize("name", ["", "a\tb", "x" * 1001])
def test_an_anchor_has_a_printable_name(name: str) -> None:
    with pytest.raises(InvalidInput, match="no file name"):
        Anchor(AnchorKind.FILE, name)


def test_the_same_thing_is_the_same_node_whatever_its_role() -> None:
    file = Anchor(AnchorKind.FILE, "a.py", "r")
    assert file.node_id("t") == replace(file, role="touches").node_id("t")
    others = [replace(file, name="b.py"), replace(file, repo="s"), replace(file, kind=AnchorKind.MODULE)]
    assert len({one.node_id("t") for one in [file, *others]} | {file.node_id("other")}) == 5


# ---- statements


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({"title": " \n "}, "needs a title"),
        ({"title": "x" * 1001}, "title has 1001 characters"),
        ({"title": "t", "body": "x" * 200_001}, "body has 200001 characters"),
        ({"title": "t", "rationale": "x" * 200_001}, "rationale has 200001"),
        ({"title": "t", "aliases": ("a",) * 501}, "501 aliases"),
        ({"title": "t", "labels": ("a",) * 501}, "501 labels"),
        ({"title": "t", "anchors": (Anchor(AnchorKind.FILE, "a"),) * 501}, "501 anchors"),
        ({"title": "t", "alternatives": (Alternative("a", Outcome.CHOSEN),) * 501}, "501 alternatives"),
        ({"title": "t", "subject": ""}, "is no subject"),
        ({"title": "t", "subject": "x" * 1001}, "is no subject"),
        ({"title": "t", "confidence": 1.01}, "confidence 1.01"),
        ({"title": "t", "confidence": -0.01}, "confidence -0.01"),
        ({"title": "t", "confidence": float("nan")}, "confidence nan"),
    ],
)
def test_a_statement_out_of_bounds_is_refused_with_what_is_wrong(said: dict[str, object], fault: str) -> None:
    with pytest.raises(InvalidInput, match=fault):
        Statement(**said)  # type: ignore[arg-type]


def test_bounds_themselves_are_allowed() -> None:
    said = Statement(title="x" * 1000, body="x" * 200_000, subject="x" * 1000, labels=("a",) * 500, confidence=0.0)
    assert len(said.title) == 1000


BASE = Statement(title="t", body="b", subject="s", aliases=("a1", "a2"), labels=("l1", "l2"))


@pytest.mark.parametrize(
    "same",
    [
        replace(BASE, confidence=0.1),
        replace(BASE, origin=Origin.AGENT),
        replace(BASE, observed_at=NOON),
        replace(BASE, aliases=("a2", "a1")),
        replace(BASE, labels=("l2", "l1")),
    ],
)
def test_statements_that_say_the_same_have_one_hash(same: Statement) -> None:
    assert same.content_hash == BASE.content_hash


@pytest.mark.parametrize(
    "other",
    [
        replace(BASE, title="u"),
        replace(BASE, title="tb", body=""),
        replace(BASE, kind=Kind.DECISION),
        replace(BASE, subject=None),
        replace(BASE, rationale="r"),
        replace(BASE, language="en"),
        replace(BASE, is_mandatory=True),
        replace(BASE, aliases=("a1",), labels=("a2", "l1", "l2")),
        replace(BASE, anchors=(Anchor(AnchorKind.FILE, "a"),)),
        replace(BASE, alternatives=(Alternative("a", Outcome.CHOSEN),)),
        replace(BASE, alternatives=(Alternative("a", Outcome.REJECTED),)),
    ],
)
def test_statements_that_say_something_else_have_another_hash(other: Statement) -> None:
    assert other.content_hash != BASE.content_hash


def test_a_lone_surrogate_can_be_hashed() -> None:
    assert Statement(title="\ud800").content_hash != Statement(title="?").content_hash


SEPARATORS = st.text("ab\x1d\x1e\x1f", max_size=3)
CONTENTS = st.builds(
    Statement,
    title=SEPARATORS.map(lambda text: f"t{text}"),
    body=SEPARATORS,
    rationale=SEPARATORS,
    aliases=st.lists(SEPARATORS, max_size=2).map(tuple),
    labels=st.lists(SEPARATORS, max_size=2).map(tuple),
    anchors=st.lists(
        st.builds(Anchor, st.just(AnchorKind.FILE), st.just("f"), st.just("r") | SEPARATORS), max_size=2
    ).map(tuple),
    alternatives=st.lists(
        st.builds(
            Alternative, SEPARATORS, st.just(Outcome.CHOSEN), SEPARATORS, st.lists(SEPARATORS, max_size=2).map(tuple)
        ),
        max_size=2,
    ).map(tuple),
)


@given(CONTENTS, CONTENTS)
def test_only_statements_that_say_the_same_have_one_content_hash(one: Statement, other: Statement) -> None:
    said = [
        replace(each, aliases=tuple(sorted(each.aliases)), labels=tuple(sorted(each.labels))) for each in (one, other)
    ]
    assert (one.content_hash == other.content_hash) == (said[0] == said[1])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"title": "a\x1fb", "body": "c"}, {"title": "a", "body": "b\x1fc"}),
        ({"title": "t", "aliases": ("a", "b")}, {"title": "t", "aliases": ("a\x1fb",)}),
        ({"title": "t", "aliases": ("\x1e",)}, {"title": "t", "labels": ("\x1e",)}),
        ({"title": "t", "aliases": ("a", "\x1e", "b")}, {"title": "t", "aliases": ("a",), "labels": ("\x1e", "b")}),
        (
            {"title": "t", "alternatives": (Alternative("n", Outcome.CHOSEN, "r", ("k",)),)},
            {"title": "t", "alternatives": (Alternative("n", Outcome.CHOSEN, "r\x1dk"),)},
        ),
    ],
)
def test_separators_in_a_text_make_no_twins(one: dict[str, object], other: dict[str, object]) -> None:
    assert Statement(**one).content_hash != Statement(**other).content_hash  # type: ignore[arg-type]


def test_a_repository_without_a_name_is_none() -> None:
    assert Anchor(AnchorKind.FILE, "a", "") == Anchor(AnchorKind.FILE, "a")


@given(*[st.builds(Anchor, st.just(AnchorKind.FILE), st.sampled_from("ab"), st.none() | SEPARATORS)] * 2)
def test_only_the_same_thing_is_the_same_node(one: Anchor, other: Anchor) -> None:
    assert (one.node_id("t") == other.node_id("t")) == (one == other)
