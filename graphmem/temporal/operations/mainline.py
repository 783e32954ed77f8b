"""Readings of a repository's mainline, relocations and verdicts: they count for all readers of the repository."""

from __future__ import annotations

from collections.abc import Mapping

from graphmem.deferred_dataclass import replace
from graphmem.errors import Forbidden, InvalidInput
from graphmem.model import Change, ReadMainline, RecordRelocations, RecordVerdicts, Request, Scope
from graphmem.repository.authors import unpacked_authors
from graphmem.repository.mainline_rows import unpacked
from graphmem.rows import ReadingRow, Rows, Situation, stamp_of
from graphmem.temporal.operations.rules import Rules
from graphmem.temporal.refusals import refuse_unknown
from graphmem.temporal.view import View


def _refuse(operation: ReadMainline, request: Request, __: Situation, ___: View) -> None:
    """Refuse a reading that would not be shared by the repository, is of an untrusted origin, or cannot be read."""
    unpacked(operation.content)
    if operation.authors:
        unpacked_authors(operation.authors)
    refuse_narrow(request)


def refuse_narrow(request: Request) -> None:
    """Refuse an entry that not all readers of a repository would see, or that is of an untrusted origin."""
    writer, origin = request.writer, request.provenance.origin
    if writer != Scope(writer.tenant, writer.repo):
        raise InvalidInput("it is recorded for the whole repository: name no user, branch or environment")
    if not origin.is_trusted:
        raise Forbidden(f"{origin.value!r} may not say what a repository contains: read it as human, commit or agent")


def _refuse_verdicts(operation: RecordVerdicts, request: Request, _: Situation, view: View) -> None:
    """Refuse verdicts on memories that the writer does not see, or that not all readers of the repository see."""
    refuse_narrow(request)
    if not operation.verdicts:
        raise InvalidInput("no verdict was given")
    refuse_unknown(view, _memories(operation))


def _memories(operation: RecordVerdicts) -> tuple[str, ...]:
    return tuple(verdict.memory for verdict in operation.verdicts)


def _renamed(operation: RecordVerdicts, names: Mapping[str, str]) -> RecordVerdicts:
    if names.keys().isdisjoint(_memories(operation)):
        return operation
    verdicts = (replace(verdict, memory=names.get(verdict.memory, verdict.memory)) for verdict in operation.verdicts)
    return RecordVerdicts(tuple(verdicts))


def _blanked(operation: RecordVerdicts, _: str) -> RecordVerdicts:
    """The verdicts without their reasons, which may quote the erased memory."""
    return RecordVerdicts(tuple(replace(verdict, reason="", path="") for verdict in operation.verdicts))


def _effects(_: ReadMainline | RecordRelocations | RecordVerdicts, change: Change, __: Rows) -> Rows:
    return Rows(readings=(ReadingRow(change.writer.repo, stamp_of(change)),))


RECORD_VERDICTS = Rules[RecordVerdicts](
    name="record_verdicts",
    mark="VERIFIED",
    touched=_memories,
    renamed=_renamed,
    refuse=_refuse_verdicts,
    effects=_effects,
    blanked=_blanked,
)
RECORD_RELOCATIONS = Rules[RecordRelocations](
    name="record_relocations",
    refuse=lambda _, request, __, ___: refuse_narrow(request),
    effects=_effects,
    is_visible_to=lambda _, change, view: view.reader.admits(Scope(change.writer.tenant, change.writer.repo)),
)
READ_MAINLINE = Rules[ReadMainline](
    name="read_mainline",
    refuse=_refuse,
    effects=_effects,
    is_visible_to=lambda _, change, view: view.reader.admits(Scope(change.writer.tenant, change.writer.repo)),
)
