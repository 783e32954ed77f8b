from __future__ import annotations

import pytest

from graphmem.model import SupersessionKind
from tests.sources.decisions.records import adr, day, edge, pairs, read

OLD, NEW, THIRD = "0001-first.md", "0002-second.md", "0003-third.md"
FULL, PART = SupersessionKind.UPDATE, SupersessionKind.AMENDMENT


def both(old_status: str = "Accepted", new_status: str = "Accepted", **more: str) -> dict[str, str]:
    return {
        OLD: adr("1. First thing", old_status, "2023-01-01", more.get("old", "")),
        NEW: adr("2. Second thing", new_status, "2024-05-01", more.get("new", "")),
    }


@pytest.mark.parametrize(
    "status",
    [
        "Superseded by [2. Second thing](0002-second.md)",
        "Superceded by [2. Second thing](0002-second.md)",
        "Superceeded by ADR-0002",
        "⌛️ Superseded by [002. Second thing](0002-second.md)",
        "**Superseded** by ADR 2",
        "Superseded by\n[ADR-0002](0002-second.md), which changed the premise.",
        "Superseded by [ADR002][]\n\n[ADR002]: 0002-second.md",
        "Replaced by ADR#2",
        "Deprecated in favour of ADR-2",
        "Superseded (see ADR-2)",
        "Superseded: by [ADR 2](0002-second.md)",
        "Superseded by Second thing",
        "Accepted\n\nSuperseded by [2. Second thing](0002-second.md)",
        "> Superseded by ADR-0002",
        "| 2023-01-01 | Accepted |\n| 2024-05-01 | Superseded by ADR-0002 |",
    ],
)
def test_the_old_side_alone_declares_a_supersession(status: str) -> None:
    found = edge(both(old_status=status))

    assert (found.old, found.new, found.kind, found.at) == (OLD, NEW, FULL, day("2024-05-01"))


@pytest.mark.parametrize(
    "status",
    [
        "Supersedes [1. First thing](0001-first.md)",
        "Accepted (supersedes ADR-001)",
        "Accepted. Supersedes ADR-1, which decided otherwise.",
        "Accepted\n\n**Supersedes**: ADR-001 (pending validation)",
        "Accepted\n\n- Supersedes: [ADR-1: First thing](./0001-first.md)",
        "Accepted\n\nThis ADR replaces ADR-001.",
    ],
)
def test_the_new_side_alone_declares_a_supersession(status: str) -> None:
    assert pairs(both(new_status=status)) == {("update", OLD, NEW)}


@pytest.mark.parametrize(
    "section",
    [
        "## Changelog\n\n- 2024-05-01: Superseded by ADR-0002",
        "## References\n\n- ADR-2: superseding design, supersedes this ADR.",
        "## Notes\n\nThis record was superseded by [ADR-2](0002-second.md).",
        "## Superseded by\n\n- [ADR-2](0002-second.md)",
        "## Links\n\n- ADR-2 supersedes this record.",
        "## Updates\n\n- ADR-2: the queue, which supersedes this decision",
        "See docs. ADR-2 supersedes this ADR.",
        "Superseded by:\n\n- [ADR-2](0002-second.md)",
    ],
)
def test_a_relation_counts_where_people_put_it(section: str) -> None:
    assert pairs(both(old=section)) == {("update", OLD, NEW)}


@pytest.mark.parametrize(
    ("status", "part"),
    [
        ("Partly superseded by ADR-2", None),
        ("Accepted. Section 4 is superseded by ADR-2.", "Section 4"),
        ("Superseded in part by [ADR-2](0002-second.md)", None),
        ("Amended by [2. Second thing](0002-second.md)", None),
        ("Accepted\n\n♻️ Amended by ADR-2", None),
    ],
)
def test_a_part_that_is_replaced_is_an_amendment(status: str, part: str | None) -> None:
    found = edge(both(old_status=status))

    assert (found.kind, found.part) == (PART, part)


@pytest.mark.parametrize(
    "new",
    [
        "## Links\n\n- Supersedes: Portions of ADR-001",
        "This ADR in part supersedes [0001](0001-first.md).",
        "## Related\n\n- ADR-001 (First thing): the method that this ADR extends.",
        "## References\n\n**Supersedes**: None (extends ADR-001)",
        "This decision amends ADR-001.",
    ],
)
def test_the_new_side_amends(new: str) -> None:
    assert pairs(both(new=new)) == {("amendment", OLD, NEW)}


