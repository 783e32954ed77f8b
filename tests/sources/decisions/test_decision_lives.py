from __future__ import annotations

import pytest

from graphmem.model import Status
from graphmem.sources.decisions.dates import first_date
from tests.sources.decisions.records import READ_AT, adr, day, only, read

PROPOSED, DEFERRED, ACTIVE, REJECTED, ENDED = Status


def told(text: str) -> list[tuple[Status, str, str | None]]:
    return [(move.status, move.at.date().isoformat(), move.source_word) for move in only(text).moves]


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("Accepted", ACTIVE),
        ("✅ Accepted", ACTIVE),
        ("✅", ACTIVE),
        ("acepted", ACTIVE),
        ("*Approved*", ACTIVE),
        ("Implemented", ACTIVE),
        ("🤔 Proposed", PROPOSED),
        ("Pending", PROPOSED),
        ("Draft", PROPOSED),
        ("on hold", DEFERRED),
        ("❌ Rejected (see [2](0002-x.md))", REJECTED),
        ("Withdrawn", REJECTED),
    ],
)
def test_the_present_state_in_its_own_word(word: str, status: Status) -> None:
    (move,) = only(adr("1. First", word)).moves

    assert move.status is status
    assert (move.source_word or "").lower() in word.lower()


@pytest.mark.parametrize(
    "head",
    [
        "# First\n\n## Status\n\nRejected\n\n## Decision\n\nA.\n",
        "# First\n\n* Status: rejected\n\n## Decision\n\nA.\n",
        "# First\n\n**Status**: Rejected\n\n## Decision\n\nA.\n",
        "# First\n\n| Status | Rejected |\n|---|---|\n\n## Decision\n\nA.\n",
        "---\nstatus: rejected\n---\n# First\n\n## Decision\n\nA.\n",
        '---\nstatus: "rejected"\n---\n# First\n\n## Decision\n\nA.\n',
        "Rejected\n\n# First\n\n## Decision\n\nA.\n",
        "First\n=====\n\nStatus\n------\n\nRejected\n\nDecision\n--------\n\nA.\n",
        "# First\n\n# Status\n\nRejected\n\n# Decision\n\nA.\n",
        "# First\n\nStatus: Rejected\nDate: 2024-01-01\n\n## Decision\n\nA.\n",
        "# First\n\n## Status\n\n[Proposed | Accepted | Superseded by ADR-XXX]\n\nRejected\n\n## Decision\n\nA.\n",
        "# First\n\n```markdown\n## Status\n\nAccepted\n```\n\n## Status\n\nRejected\n\n## Decision\n\nA.\n",
    ],
)
def test_the_state_is_found_wherever_a_dialect_puts_it(head: str) -> None:
    assert [move.status for move in only(head).moves] == [REJECTED]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-02-03", "2024-02-03"),
        ("2024/2/3", "2024-02-03"),
        ("03/02/2024", "2024-02-03"),
        ("03/02/24", "2024-02-03"),
        ("02/13/2024", "2024-02-13"),
        ("July 15 2021", "2021-07-15"),
        ("July 15th, 2021", "2021-07-15"),
        ("15 Sept. 2021", "2021-09-15"),
        ("2020-Jan-05", "2020-01-05"),
        ("18-Mar-2013", "2013-03-18"),
        ("2024-02-03T10:00:00Z", "2024-02-03"),
    ],
)
def test_the_date_styles_that_people_use(text: str, expected: str) -> None:
    assert first_date(f"decided {text}.") == day(expected)


@pytest.mark.parametrize("text", ["2024-13-01", "31/31/2024", "version 1.2.3.4", "192.168.10.12", "2024", "may 5"])
def test_what_only_looks_like_a_date_is_none(text: str) -> None:
    assert first_date(text) is None


def test_the_history_inside_a_status_section_gives_several_moves() -> None:
    status = "Deprecated (2024-03-01)\n\nAccepted (2023-02-01)\n\nProposed (2023-01-01)"

    assert told(adr("1. First", status)) == [
        (PROPOSED, "2023-01-01", "Proposed"),
        (ACTIVE, "2023-02-01", "Accepted"),
        (ENDED, "2024-03-01", "Deprecated"),
    ]


