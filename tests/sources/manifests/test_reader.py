"""The structure of repositories made for it, and the memories that it becomes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import graphmem
from graphmem.model import AnchorKind, Kind, Origin, Status
from graphmem.sources.git.runner import GitFailure
from graphmem.sources.manifests import read_manifests
from graphmem.sources.manifests import reader as module
from graphmem.sources.observations import Observation, Reading
from tests.fake_embedder import no_embedder
from tests.sources.git.repositories import Repository

READ_AT = datetime(2026, 1, 1, tzinfo=UTC)
PROJECT = '[project]\nname = "shop"\nrequires-python = ">=3.{python}"\ndependencies = ["psycopg{psycopg}"]\n'


def project(python: int = 10, psycopg: str = ">=3.0") -> str:
    return PROJECT.format(python=python, psycopg=psycopg)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository.made(tmp_path / "repository")


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[graphmem.GraphMemory]:
    with graphmem.open(str(tmp_path / "memory.db"), create=True, embedder=no_embedder) as opened:
        yield opened


def read(repository: Repository, since: str | None = None) -> Reading:
    return read_manifests(repository.root, read_at=READ_AT, since=since)


def by_subject(reading: Reading, subject: str) -> list[Observation]:
    return [observation for observation in reading.observations if observation.statement.subject == subject]


def titles(memory: graphmem.GraphMemory, at: datetime | None = None) -> set[str]:
    point = graphmem.At(as_of=at) if at is not None else None
    return {card.statement.title for card in memory.list(at=point, limit=200).cards}


def test_a_statement_is_valid_from_the_commit_that_brought_it(repository: Repository) -> None:
    repository.write(pyproject_dot_toml=project())
    sha = repository.commit()
    (observation,) = by_subject(read(repository), "dependency.pypi.psycopg")
    assert observation.statement.kind is Kind.STRUCTURE
    assert observation.statement.origin is Origin.DOCUMENT
    assert observation.statement.title.startswith("Uses psycopg >=3.0, PostgreSQL database client")
    assert [(anchor.kind, anchor.name) for anchor in observation.statement.anchors] == [
        (AnchorKind.FILE, "pyproject.toml")
    ]
    assert observation.provenance == f"commit {sha}"
    assert [(move.status, move.at.isoformat()) for move in observation.moves] == [
        (Status.ACTIVE, "2023-11-15T22:13:20+00:00")
    ]


def test_a_changed_constraint_supersedes_and_a_removal_ends(repository: Repository) -> None:
    repository.write(pyproject_dot_toml=project())
    repository.commit()
    repository.write(pyproject_dot_toml=project(psycopg=">=3.1"))
    repository.commit()
    repository.write(pyproject_dot_toml='[project]\nname = "shop"\n')
    repository.commit()
    reading = read(repository)
    old, new = by_subject(reading, "dependency.pypi.psycopg")
    (replacement,) = reading.replacements
    assert (replacement.old, replacement.new, replacement.at) == (old.key, new.key, new.moves[0].at)
    assert [move.status for move in old.moves] == [Status.ACTIVE]
    assert [(move.status, move.source_word) for move in new.moves][1:] == [(Status.ENDED, "removed")]
    assert new.moves[1].at - new.moves[0].at == timedelta(days=1)


def test_versions_of_development_tools_are_no_change(repository: Repository) -> None:
    for version in ("7.0", "8.0"):
        repository.write(pyproject_dot_toml=f'[dependency-groups]\nt = ["pytest=={version}"]\n')
        repository.commit()
    assert not read(repository).replacements


def test_ingesting_twice_changes_nothing(repository: Repository, memory: graphmem.GraphMemory) -> None:
    for python in (9, 10, 11):
        repository.write(pyproject_dot_toml=project(python))
        repository.commit()
    reading = read(repository)
    assert len(memory.ingest(reading).added) == len(reading.observations)
    assert titles(memory) >= {"Supported Python versions: >=3.11"}
    assert "Supported Python versions: >=3.9" in titles(memory, datetime(2023, 11, 16, tzinfo=UTC))
    again = memory.ingest(read(repository))
    assert (again.added, again.moved, again.linked, again.unlinked, again.ended) == ([], [], [], [], [])


def test_reading_in_two_parts_gives_the_same_memories(repository: Repository, memory: graphmem.GraphMemory) -> None:
    repository.write(pyproject_dot_toml=project(9), Makefile="test:\n\tpytest\n", main_dot_py="x = 1\n")
    repository.commit()
    repository.write(pyproject_dot_toml=project(10))
    repository.commit()
    first = read(repository)
    memory.ingest(first)
    repository.write(pyproject_dot_toml=project(11), Dockerfile="FROM python:3.12\n")
    repository.commit()
    (repository.root / "Makefile").unlink()
    repository.commit()
    rest = read(repository, since=first.cursor)
    assert {observation.statement.subject for observation in rest.observations} == {
        "runtime.python",
        "image.Dockerfile",
        "command.test",
    }
    report = memory.ingest(rest)
    assert (len(report.added), len(report.moved), len(report.linked), report.problems) == (2, 1, 1, [])
    whole = memory.ingest(read(repository))
    assert (whole.added, whole.moved, whole.linked, whole.unlinked, whole.ended) == ([], [], [], [], [])
    assert whole.unchanged == len(read(repository).observations)


def test_nothing_new_is_an_empty_reading(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    repository.write(pyproject_dot_toml=project(), a_dot_py="x = 1\n")
    first = repository.commit()
    repository.write(README_dot_md="other\n", a_dot_py="x = 2\n")
    last = repository.commit()
    monkeypatch.setattr(module, "_steps", None)
    assert read(repository, since=first) == read(repository, since=last) == Reading((), (), (), cursor=last)


def test_an_unknown_cursor_reads_all(repository: Repository) -> None:
    repository.write(pyproject_dot_toml=project())
    repository.commit()
    assert read(repository, since="0" * 40) == read(repository)


def test_a_rewritten_mainline_ends_what_only_the_old_one_had(
    repository: Repository, memory: graphmem.GraphMemory
) -> None:
    repository.write(pyproject_dot_toml=project(9))
    repository.commit()
    repository.write(pyproject_dot_toml=project(10))
    repository.commit()
    memory.ingest(read(repository))
    repository.git("reset", "--quiet", "--hard", "HEAD~1")
    repository.write(pyproject_dot_toml=project(12))
    repository.commit()
    memory.ingest(read(repository))
    assert [title for title in titles(memory) if "versions" in title] == ["Supported Python versions: >=3.12"]


def test_what_does_not_parse_is_a_problem_and_goes_on_holding(repository: Repository) -> None:
    repository.write(pyproject_dot_toml=project(9))
    repository.commit()
    for text in ("[project\n", "[project]\nname = \n"):
        repository.write(pyproject_dot_toml=text)
        repository.commit()
    reading = read(repository)
    assert [(problem.path, problem.line) for problem in reading.problems] == [("pyproject.toml", 1)]
    (observation,) = by_subject(reading, "runtime.python")
    assert [move.status for move in observation.moves] == [Status.ACTIVE]


def test_links_and_large_files_are_named_and_not_read(repository: Repository) -> None:
    repository.write(requirements_dot_txt="x\n" * 200_000, other="[project]\n")
    (repository.root / "pyproject.toml").symlink_to("other")
    repository.commit()
    reading = read(repository)
    assert {problem.path for problem in reading.problems} == {"pyproject.toml", "requirements.txt"}
    assert not reading.observations


def test_a_renamed_manifest_speaks_for_its_new_folder(repository: Repository) -> None:
    package = '{"scripts": {"test": "vitest run --coverage --reporter verbose"}}'
    repository.write(package_dot_json=package)
    repository.commit()
    (repository.root / "web").mkdir()
    repository.git("mv", "package.json", "web/package.json")
    repository.commit()
    old, new = (by_subject(read(repository), subject)[0] for subject in ("command.test", "command.test@web"))
    assert old.moves[-1].status is Status.ENDED
    assert new.statement.title == "Run the tests of web/ with `npm test`"
    assert (AnchorKind.MODULE, "web") in [(anchor.kind, anchor.name) for anchor in new.statement.anchors]


def test_folders_of_others_and_examples_do_not_count(repository: Repository) -> None:
    repository.write(
        node_modules__a__package_dot_json='{"dependencies": {"b": "1"}}',
        examples__x__pyproject_dot_toml=project(),
        tests__fixtures__go_dot_mod="module x\ngo 1.20\n",
        vendor__y__Cargo_dot_toml='[package]\nname = "y"\nrust-version = "1.7"\n',
    )
    repository.commit()
    assert not read(repository).observations


def test_at_most_a_hundred_hold_and_the_root_comes_first(repository: Repository) -> None:
    many = ", ".join(f'"p{number:03}": "1"' for number in range(140))
    repository.write(
        packages__a__package_dot_json=f'{{"dependencies": {{{many}}}}}',
        pyproject_dot_toml=project(),
        a_dot_py="x = 1\n",
    )
    repository.commit()
    reading = read(repository)
    subjects = [observation.statement.subject for observation in reading.observations]
    assert len(subjects) == 100
    assert {"dependency.pypi.psycopg", "runtime.python", "language.python"} <= set(subjects)


def test_no_repository_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(GitFailure):
        read_manifests(tmp_path, read_at=READ_AT)


def test_progress_ends_at_its_total(repository: Repository) -> None:
    repository.write(pyproject_dot_toml=project())
    repository.commit()
    seen: list[tuple[int, int]] = []
    read_manifests(repository.root, read_at=READ_AT, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(0, 1), (1, 1)]


QUESTIONS = (
    ("which database client do we use", "dependency.pypi.psycopg"),
    ("how do I run the tests", "command.test"),
    ("which python versions are supported", "runtime.python"),
    ("how do I lint the code", "command.lint"),
    ("which web framework do we use", "dependency.pypi.fastapi"),
    ("what database runs in docker compose", "service.db"),
    ("which test framework do we use", "dependencies.pypi.development.test"),
    ("when does the CI run", "ci.workflow.ci"),
    ("what is the docker base image", "image.Dockerfile"),
    ("which programming language is this written in", "language.python"),
    ("how do I build the documentation", "command.docs"),
    ("which node version is needed", "runtime.node"),
    ("what commands does the package install", "entry.commands"),
)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[graphmem.GraphMemory]:
    folder = tmp_path_factory.mktemp("questions")
    repository = Repository.made(folder / "repository")
    repository.write(
        pyproject_dot_toml='[project]\nname = "shop"\nrequires-python = ">=3.11"\ndependencies = ["psycopg>=3.1", '
        '"fastapi", "httpx", "redis", "structlog", "certifi"]\n[project.scripts]\nshop = "shop:main"\n'
        '[dependency-groups]\ntest = ["pytest", "hypothesis"]\nlint = ["ruff", "mypy"]\n',
        Makefile="test:\n\tpytest\nlint:\n\truff\ndocs:\n\tmkdocs\nbuild:\n\thatch\n",
        package_dot_json='{"engines": {"node": ">=20"}, "dependencies": {"react": "^18"}}',
        docker_dash_compose_dot_yml="services: {db: {image: postgres:16}, cache: {image: redis:7}}\n",
        Dockerfile="FROM python:3.12-slim\n",
        _dot_github__workflows__ci_dot_yml="on: [push, pull_request]\njobs: {test: {}, lint: {}}\n",
        _dot_github__workflows__release_dot_yml="on: {push: {tags: ['v*']}}\njobs: {publish: {}}\n",
        a_dot_py="x = 1\n",
    )
    (repository.root / "docker_dash_compose.yml").rename(repository.root / "docker-compose.yml")
    repository.commit()
    with graphmem.open(str(folder / "memory.db"), create=True, embedder=no_embedder) as opened:
        opened.ingest(read(repository))
        yield opened


@pytest.mark.parametrize(("question", "subject"), QUESTIONS)
def test_everyday_questions_find_the_statement_by_words(
    filled: graphmem.GraphMemory, question: str, subject: str
) -> None:
    hits = filled.search(question).hits
    assert [hit.card.statement.subject for hit in hits][:1] == [subject]
