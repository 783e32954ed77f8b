"""What planned transactions leave in the graph: collected as parameters, written by one statement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from graphmem.adapters.neo4j.approximate import embedding
from graphmem.adapters.neo4j.indexing import Indexed, indexed, path_facets
from graphmem.adapters.neo4j.states import state_labels
from graphmem.adapters.neo4j.values import Head, moment
from graphmem.adapters.neo4j.write_statement import LISTS, write_statement
from graphmem.adapters.vector_bytes import blob
from graphmem.instants import to_micros
from graphmem.ledger import Entry
from graphmem.model import BEGINNING, FOREVER, Anchor, Change, Memory, Statement
from graphmem.rows import BranchRow, Derived, EdgeRow, MemoryRow, MoveRow, Rows, Stamp, Transaction
from graphmem.statement_json import encode_statement
from graphmem.temporal.operations import marks, operation_name

if TYPE_CHECKING:
    from neo4j import ManagedTransaction, Result

    from graphmem.store import Vector
    from graphmem.temporal import Overlay


Row = dict[str, Any]


class Creation:
    """What a run of planned transactions leaves.

    Args:
        head: The tenant's head, which counts texts and vectors along.
        vectors: Memory id to unit vector, of memories that these transactions add.
        words: Counts along in how many of the added memories each word is.
        is_indexed: Whether vectors also go into the server's index of them.
    """

    def __init__(self, head: Head, vectors: Mapping[str, Vector], words: Counter[str], *, is_indexed: bool) -> None:
        self._head = head
        self._is_indexed = is_indexed
        self._vectors = vectors
        self._lists: dict[str, list[Any]] = {name: [] for name in LISTS}
        self._words = words
        self._operations: set[str] = set()
        # Of several caches of one memory the last counts.
        self._derived: dict[str, tuple[int, Derived]] = {}
        self.erased: list[tuple[str, Change]] = []

    @property
    def is_empty(self) -> bool:
        """Whether nothing was taken in."""
        return not (self._lists["changes"] or self._lists["added"])

    def add(self, done: Transaction, entry: Entry, world: Overlay) -> None:
        """Take in one planned transaction, sealed; `world` is what it was planned against."""
        change, rows = done.change, Rows() if done.erased is not None else done.appended
        self._operations.add(operation_name(change.operation))
        row = change_row(self._head.tenant, change, entry)
        ledger = {"recorded_at": sent(row.pop("recorded_at")), "change": given(row)}
        # Only an addition records a memory, and it records one.
        born = next((one for one in rows.memories.values() if one.memory.statement is not None), None)
        if born is None:
            self._lists["changes"].append(ledger)
            self._lists["tombstones"] += [_tombstone(one) for one in rows.memories.values()]
        else:
            self._lists["added"].append({**ledger, **self._born(born, rows.moves)})
        self._add_rows(rows, born)
        if done.erased is not None:
            self.erased.append((done.erased, change))
        for kind, key, role in marks(change.operation, world.change):
            self._lists[kind].append({"seq": change.seq, "id": key, "row": given({"role": role})})
        self._derived.update({one.memory: (change.seq, one) for one in done.derived})

    def write(self, tx: ManagedTransaction, words: Mapping[str, int], *, planned_on: Row | None = None) -> Result:
        """Write it all, and count those words; with `planned_on`, only if that is how things are.

        Returns:
            One record, or none where things are otherwise; not waited for: while the server writes, the next part is
            planned.
        """
        head = head_row(self._head)
        for one in self._lists["added"]:
            one.update(self._cache_of(one["row"]["id"], one["row"]))
        self._lists["derived"] = [_sent_cache(seq, one) for seq, one in self._derived.values()]
        self._lists["words"] = list(words)
        # Several operations in one batch may leave anything: one statement for all of them, and one for each alone.
        asked: dict[str, Any] = {name: rows for name, rows in self._lists.items() if rows or len(self._operations) > 1}
        statement = write_statement(frozenset(asked), is_foreseen=planned_on is not None)
        asked |= {"tenant": self._head.tenant, "head": head, "recorded_at": sent(head.pop("recorded_at"))}
        return tx.run(statement, p=asked | {"counts": list(words.values()), "planned_on": planned_on})

    def _cache_of(self, key: str, row: Row) -> Row:
        """The cache of a memory that is created: times apart, as they are sent, the rest among its properties."""
        seq, one = self._derived.pop(key)
        cache = _sent_cache(seq, one)
        row |= cache.pop("row") | {"cached_seq": cache.pop("seq")}
        return cache

    def _add_rows(self, rows: Rows, born: MemoryRow | None) -> None:
        for move in rows.moves:
            if born is None or move.memory != born.memory.id:
                self._lists["MOVED"].append({"seq": move.stamp.seq, "id": move.memory, **_sent_move(move)})
        for edge in rows.edges:
            ends = {"old": edge.old, "new": edge.new, "at": sent(edge.at), "until": sent(edge.until)}
            self._lists["edges"].append({"seq": edge.stamp.seq, **ends, "row": given(said_of_edge(edge))})
        for source in rows.sources:
            paths = path_facets(source.key)
            self._lists["sources"].append(
                {"seq": source.stamp.seq, "id": source.memory, "key": source.key, "facets": paths}
            )
        for link in rows.links:
            ends = {"source": link.source, "target": link.target}
            self._lists[link.kind.upper()].append({"seq": link.stamp.seq, **ends})
        for one in rows.revocations:
            self._lists["revocations"].append({"seq": one.stamp.seq, "change": one.change, "move": one.move})
        self._lists["branches"] += [branch_row(branch) for branch in rows.branches.values()]

    def _born(self, row: MemoryRow, moves: Iterable[MoveRow]) -> Row:
        """A memory that is created with its moves and surroundings."""
        memory, statement = row.memory, row.memory.statement
        assert statement is not None, "what was erased is a tombstone"  # noqa: S101
        text, vector = indexed(memory.scope, statement), self._vectors.get(memory.id)
        said = statement_row(statement)
        observed_at = sent(said.pop("observed_at"))
        found = given({**home_row(memory), **said, **text_row(text)})
        if vector is not None:
            found |= vector_row(blob(vector), is_indexed=self._is_indexed)
            self._head.vectors += 1
        self._head.documents += 1
        self._head.tokens += text.length
        self._words.update(text.counted)
        return {
            "label": statement.kind.capitalize(),
            "observed_at": observed_at,
            "row": found,
            "moves": [_sent_move(move) for move in moves if move.memory == memory.id],
            "anchors": anchor_rows(memory, statement.anchors),
            "alternatives": alternative_rows(memory, statement),
        }


def given(row: Row) -> Row:
    """A row without the properties that it lacks: what is not sent costs nothing."""
    return {name: value for name, value in row.items() if value is not None}


def sent(moment: datetime | None) -> list[int] | None:
    """A time as it is sent: whole seconds since 1970, and nanoseconds past them."""
    if moment is None:
        return None
    seconds, micros = divmod(to_micros(moment), 1_000_000)
    return [seconds, micros * 1_000]


def _tombstone(row: MemoryRow) -> Row:
    return {"seq": row.stamp.seq, "row": home_row(row.memory)}


def _sent_move(move: MoveRow) -> Row:
    return {"at": sent(move.move.at), "row": given(said_of_move(move))}


def _sent_cache(seq: int, one: Derived) -> Row:
    row = derived_row(seq, one)
    times = {name: sent(row.pop(name)) for name in ("valid_from", "valid_to")}
    spans = {name: [sent(moment) for moment in row.pop(name)] for name in ("holds_from", "holds_to")}
    said = {"states": state_labels(one), **times, **spans, "row": row}
    return {"id": one.memory, "seq": row.pop("cached_seq"), **said}


# ---- properties


def head_row(head: Head) -> Row:
    """Properties of a ledger node that writes move on."""
    return {
        "seq": head.seq,
        "recorded_at": moment(head.recorded_at),
        "hash": head.hash,
        "documents": head.documents,
        "tokens": head.tokens,
        "vectors": head.vectors,
        "epoch": head.epoch,
    }


def change_row(tenant: str, change: Change, entry: Entry) -> Row:
    """Properties of a ledger entry's node."""
    by = change.provenance
    return {
        "tenant": tenant,
        "seq": entry.seq,
        "recorded_at": entry.recorded_at,
        "op_id": entry.op_id,
        "operation": operation_name(change.operation),
        "actor": by.actor,
        "source": by.source,
        "reason": by.reason,
        "branch": change.writer.branch_key,
        "body": entry.body,
        "salt": entry.salt,
        "digest": entry.digest,
        "commitment": entry.commitment,
        "hash": entry.hash,
    }


