from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pytest

from graphmem.model import At, Change, Kind, LinkKind, Move, Origin, Request, Statement, Status, SupersessionKind
from graphmem.service import GraphMemory, IngestReport, Write
from graphmem.service.context import GatedRequests
from graphmem.sources.move_comparison import GONE
from graphmem.sources.observations import DeclaredLink, Inventory, Observation, Problem, Reading, Replacement
from graphmem.store import Filter
from tests.service.conftest import TickingClock, day

PATHS = {"a": "adr/0001-mysql.md", "b": "adr/0002-postgres.md", "c": "adr/0003-sqlite.md"}


def record(name: str, title: str, *moves: tuple[Status, datetime, str]) -> Observation:
    said = Statement(title=title, kind=Kind.DECISION, origin=Origin.DOCUMENT, aliases=(f"ADR-{name}",))
    life = tuple(Move(status, at, source_word=word) for status, at, word in moves)
    return Observation(key=PATHS[name], statement=said, moves=life, path=PATHS[name])


MYSQL = record("a", "Use MySQL", (Status.ACTIVE, day(1), "Accepted"))
POSTGRES = record("b", "Use PostgreSQL", (Status.ACTIVE, day(10), "Accepted"))
SQLITE = record("c", "Use SQLite", (Status.ACTIVE, day(20), "Accepted"))


def replaces(old: str, new: str, at: datetime | None = None, **more: object) -> Replacement:
    line = ((PATHS[new], f"Supersedes {old}"),)
    made = Replacement(old=PATHS[old], new=PATHS[new], kind=SupersessionKind.UPDATE, at=at, evidence=line)
    return replace(made, **more)  # type: ignore[arg-type]


def ingest(memory: GraphMemory, records: list[Observation], links: tuple[Replacement, ...] = ()) -> IngestReport:
    return memory.ingest(Reading(tuple(records), links, ()))


def holding(memory: GraphMemory) -> set[str]:
    return {card.title for card in memory.list().cards}


def written(memory: GraphMemory) -> int:
    return memory.status().changes


def test_records_and_replacements_arrive_dated_with_evidence(memory: GraphMemory, clock: TickingClock) -> None:
    clock.pass_days(60)
    report = ingest(memory, [MYSQL, POSTGRES], (replaces("a", "b"),))
    told = memory.history(report.ids[PATHS["a"]])
    assert holding(memory) == {"Use PostgreSQL"}
    assert [(step.at, step.evidence) for step in told.successors] == [(day(10), "Supersedes a")]


def test_the_second_time_nothing_is_written(memory: GraphMemory) -> None:
    ingest(memory, [MYSQL, POSTGRES], (replaces("a", "b"),))
    before = written(memory)
    report = ingest(memory, [MYSQL, POSTGRES], (replaces("a", "b"),))
    assert (written(memory), report.unchanged, report.problems) == (before, 2, [])


def test_words_that_came_later_take_over_then(memory: GraphMemory, clock: TickingClock) -> None:
    ingest(memory, [replace(MYSQL, changed_at=day(1))])
    clock.pass_days(60)
    later = replace(record("a", "Use MySQL 8", (Status.ACTIVE, day(1), "Accepted")), changed_at=day(15))
    (key,) = ingest(memory, [later]).reworded
    (step,) = memory.history(key).predecessors
    assert (step.kind, step.at) == (SupersessionKind.UPDATE, day(15))
    assert [card.title for card in memory.list(at=At(day(10))).cards] == ["Use MySQL"]


@pytest.mark.parametrize("changed_at", [None, day(15)])
def test_what_takes_over_may_be_edited(memory: GraphMemory, clock: TickingClock, changed_at: datetime | None) -> None:
    clock.pass_days(60)
    ingest(memory, [MYSQL, replace(POSTGRES, changed_at=changed_at and day(10))], (replaces("a", "b"),))
    edited = replace(POSTGRES, statement=replace(POSTGRES.statement, body="Of version 16"), changed_at=changed_at)
    for reworded in (1, 0):
        report = ingest(memory, [MYSQL, edited], (replaces("a", "b"),))
        assert (len(report.reworded), report.problems, report.linked) == (reworded, [], [])
    assert holding(memory) == {"Use PostgreSQL"}


