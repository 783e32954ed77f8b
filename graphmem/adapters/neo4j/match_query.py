"""Runs the search statement: lexical and name matches, the memories that pass the filter, rows of likely matches."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any

from graphmem.adapters.neo4j.common_words import CommonWords
from graphmem.adapters.neo4j.compiled_filter import AWAIT_TEXT, EXACT_TESTS, PASSES, TEXT_INDEX, CypherFilter
from graphmem.adapters.neo4j.ledger_queries import HEAD_FIELDS, LAST_READING
from graphmem.adapters.neo4j.row_queries import ROWS, ROWS_FIELDS, rows_of_record
from graphmem.adapters.neo4j.text_entries import ANY_USER, MEMORIES, WORDS, private_term
from graphmem.adapters.neo4j.values import CARD_FIELDS, END, LedgerHead, card_of, head_of, prefix, token
from graphmem.adapters.vector_bytes import exact_scores, rows_of_bytes
from graphmem.adapters.word_counts import many_of
from graphmem.deferred_dataclass import dataclass
from graphmem.model import Scope
from graphmem.ranking import Corpus, length_norm
from graphmem.rows import CachedRows
from graphmem.store import Evidence, ModelCard, Probe

if TYPE_CHECKING:
    from neo4j import Record

    from graphmem.adapters.neo4j.database import Database

_HEAD_AND_MODEL = f"""
CALL () {{
  OPTIONAL MATCH (l:Ledger {{tenant: $p.tenant}}) RETURN {HEAD_FIELDS} AS head, {LAST_READING} AS last_reading
}}
CALL () {{ OPTIONAL MATCH (e:EmbeddingModel {{id: 'current'}}) RETURN {CARD_FIELDS} AS model }}
"""
_WORDS = f"""
CALL () {{
  UNWIND $p.words AS word MATCH (t:Term {{tenant: $p.tenant, word: word}}) RETURN collect([word, t.memories]) AS terms
}}
CALL () {{
  CALL db.index.fulltext.queryNodes('{TEXT_INDEX}', $p.text, {{limit: $p.candidates}}) YIELD node AS m
  WITH collect(m) AS hits
  RETURN size(hits) AS hit_count,
    [m IN hits WHERE m.seq <= $p.seq AND {EXACT_TESTS} | [m.id, m.length, m.words]] AS texts
}}
"""
_NO_WORDS = "WITH *, [] AS terms, 0 AS hit_count, [] AS texts"
_NAMES = f"""
CALL () {{
  CALL db.index.fulltext.queryNodes('{TEXT_INDEX}', $p.named) YIELD node AS m
  WITH m WHERE m.seq <= $p.seq AND {EXACT_TESTS}
  RETURN collect([m.id, [facet IN m.facets WHERE facet IN $p.name_tokens], m.length, m.words]) AS names
}}
"""
# Word counts of the expected nearest memories, as evidence for these matches.
_NEAR_WORDS = """
CALL () {
  UNWIND $p.expected AS id MATCH (m:Memory {tenant: $p.tenant, id: id})
  RETURN collect([m.id, m.length, m.words]) AS near
}
"""
_NO_NEAR_WORDS = "WITH *, [] AS near"
_NO_NAMES = "WITH *, [] AS names"


class _Passing(Enum):
    """The clause that returns memories with a vector that pass the filter, in ledger order."""

    NONE = "WITH *, [] AS passing"
    #: Those past a ledger position: the cache has the others.
    LATER = f"""
CALL () {{
  MATCH (m:Memory) WHERE m.tenant = $p.tenant AND m.seq > $p.after AND m.vector IS NOT NULL
    AND {PASSES}
  WITH m ORDER BY m.seq
  RETURN collect(m) AS passing
}}
"""
    #: All: the full-text index selects them, so that other memories are not read.
    ALL = f"""
CALL () {{
  CALL db.index.fulltext.queryNodes('{TEXT_INDEX}', $p.clauses) YIELD node AS m
  WITH m WHERE m.vector IS NOT NULL AND {EXACT_TESTS}
  WITH m ORDER BY m.seq
  RETURN collect(m) AS passing
}}
"""


_FIELDS = "head, last_reading, model, terms, hit_count, texts, names, near, [m IN passing | m.seq] AS passing_seqs"
# Also returns the rows of the likely matches: named memories, the first lexical hits, the expected nearest vectors, and
# all memories that pass the filter if they are few.
_ROWS = f"""
WITH *, CASE WHEN size(passing) > $p.few THEN []
  ELSE [name IN names | name[0]] + [text IN texts[..$p.prefetched] | text[0]] + $p.expected + [m IN passing | m.id]
  END AS ids
