"""Recording of recalls: the verbs whose answers name memories note them in the recall ledger.

A verb that another verb calls notes nothing, and neither does a call inside `unrecorded`. Noting changes and delays no
answer, and a failure to note is ignored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from inspect import signature
from typing import Any, TypeVar

from graphmem.deferred_dataclass import replace
from graphmem.errors import GraphMemError
from graphmem.feedback import Opinion
from graphmem.guard.diff_paths import paths_in_headers
from graphmem.guard.index_terms import EXCEPTION
from graphmem.model import Add, Scope, Status
from graphmem.recalls import Recall, RecallEvent
from graphmem.repository.code_verdict import CodeStatus
from graphmem.service.commit_points import reader_of
from graphmem.service.context import ServiceContext
from graphmem.store import Filter
from graphmem.terms import question_terms

_Verbs = TypeVar("_Verbs", bound=type)

#: A call of a verb: its arguments by name, and its answer.
_Call = tuple[Mapping[str, Any], Any]

_DIGEST_CHARS = 16
_CODE_EVENTS: Mapping[CodeStatus, RecallEvent] = {
    CodeStatus.VERIFIED: RecallEvent.FOLLOWED,
    CodeStatus.MOVED: RecallEvent.FOLLOWED,
    CodeStatus.BROKEN: RecallEvent.CONTRADICTED,
    CodeStatus.DRIFTED: RecallEvent.CONTRADICTED,
}
#: The note of an erasure while the recall ledger cannot be written.
_COUNTS_REMAIN = "counts of its use remain, without any text; `graphmem stats` removes them"
_is_recorded: ContextVar[bool] = ContextVar("is_recorded", default=True)


@contextmanager
def unrecorded() -> Iterator[None]:
    """Record no recalls inside the block."""
    token = _is_recorded.set(False)
    try:
        yield
    finally:
        _is_recorded.reset(token)


class CallRecorder:
    """Makes the recall of a call.

    Args:
        context: The dependencies of the verbs.
        reader: The reader's scope.
        via: The name of the verb.
    """

    def __init__(self, context: ServiceContext, reader: Scope, via: str) -> None:
        self._context = context
        self._reader = reader
        self._via = via

    def search(self, call: _Call) -> Recall | None:
        """Return the recall of a first page: the memories of its hits, or a question without an answer."""
        given, answer = call
        if getattr(given.get("page"), "cursor", None) is not None:
            return None
        unanswered = ""
        if not answer.hits and not answer.weaker and answer.at.seq and given.get("where") in {None, Filter()}:
            unanswered = self._digest("question", " ".join(sorted(question_terms(given["query"]))))
        hits = tuple(hit.card.id for hit in answer.hits)
        return self._recall(answer.at.seq, {RecallEvent.SURFACED: hits}, unanswered=unanswered)

    def context(self, call: _Call) -> Recall | None:
        """Return the recall of a block: the memories that it names."""
        block = call[1]
        items = tuple(item.id for section in block.sections for item in section.items)
        return self._recall(block.at.seq, {RecallEvent.SURFACED: items})

    def guard(self, call: _Call) -> Recall | None:
        """Return the recall of a change: its findings, and the paths that were read."""
        given, answer = call
        paths = {edit.path for edit in given.get("edits", ())} | {*given.get("paths", ())}
        paths |= paths_in_headers(given.get("diff", ""))
        digests = {path: self._digest("path", path) for path in sorted(paths)}
        warned = tuple(
            (finding.memory.id, digests.get(finding.path, "")) for finding in answer.findings if finding.allow
        )
        events = {
            RecallEvent.WARNED: tuple(finding.memory.id for finding in answer.findings),
            RecallEvent.OVERRIDDEN: tuple(excused.memory.id for excused in answer.excused),
        }
        return self._recall(answer.at.seq, events, warned=warned, checked=tuple(digests.values()))

    def get(self, call: _Call) -> Recall | None:
        """Return the recall of a memory that was requested by its name."""
        answer: Any = call[1]
        card: Any = getattr(answer, "card", answer)
        return self._recall(card.change, {RecallEvent.OPENED: (card.id,)})

    history = explain = get

    def feedback(self, call: _Call) -> Recall | None:
        """Return the recall of an opinion."""
        given, written = call
        opinion = Opinion(given["opinion"])
        if opinion is Opinion.DONE or written.is_proposal:
            return None
        return self._recall(written.change.seq, {RecallEvent(opinion.value): written.ids})

    def confirm(self, call: _Call) -> Recall | None:
        """Return the recall of a confirmation."""
        written = call[1]
        return None if written.is_proposal else self._recall(written.change.seq, {RecallEvent.CONFIRMED: written.ids})

    def allow(self, call: _Call) -> Recall | None:
        """Return the recall of an exception: the memory that it is from."""
        written = call[1]
        operation = written.change.operation
        if not isinstance(operation, Add) or operation.moves[0].status is not Status.ACTIVE:
            return None  # a proposal, until a person accepts it
        labels = () if operation.memory.statement is None else operation.memory.statement.labels
        excepted = tuple(label.removeprefix(EXCEPTION) for label in labels if label.startswith(EXCEPTION))
        return self._recall(written.change.seq, {RecallEvent.OVERRIDDEN: excepted})

    def record_verdicts(self, call: _Call) -> Recall | None:
        """Return the recall of checks against the code of a commit."""
        given, written = call
        events: dict[RecallEvent, tuple[str, ...]] = {}
        for verdict in given["verdicts"]:
            event = _CODE_EVENTS.get(verdict.status)
            if event is not None:
                events[event] = (*events.get(event, ()), verdict.memory)
        return self._recall(written.change.seq, events)

    def _recall(
        self,
        seq: int,
        events: Mapping[RecallEvent, tuple[str, ...]],
        *,
        unanswered: str = "",
        warned: tuple[tuple[str, str], ...] = (),
        checked: tuple[str, ...] = (),
    ) -> Recall:
        held = {event: ids for event, ids in events.items() if ids}
        now = self._context.clock()
        return Recall(self._reader, now, seq, self._via, held, warned, checked, unanswered)

    def _digest(self, use: str, text: str) -> str:
        return self._context.seal(self._reader, f"recall {use}", text)[:_DIGEST_CHARS]


#: Verbs that are recorded; those of the second group write.
_READS = ("search", "context", "guard", "get", "history", "explain")
_WRITES = ("feedback", "confirm", "allow", "record_verdicts")


def with_recalls(verbs: _Verbs) -> _Verbs:
    """Return the class, with recalls noted by the verbs that name memories."""
    for name in (*_READS, *_WRITES):
        setattr(verbs, name, _recorded(name, getattr(verbs, name)))
    verbs.review = _unnoted(verbs.review)  # type: ignore[attr-defined]
    verbs.erase = _forgetting(verbs.erase)  # type: ignore[attr-defined]
    return verbs


def _recorded(name: str, verb: Callable[..., Any]) -> Callable[..., Any]:
    names = [parameter for parameter in signature(verb).parameters if parameter != "self"]
    is_write = name in _WRITES

    @wraps(verb)
    def call(self: Any, /, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - any verb of the class
        context: ServiceContext = self._context
        if not (context.recalls.is_on and _is_recorded.get()):
            return verb(self, *arguments, **named)
        with unrecorded():
            answer = verb(self, *arguments, **named)
            given = dict(zip(names, arguments, strict=False)) | named
            _note(context, name, (given, answer), is_write=is_write)
        return answer

    return call


def _note(context: ServiceContext, name: str, call: _Call, *, is_write: bool) -> None:
    given = call[0]
    scope = getattr(given.get("write"), "scope", None) if is_write else given.get("scope")
    reader = reader_of(context, {**given, "scope": scope})
    try:
        recall = getattr(CallRecorder(context, reader, name), name)(call)
    except GraphMemError:  # the store went away after the answer
        return
    if recall is not None:
        context.recalls.note(recall)
    if is_write:
        context.recalls.fold(is_due=False)


def _unnoted(verb: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(verb)
    def call(self: Any, /, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - any verb of the class
        with unrecorded():
            return verb(self, *arguments, **named)

    return call


def forget_counts(context: ServiceContext, writer: Scope, memories: Sequence[str]) -> bool:
    """Remove the counts of erased memories; return False if the recall ledger cannot be written now."""
    try:
        context.recalls.forget(writer, memories)
    except GraphMemError:
        return False
    return True


def _forgetting(erase: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(erase)
    def call(self: Any, /, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - as `erase`
        written = erase(self, *arguments, **named)
        if written.is_proposal or forget_counts(self._context, written.change.writer, written.ids):
            return written
        return replace(written, notes=(*written.notes, _COUNTS_REMAIN))

    return call