def memory_row(row: MemoryRow) -> Row:
    """Properties of a memory that stay when its content is erased."""
    stamp = row.stamp
    return {
        **home_row(row.memory),
        "seq": stamp.seq,
        "recorded_at": stamp.recorded_at,
        "written_on": stamp.branch,
    }


def home_row(memory: Memory) -> Row:
    """Which memory, and where it lives."""
    scope = memory.scope
    return {
        "tenant": scope.tenant,
        "id": memory.id,
        "repo": scope.repo,
        "user": scope.user,
        "branch": scope.branch,
        "environment": scope.environment,
    }


def text_row(text: Indexed) -> Row:
    """Properties by which a memory is found."""
    return {"facets": text.facets, "search_text": text.search_text, "words": text.words, "length": text.length}


def vector_row(stored: bytes, *, is_indexed: bool) -> Row:
    """Properties that hold a vector; the index of vectors takes it as a list."""
    return {"vector": stored, "embedding": embedding(stored)} if is_indexed else {"vector": stored}


def statement_row(one: Statement) -> Row:
    """Properties that say what a memory says; `statement` is all of it, the others are there to be read and queried."""
    return {
        "kind": one.kind,
        "title": one.title,
        "body": one.body or None,
        "rationale": one.rationale or None,
        "subject": one.subject,
        "aliases": list(one.aliases) or None,
        "labels": list(one.labels) or None,
        "language": one.language,
        "confidence": one.confidence,
        "origin": one.origin,
        "is_mandatory": one.is_mandatory or None,
        "observed_at": one.observed_at,
        "content_hash": one.content_hash,
        "statement": encode_statement(one),
    }


