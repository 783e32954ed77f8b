"""Verifies a database: the hash chains, and every node and relationship that follows from them.

A change made by hand, in Neo4j Browser for example, is reported as a difference from the ledger.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from graphmem.adapters.export_lines import unfinished
from graphmem.adapters.ledger_check import LedgerCheck, is_digest
from graphmem.adapters.neo4j import ledger_queries, repository_check
from graphmem.adapters.neo4j.expected_graph import ExpectedGraph, Plain, ordered, plain
from graphmem.adapters.neo4j.repository_check import OWN_PROPERTIES
from graphmem.adapters.neo4j.values import LedgerHead
from graphmem.errors import GraphMemError
from graphmem.instants import to_micros
from graphmem.ledger import Entry
from graphmem.store import Finding

if TYPE_CHECKING:
    from graphmem.adapters.neo4j.database import Database

_WITHOUT_TENANT = """
MATCH (n:Memory) WHERE NOT EXISTS { MATCH (:Ledger {tenant: n.tenant}) }
RETURN 'Memory' AS label, n.id AS id LIMIT 50
UNION ALL
MATCH (n:Change) WHERE NOT EXISTS { MATCH (:Ledger {tenant: n.tenant}) }
RETURN 'Change' AS label, n.op_id AS id LIMIT 50
"""
_MEMORIES = f"""
MATCH (m:Memory) WHERE m.tenant = $p.tenant AND m.seq >= $p.first AND m.seq <= $p.last
CALL (m) {{ MATCH (c:Change)-[r]->(m) RETURN collect([type(r), c.seq, properties(r)]) AS marks }}
CALL (m) {{ MATCH (m)-[r]->(n:Memory) RETURN collect([type(r), n.id, properties(r)]) AS chains }}
CALL (m) {{ MATCH (m)-[r:ABOUT]->(a:Anchor) RETURN collect([r.ordinal, r.role, a.id, {OWN_PROPERTIES}]) AS anchors }}
CALL (m) {{ MATCH (m)-[r:READ_FROM]->(s:SourceKey) RETURN collect([s.key, properties(r)]) AS sources }}
CALL (m) {{ MATCH (m)-[r:CONSIDERED]->(a:Alternative) RETURN collect([r.ordinal, properties(a)]) AS alternatives }}
CALL (m) {{ MATCH (m)-[:GUARDED_BY]->(g:GuardTerm) RETURN collect(g.term) AS guarded }}
RETURN m.id AS id, labels(m) AS labels, m {{.*, vector: null, embedding: null}} AS properties,
  size(m.vector) AS vector, marks, chains, anchors, sources, alternatives, guarded
