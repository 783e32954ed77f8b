"""Verifying a database: the hash chains, and every node and relationship that follows from them.

What somebody changed by hand, in Neo4j Browser for instance, is found as a difference from what the ledger says.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from graphmem.adapters.export_lines import unfinished
from graphmem.adapters.ledger_check import LedgerCheck, is_digest
from graphmem.adapters.neo4j import reading
from graphmem.adapters.neo4j.expecting import Expected, Plain, ordered, plain
from graphmem.adapters.neo4j.values import Head
from graphmem.errors import GraphMemError
from graphmem.instants import to_micros
from graphmem.ledger import Entry
from graphmem.store import Finding

if TYPE_CHECKING:
    from graphmem.adapters.neo4j.connecting import Link

_STRANGERS = """
MATCH (n:Memory) WHERE NOT EXISTS { MATCH (:Ledger {tenant: n.tenant}) }
RETURN 'Memory' AS label, n.id AS id LIMIT 50
UNION ALL
MATCH (n:Change) WHERE NOT EXISTS { MATCH (:Ledger {tenant: n.tenant}) }
RETURN 'Change' AS label, n.op_id AS id LIMIT 50
"""
_MEMORIES = """
MATCH (m:Memory) WHERE m.tenant = $p.tenant AND m.seq >= $p.first AND m.seq <= $p.last
CALL (m) { MATCH (c:Change)-[r]->(m) RETURN collect([type(r), c.seq, properties(r)]) AS marks }
CALL (m) { MATCH (m)-[r]->(n:Memory) RETURN collect([type(r), n.id, properties(r)]) AS chains }
CALL (m) { MATCH (m)-[r:ABOUT]->(a:Anchor) RETURN collect([r.ordinal, r.role, a.id, a {.*, id: null}]) AS anchors }
CALL (m) { MATCH (m)-[r:READ_FROM]->(s:SourceKey) RETURN collect([s.key, properties(r)]) AS sources }
CALL (m) { MATCH (m)-[r:CONSIDERED]->(a:Alternative) RETURN collect([r.ordinal, properties(a)]) AS alternatives }
RETURN m.id AS id, labels(m) AS labels, m {.*, vector: null, embedding: null} AS properties,
  size(m.vector) AS vector, marks, chains, anchors, sources, alternatives
