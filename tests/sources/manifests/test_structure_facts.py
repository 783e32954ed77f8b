"""Words and anchors of facts."""

from __future__ import annotations

from graphmem.model import AnchorKind
from graphmem.sources.manifests.structure_facts import (
    FactDeclaration,
    StructureFact,
    listed,
    parents_of,
    paths_of,
    values_by_folder,
)


def test_a_fact_is_about_its_files_and_folders() -> None:
    fact = StructureFact("a", "A", "", 0, ("x/y.toml", "x/z.toml", ".github/workflows/c.yml", "w.toml"))
    anchors = [(anchor.kind, anchor.name) for anchor in fact.statement().anchors]
    assert anchors == [
        *((AnchorKind.FILE, path) for path in fact.paths),
        (AnchorKind.MODULE, "x"),
    ]


def test_long_lists_are_counted() -> None:
    assert listed(["a", "b", "c"], 2) == "a, b and 1 more"


def test_values_that_differ_are_named_with_their_folders() -> None:
    declarations = [
        FactDeclaration("", "p", 1, "1"),
        FactDeclaration("a", "a/p", 1, "2"),
        FactDeclaration("b", "b/p", 1, "2"),
        FactDeclaration("c", "c/p", 1, ""),
    ]
    assert values_by_folder(declarations) == "1 in the root; 2 in a, b; any version in c"
    assert values_by_folder(declarations[1:3]) == "2"
    assert paths_of(declarations) == ("p", "a/p", "b/p", "c/p")


def test_folders_above_end_with_the_root() -> None:
    assert list(parents_of("a/b/c")) == ["a/b", "a", ""]
    assert list(parents_of("")) == []
