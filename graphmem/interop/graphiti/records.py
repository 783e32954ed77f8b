"""Conversion of facts and entities to graphiti's classes, and evaluation of graphiti's filters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from operator import eq, ge, gt, le, lt, ne
from typing import Any

from graphiti_core.edges import EntityEdge
from graphiti_core.nodes import EntityNode
from graphiti_core.search.search_filters import ComparisonOperator, DateFilter, SearchFilters

from graphmem.errors import Unsupported
from graphmem.projection.model import Entity, Fact

_COMPARE: dict[ComparisonOperator, Callable[[Any, Any], bool]] = {
    ComparisonOperator.equals: eq,
    ComparisonOperator.not_equals: ne,
    ComparisonOperator.greater_than: gt,
    ComparisonOperator.less_than: lt,
    ComparisonOperator.greater_than_equal: ge,
    ComparisonOperator.less_than_equal: le,
}
#: The label of every graphiti node.
LABELS = ("Entity",)


def node_of(entity: Entity) -> EntityNode:
    """Convert an entity; embeddings are loaded separately."""
    own = {"memory": entity.memory, **entity.attributes}
    return EntityNode(
        uuid=entity.uuid,
        name=entity.name,
        group_id=entity.group,
        labels=list(LABELS),
        created_at=entity.created_at,
        summary=entity.summary,
        attributes={name: value for name, value in own.items() if value is not None},
    )


def edge_of(fact: Fact) -> EntityEdge:
    """Convert a fact."""
    claim = fact.claim
    return EntityEdge(
        uuid=fact.uuid,
        source_node_uuid=claim.source,
        target_node_uuid=claim.target,
        name=claim.name,
        fact=claim.fact,
        group_id=claim.group,
        episodes=[],
        created_at=fact.created_at,
        expired_at=fact.expired_at,
        valid_at=claim.valid_at,
        invalid_at=claim.invalid_at,
        attributes={"memory": claim.memory, **claim.attributes},
    )


def fact_test(where: SearchFilters, groups: Sequence[str] | None) -> Callable[[Fact], bool]:
    """Return a test for whether a fact passes a filter and belongs to any of the groups; None means all groups.

    Raises:
        Unsupported: The filter has property conditions, which graphiti's own searches ignore silently.
    """
    if where.property_filters:
        raise Unsupported("property_filters are not applied; filter by edge_types, dates or ends instead")
    conditions = [(set(values), read) for values, read in _memberships(where, groups) if values is not None]
    has_labels = where.node_labels is None or bool(set(where.node_labels) & set(LABELS))

    def passes(fact: Fact) -> bool:
        return has_labels and all(read(fact) in values for values, read in conditions) and _is_dated(fact, where)

    return passes


def _memberships(
    where: SearchFilters, groups: Sequence[str] | None
) -> list[tuple[Sequence[str] | None, Callable[[Fact], str]]]:
    return [
        (groups, lambda fact: fact.claim.group),
        (where.edge_types, lambda fact: fact.claim.name),
        (where.edge_uuids, lambda fact: fact.uuid),
        (where.edge_source_node_uuids, lambda fact: fact.claim.source),
        (where.edge_target_node_uuids, lambda fact: fact.claim.target),
    ]


def _is_dated(fact: Fact, where: SearchFilters) -> bool:
    return (
        _passes(fact.claim.valid_at, where.valid_at)
        and _passes(fact.claim.invalid_at, where.invalid_at)
        and _passes(fact.created_at, where.created_at)
        and _passes(fact.expired_at, where.expired_at)
    )


def _passes(value: datetime | None, groups: list[list[DateFilter]] | None) -> bool:
    """Return whether a date meets all conditions of any of the groups."""
    return groups is None or any(all(_meets(value, condition) for condition in group) for group in groups)


def _meets(value: datetime | None, condition: DateFilter) -> bool:
    operator = condition.comparison_operator
    if operator is ComparisonOperator.is_null:
        return value is None
    if operator is ComparisonOperator.is_not_null:
        return value is not None
    return value is not None and _COMPARE[operator](value, condition.date)
