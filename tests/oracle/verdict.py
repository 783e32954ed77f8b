"""What may be written: MODEL sections 3, 6 and 7 as list scans, refusing in the order of the kernel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from graphmem.errors import Conflict, Forbidden, InvalidInput, NotFound
from graphmem.model import (
    AbandonBranch,
    Add,
    Change,
    Confirm,
    End,
    Erase,
    Feedback,
    Link,
    MergeBranch,
    Move,
    OpenBranch,
    Operation,
    Origin,
    Propose,
    ReadMainline,
    RecordRelocations,
    RecordVerdicts,
    Request,
    Retract,
    Revoke,
    Scope,
    Statement,
    Status,
    Supersede,
    SupersessionKind,
    Transition,
)
from graphmem.repository.mainline_rows import unpacked
from graphmem.repository.repository_link import LinkRepository, UnlinkRepository
from tests.oracle.standing import ORDER, may
from tests.oracle.view import OracleView, Step, edges_of, status_at, steps_of


def judge(log: Sequence[Change], request: Request) -> Operation:
    """The operation that takes effect: the one asked for, or the confirmation of what already holds.

    Raises:
        GraphMemError: The request is refused.
    """
    if isinstance(request.operation, Propose):
        wished = request.operation.asked
        judge(log, replace(request, operation=wished))
        return Propose(wished)
    view, operation, writer = OracleView(log, request.writer), request.operation, request.writer
    _judge_place(view, request)
    _judge_repositories(log, operation, writer.repo)
    match operation:
        case Add():
            home = view.branches.written(operation.memory.scope)
            operation = replace(operation, memory=replace(operation.memory, scope=home))
            _judge_add(log, operation, view.branches.written(writer), request.provenance.origin)
            twin = _twin(view, operation)
            return replace(operation, may_confirm=False) if twin is None else Confirm(twin, operation.source_key)
        case Supersede():
            _judge_supersede(log, view, operation)
        case Transition(key, move):
            _judge_known(view, key)
            _judge_transition(view, key, move)
            _judge_idle(view, key, move.status, move.at, move.source_word)
        case Link():
            _judge_link(view, operation)
        case Revoke():
            _judge_revoke(log, view, operation)
        case OpenBranch() | MergeBranch() | AbandonBranch():
            _judge_branch(view, operation, writer)
        case End(key, at, word):
            _judge_known(view, key)
            _judge_idle(view, key, Status.ENDED, at, word)
        case Retract(key) | Confirm(key):
            _judge_known(view, key)
            if key in view.retracted:
                raise InvalidInput("retracted already")
        case Erase(key) | Feedback(key):
            _judge_known(view, key)
    return operation if may(log, request) else Propose(operation)  # type: ignore[arg-type]


def _judge_known(view: OracleView, *ids: str) -> None:
    if any(view.memory(key) is None for key in ids):
        raise NotFound("unknown memory")


def _judge_add(log: Sequence[Change], add: Add, writer: Scope, speaker: Origin) -> None:
    if add.memory.statement is None:
        raise InvalidInput("no statement")
    if not OracleView([], writer).admits(add.memory.scope):
        raise Forbidden("elsewhere")
    if add.memory.scope.branch != writer.branch:
        raise InvalidInput("another branch")
    _judge_words(add, speaker)
    active = [move.at for move in add.moves if move.status is Status.ACTIVE]
    rejected = [move.at for move in add.moves if move.status is Status.REJECTED]
    if not add.moves or any(start <= end for start in active for end in rejected):
        raise InvalidInput("moves")
    if any(isinstance(c.operation, Add) and c.operation.memory.id == add.memory.id for c in log):
        raise Conflict("id in use")


def _twin(view: OracleView, add: Add) -> str | None:
    """A memory of one scope and content that holds at every instant at which the new one would be active."""
    if not add.may_confirm or add.memory.statement is None:
        return None
    steps = [Step(add.memory.id, m.status, m.at, m.ordinal, m.source_word or "", 0) for m in add.moves]
    ticks = {*view.instants(), *(step.at for step in steps)}
    asked = [tick for tick in ticks if status_at(steps, tick) is Status.ACTIVE]
    content = add.memory.statement.content_hash
    for key in view.visible if asked else ():
        known = view.memories[key]
        said = known.statement and known.statement.content_hash
        is_alike = known.statement is not None and _is_hearsay(known.statement) == _is_hearsay(add.memory.statement)
        if (
            is_alike
            and (known.scope, said) == (add.memory.scope, content)
            and all(view.reigns(key, tick) for tick in asked)
        ):
            return key
    return None


def _is_hearsay(said: Statement) -> bool:
    return said.origin in (Origin.CONVERSATION, Origin.EXTERNAL)


def _judge_words(add: Add, speaker: Origin) -> None:
    said = add.memory.statement
    if said is not None and ORDER[said.origin] > ORDER[speaker]:
        raise Forbidden("words of somebody more trusted")
    if said is not None and said.is_mandatory and ORDER[said.origin] < ORDER["commit"]:
        raise InvalidInput("mandatory words of one who cannot")


def _judge_idle(view: OracleView, key: str, status: Status, at: datetime, word: str | None) -> None:
    if key in view.retracted:
        raise InvalidInput("of what is retracted")
    first = _first(view, key)
    if status is Status.ENDED and first is not None and at < first:
        raise InvalidInput("ended before it began")
    reached = [s for s in view.steps_for(key) if s.at <= at]
    last = max(reached, key=lambda s: (s.at, s.ordinal, s.status.rank, s.word), default=None)
    if last is not None and (last.status, last.word) == (status, word or ""):
        raise InvalidInput("it is so already")


def _judge_link(view: OracleView, link: Link) -> None:
    if link.source == link.target:
        raise InvalidInput("linked to itself")
    _judge_known(view, link.source, link.target)
    live = [c for c in view.seen if (c.seq, None) not in view.undone]
    if any(change.operation == link for change in live):
        raise InvalidInput("linked already")


def _judge_supersede(log: Sequence[Change], view: OracleView, operation: Supersede) -> None:
    old, new = operation.old, operation.new
    if not old or not new or len(set(old) | set(new)) < len(old) + len(new):
        raise InvalidInput("sides")
    _judge_known(view, *old, *new)
    _judge_fork(view, operation)
    _judge_cycle(log, view, operation)
    starts = [_first(view, key) for key in old]
    is_update = operation.kind is SupersessionKind.UPDATE and operation.at is not None
    if is_update and any(start is not None and operation.at < start for start in starts if operation.at is not None):
        raise InvalidInput("an update before its start: use a correction")
    same = [
        edge
        for edge in view.edges
        if (edge.kind, edge.at, edge.until) == (operation.kind, operation.at, operation.until)
    ]
    told = {(edge.old, edge.new) for edge in same if part_of(edge.change) == operation.part}
    if {(one, other) for one in old for other in new} <= told:
        raise InvalidInput("recorded already")


def part_of(change: Change) -> str | None:
    return change.operation.part if isinstance(change.operation, Supersede) else None


def _first(view: OracleView, key: str) -> datetime | None:
    return view.start(key) or min((step.at for step in view.steps_for(key)), default=None)


def _judge_fork(view: OracleView, operation: Supersede) -> None:
    if operation.until is not None or operation.kind is SupersessionKind.AMENDMENT:
        return
    homes = {_home(view, new) for new in operation.new}
    for old in operation.old:
        heads = {edge.new for edge in view.out(old) if edge.until is None and _home(view, edge.new) in homes}
        if heads:
            raise Conflict("fork", tuple(sorted(key for key in heads if view.memory(key) is not None)))


def _home(view: OracleView, key: str) -> tuple[str | None, ...]:
    """Whose a memory is; read from the whole ledger, whoever sees it."""
    adds = [change.operation.memory for change in view.log if isinstance(change.operation, Add)]
    home = next(memory.scope for memory in adds if memory.id == key)
    return (home.repo, home.user, home.environment)


def _judge_cycle(log: Sequence[Change], view: OracleView, operation: Supersede) -> None:
    """Edges of the whole tenant count, but those that were revoked where they live or whose branch was given up."""
    revoked = {
        (change.operation.change, view.branches.place(change))
        for change in log
        if isinstance(change.operation, Revoke) and change.operation.move is None
    }
    live = [c for c in log if not view.branches.is_abandoned(view.branches.place(c))]
    edges = [e for c in live for e in edges_of(c) if (c.seq, view.branches.place(c)) not in revoked]
    reached = list(operation.new)
    for key in reached:
        reached += {edge.new for edge in edges if edge.old == key} - set(reached)
    if set(reached) & set(operation.old):
        raise InvalidInput("cycle")


def _judge_transition(view: OracleView, key: str, move: Move) -> None:
    start = view.start(key)
    rejected = [step.at for step in view.steps_for(key) if step.status is Status.REJECTED]
    if move.status is Status.REJECTED and start is not None and start <= move.at:
        raise InvalidInput("rejected after it held: use ended")
    if move.status is Status.ACTIVE and any(move.at <= at for at in rejected):
        raise InvalidInput("activated before it was rejected")


def _judge_revoke(log: Sequence[Change], view: OracleView, revoke: Revoke) -> None:
    target = next((change for change in log if change.seq == revoke.change), None)
    if target is None or not view.sees(target) or not is_known_to(view, target):
        raise NotFound("unknown change")
    match target.operation:
        case Add():
            is_fit = revoke.move is not None and 1 <= revoke.move < len(steps_of(target))
        case Supersede() | Transition() | End() | Retract() | Link():
            is_fit = revoke.move is None
        case _:
            is_fit = False
    if not is_fit:
        raise InvalidInput("not revocable")
    if (revoke.change, revoke.move) in view.undone:
        raise Conflict("already revoked")


def is_known_to(view: OracleView, change: Change) -> bool:
    """Who sees no edge, no link or no memory of an entry cannot tell that it exists."""
    match change.operation:
        case Supersede(old=old, new=new):
            return any(key in view.known for key in old) and any(key in view.known for key in new)
        case Link(source, target):
            return source in view.known and target in view.known
        case Add(memory):
            return memory.id in view.known
        case Transition() | End() | Retract() | Confirm() | Feedback() | Erase():
            return change.operation.id in view.known
        case Propose(Supersede(old=old, new=new)):
            return all(key in view.known for key in (*old, *new))
        case Propose(asked):
            return is_known_to(view, replace(change, operation=asked))
        case RecordVerdicts(verdicts):
            return all(one.memory in view.known for one in verdicts)
        case OpenBranch() | MergeBranch() | AbandonBranch() | ReadMainline() | RecordRelocations():
            return view.admits(Scope(change.writer.tenant, change.writer.repo))
        case LinkRepository() | UnlinkRepository():
            return view.admits(Scope(change.writer.tenant, change.writer.repo))
        case Revoke():
            return view.admits(change.writer)


def _judge_all_known(view: OracleView, keys: Sequence[str]) -> None:
    if not keys:
        raise InvalidInput("no verdict")
    for key in keys:
        _judge_known(view, key)


def _judge_place(view: OracleView, request: Request) -> None:
    writer = request.writer
    is_elsewhere = writer.branch is not None and not view.branches.is_open(
        view.branches.meant(writer.repo, writer.branch)
    )
    if is_elsewhere and not isinstance(request.operation, OpenBranch):
        raise NotFound("closed branch")
    if not isinstance(
        request.operation, ReadMainline | RecordRelocations | RecordVerdicts | LinkRepository | UnlinkRepository
    ):
        return
    if isinstance(request.operation, ReadMainline):
        unpacked(request.operation.content)
    if (writer.user, writer.branch, writer.environment) != (None, None, None):
        raise InvalidInput("not for the whole repository")
    if request.provenance.origin in {Origin.CONVERSATION, Origin.EXTERNAL}:
        raise Forbidden("an untrusted origin may not say what a repository contains")
    if isinstance(request.operation, RecordVerdicts):
        _judge_all_known(view, [one.memory for one in request.operation.verdicts])


def _judge_repositories(log: Sequence[Change], operation: Operation, repo: str | None) -> None:
    if isinstance(operation, LinkRepository) and repo in {None, operation.old}:
        raise InvalidInput("no two repositories")
    if isinstance(operation, UnlinkRepository):
        links = [
            one.writer.repo for one in log if one.seq == operation.link and isinstance(one.operation, LinkRepository)
        ]
        if links != [repo]:
            raise NotFound("no such link")


def _judge_branch(view: OracleView, operation: OpenBranch | MergeBranch | AbandonBranch, writer: Scope) -> None:
    is_open = view.branches.is_open(view.branches.meant(writer.repo, operation.name))
    if not isinstance(operation, OpenBranch):
        if not is_open:
            raise NotFound("no open branch")
        return
    if ":" in operation.name:
        raise InvalidInput("an earlier branch")
    if is_open:
        raise Conflict("open already")
    parent = None if operation.parent is None else view.branches.meant(writer.repo, operation.parent)
    if parent is not None and not view.branches.is_open(parent):
        raise NotFound("no open parent")
