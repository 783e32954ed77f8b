"""The server store: the port of `graphmem.store` over Bolt."""

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
    approximate,
    checking,
    exporting,
    graph,
    matching,
    reading,
    selecting,
    source_keys,
    writing,
)
from graphmem.adapters.neo4j.approximate import Nearest
from graphmem.adapters.neo4j.combining import Call, Combiner
from graphmem.adapters.neo4j.common_words import CommonWords
from graphmem.adapters.neo4j.connecting import Address, Link, Login
from graphmem.adapters.neo4j.creating import vector_row
from graphmem.adapters.neo4j.foresight import Foresight
from graphmem.adapters.neo4j.projecting import Neo4jProjection
from graphmem.adapters.neo4j.schema import Neo4jSchema
from graphmem.adapters.neo4j.values import CARD_FIELDS, END, card_of
from graphmem.adapters.neo4j.vectors import VectorCache, VectorSearch
from graphmem.adapters.vector_bytes import blob, refuse_other_model
from graphmem.errors import InvalidInput, StoreUnavailable, Unsupported
from graphmem.instants import to_micros
from graphmem.model import Change, Point, Request, Scope
from graphmem.rows import Rows, SourceRow
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
#: What a large batch may take beside waiting for its turn, on a server that is ten times slower than usual.
_WORK_S_EACH = 0.02
VECTOR_CACHE_BYTES = 512 * 1024 * 1024

