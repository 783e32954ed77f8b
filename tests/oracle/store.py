"""The Store port over a plain list of ledger entries: the reference for adapters and the fake for service tests."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from graphmem import ledger
from graphmem.errors import Conflict, CorruptStore, InvalidInput, StoreUnavailable, Unsupported
from graphmem.guard.index_terms import terms_of_statement
from graphmem.model import (
    Add,
    AnchorKind,
    Change,
    Confirm,
    End,
    Erase,
    Feedback,
    Link,
    LinkKind,
    Memory,
    Operation,
    Propose,
    ReadMainline,
    RecordRelocations,
    RecordVerdicts,
    Request,
    Retract,
    Revoke,
    Scope,
    Statement,
    Supersede,
    Transition,
)
from graphmem.repository.repository_link import LinkRepository, UnlinkRepository
from graphmem.rows import CachedRows, Rows, SourceRow
from graphmem.store import (
    Clock,
    Filter,
    Finding,
    Matches,
    ModelCard,
    Nearby,
    Neighbour,
    Position,
    Probe,
    Progress,
    Rivals,
    StoreInfo,
    silent,
)
from tests.oracle import lines as exported
from tests.oracle.finding import evidence, fits, lexical, named, nearest, on_path, unheld
from tests.oracle.verdict import is_known_to, judge
from tests.oracle.view import Branches, OracleView
from tests.oracle.written import all_rows, chained, source_keys, source_rows

if TYPE_CHECKING:
    from graphmem.store import Vector

_MICROSECOND = timedelta(microseconds=1)
#: So many entries are restored at a time.
PART = 4

#: Operations about the code of a repository.
BESIDE_MEMORIES = (ReadMainline, RecordRelocations, RecordVerdicts, LinkRepository, UnlinkRepository)


def names(operation: Operation) -> tuple[str, ...]:
    """Ids of the memories that an operation is about."""
    match operation:
        case Add(memory):
            return (memory.id,)
        case Supersede(old=old, new=new):
            return (*old, *new)
        case Link(source, target):
            return (source, target)
        case Transition() | End() | Retract() | Confirm() | Feedback() | Erase():
            return (operation.id,)
        case Propose(asked):
            return names(asked)
        case RecordVerdicts(verdicts):
            return tuple(one.memory for one in verdicts)
        case _:
            return ()


def _meant(operation: Operation, stands: Mapping[str, str]) -> Operation:
    """An operation that names what the same call would have added by what was confirmed in its place."""
    if isinstance(operation, Add) or not stands.keys() & set(names(operation)):
        return operation
    named: dict[str, object] = {}
    for field_name in ("id", "source", "target", "old", "new"):
        value = getattr(operation, field_name, None)
        if isinstance(value, str):
            named[field_name] = stands.get(value, value)
        elif value is not None:
            named[field_name] = tuple(dict.fromkeys(stands.get(one, one) for one in value))
    if isinstance(operation, Propose):
        return Propose(_meant(operation.asked, stands))  # type: ignore[arg-type]
    return replace(operation, **named)  # type: ignore[arg-type]


def about(log: Sequence[Change], memory: str) -> set[int]:
    """Positions of the entries that name a memory, and of those that revoke one of these."""
    named = {change.seq for change in log if memory in names(change.operation)}
    done = {c.seq: c.operation.asked if isinstance(c.operation, Propose) else c.operation for c in log}
    return named | {seq for seq, one in done.items() if isinstance(one, Revoke) and one.change in named}


def _refuse_changed(log: Sequence[Change], request: Request) -> None:
    """What a request names is as its writer saw it, as far as the writer may know of it."""
    if request.seen is None:
        return
    view = OracleView(log, request.writer, len(log))
    for key in names(request.operation):
        here = [one for one in log if view.sees(one)]
        told = [one for one in here if isinstance(one.operation, Revoke | Link) or is_known_to(view, one)]
        entries = sorted(about(told, key))
        if entries and entries[0] <= request.seen < entries[-1]:
            raise Conflict("changed since it was seen")


@dataclass
class Tenant:
    """What is kept for one tenant: the ledger, and vectors beside it."""

    log: list[Change] = field(default_factory=list)
    sealed: list[ledger.Entry] = field(default_factory=list)
    vectors: dict[str, Vector] = field(default_factory=dict)
    key: str = "oracle"
    tombstones: dict[str, str] = field(default_factory=dict)
    is_restoring: bool = False
    answered_to: datetime | None = None

    def draft(self) -> Tenant:
        copies = (list(self.log), list(self.sealed), dict(self.vectors), self.key, dict(self.tombstones))
        return Tenant(*copies, answered_to=self.answered_to)

    def memories(self, reader: Scope) -> dict[str, tuple[Memory, Statement, int]]:
        """What lives where the reader looks, branches aside, with the position at which it was recorded."""
        sees = OracleView([], reader).admits
        found = {}
        for change in self.log:
            memory = change.operation.memory if isinstance(change.operation, Add) else None
            if memory is not None and memory.statement is not None and sees(memory.scope):
                found[memory.id] = (memory, memory.statement, change.seq)
        return found


class OracleStore:
    """A store that keeps nothing but lists and decides by `judge`."""

    schema_version = 0

    def __init__(self) -> None:
        self._tenants: dict[str, Tenant] = {}
        self._model: ModelCard | None = None
        self._lock = threading.RLock()
        self._is_closed = False

    # ---- writing

    def apply(
        self,
        requests: Sequence[Request],
        *,
        clock: Clock,
        vectors: Mapping[str, Vector] | None = None,
        model: ModelCard | None = None,
    ) -> list[Change]:
        with self._lock:
            self._check_open()
            name = requests[0].writer.tenant
            if any(request.writer.tenant != name for request in requests):
                raise InvalidInput("requests of several tenants in one write")
            self._refuse_restoring(name)
            draft = self._tenant(name).draft()
            stands: dict[str, str] = {}
            done = [self._one(draft, request, clock, stands) for request in requests]
            held = {change.operation.memory.id for change in done if isinstance(change.operation, Add)}
            if vectors and self._takes(model):
                draft.vectors |= {key: vector for key, vector in vectors.items() if key in held}
            self._commit(name, draft)
            return done

    def decide(self, tenant: Tenant, request: Request, seq: int, recorded_at: datetime) -> Change:
        """The entry of an accepted request; what a kernel-driven store replaces."""
        del seq
        operation = judge(tenant.log, request)
        _refuse_changed(tenant.log, request)
        writer = Branches(tenant.log).written(request.writer)
        return Change(len(tenant.log) + 1, recorded_at, request.op_id, operation, writer, request.provenance)

    def _one(self, tenant: Tenant, request: Request, clock: Clock, stands: dict[str, str]) -> Change:
        change = self._before(tenant, request) or self._accepted(tenant, request, clock, stands)
        if isinstance(request.operation, Add):
            stands.pop(request.operation.memory.id, None)
            if isinstance(change.operation, Confirm):
                stands[request.operation.memory.id] = change.operation.id
        return change

    def _before(self, tenant: Tenant, request: Request) -> Change | None:
        digest = ledger.request_digest(tenant.key, request)
        for change, entry in zip(tenant.log, tenant.sealed, strict=True):
            if change.op_id == request.op_id:
                if entry.digest not in (None, digest):
                    raise Conflict(f"op_id {request.op_id!r} was used for another request")
                return change
        return None

    def _accepted(self, tenant: Tenant, asked: Request, clock: Clock, stands: dict[str, str]) -> Change:
        digest = ledger.request_digest(tenant.key, asked)
        request = replace(asked, operation=_meant(asked.operation, stands))
        taken = [*(change.recorded_at for change in tenant.log[-1:]), *filter(None, [tenant.answered_to])]
        recorded_at = max(clock(), *(moment + _MICROSECOND for moment in taken), datetime.min.replace(tzinfo=UTC))
        change = self.decide(tenant, request, len(tenant.log) + 1, recorded_at)
        previous = tenant.sealed[-1].hash if tenant.sealed else ledger.GENESIS
        tenant.log.append(change)
        tenant.sealed.append(ledger.seal(change, salt=f"{change.seq:032x}", digest=digest, previous=previous))
        if isinstance(change.operation, Erase):
            self._blank(tenant, change.operation.id)
        return change

    def _blank(self, tenant: Tenant, key: str) -> None:
        tenant.tombstones[key] = ledger.content_digest(tenant.key, _live(tenant)[key])
        for index, entry in enumerate(tenant.sealed):
            if entry.seq in about(tenant.log, key) and entry is not tenant.sealed[-1]:
                blanked = replace(entry, body=ledger.blank(entry.body, key), salt=None, digest=None)
                tenant.sealed[index], tenant.log[index] = blanked, ledger.change_of(blanked)
        tenant.vectors.pop(key, None)

    def restore(
        self, lines: Iterable[str], *, tenant: str, progress: Progress = silent, clock: Clock | None = None
    ) -> int:
        del clock  # what a reference need not refuse
        with self._lock:
            self._check_open()
            found, before = exported.read(lines, tenant), self._tenant(tenant)
            _refuse_unaccepted(found.entries)
            done = len(before.log)
            hashes = [entry.hash for entry in before.sealed]
            here = [one.hash for one in found.entries]
            if hashes and hashes == here and not before.is_restoring:
                progress(done, done)
                return done
            if hashes and not (before.is_restoring and hashes == here[:done]):
                raise InvalidInput(f"tenant {tenant!r} is not empty")
            if found.vectors and self._model is None:
                self._model = found.model
            for end in (done, *range(done + PART, len(found.entries), PART), len(found.entries)):
                self._commit(tenant, self._restored(found, end))
                progress(end, len(found.entries))
            self._tenants[tenant].is_restoring = False
            return len(found.entries)

    def _restored(self, found: exported.Export, end: int) -> Tenant:
        """The first entries of an export, as a tenant whose restore goes on."""
        log = [ledger.change_of(entry) for entry in found.entries[:end]]
        here = {change.operation.memory.id for change in log if isinstance(change.operation, Add)}
        vectors = found.vectors if self._model == found.model else {}
        kept = {key: one for key, one in vectors.items() if key in here}
        erased = {key: one for key, one in found.tombstones.items() if key in here}
        return Tenant(
            log, found.entries[:end], kept, found.key, erased, is_restoring=True, answered_to=found.answered_to
        )

    def save_vectors(self, reader: Scope, vectors: Mapping[str, Vector], *, model: ModelCard | None = None) -> None:
        with self._lock:
            tenant = self._tenant(reader.tenant)
            self._refuse_restoring(reader.tenant)
            if vectors and not self._takes(model):
                raise Conflict("another model was adopted meanwhile")
            tenant.vectors |= {key: v for key, v in vectors.items() if key in _live(tenant)}

    def adopt_model(self, card: ModelCard, reader: Scope | None = None) -> None:
        del reader
        with self._lock:
            if self._model not in (None, card):
                for tenant in self._tenants.values():
                    tenant.vectors.clear()
            self._model = card

    def _takes(self, model: ModelCard | None) -> bool:
        """Whether vectors of a model go with those here; the first model is recorded."""
        self._model = model if self._model is None else self._model
        return model in (None, self._model)

    def _refuse_restoring(self, name: str) -> None:
        if self._tenant(name).is_restoring:
            raise Conflict(f"tenant {name!r} is being restored: wait, or run the same restore again")

    # ---- reading

    def tenants(self) -> list[str]:
        self._check_open()
        return sorted(name for name, tenant in self._tenants.items() if tenant.log)

    def model(self, reader: Scope | None = None) -> ModelCard | None:
        del reader
        return self._model

    def change_by_op_id(self, reader: Scope, op_id: str) -> Change | None:
        return next((change for change in self._log(reader) if change.op_id == op_id), None)

    def declared_conflicts(self, reader: Scope) -> list[tuple[str, str]]:
        found = self._tenant(reader.tenant).memories(reader)
        links = [change.operation for change in self._log(reader) if isinstance(change.operation, Link)]
        pairs = {(one.source, one.target) for one in links if one.kind is LinkKind.CONFLICTS_WITH}
        return sorted(pair for pair in pairs if found.keys() >= set(pair))

    def ids_beginning(self, reader: Scope, prefix: str, *, limit: int) -> list[str]:
        found = self._tenant(reader.tenant).memories(reader)
        return sorted(key for key in found if key.startswith(prefix))[:limit]

    def guarding(self, reader: Scope, terms: Sequence[str], *, limit: int) -> list[str]:
        found = self._tenant(reader.tenant).memories(reader)
        wanted = set(terms)
        named = [key for key, (_, said, _) in found.items() if wanted.intersection(terms_of_statement(said))]
        return sorted(named, key=lambda key: -found[key][2])[:limit]

    def guard_terms(self, reader: Scope) -> list[str]:
        statements = (said for _, said, _ in self._tenant(reader.tenant).memories(reader).values())
        return sorted({term for said in statements for term in terms_of_statement(said)})

    def guiding(self, reader: Scope, names: Sequence[str]) -> list[str]:
        found = self._tenant(reader.tenant).memories(reader)
        return sorted(key for key, (_, said, _) in found.items() if said.is_mandatory or _is_anchored(said, names))

    def repositories(self, reader: Scope) -> list[str]:
        homes = [change.operation.memory.scope for change in self._log(reader) if isinstance(change.operation, Add)]
        seen = [
            one for one in homes if one.user in {None, reader.user} and one.environment in {None, reader.environment}
        ]
        return sorted({one.repo for one in seen if one.repo is not None})

    def secret(self, reader: Scope) -> str:
        tenant = self._tenant(reader.tenant)
        return f"secret of {reader.tenant}" if tenant.log or tenant.answered_to else ""

    def position(self, reader: Scope, moment: datetime | None = None) -> Position:
        log = self._log(reader)
        reached = [change for change in log if moment is None or change.recorded_at <= moment]
        return Position(reached[-1].seq, reached[-1].recorded_at) if reached else Position(0, None)

    def pin(self, reader: Scope, moment: datetime) -> Position:
        with self._lock:
            log, draft = self._log(reader), self._tenant(reader.tenant).draft()
            if not log or moment > log[-1].recorded_at:
                self._refuse_restoring(reader.tenant)
                draft.answered_to = max(moment, draft.answered_to or moment)
                self._commit(reader.tenant, draft)
            return self.position(reader, moment)

    def changes(self, reader: Scope, *, after: int = 0, limit: int = 1000) -> list[Change]:
        return [change for change in self._log(reader) if change.seq > after][:limit]

    def changes_of(self, reader: Scope, memory: str) -> list[Change]:
        log = self._log(reader)
        return [change for change in log if change.seq in about(log, memory)]

    def readings(self, reader: Scope, repo: str | None, *, after: int = 0) -> list[Change]:
        read = [change for change in self._log(reader) if isinstance(change.operation, BESIDE_MEMORIES)]
        return [change for change in read if change.writer.repo == repo and change.seq > after]

    def rows(self, reader: Scope, ids: Sequence[str], *, is_alone: bool = False) -> Rows:
        del is_alone
        return chained(all_rows(self._log(reader)), ids)

    def rows_with_rivals(self, reader: Scope, ids: Sequence[str], rivals: Rivals) -> CachedRows:
        same, before = Filter(subjects=rivals.subjects), rivals.at.seq + 1
        found = self.select(reader, same, at=None, before=before, limit=rivals.limit)
        return CachedRows(self.rows(reader, [*ids, *found]))

    def select(self, reader: Scope, where: Filter, *, at: datetime | None, before: int, limit: int) -> list[str]:
        del at
        found, keys = self._tenant(reader.tenant).memories(reader), source_keys(self._log(reader))
        fitting = [key for key, (_, said, seq) in found.items() if seq < before and fits(said, where, keys[key])]
        return fitting[::-1][:limit]

    def match(
        self, reader: Scope, probe: Probe, where: Filter, *, seq: int | None = None, at: datetime | None = None
    ) -> Matches:
        del at
        tenant = self._tenant(reader.tenant)
        seq = len(tenant.log) if seq is None else seq
        found, keys = tenant.memories(reader), source_keys(tenant.log)
        chosen = {key: said for key, (_, said, at) in found.items() if at <= seq and fits(said, where, keys[key])}
        vectors = {key: tenant.vectors[key] for key in chosen if key in tenant.vectors}
        corpus = _weighing(tenant, reader)
        near = nearest(vectors, probe) if probe.model in (None, self._model) else ()
        matches = Matches(lexical(corpus, chosen, probe), near, named(chosen, probe), seq=seq, model=self._model)
        if probe.is_weighed:
            is_compared = probe.model in (None, self._model)
            weights, told = evidence(corpus, vectors if is_compared else {}, probe, matches.ids)
            matches = replace(matches, weights=weights, evidence=told, unheld=unheld(corpus, probe.terms))
        return replace(matches, rows=CachedRows(self.rows(reader, matches.ids)))

    def neighbours(
        self, reader: Scope, ids: Sequence[str], *, seq: int, limit: int, at: datetime | None = None
    ) -> Nearby:
        tenant = self._tenant(reader.tenant)
        found = {key: one for key, one in tenant.memories(reader).items() if one[2] <= seq}
        links = [one.operation for one in tenant.log if isinstance(one.operation, Link) and one.seq <= seq]
        sides = [(one.target, one.source, one.kind) for one in links]
        sides += [(one.source, one.target, one.kind) for one in links]
        near = [Neighbour(to, of, over) for to, of, over in sides if of in ids and {to, of} <= set(found)]
        steps = tuple(dict.fromkeys(near + _over_anchors(found, ids, reader.tenant)))[:limit]
        rows = Rows() if at is None else self.rows(reader, [one.memory for one in steps])
        return Nearby(steps, CachedRows(rows))

    def contested_subjects(self, reader: Scope) -> dict[str, tuple[str, ...]]:
        found = self._tenant(reader.tenant).memories(reader)
        subjects: dict[str, list[str]] = {}
        for key, (_, said, _) in found.items():
            if said.subject is not None:
                subjects.setdefault(said.subject, []).append(key)
        return {subject: tuple(sorted(keys)) for subject, keys in sorted(subjects.items()) if len(keys) > 1}

    def forked(self, reader: Scope) -> list[str]:
        edges = [row for row in all_rows(self._log(reader)).edges if row.is_full and row.until is None]
        entries = {old: {row.stamp.seq for row in edges if row.old == old} for old in {row.old for row in edges}}
        live = self._tenant(reader.tenant).memories(reader)
        return sorted(old for old, seqs in entries.items() if len(seqs) > 1 and old in live)

    def sources(self, reader: Scope, *, keys: Sequence[str] = (), memories: Sequence[str] = ()) -> list[SourceRow]:
        tenant = self._tenant(reader.tenant)
        homes = {row.memory.id: row.memory.scope for row in all_rows(tenant.log).memories.values()}
        return [
            row
            for row in source_rows(tenant.log)
            if reader.admits(homes[row.memory])
            and (row.memory in memories or any(not key or on_path(row.key, key) for key in keys))
        ]

    def without_vector(self, reader: Scope, limit: int) -> list[str]:
        tenant = self._tenant(reader.tenant)
        return [key for key in _live(tenant) if key not in tenant.vectors][:limit]

    # ---- keeping

    def export(self, reader: Scope) -> Iterator[str]:
        tenant = self._tenant(reader.tenant)
        beside = (tenant.vectors, tenant.tombstones, tenant.answered_to)
        export = exported.Export(tenant.key, self._model, tenant.sealed, *beside)
        yield from exported.write(reader.tenant, export)

    def backup(self, target: Path) -> None:
        raise Unsupported(f"a store in memory has no file to copy to {target}")

    def check(self) -> list[Finding]:
        findings = []
        for name, tenant in self._tenants.items():
            previous = ledger.GENESIS
            for entry in tenant.sealed:
                if (fault := ledger.verify(entry, previous)) is not None:
                    findings.append(Finding(f"ledger of {name}", fault))
                previous = entry.hash
            if tenant.is_restoring:
                findings.append(Finding("restore", f"{name}: {len(tenant.log)} entries are there"))
        return findings

    def info(self, reader: Scope) -> StoreInfo:
        tenant = self._tenant(reader.tenant)
        sizes = (len(_live(tenant)), len(tenant.log), len(tenant.vectors))
        head = tenant.sealed[-1].hash if tenant.sealed else ledger.GENESIS
        return StoreInfo("oracle:", self.schema_version, self._model, *sizes, None, head, tenant.is_restoring)

    def close(self) -> None:
        self._is_closed = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # ---- lists

    def view(self, reader: Scope, seq: int | None = None) -> OracleView:
        """What a reader sees, judged by the oracle."""
        return OracleView(self._log(reader), reader, seq)

    def _tenant(self, name: str) -> Tenant:
        self._check_open()
        return self._tenants.get(name) or Tenant()

    def _commit(self, name: str, tenant: Tenant) -> None:
        self._tenants[name] = tenant

    def _log(self, reader: Scope) -> list[Change]:
        return self._tenant(reader.tenant).log

    def _check_open(self) -> None:
        if self._is_closed:
            raise StoreUnavailable("the store is closed; open it again")


def _refuse_unaccepted(entries: Sequence[ledger.Entry]) -> None:
    """Cycles, and contents that are gone although no erasure says so, are none that writes left."""
    log = [ledger.change_of(entry) for entry in entries]
    erased = [change for change in log if isinstance(change.operation, Erase)]
    named = {seq for change in erased for seq in about(log, names(change.operation)[0]) if seq < change.seq}
    if any((entry.salt is None) is not (entry.seq in named) for entry in entries):
        raise CorruptStore("a content is gone that nobody erased, or is there although it was erased")
    edges: list[tuple[str, str, int]] = []
    for change in log:
        if isinstance(change.operation, Revoke):
            edges = [edge for edge in edges if edge[2] != change.operation.change]
        if not isinstance(change.operation, Supersede):
            continue
        reached = list(change.operation.new)
        for key in reached:
            reached += [new for old, new, _ in edges if old == key and new not in reached]
        if set(reached) & set(change.operation.old):
            raise CorruptStore("a cycle")
        edges += [(old, new, change.seq) for old in change.operation.old for new in change.operation.new]


def _weighing(tenant: Tenant, reader: Scope) -> dict[str, Statement]:
    """Statements whose words weigh in what the reader finds: shared ones and those of the reader's own user."""
    adds = [change.operation.memory for change in tenant.log if isinstance(change.operation, Add)]
    return {one.id: one.statement for one in adds if one.statement and one.scope.user in (None, reader.user)}


def _live(tenant: Tenant) -> dict[str, Statement]:
    adds = [change.operation.memory for change in tenant.log if isinstance(change.operation, Add)]
    return {memory.id: memory.statement for memory in adds if memory.statement is not None}


def _over_anchors(
    found: Mapping[str, tuple[Memory, Statement, int]], ids: Sequence[str], tenant: str
) -> list[Neighbour]:
    holders: dict[str, list[str]] = {}
    for key, (_, said, _) in found.items():
        for node in {one.node_id(tenant) for one in said.anchors}:
            holders.setdefault(node, []).append(key)
    shared = [
        (len(holders[one.node_id(tenant)]), f"{one.kind}:{one.name}", here, holders[one.node_id(tenant)])
        for here in ids
        for one in (found[here][1].anchors if here in found else ())
        if one.kind is not AnchorKind.REPO
    ]
    return [Neighbour(there, here, over) for _, over, here, keys in sorted(shared) for there in keys if there != here]


def _is_anchored(said: Statement, names: Sequence[str]) -> bool:
    files = [anchor.name for anchor in said.anchors if anchor.kind is AnchorKind.FILE]
    return any(name in names or "*" in name or "?" in name for name in files)
