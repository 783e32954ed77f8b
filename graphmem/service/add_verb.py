"""The verb `add`: it records a statement, or what is said in the messages of a conversation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Unpack, overload

from graphmem.answers import OnSimilar, Written
from graphmem.deferred_dataclass import replace
from graphmem.errors import InvalidInput
from graphmem.model import Kind, Move, ScopeParts, Statement
from graphmem.parameters import NewText
from graphmem.service.capture import CaptureVerbs
from graphmem.service.captured_statements import CaptureReport
from graphmem.service.context import Write
from graphmem.sources.transcripts import Message


class AddVerb(CaptureVerbs):
    """The verb `add` of an opened memory."""

    @overload
    def add(
        self,
        statement: Statement | NewText,
        *,
        moves: Sequence[Move] = (),
        kind: Kind = Kind.FACT,
        start: datetime | None = None,
        on_similar: OnSimilar | None = OnSimilar.KEEP,
        write: Write | None = None,
        **parts: Unpack[ScopeParts],
    ) -> Written: ...

    @overload
    def add(
        self, *, messages: Sequence[Message], write: Write | None = None, **parts: Unpack[ScopeParts]
    ) -> CaptureReport: ...

    def add(  # noqa: PLR0913 - a parameter for each part of the request
        self,
        statement: NewText | Statement | None = None,  # in the order of `amend`: typing keeps the first of equal unions
        *,
        messages: Sequence[Message] | None = None,
        moves: Sequence[Move] = (),
        kind: Kind = Kind.FACT,
        start: datetime | None = None,
        on_similar: OnSimilar | None = OnSimilar.KEEP,
        write: Write | None = None,
        **parts: Unpack[ScopeParts],
    ) -> Written | CaptureReport:
        """Add a memory; if a memory with the same content is in force all that time, confirm it instead.

        Args:
            statement: The statement; of a text, the first line is the title and the rest is the body.
            messages: In place of a statement, the messages of a conversation: its statements are recorded as `capture`
                does, which also takes the id of the conversation.
            moves: The status history of the memory; without it, the memory is active from `start`.
            kind: The kind of statement, if `statement` is a text.
            start: The time from which the memory is in force, with a time zone; now if not given.
            on_similar: If a memory with the same words is in force, `keep` adds the new memory all the same and
                `skip` confirms the existing memory; None does not look for similar memories.
            write: Scope, actor, source and reason of the write.
            parts: Parts of the scope, such as `repo="shop"`, that replace those of `write` or of the default scope.

        Returns:
            The ledger entry, and the memories in force that are similar to the new one. Two writers at the same moment
            do not see each other's memories. Of messages, the report of the capture.

        Raises:
            InvalidInput: The statement or its moves are not well formed, or both a statement and messages are given, or
                neither.
            Conflict: The `op_id` was used for another write.
        """
        if (statement is None) is (messages is None):
            raise InvalidInput("give either a statement, or the messages of a conversation")
        if messages is not None:
            given = write or Write()
            scope = self._context.reader(given.scope, parts)
            return self.capture(messages, write=replace(given, scope=scope))
        assert statement is not None  # noqa: S101 - either of them
        return self._add_statement(
            statement, moves=moves, kind=kind, start=start, on_similar=on_similar, write=write, **parts
        )
