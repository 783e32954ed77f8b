"""An estimate of a text's token count for language models, without a tokenizer."""

from __future__ import annotations

import re
from functools import cache

from graphmem.words import IDEOGRAPH

#: In an ASCII text all letters are Latin.
_ASCII_PIECE = re.compile(r"[A-Za-z]{1,6}|[0-9]{1,3}|\S")


@cache
def _piece() -> re.Pattern[str]:
    return re.compile(rf"[A-Za-z]{{1,6}}|[0-9]{{1,3}}|[{IDEOGRAPH}]|[^\W\d_]{{1,2}}|\S")


def token_count(text: str) -> int:
    """Return about how many tokens a text has: at most six letters, three digits, an ideograph or another sign each.

    Tokenizers differ. Compared with WordPiece this returns 1.03 to 1.15 times the tokens of records, proposals, facts
    and
    JSON, and rarely less than 0.8 times those of a short text (ADR-0053).

    >>> token_count("Deployed with Python 3.11")
    7
    """
    return len((_ASCII_PIECE if text.isascii() else _piece()).findall(text))
