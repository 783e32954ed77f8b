"""Marks around words from outside: how they are written, and how they are read again.

`<untrusted-TAG origin="external">…</untrusted-TAG>`. The tag is a digest of the whole answer under a secret of the
store: who writes a memory cannot know it, and the same answer has the same one. Between the marks stands no angle
bracket, no character that looks like one or cannot be seen, and no other way to write one: each is a numeric reference.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

#: Angle brackets and what looks like one, in one piece or when it is normalised.
BRACKETS = (
    "<>\u2039\u203a\u00ab\u00bb\u02c2\u02c3\u1433\u1438\u1405\u140a\u16b2\u2039\u203a\u226a\u226b\u226e\u226f\u227a\u227b\u22d6\u22d7"
    "\u22d8\u22d9\u2329\u232a\u276c\u276d\u276e\u276f\u2770\u2771\u27e8\u27e9\u27ea\u27eb\u2991\u2992\u29fc\u29fd\u2a79"
    "\u2a7a\u2aa1\u2aa2\u3008\u3009\u300a\u300b\ufe3d\ufe3e\ufe3f\ufe40\ufe64\ufe65\uff1c\uff1e\U0001d236\U0001d237"
)
#: `&` begins a reference, so what looks like it is written as one too.
_AMPERSANDS = "&\ufe60\uff06"
#: Characters that nobody sees: controls, format characters, fillers, variation selectors, tags, halves of surrogates.
_UNSEEN = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\ufffe\uffff\ud800-\udfff\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
#: Other ways in which a bracket is written: `\\u003c`, `\\x3c`, `\\74`, `%3C`, `=3C`, `+ADw-`.
_WRITTEN = r"\\(?=[uUxN0-7])|[%=](?=[23][0-9A-Fa-f])|\+(?=A[DG])"
_RISKY = re.compile(f"[{re.escape(BRACKETS)}{_AMPERSANDS}{_UNSEEN}]|{_WRITTEN}")
_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_PLAIN = {name: sign for sign, name in _NAMED.items()}
_ENCODED = re.compile("&(?:amp|lt|gt|#x[0-9A-F]{1,6});")
_TAG = re.compile("[0-9a-z]{8,26}")
_ONE_MARK = re.compile(r'<untrusted-([0-9a-z]{8,26}) origin="[a-z]{1,20}">([^<>]*)</untrusted-\1>')


@dataclass(frozen=True, slots=True)
class Foreign:
    """Words from outside."""

    text: str
    origin: str


#: A text in its parts: ours, and from outside.
Parts = tuple[str | Foreign, ...]


def rendered(parts: Iterable[str | Foreign], tag: str) -> str:
    """A text whose foreign parts stand between marks."""
    return "".join(one if isinstance(one, str) else _marked(one, tag) for one in parts)


def encoded(text: str) -> str:
    """A text in which nothing can be taken for a mark; `decoded` gives it back."""
    safe = _RISKY.sub(_reference, text)
    # What is combined with the mark before it would change that.
    first = text[:1]
    return f"&#x{ord(first):X};{safe[1:]}" if first and safe[0] == first and _combines(first) else safe


def decoded(text: str) -> str:
    """The text that was encoded."""
    return _ENCODED.sub(_sign, text)


def parts_of(text: str, tag: str) -> Parts:
    """The parts of a text that was rendered with that tag.

    Raises:
        ValueError: A mark of that tag is not whole.
    """
    parts: list[str | Foreign] = []
    rest = text
    opening = re.compile(f'<untrusted-{tag} origin="([a-z]{{1,20}})">')
    while found := opening.search(rest):
        words, closing, after = rest[found.end() :].partition(f"</untrusted-{tag}>")
        if not closing or "<" in words or ">" in words:
            raise ValueError("a mark is not whole")
        parts += [rest[: found.start()], Foreign(decoded(words), found[1])]
        rest = after
    if f"untrusted-{tag}" in rest:
        raise ValueError("a mark is not whole")
    return tuple(one for one in (*parts, rest) if one != "")


def unmarked(text: str) -> str:
    """What stands in a mark, if a text is one mark and nothing else; so an agent may hand back what it was given."""
    found = _ONE_MARK.fullmatch(text)
    return text if found is None else decoded(found[2])


def _marked(one: Foreign, tag: str) -> str:
    assert _TAG.fullmatch(tag), "a tag is letters and digits"  # noqa: S101
    return f'<untrusted-{tag} origin="{one.origin}">{encoded(one.text)}</untrusted-{tag}>'


def _reference(found: re.Match[str]) -> str:
    return _NAMED.get(found[0]) or f"&#x{ord(found[0]):X};"


def _sign(found: re.Match[str]) -> str:
    return _PLAIN.get(found[0]) or chr(int(found[0][3:-1], 16))


def _combines(sign: str) -> bool:
    return unicodedata.category(sign).startswith("M")
