"""Descriptions in docstrings, used in schemas and help texts."""

from __future__ import annotations

import re
from inspect import cleandoc

_NAME = re.compile(r"^ {4}(\w+): (.*)$")


def descriptions(doc: str | None, section: str) -> dict[str, str]:
    """Return the description of each name in a section of a docstring, for example `Attributes` or `Args`."""
    texts: dict[str, str] = {}
    name = ""
    for line in cleandoc(doc or "").partition(f"{section}:\n")[2].splitlines():
        if line and not line.startswith(" "):
            break
        if started := _NAME.match(line):
            name, texts[started[1]] = started[1], started[2]
        elif name and line.strip():
            texts[name] += " " + line.strip()
    return texts
