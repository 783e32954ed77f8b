"""Writes the renamed files, the tags and their commits of repositories as nodes, for people who browse the graph.

They follow from the readings of the mainline; no query of graphmem reads them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from graphmem.adapters.neo4j.ledger_queries import CHANGE_FIELDS, changes_in
from graphmem.adapters.neo4j.properties import Row, encoded_time, without_nulls
from graphmem.deferred_dataclass import dataclass
from graphmem.instants import from_micros
from graphmem.model import Anchor, AnchorKind, Change
from graphmem.repository.mainline_graph import MainlineGraph, RecordedRenames, Rename
from graphmem.repository.mainline_history import MainlineHistory
from graphmem.retrieval.mainlines import rows_that_count, take_reading

if TYPE_CHECKING:
    from neo4j import ManagedTransaction

Key = TypeVar("Key")
Value = TypeVar("Value")

#: Of an anchor `a`: true if neither a memory nor the history of a repository has it.
IS_UNUSED = "NOT (a)<-[:ABOUT]-() AND NOT (a)-[:RENAMED_TO]-() AND a.sha IS NULL"

_CHUNK = 5_000
_READINGS = f"""
MATCH (c:Change {{tenant: $p.tenant, mainline_of: $p.repo}}) WHERE c.operation = 'read_mainline'
RETURN {CHANGE_FIELDS} AS entry ORDER BY c.seq
"""
_AT = "CASE WHEN x.at IS NULL THEN null ELSE datetime.fromEpoch(x.at[0], x.at[1]) END"
_END_RENAMES = """
UNWIND $p.rows AS x
MATCH (a:Anchor {id: x.old})-[r:RENAMED_TO {commit: x.row.commit, lineage: x.row.lineage}]->(b:Anchor {id: x.new})
DELETE r
"""
_DROP_TAGS = """
UNWIND $p.rows AS x MATCH (:Anchor {id: x.commit})<-[:OF]-(t:Tag {name: x.row.name}) DETACH DELETE t
"""
_DROP_COMMITS = "UNWIND $p.rows AS x MATCH (c:Anchor {id: x.id}) REMOVE c.sha, c.at"
_DROP_UNUSED = f"UNWIND $p.rows AS id MATCH (a:Anchor {{id: id}}) WHERE {IS_UNUSED} DETACH DELETE a"
_COMMITS = f"""
UNWIND $p.rows AS x
MERGE (c:Anchor {{id: x.id}}) ON CREATE SET c:Commit, c += x.row
SET c.sha = x.row.name, c.at = {_AT}
"""
_TAGS = """
UNWIND $p.rows AS x MATCH (c:Anchor {id: x.commit}) CREATE (t:Tag)-[:OF]->(c) SET t = x.row
"""
_FILES = "UNWIND $p.rows AS x MERGE (f:Anchor {id: x.id}) ON CREATE SET f:File, f += x.row"
_RENAMES = f"""
UNWIND $p.rows AS x
MATCH (c:Change {{tenant: $p.tenant, seq: x.row.seq}})
MATCH (a:Anchor {{id: x.old}}), (b:Anchor {{id: x.new}})
CREATE (a)-[r:RENAMED_TO]->(b) SET r = x.row, r.at = {_AT}, r.recorded_at = c.recorded_at
"""


@dataclass(slots=True)
class RepositoryGraph:
    """The graph of a repository as its readings tell it; `take` brings it forward by a reading.

    Attributes:
        repo: The repository; None for readings that no repository is named for.
        recorded_at: Recorded time of each reading that counts, by its ledger position.
    """

    tenant: str
    repo: str | None
    recorded_at: dict[int, datetime] = field(default_factory=dict)
    _history: MainlineHistory = field(default_factory=MainlineHistory)
    _renames: RecordedRenames = field(default_factory=RecordedRenames)

    def take(self, change: Change) -> None:
        """Take a reading of the repository, if it counts."""
        rows = rows_that_count(self._history, change)
        if rows is None:
            return
        is_rewrite = rows.start < len(self._history.shas)
        take_reading(self._history, change, rows)
        self._renames.take(self._history, rows, change.seq, is_rewrite=is_rewrite)
        self.recorded_at[change.seq] = change.recorded_at

    @property
    def graph(self) -> MainlineGraph:
        """The graph after the readings so far."""
        return self._renames.graph(self._history)

    # ---- rows

    def files(self, renames: Iterable[Rename]) -> dict[str, Row]:
        """Return the properties of the files of renames, by node id."""
        paths = {path for rename in renames for path in (rename.old, rename.new)}
        return dict(self._node(AnchorKind.FILE, path) for path in paths)

    def commits(self, commits: Mapping[str, int | None]) -> list[Row]:
        """Return the ids, properties and times of commits."""
        return [
            {"id": node_id, "row": row, "at": None if at_us is None else from_micros(at_us)}
            for sha, at_us in commits.items()
            for node_id, row in [self._node(AnchorKind.COMMIT, sha)]
        ]

    def tags(self, tags: Mapping[str, str]) -> list[Row]:
        """Return the properties of tags, with the ids of their commits."""
        return [
            {
                "commit": self._id(AnchorKind.COMMIT, sha),
                "row": without_nulls({"tenant": self.tenant, "repo": self.repo, "name": name}),
            }
            for name, sha in tags.items()
        ]

    def renames(self, renames: Mapping[Rename, int]) -> list[Row]:
        """Return the properties of renames, with their times and the ids of their files."""
        return [
            {
                "old": self._id(AnchorKind.FILE, rename.old),
                "new": self._id(AnchorKind.FILE, rename.new),
                "at": from_micros(rename.at_us),
                "row": {
                    "commit": rename.sha,
                    "similarity": rename.similarity,
                    "lineage": rename.lineage,
                    "seq": seq,
                },
            }
            for rename, seq in renames.items()
        ]

    def _node(self, kind: AnchorKind, name: str) -> tuple[str, Row]:
        row = {"tenant": self.tenant, "kind": kind, "name": name, "repo": self.repo}
        return self._id(kind, name), without_nulls(row)

    def _id(self, kind: AnchorKind, name: str) -> str:
        return Anchor(kind, name, self.repo).node_id(self.tenant)


def write(tx: ManagedTransaction, tenant: str, repo: str | None, seq: int) -> None:
    """Bring the graph of a repository forward by its readings from a ledger position on, which are written already."""
    records = tx.run(_READINGS, p={"tenant": tenant, "repo": repo or ""})
    made, before = RepositoryGraph(tenant, repo), None
    for change in changes_in(records):
        if before is None and change.seq >= seq:
            before = made.graph
        made.take(change)
    if before is not None:
        _MainlineGraphWriter(tx, made).write(before, made.graph)


class _MainlineGraphWriter:
    """Writes the difference of two graphs of a repository."""

    def __init__(self, tx: ManagedTransaction, made: RepositoryGraph) -> None:
        self._tx = tx
        self._made = made

    def write(self, before: MainlineGraph, after: MainlineGraph) -> None:
        """Write the nodes and relationships that are new or changed; remove those that are gone."""
        made = self._made
        gone = made.commits({sha: at_us for sha, at_us in before.commits.items() if sha not in after.commits})
        ended = made.renames(_changed(before.renames, after.renames))
        self._run(_DROP_TAGS, made.tags(_changed(before.tags, after.tags)))
        self._run(_DROP_COMMITS, [_sent(row) for row in gone])
        self._run(_END_RENAMES, [_sent(row) for row in ended])
        self._run(_COMMITS, [_sent(row) for row in made.commits(_changed(after.commits, before.commits))])
        self._run(_TAGS, made.tags(_changed(after.tags, before.tags)))
        fresh = _changed(after.renames, before.renames)
        self._run(_FILES, [{"id": node_id, "row": row} for node_id, row in made.files(fresh).items()])
        self._run(_RENAMES, [_sent(row) for row in made.renames(fresh)])
        loose = {row[end] for row in ended for end in ("old", "new")} | {row["id"] for row in gone}
        self._run(_DROP_UNUSED, sorted(loose))

    def _run(self, statement: str, rows: list[Any]) -> None:
        for start in range(0, len(rows), _CHUNK):
            parameters = {"tenant": self._made.tenant, "rows": rows[start : start + _CHUNK]}
            self._tx.run(statement, p=parameters).consume()


def _changed(here: Mapping[Key, Value], there: Mapping[Key, Value]) -> dict[Key, Value]:
    """Return the items of a mapping that another one lacks or has with another value."""
    return {key: value for key, value in here.items() if key not in there or there[key] != value}


def _sent(row: Row) -> Row:
    return {**row, "at": encoded_time(row["at"])}
