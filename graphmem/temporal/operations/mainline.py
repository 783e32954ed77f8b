"""Readings of a repository's mainline: they change no memory, and each counts for all readers of its repository."""

from __future__ import annotations

from graphmem.errors import Forbidden, InvalidInput
from graphmem.model import Change, ReadMainline, Request, Scope
from graphmem.repository.mainline_rows import unpacked
from graphmem.rows import ReadingRow, Rows, Situation, stamp_of
from graphmem.temporal.operations.rules import Rules
from graphmem.temporal.view import View


def _refuse(operation: ReadMainline, request: Request, __: Situation, ___: View) -> None:
    """Refuse a reading that would not be shared by the repository, is of an untrusted origin, or cannot be read."""
    unpacked(operation.content)
    writer, origin = request.writer, request.provenance.origin
    if writer != Scope(writer.tenant, writer.repo):
        raise InvalidInput("a mainline is read for the whole repository: name no user, branch or environment")
    if not origin.is_trusted:
        raise Forbidden(f"{origin.value!r} may not say what a repository contains: read it as human, commit or agent")


def _effects(_: ReadMainline, change: Change, __: Rows) -> Rows:
    return Rows(readings=(ReadingRow(change.writer.repo, stamp_of(change)),))


READ_MAINLINE = Rules[ReadMainline](
    name="read_mainline",
    refuse=_refuse,
    effects=_effects,
    is_known_to=lambda _, change, view: view.reader.admits(Scope(change.writer.tenant, change.writer.repo)),
)
