"""Whether an edit can bring in an import or a dependency: a superset of what guard reads, without a parser."""

from __future__ import annotations

import re

_CODE = frozenset(".py .pyi .pyw .js .jsx .mjs .cjs .ts .tsx .mts .cts .go .rs .java .ipynb".split())  # noqa: SIM905
#: Files whose text declares nothing; any other may be a manifest.
_PROSE = frozenset(".md .mdx .rst .adoc .css .scss .less .html .svg .sql .sh .csv .log".split())  # noqa: SIM905
_IMPORT = re.compile(
    r"\b(?:import|from|require|use|extern|include|using|module)\b|^\s*(?:[\w.]+\s+)?[\"'`][^\"'`\n]*[\"'`],?\s*$",
    re.MULTILINE,
)


def can_import(path: str, texts: list[str]) -> bool:
    """Whether texts that are written to a file can hold an import or a dependency.

    >>> can_import("a.py", ["x = 1"]), can_import("a.py", ["import json"]), can_import("go.mod", ["x"])
    (False, True, True)
    """
    name = path.replace("\\", "/").rpartition("/")[2].lower()
    ending = f".{name.rpartition('.')[2]}" if "." in name else ""
    if ending in _PROSE:
        return False
    return ending not in _CODE or any(map(_IMPORT.search, texts))
