"""The verbs about claims: who works on what, until when, and who goes on with it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Unpack

from graphmem.answers import Sentence, State
from graphmem.claims.claim_statement import (
    DONE,
    EXPIRED,
    RELEASED,
    RENEWED,
    checked_holder,
    claim_statement,
    claimed_paths,
    files_of,
    is_claim,
    task_key,
    with_holder,
)
from graphmem.claims.work_claim import WorkClaim
from graphmem.deferred_dataclass import replace
from graphmem.errors import InvalidInput
from graphmem.model import (
    Add,
    At,
    End,
    Link,
    LinkKind,
    Move,
    Request,
    Revoke,
    Scope,
    ScopeParts,
    Statement,
    Status,
    Supersede,
    Transition,
    instant,
)
from graphmem.parameters import ActorName, DurationText, Limit, MemoryRef, NewText, NoteText, PathName
from graphmem.service.claim_answers import ClaimListing, ClaimWritten
from graphmem.service.claim_notes import expired_on, open_task_notes, scope_notes, stale_notes
from graphmem.service.claim_reader import ClaimReader, is_expired
from graphmem.service.claim_sentences import described
from graphmem.service.claim_writer import (
    ClaimEnd,
    ClaimWriter,
    NamedMemory,
    end_of,
    refuse_over,
    scheduled_ends,
)
from graphmem.service.commit_points import at_commits
from graphmem.service.context import ServiceContext, Write
from graphmem.service.idempotence import retried_once
from graphmem.service.repository_links import follows_links

_MOST_CLAIMS = 50


class ClaimVerbs:
    """Verbs about claims. A claim is advice: none is refused because another claim is in force."""

    _context: ServiceContext

    @follows_links
    @at_commits
    def claims(
        self,
        path: PathName | None = None,
        *,
        holder: ActorName | None = None,
        at: At | None = None,
        scope: Scope | None = None,
        limit: Limit = _MOST_CLAIMS,
        **parts: Unpack[ScopeParts],
    ) -> ClaimListing:
        """List the claims in force: who works on what, and until when; the first to expire first.

        Args:
            path: Only claims that touch this file, folder/ or glob.
            holder: Only the claims of this actor.
            at: Valid time (`as_of`) and recorded time (`known_at`); now and latest if not given.
            scope: The reader's scope.
            limit: The most claims to return.
            parts: Parts of the scope, such as `repo="shop"`, that replace those of `scope` or of the default scope.

        Raises:
            InvalidInput: The path is outside the repository, or `limit` is too small.
        """
        if limit < 1:
            raise InvalidInput(f"limit {limit!r} is not at least 1")
        reader = self._context.reader(scope, parts)
        point = self._context.point(at, reader)
        reading = ClaimReader(self._context, reader, point, is_latest=at is None or at.known_at is None)
        chosen = list(reading.in_force)
        if path is not None:
            chosen = [claim for claim, _ in reading.on_paths(claimed_paths((path,)))]
        chosen = [claim for claim in chosen if holder is None or claim.actor == holder]
        shown = tuple(reading.with_steps(reading.with_overlaps(claim)) for claim in chosen[:limit])
        return ClaimListing(shown, point, len(chosen) - len(shown))

    @retried_once
    def claim(
        self,
        task: NewText,
        paths: Sequence[PathName] = (),
        *,
        lasting: DurationText | None = None,
        until: datetime | None = None,
        works_on: MemoryRef | None = None,
        write: Write | None = None,
        **parts: Unpack[ScopeParts],
    ) -> ClaimWritten:
        """Claim a task, and the paths that it touches, for a limited time; others' context and guard show it.

        A second claim of the same task on the same paths renews the first. The same task as an expired claim of another
        actor takes that claim over, with its history. Overlapping claims are reported, never refused.

        Args:
            task: What is to be done: the first line is the title.
            paths: Files, folders/ or globs, from the root of the repository; those of the task in `works_on` if none.
            lasting: How long, as 30m, 4h or 2d; 8h if neither it nor `until` is given.
            until: When the claim expires.
            works_on: The memory of the task, if there is one.
            write: Scope, actor, source and reason of the write; the actor is the holder.
            parts: Parts of the scope that replace those of `write` or of the default scope.

        Raises:
            InvalidInput: A path is outside the repository, or the duration does not parse.
            NotFound: `works_on` names no memory that the writer sees.
        """
        writer = ClaimWriter(self._context, self._context.write_request(write, parts))
        end = ClaimEnd(lasting, until).end(writer.now)
        named = None if works_on is None else writer.named(works_on)
        statement = _stated(writer, task, paths, named)
        if isinstance(writer.earlier, End):
            return writer.write([writer.entry(writer.earlier)], writer.earlier.id)
        if writer.earlier is None:
            existing = _same_claim(writer, statement)
            if existing is not None:
                notes = (f"renews the claim {existing.id} of the same task on the same paths",)
                return _renewed(writer, writer.named(existing.id), end, notes)
        add = writer.addition(statement, end)
        memory_id = _added(add)
        is_new = writer.earlier is None and writer.origin.is_trusted
        before = _taken_over(writer, memory_id, statement) if is_new else []
        requests = [add]
        if before:
            olds = tuple(claim.id for claim in before)
            requests.append(writer.entry(Supersede(old=olds, new=(memory_id,), at=writer.now), "over"))
        if named is not None:
            requests.append(writer.entry(Link(memory_id, named.id, LinkKind.IMPLEMENTS), "task"))
        taken = [Sentence.of("takes over ", described(claim), ", which had expired") for claim in before]
        told = (*taken, *scope_notes(writer), *stale_notes(writer, statement, before))
        return writer.write(requests, memory_id, took_over=before, notes=told)

    @retried_once
    def renew(
        self,
        key: MemoryRef,
        *,
        lasting: DurationText | None = None,
        until: datetime | None = None,
        note: NoteText | None = None,
        write: Write | None = None,
    ) -> ClaimWritten:
        """Renew a claim: it expires later, or earlier; a note says how far the task is. An expired claim begins again.

        Args:
            key: The claim's id, or the beginning of it.
            lasting: How long from now, as 30m, 4h or 2d; 8h if neither it nor `until` is given.
            until: When the claim expires.
            note: How far the task is; kept in the claim's history as the reason.
            write: Scope, actor, source and reason of the write.

        Raises:
            NotFound: No memory of this name is visible to the writer.
            InvalidInput: The memory is no claim, or the claim is over.
        """
        writer = ClaimWriter(self._context, self._context.write_request(write), note)
        named = writer.named_claim(key)
        earlier = end_of(writer.earlier)
        if earlier is not None:
            at = earlier if until is None else instant(until)
            return writer.write([writer.entry(End(named.id, at, EXPIRED))], named.id)
        end = ClaimEnd(lasting, until).end(writer.now)
        if not is_expired(named.card):
            refuse_over(named, "renewed")
        return _renewed(writer, named, end)

    @retried_once
    def release(
        self, key: MemoryRef, *, done: bool = False, note: NoteText | None = None, write: Write | None = None
    ) -> ClaimWritten:
        """Release a claim before it expires: the task is done, or its holder stops working on it.

        Args:
            key: The claim's id, or the beginning of it.
            done: The task is done.
            note: What was done or is left; kept in the claim's history as the reason.
            write: Scope, actor, source and reason of the write.

        Raises:
            NotFound: No memory of this name is visible to the writer.
            InvalidInput: The memory is no claim, or the claim is over.
        """
        writer = ClaimWriter(self._context, self._context.write_request(write), note)
        named = writer.named_claim(key)
        word = DONE if done else RELEASED
        earlier = end_of(writer.earlier)
        if earlier is not None:
            return writer.write([writer.entry(End(named.id, earlier, word))], named.id)
        refuse_over(named, "released")
        notes = open_task_notes(named) if done else ()
        return writer.write([writer.entry(End(named.id, writer.now, word))], named.id, notes=notes)

    @retried_once
    def hand_over(
        self,
        key: MemoryRef,
        to: ActorName,
        *,
        lasting: DurationText | None = None,
        until: datetime | None = None,
        note: NoteText | None = None,
        write: Write | None = None,
    ) -> ClaimWritten:
        """Hand a claim, or the task of another memory, over to an actor, whose context shows it with its history.

        The new claim supersedes the old one. A memory that is no claim stays as it is, and the new claim works on it.

        Args:
            key: The claim, or the memory of a task or a migration: its id, an alias, or the beginning of its id.
            to: The actor who goes on with it.
            lasting: How long the new claim lasts, as 30m, 4h or 2d; 8h if neither it nor `until` is given.
            until: When the new claim expires.
            note: How far the task is, and what is left.
            write: Scope, actor, source and reason of the write.

        Raises:
            NotFound: No memory of this name is visible to the writer.
            InvalidInput: The actor holds the claim already, or the claim or the task is over.
        """
        receiver = checked_holder(to)
        writer = ClaimWriter(self._context, self._context.write_request(write), note)
        end = ClaimEnd(lasting, until).end(writer.now)
        named = writer.named(key)
        home = replace(named.card.memory.scope, branch=writer.request.writer.branch)
        add = writer.addition(_handed(writer, named, receiver), end, home)
        memory_id = _added(add)
        if writer.earlier is not None:
            return writer.write([add], memory_id)
        if not is_expired(named.card):
            refuse_over(named, "handed over")
        reader = writer.reader()
        before = reader.named(named.id)
        if before is not None and before.actor == receiver:
            raise InvalidInput(f"{receiver!r} holds the claim {named.id!r} already; renew it instead")
        requests = [add]
        task = named.id if before is None else before.works_on
        if before is not None:
            over = Supersede(old=(named.id,), new=(memory_id,), at=writer.now)
            requests.append(writer.entry(over, "over"))
        if task is not None:
            requests.append(writer.entry(Link(memory_id, task, LinkKind.IMPLEMENTS), "task"))
        taken = (before,) if before is not None and writer.origin.is_trusted else ()
        return writer.write(requests, memory_id, took_over=taken, notes=scope_notes(writer, named))


# ---- claims


def _stated(writer: ClaimWriter, task: str, paths: Sequence[str], named: NamedMemory | None) -> Statement:
    given = list(paths)
    if not given and named is not None:
        given = [anchor.name for anchor in files_of(named.statement)]
    home = writer.request.writer
    return claim_statement(task, checked_holder(writer.actor), claimed_paths(given), home.repo, writer.origin)


def _handed(writer: ClaimWriter, named: NamedMemory, receiver: str) -> Statement:
    """Return the statement of a claim for the receiver, with the task and the paths of a claim or another memory."""
    statement = named.statement
    if is_claim(statement):
        return with_holder(statement, receiver, writer.origin)
    repo = named.card.memory.scope.repo or writer.request.writer.repo
    paths = claimed_paths(anchor.name for anchor in files_of(statement))
    return claim_statement(statement.title, receiver, paths, repo, writer.origin)


def _added(request: Request) -> str:
    assert isinstance(request.operation, Add)  # noqa: S101 - made by `ClaimWriter.addition`
    return request.operation.memory.id


def _same_claim(writer: ClaimWriter, statement: Statement) -> WorkClaim | None:
    """Return the writer's claim in force of the same task on the same paths in the same scope."""
    paths = {anchor.name for anchor in files_of(statement)}
    for claim in writer.reader().in_force:
        is_own = claim.actor == writer.actor and claim.scope == writer.request.writer
        if is_own and set(claim.paths) == paths and _is_same_task(claim, statement):
            return claim
    return None


def _taken_over(writer: ClaimWriter, memory_id: str, statement: Statement) -> list[WorkClaim]:
    """Return the expired claims of other actors on the same task, with a path in common if both have paths."""
    return [
        claim
        for claim in expired_on(writer, statement)
        if claim.id != memory_id and claim.scope == writer.request.writer and _is_same_task(claim, statement)
    ]


def _is_same_task(claim: WorkClaim, statement: Statement) -> bool:
    return task_key(claim.task) == task_key(statement.title)


def _renewed(writer: ClaimWriter, named: NamedMemory, end: datetime, notes: Sequence[str] = ()) -> ClaimWritten:
    """Write a new end of a claim: its coming ends are revoked, and one that has expired begins again."""
    requests = [
        writer.entry(Revoke(change, move), f"revoke{index}")
        for index, (change, move) in enumerate(scheduled_ends(named, writer.now))
    ]
    if named.card.state is State.ENDED:
        again = Move(Status.ACTIVE, writer.now, source_word=RENEWED)
        requests.append(writer.entry(Transition(named.id, again), "again"))
    requests.append(writer.entry(End(named.id, end, EXPIRED)))
    return writer.write(requests, named.id, notes=notes)
