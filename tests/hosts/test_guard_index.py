"""What guard would find has a word of the index; most other edits have none."""

from __future__ import annotations

import pytest

from graphmem import Alternative, Anchor, AnchorKind, Outcome, Statement
from graphmem.guard.evidence import evidence_of_file
from graphmem.guard.evidence_terms import terms_of_evidence
from graphmem.guard.file_changes import ChangedFile, Piece
from graphmem.guard.index_terms import terms_of_statement
from graphmem.hosts.hook.guard_index import GuardIndex, is_code


def index_of(*keys: str) -> GuardIndex:
    options = (Alternative("option", Outcome.REJECTED, keys=keys),)
    terms = terms_of_statement(Statement(title="rejected", alternatives=options))
    return GuardIndex.of(GuardIndex.of_terms(list(terms)).fields())


CASES = [
    ("pkg:pypi/pytz", "a.py", "import pytz\n"),
    ("pkg:pypi/python-dateutil", "a.py", "from dateutil import parser\n"),
    ("pkg:pypi/beautifulsoup4", "a.py", "import bs4\n"),
    ("import:python:pkg_resources", "a.py", "from pkg_resources import (\n    parse_version,\n)\n"),
    ("pkg:npm/@scope/left-pad", "a.ts", 'import pad from "@scope/left-pad/lib"\n'),
    ("pkg:npm/moment", "a.js", "const moment = require('moment')\n"),
    ("pkg:golang/github.com/pkg/errors", "a.go", 'package a\n\nimport (\n\t"github.com/pkg/errors"\n)\n'),
    ("pkg:cargo/once_cell", "a.rs", "use once_cell::sync::Lazy;\n"),
    ("pkg:maven/joda-time/joda-time", "A.java", "import org.joda.time.DateTime;\n"),
    ("requests", "a.py", "import requests\n"),
]


@pytest.mark.parametrize(("key", "path", "text"), CASES, ids=[f"{key} in {path}" for key, path, _ in CASES])
def test_an_edit_that_the_terms_lead_to_concerns_the_index(key: str, path: str, text: str) -> None:
    found = evidence_of_file(ChangedFile(path, (Piece("", text, is_complete_file=True),)))
    options = (Alternative("option", Outcome.REJECTED, keys=(key,)),)
    terms = set(terms_of_statement(Statement(title="rejected", alternatives=options)))
    asked = {term for added in found.added for term in terms_of_evidence(added.evidence)}
    index = index_of(key)
    assert not terms & asked or index.concerns([path], [text])
    assert (is_code(path), index.is_open) == (True, False)


@pytest.mark.parametrize("text", ["import json\n", "x = 1\n", "# pytzdata\n", ""])
def test_other_edits_do_not_concern_it(text: str) -> None:
    assert not index_of("pkg:pypi/pytz").concerns(["src/a.py"], [text])


def test_a_wildcard_at_the_beginning_concerns_every_edit() -> None:
    assert index_of("import:python:*").concerns(["a.py"], ["x = 1"])


@pytest.mark.parametrize(
    ("anchor", "path", "expected"),
    [("src/api/", "src/api/x.py", True), ("src/api/x.py", "src/api/x.py", True), ("src/api", "src/b/x.py", False)],
)
def test_memories_about_files_are_found_by_their_folders(anchor: str, path: str, *, expected: bool) -> None:
    said = Statement(title="rule", is_mandatory=True, anchors=(Anchor(AnchorKind.FILE, anchor),))
    assert GuardIndex.of_terms(list(terms_of_statement(said))).concerns([path], ["x = 1"]) is expected


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("terraform apply", True),
        ("cd x && /usr/bin/terraform.exe plan", True),
        ("echo 'x'|terraform", True),
        ("ls", False),
    ],
)
def test_programs_of_commands_are_found_by_their_names(command: str, *, expected: bool) -> None:
    assert index_of("command:terraform apply").runs(command) is expected


def test_manifests_are_no_code() -> None:
    assert [is_code(name) for name in ("go.mod", "package.json", "a.py", "Gemfile", "README.md")] == [
        *(False, False, True, False, False),
    ]


def test_fields_of_another_form_are_refused() -> None:
    with pytest.raises(ValueError, match="no index"):
        GuardIndex.of({"words": 1})
