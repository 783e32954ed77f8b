"""Ways of saying that one record replaces another, each a mechanism: the verb, the link, the place, what limits it."""

from __future__ import annotations

import pytest

from graphmem.sources.decisions.declarations import relation_key
from graphmem.sources.decisions.references import mark_references
from tests.sources.decisions.records import adr, pairs, read

OLD, NEW, THIRD = "0001-use-jest.md", "0002-use-vitest.md", "0003-use-mocha.md"
FULL, PART = ("update", OLD, NEW), ("amendment", OLD, NEW)


def said(*, old: str = "Accepted", new: str = "Accepted", rest: str = "", head: str = "") -> set[tuple[str, str, str]]:
    """What three records declare, of which the first two say something; `rest` and `head` belong to the second."""
    return pairs(
        {
            OLD: adr("1. Use Jest", old, "2023-01-01"),
            NEW: head + adr("2. Use Vitest", new, "2024-01-01", rest),
            THIRD: adr("3. Use Mocha", "Accepted", "2024-02-01"),
        }
    )


@pytest.mark.parametrize(
    "status",
    [
        "Superseded by 0002",
        "Superseded by #2",
        "Superseded by decision 2",
        "Superseded by 2. Use Vitest",
        "Superseded by 0002-use-vitest",
        "Superseded by https://example.org/a/blob/main/0002-use-vitest.md",
        "[Superseded by ADR-0002](0002-use-vitest.md)",
        "[Superseded](0002-use-vitest.md)",
        "Superseded by [Vitest]\n\n[Vitest]: 0002-use-vitest.md",
        "_Superseded by_ [ADR-0002](0002-use-vitest.md)",
        "<p>Superseded by <a href='0002-use-vitest.md'>Vitest</a></p>",
        "Superseded by the approach described in ADR-0002",
        "Deprecated, use ADR-0002 instead",
        "Deprecated - see ADR-0002",
        "Withdrawn in favour of ADR-0002",
        "Abandoned (in favor of ADR-0002)",
        "Overruled by ADR-0002",
        "Reversed in ADR-0002",
        "Made obsolete by ADR-0002",
        "Merged into ADR-0002",
        "Accepted, but superseded by ADR-0002",
        "This has been superseded by ADR-0002",
        "This ADR is no longer valid, it has been superseded by ADR-0002.",
        "See ADR-0002, which supersedes this decision",
        "ADR-0002 supersedes this.",
        "Superseded. We no longer run it. See ADR-0002.",
        "This ADR proposes a now deprecated approach to testing, which has been superseded by ADR-0002.",
        "Superseded - the gist still holds, but in ADR-0002 we changed the runner.",
    ],
)
def test_the_old_one_says_that_it_was_replaced(status: str) -> None:
    assert said(old=status) == {FULL}


@pytest.mark.parametrize(
    "status",
    [
        "Accepted, superseding ADR-0001",
        "Accepted (replacing ADR-0001)",
        "Accepted. This supersedes ADR-0001",
        "Accepted. This ADR replaces and supersedes ADR-0001",
        "Accepted. Reverses ADR-0001",
        "Accepted. Makes ADR-0001 obsolete",
        "Accepted. Successor of ADR-0001",
        "Accepted. ADR-0001 is hereby superseded.",
    ],
)
def test_the_new_one_says_that_it_replaces(status: str) -> None:
    assert said(new=status) == {FULL}


@pytest.mark.parametrize(
    "text",
    [
        "In this ADR we supersede ADR-0001.",
        "This supersedes ADR-0001.",
        "This ADR is a replacement for ADR-0001.",
        "This decision reverses the decision made in ADR-0001.",
        "Use Vitest supersedes ADR-0001.",
        "Related: ADR-0001 (superseded by this)",
    ],
)
def test_the_text_says_that_it_replaces(text: str) -> None:
    assert said(rest=f"## Notes of ours\n\nIt is so. {text}\n" if text[0] != "R" else f"## More\n\n{text}\n") == {FULL}


