"""Random documents of JSON with comments, in every style that people write."""

from __future__ import annotations

import json
from dataclasses import dataclass

from hypothesis import strategies as st

_COMMENTS = ("", "", "", " // note", " /* block */")
_KEYS = st.text(st.characters(codec="utf-8"), max_size=8).filter(
    lambda key: key not in {"graphmem", "hooks", "mcpServers"}
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 99) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3),
    max_leaves=8,
)


@dataclass(frozen=True)
class Style:
    """How a document is written."""

    newline: str
    indent: str
    trailing_comma: bool
    comment: str
    leading_comment: str


STYLES = st.builds(
    Style,
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["", "  ", "    ", "\t"]),
    st.booleans(),
    st.sampled_from(_COMMENTS),
    st.sampled_from(["", "// settings", "/* settings */"]),
)


def written(value: object, style: Style) -> str:
    """A document with that value; an indent of nothing is a document of one line."""
    head = style.leading_comment + (style.newline if style.leading_comment else "")
    return head + _written(value, style, "") + style.newline


def _written(value: object, style: Style, base: str) -> str:
    if not isinstance(value, dict | list) or not value:
        return json.dumps(value, ensure_ascii=False)
    inner = base + style.indent
    names = (
        [f"{json.dumps(key, ensure_ascii=False)}: " for key in value] if isinstance(value, dict) else [""] * len(value)
    )
    items = list(value.values()) if isinstance(value, dict) else value
    parts = [name + _written(item, style, inner) for name, item in zip(names, items, strict=True)]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    if not style.indent:
        comma = "," if style.trailing_comma else ""
        return f"{opening}{', '.join(parts)}{comma}{closing}"
    lines = [f"{inner}{part}{'' if last else ','}" for part, last in zip(parts, _lasts(parts), strict=True)]
    if style.trailing_comma:
        lines[-1] += ","
    lines = [line + style.comment for line in lines]
    return style.newline.join([opening, *lines, base + closing])


def _lasts(parts: list[str]) -> list[bool]:
    return [number == len(parts) - 1 for number in range(len(parts))]


objects = st.dictionaries(_KEYS, _VALUES, min_size=1, max_size=4)
