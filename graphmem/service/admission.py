"""The project's policies on additions: an addition of an origin and a kind is accepted, proposed, or refused."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from graphmem.capture_rules import CapturePolicy, CaptureRules
from graphmem.deferred_dataclass import replace
from graphmem.errors import Forbidden
from graphmem.model import Add, Change, Memory, Move, Origin, Request, Status, Transition

#: Origins whose statements people review.
_REVIEWED = frozenset({Origin.AGENT, Origin.CONVERSATION, Origin.EXTERNAL})
QUEUED = "recorded as a proposal, as this project's policy says: a person accepts or rejects it (graphmem review)"


def admitted(request: Request, rules: CaptureRules) -> Request:
    """Return a request to the store, with an addition that the policy queues as a proposal.

    Raises:
        Forbidden: The policy refuses additions of that origin and kind.
    """
    policy = _policy_of(request, rules)
    if policy is CapturePolicy.REFUSE:
        raise Forbidden(_refusal(request))
    if policy is not CapturePolicy.QUEUE or not isinstance(request.operation, Add):
        return request
    moves = request.operation.moves
    if all(move.status is not Status.ACTIVE for move in moves):
        return request
    return replace(request, operation=replace(request.operation, moves=(Move(Status.PROPOSED, moves[0].at),)))


def refuse_own_acceptance(request: Request, rules: CaptureRules, memory_of: Callable[[str], Memory | None]) -> None:
    """Refuse that a writer who is no person puts a statement in force that waits for a review.

    Args:
        request: Any request to the store.
        rules: The project's policies; conversations are queued unless they say otherwise.
        memory_of: Returns a memory that the writer sees; called only if the request may be such an acceptance.

    Raises:
        Forbidden: It is one.
    """
    operation, writer = request.operation, request.provenance.origin
    if not isinstance(operation, Transition) or operation.move.status is not Status.ACTIVE or writer not in _REVIEWED:
        return
    memory = memory_of(operation.id)
    if memory is None or memory.statement is None:
        return
    origin, kind = memory.statement.origin, memory.statement.kind
    default = CapturePolicy.QUEUE if origin is Origin.CONVERSATION else CapturePolicy.ACCEPT
    if (rules.policy_of(origin, kind) or default) is not CapturePolicy.ACCEPT:
        raise Forbidden(
            f"{memory.id!r} waits for a review, which is a person's and not for origin {writer}: graphmem review"
            f" {memory.id} accept --reason TEXT"
        )


def notes_of_admission(changes: Iterable[Change], rules: CaptureRules) -> tuple[str, ...]:
    """Return the note for the writer of additions that the policy queued; empty if it queued none."""
    for change in changes:
        operation = change.operation
        if isinstance(operation, Add) and operation.memory.statement is not None:
            policy = rules.policy_of(change.provenance.origin, operation.memory.statement.kind)
            if policy is CapturePolicy.QUEUE:
                return (QUEUED,)
    return ()


def _policy_of(request: Request, rules: CaptureRules) -> CapturePolicy | None:
    operation = request.operation
    if not rules.policies or not isinstance(operation, Add) or operation.memory.statement is None:
        return None
    return rules.policy_of(request.provenance.origin, operation.memory.statement.kind)


def _refusal(request: Request) -> str:
    operation = request.operation
    kind = operation.memory.statement.kind if isinstance(operation, Add) and operation.memory.statement else ""
    origin = request.provenance.origin
    return (
        f"this project's policy refuses a {kind} of origin {origin}: a person sets"
        f" {origin}.{kind} to queue or accept under [capture] in .graphmem/config.toml, or in GRAPHMEM_CAPTURE"
    )
