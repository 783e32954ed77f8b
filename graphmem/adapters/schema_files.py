"""Where the schema files are: in the package once it is installed, beside it in a checkout."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_PACKAGE = Path(__file__).parent.parent
_PLACES = (_PACKAGE / "_schema", _PACKAGE.parent / "schema")


@cache
def schema_text(name: str) -> str:
    """The text of one file under `schema/`, such as `sqlite/0001_initial.sql`."""
    for place in _PLACES:
        path = place / name
        if path.is_file():
            return path.read_text("utf-8")
    raise FileNotFoundError(f"no schema file {name!r}: graphmem is not installed whole; install it again")