def derived_row(seq: int, one: Derived) -> Row:
    """Properties of a memory that are caches since an entry: first and last time to be read, all spans to prefilter."""
    starts, ends = [low for low, _ in one.holding], [high for _, high in one.holding]
    return {
        "cached_seq": seq,
        "status": one.status,
        "is_common": one.is_common,
        "holds_from": starts,
        "holds_to": ends,
        "valid_from": starts[0] if starts and starts[0] != BEGINNING else None,
        "valid_to": ends[-1] if ends and ends[-1] != FOREVER else None,
    }


def stamp_row(stamp: Stamp) -> Row:
    """Properties that every relationship of the ledger carries."""
    return {"seq": stamp.seq, "recorded_at": stamp.recorded_at, "branch": stamp.branch}


def anchor_rows(memory: Memory, anchors: Iterable[Anchor]) -> list[Row]:
    """Anchors with what their relationship carries."""
    tenant = memory.scope.tenant
    return [
        {
            "id": anchor.node_id(tenant),
            "label": anchor.kind.capitalize(),
            "role": anchor.role,
            "ordinal": place,
            "row": {"tenant": tenant, "kind": anchor.kind, "name": anchor.name, "repo": anchor.repo},
        }
        for place, anchor in enumerate(anchors)
    ]


def alternative_rows(memory: Memory, statement: Statement) -> list[Row]:
    """Options that were considered."""
    tenant = memory.scope.tenant
    return [
        {
            "ordinal": place,
            "row": {
                "tenant": tenant,
                "name": one.name,
                "outcome": one.outcome,
                "reason": one.reason or None,
                "keys": list(one.keys) or None,
            },
        }
        for place, one in enumerate(statement.alternatives)
    ]


def said_of_move(row: MoveRow) -> Row:
    """What a move says, its time aside."""
    move = row.move
    return {"status": move.status, "ordinal": move.ordinal, "source_word": move.source_word, "index": row.index}


def move_row(row: MoveRow) -> Row:
    """Properties of one move."""
    return {**said_of_move(row), "at": row.move.at, **stamp_row(row.stamp)}


def said_of_edge(edge: EdgeRow) -> Row:
    """What a supersession says, its times aside."""
    return {"kind": edge.kind, "part": edge.part, "reason": edge.reason}


def edge_row(edge: EdgeRow) -> Row:
    """Properties of a supersession."""
    return {**said_of_edge(edge), "at": edge.at, "until": edge.until, **stamp_row(edge.stamp)}


def branch_row(branch: BranchRow) -> Row:
    """Properties of a branch."""
    names = ("key", "parent", "opened", "closed", "is_merged")
    return {name: getattr(branch, name) for name in names}