def test_a_history_line_by_line_with_dates_in_front() -> None:
    status = "- 2023-02-01: accepted\n- 2023-01-01: proposed\n"

    assert told(adr("1. First", status, date="2023-01-01")) == [
        (PROPOSED, "2023-01-01", "proposed"),
        (ACTIVE, "2023-02-01", "accepted"),
    ]


def test_rejected_after_an_activation_is_an_end_in_its_own_word() -> None:
    status = "Rejected (2024-03-01)\n\nAccepted (2023-02-01)"

    assert told(adr("1. First", status)) == [(ACTIVE, "2023-02-01", "Accepted"), (ENDED, "2024-03-01", "Rejected")]


def test_a_record_that_says_it_was_superseded_holds_no_longer_from_then_on() -> None:
    reading = read({"0001-a.md": adr("1. A", "Superseded by ADR-2"), "0002-b.md": adr("2. B", date="2024-05-01")})

    assert [(move.status, move.at, move.source_word) for move in reading.observations[0].moves] == [
        (ACTIVE, day("2024-01-01"), None),
        (ENDED, day("2024-05-01"), "Superseded"),
    ]


def test_superseded_by_nothing_known_is_an_end() -> None:
    assert told(adr("1. First", "Superseded by #12 (2024-06-01)"))[-1] == (ENDED, "2024-06-01", "Superseded")


def test_partly_superseded_goes_on_holding() -> None:
    assert told(adr("1. First", "Partly superseded")) == [(ACTIVE, "2024-01-01", "Partly superseded")]


def test_a_provisional_decision_with_a_period_is_in_force() -> None:
    assert told(adr("1. First", "**PROVISIONAL** (2024-01-03 to 2024-01-17)")) == [
        (ACTIVE, "2024-01-03", "PROVISIONAL")
    ]
    assert told(adr("1. First", "Provisional"))[0][0] is PROPOSED


def test_a_revision_of_the_text_is_no_move() -> None:
    status = "Accepted (2023-02-01; amended 2023-09-01)\n\nAmended 2023-10-01 to fix the wording."

    assert told(adr("1. First", status)) == [(ACTIVE, "2023-02-01", "Accepted")]


def test_no_state_at_all_counts_as_in_force() -> None:
    assert told("# First\n\nDate: 2024-01-01\n\n## Decision\n\nA.\n") == [(ACTIVE, "2024-01-01", None)]


def test_an_unknown_state_is_not_in_force_and_is_reported() -> None:
    reading = read({"0001-a.md": adr("1. A", "Zebra striped")})

    assert [(move.status, move.source_word) for move in reading.observations[0].moves] == [
        (PROPOSED, "status not understood: Zebra striped")
    ]
    assert [(problem.line, "Zebra striped" in problem.reason) for problem in reading.problems] == [(7, True)]


def test_a_record_without_a_date_takes_the_one_given_for_it_then_the_clock() -> None:
    undated = "# First\n\n## Status\n\nAccepted\n\n## Decision\n\nA.\n"
    files = {"0001-a.md": undated, "0002-b.md": undated}
    first, second = read(files, dates={"0001-a.md": day("2021-05-05")}).observations

    assert [first.moves[0].at, second.moves[0].at] == [day("2021-05-05"), READ_AT]


def test_a_record_that_carries_only_the_date_of_its_end_began_when_it_was_first_seen() -> None:
    text = "---\nstatus: deprecated\ndate: 2024-05-01\n---\n# First\n\n## Decision\n\nA.\n"
    (observation,) = read({"0001-a.md": text}, dates={"0001-a.md": day("2021-05-05")}).observations

    assert [(move.status, move.at) for move in observation.moves] == [
        (ACTIVE, day("2021-05-05")),
        (ENDED, day("2024-05-01")),
    ]


def test_an_undated_record_existed_before_what_replaced_it() -> None:
    undated = "# First\n\n## Status\n\nSuperseded by ADR-2\n\n## Decision\n\nA.\n"
    reading = read({"0001-a.md": undated, "0002-b.md": adr("2. B", date="2020-01-01")})

    assert reading.observations[0].moves[0].at == day("2020-01-01")
