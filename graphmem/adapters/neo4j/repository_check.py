"""Compares the nodes of renamed files, tags and commits in the graph with the readings in the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from graphmem.adapters.neo4j.expected_graph import Plain, plain
from graphmem.adapters.neo4j.properties import Row
from graphmem.adapters.neo4j.repository_graph import IS_UNUSED, RepositoryGraph

if TYPE_CHECKING:
    from graphmem.adapters.neo4j.database import Database

#: The properties of an anchor `a` that it has by itself, not as a commit of a repository's history.
OWN_PROPERTIES = "a {.*, id: null, sha: null, at: null}"

_RENAMES = """
MATCH (a:Anchor)-[r:RENAMED_TO]->(b) WHERE a.tenant = $p.tenant
RETURN [a.id, b.id, r.commit, r.lineage] AS name, properties(r) AS stored
"""
_FILES = """
MATCH (f:Anchor) WHERE f.tenant = $p.tenant AND (f)-[:RENAMED_TO]-()
RETURN f.id AS name, f {.*, labels: labels(f)} AS stored
"""
_COMMITS = """
MATCH (c:Commit) WHERE c.tenant = $p.tenant AND c.sha IS NOT NULL
RETURN c.id AS name, c {.*, labels: labels(c)} AS stored
"""
_TAGS = """
MATCH (t:Tag) WHERE t.tenant = $p.tenant
OPTIONAL MATCH (t)-[:OF]->(c)
RETURN [coalesce(t.repo, ''), t.name, coalesce(c.id, '')] AS name, properties(t) AS stored
"""
_UNUSED = f"""
MATCH (a:Anchor) WHERE a.tenant = $p.tenant AND {IS_UNUSED} RETURN a.kind AS kind, a.name AS name LIMIT 50
"""
#: The query of each kind of node or relationship: its name, and its properties.
_QUERIES = {"renamed file": _FILES, "commit": _COMMITS, "tag": _TAGS, "rename": _RENAMES}
_Named = dict[str, Row]


def differences(database: Database, tenant: str, repositories: Iterable[RepositoryGraph]) -> Iterator[tuple[str, str]]:
    """Yield each difference of a tenant's nodes from the readings, as an area and a text."""
    expected: dict[str, _Named] = {what: {} for what in _QUERIES}
    for repository in repositories:
        for what, named in _expected(repository):
            expected[what].update(named)
    for what, query in _QUERIES.items():
        stored: dict[str, list[Plain]] = {}
        for record in database.records(query, {"tenant": tenant}):
            stored.setdefault(_name(record["name"]), []).append(plain(_sorted_labels(record["stored"])))
        yield from _compared(what, stored, expected[what])
    for record in database.records(_UNUSED, {"tenant": tenant}):
        yield "anchors", f"{record['kind']} {record['name']!r} belongs to no memory and no reading"


def _expected(repository: RepositoryGraph) -> Iterator[tuple[str, _Named]]:
    """Yield the properties of each kind of node or relationship, by name."""
    graph = repository.graph
    files = repository.files(graph.renames).items()
    yield "renamed file", {node_id: {**row, "id": node_id, "labels": ["Anchor", "File"]} for node_id, row in files}
    yield "commit", {row["id"]: _commit(row) for row in repository.commits(graph.commits)}
    tags = repository.tags(graph.tags)
    yield "tag", {_name([repository.repo or "", tag["row"]["name"], tag["commit"]]): tag["row"] for tag in tags}
    renames = repository.renames(graph.renames)
    yield (
        "rename",
        {
            _name([row["old"], row["new"], row["row"]["commit"], row["row"]["lineage"]]): {
                **row["row"],
                "at": row["at"],
                "recorded_at": repository.recorded_at[row["row"]["seq"]],
            }
            for row in renames
        },
    )


def _commit(row: Row) -> Row:
    own = {"id": row["id"], "sha": row["row"]["name"], "at": row["at"], "labels": ["Anchor", "Commit"]}
    return {**row["row"], **own}


def _compared(what: str, stored: Mapping[str, list[Plain]], expected: _Named) -> Iterator[tuple[str, str]]:
    for name in sorted(stored.keys() | expected.keys()):
        made, expected_values = stored.get(name, []), [plain(expected[name])] if name in expected else []
        if made == expected_values:
            continue
        shown = f"{what} {name}"
        if not made:
            yield "repositories", f"{shown} is missing"
        elif not expected_values:
            yield "repositories", f"{shown} is in no reading"
        else:
            yield "repositories", f"{shown}: stored {made}, expected {expected_values}"


def _name(value: Plain) -> str:
    return value if isinstance(value, str) else " ".join(map(str, value))


def _sorted_labels(row: Row) -> Row:
    return {**row, "labels": sorted(row["labels"])} if "labels" in row else row
