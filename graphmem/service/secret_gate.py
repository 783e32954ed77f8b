"""The gate that keeps secrets out of writes: arguments of verbs pass it, and requests to the store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from graphmem.deferred_dataclass import dataclass, field, replace
from graphmem.errors import SecretRefused
from graphmem.model import Request, Scope
from graphmem.redactions import Redaction
from graphmem.secrets.flat_texts import CleanStatements
from graphmem.secrets.policy import SecretPolicy
from graphmem.secrets.redaction import in_scopes, redactor, without_secrets
from graphmem.sources.observations import Observation, Problem, Reading


@dataclass(frozen=True, slots=True)
class PassedArguments:
    """The arguments of a verb as they may be written, and the replacements in them."""

    values: dict[str, Any]
    redactions: tuple[Redaction, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(slots=True)
class SecretGate:
    """Replaces or refuses secrets in writes.

    Attributes:
        policy: The treatment of secrets.
        observers: Each is called with the name of the rule for every secret that was replaced.
    """

    policy: SecretPolicy = SecretPolicy.REDACT
    observers: list[Callable[[str], None]] = field(default_factory=list)
    _clean: CleanStatements = field(default_factory=CleanStatements)

    def arguments(self, values: Mapping[str, Any], names: frozenset[str] = frozenset()) -> PassedArguments:
        """Return the arguments of a verb without secrets.

        Args:
            values: The arguments by their names.
            names: Arguments that name a place, for example a branch: under another name the write would go elsewhere.

        Raises:
            SecretRefused: There is a secret, and the policy is to refuse; or it is in a name.
        """
        if self.policy is SecretPolicy.OFF:
            return PassedArguments(dict(values))
        passed: dict[str, Any] = {}
        redactions: list[Redaction] = []
        problems: list[Problem] = []
        for name, value in values.items():
            if isinstance(value, Reading):
                passed[name], replaced, lost = self._reading(value)
                problems += lost
            else:
                passed[name], replaced = self._argument(name, value, is_name=name in names)
            redactions += replaced
        self._count(redactions)
        return PassedArguments(passed, tuple(redactions), tuple(problems))

    def forget(self) -> None:
        """Let go of the statements that a verb was called with; its requests need no second search of them."""
        self._clean = CleanStatements()

    def request(self, request: Request) -> Request:
        """Return a request to the store without secrets: those that a verb took over from older memories."""
        if self.policy is SecretPolicy.OFF:
            return request
        if redactor().is_clean((request.writer, request.operation, request.provenance), self._clean):
            return request
        _refuse_names(in_scopes(request.writer))
        operation, redactions = redactor().value(request.operation)
        provenance, more = redactor().value(request.provenance)
        if not redactions and not more:
            return request
        self._refuse_by_policy([*redactions, *more])
        self._count([*redactions, *more])
        return replace(request, operation=operation, provenance=provenance)

    def _argument(self, name: str, value: Any, *, is_name: bool) -> tuple[Any, list[Redaction]]:  # noqa: ANN401
        if isinstance(value, Iterator):
            value = tuple(value)
        if redactor().is_clean(value, found=self._clean):
            return value, []
        own_name = "text" if isinstance(value, str) else ""
        _refuse_names(_in_names(value, name, is_name=is_name))
        passed, redactions = redactor().value(value, own_name if name in _UNNAMED else name)
        if not redactions:
            return value, []
        self._refuse_by_policy(redactions)
        return passed, list(redactions)

    def _reading(self, reading: Reading) -> tuple[Reading, list[Redaction], list[Problem]]:
        """Return a reading without secrets; statements that cannot be written for a secret are left out as problems."""
        passing: list[Observation] = []
        redactions: list[Redaction] = []
        lost: list[Problem] = []
        for observation in reading.observations:
            location = f"{without_secrets(observation.path)}:{observation.line}"
            passed, replaced = redactor().value(observation)
            refusal = self._refusal(replaced)
            if refusal is not None:
                lost.append(Problem(without_secrets(observation.path), observation.line, f"not applied: {refusal}"))
                continue
            passing.append(passed)
            redactions += [Redaction(each.rule, f"{location} {_short(each.place)}") for each in replaced]
        rest, replaced = redactor().value(replace(reading, observations=()))
        redactions += replaced
        return replace(rest, observations=tuple(passing)), redactions, lost

    def _refusal(self, redactions: Iterable[Redaction]) -> str | None:
        refused = [each for each in redactions if self.policy is SecretPolicy.REJECT or each.place == "key"]
        return _refusal(refused) if refused else None

    def _refuse_by_policy(self, redactions: Iterable[Redaction]) -> None:
        if self.policy is SecretPolicy.REJECT:
            raise SecretRefused(_refusal(redactions))

    def _count(self, redactions: Iterable[Redaction]) -> None:
        for each in redactions:
            for observer in self.observers:
                observer(each.rule)


#: Arguments whose fields are named without the argument.
_UNNAMED = frozenset({"statement", "write", "new"})
#: Fields that name the write or a memory: under another name, two of them could become equal.
_NAMES = frozenset({"op_id", "id"})


def _in_names(value: object, name: str, *, is_name: bool) -> Iterator[Redaction]:
    """Yield the secrets in the scopes and ids of an argument, and in an argument that is itself a name."""
    yield from redactor().value(value, name)[1] if is_name else in_scopes(value)
    for entry in value if isinstance(value, tuple | list) else (value,):
        for key in _NAMES & set(getattr(type(entry), "__slots__", ())):
            yield from redactor().value(getattr(entry, key), f"{name}.{key}")[1]


def _refuse_names(redactions: Iterable[Redaction]) -> None:
    named = list(redactions)
    if named:
        raise SecretRefused(f"{_refusal(named)}: a name cannot be replaced, since two could become one")


def _refusal(redactions: Iterable[Redaction]) -> str:
    places = ", ".join(dict.fromkeys(f"{each.place or 'the text'} (rule {each.rule})" for each in redactions))
    return f"a secret is in {places}; remove it, and renew it if it was ever shown"


def _short(location: str) -> str:
    return location.removeprefix("statement.")


def scope_names() -> frozenset[str]:
    """Return the names of a scope's parts, which verbs take as arguments of their own."""
    return frozenset(Scope.__dataclass_fields__)
