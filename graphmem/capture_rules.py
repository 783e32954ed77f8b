"""The treatment of statements by their origin and kind: accepted, queued for a review, or refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum

from graphmem.deferred_dataclass import dataclass, field
from graphmem.errors import InvalidInput
from graphmem.vocabulary import Kind, Origin, word_of


class CapturePolicy(StrEnum):
    """The treatment of a statement of a conversation.

    `queue`: it is proposed, until a person reviews it. `accept`: it is in force at once, with the trust of a
    conversation. `refuse`: nothing is recorded.
    """

    QUEUE = "queue"
    ACCEPT = "accept"
    REFUSE = "refuse"


#: From the strictest to the most open treatment.
_BY_OPENNESS = (CapturePolicy.REFUSE, CapturePolicy.QUEUE, CapturePolicy.ACCEPT)


def stricter(first: CapturePolicy, second: CapturePolicy) -> CapturePolicy:
    """Return the stricter of two policies."""
    return min(first, second, key=_BY_OPENNESS.index)


@dataclass(frozen=True, slots=True)
class CaptureRules:
    """The policies that a project set, by origin or by origin and kind.

    Attributes:
        policies: The policy of an origin (with None for all kinds), or of an origin and a kind, which wins.
    """

    policies: Mapping[tuple[Origin, Kind | None], CapturePolicy] = field(default_factory=dict)

    def policy_of(self, origin: Origin, kind: Kind) -> CapturePolicy | None:
        """Return the policy that was set for an origin and a kind; None if none was set."""
        return self.policies.get((origin, kind)) or self.policies.get((origin, None))

    def without_acceptance(self) -> CaptureRules:
        """Return the rules with `queue` in place of `accept`: what a file may set that nobody trusts yet."""
        return CaptureRules({key: stricter(word, CapturePolicy.QUEUE) for key, word in self.policies.items()})

    def __or__(self, other: CaptureRules) -> CaptureRules:
        """Return the rules of both; where both have a policy, that of the other."""
        return CaptureRules({**self.policies, **other.policies})


def read_rules(text: str) -> CaptureRules:
    """Return the rules of a text like `conversation=queue, conversation.preference=accept`.

    Raises:
        InvalidInput: A part is not ORIGIN=POLICY or ORIGIN.KIND=POLICY, or names an unknown origin, kind or policy.
    """
    return CaptureRules(dict(map(_rule, filter(None, map(str.strip, text.split(","))))))


def read_rule_table(table: object) -> CaptureRules:
    """Return the rules of a table of a settings file: origins or `ORIGIN.KIND` with policies, nested or not.

    Raises:
        InvalidInput: As `read_rules`; or the value is neither a table nor a text.
    """
    if isinstance(table, str):
        return read_rules(table)
    if not isinstance(table, dict):
        raise InvalidInput(f'capture {table!r:.80} is no table of policies; write [capture] and conversation = "queue"')
    return CaptureRules(dict(_rule(part) for part in _parts(table, "")))


def _parts(table: Mapping[str, object], prefix: str) -> Iterator[str]:
    for name, value in table.items():
        if isinstance(value, dict):
            yield from _parts(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}={value}"


def _rule(part: str) -> tuple[tuple[Origin, Kind | None], CapturePolicy]:
    name, mark, word = (piece.strip() for piece in part.partition("="))
    if not mark:
        raise InvalidInput(
            f"{part!r:.80} is no policy; write ORIGIN=POLICY or ORIGIN.KIND=POLICY, for example conversation=queue"
        )
    origin, dot, kind = name.partition(".")
    return (word_of(Origin, origin), word_of(Kind, kind) if dot else None), word_of(CapturePolicy, word)
