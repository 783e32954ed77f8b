"""The verb `retain`: ends what nobody confirmed for as long as the policy allows, and nothing that is still needed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import count

from graphmem.answers import Reference, State
from graphmem.deferred_dataclass import dataclass, replace
from graphmem.errors import InvalidInput
from graphmem.model import End, Point, Provenance, Request, Scope
from graphmem.redactions import Redaction
from graphmem.retrieval.cards import card
from graphmem.retrieval.reference import reference
from graphmem.rows import LinkRow
from graphmem.service.chunks import chunks
from graphmem.service.context import ServiceContext, Write, WriteRequest
from graphmem.service.retention_policy import RetentionRule, retention_rules, rule_for
from graphmem.store import Filter
from graphmem.temporal import DEPENDENCIES, View
from graphmem.temporal.operations import inner_operation

#: The source of what `retain` writes, with the day: `graphmem changes --source retention --revoke` undoes all of it.
SOURCE = "retention"
_WORD = "retained long enough"
#: States that `retain` ends: in force, or waiting to be.
_ENDED_STATES = frozenset({State.HOLDS, State.PROPOSED, State.DEFERRED})


@dataclass(frozen=True, slots=True)
class RetainedMemory:
    """A memory that is past the time of a rule.

    Attributes:
        rule: The rule, such as `conversation = 180d`.
        since: The start of its time: the last confirmation, its start, its recording, or the end of what needed it.
        why: The reason why it stays in force; empty if it is ended.
    """

    memory: Reference
    rule: str
    since: datetime
    why: str = ""


@dataclass(frozen=True, slots=True)
class RetentionReport:
    """The result of applying the policy.

    Attributes:
        at: The point at which memories were judged.
        rules: The rules of the policy.
        ended: The memories that were ended, or would be; those that waited longest first.
        kept: The memories that are past their time and stay, each with the reason.
        is_dry_run: True if nothing was written.
        change: The ledger position of the last entry; None if nothing was written.
        redactions: Secrets in the request that were replaced before anything was written.
    """

    at: Point
    rules: tuple[str, ...]
    ended: tuple[RetainedMemory, ...] = ()
    kept: tuple[RetainedMemory, ...] = ()
    is_dry_run: bool = False
    change: int | None = None
    redactions: tuple[Redaction, ...] = ()


class RetentionVerb:
    """The verb `retain`."""

    _context: ServiceContext

    def retain(self, *, dry_run: bool = False, write: Write | None = None) -> RetentionReport:
        """End the memories that are past the time that the policy gives their kind, origin and scope.

        Never ended is what is mandatory, what another memory depends on, and what belongs to a chain of supersessions.
        All ends are one transaction; `changes --source retention --revoke` undoes them. The policy is the table
        `[retain]` of `.graphmem/config.toml`, or `GRAPHMEM_RETAIN`.

        Args:
            dry_run: Only list what would be ended, and why the others stay.
            write: Scope, actor, source and reason of the write.

        Raises:
            InvalidInput: There is no policy, or it names an unknown kind, origin, scope or duration.
            Conflict: A memory changed while it was judged; nothing was written.
        """
        rules = retention_rules(self._context.retention)
        if not rules:
            raise InvalidInput(
                'no policy of retention: add a table [retain] to .graphmem/config.toml, such as conversation = "180d",'
                " or set GRAPHMEM_RETAIN=conversation=180d"
            )
        request = self._context.write_request(write)
        if request.earlier is not None:
            return _Repeated(self._context, request).report(rules)
        point = self._context.point(None, request.writer)
        ended, kept = _Judge(self._context, request.writer, point, rules).verdicts()
        report = RetentionReport(point, tuple(rule.text for rule in rules), ended, kept, dry_run)
        if dry_run or not ended:
            return report
        changes = self._context.apply(
            [_end(request, index, each, point.valid, point.seq) for index, each in enumerate(ended)]
        )
        return replace(report, change=changes[-1].seq)


def _end(request: WriteRequest, index: int, ended: RetainedMemory, at: datetime, seen: int) -> Request:
    """Return the request that ends a memory, unless it has changed since it was judged."""
    given = request.provenance
    reason = given.reason or f"{ended.rule}, unconfirmed since {ended.since.date().isoformat()}"
    by = Provenance(given.actor, given.source or f"{SOURCE}: {at.date().isoformat()}", reason, given.origin)
    operation = End(ended.memory.id, at, _WORD)
    return Request(_op_id(request, index), operation, request.writer, by, seen)


def _op_id(request: WriteRequest, index: int) -> str:
    return f"{request.op_id}/{index}" if index else request.op_id


class _Judge:
    """Judges the memories that a writer sees by the policy.

    Args:
        context: The dependencies of the verbs.
        writer: The writer's scope.
        point: The point at which memories are judged.
        rules: The policy.
    """

    def __init__(self, context: ServiceContext, writer: Scope, point: Point, rules: Sequence[RetentionRule]) -> None:
        self._context = context
        self._writer = writer
        self._point = point
        self._rules = rules

    def verdicts(self) -> tuple[tuple[RetainedMemory, ...], tuple[RetainedMemory, ...]]:
        """Return the memories to end, and those that stay although they are past their time."""
        due: list[RetainedMemory] = []
        # No hint of time: the store would leave out proposals.
        for ids in chunks(self._context, Filter(), self._writer, self._point.seq, None):
            due += self._due(ids)
        due.sort(key=lambda each: (each.since, each.memory.id))
        return tuple(each for each in due if not each.why), tuple(each for each in due if each.why)

    def _due(self, ids: Sequence[str]) -> Iterator[RetainedMemory]:
        """Yield the memories that are past their time."""
        view = self._context.view(self._writer, ids, self._point.seq)
        ends = {row.source for key in ids for row in view.rows.links if row.target == key and row.kind in DEPENDENCIES}
        dependents = View(self._context.store.rows(self._writer, sorted(ends)), self._writer, self._point.seq)
        by_target: dict[str, list[LinkRow]] = {}
        for row in view.rows.links:
            if row.kind in DEPENDENCIES and not view.is_revoked(row.stamp.seq):
                by_target.setdefault(row.target, []).append(row)
        for key in ids:
            rule, since = self._rule(view, key)
            if rule is None or rule.age is None or since is None:
                continue
            why, since = self._need(dependents, by_target.get(key, ()), since)
            if self._point.valid - since < rule.age and not why:
                continue
            why = why or _reason_to_stay(view, key)
            yield RetainedMemory(reference(view, key, self._point.valid), rule.text, since, why)

    def _rule(self, view: View, key: str) -> tuple[RetentionRule | None, datetime | None]:
        """Return the rule for a memory, and the start of its time; None if it is not to be ended."""
        memory = view.memory(key)
        shown = None if memory is None else card(view, key, self._point.valid)
        rule = None if memory is None else rule_for(memory, self._rules)
        if shown is None or rule is None or rule.age is None or shown.state not in _ENDED_STATES:
            return None, None
        since = max(filter(None, (shown.recorded_at, shown.fresh_at, shown.confirmed_at)))
        return (rule, since) if self._point.valid - since >= rule.age else (None, None)

    def _need(self, dependents: View, links: Sequence[LinkRow], since: datetime) -> tuple[str, datetime]:
        """Return why others need a memory, and the start of its time: no earlier than the end of such a need."""
        for row in links:
            memory = dependents.rows.memories.get(row.source)
            if memory is None or memory.memory.is_erased or dependents.is_retracted(row.source):
                continue
            spans = dependents.holding(row.source)
            if row.source not in dependents.known or not spans or spans[-1][1] > self._point.valid:
                return "another memory depends on it", since
            since = max(since, spans[-1][1])
        return "", since


def _reason_to_stay(view: View, key: str) -> str:
    """Return why a memory that is past its time stays in force; empty if it is ended."""
    memory = view.memory(key)
    if memory is not None and memory.statement is not None and memory.statement.is_mandatory:
        return "it is mandatory"
    if view.edges_out(key) or view.edges_into(key):
        return "it belongs to a chain that still answers"
    return ""


class _Repeated:
    """A call that was sent before: its report is read from the ledger, and nothing is written."""

    def __init__(self, context: ServiceContext, request: WriteRequest) -> None:
        self._context = context
        self._request = request

    def report(self, rules: Sequence[RetentionRule]) -> RetentionReport:
        """Return the report of the first call, without the memories that stayed.

        Raises:
            InvalidInput: The `op_id` was used for another operation.
        """
        changes = []
        for index in count():
            change = self._context.store.change_by_op_id(self._request.writer, _op_id(self._request, index))
            if change is None:
                break
            changes.append(change)
        operations = [inner_operation(change.operation) for change in changes]
        ends = [operation for operation in operations if isinstance(operation, End) and operation.source_word == _WORD]
        if len(ends) != len(changes):
            raise InvalidInput(f"op_id {self._request.op_id!r} was used for another operation: take a new one")
        point = Point(changes[0].recorded_at, changes[-1].seq)
        view = self._context.view(self._request.writer, [end.id for end in ends], point.seq)
        ended = tuple(
            RetainedMemory(reference(view, end.id, point.valid), change.provenance.reason or "", change.recorded_at)
            for end, change in zip(ends, changes, strict=True)
        )
        return RetentionReport(point, tuple(rule.text for rule in rules), ended, change=changes[-1].seq)