"""
_CHANGES = """
MATCH (c:Change) WHERE c.tenant = $p.tenant AND c.seq >= $p.first AND c.seq <= $p.last
CALL (c) { MATCH (c)-[r:REVOKES]->(o:Change) RETURN collect([o.seq, properties(r)]) AS revokes }
RETURN c.seq AS seq, properties(c) AS properties, revokes
"""
_OUTSIDE = """
MATCH (n:Memory) WHERE n.tenant = $p.tenant AND (n.seq IS NULL OR n.seq < 1 OR n.seq > $p.last)
RETURN 'memory ' + coalesce(n.id, '') AS name
UNION ALL
MATCH (n:Change) WHERE n.tenant = $p.tenant AND (n.seq IS NULL OR n.seq < 1 OR n.seq > $p.last)
RETURN 'entry of operation ' + coalesce(n.op_id, '') AS name
"""
_BRANCHES = "MATCH (b:Branch {tenant: $p.tenant}) RETURN properties(b) AS branch"
_TERMS = "MATCH (t:Term {tenant: $p.tenant}) RETURN t.word AS word, t.memories AS memories"
_DIMENSION = "MATCH (e:EmbeddingModel) RETURN e.dimension AS dimension"

_PAGE = 500
_MOST_FINDINGS = 50


def check(database: Database) -> list[Finding]:
    """Return a finding for each difference from the ledgers, at most 50 per tenant."""
    findings = [
        Finding("graph", f"{record['label']} {record['id']!r} belongs to no tenant")
        for record in database.records(_WITHOUT_TENANT, {})
    ]
    for tenant in ledger_queries.tenants(database):
        head = ledger_queries.head(database, tenant)
        try:
            differences = islice(_tenant(database, head), _MOST_FINDINGS)
            findings += [Finding(area, f"tenant {tenant!r}: {text}") for area, text in differences]
        except (GraphMemError, KeyError, TypeError, ValueError) as exc:
            findings.append(Finding("ledger", f"tenant {tenant!r}: cannot be replayed: {exc}"))
        if head.is_restoring:
            findings.append(Finding("restore", unfinished(tenant, head.seq)))
    return findings


def _tenant(database: Database, head: LedgerHead) -> Iterator[tuple[str, str]]:
    broken = list(_chain(database, head))
    yield from broken
    if broken:
        return
    expected = ExpectedGraph(head.tenant)
    for entry in ledger_queries.entries(database, head.tenant, last=head.seq):
        expected.follow(entry)
    model = database.records(_DIMENSION, {})
    vectors, size = 0, model[0]["dimension"] * 4 if model else None
    entries = ledger_queries.entries(database, head.tenant, last=head.seq)
    while page := list(islice(entries, _PAGE)):
        bounds = {"tenant": head.tenant, "first": page[0].seq, "last": page[-1].seq}
        yield from _compared_changes(database, bounds, page, expected)
        memories = {record["id"]: record.data() for record in database.records(_MEMORIES, bounds)}
        vectors += sum(memory["vector"] is not None for memory in memories.values())
        yield from _compared_memories(memories, page, expected)
        yield from _vectors(memories, size)
    yield from _totals(database, head, expected, vectors)
    yield from repository_check.differences(database, head.tenant, expected.repositories.values())


def _chain(database: Database, head: LedgerHead) -> Iterator[tuple[str, str]]:
    ledger = LedgerCheck(head.tenant, head.key)
    for entry in ledger_queries.entries(database, head.tenant, last=head.seq):
        fault = ledger.fault_of(entry)
        if fault is not None:
            yield "ledger", fault
    last = None if ledger.recorded_at is None else to_micros(ledger.recorded_at)
    if head.recorded_at != last:
        yield "ledger", f"the last entry was recorded at {ledger.recorded_at}, but the head has {head.recorded_at}"
    if (ledger.seq, ledger.head) != (head.seq, head.hash):
        yield "ledger", f"ends with entry {ledger.seq}, {ledger.head}, not {head.seq}, {head.hash}"
    for finding in ledger.faults_at_end(is_complete=not head.is_restoring):
        yield "ledger", finding.what


def _compared_changes(
    database: Database, bounds: dict[str, Any], page: Iterable[Entry], expected: ExpectedGraph
) -> Iterator[tuple[str, str]]:
    changes = {
        record["seq"]: plain({"properties": record["properties"], "revokes": ordered(record["revokes"])})
        for record in database.records(_CHANGES, bounds)
    }
    for entry in page:
        yield from _differences(f"entry {entry.seq}", "ledger", changes.get(entry.seq), expected.change(entry))


def _compared_memories(
    stored: dict[str, dict[str, Any]], page: Iterable[Entry], expected: ExpectedGraph
) -> Iterator[tuple[str, str]]:
    memories = dict(memory for memory in map(expected.memory, page) if memory is not None)
    for memory_id, memory in memories.items():
        yield from _differences(f"memory {memory_id!r}", "memories", _memory(stored.get(memory_id)), memory)
    for memory_id in stored.keys() - memories.keys():
        yield "memories", f"memory {memory_id!r} is in no entry of the ledger"


def _memory(stored: Mapping[str, Any] | None) -> Plain:
    if stored is None:
        return None
    properties = {name: value for name, value in stored["properties"].items() if name != "tombstone"}
    return plain(
        {
            "labels": sorted(stored["labels"]),
            "properties": properties,
            "from the ledger": ordered(stored["marks"]),
            "to memories": ordered(stored["chains"]),
            "anchors": ordered(stored["anchors"]),
            "source keys": ordered(stored["sources"]),
            "alternatives": ordered(stored["alternatives"]),
            "guard terms": ordered(stored["guarded"]),
        }
    )


def _differences(name: str, area: str, stored: Plain, expected: Plain) -> Iterator[tuple[str, str]]:
    if stored is None:
        yield area, f"{name} is missing"
        return
    for part, value in expected.items():
        actual = stored.get(part)
        if isinstance(value, dict):
            for field in sorted(value.keys() | actual.keys()):
                if actual.get(field) != value.get(field):
                    difference = f"stored {_short(actual.get(field))}, expected {_short(value.get(field))}"
                    yield area, f"{name}: {field}: {difference}"
        elif actual != value:
            extra = [element for element in actual if element not in value]
            missing = [element for element in value if element not in actual]
            yield area, f"{name}: {part}: unexpected {_short(extra)}, missing {_short(missing)}"


def _vectors(memories: Mapping[str, Mapping[str, Any]], size: int | None) -> Iterator[tuple[str, str]]:
    for memory_id, memory in memories.items():
        properties, vector = memory["properties"], memory["vector"]
        tombstone, is_live = properties.get("tombstone"), properties.get("statement") is not None
        if tombstone is not None and (is_live or not is_digest(tombstone)):
            yield "memories", f"tombstone {tombstone!r} of {memory_id!r} is not that of an erased memory"
        if vector is None:
            continue
        if size is not None and vector != size:
            yield "vectors", f"the vector of {memory_id!r} has {vector} bytes, not {size}"
        if not is_live:
            yield "vectors", f"the vector of {memory_id!r} belongs to no live memory"


def _totals(database: Database, head: LedgerHead, expected: ExpectedGraph, vectors: int) -> Iterator[tuple[str, str]]:
    for record in database.records(_OUTSIDE, {"tenant": head.tenant, "last": head.seq}):
        yield "graph", f"{record['name']} is not in the ledger"
    pairs = (("documents", expected.documents), ("tokens", expected.tokens), ("vectors", vectors))
    for name, value in pairs:
        if getattr(head, name) != value:
            yield "totals", f"the head counts {getattr(head, name)} {name}, but there are {value}"
    records = database.records(_BRANCHES, {"tenant": head.tenant})
    branches = {record["branch"].get("key"): plain(record["branch"]) for record in records}
    if branches != expected.branches:
        yield "branches", f"stored {_short(branches)}, expected {_short(expected.branches)}"
    terms = {record["word"]: record["memories"] for record in database.records(_TERMS, {"tenant": head.tenant})}
    for word in sorted(terms.keys() | expected.terms.keys()):
        stored, actual = terms.get(word, 0), expected.terms.get(word, 0)
        if stored != actual:
            yield "terms", f"{word!r} is counted in {stored} memories, but is in {actual}"


def _short(value: Plain) -> str:
    text = repr(value)
    return text if len(text) <= 200 else text[:200] + "…"  # noqa: PLR2004
