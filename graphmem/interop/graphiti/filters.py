"""graphiti search filters for points in time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from graphiti_core.search.search_filters import ComparisonOperator, DateFilter, SearchFilters

from graphmem.model import instant

Dates = list[list[DateFilter]]


def as_of(valid: datetime, *, known: datetime | None = None, types: Sequence[str] | None = None) -> SearchFilters:
    """Return the filter for facts in force at an instant, for `Graphiti.search_`.

    Args:
        valid: The valid time, aware.
        known: The time of belief, aware; None for current belief.
        types: Names of edges, for example `FACT_TYPES`; None for all.
    """
    valid = instant(valid)
    dates: dict[str, Any] = {"valid_at": _reached(valid), "invalid_at": _not_reached(valid)}
    if known is None:
        dates["expired_at"] = [[_NEVER]]
    else:
        dates["created_at"], dates["expired_at"] = _reached(instant(known)), _not_reached(instant(known))
    return SearchFilters(edge_types=None if types is None else list(types), **dates)


_NEVER = DateFilter(comparison_operator=ComparisonOperator.is_null)


def _reached(moment: datetime) -> Dates:
    return [[DateFilter(date=moment, comparison_operator=ComparisonOperator.less_than_equal)]]


def _not_reached(moment: datetime) -> Dates:
    # The open end first: graphiti uses the same parameter names in every group, and the last value wins.
    return [[_NEVER], [DateFilter(date=moment, comparison_operator=ComparisonOperator.greater_than)]]