@pytest.mark.parametrize(
    "status",
    [
        "Mostly superseded by ADR-0002",
        "Superseded by ADR-0002 (mocks only)",
        "Superseded by ADR-0002 in part",
        "Superseded by ADR-0002 with respect to mocks",
        "Accepted, except for mocks, which are superseded by ADR-0002",
        "Accepted. Mocks superseded by ADR-0002.",
        "Accepted (mocks are deprecated in favor of ADR-0002)",
        "Accepted, as amended by ADR-0002",
        "Revised in ADR-0002",
        "The mock rules defined by this record have been superseded by those of ADR-0002",
    ],
)
def test_the_old_one_says_that_a_part_was_replaced(status: str) -> None:
    assert said(old=status) == {PART}


@pytest.mark.parametrize(
    "status",
    [
        "Accepted, amending ADR-0001",
        "Amendment to ADR-0001",
        "Partial supersede of ADR-0001",
        "Accepted. Supersedes ADR-0001 §3",
        "Accepted. Supersedes ADR-0001 decision 3",
        "Accepted. Supersedes ADR-0001 (mocks only)",
        "Accepted. Supersedes ADR-0001 as far as mocks are concerned",
        "Accepted. The rule from ADR-0001 on mocks is rendered obsolete by this decision.",
    ],
)
def test_the_new_one_says_that_it_replaces_a_part(status: str) -> None:
    assert said(new=status) == {PART}


@pytest.mark.parametrize(
    "text",
    [
        "An earlier draft of this ADR superseded ADR-0001.",
        "Rejected in favour of ADR-0001.",
        "Supersede of tests is not ADR-0001.",
        "We considered superseding ADR-0001.",
        "This ADR does not make ADR-0001 obsolete.",
        "This ADR proposes an approach to testing that is not superseded by ADR-0001.",
        "Neither is this a replacement for ADR-0001.",
        "Deprecated APIs are listed in ADR-0001.",
    ],
)
def test_what_only_sounds_like_it_is_none(text: str) -> None:
    assert said(rest=f"## More\n\n{text}\n") == set()


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("ADRs 2 and 3", [2, 3]),
        ("ADR-2/ADR-3", [2, 3]),
        ("ADR-2 plus ADR-3", [2, 3]),
        ("ADR-0002 to ADR-0004", [2, 3, 4]),
        ("ADR-0002–0004", [2, 3, 4]),
        ("superseded by 2 and 0003", [2, 3]),
        ("replaced by 3 servers", []),
        ("ADR-2 - 3 more", [2]),
    ],
)
def test_lists_and_ranges_of_numbers(text: str, numbers: list[int]) -> None:
    assert [one.number for one in mark_references(text).references] == numbers


@pytest.mark.parametrize(
    ("head", "found"),
    [
        ("supersedes-adr: ADR-0001", FULL),
        ("supersede: ADR-0001", FULL),
        ("links:\n  supersedes: [ADR-0001]", FULL),
        ("relationships:\n  - type: supersedes\n    target: ADR-0001", FULL),
        ("replaces:\n  - id: ADR-0001\n    title: Use Jest", FULL),
        ("supersedes: ADR-0001 (partially)", PART),
        ("amend: ADR-0001", PART),
    ],
)
def test_front_matter_of_the_new_one(head: str, found: tuple[str, str, str]) -> None:
    assert said(head=f"---\n{head}\n---\n") == {found}


@pytest.mark.parametrize("head", ["supersededBy: ADR-0002", "deprecated: 0002-use-vitest"])
def test_front_matter_of_the_old_one(head: str) -> None:
    files = {OLD: f"---\n{head}\n---\n" + adr("1. Use Jest"), NEW: adr("2. Use Vitest", date="2024-05-01")}
    assert pairs(files) == {FULL}


