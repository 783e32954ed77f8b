"""Parses an option in a single text, as commands, tools and commit trailers have it: `NAME [KEY, KEY]: REASON`."""

from __future__ import annotations

import re

from graphmem.deferred_dataclass import dataclass
from graphmem.option_keys.key_types import KeyType
from graphmem.option_keys.option_key import OptionKey

_TYPES = "|".join(key_type.value for key_type in KeyType if key_type is not KeyType.UNTYPED)
_IN_BRACKETS = re.compile(rf"\[\s*(?P<keys>`?(?:{_TYPES}):[^\[\]\n]{{1,2000}})\]", re.IGNORECASE)
#: A text in brackets that looks like a key, of a type that may not exist; no address and no `a::b`.
_LIKE_A_KEY = re.compile(r"\[\s*`?(?P<keys>[A-Za-z]\w{0,30}:(?![/:\s])[^\[\]\n]{1,2000})\]")
#: The type in front of the next key: commas within a key, as in `?import=a,b`, do not separate keys.
_BETWEEN_KEYS = re.compile(rf"\s*[,;]\s*(?=`?(?:{_TYPES}):)", re.IGNORECASE)
#: Between name and reason of a trailer, the plainest first.
_SEPARATORS = tuple(map(re.compile, (r"\s\|\s", r"\s(?:--|[\u2013\u2014])\s", r":\s", r"\s-\s")))


@dataclass(frozen=True, slots=True)
class OptionText:
    """The parts of an option that was written as a single text.

    Attributes:
        name: The name of the option.
        keys: The texts of its keys, not yet parsed.
        reason: The reason for its outcome; empty if there is none.
    """

    name: str
    keys: tuple[str, ...]
    reason: str

    def parsed_keys(self) -> tuple[str, ...]:
        """Return the canonical texts of the keys, with imported names.

        Raises:
            InvalidInput: A key is none of its type.
        """
        return tuple(dict.fromkeys(str(OptionKey.parse(key).with_imports()) for key in self.keys))


def parse_option_text(text: str, *, is_trailer: bool = False) -> OptionText:
    """Return the parts of an option's text.

    Args:
        text: `NAME`, `NAME: REASON`, or either with the keys in brackets behind the name. Brackets without a key
            are part of the name; a key of an unknown type counts, for `parsed_keys` to refuse it, but in a trailer.
        is_trailer: Name and reason are separated by a bar or a dash between blanks, or by a colon before a blank.
    """
    found = _IN_BRACKETS.search(text) or (None if is_trailer else _LIKE_A_KEY.search(text))
    if found is not None:
        name, rest = text[: found.start()], text[found.end() :]
        keys = tuple(part.strip().strip("`") for part in _BETWEEN_KEYS.split(found["keys"].strip()))
        return OptionText(name.strip(), keys, _without_separator(rest))
    if not is_trailer:
        name, _, reason = text.partition(":")
        return OptionText(name.strip(), (), reason.strip())
    separator = next((match for pattern in _SEPARATORS if (match := pattern.search(text)) is not None), None)
    if separator is None:
        return OptionText(text.strip(), (), "")
    return OptionText(text[: separator.start()].strip(), (), text[separator.end() :].strip())


def _without_separator(rest: str) -> str:
    return re.sub(r"^\s*(?::|\||--|[\u2013\u2014-])?\s*", "", rest).strip()
