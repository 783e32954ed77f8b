"""The parser of `.mailmap` agrees with git."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphmem.sources.git.mailmap import Mailmap
from tests.sources.git.repositories import Repository

MAILMAP = """\
# A comment <not@an.entry>
Jane Doe <jane@x.example> <jane@laptop.(none)>
<jane@x.example> <JANE@desk.example>
Joe R. Developer <joe@x.example>
Ann Other <ann@x.example> Ann <shared@x.example>
Tom Other <tom@x.example> tom <shared@x.example>
not an entry
"""
PEOPLE = [
    ("Jane", "jane@laptop.(none)"),
    ("Jane D.", "jane@desk.example"),
    ("joe", "JOE@x.example"),
    ("Ann", "shared@x.example"),
    ("Tom", "shared@x.example"),
    ("Else", "shared@x.example"),
    ("Nobody", "nobody@x.example"),
]


@pytest.mark.parametrize("text", [MAILMAP, MAILMAP + "Janet <janet@x.example> <jane@laptop.(none)>\n", ""])
def test_a_person_is_the_one_that_git_names(tmp_path: Path, text: str) -> None:
    repository = Repository.made(tmp_path / "repository")
    (repository.root / ".mailmap").write_text(text)
    mailmap = Mailmap(text)
    for name, email in PEOPLE:
        expected = repository.git("check-mailmap", f"{name} <{email}>")
        person = mailmap.person(name, email)
        assert f"{person.name} <{person.email}>" == expected
