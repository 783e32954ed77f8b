"""The files that Neo4j Browser is given: whole, of one piece, and free of anybody's data."""

from __future__ import annotations

import io
import re
import zipfile
from html.parser import HTMLParser

import pytest

from graphmem.adapters.neo4j.states import STATES
from graphmem.browser.files import (
    NAMES,
    GuideParameters,
    SavedQuery,
    archive,
    examples,
    file_for,
    guide,
    saved_queries,
    shown_of,
    style,
)
from graphmem.model import AnchorKind, Kind, LinkKind

BASE = "http://localhost:7470/browser"
QUERIES = saved_queries()
PARAMETER = re.compile(r"\$(\w+)")


class Reader(HTMLParser):
    """Tags that are open, slides, and what clicks do."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.slides = 0
        self.executed: list[str] = []
        self.populated: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.slides += tag == "slide"
        self.executed += [given["data-exec"]] if "data-exec" in given else []
        self.populated += [given["data-populate"]] if "data-populate" in given else []
        self.links += [given["href"]] if "href" in given else []
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def read(known: GuideParameters | None = None) -> Reader:
    reader = Reader()
    reader.feed(guide(BASE, known or GuideParameters()))
    assert reader.open == []
    return reader


def rules() -> dict[str, dict[str, str]]:
    """The style's rules by selector."""
    blocks = [block.partition(" {") for block in style().split("\n}\n") if block.strip()]
    return {name.strip(): dict(re.findall(r"([\w-]+): ([^;]+);", body + "\n")) for name, _, body in blocks}


@pytest.mark.parametrize("query", QUERIES, ids=lambda one: one.name)
def test_a_query_says_what_it_answers_and_takes_what_the_guide_sets(query: SavedQuery) -> None:
    assert query.text.startswith(f"// {query.title}\n// ")
    assert len(query.explanation) > 20
    assert set(PARAMETER.findall(query.text)) <= set(re.findall(r"\w+", examples(GuideParameters()).partition("]")[0]))
    assert ";" not in query.text  # Neo4j Browser would take it for several


def test_names_and_titles_are_told_apart() -> None:
    assert len({one.name for one in QUERIES}) == len({one.title for one in QUERIES}) == len(QUERIES) >= 12


def test_the_guide_leads_to_every_query_word_by_word() -> None:
    asked = read().populated
    assert {one.text for one in QUERIES} <= set(asked)
    assert "{{" not in guide(BASE, GuideParameters())


def test_neo4j_browser_takes_nothing_out_of_the_guide() -> None:
    # It strips scripts, and whatever looks like a handler: of "one.subject = other.subject" nothing would be left.
    handlers = r"""\s+(on[^\s=]+)[^\s=]*\s*=\s*("[^"]*"|'[^']*'|[\w\-.:]+\s*)"""
    assert re.findall(rf"{handlers}|<script|javascript:", guide(BASE, GuideParameters()), re.IGNORECASE) == []


def test_the_guide_names_where_its_files_are() -> None:
    reader = read()
    assert reader.executed[0] == f"style {BASE}/graphmem.grass"
    assert reader.executed[1] == examples(GuideParameters())
    assert reader.links == [f"{BASE}/graphmem.zip"]
    assert reader.slides == 8


@pytest.mark.parametrize(
    "label", [*(one.capitalize() for one in (*Kind, *AnchorKind)), *STATES, "Change", "Alternative", "Tag"]
)
def test_every_label_has_a_rule(label: str) -> None:
    assert rules()[f"node.{label}"]


@pytest.mark.parametrize(
    "kind", [*(one.upper() for one in LinkKind), "SUPERSEDED_BY", "ABOUT", "CONSIDERED", "MOVED", "RENAMED_TO"]
)
def test_every_relationship_that_matters_has_a_rule(kind: str) -> None:
    assert rules()[f"relationship.{kind}"]


def test_memories_are_captioned_by_title_and_kinds_have_hues_of_their_own() -> None:
    assert rules()["node.Memory"]["caption"] == '"{title}"'
    hues = [rules()[f"node.{kind.capitalize()}"]["color"] for kind in Kind]
    pale = [rules()[f"node.{kind.capitalize()}.Closed"]["color"] for kind in Kind]
    assert len({*hues, *pale}) == 2 * len(Kind)
    sizes = {state: rules()[f"node.{state}"]["diameter"] for state in STATES}
    assert sizes["Open"] == max(sizes.values(), key=lambda size: int(size.removesuffix("px")))


def test_the_archive_has_every_query_in_one_folder_and_is_always_the_same() -> None:
    with zipfile.ZipFile(io.BytesIO(archive())) as file:
        found = {name: file.read(name).decode() for name in file.namelist()}
    assert found == {f"graphmem/{one.name}.cypher": one.text for one in QUERIES}
    archive.cache_clear()
    first = archive()
    archive.cache_clear()
    assert archive() == first


def test_what_is_known_is_quoted() -> None:
    told = GuideParameters("o'ne\\il", "a;b", ('src/"x".py', "src/<b>.py"))
    said = examples(told)
    assert "(l:Ledger {tenant: 'o\\'ne\\\\il'})" in said
    assert "'a\\u003bb' AS repo" in said
    assert """split('src/"x".py\\nsrc/<b>.py', '\\n') AS gone""" in said
    assert read(told).executed[1] == said


def test_what_is_known_is_told_word_by_word_whatever_it_looks_like() -> None:
    told = GuideParameters("/* repo */", "/* gone */", ("/* tenant */",))
    said = examples(told)
    assert "(l:Ledger {tenant: '/* repo */'})" in said
    assert "'/* gone */' AS repo" in said
    assert "split('/* tenant */', '\\n') AS gone" in said


def test_there_is_no_other_file() -> None:
    assert all(file_for(name, BASE) is not None for name in NAMES)
    assert file_for("../files.py", BASE) is None


def test_a_guide_names_as_many_files_as_neo4j_browser_can_read() -> None:
    gone = tuple(f"src/package/module_{number:04}.py" for number in range(5_000))
    said = examples(GuideParameters(gone=gone))
    assert len(said) < 4_000
    assert said.count(".py") == len(shown_of(gone)) == 2_000 // 27
    assert shown_of(gone[:3]) == gone[:3]