@pytest.mark.parametrize(
    "new",
    [
        "We may supersede ADR-001 later.",
        "If that fails, this ADR is superseded by ADR-001.",
        "Neither this ADR nor ADR-001 supersedes the other.",
        "This ADR does not replace ADR-001.",
        "This ADR aligns with ADR-001 without superseding it.",
        "```\nSupersedes: ADR-001\n```",
        "<!-- Supersedes: ADR-001 -->",
        "The login flow of ADR-001 replaces passwords.",
        "## Updates\n\n- [the pods of ADR-001](0001-first.md)",
        "- Valid updates to [the list](0001-first.md)",
        "ADR-003 replaced ADR-001's assumptions.",
        "This supplements rather than supersedes ADR-001, which stands.",
        "## Links\n\n- [ADR-001](0001-first.md) (superseded by ADR-003)",
        "**Supersedes**: None (new decision)",
        "Superseded by: [ADR-0005](0005-example.md) | rejected | accepted",
    ],
)
def test_wishes_denials_code_and_third_parties_declare_nothing(new: str) -> None:
    assert pairs(both(new=new)) == set()


def test_a_provisional_supersession_ends_again() -> None:
    found = edge(both(old_status="Provisionally superseded by ADR-2 (2024-05-03 to 2024-05-17)"))

    assert (found.kind, found.at, found.until) == (FULL, day("2024-05-03"), day("2024-05-17"))


def test_a_date_beside_the_successor_is_when_it_takes_over() -> None:
    assert edge(both(old_status="Superseded by ADR-2 (2024-06-30)")).at == day("2024-06-30")


def test_one_record_replaces_many_and_a_plural_list_names_them() -> None:
    files = both() | {THIRD: adr("3. Third", "Accepted\n\nSupersedes ADRs 01 and 02", "2025-01-01")}

    assert pairs(files) == {("update", OLD, THIRD), ("update", NEW, THIRD)}


def test_successors_named_together_take_over_at_one_instant() -> None:
    files = both(old_status="Superseded by ADR-2 and ADR-3") | {THIRD: adr("3. Third", date="2025-01-01")}

    assert [(found.new, found.at, found.until) for found in read(files).replacements] == [
        (NEW, day("2024-05-01"), None),
        (THIRD, day("2024-05-01"), None),
    ]


def test_front_matter_links_on_both_sides_are_one_edge_with_both_lines() -> None:
    old = "---\nstatus: superseded\ndate: 2023-01-01\nsuperseded-by: ADR-002\n---\n# First\n\n## Decision\n\nA.\n"
    new = "---\nstatus: accepted\ndate: 2024-05-01\nsupersedes: [ADR-001]\nsuperseded-by: null\n---\n"
    new += "# Second\n\n## Decision\n\nB.\n"
    found = edge({OLD: old, NEW: new})

    assert found.evidence == ((OLD, "superseded-by: ADR-002"), (NEW, "supersedes: [ADR-001]"))


def test_evidence_is_verbatim_and_whole() -> None:
    found = edge(both(old_status="Superseded by\n[ADR-2](0002-second.md) on 2024-06-30."))

    assert found.evidence == ((OLD, "Superseded by\n[ADR-2](0002-second.md) on 2024-06-30."),)


@pytest.mark.parametrize("status", ["Rejected", "On hold"])
def test_a_claim_of_a_rejected_or_deferred_record_is_ignored_and_reported(status: str) -> None:
    reading = read(both(new_status=f"{status}\n\nSupersedes: ADR-001"))

    assert reading.replacements == ()
    assert "claims to take over from 0001-first.md" in reading.problems[0].reason


def test_a_proposed_successor_is_still_declared() -> None:
    assert pairs(both(new_status="Proposed. Supersedes ADR-001.")) == {("update", OLD, NEW)}


def test_a_claim_against_the_successor_that_the_old_side_names_is_ignored() -> None:
    files = both(old_status="Superseded by ADR-2") | {
        THIRD: adr("3. Third", "Accepted\n\nSupersedes ADR-001", "2025-01-01")
    }

    assert pairs(files) == {("update", OLD, NEW)}
    assert [problem.path for problem in read(files).problems] == [THIRD]


