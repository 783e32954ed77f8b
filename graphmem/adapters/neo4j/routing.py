"""One store over several servers: each call goes to the database that keeps the tenant of its reader or writer.

Nothing is shared between shards, and no answer is put together from several: a tenant is whole in one database, which
does all that is hard. So there are no edges across shards, and where one is down the tenants of the others go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from graphmem.adapters.neo4j.connecting import Login
from graphmem.adapters.neo4j.routed_projection import RoutedProjection
from graphmem.adapters.neo4j.shard import Shard
from graphmem.adapters.neo4j.sharding import SCHEME, Shards
from graphmem.adapters.neo4j.store import VECTOR_CACHE_BYTES, Neo4jStore
from graphmem.errors import InvalidInput, StoreUnavailable, Unsupported
from graphmem.model import Change, Request, Scope
from graphmem.rows import Rows, SourceRow
from graphmem.store import (
    Clock,
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
    from graphmem.store import Vector

_PATIENCE_S = 30.0

Logins = Callable[[str], Login]


class RoutedStore:
    """Memories in several databases of Neo4j servers, each tenant in one.

    Args:
        url: As it was opened.
        shards: Which tenant is where.
        opening: Opens the store of a shard; called when it is first needed.
    """

    def __init__(self, url: str, shards: Shards, opening: Callable[[str], Neo4jStore]) -> None:
        self._url = url
        self._rule = shards
        self._shards = {name: Shard(name, opening) for name in shards.addresses}
        self._is_closed = False

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        create: bool,
        logins: Logins | None = None,
        patience_s: float = _PATIENCE_S,
        is_approximate: bool = False,
    ) -> Self:
        """The store over the shards that a file names; none is connected to yet.

        Args:
            path: A TOML file, see `Shards`.
            create: Apply the schema where a shard has none, and migrate an older one, once it is needed.
            logins: Who we are on each shard; None where no server asks for a login.
            patience_s: How long a transaction is tried, and waits for its turn.
            is_approximate: As for `Neo4jStore`, on every shard.

        Raises:
            NotFound: No such file.
            InvalidInput: It is no rule of shards.
        """
        rule = Shards.read(path)
        share = VECTOR_CACHE_BYTES // len(rule.addresses)

        def opening(name: str) -> Neo4jStore:
            login = logins(name) if logins is not None else None
            url = rule.addresses[name].url
            return Neo4jStore.open(
                url,
                create=create,
                login=login,
                patience_s=patience_s,
                vector_cache_bytes=share,
                is_approximate=is_approximate,
            )

        return cls(f"{SCHEME}:///{path}", rule, opening)

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
        # Requests of other tenants among them are refused there.
        shard = self._of(requests[0].writer)
        return shard.call(lambda store: store.apply(requests, clock=clock, vectors=vectors, model=model))

    def restore(
        self, lines: Iterable[str], *, tenant: str, progress: Progress = silent, clock: Clock | None = None
    ) -> int:
        """See `graphmem.store.Store.restore`."""
        shard = self._of(Scope(tenant))
        return shard.call(lambda store: store.restore(lines, tenant=tenant, progress=progress, clock=clock))

    def save_vectors(self, reader: Scope, vectors: Mapping[str, Vector], *, model: ModelCard | None = None) -> None:
        """See `graphmem.store.Store.save_vectors`."""
        self._of(reader).call(lambda store: store.save_vectors(reader, vectors, model=model))

    def adopt_model(self, card: ModelCard, reader: Scope | None = None) -> None:
        """See `graphmem.store.Store.adopt_model`. For everywhere, every shard must be up: else nothing is changed."""
        shards = self._everywhere() if reader is None else [self._of(reader)]
        for shard in shards:
            shard.call(lambda store: store.model())
        for shard in shards:
            shard.call(lambda store: store.adopt_model(card))

    # ---- reading

    def tenants(self) -> list[str]:
        """See `graphmem.store.Store.tenants`: those of every shard, strays among them."""
        return sorted({name for shard in self._everywhere() for name in shard.call(lambda store: store.tenants())})

    def model(self, reader: Scope | None = None) -> ModelCard | None:
        """See `graphmem.store.Store.model`.

        Raises:
            Unsupported: No reader is given, and a shard has another model than the first.
        """
        if reader is not None:
            return self._of(reader).call(lambda store: store.model())
        found = {shard.name: shard.call(lambda store: store.model()) for shard in self._everywhere()}
        if differing := _differing(found):
            raise Unsupported(f"{differing}; run: graphmem reindex for the tenants there")
        return next(iter(found.values()))

    def secret(self, reader: Scope) -> str:
        """See `graphmem.store.Store.secret`."""
        return self._of(reader).call(lambda store: store.secret(reader))

    def position(self, reader: Scope, moment: datetime | None = None) -> Position:
        """See `graphmem.store.Store.position`."""
        return self._of(reader).call(lambda store: store.position(reader, moment))

    def pin(self, reader: Scope, moment: datetime) -> Position:
        """See `graphmem.store.Store.pin`."""
        return self._of(reader).call(lambda store: store.pin(reader, moment))

    def changes(self, reader: Scope, *, after: int = 0, limit: int = 1000) -> list[Change]:
        """See `graphmem.store.Store.changes`."""
        return self._of(reader).call(lambda store: store.changes(reader, after=after, limit=limit))

    def change_by_op_id(self, reader: Scope, op_id: str) -> Change | None:
        """See `graphmem.store.Store.change_by_op_id`."""
        return self._of(reader).call(lambda store: store.change_by_op_id(reader, op_id))

    def changes_of(self, reader: Scope, memory: str) -> list[Change]:
        """See `graphmem.store.Store.changes_of`."""
        return self._of(reader).call(lambda store: store.changes_of(reader, memory))

    def rows(self, reader: Scope, ids: Sequence[str], *, rivals: Rivals | None = None, is_alone: bool = False) -> Rows:
        """See `graphmem.store.Store.rows`."""
        return self._of(reader).call(lambda store: store.rows(reader, ids, rivals=rivals, is_alone=is_alone))

    def select(self, reader: Scope, where: Filter, *, at: datetime | None, before: int, limit: int) -> list[str]:
        """See `graphmem.store.Store.select`."""
        return self._of(reader).call(lambda store: store.select(reader, where, at=at, before=before, limit=limit))

    def match(
        self, reader: Scope, probe: Probe, where: Filter, *, seq: int | None = None, at: datetime | None = None
    ) -> Matches:
        """See `graphmem.store.Store.match`."""
        return self._of(reader).call(lambda store: store.match(reader, probe, where, seq=seq, at=at))

    def neighbours(
        self, reader: Scope, ids: Sequence[str], *, seq: int, limit: int, at: datetime | None = None
    ) -> Nearby:
        """See `graphmem.store.Store.neighbours`."""
        return self._of(reader).call(lambda store: store.neighbours(reader, ids, seq=seq, limit=limit, at=at))

    def contested_subjects(self, reader: Scope) -> dict[str, tuple[str, ...]]:
        """See `graphmem.store.Store.contested_subjects`."""
        return self._of(reader).call(lambda store: store.contested_subjects(reader))

    def forked(self, reader: Scope) -> list[str]:
        """See `graphmem.store.Store.forked`."""
        return self._of(reader).call(lambda store: store.forked(reader))

    def declared_conflicts(self, reader: Scope) -> list[tuple[str, str]]:
        """See `graphmem.store.Store.declared_conflicts`."""
        return self._of(reader).call(lambda store: store.declared_conflicts(reader))

    def ids_beginning(self, reader: Scope, prefix: str, *, limit: int) -> list[str]:
        """See `graphmem.store.Store.ids_beginning`."""
        return self._of(reader).call(lambda store: store.ids_beginning(reader, prefix, limit=limit))

    def repositories(self, reader: Scope) -> list[str]:
        """See `graphmem.store.Store.repositories`."""
        return self._of(reader).call(lambda store: store.repositories(reader))

    def sources(self, reader: Scope, *, keys: Sequence[str] = (), memories: Sequence[str] = ()) -> list[SourceRow]:
        """See `graphmem.store.Store.sources`."""
        return self._of(reader).call(lambda store: store.sources(reader, keys=keys, memories=memories))

    def without_vector(self, reader: Scope, limit: int) -> list[str]:
        """See `graphmem.store.Store.without_vector`."""
        return self._of(reader).call(lambda store: store.without_vector(reader, limit))

    # ---- keeping

    def export(self, reader: Scope) -> Iterator[str]:
        """See `graphmem.store.Store.export`."""
        return self._of(reader).lines(lambda store: store.export(reader))

    def backup(self, target: Path) -> None:
        """Always refused: servers are backed up by their own tools, one by one."""
        raise Unsupported(
            f"{str(target)!r}: each server is copied by its own tools (neo4j-admin database dump or backup);"
            " `graphmem export` writes one tenant, and `graphmem copy` moves it to another store"
        )

    def check(self) -> list[Finding]:
        """See `graphmem.store.Store.check`: of every shard, and of what must agree between them."""
        shards = self._everywhere()
        findings = [
            Finding(one.area, f"shard {shard.name!r}: {one.what}")
            for shard in shards
            for one in shard.call(lambda store: store.check())
        ]
        models = {shard.name: shard.call(lambda store: store.model()) for shard in shards}
        if differing := _differing(models):
            findings.append(Finding("model", differing))
        return [*findings, *self._strays()]

    def info(self, reader: Scope) -> StoreInfo:
        """See `graphmem.store.Store.info`: of the shard that keeps the reader's tenant."""
        shard = self._of(reader)
        found = shard.call(lambda store: store.info(reader))
        return replace(found, url=f"{self._url} (shard {shard.name!r}: {found.url})")

    def projected(self) -> RoutedProjection:
        """The graphs that graphiti reads, each in the database that keeps the tenant."""
        return RoutedProjection(lambda tenant: self._of(Scope(tenant)))

    def close(self) -> None:
        """See `graphmem.store.Store.close`."""
        self._is_closed = True
        for shard in self._shards.values():
            shard.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ---- inside

    def _of(self, reader: Scope) -> Shard:
        self._refuse_if_closed()
        return self._shards[self._rule.shard_of(reader.tenant)]

    def _everywhere(self) -> list[Shard]:
        self._refuse_if_closed()
        return list(self._shards.values())

    def _refuse_if_closed(self) -> None:
        if self._is_closed:
            raise StoreUnavailable(f"{self._url} was closed; open it again")

    def _strays(self) -> Iterator[Finding]:
        """Tenants that somebody wrote to elsewhere than where they are read: a move that was not finished."""
        for shard in self._everywhere():
            for tenant in shard.call(lambda store: store.tenants()):
                home = self._rule.find(tenant)
                if home != shard.name:
                    told = f"tenant {tenant!r} has a ledger on shard {shard.name!r}, but is kept on {home!r}"
                    yield Finding("routing", told)


def _differing(models: Mapping[str, ModelCard | None]) -> str:
    """Which shards have another model than the first that has one; those without vectors yet agree with all."""
    known = {shard: card for shard, card in models.items() if card is not None}
    if len(set(known.values())) <= 1:
        return ""
    (first, card), *others = known.items()
    told = ", ".join(f"{shard!r} has {one.name!r}" for shard, one in others if one != card)
    return f"the shards' embedding models differ: {first!r} has {card.name!r}, {told}"
