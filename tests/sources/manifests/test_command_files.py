"""Targets of make and recipes of just."""

from __future__ import annotations

from graphmem.sources.manifests.command_files import read_justfile, read_makefile
from graphmem.sources.manifests.parts import Command, Manifest


def lines(manifest: Manifest) -> list[tuple[str, int]]:
    return [(part.invocation, part.line) for part in manifest.parts if isinstance(part, Command)]


def test_targets_of_make_are_commands() -> None:
    text = "NAME := x\n.PHONY: test\ntest: build\n\tpytest\nlint format:\n\truff\nout/file.o: a.c\nX=1\nimage::\n"
    assert lines(read_makefile(text)) == [("make test", 3), ("make lint", 5), ("make format", 5), ("make image", 9)]


def test_recipes_of_just_are_commands() -> None:
    text = "name := 'x'\n# Run the tests\ntest *ARGS: build\n    pytest\n@lint:\n    ruff\nset shell := ['sh']\n"
    assert lines(read_justfile(text)) == [("just test", 3), ("just lint", 5)]
