"""The context block of a task: what comes, in which section, why, and in the same bytes from every store."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graphmem import Alternative, Anchor, AnchorKind, GraphMemory, Kind, Origin, Outcome, Scope, Statement, Write
from graphmem.briefing.block import BlockItem, ContextBlock, SectionName, Why
from graphmem.conflicts import Settlement
from graphmem.demo import invoices
from graphmem.errors import InvalidInput
from graphmem.feedback import Opinion
from graphmem.model import At, LinkKind
from graphmem.service import ServiceContext
from graphmem.store import Store
from tests.fake_embedder import no_embedder
from tests.oracle import OracleStore
from tests.service.conftest import REPO, TickingClock, day

SHOP = Scope(repo=invoices.REPO, user=invoices.DEVELOPER)


def about(*paths: str) -> tuple[Anchor, ...]:
    return tuple(Anchor(AnchorKind.FILE, path) for path in paths)


def items(block: ContextBlock) -> dict[str, BlockItem]:
    return {item.title: item for section in block.sections for item in section.items}


def sections(block: ContextBlock) -> dict[SectionName, list[str]]:
    return {section.name: [item.title for item in section.items] for section in block.sections}


def invoice_block(memory: GraphMemory, **more: int) -> ContextBlock:
    return memory.context(invoices.TASK, invoices.PATHS, scope=SHOP, **more)  # type: ignore[arg-type]


def test_the_block_of_the_invoice_task_is_the_same_on_every_store(memory: GraphMemory) -> None:
    invoices.record(memory)
    assert invoice_block(memory).markdown == INVOICE_BLOCK


INVOICE_BLOCK = """\
In force: statement [id since why].
## Must follow
- Every endpoint that writes money records who did it [audited 2024-02 path]
## Decided
- Requests are validated with pydantic models [pydantic 2024-02 path]; not marshmallow (two schemas of one thing drift)
- The API is built with FastAPI [fastapi 2023-02 path]; not Flask (no schema of requests)
## How we do it here
- Each endpoint has a test that posts a wrong request [tested 2023-02 api]
- Each resource has a folder under `api/`: `routes.py`, `models.py` [layout 2023-02 api]
## Your preferences
- Show me small commits, one concern each [small-commits 2025-02 general]
## In flight
- Invoices move from the `billing` service to the API; write new invoices to both until it ends [migration 2025-02 path]
Nothing left out. Position 11."""


def test_the_block_of_the_invoice_task_shows_what_was_rejected_and_why(memory: GraphMemory) -> None:
    invoices.record(memory)
    block = invoice_block(memory)
    validation = items(block)["Requests are validated with pydantic models"]
    assert [(option.name, option.reason) for option in validation.rejected] == [
        (invoices.REJECTED, "two schemas of one thing drift")
    ]
    told = sections(block)
    assert told[SectionName.MUST] == ["Every endpoint that writes money records who did it"]
    assert told[SectionName.PREFERRED] == ["Show me small commits, one concern each"]
    assert len(told[SectionName.IN_FLIGHT]) == 1
    assert "Amounts are stored as floats" not in items(block)


@pytest.mark.parametrize("budget", [100, 150, 250, 500])
def test_the_block_of_the_invoice_task_is_within_any_budget(memory: GraphMemory, budget: int) -> None:
    invoices.record(memory)
    block = invoice_block(memory, budget_tokens=budget)
    assert block.tokens <= budget
    assert sections(block)[SectionName.MUST]


def test_a_memory_about_the_path_comes_without_a_common_word(memory: GraphMemory) -> None:
    memory.add(Statement(title="Never round twice", anchors=about("core/money.py")))
    block = memory.context("do it", ["core/money.py"])
    assert (items(block)["Never round twice"].why, items(block)["Never round twice"].matched) == (
        Why.PATH,
        "core/money.py",
    )


@pytest.mark.parametrize("anchor", ["core/", "core", "core/**", "**/*.py"])
def test_folders_and_globs_cover_a_path(memory: GraphMemory, anchor: str) -> None:
    memory.add(Statement(title="Never round twice", is_mandatory=True, anchors=about(anchor)))
    assert sections(memory.context("", ["./core/money.py"]))[SectionName.MUST] == ["Never round twice"]


def test_a_path_in_the_text_of_the_task_counts(memory: GraphMemory) -> None:
    memory.add(Statement(title="Never round twice", anchors=about("core/money.py")))
    assert items(memory.context("look at core/money.py"))["Never round twice"].why is Why.PATH


def test_a_mandate_for_other_paths_is_none_for_this_task(memory: GraphMemory) -> None:
    memory.add(Statement(title="Never round twice", is_mandatory=True, anchors=about("core/")))
    memory.add(Statement(title="Sign every commit", is_mandatory=True))
    assert sections(memory.context("draw a button", ["web/button.ts"])) == {SectionName.MUST: ["Sign every commit"]}


def test_the_successor_of_a_memory_about_the_path_comes_by_the_path(memory: GraphMemory) -> None:
    old = memory.add(Statement(title="Never round twice", anchors=about("core/money.py"))).ids[0]
    memory.supersede(old, Statement(title="Banker's rounding throughout"))
    told = items(memory.context("do it", ["core/money.py"]))
    assert told["Banker's rounding throughout"].why is Why.PATH
    assert [near.memory.title for near in told["Banker's rounding throughout"].replaced] == ["Never round twice"]
    assert "Never round twice" not in told


def test_a_rule_is_not_brought_by_the_file_that_states_it(memory: GraphMemory) -> None:
    stated = Anchor(AnchorKind.FILE, "AGENTS.md", role="stated in")
    memory.add(Statement(title="Sign every commit", kind=Kind.CONVENTION, anchors=(stated,)))
    assert items(memory.context("x", ["AGENTS.md"]))["Sign every commit"].why is Why.GENERAL


def test_what_contests_another_stands_beside_it_once(memory: GraphMemory) -> None:
    for title in ("Indent with tabs", "Indent with spaces"):
        memory.add(Statement(title=title, kind=Kind.CONVENTION, subject="style.indent"))
    block = memory.context("indent it")
    (told,) = block.sections
    assert told.name is SectionName.BEWARE
    assert [rival.memory.title for rival in told.items[0].contested] == ["Indent with tabs"]
    assert block.markdown.count("Indent with tabs") == 1


def test_what_a_narrower_scope_overrules_is_told_with_its_leader(memory: GraphMemory) -> None:
    memory.add(Statement(title="Indent with tabs", subject="style.indent"), write=Write(scope=Scope()))
    memory.add(Statement(title="Indent with spaces", subject="style.indent"))
    told = items(memory.context("indent it"))
    assert list(told) == ["Indent with spaces"]
    assert [rival.rule for rival in told["Indent with spaces"].overrules] == ["scope"]


def test_what_depends_on_something_that_ended_is_suspect(memory: GraphMemory) -> None:
    base = memory.add("Queues run on Redis").ids[0]
    retry = memory.add("Retries use sorted sets of the queue").ids[0]
    memory.link(retry, base, LinkKind.DEPENDS_ON)
    memory.end(base)
    block = memory.context("retries of the queue")
    assert sections(block)[SectionName.BEWARE][0] == "Retries use sorted sets of the queue"
    assert items(block)["Retries use sorted sets of the queue"].cautions == (
        "suspect: depends on 'Queues run on Redis', which is ended now",
    )


def test_what_ended_without_a_successor_is_told_as_ended(memory: GraphMemory) -> None:
    memory.end(memory.add("Sessions are kept in Redis").ids[0])
    assert "; ended" in memory.context("keep sessions in Redis").markdown


def test_a_successor_that_is_not_yet_in_force_is_in_flight(memory: GraphMemory) -> None:
    old = memory.add("Sessions are kept in Redis").ids[0]
    memory.supersede(old, "Sessions are signed cookies", at=day(1, 6))
    memory.end(old)
    assert sections(memory.context("sessions"))[SectionName.IN_FLIGHT] == ["Sessions are signed cookies"]


def test_another_users_preference_is_not_told(memory: GraphMemory) -> None:
    private = Write(scope=Scope(repo="r", user="ann"))
    memory.add(Statement(title="Short functions", kind=Kind.PREFERENCE), write=private)
    assert memory.context("functions", user="bob").markdown == ""
    assert sections(memory.context("functions", user="ann")) == {SectionName.PREFERRED: ["Short functions"]}


def test_words_from_outside_are_marked_alike_in_every_store(memory: GraphMemory) -> None:
    outside = Statement(title="Use <b>tabs</b>", origin=Origin.EXTERNAL)
    memory.add(outside, write=Write(op_id="fixed", origin=Origin.EXTERNAL))
    line = memory.context("use tabs").markdown.split("\n")[2]
    assert line.startswith('- <untrusted-d1515e99188a origin="external">Use &lt;b&gt;tabs&lt;/b&gt;</untrusted-')


# ---- since


def test_only_what_changed_since_a_position_is_told(memory: GraphMemory) -> None:
    memory.add("Sessions are kept in Redis")
    old = memory.add("Tests run on Python 3.11").ids[0]
    seen = memory.context("sessions and tests").at.seq
    memory.supersede(old, "Tests run on Python 3.12")
    block = memory.context("sessions and tests", since=seen)
    assert sections(block) == {
        SectionName.PRACTICE: ["Tests run on Python 3.12"],
        SectionName.BEWARE: ["Tests run on Python 3.11"],
    }
    assert all(item.is_new for item in items(block).values())
    assert items(block)["Tests run on Python 3.11"].state.value == "superseded"


def test_nothing_is_told_if_nothing_changed(memory: GraphMemory) -> None:
    memory.add("Sessions are kept in Redis")
    block = memory.context("sessions", since=1)
    assert (block.markdown, block.tokens, block.sections, block.at.seq) == ("", 0, (), 1)


def test_what_does_not_concern_the_task_is_no_news(memory: GraphMemory) -> None:
    memory.add("Sessions are kept in Redis")
    office = memory.add("The office is in Porto").ids[0]
    other = memory.add("The kitchen has a window").ids[0]
    memory.add(Statement(title="Photos are named by date", kind=Kind.CONVENTION))
    seen = memory.context("sessions").at.seq
    memory.supersede(office, "The office is in Braga")
    memory.end(other)
    assert memory.context("sessions", since=1).markdown == ""
    assert memory.context("sessions", since=seen).markdown == ""


def test_feedback_is_no_news(memory: GraphMemory) -> None:
    key = memory.add("Sessions are kept in Redis").ids[0]
    memory.feedback(key, Opinion.USEFUL)
    assert memory.context("sessions", since=1).markdown == ""


def test_a_mandate_for_files_of_another_repository_is_none_here(memory: GraphMemory) -> None:
    anchors = (Anchor(AnchorKind.FILE, "core/money.py", "other"),)
    memory.add(Statement(title="Never round twice", is_mandatory=True, anchors=anchors), write=Write(scope=Scope()))
    assert SectionName.MUST not in sections(memory.context("do it", ["core/money.py"]))


def depending(memory: GraphMemory) -> tuple[str, str]:
    """Record a memory about sessions that depends on another; return both ids."""
    base = memory.add("The cluster runs Redis").ids[0]
    above = memory.add("Sessions expire by a key of the cache").ids[0]
    memory.link(above, base, LinkKind.DEPENDS_ON)
    return above, base


@pytest.mark.parametrize("close", ["end", "retract", "supersede"])
def test_a_memory_that_became_suspect_is_news(memory: GraphMemory, close: str) -> None:
    above, base = depending(memory)
    seen = memory.context("expire sessions").at.seq
    if close == "supersede":
        memory.supersede(base, "The cluster runs Valkey")
    else:
        getattr(memory, close)(base)
    told = items(memory.context("expire sessions", since=seen))["Sessions expire by a key of the cache"]
    assert (told.id, told.is_new) == (above, True)
    assert told.cautions[0].startswith("suspect: depends on 'The cluster runs Redis', which is ")
    assert "; suspect: depends on" in memory.context("expire sessions", since=seen).markdown


@pytest.mark.parametrize("way", ["revoke", "confirm", "unlink"])
def test_a_doubt_that_went_away_is_news(memory: GraphMemory, way: str) -> None:
    above, base = depending(memory)
    linked = memory.status().changes
    ended = memory.end(base).change.seq
    seen = memory.context("expire sessions").at.seq
    if way == "confirm":
        memory.confirm(above)
    else:
        memory.revoke(ended if way == "revoke" else linked)
    told = items(memory.context("expire sessions", since=seen))["Sessions expire by a key of the cache"]
    assert (told.cautions, told.settled) == ((), ("no longer suspect",))
    assert "; no longer suspect" in memory.context("expire sessions", since=seen).markdown


def test_a_doubt_over_two_steps_is_news(memory: GraphMemory) -> None:
    above, base = depending(memory)
    top = memory.add("Session cookies have no date").ids[0]
    memory.link(top, above, LinkKind.IMPLEMENTS)
    seen = memory.context("session cookies").at.seq
    memory.end(base)
    told = items(memory.context("session cookies", since=seen))
    assert told["Session cookies have no date"].cautions
    middle = memory.context("session cookies").at.seq
    memory.confirm(above)
    assert items(memory.context("session cookies", since=middle))["Session cookies have no date"].settled


def test_a_doubt_that_does_not_concern_the_task_is_no_news(memory: GraphMemory) -> None:
    _, base = depending(memory)
    seen = memory.context("paint the office").at.seq
    memory.end(base)
    assert memory.context("paint the office", since=seen).markdown == ""


def test_a_claim_that_came_up_against_another_is_news(memory: GraphMemory) -> None:
    first = Statement(title="Sessions are kept in Redis", subject="sessions", origin=Origin.HUMAN)
    key = memory.add(first).ids[0]
    seen = memory.context("sessions").at.seq
    memory.add(Statement(title="Cookies for everybody", subject="sessions", origin=Origin.AGENT))
    told = items(memory.context("sessions", since=seen))["Sessions are kept in Redis"]
    assert (told.id, [rival.memory.title for rival in told.contested]) == (key, ["Cookies for everybody"])


@pytest.mark.parametrize("way", ["settle", "end"])
def test_a_conflict_that_was_settled_is_news(memory: GraphMemory, way: str) -> None:
    memory.add(Statement(title="Sessions are kept in Redis", subject="sessions"))
    rival = memory.add(Statement(title="Cookies for everybody", subject="sessions", origin=Origin.AGENT)).ids[0]
    seen = memory.context("sessions").at.seq
    if way == "settle":
        (conflict,) = memory.conflicts().conflicts
        memory.settle(conflict.id, Settlement.CORRECT, winner=conflict.claims[0].id, write=Write(reason="agreed"))
    else:
        memory.end(rival)
    told = items(memory.context("sessions", since=seen))["Sessions are kept in Redis"]
    assert told.settled == (f"no longer contested by 'Cookies for everybody' [{rival[:6]}]",)
    assert told.contested == ()


def test_a_recorded_conflict_that_was_declared_none_is_news(memory: GraphMemory) -> None:
    one = memory.add("Sessions are kept in Redis").ids[0]
    other = memory.add("Cookies for everybody").ids[0]
    memory.link(one, other, LinkKind.CONFLICTS_WITH)
    seen = memory.context("sessions").at.seq
    memory.settle(memory.conflicts().conflicts[0].id, Settlement.BOTH, write=Write(reason="both are right"))
    told = items(memory.context("sessions", since=seen))["Sessions are kept in Redis"]
    assert told.settled == (f"no longer contested by 'Cookies for everybody' [{other[:6]}]",)


def test_what_changed_in_doubt_is_told_in_the_same_bytes_by_every_store(memory: GraphMemory, store: Store) -> None:
    _, base = depending(memory)
    memory.add(Statement(title="Sessions last for 30 days", anchors=about("web/session.py")))
    seen = memory.context("expire sessions").at.seq
    memory.end(base)
    memory.add("Sessions last for 90 days")
    other = OracleStore()
    other.restore(list(store.export(REPO)), tenant=REPO.tenant)
    clock = memory._context.clock  # noqa: SLF001 - both memories are asked at one time
    copy = GraphMemory(ServiceContext(other, scope=REPO, actor="", clock=clock, embedder=no_embedder))
    at = At(day(20), memory.status().changes)
    told = [each.context("expire sessions", at=at, since=seen, words_only=True).markdown for each in (memory, copy)]
    assert told[0] == told[1]
    assert "suspect" in told[0]
    assert "contested by" in told[0]


# ---- conflicts by other rules than the subject


def optioned(title: str, outcome: Outcome) -> Statement:
    option = Alternative("Redis", outcome, keys=("pkg:pypi/redis",))
    return Statement(title=title, kind=Kind.DECISION, alternatives=(option,))


@pytest.mark.parametrize(
    ("first", "second", "rule"),
    [
        (optioned("The cache of pages is Redis", Outcome.CHOSEN), optioned("No clusters", Outcome.REJECTED), "option"),
        (optioned("The pages are not in Redis", Outcome.REJECTED), optioned("Clusters", Outcome.CHOSEN), "option"),
        (Statement(title="Cache all pages"), Statement(title="Never cache all pages"), "negation"),
        (Statement(title="Pages are kept for 30 days"), Statement(title="Pages are kept for 90 days"), "value"),
    ],
)
def test_both_sides_of_a_contradiction_are_told_to_beware(
    memory: GraphMemory, first: Statement, second: Statement, rule: str
) -> None:
    memory.add(first)
    memory.add(second)
    block = memory.context("keep pages in a cache")
    (told,) = sections(block)[SectionName.BEWARE]
    rivals = items(block)[told].contested
    assert {told, *(rival.memory.title for rival in rivals)} == {first.title, second.title}
    assert [rival.rule for rival in rivals] == [rule]
    assert f"(by {rule})" in block.markdown
    assert block.markdown.count(first.title) == block.markdown.count(second.title) == 1


def test_the_other_side_of_a_contradiction_comes_by_the_words_of_a_title(memory: GraphMemory) -> None:
    memory.add(Statement(title="Amounts are kept for 30 days", anchors=about("core/money.py"), is_mandatory=True))
    memory.add("Amounts are kept for 90 days")
    told = items(memory.context("do it", ["core/money.py"]))["Amounts are kept for 30 days"]
    assert [rival.memory.title for rival in told.contested] == ["Amounts are kept for 90 days"]


def test_a_recorded_conflict_is_told_to_beware(memory: GraphMemory) -> None:
    one = memory.add("Sessions are kept in Redis").ids[0]
    other = memory.add("Cookies for everybody").ids[0]
    memory.link(other, one, LinkKind.CONFLICTS_WITH)
    told = items(memory.context("sessions"))["Sessions are kept in Redis"]
    assert [(rival.memory.id, rival.rule) for rival in told.contested] == [(other, "link")]


def test_two_successors_merged_from_branches_are_told_to_beware(memory: GraphMemory) -> None:
    old = memory.add("Sessions are kept in Redis").ids[0]
    for name in "xy":
        memory.open_branch(name)
        memory.supersede(old, f"Sessions the way of {name}", write=Write(scope=replace(REPO, branch=name)))
    for name in "xy":
        memory.merge_branch(name)
    (told,) = [item for item in items(memory.context("sessions")).values() if item.contested]
    assert [rival.rule for rival in told.contested] == ["fork"]


def test_a_contradiction_in_another_scope_is_not_told(memory: GraphMemory) -> None:
    memory.add("Pages are kept for 30 days")
    memory.add("Pages are kept for 90 days", write=Write(scope=Scope()))
    assert SectionName.BEWARE not in sections(memory.context("keep pages"))


# ---- points and refusals


def test_the_block_of_an_earlier_time_has_what_held_then(memory: GraphMemory, clock: TickingClock) -> None:
    old = memory.add("Sessions are kept in Redis", start=day(1)).ids[0]
    clock.pass_days(60)
    memory.supersede(old, "Sessions are signed cookies", at=day(1, 2))
    assert list(items(memory.context("sessions", at=At(day(10))))) == ["Sessions are kept in Redis"]
    assert list(items(memory.context("sessions"))) == ["Sessions are signed cookies"]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"budget_tokens": 99}, "budget_tokens 99 is not between 100 and 50,000"),
        ({"max_chars": 10}, "max_chars 10 is less than 500"),
        ({"since": 5}, "since 5 is no ledger position; the answer is of position 0"),
    ],
)
def test_what_cannot_be_is_refused_by_name(memory: GraphMemory, wrong: dict[str, int], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        memory.context("x", **wrong)  # type: ignore[arg-type]


def test_an_empty_memory_gives_an_empty_block(memory: GraphMemory) -> None:
    block = memory.context("anything")
    assert (block.markdown, block.sections, block.left_out) == ("", (), 0)


def test_a_long_task_is_asked_clause_by_clause(memory: GraphMemory) -> None:
    memory.add("Sessions are signed cookies")
    memory.add("Metrics are named after their unit")
    filler = "please have a look at the whole situation that we discussed the other day with everybody in the room. "
    block = memory.context(filler + "Change the name of metrics. Then fix the cookies of sessions.")
    assert {"Sessions are signed cookies", "Metrics are named after their unit"} <= set(items(block))


def test_a_block_says_how_it_was_searched(memory: GraphMemory) -> None:
    memory.add("Sessions are signed cookies")
    assert memory.context("sessions", words_only=True).mode == "lexical"


def test_the_text_is_cut_to_characters_for_a_hook(memory: GraphMemory) -> None:
    for number in range(40):
        memory.add(Statement(title=f"Convention {number} about sessions and their cookies", kind=Kind.CONVENTION))
    block = memory.context("sessions", budget_tokens=5_000, max_chars=900)
    assert len(block.markdown) <= 900
    assert block.left_out > 0


def test_it_is_told_by_any_position_in_the_ledger_alike(memory: GraphMemory) -> None:
    memory.add("Sessions are signed cookies", start=day(1))
    at = At(day(20), 1)
    first = memory.context("sessions", at=at).markdown
    memory.add("Cookies of sessions are encrypted")
    assert memory.context("sessions", at=at).markdown == first
