"""The verb that warns before a change brings back a rejected option, and the verb that records an exception."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Unpack

from graphmem.answers import Written
from graphmem.errors import InvalidInput, NotFound
from graphmem.guard.brought_options import ChangeEvidence
from graphmem.guard.diff_reader import read_diff
from graphmem.guard.evidence import evidence_of_command, evidence_of_file
from graphmem.guard.file_changes import MAX_FILE_CHARS, ChangedFile, Piece, ReadChange, SkippedFile
from graphmem.guard.index_terms import EXCEPTION
from graphmem.guard.levels import Enforcement
from graphmem.guard.prose import evidence_of_text
from graphmem.model import (
    Add,
    Alternative,
    Anchor,
    AnchorKind,
    At,
    Kind,
    Move,
    Origin,
    Outcome,
    Scope,
    ScopeParts,
    Statement,
    Status,
    instant,
)
from graphmem.parameters import ActorName, DiffText, Limit, MemoryRef, PathName, ShellCommand
from graphmem.service.claim_findings import claims_of_others
from graphmem.service.claim_reader import ClaimReader
from graphmem.service.commit_points import at_commits
from graphmem.service.context import ServiceContext, Write, WriteRequest
from graphmem.service.guard_answers import FileEdit, GuardAnswer
from graphmem.service.guard_memories import GuardMemories
from graphmem.service.guard_report import GuardReport
from graphmem.service.idempotence import retried_once
from graphmem.service.references import memory_id
from graphmem.service.repository_links import follows_links

_SHOWN = 3


class GuardVerbs:
    """Verbs that compare a change of code with decisions."""

    _context: ServiceContext

    @follows_links
    @at_commits
    def guard(  # noqa: PLR0913 - each parameter is another form of a change
        self,
        diff: DiffText = "",
        *,
        edits: Sequence[FileEdit] = (),
        commands: Sequence[ShellCommand] = (),
        paths: Sequence[PathName] = (),
        text: DiffText = "",
        enforcement: Enforcement = Enforcement.WARN,
        at: At | None = None,
        scope: Scope | None = None,
        limit: Limit = _SHOWN,
        actor: ActorName | None = None,
        **parts: Unpack[ScopeParts],
    ) -> GuardAnswer:
        """Warn if a change brings back what was rejected, follows what was superseded, or touches what is contested.

        It knows packages and imports, not words, and judges by what is in force where the reader stands.

        Args:
            diff: A unified diff, as git writes it.
            edits: Edits of files.
            commands: Shell commands that are about to run.
            paths: Files that are about to be edited.
            text: A plan in words: code, commands and names in code spans count, and make notes only.
            enforcement: What findings of the level `deny` may do: without `ask` or `deny` there are none.
            at: Valid time (`as_of`) and recorded time (`known_at`); now and latest if not given.
            scope: The reader's scope; what related repositories reject does not count.
            limit: The number of findings that are shown; the others are counted.
            actor: Who makes the change: claims of others on its files are noted. The actor of writes if not given.
            parts: Parts of the scope, such as `repo="shop"`, that replace those of `scope` or of the default scope.

        Raises:
            BadDiff: The diff does not parse; the message has the line.
            InvalidInput: `known_at` is not past.
        """
        reader = self._context.reader(scope, parts)
        point = self._context.point(at, reader)
        change = read_diff(diff) + _of_edits(edits)
        others = [added for command in commands for added in evidence_of_command(command)]
        mentioned = list(evidence_of_text(text)) if text else []
        files = [evidence_of_file(file) for file in change.files]
        touched = tuple(dict.fromkeys([*(file.path for file in change.files), *paths]))
        memories = GuardMemories(self._context, reader, point)
        report = GuardReport(memories, Enforcement(enforcement), touched)
        report.judge(ChangeEvidence(files, (*others, *mentioned)), mentioned)
        claims = ClaimReader(self._context, reader, point, is_latest=at is None or at.known_at is None)
        report.add_claims(claims_of_others(claims, touched, actor or self._context.actor))
        return report.answer(limit, change.skipped, len(change.files))

    @retried_once
    def allow(
        self,
        key: MemoryRef,
        *,
        path: PathName | None = None,
        until: datetime | None = None,
        write: Write | None = None,
        **parts: Unpack[ScopeParts],
    ) -> Written:
        """Record an exception from a memory that rejects an option: guard excuses what it would report.

        The exception is a decision in the writer's branch. Of an agent it is a proposal, until a person accepts it by
        `transition` to `active`; `end` takes it back.

        Args:
            key: The memory that rejects the option.
            path: Only in this file, folder/ or glob.
            until: Only before this time.
            write: Scope, actor, source and reason of the write; it needs a reason.
            parts: Parts of the scope that replace those of `write` or of the default scope.

        Raises:
            NotFound: No memory of this name is visible to the writer.
            InvalidInput: There is no reason, the memory rejects no option with a key, or `until` is past.
        """
        request = self._context.write_request(write, parts)
        reason = (request.provenance.reason or "").strip()
        if not reason:
            raise InvalidInput("an exception needs a reason: say why the option may be used here")
        key = self._rejecting(key, request)
        now = _first_moment(request) or self._context.clock()
        memory = self._context.latest_view(request.writer, [key]).memory(key)
        rejecting = None if memory is None else memory.statement
        options = [] if rejecting is None else [option for option in rejecting.alternatives if _is_rejected(option)]
        if rejecting is None or not options:
            raise InvalidInput(f"{key!r} rejects no option with a key, so there is nothing to allow")
        end = None if until is None else instant(until)
        if end is not None and end <= now:
            raise InvalidInput(f"'until' {end.isoformat()} is past; give a later time, or none")
        status = Status.ACTIVE if request.provenance.origin.may_mandate else Status.PROPOSED
        moves = [Move(status, now, source_word="exception")]
        if end is not None:
            moves.append(Move(Status.ENDED, end, source_word="expired"))
        return self.add(  # type: ignore[attr-defined,no-any-return]  # a verb of `WriteVerbs`, beside this class
            _exception(key, rejecting, options, (reason, path), request.provenance.origin),
            moves=moves,
            on_similar=None,
            write=write,
            **parts,
        )

    def _rejecting(self, key: str, request: WriteRequest) -> str:
        """Return the id of the memory that a reference names to the writer."""
        point = self._context.point(None, request.writer)
        found = memory_id(self._context, request.writer, key, point)
        if found is None:
            raise NotFound(f"no memory {key!r}; `list` and `search` show the ids that there are")
        return found


def _first_moment(request: WriteRequest) -> datetime | None:
    """Return when the exception begins that an earlier call with the same `op_id` recorded."""
    operation = None if request.earlier is None else request.earlier.operation
    return operation.moves[0].at if isinstance(operation, Add) else None


def _is_rejected(option: Alternative) -> bool:
    return option.outcome is Outcome.REJECTED and bool(option.keys)


def _exception(
    key: str, rejecting: Statement, options: Sequence[Alternative], why: tuple[str, str | None], origin: Origin
) -> Statement:
    reason, path = why
    names = ", ".join(option.name for option in options)
    where = f" in {path}" if path else ""
    chosen = tuple(Alternative(option.name, Outcome.CHOSEN, reason) for option in options)
    return Statement(
        title=f"Exception: {names} may be used{where}"[:1_000],
        kind=Kind.DECISION,
        body=f"An exception from: {rejecting.title}",
        rationale=reason,
        labels=("exception", f"{EXCEPTION}{key}"),
        origin=origin,
        anchors=(Anchor(AnchorKind.FILE, path),) if path else (),
        alternatives=chosen,
    )


# ---- edits


def _of_edits(edits: Sequence[FileEdit]) -> ReadChange:
    files: list[ChangedFile] = []
    skipped: list[SkippedFile] = []
    for edit in edits:
        path = re.sub(r"^(?:\./)+", "", edit.path.replace("\\", "/"))
        texts = (edit.before or "", edit.after or "")
        if not path:
            raise InvalidInput("an edit needs the path of its file")
        if max(map(len, texts)) > MAX_FILE_CHARS:
            skipped.append(SkippedFile(path, f"more than {MAX_FILE_CHARS:,} characters"))
        elif any("\0" in text for text in texts):
            skipped.append(SkippedFile(path, "binary"))
        else:
            piece = Piece(*texts, start=2 if edit.is_part else 1, is_whole=not edit.is_part)
            is_new = edit.before is None and not edit.is_part
            files.append(ChangedFile(path, (piece,), is_new=is_new, is_deleted=edit.after is None))
    return ReadChange(tuple(files), tuple(skipped))
