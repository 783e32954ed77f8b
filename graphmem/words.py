"""The tokeniser and name keys. Pure; a hook imports this module: it imports little."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import chain

IDEOGRAPH = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
# All characters but letters, digits and underscores separate words; translate and split takes a third of the time of a
# regular expression.
_ASCII_WORDS = "".join(chr(code) if chr(code).isalnum() or chr(code) == "_" else " " for code in range(128))
_ASCII_NAMES = _ASCII_WORDS.replace("_", " ")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_+")
_LEADING_ZEROS = re.compile(r"\b0+(?=\d)")


@cache
def _words_of_any_script() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return patterns of a search word and of a word of a name, with combining marks of every script."""
    marks = "".join(mark for mark in map(chr, range(0x300, 0x10000)) if unicodedata.category(mark)[0] == "M")
    # Runs of letters with marks in between: a step for each letter would use memory for each.
    mark_class = "".join(mark for mark in marks if not re.match(f"[{IDEOGRAPH}]", mark))
    searched = rf"[{IDEOGRAPH}]|[^\W{IDEOGRAPH}]+(?:[{mark_class}]+[^\W{IDEOGRAPH}]*)*"
    return re.compile(searched), re.compile(rf"[^\W_]+(?:[{marks}]+[^\W_]*)*")


def tokens(text: str) -> list[str]:
    """Return the folded words of a text in order; an identifier adds its parts, an ideograph is a token by itself.

    >>> tokens("Use HTTPServer in generate_rules.py")
    ['use', 'httpserver', 'http', 'server', 'in', 'generate_rules', 'generate', 'rules', 'py']
    """
    words = words_as_written(text)
    if text.isascii() and "_" not in text and text == text.lower():
        return words
    return list(chain.from_iterable(map(tokens_of_word, words)))


def words_as_written(text: str) -> list[str]:
    """Return the words of a text in order, neither folded nor split into parts; `tokens_of_word` does both.

    >>> words_as_written("Use HTTPServer in generate_rules.py")
    ['Use', 'HTTPServer', 'in', 'generate_rules', 'py']
    """
    if text.isascii():
        return text.translate(_ASCII_WORDS).split()
    return _words_of_any_script()[0].findall(unicodedata.normalize("NFKC", text))


class _TokensOfWords(dict[str, tuple[str, ...]]):
    """The tokens of recent words: a dictionary lookup is twice as fast as a cached function."""

    def __missing__(self, word: str) -> tuple[str, ...]:
        if len(self) >= _MOST_WORDS:
            self.clear()
        word_tokens = self[word] = (word,) if word == word.casefold() and "_" not in word else _parts(word)
        return word_tokens


def _parts(word: str) -> tuple[str, ...]:
    parts = tuple(part.casefold() for part in _HUMP.split(word) if part)
    return (word.strip("_").casefold(), *parts) if len(parts) > 1 else parts


_MOST_WORDS = 65_536
_tokens_of = _TokensOfWords()
#: Returns the tokens of a word.
tokens_of_word = _tokens_of.__getitem__


def name_key(text: str) -> str:
    """Return a title or identifier in the form used for exact name lookup.

    >>> name_key("ADR-0012"), name_key("Use  `PostgreSQL`, now!")
    ('adr 12', 'use postgresql now')
    """
    if text.isascii():
        words = text.lower().translate(_ASCII_NAMES).split()
    else:
        words = _words_of_any_script()[1].findall(unicodedata.normalize("NFKC", text).casefold())
    key = " ".join(words)
    return _LEADING_ZEROS.sub("", key) if "0" in key else key
