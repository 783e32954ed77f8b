"""Selects the memories that pass a filter and that a reader sees: by filter terms in segments, and by SQL."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

import apsw

from graphmem.adapters.sqlite.keyed_hashes import hashes_of
from graphmem.adapters.sqlite.packed_selection import PackedSelection
from graphmem.adapters.sqlite.snapshot import Snapshot
from graphmem.adapters.sqlite.source_keys import numbers_on
from graphmem.adapters.sqlite.term_hashes import Facets
from graphmem.adapters.sqlite.text_index import TextColumns, TextIndex
from graphmem.adapters.sqlite.values import Row, Tenant, holding_of, ints, rowid_of
from graphmem.deferred_dataclass import dataclass, replace
from graphmem.model import Scope
from graphmem.repository.path_patterns import fixed_part, is_glob, path_pattern, path_test
from graphmem.repository.symbol_names import symbol_file
from graphmem.store import Filter, Rivals
from graphmem.temporal.spans import Spans, containing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_CHOSEN = """
    SELECT number, memory.id, is_common, holding
    FROM json_each(?1) AS input CROSS JOIN memory ON number = input.value
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
_SYMBOLS = """
    SELECT number, name FROM json_each(?1) AS input CROSS JOIN anchor
    WHERE kind = 'symbol' AND name >= json_extract(input.value, '$[0]')
      AND name < coalesce(json_extract(input.value, '$[1]'), x'')
"""
_SYMBOLS_NAMED = """
    SELECT number FROM json_each(?1) AS input CROSS JOIN anchor WHERE kind = 'symbol' AND name = input.value
"""
_ABOUT = """
    SELECT about.memory FROM json_each(?1) AS input CROSS JOIN about ON about.anchor = input.value
    WHERE about.memory > ?2 AND about.memory <= ?3
"""
_READ_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class PathFilter:
    """Paths of a filter.

    Attributes:
        named: The paths as the filter has them.
        facets: Hashed terms; a memory about such a file has one of them. Empty if they narrow nothing down.
        pattern: Matches the name of such a file; None if the facets decide.
        areas: Hashed terms of the components and modules to which the paths belong.
        moved: Names of symbols that were moved to the paths.
        moved_from: The files that had them; None if there are no such symbols.
    """

    named: tuple[str, ...]
    facets: tuple[int, ...]
    pattern: re.Pattern[str] | None = None
    areas: tuple[int, ...] = ()
    moved: tuple[str, ...] = ()
    moved_from: PathFilter | None = None


@dataclass(frozen=True, slots=True)
class CompiledFilter:
    """A filter and a reader, compiled for one tenant.

    Attributes:
        facets: Groups of hashed terms; a memory must have a term of each group.
        homes: The homes that the reader sees; None if all of the tenant's.
        paths: Paths, one of which must match a file anchor, the file of a symbol, or a source
            key; None if the filter has none.
        components: Hashed terms of components and modules, and the paths of their files, one of which a memory must
            have; None if the filter names none.
    """

    facets: tuple[tuple[int, ...], ...]
    homes: frozenset[int] | None
    min_confidence: float
    paths: PathFilter | None
    components: PathFilter | None = None

    @property
    def is_everything(self) -> bool:
        """True if every memory in these homes passes the filter."""
        return not self.facets and self.has_only_terms

    @property
    def has_only_terms(self) -> bool:
        """True if homes and terms decide which memories pass."""
        return self.min_confidence <= 0.0 and not (self.paths or self.components)


def compile_filter(snapshot: Snapshot, reader: Scope, where: Filter) -> CompiledFilter | None:
    """Compile the filter; returns None if the reader sees no home."""
    admitted = snapshot.admitted(reader)
    if not admitted:
        return None
    facet = Facets(hashes_of(snapshot.tenant.key))
    groups = [[facet.kind(kind) for kind in where.kinds]]
    groups.append([facet.origin(origin) for origin in where.origins])
    groups.append([facet.label(label) for label in where.labels])
    groups.append([facet.language(language) for language in where.languages])
    groups.append([facet.subject(subject) for subject in where.subjects])
    groups.append([facet.component(name) for name in where.components if not where.reach.component_paths])
    return CompiledFilter(
        tuple(tuple(group) for group in groups if group),
        None if len(admitted) == len(snapshot.cache.homes) else admitted,
        where.min_confidence,
        _paths(where, facet) if where.paths else None,
        _components(where, facet) if where.components and where.reach.component_paths else None,
    )


