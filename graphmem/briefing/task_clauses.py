"""The clauses of a task. A hook imports this module: it imports little."""

from __future__ import annotations

import re

#: The characters of a task that count: its beginning names its subject.
MOST_TASK_CHARS = 4_000
#: A task longer than this many words is also searched for clause by clause.
_LONG_WORDS, _MOST_CLAUSES, _CLAUSE_WORDS = 16, 3, 3
_CLAUSE_END = re.compile(r"[.;:!?\n]+\s+|\n+|,\s+(?:and|then|but)\s+")


def clauses_of(text: str) -> list[str]:
    """Return the longest clauses of a long text; none of a short text."""
    if len(text.split()) <= _LONG_WORDS:
        return []
    parts = [part.strip() for part in _CLAUSE_END.split(text) if len(part.split()) >= _CLAUSE_WORDS]
    longest = sorted(parts, key=lambda part: -len(part))[:_MOST_CLAUSES]
    return [part for part in parts if part in longest] if len(parts) > 1 else []
