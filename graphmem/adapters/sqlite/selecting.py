"""Which memories fit a filter and a reader: by the terms that segments keep for filters, and by exact tests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

import apsw

from graphmem.adapters.paths import fixed_part, path_pattern
from graphmem.adapters.sqlite import reading
from graphmem.adapters.sqlite.indexing import Facets, hashes_of
from graphmem.adapters.sqlite.remembering import Remembered
from graphmem.adapters.sqlite.source_keys import numbers_on
from graphmem.adapters.sqlite.text_index import TextIndex, Texts
from graphmem.adapters.sqlite.values import Row, Tenant, holding_of, ints, place_of
from graphmem.model import Scope
from graphmem.store import Filter, Rivals
from graphmem.temporal.spans import Spans, containing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_CHOSEN = """
    SELECT number, memory.id, is_common, holding
    FROM json_each(?1) AS wanted CROSS JOIN memory ON number = wanted.value
"""
_BY_NUMBER = """
    SELECT number, id, is_common, holding FROM memory
    WHERE number > ?1 AND number < ?2 AND statement IS NOT NULL ORDER BY number DESC
"""
_BY_SUBJECT = """
    SELECT number, home, is_common, holding FROM memory WHERE tenant = ?1 AND subject = ?2
"""
_CONFIDENT = "SELECT number FROM memory WHERE number > ?1 AND number <= ?2 AND confidence >= ?3"
_FILES = "SELECT number, name FROM anchor WHERE kind = 'file'"
_ABOUT = """
    SELECT about.memory FROM json_each(?1) AS wanted CROSS JOIN about ON about.anchor = wanted.value
    WHERE about.memory > ?2 AND about.memory <= ?3
"""
_READ_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Paths:
    """Paths of a filter.

    Attributes:
        named: As the filter has them.
        facets: Hashed terms, one of which a memory about such a file holds; empty if they narrow nothing down.
        pattern: Fits the name of such a file; None if the facets are enough.
    """

    named: tuple[str, ...]
    facets: tuple[int, ...]
    pattern: re.Pattern[str] | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A filter and a reader, spelt for one tenant.

    Attributes:
        facets: Groups of hashed terms, of each of which a memory must hold one.
        homes: Where a memory may live; None if anywhere in the tenant.
        paths: Paths of which a file or a source key must fit one; None if any will do.
    """

    facets: tuple[tuple[int, ...], ...]
    homes: frozenset[int] | None
    min_confidence: float
    paths: Paths | None

    @property
    def is_everything(self) -> bool:
        """Whether each memory is wanted that lives where one may."""
        return not self.facets and self.min_confidence <= 0.0 and self.paths is None


def wanted(
    connection: apsw.Connection, tenant: Tenant, reader: Scope, where: Filter, known: Remembered
) -> Wanted | None:
    """The filter spelt out; None if nothing can fit it."""
    admitted = reading.admitted(connection, tenant, reader, known)
    if not admitted:
        return None
    facet = Facets(hashes_of(tenant.key))
    groups = [[facet.kind(kind) for kind in where.kinds]]
    groups.append([facet.origin(origin) for origin in where.origins])
    groups.append([facet.label(label) for label in where.labels])
    groups.append([facet.language(language) for language in where.languages])
    groups.append([facet.subject(subject) for subject in where.subjects])
    groups.append([facet.component(name) for name in where.components])
    return Wanted(
        tuple(tuple(group) for group in groups if group),
        None if len(admitted) == len(known.homes) else admitted,
        where.min_confidence,
        _paths(where.paths, facet) if where.paths else None,
    )


def _paths(paths: tuple[str, ...], facet: Facets) -> Paths:
    pattern = path_pattern(paths)
    folders = [fixed_part(path) for path in paths]
    # A glob without a fixed folder narrows nothing down.
    facets = () if "" in folders else tuple(facet.path(folder) for folder in folders)
    return Paths(paths, facets, None if pattern is None else re.compile(pattern))


@dataclass(frozen=True)
class Fitting:
    """The memories that fit, among those with words.

    Attributes:
        texts: The words of all that are known at the asked position.
        mask: Which of them fit; None if all do.
    """

    texts: Texts
    mask: NDArray[np.bool_] | None

    @cached_property
    def places(self) -> NDArray[np.int64]:
        """Their places, rising."""
        import numpy as np

        return np.arange(len(self.texts)) if self.mask is None else np.flatnonzero(self.mask)

    @cached_property
    def numbers(self) -> NDArray[np.int64]:
        """Their numbers, rising."""
        return self.texts.numbers if self.mask is None else self.texts.numbers[self.places]