def test_words_that_are_older_than_those_known_change_nothing(memory: GraphMemory) -> None:
    known = replace(record("a", "Use MySQL 8", (Status.ACTIVE, day(15), "Accepted")), changed_at=day(15))
    ingest(memory, [known])
    report = ingest(memory, [replace(MYSQL, changed_at=day(1))])
    assert (report.unchanged, written(memory)) == (1, 1)


def test_words_that_a_source_has_now_take_over_whatever_their_date(memory: GraphMemory, clock: TickingClock) -> None:
    known = replace(record("a", "Use MySQL 8", (Status.ACTIVE, day(15), "Accepted")), changed_at=day(15))
    clock.pass_days(60)
    ingest(memory, [known])
    (key,) = ingest(memory, [replace(MYSQL, changed_at=day(1), is_present=True)]).reworded
    (step,) = memory.history(key).predecessors
    assert (step.kind, step.at is not None and step.at > day(15, 2)) == (SupersessionKind.UPDATE, True)
    assert holding(memory) == {"Use MySQL"}


def test_the_same_words_changed_later_are_the_same(memory: GraphMemory) -> None:
    ingest(memory, [replace(MYSQL, changed_at=day(1))])
    later = record("a", "Use MySQL", (Status.ACTIVE, day(9), "Accepted"))
    report = ingest(memory, [replace(later, changed_at=day(9))])
    assert (report.unchanged, written(memory)) == (1, 1)


def test_a_source_of_words_alone_takes_nothing_away(memory: GraphMemory) -> None:
    ingest(memory, [replace(MYSQL, changed_at=day(1))])
    bare = replace(MYSQL, statement=Statement(title="Use MySQL"), changed_at=day(1), is_partial=True)
    report = ingest(memory, [bare])
    assert (report.unchanged, written(memory)) == (1, 1)


def test_typed_links_are_recorded_once(memory: GraphMemory) -> None:
    link = DeclaredLink(source=PATHS["b"], target=PATHS["a"], kind=LinkKind.REFINES, path=PATHS["b"])
    unknown = replace(link, target="elsewhere.md")
    reading = Reading((MYSQL, POSTGRES), (), (), (link, unknown, link))
    report = memory.ingest(reading)
    assert report.related == [(report.ids[PATHS["b"]], report.ids[PATHS["a"]])]
    before = written(memory)
    assert memory.ingest(Reading((), (), (), (link,))).related == []
    assert written(memory) == before


def test_a_record_without_a_date_began_when_it_was_first_seen(memory: GraphMemory, clock: TickingClock) -> None:
    ingest(memory, [replace(MYSQL, is_dated=False)])
    clock.pass_days(60)
    later = record("a", "Use MySQL", (Status.ACTIVE, day(1, 3), "Accepted"))
    report = ingest(memory, [replace(later, is_dated=False)])
    assert (report.unchanged, written(memory)) == (1, 1)


def test_a_new_status_is_one_move_more(memory: GraphMemory, clock: TickingClock) -> None:
    draft = record("a", "Use MySQL", (Status.PROPOSED, day(1), "Proposed"))
    ingest(memory, [draft])
    clock.pass_days(40)
    before = written(memory)
    report = ingest(memory, [record("a", "Use MySQL", (Status.ACTIVE, day(5), "Accepted"))])
    assert (written(memory) - before, len(report.moved)) == (1, 1)
    assert [told.word for told in memory.history(report.moved[0]).moves] == ["Proposed", "Accepted"]


def test_a_new_status_under_the_old_date_counts_from_when_it_was_seen(memory: GraphMemory, clock: TickingClock) -> None:
    ingest(memory, [record("a", "Use MySQL", (Status.PROPOSED, day(1), "Proposed"))])
    clock.pass_days(40)
    report = ingest(memory, [MYSQL])
    moves = memory.history(report.moved[0]).moves
    assert moves[1].at > day(1, 2)


