"""Compiles a filter and a reader to clauses of the full-text index and to exact tests of the memories it returns."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from graphmem.adapters.neo4j.values import END, admitted_homes, any_of, token
from graphmem.deferred_dataclass import dataclass
from graphmem.model import Scope
from graphmem.repository.path_patterns import fixed_part, path_pattern
from graphmem.store import Filter

if TYPE_CHECKING:
    from graphmem.adapters.neo4j.database import Database

#: The name of the full-text index over `search_text` and `facets`.
TEXT_INDEX = "graphmem_memory_text"
#: The name of the vector index, made by `graphmem schema vectors on`.
VECTOR_INDEX = "graphmem_memory_vector"

#: Waits until the full-text index has every transaction committed before the statement.
AWAIT_TEXT = "CALL db.index.fulltext.awaitEventuallyConsistentIndexRefresh()"
#: Tests of a memory `m` that filter tokens cannot express; `CypherFilter.parameters` gives their `$p.tests`.
EXACT_TESTS = """
  ($p.tests.min_confidence <= 0.0 OR m.confidence >= $p.tests.min_confidence)
  AND ($p.tests.path IS NULL OR any(area IN $p.tests.areas WHERE area IN m.facets)
    OR any(a IN [(m)-[:ABOUT]->(a:File) | a.name] WHERE a =~ $p.tests.path)
    OR any(a IN [(m)-[:ABOUT]->(s:Symbol) WHERE s.name =~ '[^:#]*[^:#/](?:::?|#)[^:#].*' |
        split(split(s.name, '#')[0], ':')[0]] WHERE (a CONTAINS '/' OR a CONTAINS '.') AND a =~ $p.tests.path)
    OR any(s IN [(m)-[:READ_FROM]->(s:SourceKey) | s.key] WHERE s =~ $p.tests.path))
"""
#: True if the reader sees the home of a memory `m`, branches aside.
VISIBLE = "any(home IN $p.homes WHERE home IN m.facets)"
#: True if a memory `m` is in force at `$p.at` by the cached intervals.
IN_FORCE = "any(i IN range(0, size(m.holds_from) - 1) WHERE m.holds_from[i] <= $p.at AND $p.at < m.holds_to[i])"
#: All tests of a memory `m`, for a statement without the full-text index: home, filter tokens, and the exact tests.
PASSES = f"""
  {VISIBLE}
  AND all(group IN $p.groups WHERE any(facet IN group WHERE facet IN m.facets)) AND {EXACT_TESTS}
"""
_HOLDS = f"AND ($p.at IS NULL OR NOT m.is_common OR {IN_FORCE})"
_LATEST = f"""
MATCH (m:Memory) WHERE m.tenant = $p.tenant AND m.seq < $p.before AND m.facets IS NOT NULL
  AND {VISIBLE} AND {EXACT_TESTS} {_HOLDS}
RETURN m.id AS id ORDER BY m.seq DESC LIMIT $p.limit
"""
_BY_FACETS = f"""
{AWAIT_TEXT}
CALL db.index.fulltext.queryNodes('{TEXT_INDEX}', $p.clauses) YIELD node AS m
WITH m WHERE m.seq < $p.before AND {EXACT_TESTS} {_HOLDS}
RETURN m.id AS id ORDER BY m.seq DESC LIMIT $p.limit
"""
_BY_SUBJECT = f"""
MATCH (m:Memory) WHERE m.tenant = $p.tenant AND m.subject IN $p.subjects AND m.seq < $p.before
  AND {PASSES} {_HOLDS}
RETURN m.id AS id ORDER BY m.seq DESC LIMIT $p.limit
"""


@dataclass(frozen=True, slots=True)
class CypherFilter:
    """A filter and a reader, compiled for one tenant.

    Attributes:
        homes: Tokens of the homes that the reader sees.
        groups: Groups of tokens; a memory must have a token of each group.
        path: A regular expression for the full path of a file anchor, of the file of a symbol, or a source key; None
            unless the filter has globs.
        areas: Tokens of the components and modules to which the paths belong.
    """

    homes: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]
    min_confidence: float
    path: str | None
    subjects: tuple[str, ...] = field(default=())
    areas: tuple[str, ...] = field(default=())

    @property
    def clauses(self) -> str:
        """The query of the full-text index."""
        return " ".join(any_of(group) for group in (self.homes, *self.groups))

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters of `PASSES` and `EXACT_TESTS`."""
        return {
            "homes": list(self.homes),
            "groups": [list(group) for group in self.groups],
            "tests": {"min_confidence": self.min_confidence, "path": self.path, "areas": list(self.areas)},
        }


def compile_filter(reader: Scope, where: Filter) -> CypherFilter:
    """Compile the filter."""
    folders = [fixed_part(path) for path in where.paths]
    areas = tuple(token("c", name) for name in where.areas)
    groups = [
        [token("k", kind) for kind in where.kinds],
        [token("o", origin) for origin in where.origins],
        [token("l", label) for label in where.labels],
        [token("g", language) for language in where.languages],
        [token("s", subject) for subject in where.subjects],
        [token("c", name) for name in where.components],
        # A glob without a fixed folder narrows nothing down.
        [] if "" in folders else [*(token("p", folder) for folder in folders), *(areas if folders else ())],
    ]
    return CypherFilter(
        admitted_homes(reader),
        tuple(tuple(group) for group in groups if group),
        where.min_confidence,
        path_pattern(where.paths),
        where.subjects,
        areas,
    )


def select(
    database: Database, reader: Scope, where: Filter, *, at: datetime | None, before: int, limit: int
) -> list[str]:
    """Return ids of memories that pass the filter, last recorded first; `at` drops those cached as not in force."""
    compiled = compile_filter(reader, where)
    if limit < 1:
        return []
    parameters = {
        "tenant": reader.tenant,
        **compiled.parameters,
        "subjects": list(compiled.subjects),
        "clauses": compiled.clauses,
        "before": min(before, END),
        "at": at,
        "limit": limit,
    }
    if compiled.subjects:
        records = database.records(_BY_SUBJECT, parameters)
    else:
        records = database.records(_BY_FACETS if compiled.groups else _LATEST, parameters)
    return [record["id"] for record in records]