def test_a_claim_counts_if_the_named_successor_replaced_the_claimant_in_turn() -> None:
    files = both(old_status="Superseded by ADR-3", new_status="Superseded by ADR-3\n\nSupersedes: ADR-1")
    files[THIRD] = adr("3. Third", date="2025-01-01")

    assert [(found.new, found.at, found.until) for found in read(files).replacements if found.old == OLD] == [
        (NEW, day("2024-05-01"), day("2025-01-01")),
        (THIRD, day("2025-01-01"), None),
    ]


def test_a_number_used_twice_is_never_guessed() -> None:
    files = {
        OLD: adr("1. First", "Superseded by ADR-2"),
        "0002-left.md": adr("2. Left"),
        "0002-right.md": adr("2. Right"),
    }
    reading = read(files)

    assert reading.replacements == ()
    assert any("0002-left.md, 0002-right.md" in problem.reason for problem in reading.problems)


@pytest.mark.parametrize("status", ["Superseded by [ADR-2](0002-right.md)", "Superseded by ADR-2 (Right)"])
def test_a_path_or_a_title_tells_two_records_of_one_number_apart(status: str) -> None:
    files = {
        OLD: adr("1. First", status),
        "0002-left.md": adr("2. Left"),
        "0002-right.md": adr("2. Right", date="2025-01-01"),
    }

    assert edge(files).new == "0002-right.md"


def test_a_broken_link_falls_back_on_a_number_only_if_the_words_agree() -> None:
    renamed = both(old_status="Superseded by [ADR-2](0002-second-old-name.md)")
    reused = both(old_status="Superseded by [ADR-2](0002-quite-other.md)")

    assert pairs(renamed) == {("update", OLD, NEW)}
    assert read(reused).replacements == ()
    assert "none of the records" in read(reused).problems[0].reason


@pytest.mark.parametrize(
    "target", ["#123", "PR #45", "issue 2", "[our wiki](https://example.org/x)", "milestone 2", "a better idea"]
)
def test_a_successor_that_is_no_record_is_reported(target: str) -> None:
    reading = read(both(old_status=f"Superseded by {target}"))

    assert reading.replacements == ()
    assert [(problem.path, problem.line) for problem in reading.problems] == [(OLD, 7)]


def test_a_link_to_a_file_of_the_same_name_elsewhere_is_not_followed() -> None:
    files = {
        f"docs/adr/{path}": text
        for path, text in both(old_status="Superseded by [it](https://example.org/other/0002-second.md)").items()
    }

    assert read(files).replacements == ()


def test_records_that_replace_each_other_lose_the_weaker_claim() -> None:
    files = both(old_status="Superseded by ADR-2", new_status="Accepted\n\nSuperseded by ADR-1\n\nSupersedes: ADR-1")

    assert pairs(files) == {("update", OLD, NEW)}
    assert "the reverse is declared too" in read(files).problems[0].reason


def test_numbers_count_within_a_folder() -> None:
    left = {f"left/{path}": text for path, text in both(old_status="Superseded by ADR-2").items()}
    right = {f"right/{path}": text for path, text in both().items()}

    assert pairs(left | right) == {("update", "left/0001-first.md", "left/0002-second.md")}


def test_an_update_is_never_earlier_than_what_it_replaces() -> None:
    files = both(old_status="Superseded by ADR-2")
    files[NEW] = adr("2. Second thing", date="2020-01-01")

    assert edge(files).at == day("2023-01-01")


def test_a_restructured_text_role_names_a_record() -> None:
    head = "PEP: {}\nTitle: T{}\nStatus: Final\nType: Process\nCreated: 01-Jan-20{}\n\nAbstract\n========\n\n{}\n"
    files = {
        "pep-0010.rst": head.format(10, 10, 10, "Old."),
        "pep-0011.rst": head.format(11, 11, 11, "It works. This PEP supersedes :pep:`10`."),
    }

    assert pairs(files) == {("update", "pep-0010.rst", "pep-0011.rst")}


def test_another_record_that_takes_over_a_part_of_this_one_amends_it() -> None:
    found = edge(both(old="## Related ADRs\n\n- **ADR-2**: Second thing (supersedes this ADR's naming rule)"))

    assert (found.kind, found.new, found.part) == (PART, NEW, "naming rule")