def test_reworded_text_corrects_and_keeps_its_place_in_the_chain(memory: GraphMemory, clock: TickingClock) -> None:
    clock.pass_days(60)
    first = ingest(memory, [MYSQL, POSTGRES], (replaces("a", "b"),))
    edited = replace(MYSQL, statement=replace(MYSQL.statement, body="because of the operators"))
    report = ingest(memory, [edited, POSTGRES], (replaces("a", "b"),))
    new = report.ids[PATHS["a"]]
    assert report.reworded == [new]
    assert memory.get(first.ids[PATHS["a"]]).state == "corrected"
    assert [step.memory.id for step in memory.history(new).successors] == [first.ids[PATHS["b"]]]
    assert holding(memory) == {"Use PostgreSQL"}
    again = ingest(memory, [edited, POSTGRES], (replaces("a", "b"),))
    assert (again.unchanged, again.problems) == (2, [])


def test_a_file_with_another_decision_takes_over(memory: GraphMemory, clock: TickingClock) -> None:
    old = ingest(memory, [MYSQL]).ids[PATHS["a"]]
    clock.pass_days(60)
    other = record("a", "Deploy with Nomad", (Status.ACTIVE, day(1, 2), "Accepted"))
    ingest(memory, [other])
    assert memory.get(old).state == "superseded"
    assert memory.get(old).holding[0].end == day(1, 2)


def test_a_replacement_no_longer_declared_is_taken_back(memory: GraphMemory, clock: TickingClock) -> None:
    clock.pass_days(60)
    ingest(memory, [MYSQL, POSTGRES], (replaces("a", "b"),))
    report = ingest(memory, [MYSQL, POSTGRES])
    assert len(report.unlinked) == 1
    assert holding(memory) == {"Use MySQL", "Use PostgreSQL"}


def test_a_later_successor_of_the_same_record_is_spliced(memory: GraphMemory, clock: TickingClock) -> None:
    clock.pass_days(60)
    links = (replaces("a", "b", day(10)), replaces("a", "c", day(20)), replaces("b", "c", day(20)))
    report = ingest(memory, [MYSQL, POSTGRES, SQLITE], links)
    assert report.problems == []
    assert {step.memory.title for step in memory.history(report.ids[PATHS["a"]]).successors} == {
        "Use PostgreSQL",
        "Use SQLite",
    }
    assert holding(memory) == {"Use SQLite"}


def test_what_cannot_be_applied_is_reported_and_the_rest_goes_on(memory: GraphMemory, clock: TickingClock) -> None:
    clock.pass_days(60)
    links = (replaces("a", "b", day(10)), replaces("b", "a", day(20)), replaces("b", "c", day(30)))
    report = ingest(memory, [MYSQL, POSTGRES, SQLITE], links)
    assert {problem.path for problem in report.problems} == {PATHS["a"]}
    assert "cycle" in report.problems[0].reason
    assert holding(memory) == {"Use SQLite"}


def test_problems_of_the_reader_are_passed_on(memory: GraphMemory) -> None:
    problem = Problem("adr/x.md", 3, "no title")
    assert memory.ingest(Reading((), (), (problem,))).problems == [problem]


def test_a_broken_off_ingestion_goes_on_under_the_same_op_id(memory: GraphMemory, clock: TickingClock) -> None:
    clock.pass_days(60)
    write = Write(op_id="twice")
    first = memory.ingest(Reading((MYSQL,), (), ()), write=write)
    second = memory.ingest(Reading((MYSQL, POSTGRES), (replaces("a", "b"),), ()), write=write)
    assert (len(first.added), len(second.added), second.unchanged, second.problems) == (1, 1, 1, [])
    assert holding(memory) == {"Use PostgreSQL"}


def test_a_file_that_was_renamed_is_the_same_record(memory: GraphMemory, clock: TickingClock) -> None:
    clock.pass_days(60)
    old = ingest(memory, [MYSQL, POSTGRES]).ids[PATHS["a"]]
    renamed = replace(MYSQL, key="adr/0009-mysql.md", path="adr/0009-mysql.md")
    again = memory.ingest(Reading((renamed, POSTGRES), (), (), folders=("adr",)))
    assert (again.added, again.reworded, again.renamed, again.unchanged) == ([], [], [old], 1)
    assert holding(memory) == {"Use MySQL", "Use PostgreSQL"}
    assert again.ids["adr/0009-mysql.md"] == old
    back = memory.ingest(Reading((MYSQL, POSTGRES), (), (), folders=("adr",)))
    assert (back.added, back.renamed, len(memory.list().cards)) == ([], [old], 2)


