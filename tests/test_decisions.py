"""The project's own decision records: what ADR-0001 promises of them."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

FOLDER = Path(__file__).parent.parent / "docs" / "decisions"
PATHS = sorted(FOLDER.glob("[0-9]*.md"))
HEADINGS = ("Context and Problem Statement", "Considered Options", "Decision Outcome")
INVERSE = {"supersedes": "superseded-by", "superseded-by": "supersedes", "amends": "amended-by", "amended-by": "amends"}


def front_matter(path: Path) -> dict[str, Any]:
    _, head, _ = path.read_text(encoding="utf-8").split("---\n", 2)
    fields: dict[str, Any] = yaml.safe_load(head)
    return fields


RECORDS = {f"ADR-{path.name[:4]}": front_matter(path) for path in PATHS}


def named(fields: dict[str, Any], key: str) -> list[str]:
    """The records that a field names: one or several."""
    told = fields.get(key, [])
    return told if isinstance(told, list) else [told]


LINKS = [(name, key, other) for name, fields in RECORDS.items() for key in INVERSE for other in named(fields, key)]


def test_numbers_have_no_gaps() -> None:
    assert [int(path.name[:4]) for path in PATHS] == list(range(1, len(PATHS) + 1))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_record_has_its_headings(path: Path) -> None:
    headings = re.findall(r"^## (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert [heading for heading in headings if heading in HEADINGS] == list(HEADINGS)


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_has_a_status_and_a_date(name: str) -> None:
    fields = RECORDS[name]
    assert re.fullmatch(r"proposed|rejected|accepted|deprecated|superseded by ADR-\d{4}", fields["status"])
    assert isinstance(fields["date"], date)


@pytest.mark.parametrize(("name", "key", "other"), LINKS)
def test_both_sides_name_a_link(name: str, key: str, other: str) -> None:
    assert name in named(RECORDS[other], INVERSE[key])
    if key == "superseded-by":
        assert RECORDS[name]["status"] == f"superseded by {other}"
        assert RECORDS[name]["date"] <= RECORDS[other]["date"]


def test_a_status_that_names_a_successor_is_linked() -> None:
    superseded = {name for name, fields in RECORDS.items() if fields["status"].startswith("superseded")}
    assert superseded == {name for name, key, _ in LINKS if key == "superseded-by"}
