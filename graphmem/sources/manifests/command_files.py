"""Targets of make and recipes of just, read line by line and never run."""

from __future__ import annotations

import re

from graphmem.sources.manifests.parts import MAX_PARTS, Command, Manifest

_TARGETS = re.compile(r"(?P<names>[A-Za-z][\w./ -]*?)\s*::?(?![=:])")
_RECIPE = re.compile(r"@?(?P<name>[A-Za-z][\w-]*)(?:\s+[^:=#]*)?:(?!=)")
_PHONY = re.compile(r"^[A-Za-z][\w-]*$")


def read_makefile(text: str) -> Manifest:
    """The targets of a Makefile that are no file names."""
    parts: dict[str, Command] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        match = _TARGETS.match(line)
        for name in match["names"].split() if match is not None else ():
            if _PHONY.match(name) and len(parts) < MAX_PARTS:
                parts.setdefault(name, Command(name, f"make {name}", line=number))
    return Manifest(tuple(parts.values()))


def read_justfile(text: str) -> Manifest:
    """The recipes of a justfile."""
    parts: dict[str, Command] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        match = _RECIPE.match(line)
        if match is not None and len(parts) < MAX_PARTS:
            parts.setdefault(match["name"], Command(match["name"], f"just {match['name']}", line=number))
    return Manifest(tuple(parts.values()))