def test_a_file_beside_one_that_was_not_read_again_is_another_record(memory: GraphMemory) -> None:
    ingest(memory, [MYSQL])
    twin = replace(MYSQL, key="other/0001-mysql.md", path="other/0001-mysql.md")
    assert len(memory.ingest(Reading((twin,), (), ())).added) == 1
    assert len(memory.ingest(Reading((replace(twin, key="x/1.md"),), (), (), folders=("x",))).added) == 1


def test_a_record_that_cannot_be_stored_is_a_problem(memory: GraphMemory, clock: TickingClock) -> None:
    clock.pass_days(60)
    odd = replace(MYSQL, key="adr/a\x07.md", path="adr/a\x07.md")
    report = ingest(memory, [odd, POSTGRES])
    assert [one.path for one in report.problems] == ["adr/a\x07.md"]
    assert holding(memory) == {"Use PostgreSQL"}


def test_a_memory_that_is_erased_meanwhile_is_a_problem_and_the_rest_goes_on(memory: GraphMemory) -> None:
    report = ingest(memory, [MYSQL, POSTGRES, SQLITE])
    context, key = memory._context, report.ids[PATHS["a"]]  # noqa: SLF001 - erased between looking and writing
    record_all = context.record

    def racing(requests: Sequence[Request]) -> list[Change]:
        context.record = record_all  # type: ignore[method-assign]
        memory.erase(key)
        return record_all(requests)

    context.record = racing  # type: ignore[method-assign]
    edited = replace(MYSQL, statement=replace(MYSQL.statement, body="more"))
    again = ingest(memory, [edited, POSTGRES, SQLITE])
    assert (len(again.problems), again.unchanged) == (1, 2)


def many(count: int, body: str = "") -> list[Observation]:
    return [
        replace(
            MYSQL,
            key=f"adr/{number}.md",
            path=f"adr/{number}.md",
            statement=replace(MYSQL.statement, title=f"Decision {number}", body=body),
        )
        for number in range(count)
    ]


def test_hundreds_of_edits_are_a_handful_of_transactions(memory: GraphMemory, monkeypatch: pytest.MonkeyPatch) -> None:
    ingest(memory, many(450))
    context, sizes = memory._context, list[int]()  # noqa: SLF001 - what reaches the store together
    commit = context.commit

    def counting(passed: GatedRequests) -> list[Change]:
        sizes.append(len(passed.requests))
        return commit(passed)

    monkeypatch.setattr(context, "commit", counting)
    assert len(ingest(memory, many(450, "more")).reworded) == 450
    assert sizes == [400, 400, 100], "an addition and a correction for each"


def test_a_refused_edit_costs_only_itself(memory: GraphMemory) -> None:
    ids = ingest(memory, many(9)).ids
    context = memory._context  # noqa: SLF001 - erased between looking and writing
    record_all = context.record

    def racing(requests: Sequence[Request]) -> list[Change]:
        context.record = record_all  # type: ignore[method-assign]
        memory.erase(ids["adr/4.md"])
        return record_all(requests)

    context.record = racing  # type: ignore[method-assign]
    report = ingest(memory, many(9, "more"))
    assert (len(report.reworded), [problem.path for problem in report.problems]) == (8, ["adr/4.md"])


def test_an_interrupted_ingestion_keeps_its_batches_and_goes_on(memory: GraphMemory) -> None:
    def interrupt(done: int, _total: int) -> None:
        if done:
            raise KeyboardInterrupt

    reading = Reading(tuple(many(450)), (), ())
    with pytest.raises(KeyboardInterrupt):
        memory.ingest(reading, progress=interrupt)
    report = memory.ingest(reading)
    assert (report.unchanged, len(report.added)) == (200, 250)


def test_progress_counts_every_step_of_one_total(memory: GraphMemory, clock: TickingClock) -> None:
    clock.pass_days(60)
    seen: list[tuple[int, int]] = []
    link = DeclaredLink(source=PATHS["b"], target=PATHS["a"], kind=LinkKind.REFINES, path=PATHS["b"])
    reading = Reading((MYSQL, POSTGRES), (replaces("a", "b"),), (), (link,))
    memory.ingest(reading, progress=lambda done, total: seen.append((done, total)))
    assert (seen[0], seen[-1]) == ((0, 4), (4, 4))
    assert seen == sorted(seen)


