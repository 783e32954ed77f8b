"""Conventions of repositories made for it, read and ingested."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import graphmem
from graphmem.errors import InvalidInput
from graphmem.model import At, Kind, Origin, Status
from graphmem.service import GraphMemory
from graphmem.sources.edits import IngestReport
from graphmem.sources.git import file_versions as file_limits
from graphmem.sources.observations import Observation, Reading
from graphmem.sources.rules import read_rules
from graphmem.store import Filter, Page
from tests.fake_embedder import no_embedder
from tests.sources.git.repositories import Repository

READ_AT = datetime(2030, 1, 1, tzinfo=UTC)
#: The first commit of a repository made for tests.
FIRST = datetime.fromtimestamp(1_700_000_000 + 86_400, UTC)
KIND, TESTS = "- Be kind to every reader\n", "- Run tests with pytest\n"
ALL_TESTS = "- Run all tests with pytest\n"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.made(tmp_path / "repository")


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[GraphMemory]:
    with graphmem.open(str(tmp_path / "memory.db"), create=True, embedder=no_embedder) as opened:
        yield opened


def read(repository: Repository, since: str | None = None) -> Reading:
    return read_rules(repository.root, read_at=READ_AT, since=since)


def day(number: int) -> datetime:
    """The time of the commit with a number, from 1."""
    return FIRST + timedelta(days=number - 1)


def only(reading: Reading, title: str) -> Observation:
    (found,) = (item for item in reading.observations if item.statement.title == title)
    return found


def state(memory: GraphMemory, number: int) -> set[tuple[str, str, frozenset[tuple[str, str]]]]:
    """(Title, body, anchors) of the conventions in force on the day of a commit."""
    listing = memory.list(Filter(kinds=(Kind.CONVENTION,)), at=At(day(number)), page=Page(limit=100))
    statements = [card.memory.statement for card in listing.cards]
    return {
        (found.title, found.body, frozenset((anchor.name, anchor.role) for anchor in found.anchors))
        for found in statements
        if found is not None
    }


def titles(memory: GraphMemory, number: int) -> set[str]:
    return {title for title, _, _ in state(memory, number)}


def changes(report: IngestReport) -> int:
    edited = (*report.added, *report.reworded, *report.renamed, *report.moved, *report.linked, *report.unlinked)
    return len(edited)


# ---- lives


def test_a_rule_is_a_convention_of_its_document(repository: Repository) -> None:
    repository.write(AGENTS_dot_md="# Guide\n\n## Style\n\n" + KIND)
    sha = repository.commit()
    (found,) = read(repository).observations
    assert (found.statement.title, found.statement.body) == ("Be kind to every reader", "Guide > Style")
    assert (found.statement.kind, found.statement.origin) == (Kind.CONVENTION, Origin.DOCUMENT)
    assert [(move.status, move.at) for move in found.moves] == [(Status.ACTIVE, day(1))]
    assert (found.path, found.line, found.provenance) == ("AGENTS.md", 5, f"AGENTS.md in commit {sha[:12]}")


def test_a_removed_rule_ends_and_a_reworded_one_is_superseded(repository: Repository) -> None:
    repository.write(AGENTS_dot_md=KIND + TESTS)
    repository.commit()
    repository.write(AGENTS_dot_md=ALL_TESTS)
    repository.commit()
    reading = read(repository)
    assert [move.status for move in only(reading, "Be kind to every reader").moves] == [Status.ACTIVE, Status.ENDED]
    (pair,) = reading.replacements
    old, new = only(reading, "Run tests with pytest"), only(reading, "Run all tests with pytest")
    assert (pair.old, pair.new, pair.at) == (old.key, new.key, day(2))
    assert len(old.moves) == 1


def test_mirrors_are_one_convention_with_several_anchors(repository: Repository) -> None:
    repository.write(AGENTS_dot_md=KIND, CLAUDE_dot_md="# Other\n\n" + KIND)
    repository.commit()
    (found,) = read(repository).observations
    assert [(anchor.name, anchor.role) for anchor in found.statement.anchors] == [
        ("AGENTS.md", "stated in"),
        ("CLAUDE.md", "stated in"),
    ]


def test_rules_of_a_nested_file_and_of_globs_are_about_them(repository: Repository) -> None:
    repository.write(src__api__AGENTS_dot_md=KIND)
    repository.write(_dot_cursor__rules__a_dot_mdc="---\nglobs: *.py\n---\n" + TESTS)
    repository.commit()
    scopes = {
        item.statement.title: [anchor.name for anchor in item.statement.anchors if anchor.role == "about"]
        for item in read(repository).observations
    }
    assert scopes == {"Be kind to every reader": ["src/api/**"], "Run tests with pytest": ["**/*.py"]}


def test_a_rule_that_one_file_states_for_all_is_about_no_file(repository: Repository) -> None:
    repository.write(src__AGENTS_dot_md=KIND, AGENTS_dot_md=KIND)
    repository.commit()
    (found,) = read(repository).observations
    assert {anchor.role for anchor in found.statement.anchors} == {"stated in"}


def test_a_renamed_file_keeps_its_rules(repository: Repository) -> None:
    repository.write(_dot_cursorrules=KIND + TESTS + "".join(f"- Keep rule {number} too\n" for number in range(20)))
    repository.commit()
    before = {item.key: item.moves for item in read(repository).observations}
    repository.git("mv", ".cursorrules", "AGENTS.md")
    repository.commit()
    after = read(repository).observations
    assert {item.key: item.moves for item in after} == before
    assert {anchor.name for item in after for anchor in item.statement.anchors} == {"AGENTS.md"}


def test_a_setting_with_another_value_supersedes(repository: Repository) -> None:
    repository.write(ruff_dot_toml="line-length = 88\n")
    repository.commit()
    repository.write(ruff_dot_toml="line-length = 100\n")
    repository.commit()
    reading = read(repository)
    by_key = {item.key: item.statement.title for item in reading.observations}
    assert [(by_key[pair.old], by_key[pair.new]) for pair in reading.replacements] == [
        ("Lines are at most 88 characters long (Ruff)", "Lines are at most 100 characters long (Ruff)")
    ]


def test_a_long_rule_has_its_words_in_the_body(repository: Repository) -> None:
    repository.write(AGENTS_dot_md="# Guide\n\n- " + "many words " * 60 + "\n")
    repository.commit()
    (found,) = read(repository).observations
    assert found.statement.title.endswith("\u2026")
    assert found.statement.body == "Guide\n\n" + ("many words " * 60).strip()


# ---- problems


def test_links_are_passed_over(repository: Repository) -> None:
    repository.write(AGENTS_dot_md=KIND)
    (repository.root / "CLAUDE.md").symlink_to("AGENTS.md")
    repository.commit()
    reading = read(repository)
    assert reading.passed_over == ("CLAUDE.md",)
    assert len(reading.observations) == 1


def test_what_does_not_parse_is_a_problem_and_the_last_version_holds(repository: Repository) -> None:
    repository.write(ruff_dot_toml="line-length = 88\n")
    repository.commit()
    repository.write(ruff_dot_toml="line-length = \n")
    repository.commit()
    reading = read(repository)
    assert [(problem.path, problem.line) for problem in reading.problems] == [("ruff.toml", 1)]
    (found,) = reading.observations
    assert len(found.moves) == 1
    repository.write(ruff_dot_toml="line-length = 88\n")
    repository.commit()
    assert read(repository).problems == ()


def test_bad_front_matter_keeps_the_last_scope(repository: Repository) -> None:
    name = "_dot_claude__rules__a_dot_md"
    repository.write(**{name: "---\npaths: src/**\n---\n" + KIND})
    repository.commit()
    repository.write(**{name: "---\npaths: [\n---\n" + KIND + TESTS})
    repository.commit()
    reading = read(repository)
    assert len(reading.problems) == 1
    assert {anchor.name for anchor in only(reading, "Run tests with pytest").statement.anchors} == {
        ".claude/rules/a.md",
        "src/**",
    }


def test_a_file_over_the_limit_is_named(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_limits, "MAX_CONTENT_BYTES", 100)
    repository.write(AGENTS_dot_md=KIND)
    repository.commit()
    repository.write(AGENTS_dot_md=KIND + TESTS * 10)
    repository.commit()
    reading = read(repository)
    assert [problem.path for problem in reading.problems] == ["AGENTS.md"]
    assert [item.statement.title for item in reading.observations] == ["Be kind to every reader"]


def test_rules_older_than_a_shallow_clone_have_no_date(repository: Repository, tmp_path: Path) -> None:
    repository.write(AGENTS_dot_md=KIND)
    repository.commit()
    repository.write(AGENTS_dot_md=KIND + TESTS)
    repository.commit()
    repository.write(AGENTS_dot_md=KIND + TESTS + "- Write docs first\n")
    repository.commit()
    clone = tmp_path / "clone"
    repository.git("clone", "--quiet", "--depth=2", f"file://{repository.root}", str(clone))
    dated = {item.statement.title: item.is_dated for item in read_rules(clone, read_at=READ_AT).observations}
    assert dated == {"Be kind to every reader": False, "Run tests with pytest": False, "Write docs first": True}


def test_a_folder_without_git_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_rules(tmp_path, read_at=READ_AT)


def test_an_empty_history_of_rules_is_an_empty_reading(repository: Repository) -> None:
    repository.write(readme="nothing\n")
    sha = repository.commit()
    reading = read(repository)
    assert (reading.size, reading.cursor) == (0, sha)


def test_progress_counts_commits(repository: Repository) -> None:
    repository.write(AGENTS_dot_md=KIND)
    repository.commit()
    repository.commit()
    seen: list[tuple[int, int]] = []
    read_rules(repository.root, read_at=READ_AT, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 2), (2, 2)]


# ---- ingestion


def write_history(repository: Repository) -> list[str]:
    """Commits with every change of rules; returns their hashes."""
    versions = [
        {"AGENTS_dot_md": KIND + TESTS},
        {"AGENTS_dot_md": KIND + TESTS, "CLAUDE_dot_md": TESTS},
        {"AGENTS_dot_md": KIND + ALL_TESTS, "CLAUDE_dot_md": TESTS},
        {"AGENTS_dot_md": ALL_TESTS, "CLAUDE_dot_md": ALL_TESTS},
        {"AGENTS_dot_md": TESTS, "CLAUDE_dot_md": "- Write docs before code\n"},
        {"AGENTS_dot_md": KIND + TESTS, "src__AGENTS_dot_md": "- Write docs before code\n", "CLAUDE_dot_md": "x\n"},
    ]
    shas: list[str] = []
    for files in versions:
        repository.write(**files)
        shas.append(repository.commit())
    return shas


def test_what_holds_is_what_the_files_said_at_each_commit(repository: Repository, memory: GraphMemory) -> None:
    write_history(repository)
    report = memory.ingest(read(repository))
    assert report.problems == []
    kind, tests, every, docs = (
        "Be kind to every reader",
        "Run tests with pytest",
        "Run all tests with pytest",
        "Write docs before code",
    )
    expected = [{kind, tests}, {kind, tests}, {kind, tests, every}, {every}, {tests, docs}, {kind, tests, docs}]
    assert [titles(memory, number) for number in range(1, 7)] == expected


def test_reading_twice_changes_nothing(repository: Repository, memory: GraphMemory) -> None:
    write_history(repository)
    memory.ingest(read(repository))
    report = memory.ingest(read(repository))
    assert (changes(report), report.problems) == (0, [])


@pytest.mark.parametrize("cut", [1, 2, 3, 4, 5])
def test_reading_in_two_parts_is_reading_at_once(
    repository: Repository, memory: GraphMemory, tmp_path: Path, cut: int
) -> None:
    shas = write_history(repository)
    first = read_rules(repository.root, ref=shas[cut - 1], read_at=READ_AT)
    assert first.cursor == shas[cut - 1]
    memory.ingest(first)
    report = memory.ingest(read(repository, since=first.cursor))
    assert report.problems == []
    with graphmem.open(str(tmp_path / "once.db"), create=True, embedder=no_embedder) as once:
        once.ingest(read(repository))
        assert [state(memory, number) for number in range(1, 7)] == [state(once, number) for number in range(1, 7)]
    assert changes(memory.ingest(read(repository))) == 0


def test_a_part_has_only_the_conventions_that_changed(repository: Repository) -> None:
    shas = write_history(repository)
    assert read(repository, since=shas[-1]) == Reading((), (), (), cursor=shas[-1])
    part = read(repository, since=shas[-2])
    assert {item.statement.title for item in part.observations} == {
        "Be kind to every reader",
        "Write docs before code",
    }


@pytest.mark.parametrize(
    "files",
    [{"readme": "more\n"}, {"AGENTS_dot_md": "\n" + KIND + TESTS}, {"pyproject_dot_toml": "[project]\nname = 'b'\n"}],
)
def test_without_changed_rules_only_new_commits_are_read(repository: Repository, files: dict[str, str]) -> None:
    repository.write(pyproject_dot_toml="[project]\nname = 'a'\n")
    shas = write_history(repository)
    repository.write(**files)
    tip = repository.commit()
    seen: list[int] = []
    reading = read_rules(repository.root, read_at=READ_AT, since=shas[-1], progress=lambda done, _: seen.append(done))
    assert (reading.size, reading.cursor, seen) == (0, tip, [])


def test_a_rewording_in_a_part_is_found_across_its_border(repository: Repository) -> None:
    repository.write(AGENTS_dot_md=KIND + TESTS)
    border = repository.commit()
    repository.write(AGENTS_dot_md=KIND + ALL_TESTS)
    repository.commit()
    part, whole = read(repository, since=border), read(repository)
    assert part.replacements == whole.replacements
    assert [item.statement.title for item in part.observations] == [
        "Run tests with pytest",
        "Run all tests with pytest",
    ]


def test_a_problem_in_a_part_is_reported(repository: Repository) -> None:
    repository.write(ruff_dot_toml="line-length = 88\n")
    border = repository.commit()
    repository.write(ruff_dot_toml="line-length = \n")
    repository.commit()
    part = read(repository, since=border)
    assert ([problem.path for problem in part.problems], part.observations) == (["ruff.toml"], ())


def test_removed_files_and_files_that_hold_no_rules_any_more_end_their_rules(repository: Repository) -> None:
    repository.write(
        AGENTS_dot_md=KIND, CLAUDE_dot_md=TESTS + "".join(f"- Keep rule {number}\n" for number in range(9))
    )
    repository.commit()
    (repository.root / "AGENTS.md").unlink()
    repository.git("mv", "CLAUDE.md", "README.md")
    repository.commit()
    moves = [item.moves for item in read(repository).observations]
    assert [[move.status for move in life] for life in moves] == [[Status.ACTIVE, Status.ENDED]] * 11


def test_an_unknown_start_reads_everything(repository: Repository) -> None:
    write_history(repository)
    assert read(repository, since="0" * 40) == read(repository)


def test_a_question_in_old_words_finds_the_rule_in_force(repository: Repository, memory: GraphMemory) -> None:
    repository.write(AGENTS_dot_md=KIND + TESTS)
    repository.commit()
    repository.write(AGENTS_dot_md=KIND + ALL_TESTS)
    repository.commit()
    memory.ingest(read(repository))
    first = memory.search('The rule once read "Run tests with pytest". What does it say now?').hits[0]
    assert first.card.memory.statement is not None
    assert first.card.memory.statement.title == "Run all tests with pytest"


@pytest.mark.parametrize("path", ["src/api/AGENTS.md", "src/api/", "src/", "src/api/*"])
def test_a_filter_by_file_or_folder_finds_the_rules(repository: Repository, memory: GraphMemory, path: str) -> None:
    repository.write(src__api__AGENTS_dot_md=KIND, AGENTS_dot_md=TESTS)
    repository.commit()
    memory.ingest(read(repository))
    listed = memory.list(Filter(paths=(path,))).cards
    assert [card.memory.statement and card.memory.statement.title for card in listed] == ["Be kind to every reader"]
