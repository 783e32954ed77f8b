"""mem0's filters: equality, operators, for example `{"gte": 3}`, and AND, OR, NOT of further filters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from graphmem.compat.refusals import WrongArgument

#: Tests a memory's value against an operand; the value is None if the memory does not have it.
_Test = Callable[[Any, Any], bool]


def fits(conditions: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Return whether values satisfy all conditions.

    Raises:
        WrongArgument: An unknown operator, or AND, OR or NOT without a list.
    """
    return all([_meets(key, condition, values) for key, condition in conditions.items()])  # noqa: C419 - reads all


def _meets(key: str, condition: object, values: Mapping[str, Any]) -> bool:
    if key in _LOGIC:
        if not isinstance(condition, list):
            raise WrongArgument(f"{key} takes a list of filters, not {condition!r}")
        return _LOGIC[key]([fits(part, values) for part in condition])
    value = values.get(key)
    if condition == "*":
        return value is not None
    if not isinstance(condition, Mapping):
        return bool(value == condition)
    unknown = sorted(condition.keys() - _OPERATORS.keys())
    if unknown:
        raise WrongArgument(f"{unknown[0]!r} is not a filter operator; use one of {', '.join(_OPERATORS)}")
    return all(_OPERATORS[name](value, operand) for name, operand in condition.items())


def _ordered(compare: Callable[[Any, Any], bool]) -> _Test:
    """Return a comparison that is False for values that cannot be compared."""

    def passes(value: object, operand: object) -> bool:
        try:
            return value is not None and compare(value, operand)
        except TypeError:
            return False

    return passes


_LOGIC: dict[str, Callable[[list[bool]], bool]] = {"AND": all, "OR": any, "NOT": lambda results: not any(results)}
_OPERATORS: dict[str, _Test] = {
    "eq": lambda value, operand: bool(value == operand),
    "ne": lambda value, operand: bool(value != operand),
    "in": lambda value, operand: value in operand,
    "nin": lambda value, operand: value not in operand,
    "gt": _ordered(lambda value, operand: bool(value > operand)),
    "gte": _ordered(lambda value, operand: bool(value >= operand)),
    "lt": _ordered(lambda value, operand: bool(value < operand)),
    "lte": _ordered(lambda value, operand: bool(value <= operand)),
    "contains": _ordered(lambda value, operand: operand in value),
    "icontains": _ordered(lambda value, operand: str(operand).casefold() in str(value).casefold()),
}
