"""All that speaks for matches, whether words or vectors found them."""

from __future__ import annotations

from dataclasses import replace

from graphmem.adapters.sqlite.matching import Words
from graphmem.adapters.sqlite.vectors import VectorSearch
from graphmem.store import Evidence, Matches, Probe


def weighed(found: Matches, probe: Probe, words: Words, vectors: VectorSearch) -> Matches:
    """The same matches with the weights of the terms, and with evidence for each of them."""
    numbers = vectors.ids.numbers
    ids = found.ids
    said = words.said([numbers[key] for key in ids])
    cosines = dict(found.vector)
    if cosines and probe.vector is not None:
        cosines |= vectors.cosines(probe.vector, [numbers[key] for key in ids if key not in cosines])
    evidence = {key: Evidence(one, cosines.get(key)) for key, one in zip(ids, said, strict=True)}
    return replace(found, weights=tuple(map(words.corpus.weight, probe.terms)), evidence=evidence)
