"""Memories that answer a probe, by words, vectors and names, with all that speaks for each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import apsw

from graphmem.adapters.sqlite import chains, matching, meta, selecting
from graphmem.adapters.sqlite.caches import Caches
from graphmem.adapters.sqlite.chains import Ids
from graphmem.adapters.sqlite.matching import Words
from graphmem.adapters.sqlite.remembering import Remembered
from graphmem.adapters.sqlite.values import Tenant, place_of
from graphmem.adapters.sqlite.vectors import VectorSearch, dimension_of
from graphmem.model import Point, Scope
from graphmem.rows import Rows
from graphmem.store import Evidence, Filter, Matches, Probe


@dataclass(frozen=True, slots=True)
class Search:
    """One search of one tenant.

    Attributes:
        seq: The ledger position up to which memories are known.
        at: The instant for which rows are read; None for all rows of every match.
    """

    connection: apsw.Connection
    tenant: Tenant
    reader: Scope
    caches: Caches
    seq: int
    at: datetime | None

    def matches(self, probe: Probe, where: Filter) -> Matches:
        """What answers the probe and fits the filter; see `graphmem.store.Store.match`."""
        connection, tenant, known = self.connection, self.tenant, self.caches.memo.of(self.connection, self.tenant)
        what, model = selecting.wanted(connection, tenant, self.reader, where, known), meta.model_of(connection)
        if what is None:
            return Matches(seq=self.seq, model=model, rows=chains.component(connection, tenant, (), known))
        ids = Ids(connection, tenant, known)
        texts = self.caches.texts.texts(connection, tenant)
        fitting = selecting.fitting(connection, tenant, texts.upto(place_of(tenant.number, self.seq)), what)
        hidden = matching.hidden_from(connection, tenant, self.reader, known)
        words = Words(tenant, texts, probe.terms, hidden)
        known_vectors, dimension = self.caches.vectors, dimension_of(connection)
        vectors = VectorSearch(connection, tenant, what, fitting, ids, self.seq, known_vectors, dimension, texts)
        is_comparable = probe.vector is not None and tenant.vectors and probe.model in (None, model)
        found = Matches(
            words.best(fitting, ids, probe.limit),
            vectors.best(probe.vector, probe.limit) if probe.vector is not None and is_comparable else (),
            matching.carriers(probe.names, tenant, fitting, ids),
            seq=self.seq,
            model=model,
        )
        numbers = [ids.numbers[key] for key in found.ids]
        if probe.is_weighed:
            found = _weighed(found, numbers, probe, words, vectors)
        return replace(found, rows=self._rows(numbers, known))

    def _rows(self, numbers: Sequence[int], known: Remembered) -> Rows:
        if self.at is None:
            return chains.component(self.connection, self.tenant, numbers, known)
        return chains.settled_or_whole(self.connection, self.tenant, numbers, known, Point(self.at, self.seq))


def _weighed(found: Matches, numbers: Sequence[int], probe: Probe, words: Words, vectors: VectorSearch) -> Matches:
    """The same matches with the weights of the terms, and with evidence for each of them."""
    ids = found.ids
    cosines = dict(found.vector)
    if cosines and probe.vector is not None:
        others = [number for key, number in zip(ids, numbers, strict=True) if key not in cosines]
        cosines |= vectors.cosines(probe.vector, others)
    said = words.said(numbers)
    evidence = {key: Evidence(one, cosines.get(key)) for key, one in zip(ids, said, strict=True)}
    corpus = words.corpus
    weights = tuple(map(corpus.weight, probe.terms))
    return replace(found, weights=weights, evidence=evidence, unheld=corpus.unheld(probe.terms))