CALL (ids) {{
  UNWIND ids AS id WITH DISTINCT id MATCH (m:Memory {{tenant: $p.tenant, id: id}}) RETURN collect(m) AS found
}}
WITH *, [] AS unsettled, [] AS rivals, coalesce($p.known, head[0]) AS known
{ROWS}
RETURN {_FIELDS}, {ROWS_FIELDS}
"""


@cache
def _statement(*, has_words: bool, has_names: bool, has_near: bool, passing: _Passing, has_rows: bool) -> str:
    """Return the statement with only the requested parts: planning all parts takes a server seconds after its start."""
    is_indexed = has_words or has_names or passing is _Passing.ALL
    return "\n".join(
        (
            AWAIT_TEXT if is_indexed else "",
            _HEAD_AND_MODEL,
            _WORDS if has_words else _NO_WORDS,
            _NAMES if has_names else _NO_NAMES,
            _NEAR_WORDS if has_near else _NO_NEAR_WORDS,
            passing.value,
            _ROWS if has_rows else f"RETURN {_FIELDS}",
        )
    )


_CANDIDATES_PER_MATCH = 4
_GROWTH = 4
#: The best by exact score must all be within this share of the candidates, in the index's order.
_SAFE_DEPTH = 0.75
_MOST_TERMS = 256
#: Up to this many times the limit, the rows of all memories that pass the filter cost less than a second statement.
_FEW = 2
#: Prefetch this share of the limit beyond it: near ties may change their order.
_SPARE = 0.25

_SPECIAL = re.compile(r"[+\-&|!(){}\[\]^\"~*?:\\/]")
_BLANK = re.compile(r"\s|^$")

Scored = tuple[str, float]


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The result of the search statement.

    Attributes:
        lexical: (id, BM25 score), best first, ties by id.
        named: Sorted ids of the memories with each name.
        passing_seqs: Ledger positions of memories with a vector that pass the filter.
        rows: The rows of the likely matches; empty if none were requested.
        corpus: The word statistics for this reader.
        word_counts: Length and word counts of the returned memories, by id.
        last_reading: As in `Matches`.
    """

    head: LedgerHead
    model: ModelCard | None
    lexical: tuple[Scored, ...]
    named: Mapping[str, tuple[str, ...]]
    passing_seqs: Sequence[int]
    rows: CachedRows
    corpus: Corpus
    word_counts: Mapping[str, tuple[int, str]]
    last_reading: int


@dataclass(frozen=True, slots=True)
class Prefetch:
    """The client's cached knowledge, used to shape the search statement.

    Attributes:
        after: Return memories that pass the filter past this ledger position; None for none of them.
        near: The nearest vectors if nothing was written since the last search; None if unknown.
        at: The valid time for settled rows; None to request no rows.
        common: The common words of each tenant.
    """

    after: int | None
    near: tuple[Scored, ...] | None
    at: datetime | None
    common: CommonWords


