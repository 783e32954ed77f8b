"""Which memories fit a filter and a reader: clauses of the full-text index, and exact tests of what it finds."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from graphmem.adapters.neo4j.values import END, admitted_homes, any_of, token
from graphmem.adapters.paths import fixed_part, path_pattern
from graphmem.model import Scope
from graphmem.store import Filter

if TYPE_CHECKING:
    from graphmem.adapters.neo4j.connecting import Link

#: The name of the full-text index over `search_text` and `facets`.
TEXT_INDEX = "graphmem_memory_text"
#: The name of the index of vectors that the approximate mode makes.
VECTOR_INDEX = "graphmem_memory_vector"

#: Before a statement asks the full-text index: what was committed by now is in it.
AWAIT_TEXT = "CALL db.index.fulltext.awaitEventuallyConsistentIndexRefresh()"
#: Tests of a found memory `m` that no filter token makes: `$p.tests`, as `Wanted.parameters` gives them.
EXACT_TESTS = """
  ($p.tests.min_confidence <= 0.0 OR m.confidence >= $p.tests.min_confidence)
  AND ($p.tests.path IS NULL
    OR any(a IN [(m)-[:ABOUT]->(a:File) | a.name] WHERE a =~ $p.tests.path)
    OR any(s IN [(m)-[:READ_FROM]->(s:SourceKey) | s.key] WHERE s =~ $p.tests.path))
"""
#: Whether the reader sees a memory `m`, branches aside.
SEEN = "any(home IN $p.homes WHERE home IN m.facets)"
#: Whether a memory `m` holds at `$p.at`, as cached for everybody.
COVERS = "any(i IN range(0, size(m.holds_from) - 1) WHERE m.holds_from[i] <= $p.at AND $p.at < m.holds_to[i])"
#: Tests of a memory `m` that no index has narrowed down: what the reader sees, filter tokens, and the exact tests.
FITS = f"""
  {SEEN}
  AND all(group IN $p.groups WHERE any(facet IN group WHERE facet IN m.facets)) AND {EXACT_TESTS}
"""
_HOLDS = f"AND ($p.at IS NULL OR NOT m.is_common OR {COVERS})"
_LATEST = f"""
MATCH (m:Memory) WHERE m.tenant = $p.tenant AND m.seq < $p.before AND m.facets IS NOT NULL
  AND {SEEN} AND {EXACT_TESTS} {_HOLDS}
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
  AND {FITS} {_HOLDS}
RETURN m.id AS id ORDER BY m.seq DESC LIMIT $p.limit
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A filter and a reader, spelt for one tenant.

    Attributes:
        homes: Tokens of the places where a memory may live.
        groups: Groups of tokens of which one each must be there.
        path: A regular expression that the path of a file must match whole, if a glob is among those asked for.
    """

    homes: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]
    min_confidence: float
    path: str | None
    subjects: tuple[str, ...] = field(default=())

    @property
    def clauses(self) -> str:
        """For the full-text index."""
        return " ".join(any_of(group) for group in (self.homes, *self.groups))

    @property
    def parameters(self) -> dict[str, Any]:
        """Those of `FITS`, and of `EXACT_TESTS` within it."""
        return {
            "homes": list(self.homes),
            "groups": [list(group) for group in self.groups],
            "tests": {"min_confidence": self.min_confidence, "path": self.path},
        }


def wanted(reader: Scope, where: Filter) -> Wanted:
    """The filter spelt out."""
    folders = [fixed_part(path) for path in where.paths]
    groups = [
        [token("k", kind) for kind in where.kinds],
        [token("o", origin) for origin in where.origins],
        [token("l", label) for label in where.labels],
        [token("g", language) for language in where.languages],
        [token("s", subject) for subject in where.subjects],
        [token("c", name) for name in where.components],
        # A glob without a fixed folder narrows nothing down.
        [] if "" in folders else [token("p", folder) for folder in folders],
    ]
    return Wanted(
        admitted_homes(reader),
        tuple(tuple(group) for group in groups if group),
        where.min_confidence,
        path_pattern(where.paths),
        where.subjects,
    )


def select(link: Link, reader: Scope, where: Filter, *, at: datetime | None, before: int, limit: int) -> list[str]:
    """Ids of memories that fit, those recorded last first; with `at`, without those that nobody sees hold then."""
    what = wanted(reader, where)
    if limit < 1:
        return []
    asked = {
        "tenant": reader.tenant,
        **what.parameters,
        "subjects": list(what.subjects),
        "clauses": what.clauses,
        "before": min(before, END),
        "at": at,
        "limit": limit,
    }
    found = link.records(_BY_SUBJECT if what.subjects else _BY_FACETS if what.groups else _LATEST, asked)
    return [one["id"] for one in found]
