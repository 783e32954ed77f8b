"""Retries of a write: two calls with the same `op_id` at the same moment both get the answer of the first."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from graphmem.errors import Conflict
from graphmem.service.context import Write

if TYPE_CHECKING:
    from graphmem.service.write_verbs import WriteVerbs

_Arguments = ParamSpec("_Arguments")
_Answer = TypeVar("_Answer")
_Verb = Callable[Concatenate[Any, _Arguments], _Answer]


def retried_once(verb: _Verb[_Arguments, _Answer]) -> _Verb[_Arguments, _Answer]:
    """Return the verb, called a second time if another call recorded its `op_id` while the first call ran.

    A verb takes values that its caller left out, such as the time, from the entry of an earlier call with its `op_id`.
    Of two calls at the same moment, neither finds an entry; the later call would be refused as a different request.
    """

    @wraps(verb)
    def call(self: Any, /, *args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Answer:  # noqa: ANN401 - any verbs
        try:
            return verb(self, *args, **kwargs)
        except Conflict:
            if not _is_recorded(self, kwargs.get("write")):
                raise
        return verb(self, *args, **kwargs)

    return call


def _is_recorded(verbs: WriteVerbs, write: object) -> bool:
    """Return whether the ledger has an entry with the `op_id` of a write, or with an id that a verb derives from it."""
    if not isinstance(write, Write) or write.op_id is None:
        return False
    context = verbs._context  # noqa: SLF001 - the context of the decorated verb
    reader = context.reader(write.scope)
    op_ids = (write.op_id, f"{write.op_id}/0", f"{write.op_id}/new")
    return any(context.store.change_by_op_id(reader, op_id) is not None for op_id in op_ids)