"""
_CHANGES = """
MATCH (c:Change) WHERE c.tenant = $p.tenant AND c.seq >= $p.first AND c.seq <= $p.last
CALL (c) { MATCH (c)-[r:REVOKES]->(o:Change) RETURN collect([o.seq, properties(r)]) AS revokes }
RETURN c.seq AS seq, properties(c) AS properties, revokes
"""
_OUTSIDE = """
MATCH (n:Memory) WHERE n.tenant = $p.tenant AND (n.seq IS NULL OR n.seq < 1 OR n.seq > $p.last)
RETURN 'memory ' + coalesce(n.id, '') AS what
UNION ALL
MATCH (n:Change) WHERE n.tenant = $p.tenant AND (n.seq IS NULL OR n.seq < 1 OR n.seq > $p.last)
RETURN 'entry of operation ' + coalesce(n.op_id, '') AS what
"""
_BRANCHES = "MATCH (b:Branch {tenant: $p.tenant}) RETURN properties(b) AS branch"
_TERMS = "MATCH (t:Term {tenant: $p.tenant}) RETURN t.word AS word, t.memories AS memories"
_DIMENSION = "MATCH (e:EmbeddingModel) RETURN e.dimension AS dimension"

_PAGE = 500
_MOST_FINDINGS = 50


def check(link: Link) -> list[Finding]:
    """Everything that differs from what it must be."""
    findings = [
        Finding("graph", f"{one['label']} {one['id']!r} is of no tenant") for one in link.records(_STRANGERS, {})
    ]
    for tenant in reading.tenants(link):
        head = reading.head(link, tenant)
        try:
            found = islice(_tenant(link, head), _MOST_FINDINGS)
            findings += [Finding(area, f"tenant {tenant!r}: {what}") for area, what in found]
        except (GraphMemError, KeyError, TypeError, ValueError) as exc:
            findings.append(Finding("ledger", f"tenant {tenant!r}: cannot be replayed: {exc}"))
        if head.is_restoring:
            findings.append(Finding("restore", unfinished(tenant, head.seq)))
    return findings


def _tenant(link: Link, head: Head) -> Iterator[tuple[str, str]]:
    broken = list(_chain(link, head))
    yield from broken
    if broken:
        return
    expected = Expected(head.tenant)
    for entry in reading.entries(link, head.tenant, last=head.seq):
        expected.follow(entry)
    model = link.records(_DIMENSION, {})
    vectors, size = 0, model[0]["dimension"] * 4 if model else None
    entries = reading.entries(link, head.tenant, last=head.seq)
    while page := list(islice(entries, _PAGE)):
        asked = {"tenant": head.tenant, "first": page[0].seq, "last": page[-1].seq}
        yield from _compared_changes(link, asked, page, expected)
        found = {one["id"]: one.data() for one in link.records(_MEMORIES, asked)}
        vectors += sum(one["vector"] is not None for one in found.values())
        yield from _compared_memories(found, page, expected)
        yield from _vectors(found, size)
    yield from _totals(link, head, expected, vectors)


def _chain(link: Link, head: Head) -> Iterator[tuple[str, str]]:
    ledger = LedgerCheck(head.tenant, head.key)
    for entry in reading.entries(link, head.tenant, last=head.seq):
        fault = ledger.fault_of(entry)
        if fault is not None:
            yield "ledger", fault
    last = None if ledger.recorded_at is None else to_micros(ledger.recorded_at)
    if head.recorded_at != last:
        yield "ledger", f"the last entry was recorded at {ledger.recorded_at}, and its head says {head.recorded_at}"
    if (ledger.seq, ledger.head) != (head.seq, head.hash):
        yield "ledger", f"ends with entry {ledger.seq}, {ledger.head}, not {head.seq}, {head.hash}"
    for one in ledger.faults_at_end(is_whole=not head.is_restoring):
        yield "ledger", one.what


def _compared_changes(
    link: Link, asked: dict[str, Any], page: Iterable[Entry], expected: Expected
) -> Iterator[tuple[str, str]]:
    found = {
        one["seq"]: plain({"properties": one["properties"], "revokes": ordered(one["revokes"])})
        for one in link.records(_CHANGES, asked)
    }
    for entry in page:
        yield from _differences(f"entry {entry.seq}", "ledger", found.get(entry.seq), expected.change(entry))


def _compared_memories(
    found: dict[str, dict[str, Any]], page: Iterable[Entry], expected: Expected
) -> Iterator[tuple[str, str]]:
    wanted = dict(one for one in map(expected.memory, page) if one is not None)
    for key, what in wanted.items():
        yield from _differences(f"memory {key!r}", "memories", _memory(found.get(key)), what)
    for key in found.keys() - wanted.keys():
        yield "memories", f"memory {key!r} is in no entry of the ledger"


def _memory(one: Mapping[str, Any] | None) -> Plain:
    if one is None:
        return None
    properties = {name: value for name, value in one["properties"].items() if name != "tombstone"}
    return plain(
        {
            "labels": sorted(one["labels"]),
            "properties": properties,
            "from the ledger": ordered(one["marks"]),
            "to memories": ordered(one["chains"]),
            "anchors": ordered(one["anchors"]),
            "source keys": ordered(one["sources"]),
            "alternatives": ordered(one["alternatives"]),
        }
    )


def _differences(what: str, area: str, found: Plain, wanted: Plain) -> Iterator[tuple[str, str]]:
    if found is None:
        yield area, f"{what} is missing"
        return
    for part, value in wanted.items():
        held = found.get(part)
        if isinstance(value, dict):
            for name in sorted(value.keys() | held.keys()):
                if held.get(name) != value.get(name):
                    yield area, f"{what}: {name}: stored {_short(held.get(name))}, expected {_short(value.get(name))}"
        elif held != value:
            extra, missing = [one for one in held if one not in value], [one for one in value if one not in held]
            yield area, f"{what}: {part}: stored beside what is expected {_short(extra)}, missing {_short(missing)}"


def _vectors(found: Mapping[str, Mapping[str, Any]], size: int | None) -> Iterator[tuple[str, str]]:
    for key, one in found.items():
        tombstone, is_live = one["properties"].get("tombstone"), one["properties"].get("statement") is not None
        if tombstone is not None and (is_live or not is_digest(tombstone)):
            yield "memories", f"tombstone {tombstone!r} of {key!r} is not one of an erased memory"
        if one["vector"] is None:
            continue
        if size is not None and one["vector"] != size:
            yield "vectors", f"that of {key!r} has {one['vector']} bytes, not {size}"
        if "statement" not in one["properties"] or one["properties"]["statement"] is None:
            yield "vectors", f"that of {key!r} belongs to no live memory"


def _totals(link: Link, head: Head, expected: Expected, vectors: int) -> Iterator[tuple[str, str]]:
    for one in link.records(_OUTSIDE, {"tenant": head.tenant, "last": head.seq}):
        yield "graph", f"{one['what']} stands outside of the ledger"
    pairs = (("documents", expected.documents), ("tokens", expected.tokens), ("vectors", vectors))
    for name, value in pairs:
        if getattr(head, name) != value:
            yield "totals", f"{getattr(head, name)} {name} are counted where there are {value}"
    branches = {
        one["branch"].get("key"): plain(one["branch"]) for one in link.records(_BRANCHES, {"tenant": head.tenant})
    }
    if branches != expected.branches:
        yield "branches", f"stored {_short(branches)}, expected {_short(expected.branches)}"
    terms = {one["word"]: one["memories"] for one in link.records(_TERMS, {"tenant": head.tenant})}
    for word in sorted(terms.keys() | expected.terms.keys()):
        if terms.get(word, 0) != expected.terms.get(word, 0):
            stored, wanted = terms.get(word, 0), expected.terms.get(word, 0)
            yield "terms", f"{word!r} is counted in {stored} memories, and is in {wanted}"


def _short(value: Plain) -> str:
    text = repr(value)
    return text if len(text) <= 200 else text[:200] + "…"  # noqa: PLR2004
