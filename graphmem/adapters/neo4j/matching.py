"""What answers a probe: words, names and vectors, in one statement."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any

from graphmem.adapters.neo4j.common_words import CommonWords
from graphmem.adapters.neo4j.indexing import ANYBODY, MEMORIES, WORDS, owned
from graphmem.adapters.neo4j.reading import HEAD_FIELDS, ROWS, ROWS_FIELDS, rows_of_found
from graphmem.adapters.neo4j.selecting import AWAIT_TEXT, EXACT_TESTS, FITS, TEXT_INDEX, Wanted
from graphmem.adapters.neo4j.values import CARD_FIELDS, END, Head, card_of, head_of, prefix, token
from graphmem.adapters.vector_bytes import exact_scores, rows_of_bytes
from graphmem.adapters.word_counts import many_of
from graphmem.model import Scope
from graphmem.ranking import Corpus, length_norm
from graphmem.rows import Rows
from graphmem.store import Evidence, ModelCard, Probe

if TYPE_CHECKING:
    from neo4j import Record

    from graphmem.adapters.neo4j.connecting import Link

_ALWAYS = f"""
CALL () {{ OPTIONAL MATCH (l:Ledger {{tenant: $p.tenant}}) RETURN {HEAD_FIELDS} AS head }}
CALL () {{ OPTIONAL MATCH (e:EmbeddingModel {{id: 'current'}}) RETURN {CARD_FIELDS} AS model }}
"""
_WORDS = f"""
CALL () {{
  UNWIND $p.words AS word MATCH (t:Term {{tenant: $p.tenant, word: word}}) RETURN collect([word, t.memories]) AS terms
}}
CALL () {{
  CALL db.index.fulltext.queryNodes('{TEXT_INDEX}', $p.text, {{limit: $p.candidates}}) YIELD node AS m
  WITH collect(m) AS found
  RETURN size(found) AS found_count,
    [m IN found WHERE m.seq <= $p.seq AND {EXACT_TESTS} | [m.id, m.length, m.words]] AS texts
}}
"""
_NO_WORDS = "WITH *, [] AS terms, 0 AS found_count, [] AS texts"
_NAMES = f"""
CALL () {{
  CALL db.index.fulltext.queryNodes('{TEXT_INDEX}', $p.named) YIELD node AS m
  WITH m WHERE m.seq <= $p.seq AND {EXACT_TESTS}
  RETURN collect([m.id, [facet IN m.facets WHERE facet IN $p.name_tokens], m.length, m.words]) AS names
}}
"""
# Words of what is expected to be near: all that is known of a match is to come with it.
_NEAR_WORDS = """
CALL () {
  UNWIND $p.expected AS id MATCH (m:Memory {tenant: $p.tenant, id: id})
  RETURN collect([m.id, m.length, m.words]) AS near
}
"""
_NO_NEAR_WORDS = "WITH *, [] AS near"
_NO_NAMES = "WITH *, [] AS names"


class _Fits(Enum):
    """Which of the memories that fit a filter are told, each by its node."""

    NONE = "WITH *, [] AS fits"
    #: Those past a position that is known already.
    LATER = f"""
CALL () {{
  MATCH (m:Memory) WHERE m.tenant = $p.tenant AND m.seq > $p.after AND m.vector IS NOT NULL
    AND {FITS}
  WITH m ORDER BY m.seq
  RETURN collect(m) AS fits
}}
"""
    #: All, of a filter that was never asked before: the index knows who fits, and the others are not looked at.
    ALL = f"""
CALL () {{
  CALL db.index.fulltext.queryNodes('{TEXT_INDEX}', $p.clauses) YIELD node AS m
  WITH m WHERE m.vector IS NOT NULL AND {EXACT_TESTS}
  WITH m ORDER BY m.seq
  RETURN collect(m) AS fits
}}
"""


_FOUND = "head, model, terms, found_count, texts, names, near, [m IN fits | m.seq] AS fitting"
# With the rows of what will be the answer unless the index ranks words otherwise than we do: the nearest vectors are
# those that are expected, and whatever fits where that is little.
_ROWS = f"""
WITH *, CASE WHEN size(fits) > $p.few THEN []
  ELSE [name IN names | name[0]] + [text IN texts[..$p.prefetched] | text[0]] + $p.expected + [m IN fits | m.id]
  END AS ids
