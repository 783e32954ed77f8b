"""Filters of the other interface: equality, operators such as `{"gte": 3}`, and AND, OR, NOT of further filters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from graphmem.compat.refusals import WrongArgument

#: What one condition tests; None if the memory has no such value.
_Test = Callable[[Any, Any], bool]


def fits(conditions: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Whether values satisfy all conditions.

    Raises:
        WrongArgument: An operator that there is not, or AND, OR or NOT of something else than a list.
    """
    return all([_fits_one(key, condition, values) for key, condition in conditions.items()])  # noqa: C419 - reads all


def _fits_one(key: str, condition: object, values: Mapping[str, Any]) -> bool:
    if key in _LOGIC:
        if not isinstance(condition, list):
            raise WrongArgument(f"{key} takes a list of filters, not {condition!r}")
        return _LOGIC[key]([fits(one, values) for one in condition])
    held = values.get(key)
    if condition == "*":
        return held is not None
    if not isinstance(condition, Mapping):
        return bool(held == condition)
    unknown = sorted(condition.keys() - _OPERATORS.keys())
    if unknown:
        raise WrongArgument(f"{unknown[0]!r} is no operator of a filter; there are: {', '.join(_OPERATORS)}")
    return all(_OPERATORS[name](held, wanted) for name, wanted in condition.items())


def _ordered(compare: Callable[[Any, Any], bool]) -> _Test:
    """A comparison that what cannot be compared does not pass."""

    def passes(held: object, wanted: object) -> bool:
        try:
            return held is not None and compare(held, wanted)
        except TypeError:
            return False

    return passes


_LOGIC: dict[str, Callable[[list[bool]], bool]] = {"AND": all, "OR": any, "NOT": lambda found: not any(found)}
_OPERATORS: dict[str, _Test] = {
    "eq": lambda held, wanted: bool(held == wanted),
    "ne": lambda held, wanted: bool(held != wanted),
    "in": lambda held, wanted: held in wanted,
    "nin": lambda held, wanted: held not in wanted,
    "gt": _ordered(lambda held, wanted: bool(held > wanted)),
    "gte": _ordered(lambda held, wanted: bool(held >= wanted)),
    "lt": _ordered(lambda held, wanted: bool(held < wanted)),
    "lte": _ordered(lambda held, wanted: bool(held <= wanted)),
    "contains": _ordered(lambda held, wanted: wanted in held),
    "icontains": _ordered(lambda held, wanted: str(wanted).casefold() in str(held).casefold()),
}
