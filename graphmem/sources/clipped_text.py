"""Texts of sources within limits: on one line, or cut at a number of characters."""

from __future__ import annotations

MAX_TITLE_CHARS = 300
MAX_BODY_CHARS = 4_000


def single_line(text: str, most: int = MAX_TITLE_CHARS) -> str:
    """A text without line breaks, control characters and repeated spaces, cut at a number of characters."""
    plain = "".join(char if char.isprintable() else " " for char in text[: 4 * most])
    return clipped(" ".join(plain.split()), most)


def clipped(text: str, most: int = MAX_BODY_CHARS) -> str:
    """A text that is cut at a number of characters; the cut is marked by an ellipsis."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
