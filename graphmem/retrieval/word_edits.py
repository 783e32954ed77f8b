"""Edits of words by which a misspelt word is found. Pure; a hook imports this module: it imports little."""

from __future__ import annotations

from graphmem.terms import text_terms

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
#: Shorter words have too many neighbours with other meanings.
LEAST_LETTERS = 6
#: Words of this length or more tolerate two edits.
LETTERS_OF_TWO_EDITS = 9
#: Words of a question that are read as others.
MOST_WORDS = 3


def edits(word: str, alphabet: str = _LETTERS) -> set[str]:
    """Return every string at one edit from a word: a deletion, insertion, substitution or transposition."""
    edited = set()
    for index in range(len(word) + 1):
        head, tail = word[:index], word[index:]
        edited |= {head + letter + tail for letter in alphabet}
        if tail:
            edited.add(head + tail[1:])
            edited |= {head + letter + tail[1:] for letter in alphabet}
        if len(tail) > 1:
            edited.add(head + tail[1] + tail[0] + tail[2:])
    return edited - {word, ""}


def most_edits(word: str) -> int:
    """Return the tolerated edit distance of a word: 0, 1 or 2, by its length."""
    return (len(word) >= LEAST_LETTERS) + (len(word) >= LETTERS_OF_TWO_EDITS)


def edited_terms(word: str) -> list[str]:
    """Return the terms of every string at one edit from a word, sorted."""
    alphabet = _LETTERS if word.isascii() else "".join(sorted({*_LETTERS, *word}))
    return sorted({term for edited in edits(word, alphabet) for term in text_terms(edited)})
