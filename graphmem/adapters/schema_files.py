"""Reads schema files: from the installed package, or from `schema/` in a checkout."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).parent.parent
_FOLDERS = (_PACKAGE / "_schema", _PACKAGE.parent / "schema")


@cache
def schema_text(name: str) -> str:
    """Return the text of a file under `schema/`, for example `sqlite/0001_initial.sql`."""
    for folder in _FOLDERS:
        path = folder / name
        if path.is_file():
            return path.read_text("utf-8")
    raise FileNotFoundError(f"no schema file {name!r}: the graphmem installation is incomplete; install it again")
