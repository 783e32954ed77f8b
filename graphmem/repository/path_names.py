"""Paths as the ledger has them: text in which every byte of a file name can be told."""

from __future__ import annotations

import re

_UNSAFE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_ESCAPES = {7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 34: '"', 92: "\\"}
_LETTERS = {letter: byte for byte, letter in _ESCAPES.items()}
_QUOTED = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)


def text_of_path(path: str) -> str:
    """Return a path in git's quoted form if it has control characters or bytes that are not UTF-8.

    Args:
        path: As `os.fsdecode` gives it: other bytes are surrogates.
    """
    if not _UNSAFE.search(path) and not path.startswith('"'):
        return path
    return '"' + "".join(map(_quoted, path.encode("utf-8", "surrogateescape"))) + '"'


def path_of_text(text: str) -> str:
    """Return the path that `text_of_path` wrote."""
    if len(text) < 2 or not (text.startswith('"') and text.endswith('"')):  # noqa: PLR2004 - two quotes
        return text
    return _QUOTED.sub(_unquoted, text[1:-1].encode()).decode("utf-8", "surrogateescape")


def _quoted(byte: int) -> str:
    if byte in _ESCAPES:
        return "\\" + _ESCAPES[byte]
    return chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}"  # noqa: PLR2004 - printable ASCII


def _unquoted(match: re.Match[bytes]) -> bytes:
    word = match[1].decode("ascii", "replace")
    return bytes([int(word, 8) & 255 if len(word) == 3 else _LETTERS.get(word, ord(word))])  # noqa: PLR2004 - octal