def _paths(where: Filter, facet: Facets) -> PathFilter:
    paths = where.paths
    pattern = path_pattern(paths)
    folders = [fixed_part(path) for path in paths]
    # A glob without a fixed folder narrows nothing down.
    facets = () if "" in folders else tuple(facet.path(folder) for folder in folders)
    areas, moved = tuple(facet.component(name) for name in where.reach.areas), where.reach.symbols
    moved_from = _exact_paths(where.reach.symbol_files, facet) if moved else None
    return PathFilter(paths, facets, None if pattern is None else re.compile(pattern), areas, moved, moved_from)


def _components(where: Filter, facet: Facets) -> PathFilter:
    names = tuple(facet.component(name) for name in where.components)
    return replace(_exact_paths(where.reach.component_paths, facet), areas=names)


def _exact_paths(paths: tuple[str, ...], facet: Facets) -> PathFilter:
    """Return a filter for files, and for folders that end in a slash."""
    return PathFilter(paths, tuple(map(facet.path, paths)))


@dataclass(frozen=True)
class Selection:
    """The memories with text that pass a filter.

    Attributes:
        texts: The text of all memories up to the requested ledger position.
        mask: Flags of the memories that pass; None if all do.
    """

    texts: TextColumns
    mask: NDArray[np.bool_] | None

    @cached_property
    def indexes(self) -> NDArray[np.int64]:
        """Their indexes into `texts`, rising."""
        import numpy as np

        return np.arange(len(self.texts)) if self.mask is None else np.flatnonzero(self.mask)

    @cached_property
    def numbers(self) -> NDArray[np.int64]:
        """Their row numbers, rising."""
        return self.texts.numbers if self.mask is None else self.texts.numbers[self.indexes]


def selection(snapshot: Snapshot, texts: TextColumns, where: CompiledFilter) -> Selection:
    """Apply a compiled filter to the memories with text."""
    import numpy as np

    mask = None if where.homes is None else texts.lives_in(where.homes)
    for group in where.facets:
        flags = np.zeros(len(texts), np.bool_)
        for postings in texts.postings(group):
            flags[postings.arrays()[0]] = True
        mask = flags if mask is None else mask & flags
    if where.min_confidence > 0.0:
        low, high = _bounds(snapshot.tenant, texts)
        numbers = snapshot.connection.execute(_CONFIDENT, (low, high, where.min_confidence))
        flags = _flags(texts, [number for (number,) in numbers])
        mask = flags if mask is None else mask & flags
    for paths in (where.paths, where.components):
        if paths is not None:
            flags = _on_paths(snapshot, texts, paths)
            mask = flags if mask is None else mask & flags
    return Selection(texts, mask)


def _on_paths(snapshot: Snapshot, texts: TextColumns, paths: PathFilter) -> NDArray[np.bool_]:
    """Flags of the memories of which a file, the file of a symbol, or a source key matches a path."""
    connection = snapshot.connection
    import numpy as np

    about, bounds = np.zeros(len(texts), np.bool_), _bounds(snapshot.tenant, texts)
    for postings in texts.postings(paths.facets):
        about[postings.arrays()[0]] = True
    if paths.pattern is not None:
        files = [anchor for anchor, name in connection.execute(_FILES) if paths.pattern.fullmatch(name)]
        rows = connection.execute(_ABOUT, (ints(files), *bounds))
        matching = _flags(texts, [number for (number,) in rows])
        about = about & matching if paths.facets else matching
    for postings in texts.postings(paths.areas):
        about[postings.arrays()[0]] = True
    symbols = list(_symbols_on(connection, paths.named))
    if symbols:
        about |= _flags(texts, [number for (number,) in connection.execute(_ABOUT, (ints(symbols), *bounds))])
    if paths.moved_from is not None:
        moved = [anchor for (anchor,) in connection.execute(_SYMBOLS_NAMED, (json.dumps(paths.moved),))]
        numbers = [number for (number,) in connection.execute(_ABOUT, (ints(moved), *bounds))]
        about |= _flags(texts, numbers) & _on_paths(snapshot, texts, paths.moved_from)
    return about | _flags(texts, list(numbers_on(snapshot, paths.named)))


