"""Runs a search: lexical, vector and name matches of a probe, with the evidence for each match."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import apsw

from graphmem.adapters.sqlite import chains, filter_selection, lexical_search, meta_table, row_queries
from graphmem.adapters.sqlite.caches import StoreCaches
from graphmem.adapters.sqlite.chains import IdLookup
from graphmem.adapters.sqlite.lexical_search import LexicalSearch
from graphmem.adapters.sqlite.packed_search import PackedSearch
from graphmem.adapters.sqlite.packed_selection import PackedSelection
from graphmem.adapters.sqlite.packed_texts import PackedTexts
from graphmem.adapters.sqlite.row_cache import RowCache
from graphmem.adapters.sqlite.values import Tenant, rowid_of
from graphmem.adapters.sqlite.vectors import VectorSearch, dimension_of
from graphmem.deferred_dataclass import dataclass
from graphmem.model import Point, Scope
from graphmem.ranking import Corpus
from graphmem.rows import CachedRows
from graphmem.store import Evidence, Filter, Matches, Probe


@dataclass(frozen=True, slots=True)
class Search:
    """A search in one tenant.

    Attributes:
        seq: The ledger position; later memories are ignored.
        at: The valid time for which rows are read; None for all rows of every match.
    """

    connection: apsw.Connection
    tenant: Tenant
    reader: Scope
    caches: StoreCaches
    seq: int
    at: datetime | None

    def matches(self, probe: Probe, where: Filter) -> Matches:
        """Return the matches of the probe that pass the filter; see `graphmem.store.Store.match`."""
        connection, tenant = self.connection, self.tenant
        cache, model = self.caches.rows_cache.of(connection, tenant), meta_table.model_of(connection)
        compiled = filter_selection.compile_filter(connection, tenant, self.reader, where, cache)
        if compiled is None:
            return Matches(seq=self.seq, model=model, rows=CachedRows(chains.component(connection, tenant, (), cache)))
        ids = IdLookup(connection, tenant, cache)
        packed = None
        if probe.vector is None and compiled.has_only_terms:
            packed = self.caches.texts.packed(connection, tenant)
        if packed is not None:
            matches = self._packed_matches(packed, compiled, probe, ids)
            return replace(matches, rows=self._rows([ids.numbers[key] for key in matches.ids], cache))
        texts = self.caches.texts.texts(connection, tenant)
        selection = filter_selection.selection(
            connection, tenant, texts.upto(rowid_of(tenant.number, self.seq)), compiled
        )
        hidden = lexical_search.hidden_from(connection, tenant, self.reader, cache)
        lexical = LexicalSearch(tenant, texts, probe.terms, hidden)
        vector_cache, dimension = self.caches.vectors, dimension_of(connection)
        vectors = VectorSearch(connection, tenant, compiled, selection, ids, self.seq, vector_cache, dimension, texts)
        is_comparable = probe.vector is not None and tenant.vectors and probe.model in (None, model)
        matches = Matches(
            lexical.best(selection, ids, probe.limit),
            vectors.best(probe.vector, probe.limit) if probe.vector is not None and is_comparable else (),
            lexical_search.carriers(probe.names, tenant, selection, ids),
            seq=self.seq,
            model=model,
            last_reading=row_queries.last_reading(connection, tenant),
        )
        numbers = [ids.numbers[key] for key in matches.ids]
        if probe.is_weighed:
            matches = _weighed(matches, numbers, probe, lexical, vectors)
        return replace(matches, rows=self._rows(numbers, cache))

    def _packed_matches(
        self, texts: PackedTexts, where: filter_selection.CompiledFilter, probe: Probe, ids: IdLookup
    ) -> Matches:
        """Return the lexical and name matches, without NumPy."""
        connection, tenant = self.connection, self.tenant
        selection = PackedSelection(texts, where, rowid_of(tenant.number, self.seq))
        cache = self.caches.rows_cache.of(connection, tenant)
        hidden = lexical_search.hidden_from(connection, tenant, self.reader, cache)
        lexical = PackedSearch(tenant, selection, probe.terms, hidden)
        matches = Matches(
            lexical.best(ids, probe.limit),
            (),
            lexical.carriers(probe.names, ids),
            seq=self.seq,
            model=meta_table.model_of(connection),
            last_reading=row_queries.last_reading(connection, tenant),
        )
        if not probe.is_weighed:
            return matches
        saturations = lexical.saturations([ids.numbers[key] for key in matches.ids])
        return _with_weights(matches, probe, lexical.corpus, saturations, {})

    def _rows(self, numbers: Sequence[int], cache: RowCache) -> CachedRows:
        if self.at is None:
            return CachedRows(chains.component(self.connection, self.tenant, numbers, cache))
        return chains.rows_at_point(self.connection, self.tenant, numbers, cache, Point(self.at, self.seq))


def _weighed(
    matches: Matches, numbers: Sequence[int], probe: Probe, lexical: LexicalSearch, vectors: VectorSearch
) -> Matches:
    """Add the term weights and the evidence for each match."""
    ids = matches.ids
    cosines = dict(matches.vector)
    if cosines and probe.vector is not None:
        without_cosine = [number for memory_id, number in zip(ids, numbers, strict=True) if memory_id not in cosines]
        cosines |= vectors.cosines(probe.vector, without_cosine)
    saturations = lexical.saturations(numbers)
    return _with_weights(matches, probe, lexical.corpus, saturations, cosines)


def _with_weights(
    matches: Matches,
    probe: Probe,
    corpus: Corpus,
    saturations: Sequence[tuple[float, ...]],
    cosines: Mapping[str, float],
) -> Matches:
    pairs = zip(matches.ids, saturations, strict=True)
    evidence = {memory_id: Evidence(terms, cosines.get(memory_id)) for memory_id, terms in pairs}
    weights = tuple(map(corpus.weight, probe.terms))
    return replace(matches, weights=weights, evidence=evidence, unheld=corpus.unheld(probe.terms))
