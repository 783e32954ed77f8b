"""What answers a probe: words, names and vectors, in one statement."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from graphmem.adapters.neo4j.reading import HEAD_FIELDS, ROWS, ROWS_FIELDS, rows_of_found
from graphmem.adapters.neo4j.selecting import AWAIT_TEXT, EXACT_TESTS, FITS, TEXT_INDEX, Wanted
from graphmem.adapters.neo4j.values import CARD_FIELDS, END, Head, card_of, head_of, prefix, token
from graphmem.adapters.word_counts import many_of
from graphmem.model import Scope
from graphmem.ranking import Corpus, length_norm
from graphmem.rows import Rows
from graphmem.store import ModelCard, Probe

if TYPE_CHECKING:
    from neo4j import Record

    from graphmem.adapters.neo4j.connecting import Link

_LOOK = f"""
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
  UNWIND CASE WHEN $p.after > 0 THEN [$p.after] ELSE [] END AS after
  MATCH (m:Memory) WHERE m.tenant = $p.tenant AND m.seq > after AND m.vector IS NOT NULL
    AND {FITS}
  WITH m.seq AS seq ORDER BY seq
  RETURN collect(seq) AS later
}}
CALL () {{
  // A filter that was never asked before: the index knows who fits, and the others are not looked at.
  UNWIND CASE WHEN $p.after = 0 THEN [$p.clauses] ELSE [] END AS clauses
  CALL db.index.fulltext.queryNodes('{TEXT_INDEX}', clauses) YIELD node AS m
  WITH m WHERE m.vector IS NOT NULL AND {EXACT_TESTS}
  WITH m ORDER BY m.seq
  RETURN collect(m) AS first
}}
CALL () {{
  OPTIONAL MATCH (e:EmbeddingModel {{id: 'current'}}) RETURN {CARD_FIELDS} AS model
}}
"""
_FOUND = "head, model, terms, found_count, texts, names, [m IN first | m.seq] + later AS fitting"
_MATCH = f"{_LOOK} RETURN {_FOUND}"
# With the rows of what will be the answer unless the index ranks words otherwise than we do: the nearest vectors are
# those that are expected, or all that fits where that is little.
_MATCH_WITH_ROWS = f"""
{_LOOK}
WITH *, CASE WHEN size(first) > $p.few THEN []
  ELSE [name IN names | name[0]] + [text IN texts[..$p.prefetched] | text[0]] + $p.expected + [m IN first | m.id]
  END AS ids
CALL (ids) {{
  UNWIND ids AS id WITH DISTINCT id MATCH (m:Memory {{tenant: $p.tenant, id: id}}) RETURN collect(m) AS found
}}
WITH *, [] AS whole, [] AS rivals, coalesce($p.known, head[0]) AS known
{ROWS}
RETURN {_FOUND}, {ROWS_FIELDS}
"""

_CANDIDATES_PER_MATCH = 4
_MORE = 4
#: Share of the candidates, in the index's order, that must hold all of the best by exact score.
_SAFE_DEPTH = 0.75
_MOST_TERMS = 256
#: Up to so many times as many as asked for, the rows of all that fits cost less than asking again.
_FEW = 2
#: Share of the asked matches that are prefetched beyond them: near ties may come in another order.
_SPARE = 0.25

_SPECIAL = re.compile(r"[+\-&|!(){}\[\]^\"~*?:\\/]")
_BLANK = re.compile(r"\s|^$")

Scored = tuple[str, float]


@dataclass(frozen=True, slots=True)
class Found:
    """What one statement brought.

    Attributes:
        fitting: Positions of memories with a vector that fit the filter.
        rows: Those of what was found and expected; none if nothing could be expected.
    """

    head: Head
    model: ModelCard | None
    lexical: tuple[Scored, ...]
    named: Mapping[str, tuple[str, ...]]
    fitting: Sequence[int]
    rows: Rows


@dataclass(frozen=True, slots=True)
class Expected:
    """What is known before the server is asked.

    Attributes:
        after: The ledger position past which memories that fit the filter are to be told; None tells none.
        near: The nearest vectors, in all likelihood; None if nobody knows.
        at: The time at which memories that hold may come alone, if rows are to come along at all.
    """

    after: int | None
    near: tuple[Scored, ...] | None
    at: datetime | None


def find(link: Link, reader: Scope, probe: Probe, what: Wanted, *, seq: int | None, expected: Expected) -> Found:
    """Words and names that match, the memories that fit, and rows of what is expected to answer."""
    size = _CANDIDATES_PER_MATCH * max(probe.limit, 1)
    widest = size * _MORE
    asked = {**_asked(reader.tenant, probe, what, seq), **_expecting(expected, probe, seq)}
    has_rows = expected.at is not None and (expected.near is not None or expected.after == 0)
    while True:
        found = link.records(_MATCH_WITH_ROWS if has_rows else _MATCH, {**asked, "candidates": size})[0]
        head = head_of(reader.tenant, found["head"])
        scored = _scored(found, head, probe)
        if found["found_count"] < size or scored.is_safe or (size >= widest and len(scored.best) == probe.limit):
            break
        size *= _MORE
    rows = rows_of_found(reader.tenant, found) if has_rows else Rows()
    return Found(head, card_of(found["model"]), scored.best, _named(found, probe), found["fitting"], rows)


def _expecting(expected: Expected, probe: Probe, seq: int | None) -> dict[str, object]:
    return {
        "after": expected.after,
        "expected": [key for key, _ in expected.near or ()],
        "prefetched": int(probe.limit * (1 + _SPARE)),
        "few": _FEW * probe.limit,
        "known": seq,
        "settles": True,
        "at": expected.at,
    }


def _asked(tenant: str, probe: Probe, what: Wanted, seq: int | None) -> dict[str, Any]:
    before, words = prefix(tenant), list(dict.fromkeys(probe.terms))[:_MOST_TERMS]
    name_tokens = [token("n", name) for name in probe.names]
    text = " ".join(before + escaped(word) for word in words if not _BLANK.search(word))
    return {
        "tenant": tenant,
        "words": words,
        "text": f"{what.clauses} +search_text:({text})" if text and probe.limit > 0 else None,
        "named": f"{what.clauses} +facets:({' '.join(name_tokens)})" if name_tokens else None,
        "name_tokens": name_tokens,
        "clauses": what.clauses,
        **what.parameters,
        "seq": END if seq is None else min(seq, END),
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


@dataclass(frozen=True, slots=True)
class _Scores:
    """The best candidates by exact score, and whether the index can hardly have left out a better one.

    The index knows the statistics of all tenants, so its order is only near ours.
    """

    best: tuple[Scored, ...]
    is_safe: bool


def _scored(found: Record, head: Head, probe: Probe) -> _Scores:
    """Exact scores with the tenant's own statistics; the order of the full-text index only chose whom to score."""
    if not head.documents:
        return _Scores((), is_safe=True)
    corpus = Corpus(head.documents, head.tokens / head.documents, dict(found["terms"]))
    spelt = [(f" {term} ", f" {term}=", corpus.idf(term)) for term in dict.fromkeys(probe.terms)]
    scored = []
    for depth, (key, length, words) in enumerate(found["texts"]):
        norm, score = length_norm(corpus, length), 0.0
        for once, many, weight in spelt:
            if held := 1 if once in words else many_of(words, many):
                score += weight * held / (held + norm)
        scored.append((-score, key, depth))
    best = sorted(scored)[: probe.limit]
    deepest = max((depth for _, _, depth in best), default=0)
    return _Scores(tuple((key, -score) for score, key, _ in best), is_safe=deepest < len(scored) * _SAFE_DEPTH)
