"""The work on events of webhooks: it reads mirrors that the operator named; other events wait for `ci`."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import field
from datetime import datetime, timedelta
from pathlib import Path

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import GraphMemError
from graphmem.service import Write
from graphmem.service.mainline_ingestion import recorded_mainline
from graphmem.service.repository_ingestion import RepositoryMemory, ingest_repository
from graphmem.sources.git.revisions import commit_of
from graphmem.sources.git.runner import GitFailure
from graphmem.webhooks.event_folder import Event, EventFolder
from graphmem.webhooks.sources import WebhookSource, WebhookSources

_ACTOR = "webhook"
#: A commit that no reading of the mirror has by then was pushed over: its event is done.
PATIENCE = timedelta(days=7)


@dataclass(slots=True)
class WebhookWork:
    """The result of work on events.

    Attributes:
        read: Repositories whose mirror was read.
        done: The number of events whose work is done.
        waiting: The number of events that wait, by repository.
        failed: Why a mirror could not be read, by repository.
    """

    read: list[str] = field(default_factory=list)
    done: int = 0
    waiting: dict[str, int] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)


def work_on_events(memory: RepositoryMemory, configured: WebhookSources, *, now: datetime) -> WebhookWork | None:
    """Read the mirrors of repositories with events; returns None while another process does so.

    An event is done when a reading has its commit, or, without a commit, when a reading was tried after it arrived. In
    any order, and any number of times, events lead to the same readings: a mirror is read as it is.

    Args:
        memory: The memory.
        configured: The repositories.
        now: The time of reading.
    """
    folder, work = EventFolder(configured.queue), WebhookWork()
    with folder.turn() as is_ours:
        if not is_ours:
            return None
        waiting: dict[tuple[str, str], list[Event]] = defaultdict(list)
        for event in folder.waiting():
            waiting[event.tenant, event.repo].append(event)
        by_name = {(source.tenant, source.name): source for source in configured.sources}
        for key, events in waiting.items():
            source = by_name.get(key)
            is_read = source is not None and _is_read(memory, source, configured.queue, work, now)
            done = [] if source is None else _done(memory, source, events, now if is_read else None)
            for event in done:
                folder.finish(event)
            work.done += len(done)
            if len(done) < len(events):
                work.waiting[key[1]] = len(events) - len(done)
    return work


def _is_read(memory: RepositoryMemory, source: WebhookSource, queue: Path, work: WebhookWork, now: datetime) -> bool:
    """Read the mirror of a repository; return False if it has no mirror or the mirror cannot be read."""
    if source.mirror is None:
        return False
    try:
        ingest_repository(
            memory,
            source.mirror,
            read_at=now,
            ref=source.ref,
            cursors=queue / "cursors" / hashlib.sha256(f"{source.tenant}\x1f{source.name}".encode()).hexdigest(),
            write=Write(scope=source.scope, actor=_ACTOR),
        )
    except (GraphMemError, GitFailure, OSError) as error:
        work.failed[source.name] = str(error)
        return False
    work.read.append(source.name)
    return True


def _done(
    memory: RepositoryMemory, source: WebhookSource, events: Sequence[Event], read_now: datetime | None
) -> list[Event]:
    """Return the events that a reading has answered; `read_now` is the time of reading, None if it was not read."""
    history = recorded_mainline(memory, source.scope)
    heads = {row.sha for row in history.refs.values()}
    last = memory.readings(after=history.seq - 1, limit=1, scope=source.scope) if history.seq else ()
    read_at = last[-1].recorded_at if last else None

    def is_done(event: Event) -> bool:
        if read_now is not None and (event.sha is None or read_now - event.received > PATIENCE):
            return True
        if event.sha is None:
            return read_at is not None and read_at >= event.received
        is_recorded = history.position_of(event.sha) is not None or event.sha in history.arrivals
        is_recorded = is_recorded or event.sha in history.sides or event.sha in heads
        return is_recorded or (read_now is not None and _has(source.mirror, event.sha))

    return [event for event in events if is_done(event)]


def _has(mirror: Path | None, sha: str) -> bool:
    """Return True if a mirror contains a commit: a reading covers it as far as useful, even if not recorded."""
    try:
        return mirror is not None and commit_of(mirror, sha) == sha
    except GitFailure:
        return False
