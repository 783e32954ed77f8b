"""Paths find the memories about their components and modules, at any time and on both stores."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from graphmem.briefing.block import Why
from graphmem.model import Anchor, AnchorKind, At, Kind, Statement
from graphmem.repository.mainline_history import MainlineHistory
from graphmem.service import GraphMemory
from graphmem.service.mainline_ingestion import ingest_mainline
from graphmem.sources.git.mainline_reading import MainlineBatch, MainlineReader
from graphmem.store import Filter
from tests.sources.git.repositories import Repository, body

READ_AT = datetime(2030, 1, 1, tzinfo=UTC)
#: The commits are a day apart from then on.
FIRST = datetime(2023, 11, 15, 22, 13, 20, tzinfo=UTC)
DAY = timedelta(days=1)
BILLING = Anchor(AnchorKind.COMPONENT, "billing")
SHIPPING = Anchor(AnchorKind.COMPONENT, "shipping")


def read(memory: GraphMemory, repository: Repository) -> int:
    return ingest_mainline(memory, MainlineReader(repository.root, read_at=READ_AT).batches).change


def about(memory: GraphMemory, name: str, kind: AnchorKind = AnchorKind.COMPONENT, repo: str | None = None) -> str:
    said = Statement(title=f"About {name}", anchors=(Anchor(kind, name, repo),))
    return memory.add(said, start=FIRST - DAY, on_similar=None).ids[-1]


def found(memory: GraphMemory, path: str, at: At | None = None) -> set[str]:
    where = Filter(paths=(path,))
    listed = {card.statement.title for card in memory.list(where, at=at).cards}
    hits = {hit.card.statement.title for hit in memory.search("about", where=where, at=at).hits}
    assert listed == hits
    return {title.removeprefix("About ") for title in listed}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository.made(tmp_path / "repository")
    made.write(
        src__billing__tax_dot_py=body("tax"),
        src__shop__pool_dot_py=body("pool"),
        CODEOWNERS="/src/billing/ @acme/billing\n",
    )
    (made.root / "src/shop/__init__.py").touch()
    made.commit()
    return made


def test_a_path_finds_what_is_about_its_component_or_module(memory: GraphMemory, repository: Repository) -> None:
    for name in ("billing", "@acme/billing", "shipping"):
        about(memory, name)
    for name in ("shop", "shop.pool", "src"):
        about(memory, name, AnchorKind.MODULE)
    about(memory, "src/billing/tax.py", AnchorKind.FILE)
    assert found(memory, "src/billing/tax.py") == {"src/billing/tax.py"}
    read(memory, repository)
    assert found(memory, "src/billing/tax.py") == {"billing", "@acme/billing", "src/billing/tax.py"}
    assert found(memory, "src/billing/new.py") == found(memory, "./src/billing/new.py") == {"billing", "@acme/billing"}
    assert found(memory, "src/billing/") == {"billing", "@acme/billing", "src/billing/tax.py"}
    assert found(memory, "src/shop/pool.py") == {"shop", "shop.pool"}
    assert found(memory, "src/shop/") == {"shop"}
    assert found(memory, "src/*/tax.py") == {"src/billing/tax.py"}
    assert found(memory, "README.md") == set()
    where = Filter(paths=("src/billing/new.py",))
    assert len(memory.timeline(path="src/billing/new.py").lanes) == 2
    assert {
        one.card.statement.title for one in memory.diff(At(FIRST - 2 * DAY), At(FIRST), where=where).differences
    } == {
        "About billing",
        "About @acme/billing",
    }


def test_the_component_of_a_path_is_that_of_the_time_and_of_what_was_read(
    memory: GraphMemory, repository: Repository
) -> None:
    for name in ("billing", "money", "shop"):
        about(memory, name)
    first = read(memory, repository)
    repository.write(CODEOWNERS="/src/money/ @acme/money\n")
    repository.git("mv", "src/billing", "src/money")
    repository.commit()
    repository.git("rm", "-q", "CODEOWNERS")
    repository.write(_dot_graphmem__config_dot_toml='[components]\nshop = ["src/money/*.py"]\n')
    repository.commit()
    last = read(memory, repository)
    path = "src/money/tax.py"
    assert found(memory, path) == {"shop"}
    assert found(memory, path, At(FIRST + DAY)) == {"money"}
    assert found(memory, path, At(FIRST + DAY / 2)) == found(memory, "src/billing/tax.py", At(FIRST)) == {"billing"}
    assert found(memory, path, At(FIRST - DAY / 2)) == set()
    assert found(memory, "src/billing/tax.py") == {"shop"}
    assert found(memory, "src/billing/tax.py", At(known_at=first)) == {"billing"}
    assert found(memory, "src/billing/tax.py", At(known_at=first - 1)) == set()
    assert read(memory, repository) == last
    lines = list(memory.export())
    assert memory.check() == []
    assert len(lines) > last


def test_a_rewritten_mainline_has_the_components_of_its_own_commits(
    memory: GraphMemory, repository: Repository
) -> None:
    for name in ("billing", "money"):
        about(memory, name)
    repository.write(CODEOWNERS="/src/billing/ @acme/money\n")
    repository.commit()
    read(memory, repository)
    assert found(memory, "src/billing/a.py") == {"money"}
    repository.git("reset", "-q", "--hard", "HEAD~1")
    repository.write(other_dot_txt="other")
    repository.commit()
    read(memory, repository)
    assert found(memory, "src/billing/a.py") == {"billing"}


def test_a_component_of_another_repository_is_another_one(memory: GraphMemory, repository: Repository) -> None:
    about(memory, "billing", repo="elsewhere")
    read(memory, repository)
    both = (Anchor(AnchorKind.COMPONENT, "billing", "elsewhere"), Anchor(AnchorKind.FILE, "src/billing/tax.py"))
    memory.add(Statement(title="About both", anchors=both), on_similar=None)
    assert found(memory, "src/billing/new.py") == set()
    assert found(memory, "src/billing/tax.py") == {"both"}


def test_what_an_earlier_release_read_is_completed_once(memory: GraphMemory, repository: Repository) -> None:
    about(memory, "billing")
    repository.write(other_dot_txt="other")
    repository.commit()
    source = MainlineReader(repository.root, read_at=READ_AT).batches

    def former(history: MainlineHistory) -> Iterator[MainlineBatch]:
        return (replace(batch, rows=replace(batch.rows, areas=None)) for batch in source(history))

    ingest_mainline(memory, former)
    assert found(memory, "src/billing/a.py") == set()
    change = read(memory, repository)
    assert found(memory, "src/billing/a.py", At(FIRST)) == {"billing"}
    assert read(memory, repository) == change


def test_a_context_has_what_is_about_the_component_of_a_path(memory: GraphMemory, repository: Repository) -> None:
    said = Statement(title="Amounts are whole cents", kind=Kind.CONVENTION, anchors=(BILLING,))
    memory.add(said, start=FIRST - DAY, on_similar=None)
    memory.add(
        replace(said, title="Parcels are weighed twice", anchors=(SHIPPING,)), start=FIRST - DAY, on_similar=None
    )
    read(memory, repository)
    block = memory.context("Change the rounding", paths=("src/billing/new.py",))
    reasons = {item.title: item.why for section in block.sections for item in section.items}
    assert reasons["Amounts are whole cents"] == Why.PATH
    assert reasons.get("Parcels are weighed twice") != Why.PATH


# ---- by the name of a component or module


def of(memory: GraphMemory, *names: str, at: At | None = None) -> set[str]:
    """What a filter by components finds."""
    where = Filter(components=names)
    listed = {card.statement.title for card in memory.list(where, at=at).cards}
    hits = {hit.card.statement.title for hit in memory.search("about", where=where, at=at).hits}
    assert listed == hits
    return {title.removeprefix("About ") for title in listed}


def test_a_component_finds_what_is_about_its_files(memory: GraphMemory, repository: Repository) -> None:
    for name in ("src/billing/tax.py", "src/shop/pool.py", "src/billing/", "src/billing", "src/billing/new.py"):
        about(memory, name, AnchorKind.FILE)
    about(memory, "src/billing/tax.py#rate", AnchorKind.SYMBOL)
    about(memory, "billing")
    assert of(memory, "billing") == {"billing"}
    read(memory, repository)
    own = {"billing", "src/billing/tax.py", "src/billing/", "src/billing", "src/billing/new.py"}
    assert of(memory, "billing") == {*own, "src/billing/tax.py#rate"}
    assert of(memory, "@acme/billing") == {*own, "src/billing/tax.py#rate"} - {"billing"}
    assert of(memory, "shop") == of(memory, "shop.pool") == {"src/shop/pool.py"}
    assert of(memory, "billing", "shop") == {*own, "src/billing/tax.py#rate", "src/shop/pool.py"}
    assert of(memory, "nobody") == set()
    where = Filter(components=("billing",), paths=("src/billing/tax.py",))
    titles = {card.statement.title for card in memory.list(where).cards}
    assert titles == {"About billing", "About src/billing/tax.py", "About src/billing/tax.py#rate"}


def test_the_files_of_a_component_are_those_of_the_time(memory: GraphMemory, repository: Repository) -> None:
    about(memory, "src/billing/tax.py", AnchorKind.FILE)
    first = read(memory, repository)
    (repository.root / "src/money").mkdir()
    repository.git("mv", "src/billing/tax.py", "src/money/tax.py")
    repository.write(CODEOWNERS="* @acme/all\n/src/money/ @acme/money\n", src__billing__rest_dot_py=body("rest"))
    repository.commit()
    about(memory, "src/billing/rest.py", AnchorKind.FILE)
    read(memory, repository)
    assert of(memory, "billing") == set()
    assert of(memory, "money") == {"src/billing/tax.py"}
    assert of(memory, "all") == {"src/billing/rest.py"}
    assert of(memory, "billing", at=At(FIRST)) == {"src/billing/tax.py", "src/billing/rest.py"}
    assert of(memory, "money", at=At(FIRST)) == set()
    assert of(memory, "billing", at=At(known_at=first)) == {"src/billing/tax.py"}
    assert of(memory, "billing", at=At(known_at=first - 1)) == set()
    differences = memory.diff(At(FIRST - 2 * DAY), At(), where=Filter(components=("money",))).differences
    assert [each.card.statement.title for each in differences] == ["About src/billing/tax.py"]


def test_a_component_of_many_files_is_asked_for_at_once(memory: GraphMemory, repository: Repository) -> None:
    folder = repository.root / "src/billing"
    for number in range(1_500):
        (folder / f"file{number}.txt").write_text(f"{number} is a file of its own\n" * 9)
    (folder / "apart.md").write_text("Not of billing\n")
    repository.write(CODEOWNERS="/src/billing/ @acme/billing\n/src/billing/*.md @acme/docs\n")
    repository.commit()
    for name in ("src/billing/file7.txt", "src/billing/apart.md", "src/billing/tax.py"):
        about(memory, name, AnchorKind.FILE)
    read(memory, repository)
    assert of(memory, "billing") == {"src/billing/file7.txt", "src/billing/tax.py"}
    assert of(memory, "docs") == {"src/billing/apart.md"}


def test_a_context_has_what_is_about_a_file_of_a_component(memory: GraphMemory, repository: Repository) -> None:
    for title, path in (("Amounts are whole cents", "src/billing/tax.py"), ("Pools are small", "src/shop/pool.py")):
        said = Statement(title=title, kind=Kind.CONVENTION, anchors=(Anchor(AnchorKind.FILE, path),))
        memory.add(said, start=FIRST - DAY, on_similar=None)
    read(memory, repository)
    block = memory.context("Change it", components=("billing",))
    reasons = {item.title: item.why for section in block.sections for item in section.items}
    assert reasons["Amounts are whole cents"] == Why.PATH
    assert reasons.get("Pools are small") != Why.PATH
