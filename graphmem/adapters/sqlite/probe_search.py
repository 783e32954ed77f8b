"""Runs a search: lexical, vector and name matches of a probe, with the evidence for each match."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from graphmem.adapters.sqlite import chains, filter_selection, meta_table
from graphmem.adapters.sqlite.caches import StoreCaches
from graphmem.adapters.sqlite.chains import IdLookup
from graphmem.adapters.sqlite.packed_search import PackedSearch
from graphmem.adapters.sqlite.packed_selection import PackedSelection
from graphmem.adapters.sqlite.packed_texts import PackedTexts
from graphmem.adapters.sqlite.snapshot import Snapshot
from graphmem.adapters.sqlite.values import rowid_of
from graphmem.deferred_dataclass import dataclass, replace
from graphmem.model import Point, Scope
from graphmem.ranking import Corpus
from graphmem.rows import CachedRows
from graphmem.store import Evidence, Filter, Matches, Probe

if TYPE_CHECKING:
    from graphmem.adapters.sqlite.lexical_search import LexicalSearch
    from graphmem.adapters.sqlite.vectors import VectorSearch


@dataclass(frozen=True, slots=True)
class Search:
    """A search in one tenant.

    Attributes:
        seq: The ledger position; later memories are ignored.
        at: The valid time for which rows are read; None for all rows of every match.
    """

    snapshot: Snapshot
    reader: Scope
    caches: StoreCaches
    seq: int
    at: datetime | None

    def matches(self, probe: Probe, where: Filter) -> Matches:
        """Return the matches of the probe that pass the filter; see `graphmem.store.Store.match`."""
        snapshot = self.snapshot
        compiled = filter_selection.compile_filter(snapshot, self.reader, where)
        if compiled is None:
            return Matches(
                seq=self.seq,
                model=meta_table.model_of(snapshot.connection),
                rows=CachedRows(chains.component(snapshot, ())),
            )
        ids = IdLookup(snapshot)
        packed = None
        if probe.vector is None and compiled.has_only_terms:
            packed = self.caches.texts.packed(snapshot)
        if packed is not None:
            matches = self._packed_matches(packed, compiled, probe, ids)
            return replace(matches, rows=self._rows([ids.numbers[key] for key in matches.ids]))
        matches = self._compared(compiled, probe, ids)
        return replace(matches, rows=self._rows([ids.numbers[key] for key in matches.ids]))

    def _compared(self, compiled: filter_selection.CompiledFilter, probe: Probe, ids: IdLookup) -> Matches:
        """Return the lexical, vector and name matches, with NumPy."""
        from graphmem.adapters.sqlite import lexical_search
        from graphmem.adapters.sqlite.lexical_search import LexicalSearch
        from graphmem.adapters.sqlite.vectors import VectorSearch, dimension_of

        snapshot = self.snapshot
        tenant, model = snapshot.tenant, meta_table.model_of(snapshot.connection)
        texts = self.caches.texts.texts(snapshot)
        selection = filter_selection.selection(snapshot, texts.upto(rowid_of(tenant.number, self.seq)), compiled)
        lexical = LexicalSearch(tenant, texts, probe.terms, snapshot.hidden_from(self.reader))
        vector_cache, dimension = self.caches.vectors, dimension_of(snapshot.connection)
        vectors = VectorSearch(snapshot, compiled, selection, ids, self.seq, vector_cache, dimension, texts)
        is_comparable = probe.vector is not None and tenant.vectors and probe.model in (None, model)
        matches = Matches(
            lexical.best(selection, ids, probe.limit),
            vectors.best(probe.vector, probe.limit) if probe.vector is not None and is_comparable else (),
            lexical_search.carriers(probe.names, tenant, selection, ids),
            seq=self.seq,
            model=model,
            last_reading=snapshot.last_reading(),
        )
        if probe.is_weighed:
            matches = _weighed(matches, [ids.numbers[key] for key in matches.ids], probe, lexical, vectors)
        return matches

    def _packed_matches(
        self, texts: PackedTexts, where: filter_selection.CompiledFilter, probe: Probe, ids: IdLookup
    ) -> Matches:
        """Return the lexical and name matches, without NumPy."""
        snapshot = self.snapshot
        selection = PackedSelection(texts, where, rowid_of(snapshot.tenant.number, self.seq))
        hidden = snapshot.hidden_from(self.reader)
        lexical = PackedSearch(snapshot.tenant, selection, probe.terms, hidden)
        matches = Matches(
            lexical.best(ids, probe.limit),
            (),
            lexical.carriers(probe.names, ids),
            seq=self.seq,
            model=meta_table.model_of(snapshot.connection),
            last_reading=snapshot.last_reading(),
        )
        if not probe.is_weighed:
            return matches
        saturations = lexical.saturations([ids.numbers[key] for key in matches.ids])
        return _with_weights(matches, probe, lexical.corpus, saturations, {})

    def _rows(self, numbers: Sequence[int]) -> CachedRows:
        if self.at is None:
            return CachedRows(chains.component(self.snapshot, numbers))
        return chains.rows_at_point(self.snapshot, numbers, Point(self.at, self.seq))


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