def search(
    database: Database, reader: Scope, probe: Probe, where: CypherFilter, *, seq: int | None, prefetch: Prefetch
) -> SearchResult:
    """Return lexical and name matches, the memories that pass the filter, and rows of likely matches.

    The candidates are requested again, in larger numbers, until the best by exact score are certain.
    """
    first = size = _CANDIDATES_PER_MATCH * max(probe.limit, 1)
    widest = size * _GROWTH
    # A filter passes few memories, so that memories without the rarer words may be needed: no word is optional then.
    common = prefetch.common
    optional = frozenset[str]() if where.groups else common.optional(reader.tenant, probe.terms)
    parameters = {**_parameters(reader, probe, where, seq), **_prefetch_parameters(prefetch, probe, seq)}
    parameters["text"] = _text(reader.tenant, probe, where, optional)
    has_rows = prefetch.at is not None and (prefetch.near is not None or prefetch.after == 0)
    statement = _statement(
        has_words=parameters["text"] is not None,
        has_names=parameters["named"] is not None,
        has_near=probe.is_weighed and bool(prefetch.near),
        passing=_Passing.NONE if prefetch.after is None else _Passing.LATER if prefetch.after else _Passing.ALL,
        has_rows=has_rows,
    )
    while True:
        record = database.records(statement, {**parameters, "candidates": size})[0]
        head = head_of(reader.tenant, record["head"])
        scored = _scored(record, _corpus(record, head, reader.user, _words(probe)), probe, optional)
        if optional:
            common.judge(reader.tenant, was_enough=scored.is_beyond_reach)
            if not scored.is_beyond_reach:
                optional, size = frozenset(), first
                parameters["text"] = _text(reader.tenant, probe, where, optional)
                continue
        if record["hit_count"] < size or scored.is_safe or (size >= widest and len(scored.best) == probe.limit):
            break
        size *= _GROWTH
    common.learn(reader.tenant, scored.corpus)
    rows = rows_of_record(reader.tenant, record) if has_rows else CachedRows()
    model, named = card_of(record["model"]), _named(record, probe)
    last = next(iter(record["last_reading"]), 0)
    return SearchResult(
        head, model, scored.best, named, record["passing_seqs"], rows, scored.corpus, _word_counts(record), last
    )


def _word_counts(record: Record) -> dict[str, tuple[int, str]]:
    named = [(memory_id, length, words) for memory_id, _, length, words in record["names"]]
    counted = [*record["texts"], *named, *record["near"]]
    return {memory_id: (length, words) for memory_id, length, words in counted if words is not None}


def saturations(corpus: Corpus, terms: Sequence[str], length: int, words: str) -> tuple[float, ...]:
    """Return each term's saturated frequency in a memory, from 0 up to 1."""
    norm = length_norm(corpus, length)
    counts = [1 if f" {term} " in words else many_of(words, f" {term}=") for term in terms]
    return tuple(count / (count + norm) if count else 0.0 for count in counts)


_EVIDENCE = """
UNWIND $p.ids AS id MATCH (m:Memory {tenant: $p.tenant, id: id})
RETURN m.id AS id, m.length AS length, m.words AS words,
  CASE WHEN $p.has_vector THEN m.vector END AS vector
"""


def evidence(
    database: Database,
    tenant: str,
    probe: Probe,
    result: SearchResult,
    ids: Sequence[str],
    cosines: Mapping[str, float],
) -> dict[str, Evidence]:
    """Return the evidence for each match; word counts and vectors that are missing in `result` are read.

    Args:
        database: The database to read from.
        tenant: The tenant of the memories.
        probe: The probe of the search.
        result: The result of the search statement.
        ids: The matches.
        cosines: The cosines computed so far; empty if no vectors are compared.
    """
    is_compared = bool(cosines) and probe.vector is not None
    counts, cosine_of = dict(result.word_counts), dict(cosines)
    missing = [
        memory_id for memory_id in ids if memory_id not in counts or (is_compared and memory_id not in cosine_of)
    ]
    parameters = {"tenant": tenant, "ids": missing, "has_vector": is_compared}
    for record in database.records(_EVIDENCE, parameters) if missing else ():
        if record["words"] is not None:
            counts[record["id"]] = record["length"], record["words"]
        if record["vector"] is not None and probe.vector is not None:
            rows = rows_of_bytes([record["vector"]], len(probe.vector))
            cosine_of |= dict(exact_scores([record["id"]], rows, probe.vector, 1))
    zeros = (0.0,) * len(probe.terms)
    return {
        memory_id: Evidence(
            saturations(result.corpus, probe.terms, *counts[memory_id]) if memory_id in counts else zeros,
            cosine_of.get(memory_id),
        )
        for memory_id in ids
    }


def _prefetch_parameters(prefetch: Prefetch, probe: Probe, seq: int | None) -> dict[str, object]:
    return {
        "after": prefetch.after,
        "expected": [memory_id for memory_id, _ in prefetch.near or ()],
        "prefetched": int(probe.limit * (1 + _SPARE)),
        "few": _FEW * probe.limit,
        "known": seq,
        "settles": True,
        "at": prefetch.at,
    }


def _parameters(reader: Scope, probe: Probe, where: CypherFilter, seq: int | None) -> dict[str, Any]:
    name_tokens = [token("n", name) for name in probe.names]
    return {
        "tenant": reader.tenant,
        "words": _counts(reader.user, _words(probe)),
        "named": f"{where.clauses} +facets:({' '.join(name_tokens)})" if name_tokens else None,
        "name_tokens": name_tokens,
        "clauses": where.clauses,
        **where.parameters,
        "seq": END if seq is None else min(seq, END),
    }