CALL (ids) {{
  UNWIND ids AS id WITH DISTINCT id MATCH (m:Memory {{tenant: $p.tenant, id: id}}) RETURN collect(m) AS found
}}
WITH *, [] AS whole, [] AS rivals, coalesce($p.known, head[0]) AS known
{ROWS}
RETURN {_FOUND}, {ROWS_FIELDS}
"""


@cache
def _statement(*, has_words: bool, has_names: bool, has_near: bool, fits: _Fits, has_rows: bool) -> str:
    """What is asked for, and no more: a server that has just started takes seconds to plan all of it."""
    is_indexed = has_words or has_names or fits is _Fits.ALL
    return "\n".join(
        (
            AWAIT_TEXT if is_indexed else "",
            _ALWAYS,
            _WORDS if has_words else _NO_WORDS,
            _NAMES if has_names else _NO_NAMES,
            _NEAR_WORDS if has_near else _NO_NEAR_WORDS,
            fits.value,
            _ROWS if has_rows else f"RETURN {_FOUND}",
        )
    )


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
        corpus: The statistics of the words.
        counted: Length and counts of the words of memories that were looked at, as far as they came along.
    """

    head: Head
    model: ModelCard | None
    lexical: tuple[Scored, ...]
    named: Mapping[str, tuple[str, ...]]
    fitting: Sequence[int]
    rows: Rows
    corpus: Corpus
    counted: Mapping[str, tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Expected:
    """What is known before the server is asked.

    Attributes:
        after: The ledger position past which memories that fit the filter are to be told; None tells none.
        near: The nearest vectors, in all likelihood; None if nobody knows.
        at: The time at which memories that hold may come alone, if rows are to come along at all.
        common: Which words need not be looked for, as far as was heard.
    """

    after: int | None
    near: tuple[Scored, ...] | None
    at: datetime | None
    common: CommonWords


def find(link: Link, reader: Scope, probe: Probe, what: Wanted, *, seq: int | None, expected: Expected) -> Found:
    """Words and names that match, the memories that fit, and rows of what is expected to answer."""
    first = size = _CANDIDATES_PER_MATCH * max(probe.limit, 1)
    widest = size * _MORE
    # A filter leaves so few that those without the rarer words may be needed.
    common = expected.common
    aside = frozenset[str]() if what.groups else common.aside(reader.tenant, probe.terms)
    asked = {**_asked(reader, probe, what, seq), **_expecting(expected, probe, seq)}
    asked["text"] = _text(reader.tenant, probe, what, aside)
    has_rows = expected.at is not None and (expected.near is not None or expected.after == 0)
    statement = _statement(
        has_words=asked["text"] is not None,
        has_names=asked["named"] is not None,
        has_near=probe.is_weighed and bool(expected.near),
        fits=_Fits.NONE if expected.after is None else _Fits.LATER if expected.after else _Fits.ALL,
        has_rows=has_rows,
    )
    while True:
        found = link.records(statement, {**asked, "candidates": size})[0]
        head = head_of(reader.tenant, found["head"])
        scored = _scored(found, _corpus(found, head, reader.user, _words(probe)), probe, aside)
        if aside:
            common.judge(reader.tenant, was_enough=scored.is_beyond_reach)
            if not scored.is_beyond_reach:
                aside, size = frozenset(), first
                asked["text"] = _text(reader.tenant, probe, what, aside)
                continue
        if found["found_count"] < size or scored.is_safe or (size >= widest and len(scored.best) == probe.limit):
            break
        size *= _MORE
    common.learn(reader.tenant, scored.corpus)
    rows = rows_of_found(reader.tenant, found) if has_rows else Rows()
    model, named = card_of(found["model"]), _named(found, probe)
    return Found(head, model, scored.best, named, found["fitting"], rows, scored.corpus, _counted(found))


def _counted(found: Record) -> dict[str, tuple[int, str]]:
    looked_at = [*found["texts"], *((key, length, words) for key, _, length, words in found["names"]), *found["near"]]
    return {key: (length, words) for key, length, words in looked_at if words is not None}


def said(corpus: Corpus, terms: Sequence[str], length: int, words: str) -> tuple[float, ...]:
    """How far each of the terms is said in a text, from its counts."""
    norm = length_norm(corpus, length)
    held = [1 if f" {term} " in words else many_of(words, f" {term}=") for term in terms]
    return tuple(one / (one + norm) if one else 0.0 for one in held)


_EVIDENCE = """
UNWIND $p.ids AS id MATCH (m:Memory {tenant: $p.tenant, id: id})
RETURN m.id AS id, m.length AS length, m.words AS words,
  CASE WHEN $p.has_vector THEN m.vector END AS vector
"""


def evidence(
    link: Link, tenant: str, probe: Probe, found: Found, ids: Sequence[str], cosines: Mapping[str, float]
) -> dict[str, Evidence]:
    """What speaks for each of the matches; what did not come along with them is asked for.

    Args:
        link: Where the rest is.
        tenant: Whose memories they are.
        probe: What was asked.
        found: What came along.
        ids: The matches.
        cosines: As far as they are known; empty if no vectors are compared.
    """
    is_compared = bool(cosines) and probe.vector is not None
    counted, near = dict(found.counted), dict(cosines)
    missing = [key for key in ids if key not in counted or (is_compared and key not in near)]
    asked = {"tenant": tenant, "ids": missing, "has_vector": is_compared}
    for one in link.records(_EVIDENCE, asked) if missing else ():
        if one["words"] is not None:
            counted[one["id"]] = one["length"], one["words"]
        if one["vector"] is not None and probe.vector is not None:
            rows = rows_of_bytes([one["vector"]], len(probe.vector))
            near |= dict(exact_scores([one["id"]], rows, probe.vector, 1))
    nothing = (0.0,) * len(probe.terms)
    return {
        key: Evidence(said(found.corpus, probe.terms, *counted[key]) if key in counted else nothing, near.get(key))
        for key in ids
    }


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


def _asked(reader: Scope, probe: Probe, what: Wanted, seq: int | None) -> dict[str, Any]:
    name_tokens = [token("n", name) for name in probe.names]
    return {
        "tenant": reader.tenant,
        "words": _counts(reader.user, _words(probe)),
        "named": f"{what.clauses} +facets:({' '.join(name_tokens)})" if name_tokens else None,
        "name_tokens": name_tokens,
        "clauses": what.clauses,
        **what.parameters,
        "seq": END if seq is None else min(seq, END),
    }


def _words(probe: Probe) -> list[str]:
    return list(dict.fromkeys(probe.terms))[:_MOST_TERMS]


def _counts(user: str | None, words: Sequence[str]) -> list[str]:
    """Names of the counts from which a reader's statistics follow."""
    owners = (ANYBODY,) if user is None else (ANYBODY, user)
    return [*words, *(owned(owner, term) for owner in owners for term in (*words, MEMORIES, WORDS))]


def _corpus(found: Record, head: Head, user: str | None, words: Sequence[str]) -> Corpus:
    """Statistics of shared memories and of the reader's own private ones: others' words do not weigh."""
    counts = dict(found["terms"])

    def of_audience(term: str, total: int) -> int:
        own = 0 if user is None else counts.get(owned(user, term), 0)
        return int(total - counts.get(owned(ANYBODY, term), 0) + own)

    memories, tokens = of_audience(MEMORIES, head.documents), of_audience(WORDS, head.tokens)
    frequency = {word: count for word in words if (count := of_audience(word, counts.get(word, 0)))}
    return Corpus(memories, tokens / max(memories, 1), frequency)


def _text(tenant: str, probe: Probe, what: Wanted, aside: AbstractSet[str]) -> str | None:
    """The query of the full-text index: one of the words must be there, those aside only add to the score."""
    before, words = prefix(tenant), [word for word in _words(probe) if not _BLANK.search(word)]
    needed = [before + escaped(word) for word in words if word not in aside]
    others = [before + escaped(word) for word in words if word in aside]
    if not words or probe.limit < 1:
        return None
    if not needed or not others:
        return f"{what.clauses} +search_text:({' '.join(needed or others)})"
    return f"{what.clauses} +search_text:({' '.join(needed)}) search_text:({' '.join(others)})"


def escaped(word: str) -> str:
    """A word as the full-text index's query language takes it literally."""
    return _SPECIAL.sub(r"\\\g<0>", word)


def _named(found: Record, probe: Probe) -> dict[str, tuple[str, ...]]:
    spelt = {token("n", name): name for name in probe.names}
    carried: dict[str, list[str]] = {}
    for key, tokens, *_ in found["names"]:
        for one in tokens:
            carried.setdefault(spelt[one], []).append(key)
    return {name: tuple(sorted(carried[name])) for name in probe.names if name in carried}


@dataclass(frozen=True, slots=True)
class _Scores:
    """The best candidates by exact score.

    Attributes:
        corpus: The statistics that they were scored with.
        is_safe: Whether the index, which knows the statistics of all tenants, can hardly have left out a better one.
        is_beyond_reach: Whether there are as many as asked for, and no text with only words that were set aside can
            reach the last of them.
    """

    best: tuple[Scored, ...]
    corpus: Corpus
    is_safe: bool
    is_beyond_reach: bool


def _scored(found: Record, corpus: Corpus, probe: Probe, aside: AbstractSet[str]) -> _Scores:
    """Exact scores with the reader's own statistics; the order of the full-text index only chose whom to score."""
    if not corpus.documents:
        return _Scores((), corpus, is_safe=True, is_beyond_reach=True)
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
    reach = sum(corpus.idf(word) for word in aside)
    return _Scores(
        tuple((key, -score) for score, key, _ in best),
        corpus,
        is_safe=deepest + 1 <= len(scored) * _SAFE_DEPTH,
        is_beyond_reach=len(best) == probe.limit and -best[-1][0] > reach,
    )
