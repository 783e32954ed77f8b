"""Commits, tags and branches as points in time, for every verb that reads at a point."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar, cast

from graphmem.deferred_dataclass import dataclass, replace
from graphmem.errors import InvalidInput, NotFound
from graphmem.instants import TIME_FORMS, from_micros
from graphmem.model import BEGINNING, At, CommitPoint, Point, Scope, ScopeParts
from graphmem.repository.mainline_history import MainlineHistory
from graphmem.service.context import ServiceContext

if TYPE_CHECKING:
    from graphmem.repository.commit_names import CommitPlace

P = ParamSpec("P")
R = TypeVar("R")

_PARTS = tuple(ScopeParts.__annotations__)
_TIMES = f"a time is written {TIME_FORMS}"


@dataclass(frozen=True, slots=True)
class ResolvedAt:
    """A requested point without names of commits.

    Attributes:
        at: The point in times and positions.
        commit: The commit that the request named as its valid time; None for a time.
        context: The context that answers at the point.
    """

    at: At
    commit: CommitPoint | None
    context: ServiceContext


def at_commits(verb: Callable[P, R]) -> Callable[P, R]:
    """Let a verb's `at` name a commit, tag or branch of the reader's repository; the answer's point names it too."""

    @wraps(verb)
    def resolved(*args: P.args, **kwargs: P.kwargs) -> R:
        at = kwargs.get("at")
        if not isinstance(at, At) or not has_name(at):
            return verb(*args, **kwargs)
        memory: Any = args[0]
        reader = reader_of(memory._context, kwargs)  # noqa: SLF001 - a decorator of its methods
        resolved_at = resolve(memory._context, at, reader)  # noqa: SLF001
        inner = memory if resolved_at.context is memory._context else type(memory)(resolved_at.context)  # noqa: SLF001
        answer: Any = cast("Any", verb)(inner, *args[1:], **{**kwargs, "at": resolved_at.at})
        return cast("R", _with_commit(answer, resolved_at.commit))

    return resolved


def has_name(at: At) -> bool:
    """Return whether a point names a commit."""
    return isinstance(at.as_of, str) or isinstance(at.known_at, str)


def resolve(context: ServiceContext, at: At, reader: Scope) -> ResolvedAt:
    """Return a point with its commits looked up in the recorded history of the reader's repository.

    Raises:
        NotFound: The commit is not recorded.
        InvalidInput: Nothing was read of the repository, and the name is no time; or several commits have the name.
    """
    if not has_name(at):
        return ResolvedAt(at, None, context)
    from graphmem.repository.commit_names import PREFIX
    from graphmem.service.cut_store import CutMainlines, cut_store
    from graphmem.temporal.cut import Cut

    seq = context.store.position(reader).seq
    history = context.mainlines.at(reader, reader.repo, seq)
    known_at = at.known_at if not isinstance(at.known_at, str) else _position(context, reader, history, at.known_at)
    if not isinstance(at.as_of, str):
        return ResolvedAt(At(at.as_of, known_at), None, context)
    located = _place(history, at.as_of)
    fork = history.shas[located.position] if located.is_beside and located.position >= 0 else None
    commit = CommitPoint(at.as_of.removeprefix(PREFIX), located.sha, fork)
    if not located.is_beside:
        return ResolvedAt(At(from_micros(located.at_us), known_at), commit, context)
    until = BEGINNING if located.position < 0 else from_micros(history.times_us[located.position])
    cut = Cut(reader.repo, until)
    mainlines = CutMainlines(context.store, reader.repo, located.position)
    return ResolvedAt(
        At(from_micros(located.at_us), known_at), commit, context.over(cut_store(context.store, cut), mainlines)
    )


def _place(history: MainlineHistory, name: str) -> CommitPlace:
    """Return the place of a commit; an error names the forms of a time, since the name may be a mistyped time."""
    from graphmem.repository.commit_names import PREFIX, place_of_commit

    if not history.seq and not name.startswith(PREFIX):
        raise InvalidInput(f"{name!r} is not a time, and no history was read that has a commit of that name; {_TIMES}")
    try:
        return place_of_commit(history, name)
    except NotFound as error:
        raise NotFound(str(error) if name.startswith(PREFIX) else f"{error}; {_TIMES}") from error


def _position(context: ServiceContext, reader: Scope, history: MainlineHistory, name: str) -> int:
    """Return the ledger position of the first reading that reached a commit."""
    located = _place(history, name)
    for change in context.store.readings(reader, reader.repo):
        if change.seq > history.seq:
            break
        reached = context.mainlines.at(reader, reader.repo, change.seq)
        if (
            reached.position_of(located.sha) is not None
            or located.sha in reached.sides
            or located.sha in reached.arrivals
        ):
            return change.seq
    return history.seq


def reader_of(context: ServiceContext, arguments: Any) -> Scope:  # noqa: ANN401 - keyword arguments
    """Return the reader's scope that the keyword arguments of a verb name."""
    parts = cast("ScopeParts", {name: arguments[name] for name in _PARTS if name in arguments})
    return context.reader(arguments.get("scope"), parts)


def _with_commit(answer: Any, commit: CommitPoint | None) -> Any:  # noqa: ANN401 - an answer of any verb
    """Return an answer whose points name a commit."""
    if commit is None:
        return answer
    from dataclasses import fields, is_dataclass

    if not is_dataclass(answer) or isinstance(answer, type):
        return answer
    points = {spec.name: getattr(answer, spec.name) for spec in fields(answer)}
    named = {name: replace(point, commit=commit) for name, point in points.items() if isinstance(point, Point)}
    return replace(answer, **named) if named else answer