def test_an_end_without_a_name_names_nothing() -> None:
    files = {OLD: "---\ndeprecated: true\n---\n" + adr("1. Use Jest"), NEW: adr("2. Use Vitest")}
    assert (pairs(files), read(files).problems) == (set(), ())


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Superseded ADRs", (True, True)),
        ("Amends / supersedes", (True, False)),
        ("Supersedes in part", (True, False)),
        ("Predecessor", (True, True)),
        ("Supersedes or deletes", None),
    ],
)
def test_keys_of_fields(name: str, key: tuple[bool, bool] | None) -> None:
    assert relation_key(name) == key


def test_a_part_that_the_new_one_claims_is_a_part_though_the_old_one_says_more() -> None:
    assert said(old="Superseded by ADR-0002", new="Accepted\n\nPartially supersedes ADR-0001") == {PART}


def test_a_hint_that_nobody_filled_in_is_nothing() -> None:
    files = {OLD: adr("1. Use Jest", "Accepted\n\n- Supersedes: (put N/A unless this replaces one)")}
    assert read(files).problems == ()


def test_a_heading_that_names_an_end_opens_a_status() -> None:
    assert said(rest="## Superseded!\n\nThis record is superseded by [ADR 3](./0003-use-mocha.md).\n") == {
        ("update", NEW, THIRD)
    }


RST = "{0}\n{1}\n\n{2}\n\nAbstract\n========\n\nA.\n"


def test_tables_admonitions_and_labels_of_restructured_text() -> None:
    table = (
        ".. list-table::\n\n   * - Title\n     - Second\n   * - Status\n     - Accepted\n   * - Replaces\n     - XQ-1"
    )
    note = "Status\n======\n\nReplaced\n\n.. warning::\n\n   This has been replaced by :ref:`The third way`."
    files = {
        "xq-0001.rst": RST.format("XQ-1: First", "===========", "Status\n======\n\nAccepted"),
        "xq-0002.rst": RST.format("XQ-2: Second", "============", f"{table}\n\n{note}"),
        "xq-0003.rst": ".. _The third way:\n\n"
        + RST.format("XQ-3: Third", "===========", "Status\n======\n\nAccepted"),
    }
    assert pairs(files) == {("update", "xq-0001.rst", "xq-0002.rst"), ("update", "xq-0002.rst", "xq-0003.rst")}


def test_a_fenced_header_below_a_heading() -> None:
    text = "## Preamble\n\n```\nCAP: 000{0}\nTitle: A\nStatus: {1}\nProtocol version: TBD\n```\n\n## Summary\n\nA.\n"
    files = {
        "cap-0001.md": text.format(1, "Abandoned (in favor of CAP-2)"),
        "cap-0002.md": text.format(2, "Draft"),
    }
    reading = read(files)
    assert [one.moves[-1].source_word for one in reading.observations] == ["Abandoned", "Draft"]
    assert pairs(files) == {("update", "cap-0001.md", "cap-0002.md")}


def test_a_series_is_called_after_the_field_that_holds_its_number() -> None:
    text = "---\nsimd: '000{0}'\ntitle: A\nstatus: Accepted\n{1}---\n\n## Summary\n\nA.\n"
    files = {"0001-a.md": text.format(1, ""), "0002-b.md": text.format(2, "supersedes: SIMD-0001\n")}
    assert pairs(files) == {("update", "0001-a.md", "0002-b.md")}


@pytest.mark.parametrize("text", ["# RFC 016: Holdings\n\nA.\n", "# Holdings\n\n## Decision\n\nA.\n"])
def test_the_readme_of_a_numbered_folder_is_a_record_by_its_number_or_its_decision(text: str) -> None:
    assert [one.path for one in read({"016-holdings/README.md": text}).observations] == ["016-holdings/README.md"]


def test_the_readme_of_another_folder_is_another_record() -> None:
    text = "# RFC 0{0}: Holdings\n\n## Purpose\n\n{1}\n"
    link = "This RFC has been superseded by [020-location](../020-location/README.md)."
    files = {"016-holdings/README.md": text.format(16, link), "020-location/README.md": text.format(20, "It locates.")}
    assert pairs(files) == {("update", "016-holdings/README.md", "020-location/README.md")}
