"""The title and the body of a statement that was written as one text."""

from __future__ import annotations

from graphmem.errors import InvalidInput

MAX_SHORT_TITLE_CHARS = 200


def title_and_body(text: str) -> tuple[str, str]:
    """The first line as the title, the rest as the body.

    A first line of more than 200 characters is cut at a word for the title; the body is then the whole text.

    Raises:
        InvalidInput: The text is blank.
    """
    lines = text.strip().split("\n", 1)
    first = lines[0].strip()
    if not first:
        raise InvalidInput("there is no text to remember")
    if len(first) <= MAX_SHORT_TITLE_CHARS:
        return first, lines[1].strip() if len(lines) > 1 else ""
    return first[: MAX_SHORT_TITLE_CHARS - 1].rsplit(" ", 1)[0] + "…", text.strip()
