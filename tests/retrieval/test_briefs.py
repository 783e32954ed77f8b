"""Hits in few words."""

from __future__ import annotations

from datetime import UTC, datetime

from graphmem.answers import Card, Contest, Hit, Interval, Reference, Relation, State
from graphmem.model import Alternative, Kind, Memory, Origin, Outcome, Scope, Statement
from graphmem.retrieval.briefs import Rejected, brief
from graphmem.temporal import Standing
from graphmem.terms import question_terms

START, NOW = datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 6, 1, tzinfo=UTC)
END = datetime(2026, 1, 1, tzinfo=UTC)
CONTEXT = Statement(
    title="State lives in Context",
    kind=Kind.DECISION,
    body="Screens share little. Sessions are kept in Context.",
    rationale="Two screens need no store. Fewer packages are better.",
    aliases=("ADR-7", "ADR 7"),
    is_mandatory=True,
    alternatives=(
        Alternative("Redux", Outcome.REJECTED, "Too much for two screens"),
        Alternative("Context", Outcome.CHOSEN, "Enough"),
        Alternative("MobX", Outcome.REJECTED),
        Alternative("Recoil", Outcome.REJECTED, "Unmaintained"),
        Alternative("Zustand", Outcome.REJECTED, "Context is enough"),
    ),
)


ONE = Reference("one", "Title", state=State.HOLDS, origin=Origin.HUMAN)


def hit(said: Statement = CONTEXT, standing: Standing = Standing.HOLDS, **more: object) -> Hit:
    state = State.HOLDS if standing is Standing.HOLDS else State.ENDED
    held = (Interval(None, START), Interval(START, END))
    card = Card(Memory("4tjam7b0s2tq", Scope(repo="shop"), said), state, held, None, 1.0, START, 1, START, None)
    fields: dict[str, object] = {"because": "in force since 2024-01-01", **more}
    return Hit(card, standing, 0.87654, {}, ("4tjam7b0s2tq",), **fields)  # type: ignore[arg-type]


def test_a_brief_says_what_matched_and_why_it_was_decided() -> None:
    told = brief(hit(), question_terms("how many packages for sessions?"), NOW)
    assert (told.excerpt, told.rationale) == ("Sessions are kept in Context.", "Fewer packages are better.")
    assert (told.alias, told.relevance, told.since, told.until) == ("ADR-7", 0.88, START, END)
    assert (told.scope.repo, told.is_mandatory, told.because) == ("shop", True, None)


def test_the_option_that_the_question_names_comes_first() -> None:
    told = brief(hit(), question_terms("should I use zustand"), NOW)
    assert told.rejected == (
        Rejected("Zustand", "Context is enough"),
        Rejected("Redux", "Too much for two screens"),
        Rejected("MobX", ""),
    )
    assert told.more_rejected == 1


def test_a_reason_comes_without_the_verdict_that_records_begin_it_with() -> None:
    option = Alternative("Kuzu", Outcome.REJECTED, "Bad, because one process locks others out.")
    told = brief(hit(Statement(title="Engine", alternatives=(option,))), question_terms("kuzu"), NOW)
    assert told.rejected == (Rejected("Kuzu", "one process locks others out."),)


def test_an_option_is_named_by_all_that_its_name_says() -> None:
    option = Rejected("Requirements inferred from the imports", "")
    assert option.is_named(question_terms("are requirements inferred from imports?"))
    assert not option.is_named(question_terms("where are requirements?"))


def test_what_does_not_hold_says_why() -> None:
    assert brief(hit(standing=Standing.LAST), (), NOW).because == "in force since 2024-01-01"


def test_only_what_leads_says_who_contests_it() -> None:
    contest = (Contest(ONE, "scope"),)
    assert brief(hit(contested=contest), (), NOW).contested == (ONE,)
    told = brief(hit(contested=contest, overruled_by=Relation(ONE, "overruled by")), (), NOW)
    assert (told.contested, told.overruled_by) == ((), Relation(ONE, "overruled by"))


def test_what_it_stands_for_has_a_short_title() -> None:
    title = "long " * 100
    near = [Relation(Reference(f"m{number}", title), "supersedes", " since 2024-01-01") for number in range(5)]
    told = brief(hit(relations=tuple(near)), (), NOW).replaced
    assert [one.memory.id for one in told] == ["m0", "m1", "m2"]
    short = told[0].memory.title
    assert short is not None
    assert (short[:9], short[-5:], len(short) <= 200) == ("long long", "long…", True)


def test_a_heading_keeps_what_overrules_it_and_drops_what_it_says() -> None:
    told = brief(hit(overruled_by=Relation(ONE, "overruled by")), question_terms("sessions"), NOW).heading
    assert (told.title, told.excerpt, told.rejected, told.rationale) == ("State lives in Context", "", (), "")
    assert told.overruled_by == Relation(ONE, "overruled by")
