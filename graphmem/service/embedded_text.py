"""The text that a memory's vector is computed from."""

from __future__ import annotations

import re

from graphmem.model import Statement

_MOST_CHARS = 4_000
#: Models read about the first 1,000 characters: so much of a body leaves room for some of the options.
_LEAD_CHARS = 600
#: A line of a table of contents: a list item that is only a link within the document.
_CONTENTS = re.compile(r"^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+\[[^\]\n]*\]\(#[^)\s]*\)[ \t]*(?:\n|\Z)", re.MULTILINE)


def embedded_text(statement: Statement) -> str:
    """Return the text that a memory's vector is computed from, at most 4,000 characters.

    The options, most of which say what was not decided, come after the beginning of the body. Tables of contents are
    left out.
    """
    options = [f"{option.outcome.value}: {option.name}. {option.reason}".strip() for option in statement.alternatives]
    body = _CONTENTS.sub("", statement.body).strip("\n")
    lead, rest = _split(body) if options else (body, "")
    parts = (statement.title, lead, *options, rest, statement.rationale)
    return "\n".join(part for part in parts if part)[:_MOST_CHARS]


def _split(body: str) -> tuple[str, str]:
    """Return the beginning of a body, up to the last space or line end within it, and the rest."""
    if len(body) <= _LEAD_CHARS:
        return body, ""
    end = max(body.rfind(" ", 0, _LEAD_CHARS), body.rfind("\n", 0, _LEAD_CHARS))
    end = end if end > 0 else _LEAD_CHARS
    return body[:end].rstrip(), body[end:].lstrip()
