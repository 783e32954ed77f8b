"""All that speaks for matches, whether words or vectors found them."""

from __future__ import annotations

from dataclasses import replace

from graphmem.adapters.sqlite.matching import Search
from graphmem.adapters.sqlite.vectors import VectorSearch
from graphmem.ranking import Corpus
from graphmem.store import Evidence, Matches, Probe


def weighed(found: Matches, probe: Probe, corpus: Corpus, text: Search, vectors: VectorSearch) -> Matches:
    """The same matches with the weights of the terms, and with evidence for each of them."""
    numbers = vectors.ids.numbers
    said = text.words(corpus, probe.terms, [numbers[key] for key in found.ids])
    cosines = dict(found.vector)
    if cosines and probe.vector is not None:
        cosines |= vectors.cosines(probe.vector, [numbers[key] for key in found.ids if key not in cosines])
    nothing = (0.0,) * len(probe.terms)
    evidence = {key: Evidence(said.get(numbers[key], nothing), cosines.get(key)) for key in found.ids}
    return replace(found, weights=tuple(map(corpus.weight, probe.terms)), evidence=evidence)
