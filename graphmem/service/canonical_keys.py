"""Keys of the options of statements that callers write: they become canonical; keys of no known type are refused."""

from __future__ import annotations

from typing import TypeVar

from graphmem.deferred_dataclass import replace
from graphmem.model import Statement
from graphmem.option_keys import OptionKey

_Content = TypeVar("_Content", str, Statement, "str | Statement")


def with_canonical_keys(content: _Content) -> _Content:
    """Return a statement whose keys are canonical, with the imported names of packages; a text unchanged.

    Keys without a type, which earlier releases wrote, stay readable in stores and exports, and are not written anew.

    Args:
        content: A statement or a text.

    Raises:
        InvalidInput: A key has no known type, or is none of its type; the message names the types that exist.
    """
    if not isinstance(content, Statement) or not any(option.keys for option in content.alternatives):
        return content
    options = (replace(option, keys=tuple(map(_canonical, option.keys))) for option in content.alternatives)
    return replace(content, alternatives=tuple(options))


def _canonical(text: str) -> str:
    return str(OptionKey.parse(text).with_imports())
