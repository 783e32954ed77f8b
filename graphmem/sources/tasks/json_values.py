"""JSON from files that are not trusted: sizes and depths are limited, and values have the type that is expected."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

MAX_LINE_BYTES = 1 << 20


class Unreadable(ValueError):
    """A text that is no record of the expected form; the message says why."""


def json_value(text: bytes | str) -> object:
    """The value of a JSON text.

    Raises:
        Unreadable: It is no JSON, or nested too deeply.
    """
    try:
        return json.loads(text)
    except RecursionError as exc:
        raise Unreadable("JSON that is nested too deeply") from exc
    except ValueError as exc:
        raise Unreadable("no JSON") from exc


def mapping(value: object) -> Mapping[str, object]:
    """A JSON object; empty for other values."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> Iterable[object]:
    """The items of a JSON array; none for other values."""
    return value if isinstance(value, list) else ()


def text(value: object) -> str:
    """A string in valid Unicode; empty for other values."""
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else ""
