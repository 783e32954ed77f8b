"""The Neo4j store: implements the port of `graphmem.store` over Bolt."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from graphmem.adapters.export_lines import verified
from graphmem.adapters.neo4j import (
    compiled_filter,
    graph_check,
    graph_queries,
    guard_terms,
    ledger_export,
    ledger_queries,
    match_query,
    row_queries,
    source_keys,
    vector_index,
    write_batch,
)
from graphmem.adapters.neo4j.combiner import Combiner, QueuedWrite
from graphmem.adapters.neo4j.common_words import CommonWords
from graphmem.adapters.neo4j.compiled_filter import CypherFilter
from graphmem.adapters.neo4j.database import Address, Database, Login
from graphmem.adapters.neo4j.graphiti_projection import Neo4jProjection
from graphmem.adapters.neo4j.match_query import Prefetch, SearchResult
from graphmem.adapters.neo4j.optimistic_writer import OptimisticWriter
from graphmem.adapters.neo4j.properties import vector_row
from graphmem.adapters.neo4j.schema import Neo4jSchema
from graphmem.adapters.neo4j.values import CARD_FIELDS, END, card_of
from graphmem.adapters.neo4j.vector_cache import FetchedVectorCache, FetchedVectorSearch
from graphmem.adapters.neo4j.vector_index import Nearest
from graphmem.adapters.vector_bytes import blob, refuse_model_conflict
from graphmem.errors import InvalidInput, StoreUnavailable, Unsupported
from graphmem.instants import to_micros
from graphmem.model import Change, Point, Request, Scope
from graphmem.rows import CachedRows, Rows, SourceRow
from graphmem.store import (
    Clock,
    Evidence,
    Filter,
    Finding,
    Matches,
    ModelCard,
    Nearby,
    Position,
    Probe,
    Progress,
    Rivals,
    StoreInfo,
    silent,
)

if TYPE_CHECKING:
    from neo4j import ManagedTransaction

    from graphmem.store import Vector

_PATIENCE_S = 30.0
#: Additional time limit per request of a batch, enough for a server ten times slower than usual.
_SECONDS_PER_REQUEST = 0.02
VECTOR_CACHE_BYTES = 512 * 1024 * 1024

_MODEL = f"MATCH (e:EmbeddingModel {{id: 'current'}}) RETURN {CARD_FIELDS} AS model"
# Locks the node, then every ledger: waits for writes in progress, and later writes see the new model.
_ADOPT = """
MERGE (e:EmbeddingModel {id: 'current'})
SET e.locked_at = timestamp()
WITH e, e.name IS NOT NULL AS existed, e.name IS NULL OR e.name <> $p.name OR e.dimension <> $p.dimension
  OR e.weights_hash <> $p.hash AS differs