def test_what_an_inventory_lacks_is_missing_until_it_is_ended(memory: GraphMemory, clock: TickingClock) -> None:
    clock.pass_days(60)
    ids = ingest(memory, [MYSQL, POSTGRES]).ids
    inventory = Inventory("adr/", (PATHS["a"],))
    report = memory.ingest(Reading((), (), (), inventory=inventory))
    assert (report.missing, report.ended) == ([ids[PATHS["b"]]], [])
    unread = replace(inventory, unread=("adr/",))
    assert memory.ingest(Reading((), (), (), inventory=unread)).missing == []
    ended = memory.ingest(Reading((), (), (), inventory=replace(inventory, ends_missing=True)))
    assert (ended.missing, ended.ended) == ([], [ids[PATHS["b"]]])
    assert memory.history(ended.ended[0]).moves[-1].word == GONE


def test_an_update_alone_records_no_new_statement(memory: GraphMemory) -> None:
    ingest(memory, [MYSQL])
    report = memory.ingest(Reading((MYSQL, POSTGRES), (), (), is_update_only=True))
    assert (report.added, report.unchanged, list(report.ids)) == ([], 1, [PATHS["a"]])


def test_a_renamed_file_takes_its_former_words_along(memory: GraphMemory, clock: TickingClock) -> None:
    clock.pass_days(60)
    ingest(memory, [MYSQL])
    edited = replace(MYSQL, statement=replace(MYSQL.statement, body="Version 8"))
    ingest(memory, [edited])
    memory.ingest(Reading((replace(edited, key="adr/9.md", path="adr/9.md"),), (), (), folders=("adr",)))
    report = ingest(memory, [MYSQL])
    assert (len(report.added), report.reworded) == (1, []), "the old name is that of another file by now"


def test_the_ledger_names_the_commit_of_an_observation(memory: GraphMemory) -> None:
    memory.ingest(Reading((replace(MYSQL, provenance="commit 1a2b3c"),), (), ()), write=Write(source="history"))
    assert memory.changes()[0].provenance.source == "history: commit 1a2b3c"


def task(title: str, *moves: tuple[Status, datetime, str]) -> Observation:
    said = Statement(title=title, kind=Kind.TASK, origin=Origin.DOCUMENT)
    life = tuple(Move(status, at, source_word=word) for status, at, word in moves)
    return Observation(key="issues/1", statement=said, moves=life, path="issues", is_history=True)


def test_words_and_moves_of_a_history_are_recorded_once(memory: GraphMemory, clock: TickingClock) -> None:
    clock.pass_days(60)
    opened, closed = (Status.ACTIVE, day(1), "open"), (Status.ENDED, day(2), "closed")
    again, other = (Status.ACTIVE, day(3), "open"), (Status.ACTIVE, day(4), "open")
    first, second = task("Parse files", opened, closed, again), task("Parse all files", other)
    assert ingest(memory, [task("Parse files", opened)]).added
    report = ingest(memory, [first, second])
    assert (len(report.moved), len(report.reworded), report.problems) == (1, 1, [])
    assert holding(memory) == {"Parse all files"}
    before = written(memory)
    ingest(memory, [first, second])
    assert written(memory) == before
    (card,) = memory.list().cards
    earlier = memory.history(card.id).predecessors[0].memory.id
    assert [told.word for told in memory.history(earlier).moves] == ["open", "closed", "open"]
    assert [told.word for told in memory.history(card.id).moves] == ["open"]


def test_a_state_is_recorded_when_it_changes(memory: GraphMemory, clock: TickingClock) -> None:
    clock.pass_days(60)
    states = [(Status.ENDED, 1), (Status.ACTIVE, 2), (Status.ACTIVE, 3), (Status.ENDED, 4), (Status.ENDED, 5)]
    for status, number in states:
        ingest(memory, [replace(task("Test fails", (status, day(number), "run")), is_history=False, is_state=True)])
    (card,) = memory.list(Filter(include_history=True)).cards
    assert [(told.status, told.at) for told in memory.history(card.id).moves] == [
        (Status.ACTIVE, day(2)), (Status.ENDED, day(4))
    ]  # fmt: skip
