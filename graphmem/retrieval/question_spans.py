"""Parts of a query that may name a memory: by its title or alias, or by its id. Pure.

A hook imports this module: it imports little.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations

from graphmem.words import name_key

MAX_QUERY_CHARS = 10_000
MAX_NAME_WORDS = 12
MAX_WORDS = 250
_MAX_QUOTES = 12

_QUOTE = re.compile(r'["“”„«»]')
_HAS_DIGIT = re.compile(r"\d")
#: Shorter prefixes are ignored: another memory may share them later.
LEAST_PREFIX_CHARS = 4
_OWN_ALPHABET = "0-9a-hjkmnp-tv-z"
#: Generated ids and their prefixes; a letter and a digit are required, since words and years match otherwise.
_OWN = re.compile(rf"(?=[a-z]*[0-9])(?=[0-9]*[a-z])[{_OWN_ALPHABET}]{{{LEAST_PREFIX_CHARS},12}}")
#: Ids chosen by callers have any form; within a query only those with a digit and a separator are looked up.
_CHOSEN = re.compile(r"(?=\D*\d)(?=[^a-z]*[a-z])[^\s/]+[-_/:#][^\s]+", re.IGNORECASE)
_AROUND = "\"'`“”„«»()[]{}<>,;:!?.…"
_QUOTED = re.compile(r"[\"'`“”„«»]([^\"'`“”„«»\s]+)[\"'`“”„«»]")

#: The name key, the positions of its first word and after its last word, and whether it is quoted, and written
#: without spaces.
NameSpan = tuple[str, int, int, bool, bool]


def name_spans(text: str) -> list[NameSpan]:
    """Return every part of a query that may be a name: text between two quotation marks, and runs of words."""
    words = name_key(text).split()[:MAX_WORDS]
    joined = {key for word in text.split() if " " in (key := name_key(word))}
    spans = _quoted(text)
    for start in range(len(words)):
        for end in range(start + 1, min(start + MAX_NAME_WORDS, len(words)) + 1):
            if end - start > 1 or _HAS_DIGIT.search(words[start]):
                key = " ".join(words[start:end])
                spans.append((key, start, end, False, key in joined))
    return spans


def _quoted(text: str) -> list[NameSpan]:
    marks = [match.start() for match in _QUOTE.finditer(text)][:_MAX_QUOTES]
    spans: list[NameSpan] = []
    for low, high in combinations(marks, 2):
        key = name_key(text[low + 1 : high])
        if key:
            start = len(name_key(text[:low]).split())
            spans.append((key, start, start + len(key.split()), True, False))
    return spans


def possible_ids(text: str) -> Iterator[str]:
    """Yield possible ids: the only word of a query, quoted words, and words in the form of ids."""
    words = text.split()[:MAX_WORDS]
    if len(words) == 1:
        yield words[0]
        yield words[0].strip(_AROUND)
    yield from _QUOTED.findall(text)
    for word in words:
        bare = word.strip(_AROUND)
        if _OWN.fullmatch(bare) or _CHOSEN.fullmatch(bare):
            yield bare


def may_begin_id(word: str, text: str) -> bool:
    """Return whether a word of a query may be the beginning of an id."""
    is_all = word == text.strip().strip(_AROUND)
    return len(word) >= LEAST_PREFIX_CHARS and (is_all or _OWN.fullmatch(word) is not None)