WHERE differs
SET e.name = $p.name, e.dimension = $p.dimension, e.weights_hash = $p.hash
WITH e, existed WHERE existed
SET e.is_dropping = true
WITH e MATCH (l:Ledger) SET l.vectors = 0, l.epoch = l.epoch + 1
"""
_DROP_VECTORS = """
OPTIONAL MATCH (e:EmbeddingModel {id: 'current'})
SET e.locked_at = timestamp()
WITH e
CALL (e) {
  WITH e WHERE e.is_dropping
  MATCH (m:Memory) WHERE m.vector IS NOT NULL WITH m LIMIT 10000 REMOVE m.vector, m.embedding
  RETURN count(*) AS dropped
}
RETURN dropped
"""
_DROPPED = """
MATCH (e:EmbeddingModel {id: 'current'})
SET e.locked_at = timestamp()
WITH e WHERE e.is_dropping AND NOT EXISTS { MATCH (m:Memory) WHERE m.vector IS NOT NULL }
REMOVE e.is_dropping
"""
_SAVE_VECTORS = """
MATCH (l:Ledger {tenant: $p.tenant}) SET l.locked_at = timestamp()
WITH l
CALL (l) {
  UNWIND $p.vectors AS x
  MATCH (m:Memory {tenant: $p.tenant, id: x[0]}) WHERE m.statement IS NOT NULL
  WITH m, x, CASE WHEN m.vector IS NULL THEN 1 ELSE 0 END AS fresh
  SET m += x[1]
  RETURN sum(fresh) AS fresh
}
SET l.vectors = l.vectors + fresh, l.epoch = l.epoch + 1
"""
_WITHOUT_VECTOR = """
MATCH (m:Memory) WHERE m.tenant = $p.tenant AND m.seq > 0 AND m.statement IS NOT NULL AND m.vector IS NULL
RETURN m.id AS id ORDER BY m.seq LIMIT $p.limit
"""
_TENANTS = "MATCH (l:Ledger) WHERE l.seq > 0 RETURN l.tenant AS tenant"


class Neo4jStore:
    """Memories in one database of a Neo4j server, for any number of threads, processes and machines.

    Args:
        database: The database, open.
        schema_version: The version of the database's schema.
        vector_cache_bytes: The memory limit of the vector cache.
        is_approximate: Search vectors in the server's index if it has one, instead of the vector cache.
    """

    def __init__(
        self,
        database: Database,
        schema_version: int,
        vector_cache_bytes: int = VECTOR_CACHE_BYTES,
        *,
        is_approximate: bool = False,
    ) -> None:
        self._is_approximate = is_approximate
        self._database = database
        self._schema_version = schema_version
        self._projection = Neo4jProjection(database)
        self._vectors = FetchedVectorCache(vector_cache_bytes)
        self._common = CommonWords()
        self._optimistic_writers: defaultdict[str, OptimisticWriter] = defaultdict(OptimisticWriter)
        self._writers = Combiner(self._carry_out, patience_s=database.patience_s)
        self._model: ModelCard | None = None
        self._is_closed = False

    @classmethod
    def open(
        cls,
        url: str,
        *,
        create: bool,
        login: Login | None = None,
        patience_s: float = _PATIENCE_S,
        vector_cache_bytes: int = VECTOR_CACHE_BYTES,
        is_approximate: bool = False,
    ) -> Self:
        """Open the store in a database.

        Args:
            url: A URL such as `neo4j+s://host:7687/database`; without a database name, the user's home database.
            create: Apply the schema if the database has none, and migrate an older one.
            login: The credentials; None for a server without authentication.
            patience_s: The time limit of a transaction with its retries and waits, in seconds.
            vector_cache_bytes: As for the class.
            is_approximate: As for the class.

        Raises:
            InvalidInput: The URL names no server, or contains a password.
            StoreUnavailable: The server cannot be reached, or refuses the login.
            Unsupported: Its schema is missing or newer, or the server too old.
        """
        database = Database(Address.read(url), login or Login(), patience_s=patience_s)
        try:
            database.verify()
            version = Neo4jSchema(database).ensure(create=create)
            return cls(database, version, vector_cache_bytes, is_approximate=is_approximate)
        except BaseException:
            database.close()
            raise

    # ---- writing

    def apply(
        self,
        requests: Sequence[Request],
        *,
        clock: Clock,
        vectors: Mapping[str, Vector] | None = None,
        model: ModelCard | None = None,
    ) -> list[Change]:
        """See `graphmem.store.Store.apply`."""
        if not requests:
            raise InvalidInput("nothing to apply: give at least one request")
        if len(write_batch.tenants_of(requests)) > 1:
            raise InvalidInput("requests of several tenants cannot be applied together")
        return self._writers.apply(requests[0].writer.tenant, QueuedWrite(requests, clock, vectors or {}, model))

    def restore(
        self, lines: Iterable[str], *, tenant: str, progress: Progress = silent, clock: Clock | None = None
    ) -> int:
        """See `graphmem.store.Store.restore`."""
        database = self._open_database
        with verified(lines, tenant, clock=clock) as export:
            header, done = export.header, ledger_export.begin(database, export)
            progress(done, header.entries)
            for part in export.parts(done):
                ledger_export.write(database, export, part)
                progress(part[-1].entry.seq, header.entries)
            self._model = None
            return ledger_export.finish(database, export)

    def save_vectors(self, reader: Scope, vectors: Mapping[str, Vector], *, model: ModelCard | None = None) -> None:
        """See `graphmem.store.Store.save_vectors`."""
        ledger_export.refuse_restoring(self._open_database, reader.tenant)

        def save(tx: ManagedTransaction) -> None:
            batch = write_batch.WriteBatch.begin(tx, reader.tenant)
            if not batch.take_vectors(vectors, model):
                refuse_model_conflict(model, batch.model)
            rows = [
                [memory_id, vector_row(blob(vector), is_indexed=batch.is_indexed)]
                for memory_id, vector in vectors.items()
            ]
            tx.run(_SAVE_VECTORS, p={"tenant": reader.tenant, "vectors": rows}).consume()

        self._open_database.write(save)

    def adopt_model(self, card: ModelCard, reader: Scope | None = None) -> None:
        """See `graphmem.store.Store.adopt_model`."""
        del reader
        database, self._model = self._open_database, None
        parameters = {"name": card.name, "dimension": card.dimension, "hash": card.weights_hash}
        database.write(lambda tx: tx.run(_ADOPT, p=parameters).consume())
        # Also finishes an adoption that another process began and did not finish.
        while database.write(lambda tx: tx.run(_DROP_VECTORS).single(strict=True)["dropped"]):
            pass
        database.write(lambda tx: tx.run(_DROPPED).consume())

    # ---- reading

    def tenants(self) -> list[str]:
        """See `graphmem.store.Store.tenants`."""
        return sorted(record["tenant"] for record in self._open_database.records(_TENANTS, {}))

    def model(self, reader: Scope | None = None) -> ModelCard | None:
        """See `graphmem.store.Store.model`."""
        del reader
        return self._model or self._stored_model()

    def _stored_model(self) -> ModelCard | None:
        """Read the model: another process may have adopted a new model."""
        records = self._open_database.records(_MODEL, {})
        self._model = card_of(records[0]["model"]) if records else None
        return self._model

    def secret(self, reader: Scope) -> str:
        """See `graphmem.store.Store.secret`."""
        return ledger_queries.head(self._open_database, reader.tenant).key

    def position(self, reader: Scope, moment: datetime | None = None) -> Position:
        """See `graphmem.store.Store.position`."""
        return ledger_queries.position(self._open_database, reader.tenant, moment)

    def pin(self, reader: Scope, moment: datetime) -> Position:
        """See `graphmem.store.Store.pin`."""
        database, tenant, micros = self._open_database, reader.tenant, to_micros(moment)
        head = ledger_queries.head(database, tenant)
        if micros <= max(head.recorded_at or micros - 1, head.answered_to or micros - 1):
            return ledger_queries.position(database, tenant, moment)
        return database.write(lambda tx: write_batch.pin(tx, tenant, moment))

    def changes(self, reader: Scope, *, after: int = 0, limit: int = 1000) -> list[Change]:
        """See `graphmem.store.Store.changes`."""
        return ledger_queries.changes(self._open_database, reader.tenant, after=after, limit=limit)

    def change_by_op_id(self, reader: Scope, op_id: str) -> Change | None:
        """See `graphmem.store.Store.change_by_op_id`."""
        return ledger_queries.change_by_op_id(self._open_database, reader.tenant, op_id)

    def changes_of(self, reader: Scope, memory: str) -> list[Change]:
        """See `graphmem.store.Store.changes_of`."""
        return ledger_queries.changes_of(self._open_database, reader.tenant, memory)

    def readings(self, reader: Scope, repo: str | None, *, after: int = 0) -> list[Change]:
        """See `graphmem.store.Store.readings`."""
        return ledger_queries.readings(self._open_database, reader.tenant, repo, after)

    def rows(self, reader: Scope, ids: Sequence[str], *, is_alone: bool = False) -> Rows:
        """See `graphmem.store.Store.rows`."""
        del is_alone  # the same statement reads the chains
        return row_queries.rows(self._open_database, reader, ids).chained

    def rows_with_rivals(self, reader: Scope, ids: Sequence[str], rivals: Rivals) -> CachedRows:
        """See `graphmem.store.Store.rows_with_rivals`."""
        return row_queries.rows(self._open_database, reader, ids, rivals=rivals)

    def select(self, reader: Scope, where: Filter, *, at: datetime | None, before: int, limit: int) -> list[str]:
        """See `graphmem.store.Store.select`."""
        return compiled_filter.select(self._open_database, reader, where, at=at, before=before, limit=limit)

    def match(
        self, reader: Scope, probe: Probe, where: Filter, *, seq: int | None = None, at: datetime | None = None
    ) -> Matches:
        """See `graphmem.store.Store.match`."""
        result, nearest = self._search(reader, probe, compiled_filter.compile_filter(reader, where), seq, at)
        last = result.head.seq if seq is None else seq
        near = nearest.matches or ()
        matches = Matches(result.lexical, near, result.named, result.rows, last, result.model, nearest.note)
        matches = replace(matches, last_reading=result.last_reading)
        if probe.is_weighed:
            matches = replace(
                matches,
                weights=tuple(map(result.corpus.weight, probe.terms)),
                evidence=self._evidence(reader.tenant, probe, result, matches),
                unheld=result.corpus.unheld(probe.terms),
            )
        if matches.ids and result.rows.ids >= set(matches.ids):
            return matches
        settled_at = None if at is None else Point(at, last)
        return replace(matches, rows=row_queries.rows(self._open_database, reader, matches.ids, settled_at=settled_at))

    def _evidence(self, tenant: str, probe: Probe, result: SearchResult, matches: Matches) -> Mapping[str, Evidence]:
        cosines = dict(matches.vector)
        if cosines and probe.vector is not None:
            without_cosine = [memory_id for memory_id in matches.ids if memory_id not in cosines]
            cosines |= self._vectors.cosines(result.head, without_cosine, probe.vector)
        return match_query.evidence(self._open_database, tenant, probe, result, matches.ids, cosines)

    def _search(
        self, reader: Scope, probe: Probe, where: CypherFilter, seq: int | None, at: datetime | None
    ) -> tuple[SearchResult, Nearest]:
        """Search words and names on the server, and vectors in its index or in the vector cache."""
        database, tenant = self._open_database, reader.tenant
        if probe.vector is None or probe.limit < 1:
            prefetch = Prefetch(None, (), at, self._common)
            return match_query.search(database, reader, probe, where, seq=seq, prefetch=prefetch), Nearest(None, None)
        if not self._is_approximate:
            return self._search_exactly(reader, probe, where, seq, at)
        prefetch = Prefetch(None, None, at, self._common)
        result = match_query.search(database, reader, probe, where, seq=seq, prefetch=prefetch)
        if not result.head.vectors or probe.model not in (None, result.model):
            return result, Nearest(None, None)
        search = FetchedVectorSearch(probe.vector, "", result.head.seq if seq is None else seq, probe.limit)
        nearest = vector_index.near(database, tenant, where, search)
        if nearest.matches is not None:
            return result, nearest
        # The result already has the words and names.
        vector_probe = replace(probe, terms=(), names=())
        _, exact = self._search_exactly(reader, vector_probe, where, search.seq, None)
        return result, replace(exact, note=nearest.note)

    def _search_exactly(
        self, reader: Scope, probe: Probe, where: CypherFilter, seq: int | None, at: datetime | None
    ) -> tuple[SearchResult, Nearest]:
        database, tenant = self._open_database, reader.tenant
        assert probe.vector is not None, "the probe has a vector"  # noqa: S101
        search = FetchedVectorSearch(probe.vector, repr(where), END if seq is None else seq, probe.limit)
        while True:
            cached = self._vectors.cached(tenant, search)
            prefetch = Prefetch(cached.last, cached.near, at, self._common)
            result = match_query.search(database, reader, probe, where, seq=seq, prefetch=prefetch)
            if not result.head.vectors or probe.model not in (None, result.model):
                return result, Nearest(None, None)
            if cached.last and cached.epoch != result.head.epoch:
                self._vectors.forget(tenant)
                continue
            pinned = replace(search, seq=result.head.seq if seq is None else seq)
            nearest = self._vectors.best(database, result.head, pinned, result.passing_seqs, cached)
            if nearest is not None:
                return result, Nearest(nearest, None)

    def neighbours(
        self, reader: Scope, ids: Sequence[str], *, seq: int, limit: int, at: datetime | None = None
    ) -> Nearby:
        """See `graphmem.store.Store.neighbours`."""
        return graph_queries.neighbours(self._open_database, reader, ids, seq=seq, limit=limit, at=at)

    def contested_subjects(self, reader: Scope) -> dict[str, tuple[str, ...]]:
        """See `graphmem.store.Store.contested_subjects`."""
        return graph_queries.contested_subjects(self._open_database, reader)

    def forked(self, reader: Scope) -> list[str]:
        """See `graphmem.store.Store.forked`."""
        return graph_queries.forked(self._open_database, reader)

    def declared_conflicts(self, reader: Scope) -> list[tuple[str, str]]:
        """See `graphmem.store.Store.declared_conflicts`."""
        return graph_queries.declared_conflicts(self._open_database, reader)

    def ids_beginning(self, reader: Scope, prefix: str, *, limit: int) -> list[str]:
        """See `graphmem.store.Store.ids_beginning`."""
        return graph_queries.ids_beginning(self._open_database, reader, prefix, limit)

    def guarding(self, reader: Scope, terms: Sequence[str], *, limit: int) -> list[str]:
        """See `graphmem.store.Store.guarding`."""
        return guard_terms.guarding(self._open_database, reader, terms, limit)

    def guard_terms(self, reader: Scope) -> list[str]:
        """See `graphmem.store.Store.guard_terms`."""
        return guard_terms.every_term(self._open_database, reader)

    def guiding(self, reader: Scope, names: Sequence[str]) -> list[str]:
        """See `graphmem.store.Store.guiding`."""
        return graph_queries.guiding(self._open_database, reader, names)

    def repositories(self, reader: Scope) -> list[str]:
        """See `graphmem.store.Store.repositories`."""
        return graph_queries.repositories(self._open_database, reader)

    def sources(self, reader: Scope, *, keys: Sequence[str] = (), memories: Sequence[str] = ()) -> list[SourceRow]:
        """See `graphmem.store.Store.sources`."""
        return source_keys.sources(self._open_database, reader, keys, memories)

    def without_vector(self, reader: Scope, limit: int) -> list[str]:
        """See `graphmem.store.Store.without_vector`."""
        parameters = {"tenant": reader.tenant, "limit": max(limit, 0)}
        return [record["id"] for record in self._open_database.records(_WITHOUT_VECTOR, parameters)]

    # ---- keeping

    def export(self, reader: Scope) -> Iterator[str]:
        """See `graphmem.store.Store.export`."""
        yield from ledger_export.export(self._open_database, reader.tenant, self._stored_model())

    def backup(self, target: Path) -> None:
        """Raise `Unsupported`: a server is backed up by its own tools."""
        raise Unsupported(
            f"{str(target)!r}: a Neo4j server is copied by its own tools (neo4j-admin database dump or backup);"
            " `graphmem export` writes one tenant, and `graphmem copy` moves it to another store"
        )

    def check(self) -> list[Finding]:
        """See `graphmem.store.Store.check`."""
        return graph_check.check(self._open_database.for_long_reads())

    def info(self, reader: Scope) -> StoreInfo:
        """See `graphmem.store.Store.info`."""
        head = ledger_queries.head(self._open_database, reader.tenant)
        return StoreInfo(
            url=self._database.address.url,
            schema_version=self._schema_version,
            model=self._stored_model(),
            memories=head.documents,
            changes=head.seq,
            vectors=head.vectors,
            size_bytes=None,
            head=head.hash,
            is_restoring=head.is_restoring,
        )

    def projected(self) -> Neo4jProjection:
        """Return the graph that graphiti reads, stored in the same database."""
        return self._projection

    def close(self) -> None:
        """See `graphmem.store.Store.close`."""
        self._is_closed = True
        self._vectors.forget()
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ---- inside

    def _carry_out(self, calls: Sequence[QueuedWrite], patience_s: float) -> list[list[Change]]:
        patience_s += _SECONDS_PER_REQUEST * sum(len(call.requests) for call in calls)
        tenant = calls[0].requests[0].writer.tenant
        writer = self._optimistic_writers[tenant]
        attempt = writer.attempt(calls)

        def work(tx: ManagedTransaction) -> write_batch.BatchResult:
            return (None if attempt is None else attempt(tx)) or write_batch.carry_out(tx, calls)

        result = self._open_database.write(work, patience_s=patience_s)
        writer.learn(result.batch)
        self._model = result.batch.model
        self._projection.note(tenant, is_on=result.batch.is_projected)
        return result.changes

    @property
    def _open_database(self) -> Database:
        if self._is_closed:
            raise StoreUnavailable(f"{self._database.address.url} was closed; open it again")
        return self._database
