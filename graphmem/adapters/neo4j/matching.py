"""What answers a probe: words, names and vectors, in one statement."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphmem.adapters.neo4j.reading import HEAD_FIELDS
from graphmem.adapters.neo4j.selecting import AWAIT_TEXT, EXACT_TESTS, FITS, TEXT_INDEX, Wanted
from graphmem.adapters.neo4j.values import CARD_FIELDS, Head, card_of, head_of, prefix, token
from graphmem.adapters.word_counts import many_of
from graphmem.model import Scope
from graphmem.ranking import Corpus, length_norm
from graphmem.store import ModelCard, Probe

if TYPE_CHECKING:
    from neo4j import Record

    from graphmem.adapters.neo4j.connecting import Link

_MATCH = f"""
{AWAIT_TEXT}
CALL () {{ OPTIONAL MATCH (l:Ledger {{tenant: $p.tenant}}) RETURN {HEAD_FIELDS} AS head }}
CALL () {{
  UNWIND $p.words AS word MATCH (t:Term {{tenant: $p.tenant, word: word}}) RETURN collect([word, t.memories]) AS terms
}}
CALL () {{
  UNWIND CASE WHEN $p.text IS NULL THEN [] ELSE [$p.text] END AS text
  CALL db.index.fulltext.queryNodes('{TEXT_INDEX}', text, {{limit: $p.candidates}}) YIELD node AS m
  WITH collect(m) AS found
  RETURN size(found) AS found_count,
    [m IN found WHERE m.seq <= $p.seq AND {EXACT_TESTS} | [m.id, m.length, m.words]] AS texts
}}
CALL () {{
  UNWIND CASE WHEN $p.named IS NULL THEN [] ELSE [$p.named] END AS named
  CALL db.index.fulltext.queryNodes('{TEXT_INDEX}', named) YIELD node AS m
  WITH m WHERE m.seq <= $p.seq AND {EXACT_TESTS}
  RETURN collect([m.id, [facet IN m.facets WHERE facet IN $p.name_tokens]]) AS names
}}
CALL () {{
  UNWIND CASE WHEN $p.after IS NULL THEN [] ELSE [$p.after] END AS after
  MATCH (m:Memory) WHERE m.tenant = $p.tenant AND m.seq > after AND m.vector IS NOT NULL
    AND {FITS}
  WITH m.seq AS seq ORDER BY seq
  RETURN collect(seq) AS fitting
}}
CALL () {{
  OPTIONAL MATCH (e:EmbeddingModel {{id: 'current'}}) RETURN {CARD_FIELDS} AS model
}}
RETURN head, model, terms, found_count, texts, names, fitting
"""

_LEAST_CANDIDATES = 400
_CANDIDATES_PER_MATCH = 4
_MOST_TERMS = 256
_END = 2**62

_SPECIAL = re.compile(r"[+\-&|!(){}\[\]^\"~*?:\\/]")
_BLANK = re.compile(r"\s|^$")

Scored = tuple[str, float]


@dataclass(frozen=True, slots=True)
class Found:
    """What one statement brought; `fitting` are positions of memories with a vector that fit the filter."""

    head: Head
    model: ModelCard | None
    lexical: tuple[Scored, ...]
    named: Mapping[str, tuple[str, ...]]
    fitting: Sequence[int]


def find(link: Link, reader: Scope, probe: Probe, what: Wanted, *, seq: int | None, after: int | None) -> Found:
    """Words and names that match, and the memories past position `after` that fit; None leaves those out."""
    size = max(_LEAST_CANDIDATES, _CANDIDATES_PER_MATCH * probe.limit)
    asked = _asked(reader.tenant, probe, what, seq, after)
    while True:
        found = link.records(_MATCH, {**asked, "candidates": size})[0]
        texts, is_all = found["texts"], found["found_count"] < size
        if is_all or len(texts) >= min(probe.limit, size // 2):
            break
        size *= 4
    head = head_of(reader.tenant, found["head"])
    return Found(head, card_of(found["model"]), _scored(found, head, probe), _named(found, probe), found["fitting"])


def _asked(tenant: str, probe: Probe, what: Wanted, seq: int | None, after: int | None) -> dict[str, Any]:
    before, words = prefix(tenant), list(dict.fromkeys(probe.terms))[:_MOST_TERMS]
    name_tokens = [token("n", name) for name in probe.names]
    text = " ".join(before + escaped(word) for word in words if not _BLANK.search(word))
    return {
        "tenant": tenant,
        "words": words,
        "text": f"{what.clauses} +search_text:({text})" if text and probe.limit > 0 else None,
        "named": f"{what.clauses} +facets:({' '.join(name_tokens)})" if name_tokens else None,
        "name_tokens": name_tokens,
        "after": after,
        **what.parameters,
        "seq": _END if seq is None else min(seq, _END),
    }


def escaped(word: str) -> str:
    """A word as the full-text index's query language takes it literally."""
    return _SPECIAL.sub(r"\\\g<0>", word)


def _named(found: Record, probe: Probe) -> dict[str, tuple[str, ...]]:
    spelt = {token("n", name): name for name in probe.names}
    carried: dict[str, list[str]] = {}
    for key, tokens in found["names"]:
        for one in tokens:
            carried.setdefault(spelt[one], []).append(key)
    return {name: tuple(sorted(carried[name])) for name in probe.names if name in carried}


def _scored(found: Record, head: Head, probe: Probe) -> tuple[Scored, ...]:
    """Exact scores with the tenant's own statistics; the order of the full-text index only chose whom to score."""
    if not head.documents:
        return ()
    corpus = Corpus(head.documents, head.tokens / head.documents, dict(found["terms"]))
    spelt = [(f" {term} ", f" {term}=", corpus.idf(term)) for term in dict.fromkeys(probe.terms)]
    scored = []
    for key, length, words in found["texts"]:
        norm, score = length_norm(corpus, length), 0.0
        for once, many, weight in spelt:
            if held := 1 if once in words else many_of(words, many):
                score += weight * held / (held + norm)
        scored.append((key, score))
    scored.sort(key=lambda one: (-one[1], one[0]))
    return tuple(scored[: probe.limit])
