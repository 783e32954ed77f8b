"""The same write sent twice at the same moment: both are given the answer of whichever was first."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from graphmem.errors import Conflict
from graphmem.service.desk import Write

if TYPE_CHECKING:
    from graphmem.service.recording import Recorder

_Given = ParamSpec("_Given")
_Answer = TypeVar("_Answer")
_Verb = Callable[Concatenate[Any, _Given], _Answer]


def answered_once(verb: _Verb[_Given, _Answer]) -> _Verb[_Given, _Answer]:
    """A verb that is carried out again if its `op_id` was recorded between its looking and its writing.

    A verb fills in what its caller left open, such as the time, from the entry of an earlier call with its `op_id`. Of
    two calls at once neither finds an entry, and the later one would be refused as another request.
    """

    @wraps(verb)
    def called(self: Any, /, *given: _Given.args, **named: _Given.kwargs) -> _Answer:  # noqa: ANN401 - whichever records
        try:
            return verb(self, *given, **named)
        except Conflict:
            if not _is_recorded(self, named.get("write")):
                raise
        return verb(self, *given, **named)

    return called


def _is_recorded(recorder: Recorder, write: object) -> bool:
    """Whether an entry stands under the `op_id` of a write, or under one that a verb derives from it."""
    if not isinstance(write, Write) or write.op_id is None:
        return False
    desk = recorder._desk  # noqa: SLF001 - of the verb that is carried out
    reader = desk.reader(write.scope)
    names = (write.op_id, f"{write.op_id}/0", f"{write.op_id}/new")
    return any(desk.store.change_by_op_id(reader, name) is not None for name in names)