def fitting(connection: apsw.Connection, tenant: Tenant, texts: Texts, what: Wanted) -> Fitting:
    """Which of the memories with words fit."""
    import numpy as np

    mask = None if what.homes is None else texts.lives_in(what.homes)
    for group in what.facets:
        held = np.zeros(len(texts), np.bool_)
        for holders in texts.holders(group):
            held[holders.postings()[0]] = True
        mask = held if mask is None else mask & held
    if what.min_confidence > 0.0:
        low, high = _span(tenant, texts)
        numbers = connection.execute(_CONFIDENT, (low, high, what.min_confidence))
        held = _mask(texts, [number for (number,) in numbers])
        mask = held if mask is None else mask & held
    if what.paths is not None:
        held = _on_paths(connection, tenant, texts, what.paths)
        mask = held if mask is None else mask & held
    return Fitting(texts, mask)


def _on_paths(connection: apsw.Connection, tenant: Tenant, texts: Texts, paths: Paths) -> NDArray[np.bool_]:
    """Which memories are about a file, or come from a source key, that the paths ask for."""
    import numpy as np

    about = np.zeros(len(texts), np.bool_)
    for holders in texts.holders(paths.facets):
        about[holders.postings()[0]] = True
    if paths.pattern is not None:
        files = [anchor for anchor, name in connection.execute(_FILES) if paths.pattern.fullmatch(name)]
        rows = connection.execute(_ABOUT, (ints(files), *_span(tenant, texts)))
        fitting = _mask(texts, [number for (number,) in rows])
        about = about & fitting if paths.facets else fitting
    return about | _mask(texts, list(numbers_on(connection, tenant, paths.named)))


def _mask(texts: Texts, numbers: list[int]) -> NDArray[np.bool_]:
    import numpy as np

    held = np.zeros(len(texts), np.bool_)
    places = texts.places(numbers)
    held[places[places >= 0]] = True
    return held


def _span(tenant: Tenant, texts: Texts) -> tuple[int, int]:
    """What all numbers of the texts are above, and the last of them."""
    last = int(texts.numbers[-1]) if len(texts) else place_of(tenant.number + 1, 0) - 1
    return place_of(tenant.number, 0), last


def latest(
    connection: apsw.Connection, tenant: Tenant, what: Wanted, index: TextIndex, at: datetime | None, before: int
) -> Iterator[tuple[int, str]]:
    """Memories that fit, those recorded last first; with `at`, without those that nobody sees hold then."""
    top = place_of(tenant.number, max(min(before, tenant.seq + 1), 0))
    rows: Iterator[Row]
    if what.is_everything and what.homes is None:
        rows = connection.execute(_BY_NUMBER, (place_of(tenant.number, 0), top))
    else:
        rows = _chosen(connection, tenant, what, index, top)
    for number, key, is_common, holding in rows:
        if at is None or not is_common or containing(holding_of(holding), at) is not None:
            yield number, key


def _chosen(connection: apsw.Connection, tenant: Tenant, what: Wanted, index: TextIndex, top: int) -> Iterator[Row]:
    texts = index.texts(connection, tenant).upto(top - 1)
    numbers = fitting(connection, tenant, texts, what).numbers[::-1]
    for start in range(0, len(numbers), _READ_AT_ONCE):
        yield from connection.execute(_CHOSEN, (ints(numbers[start : start + _READ_AT_ONCE].tolist()),))


def rivals(connection: apsw.Connection, tenant: Tenant, reader: Scope, asked: Rivals, known: Remembered) -> list[int]:
    """Numbers of memories that may hold for the subjects: by the caches while the ledger stands at their point."""
    admitted = reading.admitted(connection, tenant, reader, known)
    at = asked.at.valid if tenant.seq == asked.at.seq else None
    last = place_of(tenant.number, max(min(asked.at.seq, tenant.seq), 0))
    found: list[int] = []
    for subject in asked.subjects:
        found += [
            number
            for number, home, spans in _of_subject(connection, tenant, subject, known)
            if number <= last
            and home in admitted
            and (at is None or spans is None or containing(spans, at) is not None)
        ]
    return sorted(found, reverse=True)[: asked.limit]


def _of_subject(
    connection: apsw.Connection, tenant: Tenant, subject: str, known: Remembered
) -> list[tuple[int, int, Spans | None]]:
    """(number, home, when it holds for everybody) of each memory of a subject; None where that is not cached."""
    found = known.rivals.get(subject)
    if found is None:
        rows = connection.execute(_BY_SUBJECT, (tenant.number, subject))
        found = [(number, home, holding_of(text) if is_common else None) for number, home, is_common, text in rows]
        known.rivals[subject] = found
    return found
