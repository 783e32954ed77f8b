"""Compiles a filter and a reader to clauses of the full-text index and to exact tests of the memories it returns."""

from __future__ import annotations

from collections.abc import Sequence
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

#: The most tokens of a group in a query of the full-text index, which takes 1,024 clauses in all.
_MOST_CLAUSES = 400

#: Waits until the full-text index has every transaction committed before the statement.
AWAIT_TEXT = "CALL db.index.fulltext.awaitEventuallyConsistentIndexRefresh()"
#: Tests of a memory `m` that filter tokens cannot express; `CypherFilter.parameters` gives their `$p.tests`.
EXACT_TESTS = """
  ($p.tests.min_confidence <= 0.0 OR m.confidence >= $p.tests.min_confidence)
  AND all(group IN $p.tests.wide WHERE any(facet IN m.facets WHERE facet IN group))
  AND (NOT $p.tests.on_paths OR any(facet IN $p.tests.exact WHERE facet IN m.facets)
    OR any(a IN [(m)-[:ABOUT]->(a:File) | a.name] WHERE a =~ $p.tests.path)
    OR any(a IN [(m)-[:ABOUT]->(s:Symbol) WHERE s.name =~ '[^:#]*[^:#/](?:::?|#)[^:#].*' |
        split(split(s.name, '#')[0], ':')[0]] WHERE (a CONTAINS '/' OR a CONTAINS '.') AND a =~ $p.tests.path)
    OR any(s IN [(m)-[:READ_FROM]->(s:SourceKey) | s.key] WHERE s =~ $p.tests.path)
    OR (any(s IN [(m)-[:ABOUT]->(s:Symbol) | s.name] WHERE s IN $p.tests.symbols)
      AND any(facet IN $p.tests.symbol_files WHERE facet IN m.facets)))
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
        exact: Tokens of which each by itself puts a memory on the paths.
        wide: Groups of more tokens than a query of the full-text index may have, tested without it.
        symbols: Names of symbols that were moved to the paths.
        symbol_files: Tokens of the files that had them.
    """

    homes: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]
    min_confidence: float
    path: str | None
    subjects: tuple[str, ...] = ()
    exact: tuple[str, ...] = ()
    wide: tuple[tuple[str, ...], ...] = ()
    symbols: tuple[str, ...] = ()
    symbol_files: tuple[str, ...] = ()

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
            "tests": {
                "min_confidence": self.min_confidence,
                "on_paths": self.path is not None or bool(self.symbols),
                "path": self.path,
                "wide": [list(group) for group in self.wide],
                "exact": list(self.exact),
                "symbols": list(self.symbols),
                "symbol_files": list(self.symbol_files),
            },
        }


def compile_filter(reader: Scope, where: Filter) -> CypherFilter:
    """Compile the filter."""
    folders = [fixed_part(path) for path in where.paths]
    path, reach = path_pattern(where.paths), where.reach
    areas = [token("c", name) for name in reach.areas]
    symbol_files = reach.symbol_files if reach.symbols else ()
    # A glob without a fixed folder narrows nothing down.
    on_paths = _PathGroup([] if "" in folders or not folders else [*folders, *symbol_files], areas)
    named = [token("c", name) for name in where.components]
    of_components = _PathGroup(reach.component_paths if named else (), named)
    groups = [
        [token("k", kind) for kind in where.kinds],
        [token("o", origin) for origin in where.origins],
        [token("l", label) for label in where.labels],
        [token("g", language) for language in where.languages],
        [token("s", subject) for subject in where.subjects],
        of_components.index_tokens,
        on_paths.index_tokens if on_paths.paths else [],
    ]
    wide = [group.tokens for group in (of_components, on_paths) if group.is_wide]
    return CypherFilter(
        admitted_homes(reader),
        tuple(tuple(group) for group in groups if group),
        where.min_confidence,
        path,
        where.subjects,
        tuple(areas if path is not None else [*(token("p", folder) for folder in folders), *areas]),
        tuple(map(tuple, wide)),
        reach.symbols if folders else (),
        tuple(token("p", file) for file in symbol_files),
    )


@dataclass(frozen=True, slots=True)
class _PathGroup:
    """Files and folders, of which a memory must be about one, and other tokens that do as well."""

    paths: Sequence[str]
    others: Sequence[str]

    @property
    def is_wide(self) -> bool:
        """True if there are more paths than a query of the full-text index may have."""
        return len(self.paths) + len(self.others) > _MOST_CLAUSES

    @property
    def tokens(self) -> list[str]:
        """The tokens of all of them."""
        return [*(token("p", path) for path in self.paths), *self.others]

    @property
    def index_tokens(self) -> list[str]:
        """Tokens that let the same memories pass, or more; empty if no folder stands for the paths."""
        paths, others = dict.fromkeys(self.paths), self.others
        while len(paths) + len(others) > _MOST_CLAUSES:
            deepest = max(path.rstrip("/").count("/") for path in paths)
            if not deepest:
                return []
            paths = dict.fromkeys(
                f"{path.rstrip('/').rpartition('/')[0]}/" if path.rstrip("/").count("/") == deepest else path
                for path in paths
            )
        return [*(token("p", path) for path in paths), *others]


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