_MODEL = f"MATCH (e:EmbeddingModel {{id: 'current'}}) RETURN {CARD_FIELDS} AS model"
# The node, then every ledger: whoever writes meanwhile is waited for, and whoever writes next sees the other model.
_ADOPT = """
MERGE (e:EmbeddingModel {id: 'current'})
SET e.locked_at = timestamp()
WITH e, e.name IS NOT NULL AS was_there, e.name IS NULL OR e.name <> $p.name OR e.dimension <> $p.dimension
  OR e.weights_hash <> $p.hash AS is_other
WHERE is_other
SET e.name = $p.name, e.dimension = $p.dimension, e.weights_hash = $p.hash
WITH e, was_there WHERE was_there
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
        link: Sessions with the database.
        schema_version: The version that the database was found to have.
        vector_cache_bytes: How much memory vectors may take that were fetched to be searched here.
        is_approximate: Compare vectors by the server's index where it has one, instead of fetching them.
    """

    def __init__(
        self,
        link: Link,
        schema_version: int,
        vector_cache_bytes: int = VECTOR_CACHE_BYTES,
        *,
        is_approximate: bool = False,
    ) -> None:
        self._is_approximate = is_approximate
        self._link = link
        self._schema_version = schema_version
        self._projection = Neo4jProjection(link)
        self._vectors = VectorCache(vector_cache_bytes)
        self._common = CommonWords()
        self._foresight: defaultdict[str, Foresight] = defaultdict(Foresight)
        self._writers = Combiner(self._carry_out, patience_s=link.patience_s)
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
        """The store in a database.

        Args:
            url: Such as `neo4j+s://host:7687/database`; without a database, the user's home database.
            create: Apply the schema if the database has none, and migrate an older one.
            login: Who we are there; None where the server asks for no login.
            patience_s: How long a transaction is tried, and waits for its turn.
            vector_cache_bytes: As for the class.
            is_approximate: As for the class.

        Raises:
            InvalidInput: The URL names no server, or carries a password.
            StoreUnavailable: The server cannot be reached, or refuses the login.
            Unsupported: Its schema is missing or newer, or the server too old.
        """
        link = Link(Address.read(url), login or Login(), patience_s=patience_s)
        try:
            link.verify()
            version = Neo4jSchema(link).ensure(create=create)
            return cls(link, version, vector_cache_bytes, is_approximate=is_approximate)
        except BaseException:
            link.close()
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
        if len(writing.tenants_of(requests)) > 1:
            raise InvalidInput("requests of several tenants cannot be applied together")
        return self._writers.apply(requests[0].writer.tenant, Call(requests, clock, vectors or {}, model))

    def restore(
        self, lines: Iterable[str], *, tenant: str, progress: Progress = silent, clock: Clock | None = None
    ) -> int:
        """See `graphmem.store.Store.restore`."""
        link = self._open_link
        with verified(lines, tenant, clock=clock) as export:
            header, done = export.header, exporting.begin(link, export)
            progress(done, header.entries)
            for part in export.parts(done):
                exporting.write(link, export, part)
                progress(part[-1].entry.seq, header.entries)
            self._model = None
            return exporting.finish(link, export)

    def save_vectors(self, reader: Scope, vectors: Mapping[str, Vector], *, model: ModelCard | None = None) -> None:
        """See `graphmem.store.Store.save_vectors`."""
        exporting.refuse_restoring(self._open_link, reader.tenant)

        def save(tx: ManagedTransaction) -> None:
            batch = writing.Batch.begin(tx, reader.tenant)
            if not batch.take_vectors(vectors, model):
                refuse_other_model(model, batch.model)
            found = [[key, vector_row(blob(one), is_indexed=batch.is_indexed)] for key, one in vectors.items()]
            tx.run(_SAVE_VECTORS, p={"tenant": reader.tenant, "vectors": found}).consume()

        self._open_link.write(save)

    def adopt_model(self, card: ModelCard, reader: Scope | None = None) -> None:
        """See `graphmem.store.Store.adopt_model`."""
        del reader
        link, self._model = self._open_link, None
        asked = {"name": card.name, "dimension": card.dimension, "hash": card.weights_hash}
        link.write(lambda tx: tx.run(_ADOPT, p=asked).consume())
        # Also what somebody else adopted and did not finish.
        while link.write(lambda tx: tx.run(_DROP_VECTORS).single(strict=True)["dropped"]):
            pass
        link.write(lambda tx: tx.run(_DROPPED).consume())

    # ---- reading

    def tenants(self) -> list[str]:
        """See `graphmem.store.Store.tenants`."""
        return sorted(one["tenant"] for one in self._open_link.records(_TENANTS, {}))

    def model(self, reader: Scope | None = None) -> ModelCard | None:
        """See `graphmem.store.Store.model`."""
        del reader
        return self._model or self._stored_model()

    def _stored_model(self) -> ModelCard | None:
        """The model as it is now: another process may have adopted one."""
        found = self._open_link.records(_MODEL, {})
        self._model = card_of(found[0]["model"]) if found else None
        return self._model

    def secret(self, reader: Scope) -> str:
        """See `graphmem.store.Store.secret`."""
        return reading.head(self._open_link, reader.tenant).key

    def position(self, reader: Scope, moment: datetime | None = None) -> Position:
        """See `graphmem.store.Store.position`."""
        return reading.position(self._open_link, reader.tenant, moment)

    def pin(self, reader: Scope, moment: datetime) -> Position:
        """See `graphmem.store.Store.pin`."""
        link, tenant, micros = self._open_link, reader.tenant, to_micros(moment)
        head = reading.head(link, tenant)
        if micros <= max(head.recorded_at or micros - 1, head.answered_to or micros - 1):
            return reading.position(link, tenant, moment)
        return link.write(lambda tx: writing.pin(tx, tenant, moment))

    def changes(self, reader: Scope, *, after: int = 0, limit: int = 1000) -> list[Change]:
        """See `graphmem.store.Store.changes`."""
        return reading.changes(self._open_link, reader.tenant, after=after, limit=limit)

    def change_by_op_id(self, reader: Scope, op_id: str) -> Change | None:
        """See `graphmem.store.Store.change_by_op_id`."""
        return reading.change_by_op_id(self._open_link, reader.tenant, op_id)

    def changes_of(self, reader: Scope, memory: str) -> list[Change]:
        """See `graphmem.store.Store.changes_of`."""
        return reading.changes_of(self._open_link, reader.tenant, memory)

    def rows(self, reader: Scope, ids: Sequence[str], *, rivals: Rivals | None = None, is_alone: bool = False) -> Rows:
        """See `graphmem.store.Store.rows`."""
        del is_alone  # a chain comes in the same answer
        return reading.rows(self._open_link, reader, ids, rivals=rivals)

    def select(self, reader: Scope, where: Filter, *, at: datetime | None, before: int, limit: int) -> list[str]:
        """See `graphmem.store.Store.select`."""
        return selecting.select(self._open_link, reader, where, at=at, before=before, limit=limit)

    def match(
        self, reader: Scope, probe: Probe, where: Filter, *, seq: int | None = None, at: datetime | None = None
    ) -> Matches:
        """See `graphmem.store.Store.match`."""
        found, nearest = self._found(reader, probe, selecting.wanted(reader, where), seq, at)
        known = found.head.seq if seq is None else seq
        near = nearest.found or ()
        matches = Matches(found.lexical, near, found.named, found.rows, known, found.model, nearest.note)
        if probe.is_weighed:
            matches = replace(
                matches,
                weights=tuple(map(found.corpus.weight, probe.terms)),
                evidence=self._evidence(reader.tenant, probe, found, matches),
                unheld=found.corpus.unheld(probe.terms),
            )
        if matches.ids and found.rows.memories.keys() >= set(matches.ids):
            return matches
        settled_at = None if at is None else Point(at, known)
        return replace(matches, rows=reading.rows(self._open_link, reader, matches.ids, settled_at=settled_at))

    def _evidence(self, tenant: str, probe: Probe, found: matching.Found, matches: Matches) -> Mapping[str, Evidence]:
        cosines = dict(matches.vector)
        if cosines and probe.vector is not None:
            others = [key for key in matches.ids if key not in cosines]
            cosines |= self._vectors.cosines(found.head, others, probe.vector)
        return matching.evidence(self._open_link, tenant, probe, found, matches.ids, cosines)

    def _found(
        self, reader: Scope, probe: Probe, what: selecting.Wanted, seq: int | None, at: datetime | None
    ) -> tuple[matching.Found, Nearest]:
        """Words and names from the server, and the nearest vectors from its index or from those kept here."""
        link, tenant = self._open_link, reader.tenant
        if probe.vector is None or probe.limit < 1:
            words_alone = matching.Expected(None, (), at, self._common)
            return matching.find(link, reader, probe, what, seq=seq, expected=words_alone), Nearest(None, None)
        if not self._is_approximate:
            return self._found_exactly(reader, probe, what, seq, at)
        found = matching.find(
            link, reader, probe, what, seq=seq, expected=matching.Expected(None, None, at, self._common)
        )
        if not found.head.vectors or probe.model not in (None, found.model):
            return found, Nearest(None, None)
        search = VectorSearch(probe.vector, "", found.head.seq if seq is None else seq, probe.limit)
        nearest = approximate.near(link, tenant, what, search)
        if nearest.found is not None:
            return found, nearest
        # Words and names are there already.
        vector_alone = replace(probe, terms=(), names=())
        _, exactly = self._found_exactly(reader, vector_alone, what, search.seq, None)
        return found, replace(exactly, note=nearest.note)

    def _found_exactly(
        self, reader: Scope, probe: Probe, what: selecting.Wanted, seq: int | None, at: datetime | None
    ) -> tuple[matching.Found, Nearest]:
        link, tenant = self._open_link, reader.tenant
        assert probe.vector is not None, "there is something to compare"  # noqa: S101
        search = VectorSearch(probe.vector, repr(what), END if seq is None else seq, probe.limit)
        while True:
            foreseen = self._vectors.foreseen(tenant, search)
            expected = matching.Expected(foreseen.last, foreseen.near, at, self._common)
            found = matching.find(link, reader, probe, what, seq=seq, expected=expected)
            if not found.head.vectors or probe.model not in (None, found.model):
                return found, Nearest(None, None)
            if foreseen.last and foreseen.epoch != found.head.epoch:
                self._vectors.forget(tenant)
                continue
            pinned = replace(search, seq=found.head.seq if seq is None else seq)
            nearest = self._vectors.best(link, found.head, pinned, found.fitting, foreseen)
            if nearest is not None:
                return found, Nearest(nearest, None)

    def neighbours(
        self, reader: Scope, ids: Sequence[str], *, seq: int, limit: int, at: datetime | None = None
    ) -> Nearby:
        """See `graphmem.store.Store.neighbours`."""
        return graph.neighbours(self._open_link, reader, ids, seq=seq, limit=limit, at=at)

    def contested_subjects(self, reader: Scope) -> dict[str, tuple[str, ...]]:
        """See `graphmem.store.Store.contested_subjects`."""
        return graph.contested_subjects(self._open_link, reader)

    def forked(self, reader: Scope) -> list[str]:
        """See `graphmem.store.Store.forked`."""
        return graph.forked(self._open_link, reader)

    def declared_conflicts(self, reader: Scope) -> list[tuple[str, str]]:
        """See `graphmem.store.Store.declared_conflicts`."""
        return graph.declared_conflicts(self._open_link, reader)

    def ids_beginning(self, reader: Scope, prefix: str, *, limit: int) -> list[str]:
        """See `graphmem.store.Store.ids_beginning`."""
        return graph.ids_beginning(self._open_link, reader, prefix, limit)

    def repositories(self, reader: Scope) -> list[str]:
        """See `graphmem.store.Store.repositories`."""
        return graph.repositories(self._open_link, reader)

    def sources(self, reader: Scope, *, keys: Sequence[str] = (), memories: Sequence[str] = ()) -> list[SourceRow]:
        """See `graphmem.store.Store.sources`."""
        return source_keys.sources(self._open_link, reader, keys, memories)

    def without_vector(self, reader: Scope, limit: int) -> list[str]:
        """See `graphmem.store.Store.without_vector`."""
        asked = {"tenant": reader.tenant, "limit": max(limit, 0)}
        return [one["id"] for one in self._open_link.records(_WITHOUT_VECTOR, asked)]

    # ---- keeping

    def export(self, reader: Scope) -> Iterator[str]:
        """See `graphmem.store.Store.export`."""
        yield from exporting.export(self._open_link, reader.tenant, self._stored_model())

    def backup(self, target: Path) -> None:
        """Always refused: a server is backed up by its own tools."""
        raise Unsupported(
            f"{str(target)!r}: a Neo4j server is copied by its own tools (neo4j-admin database dump or backup);"
            " `graphmem export` writes one tenant, and `graphmem copy` moves it to another store"
        )

    def check(self) -> list[Finding]:
        """See `graphmem.store.Store.check`."""
        return checking.check(self._open_link.unhurried())

    def info(self, reader: Scope) -> StoreInfo:
        """See `graphmem.store.Store.info`."""
        head = reading.head(self._open_link, reader.tenant)
        return StoreInfo(
            url=self._link.address.url,
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
        """The graph that graphiti reads, kept in the same database."""
        return self._projection

    def close(self) -> None:
        """See `graphmem.store.Store.close`."""
        self._is_closed = True
        self._vectors.forget()
        self._link.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ---- inside

    def _carry_out(self, calls: Sequence[Call], patience_s: float) -> list[list[Change]]:
        patience_s += _WORK_S_EACH * sum(len(call.requests) for call in calls)
        tenant = calls[0].requests[0].writer.tenant
        foresight = self._foresight[tenant]
        attempt = foresight.attempt(calls)

        def work(tx: ManagedTransaction) -> writing.Done:
            return (None if attempt is None else attempt(tx)) or writing.carry_out(tx, calls)

        done = self._open_link.write(work, patience_s=patience_s)
        foresight.learn(done.batch)
        self._model = done.batch.model
        self._projection.note(tenant, is_on=done.batch.is_projected)
        return done.changes

    @property
    def _open_link(self) -> Link:
        if self._is_closed:
            raise StoreUnavailable(f"{self._link.address.url} was closed; open it again")
        return self._link
