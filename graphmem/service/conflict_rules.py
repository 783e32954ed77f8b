"""The rules by which conflicts are found among memories: forks, and statements that contradict each other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import combinations

from graphmem.conflicts import FoundBy
from graphmem.contradictions import Opposed, opposed
from graphmem.deferred_dataclass import dataclass, replace
from graphmem.model import LinkKind, Scope, Statement
from graphmem.temporal import View, rule

#: Repository, user and environment of a memory: statements of two homes are not compared.
Home = tuple[str | None, str | None, str | None]


@dataclass(frozen=True, slots=True)
class FullSuccessor:
    """A memory that supersedes all of another memory from a time on, by one ledger entry."""

    id: str
    change: int
    scope: Scope
    is_in_force: bool


def home_of(scope: Scope) -> Home:
    """Return the home of a memory that lives in a scope."""
    return scope.repo, scope.user, scope.environment


def successors_of(view: View, old: str, valid: datetime) -> list[FullSuccessor]:
    """Return the full and open-ended successors of a memory, those that the reader does not see left out."""
    return [
        FullSuccessor(edge.new, edge.stamp.seq, view.known[edge.new].memory.scope, view.holds(edge.new, valid))
        for edge in view.edges_out(old)
        if edge.is_full and edge.until is None and edge.new in view.known
    ]


def forks(successors: Iterable[FullSuccessor]) -> Iterator[tuple[str, ...]]:
    """Yield the successors in force of each fork of a memory: two ledger entries superseded it, as after a merge.

    A private and a shared successor of the same memory are no fork.
    """
    by_owner = defaultdict[Scope, list[FullSuccessor]](list)
    for successor in successors:
        by_owner[replace(successor.scope, branch=None)].append(successor)
    for same in by_owner.values():
        claims = tuple(dict.fromkeys(successor.id for successor in same if successor.is_in_force))
        if len({successor.change for successor in same}) > 1 and len(claims) > 1:
            yield claims


def contradictions(
    statements: Mapping[Home, Mapping[str, Statement]], known: Collection[frozenset[str]]
) -> Iterator[Opposed]:
    """Yield the pairs of statements in force in one home that contradict each other.

    Args:
        statements: The statements in force by home, each by the id of its memory.
        known: The claims of conflicts found by other rules, which are not repeated.
    """
    for same in statements.values():
        yield from (pair for pair in opposed(same) if frozenset((pair.first, pair.second)) not in known)


def conflicts_among(view: View, ids: Iterable[str], valid: datetime) -> dict[frozenset[str], FoundBy]:
    """Return the conflicts between pairs of some memories in force, each by the first rule that finds it.

    Args:
        view: Has the full rows of the memories.
        ids: The memories; those that are not in force are left out.
        valid: The valid time.
    """
    holding = {key for key in ids if view.memory(key) is not None and view.holds(key, valid)}
    ordered = sorted(holding)
    groups = [
        *((FoundBy.SUBJECT, claims) for claims in _claims_of_subjects(view, ordered, valid)),
        *((FoundBy.FORK, claims) for claims in _claims_of_forks(view, ordered, valid)),
        *((FoundBy.LINK, claims) for claims in _linked_pairs(view, ordered)),
    ]
    pairs: dict[frozenset[str], FoundBy] = {}
    for found_by, claims in groups:
        for pair in combinations(claims, 2):
            if holding.issuperset(pair):
                pairs.setdefault(frozenset(pair), found_by)
    homes = defaultdict[Home, dict[str, Statement]](dict)
    for key in ordered:
        memory = view.known[key].memory
        if memory.statement is not None:
            homes[home_of(memory.scope)][key] = memory.statement
    for said in contradictions(homes, pairs.keys()):
        if not are_in_succession(view, said.first, said.second):
            pairs[frozenset((said.first, said.second))] = FoundBy(said.rule.value)
    return pairs


def _linked_pairs(view: View, ids: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield the pairs of memories between which a conflict is recorded."""
    for key in ids:
        for row in view.links(key):
            if row.kind is LinkKind.CONFLICTS_WITH:
                yield (row.source, row.target)


def fork_ends(view: View, ids: Iterable[str], valid: datetime) -> set[str]:
    """Return the claims of the forks to which memories belong."""
    return {claim for claims in _claims_of_forks(view, ids, valid) for claim in claims}


def are_in_succession(view: View, one: str, other: str) -> bool:
    """Return whether one of two memories supersedes or amends the other."""
    return any(edge.new in {one, other} for key in (one, other) for edge in view.edges_out(key))


def _claims_of_subjects(view: View, ids: Sequence[str], valid: datetime) -> Iterator[tuple[str, ...]]:
    homes = defaultdict[tuple[str, Home], list[str]](list)
    for key in ids:
        memory = view.known[key].memory
        if memory.statement is not None and memory.statement.subject is not None:
            homes[memory.statement.subject, home_of(memory.scope)].append(key)
    for same in homes.values():
        ruling = rule(view, same, valid)
        if ruling is not None and ruling.contested:
            yield (ruling.head, *(key for key, _ in ruling.contested))


def _claims_of_forks(view: View, ids: Iterable[str], valid: datetime) -> Iterator[tuple[str, ...]]:
    olds = dict.fromkeys(edge.old for key in ids for edge in view.edges_into(key) if edge.is_full)
    for old in olds:
        if view.memory(old) is not None:
            yield from forks(successors_of(view, old, valid))
