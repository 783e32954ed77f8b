"""Marks around untrusted text, `<untrusted-TAG origin="external">…</untrusted-TAG>`: writing and parsing.

The tag is a digest of the whole answer under a secret of the store: a writer of memories cannot predict it, and the
same answer has the same tag. Between the marks, angle brackets, similar and invisible characters, and escapes of
brackets are replaced by character references, so the text cannot contain or imitate a mark.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache

from graphmem.deferred_dataclass import dataclass

#: Angle brackets and characters that look like them, as they are or after Unicode normalisation.
BRACKETS = (
    "<>\u2039\u203a\u00ab\u00bb\u02c2\u02c3\u1433\u1438\u1405\u140a\u16b2\u2039\u203a\u226a\u226b\u226e\u226f\u227a\u227b\u22d6\u22d7"
    "\u22d8\u22d9\u2329\u232a\u276c\u276d\u276e\u276f\u2770\u2771\u27e8\u27e9\u27ea\u27eb\u2991\u2992\u29fc\u29fd\u2a79"
    "\u2a7a\u2aa1\u2aa2\u3008\u3009\u300a\u300b\ufe3d\ufe3e\ufe3f\ufe40\ufe64\ufe65\uff1c\uff1e\U0001d236\U0001d237"
)
#: `&` begins a reference, so it and similar characters are written as references too.
_AMPERSANDS = "&\ufe60\uff06"
#: Invisible characters: controls, format characters, fillers, variation selectors, tags, halves of surrogates.
_UNSEEN = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\ufffe\uffff\ud800-\udfff\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
#: Beginnings of escape sequences for brackets: `\\u003c`, `\\x3c`, `\\74`, `%3C`, `=3C`, `+ADw-`.
_WRITTEN = r"\\(?=[uUxN0-7])|[%=](?=[23][0-9A-Fa-f])|\+(?=A[DG])"
_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_PLAIN = {name: sign for sign, name in _NAMED.items()}
_ENCODED = re.compile("&(?:amp|lt|gt|#x[0-9A-F]{1,6});")
_TAG = re.compile("[0-9a-z]{8,26}")
_SINGLE_MARK = re.compile(r'<untrusted-([0-9a-z]{8,26}) origin="[a-z]{1,20}">([^<>]*)</untrusted-\1>')


@cache
def _risky() -> re.Pattern[str]:
    return re.compile(f"[{re.escape(BRACKETS)}{_AMPERSANDS}{_UNSEEN}]|{_WRITTEN}")


@dataclass(frozen=True, slots=True)
class Foreign:
    """Text of untrusted origin."""

    text: str
    origin: str


#: A text in parts: trusted text as `str`, untrusted text as `Foreign`.
Parts = tuple[str | Foreign, ...]


def rendered(parts: Iterable[str | Foreign], tag: str) -> str:
    """Join the parts of a text, with its foreign parts between marks."""
    return "".join(part if isinstance(part, str) else _marked(part, tag) for part in parts)


def encoded(text: str) -> str:
    """Replace the characters that could form or imitate a mark by references; `decoded` reverses this."""
    safe = _risky().sub(_reference, text)
    # A combining character would merge with the last character of the opening mark.
    first = text[:1]
    return f"&#x{ord(first):X};{safe[1:]}" if first and safe[0] == first and _combines(first) else safe


def decoded(text: str) -> str:
    """Reverse `encoded`."""
    return _ENCODED.sub(_sign, text)


def parts_of(text: str, tag: str) -> Parts:
    """The parts of a text that was rendered with that tag.

    Raises:
        ValueError: A mark of that tag is incomplete.
    """
    parts: list[str | Foreign] = []
    rest = text
    opening = re.compile(f'<untrusted-{tag} origin="([a-z]{{1,20}})">')
    while start := opening.search(rest):
        words, closing, after = rest[start.end() :].partition(f"</untrusted-{tag}>")
        if not closing or "<" in words or ">" in words:
            raise ValueError("a mark is not whole")
        parts += [rest[: start.start()], Foreign(decoded(words), start[1])]
        rest = after
    if f"untrusted-{tag}" in rest:
        raise ValueError("a mark is not whole")
    return tuple(part for part in (*parts, rest) if part != "")


def unmarked(text: str) -> str:
    """The text inside a mark if the text is a single mark, else the text; so agents may send marked ids back."""
    mark = _SINGLE_MARK.fullmatch(text)
    return text if mark is None else decoded(mark[2])


def _marked(part: Foreign, tag: str) -> str:
    assert _TAG.fullmatch(tag), "a tag is letters and digits"  # noqa: S101
    return f'<untrusted-{tag} origin="{part.origin}">{encoded(part.text)}</untrusted-{tag}>'


def _reference(match: re.Match[str]) -> str:
    return _NAMED.get(match[0]) or f"&#x{ord(match[0]):X};"


def _sign(match: re.Match[str]) -> str:
    return _PLAIN.get(match[0]) or chr(int(match[0][3:-1], 16))


def _combines(sign: str) -> bool:
    return unicodedata.category(sign).startswith("M")
