"""The gate before the verbs that write: they get arguments without secrets, and their answers list the replacements."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, TypeVar

from graphmem.deferred_dataclass import replace
from graphmem.redactions import Redaction
from graphmem.service.secret_gate import PassedArguments, scope_names
from graphmem.sources.edits import IngestReport
from graphmem.verbs import VERBS

_Verbs = TypeVar("_Verbs", bound=type)

#: Arguments that name a branch or a conversation.
_NAMES = frozenset({"name", "parent", "session"})


def with_gate(verbs: _Verbs) -> _Verbs:
    """Return the class, with the gate before each of its verbs that write, by the table of verbs."""
    for verb in VERBS.values():
        if verb.is_write and hasattr(verbs, verb.name):
            setattr(verbs, verb.name, _gated(getattr(verbs, verb.name)))
    return verbs


def _gated(verb: Callable[..., Any]) -> Callable[..., Any]:
    names = [name for name in inspect.signature(verb).parameters if name != "self"]
    places = _NAMES | scope_names()

    @wraps(verb)
    def call(self: Any, /, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - any verb of the class
        by_name = dict(zip(names, arguments, strict=False)) | named
        passed = self._context.gate.arguments(by_name, places)
        if len(arguments) > len(names) or len(by_name) < len(arguments) + len(named):
            return verb(self, *arguments, **named)  # Python itself refuses wrong arguments, in its words.
        positional = [passed.values.pop(name) for name in names[: len(arguments)]]
        try:
            return _with_redactions(verb(self, *positional, **passed.values), passed)
        finally:
            self._context.gate.forget()

    return call


def _with_redactions(answer: Any, passed: PassedArguments) -> Any:  # noqa: ANN401 - any verb's answer
    if isinstance(answer, IngestReport):
        answer.redactions += passed.redactions
        answer.problems += passed.problems
    elif not passed.redactions:
        return answer
    elif isinstance(answer, list):
        return [_told(written, _of_item(passed.redactions, index)) for index, written in enumerate(answer)]
    else:
        return _told(answer, passed.redactions)
    return answer


def _told(answer: Any, redactions: Iterable[Redaction]) -> Any:  # noqa: ANN401 - a dataclass with `redactions`
    """Return an answer that also lists the replacements; a verb may have called another verb that lists more."""
    return replace(answer, redactions=(*answer.redactions, *redactions))


def _of_item(redactions: Iterable[Redaction], index: int) -> list[Redaction]:
    """Return the replacements in an item of a batch, and in the arguments that all items share."""
    own = f"items[{index}]."
    return [
        Redaction(each.rule, each.place.removeprefix(own).removeprefix("statement."))
        for each in redactions
        if each.place.startswith(own) or not each.place.startswith("items[")
    ]