def _words(probe: Probe) -> list[str]:
    return list(dict.fromkeys(probe.terms))[:_MOST_TERMS]


def _counts(user: str | None, words: Sequence[str]) -> list[str]:
    """Return the terms with the counts for a reader's statistics."""
    owners = (ANY_USER,) if user is None else (ANY_USER, user)
    return [*words, *(private_term(owner, term) for owner in owners for term in (*words, MEMORIES, WORDS))]


def _corpus(record: Record, head: LedgerHead, user: str | None, words: Sequence[str]) -> Corpus:
    """Return the statistics of shared memories and of the reader's private memories."""
    counts = dict(record["terms"])

    def of_audience(term: str, total: int) -> int:
        own = 0 if user is None else counts.get(private_term(user, term), 0)
        return int(total - counts.get(private_term(ANY_USER, term), 0) + own)

    memories, tokens = of_audience(MEMORIES, head.documents), of_audience(WORDS, head.tokens)
    frequency = {word: count for word in words if (count := of_audience(word, counts.get(word, 0)))}
    return Corpus(memories, tokens / max(memories, 1), frequency)


def _text(tenant: str, probe: Probe, where: CypherFilter, optional: AbstractSet[str]) -> str | None:
    """Return the full-text query: any of the required words must occur; the optional words only add to the score."""
    before, words = prefix(tenant), [word for word in _words(probe) if not _BLANK.search(word)]
    required_terms = [before + escaped(word) for word in words if word not in optional]
    optional_terms = [before + escaped(word) for word in words if word in optional]
    if not words or probe.limit < 1:
        return None
    if not required_terms or not optional_terms:
        return f"{where.clauses} +search_text:({' '.join(required_terms or optional_terms)})"
    return f"{where.clauses} +search_text:({' '.join(required_terms)}) search_text:({' '.join(optional_terms)})"


def escaped(word: str) -> str:
    """Return a word escaped for the query language of the full-text index."""
    return _SPECIAL.sub(r"\\\g<0>", word)


def _named(record: Record, probe: Probe) -> dict[str, tuple[str, ...]]:
    name_of = {token("n", name): name for name in probe.names}
    ids_of: dict[str, list[str]] = {}
    for memory_id, tokens, *_ in record["names"]:
        for name_token in tokens:
            ids_of.setdefault(name_of[name_token], []).append(memory_id)
    return {name: tuple(sorted(ids_of[name])) for name in probe.names if name in ids_of}


@dataclass(frozen=True, slots=True)
class _Scores:
    """The best candidates by exact score.

    Attributes:
        corpus: The statistics of the scores.
        is_safe: True if a better candidate beyond the index's limit is unlikely; the index orders by the statistics of
            all tenants.
        is_beyond_reach: True if the limit is reached and no text with only optional words can score as high as the
            last of the best.
    """

    best: tuple[Scored, ...]
    corpus: Corpus
    is_safe: bool
    is_beyond_reach: bool


def _scored(record: Record, corpus: Corpus, probe: Probe, optional: AbstractSet[str]) -> _Scores:
    """Score the candidates of the full-text index exactly, with the reader's own statistics."""
    if not corpus.documents:
        return _Scores((), corpus, is_safe=True, is_beyond_reach=True)
    patterns = [(f" {term} ", f" {term}=", corpus.idf(term)) for term in dict.fromkeys(probe.terms)]
    scored = []
    for depth, (memory_id, length, words) in enumerate(record["texts"]):
        norm, score = length_norm(corpus, length), 0.0
        for once, many, weight in patterns:
            if count := 1 if once in words else many_of(words, many):
                score += weight * count / (count + norm)
        scored.append((-score, memory_id, depth))
    best = sorted(scored)[: probe.limit]
    deepest = max((depth for _, _, depth in best), default=0)
    reach = sum(corpus.idf(word) for word in optional)
    return _Scores(
        tuple((memory_id, -score) for score, memory_id, _ in best),
        corpus,
        is_safe=deepest + 1 <= len(scored) * _SAFE_DEPTH,
        is_beyond_reach=len(best) == probe.limit and -best[-1][0] > reach,
    )
