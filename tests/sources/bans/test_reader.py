"""Bans of repositories made for it, read and ingested."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import graphmem
from graphmem.errors import InvalidInput
from graphmem.model import At, Kind, Origin, Outcome, Status
from graphmem.option_keys import FileScope
from graphmem.service import GraphMemory
from graphmem.sources.bans import read_bans
from graphmem.sources.observations import Reading
from graphmem.store import Filter
from tests.fake_embedder import no_embedder
from tests.sources.git.repositories import Repository

READ_AT = datetime(2030, 1, 1, tzinfo=UTC)
FIRST = datetime.fromtimestamp(1_700_000_000 + 86_400, UTC)
HEAD = '[lint]\nselect = ["TID"]\n'
BANNED = "[lint.flake8-tidy-imports.banned-api]\n"
PYTZ, SIX = '"pytz".msg = "use zoneinfo"\n', '"six".msg = "python 3"\n'


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.made(tmp_path / "repository")


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[GraphMemory]:
    with graphmem.open(str(tmp_path / "memory.db"), create=True, embedder=no_embedder) as opened:
        yield opened


def read(repository: Repository, since: str | None = None) -> Reading:
    return read_bans(repository.root, read_at=READ_AT, since=since)


def day(number: int) -> datetime:
    return FIRST + timedelta(days=number - 1)


def settle(repository: Repository, text: str, name: str = "ruff_dot_toml") -> str:
    repository.write(**{name: text})
    return repository.commit()


def lives(reading: Reading) -> list[tuple[str, str, list[tuple[Status, datetime]]]]:
    return [
        (item.key, item.statement.rationale, [(move.status, move.at) for move in item.moves])
        for item in reading.observations
    ]


def in_force(memory: GraphMemory, number: int) -> set[tuple[str, str]]:
    listing = memory.list(Filter(kinds=(Kind.CONVENTION,)), at=At(day(number)))
    return {(card.statement.title, card.statement.rationale) for card in listing.cards}


def test_a_ban_is_a_mandatory_convention_whose_rejected_option_has_a_typed_key(repository: Repository) -> None:
    sha = settle(repository, HEAD + BANNED + PYTZ)
    (found,) = read(repository).observations
    statement = found.statement
    assert (statement.title, statement.rationale) == ("`pytz` must not be imported (Ruff)", "use zoneinfo")
    assert (statement.kind, statement.origin, statement.is_mandatory) == (Kind.CONVENTION, Origin.DOCUMENT, True)
    assert (statement.language, statement.labels) == ("python", ("ban",))
    (option,) = statement.alternatives
    assert (option.name, option.outcome, option.reason, option.keys) == (
        "pytz", Outcome.REJECTED, "use zoneinfo", ("import:python:pytz",),
    )  # fmt: skip
    assert [(anchor.name, anchor.role) for anchor in statement.anchors] == [("ruff.toml", "stated in")]
    assert (found.path, found.line, found.provenance) == ("ruff.toml", 4, f"ruff.toml in commit {sha[:12]}")


def test_a_lifted_ban_ends_and_one_that_returns_is_another(repository: Repository) -> None:
    settle(repository, HEAD + BANNED + PYTZ + SIX)
    settle(repository, HEAD + BANNED + SIX)
    settle(repository, HEAD + BANNED + SIX + PYTZ)
    active, ended = Status.ACTIVE, Status.ENDED
    assert lives(read(repository)) == [
        ("bans:/Ruff/pytz", "use zoneinfo", [(active, day(1)), (ended, day(2))]),
        ("bans:/Ruff/six", "python 3", [(active, day(1))]),
        ("bans:/Ruff/pytz~2", "use zoneinfo", [(active, day(3))]),
    ]


def test_other_words_or_files_of_a_ban_begin_with_their_commit(repository: Repository) -> None:
    settle(repository, HEAD + BANNED + PYTZ)
    settle(repository, HEAD + BANNED + '"pytz".msg = "zoneinfo is there"\n')
    settle(repository, HEAD + 'exclude = ["gen"]\n' + BANNED + '"pytz".msg = "zoneinfo is there"\n')
    settle(repository, HEAD + 'exclude = ["gen"]\n' + BANNED + SIX + '"pytz".msg = "zoneinfo is there"\n')
    found = [item for item in read(repository).observations if item.key == "bans:/Ruff/pytz"]
    assert [(item.statement.rationale, item.moves[0].at) for item in found] == [
        ("use zoneinfo", day(1)),
        ("zoneinfo is there", day(2)),
        ("zoneinfo is there", day(3)),
    ]
    assert FileScope.of(found[2].statement.anchors) == FileScope((), ("**/gen", "**/gen/**"))
    assert found[2].statement.body == "Not in `**/gen`, `**/gen/**`."


def test_a_renamed_settings_file_and_another_list_go_on_with_the_ban(repository: Repository) -> None:
    list_ = "linters:\n  settings:\n    depguard:\n      rules:\n        {}:\n          deny:\n            - pkg: log\n"
    settle(repository, list_.format("Main"), "_dot_golangci_dot_yml")
    repository.git("mv", ".golangci.yml", ".golangci.yaml")
    repository.commit()
    settle(repository, list_.format("main"), "_dot_golangci_dot_yaml")
    found = read(repository).observations
    assert {item.key for item in found} == {"bans:/golangci-lint/log"}
    assert [item.moves[0].at for item in found] == [day(1), day(2), day(3)]
    assert not found[0].statement.is_mandatory, "depguard is not enabled"


def test_old_settings_of_eslint_count_until_there_are_new_ones_above_them(repository: Repository) -> None:
    rule = '{"rules": {"no-restricted-imports": ["error", "moment"]}}'
    settle(repository, rule, "web___dot_eslintrc_dot_json")
    settle(repository, "export default [];\n", "eslint_dot_config_dot_js")
    repository.git("rm", "--quiet", "eslint.config.js")
    repository.commit()
    active, ended = Status.ACTIVE, Status.ENDED
    assert [(key, moves) for key, _, moves in lives(read(repository))] == [
        ("bans:/ESLint/web/moment", [(active, day(1)), (ended, day(2))]),
        ("bans:/ESLint/web/moment~2", [(active, day(3))]),
    ]


def test_settings_of_a_folder_below_take_the_place_of_those_above(repository: Repository) -> None:
    settle(repository, HEAD + BANNED + PYTZ)
    settle(repository, "[project]\nname = 'x'\n[tool.ruff]\nline-length = 100\n", "web__pyproject_dot_toml")
    settle(repository, "extend = '../ruff.toml'\n", "api__ruff_dot_toml")
    first, second = read(repository).observations
    assert (FileScope.of(first.statement.anchors), second.moves[0].at) == (FileScope(), day(2))
    assert FileScope.of(second.statement.anchors) == FileScope((), ("web/**",))


def test_a_file_that_cannot_be_read_keeps_its_last_readable_bans(repository: Repository) -> None:
    settle(repository, HEAD + BANNED + PYTZ)
    settle(repository, HEAD + BANNED + "[")
    reading = read(repository)
    assert [len(item.moves) for item in reading.observations] == [1]
    (problem,) = reading.problems
    assert (problem.path, problem.line) == ("ruff.toml", 4)


def test_a_ban_that_nothing_can_match_is_said_and_is_not_mandatory(repository: Repository) -> None:
    settle(repository, HEAD + BANNED + '"not-a-module".msg = "never"\n')
    reading = read(repository)
    (found,) = reading.observations
    assert (found.statement.is_mandatory, found.statement.alternatives[0].keys) == (False, ())
    assert found.statement.body == "The settings ban a name which no import can be named."
    assert [problem.reason for problem in reading.problems] == [
        "Ruff bans 'not-a-module', which no import can be named"
    ]


def test_commits_without_other_bans_are_read_as_nothing(repository: Repository) -> None:
    settle(repository, HEAD + BANNED + PYTZ)
    cursor = read(repository).cursor
    assert cursor is not None
    settle(repository, "line-length = 100\n" + HEAD + BANNED + PYTZ)
    reading = read(repository, cursor)
    assert (reading.observations, reading.cursor) == ((), repository.git("rev-parse", "HEAD"))
    settle(repository, HEAD + BANNED + SIX)
    assert [item.key for item in read(repository, cursor).observations] == ["bans:/Ruff/pytz", "bans:/Ruff/six"]


def test_reading_in_parts_gives_what_reading_at_once_gives(repository: Repository, tmp_path: Path) -> None:
    texts = (PYTZ, PYTZ + SIX, '"pytz".msg = "other words"\n', SIX, SIX + PYTZ)
    with graphmem.open(str(tmp_path / "parts.db"), create=True, embedder=no_embedder) as parts:
        cursor = None
        for text in texts:
            settle(repository, HEAD + BANNED + text)
            reading = read(repository, cursor)
            cursor = reading.cursor
            parts.ingest(reading)
        with graphmem.open(str(tmp_path / "once.db"), create=True, embedder=no_embedder) as once:
            once.ingest(read(repository))
            answers = [(in_force(parts, number), in_force(once, number)) for number in range(1, 7)]
    assert all(left == right for left, right in answers)
    pytz, six = "`pytz` must not be imported (Ruff)", "`six` must not be imported (Ruff)"
    assert [left for left, _ in answers] == [
        {(pytz, "use zoneinfo")},
        {(pytz, "use zoneinfo"), (six, "python 3")},
        {(pytz, "other words")},
        {(six, "python 3")},
        {(pytz, "use zoneinfo"), (six, "python 3")},
        {(pytz, "use zoneinfo"), (six, "python 3")},
    ]


def test_a_second_reading_writes_nothing(repository: Repository, memory: GraphMemory) -> None:
    settle(repository, HEAD + BANNED + PYTZ)
    settle(repository, HEAD + BANNED + '"pytz".msg = "other words"\n')
    memory.ingest(read(repository))
    seq = memory.changes()[-1].seq
    report = memory.ingest(read(repository))
    assert (memory.changes()[-1].seq, report.unchanged) == (seq, 2)


def test_a_folder_without_a_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_bans(tmp_path, read_at=READ_AT)


BASE = '{"rules": {"no-restricted-imports": ["error", "moment"]}}'


def test_a_file_that_settings_of_eslint_extend_counts_as_of_each_commit(repository: Repository) -> None:
    settle(repository, '{"extends": "./tools/lint-base"}', "_dot_eslintrc_dot_json")
    settle(repository, BASE, "tools__lint-base_dot_json")
    settle(repository, BASE.replace("moment", "lodash"), "tools__lint-base_dot_json")
    repository.git("rm", "--quiet", "tools/lint-base.json")
    repository.commit()
    reading = read(repository)
    active, ended = Status.ACTIVE, Status.ENDED
    assert [(key, moves) for key, _, moves in lives(reading)] == [
        ("bans:/ESLint/moment", [(active, day(2)), (ended, day(3))]),
        ("bans:/ESLint/lodash", [(active, day(3)), (ended, day(4))]),
    ]
    assert [problem.reason for problem in reading.problems] == [
        "ESLint extends './tools/lint-base', which the repository does not have"
    ]


def test_own_rules_take_the_place_of_those_that_are_extended(repository: Repository) -> None:
    repository.write(lint_dot_js=f"module.exports = {BASE};\n")
    off = '{"extends": ["eslint:recommended", "./lint.js"], "rules": {"no-restricted-imports": "off"}}'
    settle(repository, off, "_dot_eslintrc_dot_json")
    assert lives(read(repository)) == []
    settle(repository, '{"extends": ["eslint:recommended", "./lint.js"]}', "_dot_eslintrc_dot_json")
    found = read(repository)
    assert [(key, moves) for key, _, moves in lives(found)] == [("bans:/ESLint/moment", [(Status.ACTIVE, day(2))])]
    assert not found.problems


def test_extended_settings_extend_others_and_a_ring_ends(repository: Repository) -> None:
    repository.write(a_dot_json='{"extends": "./b.json"}', b_dot_json=BASE.replace("{", '{"extends": "./a.json", ', 1))
    settle(repository, "module.exports = {extends: ['./a.json']};\n", "_dot_eslintrc_dot_js")
    assert [key for key, _, _ in lives(read(repository))] == ["bans:/ESLint/moment"]


@pytest.mark.parametrize("name", ["airbnb", "plugin:import/errors", "@scope/eslint-config", "../../outside"])
def test_shared_settings_that_are_extended_are_named_as_not_read(repository: Repository, name: str) -> None:
    settle(repository, f'{{"extends": "{name}"}}', "_dot_eslintrc_dot_json")
    (problem,) = read(repository).problems
    assert (problem.path, problem.reason) == (
        ".eslintrc.json",
        f"ESLint extends the shared settings {name}: they are not read",
    )


def test_a_change_of_an_extended_file_alone_is_read_after_the_last_reading(repository: Repository) -> None:
    repository.write(**{"lint__eslint-base_dot_json": "{}"})
    settle(repository, '{"extends": "./lint/eslint-base.json"}', "_dot_eslintrc_dot_json")
    cursor = read(repository).cursor
    settle(repository, BASE, "lint__eslint-base_dot_json")
    assert [key for key, _, _ in lives(read(repository, cursor))] == ["bans:/ESLint/moment"]
