"""What a vector is computed from: models read about the first thousand characters, so their order matters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem.model import Alternative, Outcome, Statement
from graphmem.service.embedded_text import embedded_text

#: What MiniLM reads of English prose: 256 word pieces.
READ = 1_000

CONTENTS = """\
- [Summary](#summary)
- [Motivation](#motivation)
  - [Goals](#goals)
    * [Non-Goals](#non-goals)
1. [Proposal](#proposal)
2) [Risks (all of them)](#risks-all-of-them)

"""


def test_a_plain_memory_gives_its_title_body_and_rationale() -> None:
    statement = Statement(title="Keys are UUIDv7", body="Sixteen bytes.", rationale="They sort.")
    assert embedded_text(statement) == "Keys are UUIDv7\nSixteen bytes.\nThey sort."


def test_options_follow_a_short_body_that_says_what_was_decided() -> None:
    options = (
        Alternative("serial", Outcome.REJECTED, "leaks counts"),
        Alternative("UUIDv7", Outcome.CHOSEN, "sorts"),
    )
    statement = Statement(title="Keys", body="We take UUIDv7.", rationale="They sort.", alternatives=options)
    assert embedded_text(statement).splitlines() == [
        "Keys",
        "We take UUIDv7.",
        "rejected: serial. leaks counts",
        "chosen: UUIDv7. sorts",
        "They sort.",
    ]


def test_many_rejected_options_leave_the_decision_where_models_read_it() -> None:
    options = tuple(Alternative(f"option {number}", Outcome.REJECTED, "too slow " * 40) for number in range(10))
    statement = Statement(title="Queue", body="We keep the queue in the store.", alternatives=options)
    assert "We keep the queue in the store." in embedded_text(statement)[:READ]


def test_a_long_body_leaves_the_first_option_where_models_read_it() -> None:
    body = " ".join(f"word{number}" for number in range(1_000))
    option = Alternative("Redis", Outcome.REJECTED, "another server")
    text = embedded_text(Statement(title="Queue", body=body, alternatives=(option,)))
    assert "rejected: Redis. another server" in text[:READ]
    lines = text.splitlines()
    assert f"{lines[1]} {lines[3]}" == body[: len(text) - len(f"Queue\n{lines[2]}\n")]


def test_a_long_body_without_options_is_not_cut() -> None:
    body = "word " * 200 + "end"
    assert embedded_text(Statement(title="Queue", body=body)) == f"Queue\n{body}"


def test_a_body_without_a_space_is_cut_all_the_same() -> None:
    option = Alternative("Redis", Outcome.REJECTED, "")
    text = embedded_text(Statement(title="Queue", body="x" * 1_000, alternatives=(option,)))
    assert text == "\n".join(["Queue", "x" * 600, "rejected: Redis.", "x" * 400])


@pytest.mark.parametrize("before", ["", "# Queue\n\n", "Intro.\n"])
def test_a_table_of_contents_says_nothing(before: str) -> None:
    with_contents, without = (f"{before}{contents}## Summary\n\nWe keep it." for contents in (CONTENTS, "\n"))
    assert embedded_text(Statement(title="Queue", body=with_contents)) == embedded_text(
        Statement(title="Queue", body=without)
    )


@pytest.mark.parametrize(
    "line",
    [
        "- [the plan](docs/plan.md)",
        "- [Summary](#summary) is read first",
        "See [Summary](#summary).",
        "- [ ] write the summary",
    ],
)
def test_other_links_and_lists_stay(line: str) -> None:
    assert embedded_text(Statement(title="Queue", body=f"{line}\nend")) == f"Queue\n{line}\nend"


@given(st.text(max_size=300), st.lists(st.sampled_from(CONTENTS.splitlines()), max_size=300))
def test_a_text_begins_with_the_title_and_has_at_most_4000_characters(body: str, contents: list[str]) -> None:
    text = embedded_text(Statement(title="A title", body="\n".join([body, *contents, body]), rationale=body * 20))
    assert text.startswith("A title")
    assert len(text) <= 4_000


def test_a_body_that_is_nothing_but_contents_leaves_the_title() -> None:
    assert embedded_text(Statement(title="Queue", body=CONTENTS)) == "Queue"
