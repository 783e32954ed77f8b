"""Folders of Basic Memory; `data/basic-memory` is as its release 0.24.1 parses notes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from graphmem.model import Kind, LinkKind
from graphmem.sources.memories import Export, MemoryFormat, read_export
from graphmem.sources.memories.basic_memory import FRONT_MATTER, MANY_TARGETS, NO_QUALIFIER, NO_TARGET
from graphmem.sources.memories.clock import NO_ZONE
from graphmem.sources.memories.notes import take_apart
from graphmem.sources.memories.qualifiers import qualified
from graphmem.sources.memories.text_files import LINKED_FOLDER, NOT_UTF8
from tests.sources.memories.conftest import ASKED, DATA, Reads, moment, reasons, titles

FOLDER = DATA / "basic-memory"


def day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture(scope="module")
def export() -> Export:
    return read_export(FOLDER, ASKED, MemoryFormat.BASIC_MEMORY)


def test_notes_and_observations_are_statements(export: Export) -> None:
    assert titles(export) == [
        "Session Design",
        "Session Design: Sessions live in a cookie, not in local storage #security",
        "Session Design: Sessions end after eight hours",
        "Session Design: Sign-in codes go out by mail",
        "Session Design: Rotate the signing key each quarter #ops",
        "User Table",
        "User Table: Keys of users are UUIDs",
        "Token Design",
    ]


def test_a_note_keeps_what_is_no_observation(export: Export) -> None:
    said = export.items[0].observation.statement
    assert said.body.splitlines() == [
        "How a browser stays signed in.",
        "",
        "## Observations",
        "",
        "- [ ] write the runbook",
        "- [00:12:30] a transcript line is no observation",
        "",
        "## Relations",
        "",
        "- depends_on [[User Table]]",
        "- relates_to [[Password Rules]] (loosely)",
        "- supersedes [[Token Design]]",
    ]
    assert (said.labels, said.aliases) == (("security", "web", "status=reviewed"), ("specs/session-design",))


def test_a_note_begins_when_it_was_created(export: Export) -> None:
    first = export.items[0].observation
    assert first.moves[0].at == moment("2025-02-03T08:30:00+00:00")
    assert first.changed_at == first.statement.observed_at == moment("2025-04-01T08:00:00+00:00")
    assert [one.observation.is_dated for one in export.items[5:7]] == [False, False]


def test_categories_that_are_kinds_are_the_kind(export: Export) -> None:
    kinds = [one.observation.statement.kind for one in export.items]
    assert kinds == [
        *(Kind.FACT, Kind.DECISION, Kind.DECISION, Kind.PREFERENCE, Kind.FACT),
        *(Kind.FACT, Kind.STRUCTURE, Kind.DECISION),
    ]


def test_context_is_the_body_and_tags_are_labels(export: Export) -> None:
    said = export.items[1].observation.statement
    assert (said.body, said.labels) == ("(after the audit)", ("decision", "security"))


def test_a_time_before_the_words_is_when_they_hold(export: Export) -> None:
    lives = [[move.at for move in one.observation.moves] for one in export.items[2:4]]
    assert lives == [[day("2025-03-01"), day("2025-06-01")], [day("2025-05-01"), day("2025-06-01")]]


def test_relations_that_have_a_link_here_are_links_and_successions(export: Export) -> None:
    (link,), (succession,) = export.relations, export.replacements
    assert (link.source, link.target, link.kind) == (
        "basic-memory/basic-memory/auth.md",
        "basic-memory/basic-memory/users.md",
        LinkKind.DEPENDS_ON,
    )
    assert succession.old == "basic-memory/basic-memory/decisions/tokens.md"
    assert (succession.new, succession.at) == (link.source, moment("2025-02-03T08:30:00+00:00"))


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("@effective[2026-06-10,2026-07-27) x", "2026-06-10", "2026-07-27"),
        ("@valid(2026-06-10,2026-07-27] x", "2026-06-11", "2026-07-28"),
        ("@[,2026-07-27) x", None, "2026-07-27"),
        ("@[2026-06-10,) x", "2026-06-10", None),
        ("@[2026-06-10T10:00:00,) x", "2026-06-10T10:00:00", None),
        ("@2026-07-27 x", "2026-07-27", None),
        ("@effective:2026-12 x", "2026-12-01", "2027-01-01"),
        ("@2026 x", "2026-01-01", "2027-01-01"),
        ('@valid:"2026-07-27" x', "2026-07-27", None),
    ],
)
def test_times_before_words(text: str, start: str | None, end: str | None) -> None:
    found = qualified(text)
    assert found is not None
    assert (found.text, found.start, found.end) == ("x", start and day(start), end and day(end))


@pytest.mark.parametrize(
    "text", ["@occurred:2026-06-10 x", "@due[2026-06-10,) x", "@someone x", "x @2026-06-10", "@2026-06-10", "@[2,1) x"]
)
def test_what_is_no_time_of_validity_stays_in_the_words(text: str) -> None:
    assert qualified(text) is None


def test_a_time_in_other_words_is_told(reads: Reads) -> None:
    export = reads(MemoryFormat.BASIC_MEMORY, '- [decision] @effective:"June 10, 2026" Memcached', "a.md")
    assert reasons(export) == [NO_QUALIFIER]
    assert titles(export)[1] == 'a: @effective:"June 10, 2026" Memcached'


def test_links_that_lead_nowhere_or_to_several_are_told_and_stay_as_words(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("- implements [[Gone]]\n- fixes [[twin]]\n- relates_to [[Gone]]\n", encoding="utf-8")
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "twin.md").write_text("text", encoding="utf-8")
    export = read_export(tmp_path, ASKED, MemoryFormat.BASIC_MEMORY)
    assert reasons(export) == [NO_TARGET, MANY_TARGETS]
    assert export.items[0].observation.statement.body.count("[[") == 3


def test_front_matter_that_cannot_be_read_costs_only_itself(reads: Reads) -> None:
    export = reads(MemoryFormat.BASIC_MEMORY, "---\ntitle: [x\n---\n- [fact] still here\n", "note.md")
    assert (titles(export), reasons(export)) == (["note", "note: still here"], [FRONT_MATTER])


def test_aliases_in_front_matter_are_no_bomb(reads: Reads) -> None:
    levels = zip("abcdefg", "bcdefgh", strict=True)
    bomb = "a: &a [x,x,x]\n" + "".join(f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]\n" for old, new in levels)
    assert reasons(reads(MemoryFormat.BASIC_MEMORY, f"---\n{bomb}---\ntext", "note.md")) == [FRONT_MATTER]


def test_a_created_without_a_zone_is_told(reads: Reads) -> None:
    export = reads(MemoryFormat.BASIC_MEMORY, "---\ncreated: 2025-01-01T10:00:00\n---\ntext", "note.md")
    assert ([(one.line, one.reason) for one in export.losses]) == [(2, NO_ZONE)]


def test_dates_of_lines_date_a_note_without_its_own(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("Words\n- [fact] first\n- [fact] second\n", encoding="utf-8")
    (tmp_path / "b.md").write_text("---\ncreated: 2024-01-01\n---\nWords\n", encoding="utf-8")
    days = [day("2025-01-01"), day("2025-02-01"), day("2025-03-01")]
    export = read_export(tmp_path, replace(ASKED, line_dates=lambda _: [*days]), MemoryFormat.BASIC_MEMORY)
    began = [one.observation.moves[0].at.date().isoformat() for one in export.items]
    assert began == ["2025-03-01", "2025-02-01", "2025-03-01", "2024-01-01"]


def test_what_is_no_note_is_told_and_links_are_not_followed(tmp_path: Path) -> None:
    root = tmp_path / "notes"
    root.mkdir()
    (tmp_path / "secret.md").write_text("secret", encoding="utf-8")
    (root / "good.md").write_text("good", encoding="utf-8")
    (root / "bad.md").write_bytes(b"\xff\xfe")
    (root / "empty.md").write_bytes(b"")
    (root / "picture.png").write_bytes(b"x")
    (root / "out.md").symlink_to(tmp_path / "secret.md")
    (root / "loop").symlink_to(root)
    export = read_export(root, ASKED, MemoryFormat.BASIC_MEMORY)
    assert titles(export) == ["good"]
    assert {one.path: one.reason for one in export.losses} == {
        "bad.md": NOT_UTF8,
        "empty.md": "an empty file",
        "loop": LINKED_FOLDER,
        "notes": "files that are no Markdown",
        "out.md": "a link that leads out of the root: not followed",
    }


def test_code_holds_no_observations_and_items_may_go_on() -> None:
    note = take_apart("```\n- [fact] code\n```\n- [fact] begins\n  and goes on\n- plain\n- [a](b.md)\n- [[X]]\n")
    assert [(one.text, one.line) for one in note.observations] == [("begins\nand goes on", 4)]
    assert note.body == "```\n- [fact] code\n```\n- plain\n- [a](b.md)\n- [[X]]"
