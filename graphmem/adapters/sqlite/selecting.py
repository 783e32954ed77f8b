"""Which memories fit a filter and a reader: a full-text expression over filter tokens, and exact tests after it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

import apsw

from graphmem.adapters.paths import fixed_part, path_pattern
from graphmem.adapters.sqlite import reading
from graphmem.adapters.sqlite.indexing import Facets, any_of
from graphmem.adapters.sqlite.remembering import Remembered
from graphmem.adapters.sqlite.values import Tenant, holding_of, ints, place_of
from graphmem.model import AnchorKind, Scope
from graphmem.statement_json import decode_statement
from graphmem.store import Filter, Rivals
from graphmem.temporal.spans import containing

_BY_FACETS = """
    SELECT memory.number, memory.id, memory.confidence, memory.is_common, memory.holding
    FROM search CROSS JOIN memory ON memory.number = search.rowid
    WHERE search MATCH ?1 AND search.rowid < ?2 ORDER BY search.rowid DESC
"""
_BY_NUMBER = """
    SELECT number, id, confidence, is_common, holding FROM memory
    WHERE number > ?1 AND number < ?2 AND statement IS NOT NULL ORDER BY number DESC
"""
_NUMBERS_BY_FACETS = "SELECT rowid FROM search WHERE search MATCH ? AND rowid > ? AND rowid <= ?"
_TESTED = """
    SELECT memory.number, memory.confidence, memory.home
    FROM json_each(?1) AS wanted CROSS JOIN memory ON memory.number = wanted.value
    WHERE memory.statement IS NOT NULL
"""
_STATEMENTS = "SELECT number, statement FROM json_each(?1) AS wanted CROSS JOIN memory ON number = wanted.value"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A filter and a reader, spelt for one tenant.

    Attributes:
        facets: What the filter tokens must satisfy, homes aside; None if every memory of the tenant does.
        home_facets: The same for homes.
        homes: Where a memory may live; None if anywhere in the tenant.
        paths: Patterns of which a file must match one, if a glob is among those asked for.
    """

    facets: str | None
    home_facets: str | None
    homes: frozenset[int] | None
    min_confidence: float
    paths: re.Pattern[str] | None

    @property
    def narrowing(self) -> list[str]:
        """Full-text expressions that all must hold."""
        return [spelt for spelt in (self.facets, self.home_facets) if spelt is not None]

    @property
    def is_everything(self) -> bool:
        """Whether each memory is wanted that lives where one may."""
        return self.facets is None and self.min_confidence <= 0.0 and self.paths is None


def wanted(
    connection: apsw.Connection, tenant: Tenant, reader: Scope, where: Filter, known: Remembered
) -> Wanted | None:
    """The filter spelt out; None if nothing can fit it."""
    admitted = reading.admitted(connection, tenant, reader, known)
    if not admitted:
        return None
    facet = Facets(tenant.number)
    groups = [[facet.kind(kind) for kind in where.kinds]]
    groups.append([facet.origin(origin) for origin in where.origins])
    groups.append([facet.label(label) for label in where.labels])
    groups.append([facet.language(language) for language in where.languages])
    groups.append([facet.subject(subject) for subject in where.subjects])
    groups.append([facet.component(name) for name in where.components])
    pattern = path_pattern(where.paths)
    folders = [fixed_part(path) for path in where.paths]
    # A glob without a fixed folder narrows nothing down.
    groups.append([] if "" in folders else [facet.path(folder) for folder in folders])
    spelt = " AND ".join(any_of(group) for group in groups if group)
    is_anywhere = len(admitted) == len(known.homes)
    return Wanted(
        f"facets : ({spelt})" if spelt else None,
        None if is_anywhere else f"facets : {any_of([facet.home(number) for number in sorted(admitted)])}",
        None if is_anywhere else admitted,
        where.min_confidence,
        None if pattern is None else re.compile(pattern),
    )


def fitting(connection: apsw.Connection, numbers: list[int], what: Wanted) -> set[int]:
    """Those of the numbers that pass the exact tests that filter tokens cannot make; homes are tested too."""
    found = {
        number
        for number, confidence, home in connection.execute(_TESTED, (ints(numbers),))
        if confidence >= what.min_confidence and (what.homes is None or home in what.homes)
    }
    return found if what.paths is None else _with_path(connection, found, what.paths)


def _with_path(connection: apsw.Connection, numbers: Iterable[int], pattern: re.Pattern[str]) -> set[int]:
    return {
        number
        for number, text in connection.execute(_STATEMENTS, (ints(sorted(numbers)),))
        if any(
            anchor.kind is AnchorKind.FILE and pattern.fullmatch(anchor.name)
            for anchor in decode_statement(text).anchors
        )
    }


def all_fitting(connection: apsw.Connection, tenant: Tenant, what: Wanted, seq: int) -> list[int] | None:
    """Numbers of all memories that fit, sorted; None stands for every one that lives where one may."""
    if what.is_everything:
        return None
    low, high = place_of(tenant.number, 0), place_of(tenant.number, seq)
    if what.facets is None:
        found = [row[0] for row in connection.execute(_BY_NUMBER, (low, high + 1))]
    else:
        asked = (" AND ".join(what.narrowing), low, high)
        found = [number for (number,) in connection.execute(_NUMBERS_BY_FACETS, asked)]
    if what.min_confidence > 0.0 or what.paths is not None:
        return sorted(fitting(connection, found, what))
    return sorted(found)


def latest(
    connection: apsw.Connection, tenant: Tenant, what: Wanted, at: datetime | None, before: int
) -> Iterator[tuple[int, str]]:
    """Memories that fit, those recorded last first; with `at`, without those that nobody sees hold then."""
    top = place_of(tenant.number, max(min(before, tenant.seq + 1), 0))
    if what.narrowing:
        rows = connection.execute(_BY_FACETS, (" AND ".join(what.narrowing), top))
    else:
        rows = connection.execute(_BY_NUMBER, (place_of(tenant.number, 0), top))
    for number, key, confidence, is_common, holding in rows:
        if confidence < what.min_confidence or (
            at is not None and is_common and containing(holding_of(holding), at) is None
        ):
            continue
        if what.paths is None or _with_path(connection, (number,), what.paths):
            yield number, key


def rivals(connection: apsw.Connection, tenant: Tenant, reader: Scope, asked: Rivals, known: Remembered) -> list[int]:
    """Numbers of memories that may hold for the subjects: by the caches while the ledger stands at their point."""
    what = wanted(connection, tenant, reader, Filter(subjects=asked.subjects), known)
    if what is None:
        return []
    at = asked.at.valid if tenant.seq == asked.at.seq else None
    return [number for number, _ in islice(latest(connection, tenant, what, at, asked.at.seq + 1), asked.limit)]