def _symbols_on(connection: apsw.Connection, paths: Sequence[str]) -> Iterator[int]:
    """Yield the symbol anchors in files, in folders, or in the files that match globs."""
    is_on, spans = path_test(paths), [span for path in paths for span in _symbol_spans(path)]
    for number, name in connection.execute(_SYMBOLS, (json.dumps(spans),)):
        file = symbol_file(name)
        if file is not None and is_on(file):
            yield number


def _symbol_spans(path: str) -> list[tuple[str, str | None]]:
    """Return the least name of a symbol on a path, and a name behind all of them; None if no name is."""
    if not is_glob(path) and not path.endswith("/"):
        # The name of a symbol in a file goes on with `#` or `:`.
        return [(f"{path}{mark}", f"{path}{chr(ord(mark) + 1)}") for mark in "#:"]
    start = fixed_part(path)
    return [(start, f"{start[:-1]}0" if start else None)]


def _flags(texts: TextColumns, numbers: list[int]) -> NDArray[np.bool_]:
    import numpy as np

    flags = np.zeros(len(texts), np.bool_)
    indexes = texts.indexes(numbers)
    flags[indexes[indexes >= 0]] = True
    return flags


def _bounds(tenant: Tenant, texts: TextColumns) -> tuple[int, int]:
    """The least and the greatest row number of the memories with text."""
    last = int(texts.numbers[-1]) if len(texts) else rowid_of(tenant.number + 1, 0) - 1
    return rowid_of(tenant.number, 0), last


def latest(
    snapshot: Snapshot,
    where: CompiledFilter,
    index: TextIndex,
    at: datetime | None,
    before: int,
) -> Iterator[tuple[int, str]]:
    """Yield memories that pass the filter, last recorded first; `at` drops those cached as not in force."""
    tenant = snapshot.tenant
    top = rowid_of(tenant.number, max(min(before, tenant.seq + 1), 0))
    rows: Iterator[Row]
    if where.is_everything and where.homes is None:
        rows = snapshot.connection.execute(_BY_NUMBER, (rowid_of(tenant.number, 0), top))
    else:
        rows = _chosen(snapshot, where, index, top)
    for number, memory_id, is_common, holding in rows:
        if at is None or not is_common or containing(holding_of(holding), at) is not None:
            yield number, memory_id


def _chosen(snapshot: Snapshot, where: CompiledFilter, index: TextIndex, top: int) -> Iterator[Row]:
    packed = index.packed(snapshot) if where.has_only_terms else None
    if packed is not None:
        numbers = PackedSelection(packed, where, top - 1).newest()
    else:
        texts = index.texts(snapshot).upto(top - 1)
        numbers = selection(snapshot, texts, where).numbers[::-1].tolist()
    for start in range(0, len(numbers), _READ_AT_ONCE):
        yield from snapshot.connection.execute(_CHOSEN, (ints(numbers[start : start + _READ_AT_ONCE]),))


def rivals(snapshot: Snapshot, reader: Scope, request: Rivals) -> list[int]:
    """Return the numbers of memories that may be in force for the subjects, the latest first.

    The cached intervals decide if the requested ledger position is the current one.
    """
    tenant = snapshot.tenant
    admitted = snapshot.admitted(reader)
    at = request.at.valid if tenant.seq == request.at.seq else None
    last = rowid_of(tenant.number, max(min(request.at.seq, tenant.seq), 0))
    numbers: list[int] = []
    for subject in request.subjects:
        numbers += [
            number
            for number, home, spans in _of_subject(snapshot, subject)
            if number <= last
            and home in admitted
            and (at is None or spans is None or containing(spans, at) is not None)
        ]
    return sorted(numbers, reverse=True)[: request.limit]


def _of_subject(snapshot: Snapshot, subject: str) -> list[tuple[int, int, Spans | None]]:
    """Return (number, home, valid intervals) of each memory of a subject; None if the cache is not for all readers."""
    rivals_of = snapshot.cache.rivals.get(subject)
    if rivals_of is None:
        rows = snapshot.connection.execute(_BY_SUBJECT, (snapshot.tenant.number, subject))
        rivals_of = [(number, home, holding_of(text) if is_common else None) for number, home, is_common, text in rows]
        snapshot.cache.rivals[subject] = rivals_of
    return rivals_of
