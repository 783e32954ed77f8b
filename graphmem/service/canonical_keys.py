"""Keys of the options of statements that callers write: typed keys become canonical, unknown types are refused."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TypeVar

from graphmem.errors import InvalidInput
from graphmem.model import Statement
from graphmem.option_keys import OptionKey

_Content = TypeVar("_Content", str, Statement, "str | Statement")
#: A text that begins with a type; `std::vector` and addresses do not.
_TYPED = re.compile(r"[A-Za-z][\w-]{0,30}:(?![:/]|\s|$)")


def with_canonical_keys(content: _Content) -> _Content:
    """Return a statement whose typed keys are canonical, with the imported names of packages; a text unchanged.

    Args:
        content: A statement or a text. Keys without a type stay as they are: earlier releases wrote keys without types.

    Raises:
        InvalidInput: A key has an unknown type, or is none of its type; the message names the types that exist.
    """
    if not isinstance(content, Statement) or not any(option.keys for option in content.alternatives):
        return content
    options = (replace(option, keys=tuple(map(_canonical, option.keys))) for option in content.alternatives)
    return replace(content, alternatives=tuple(options))


def _canonical(text: str) -> str:
    try:
        return str(OptionKey.parse(text).with_imports())
    except InvalidInput:
        if _TYPED.match(text.strip()):
            raise
        return text
