"""Commands for the webhooks of a server: the events that wait, and the work on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from graphmem.cli.blocks import Block, Look, Span, dim, line
from graphmem.cli.options import Call, output_options, scope_options
from graphmem.cli.output import give, note
from graphmem.deferred_dataclass import dataclass
from graphmem.errors import InvalidInput

if TYPE_CHECKING:
    from graphmem.webhooks.mirror_work import WebhookWork
    from graphmem.webhooks.sources import WebhookSources


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """A repository whose forge sends webhooks, and the number of its events that wait."""

    repo: str
    forge: str
    mirror: str | None
    waiting: int


@dataclass(frozen=True, slots=True)
class WebhookStatus:
    """The repositories of the file of webhooks."""

    repositories: tuple[SourceStatus, ...]


@click.group()
def webhooks() -> None:
    """Show and work on the events that GitHub and GitLab sent to `graphmem serve`.

    GRAPHMEM_WEBHOOKS names the file with the repositories, their secrets and mirrors.
    """


@webhooks.command()
@output_options
def status(*, call: Call) -> None:
    """Show the repositories whose forges send webhooks, and the events that wait."""
    found = waiting_status(configured_sources())
    give(call, found, lambda _: _status_lines(found))


@webhooks.command()
@scope_options
@click.pass_context
def run(ctx: click.Context, /, *, call: Call) -> None:
    """Read the mirrors of the repositories with events; exits with 1 if one cannot be read.

    `graphmem serve` does the same by itself. A mirror is read as it is: fetch it before.
    """
    from graphmem.opening import utc_now
    from graphmem.webhooks.mirror_work import work_on_events

    with call.open(starts_work=False) as memory:
        work = work_on_events(memory, configured_sources(), now=utc_now())
    if work is None:
        note("another process works on the events")
        return
    give(call, work, lambda _: _work_lines(work))
    if work.failed:
        ctx.exit(1)


def configured_sources() -> WebhookSources:
    """Return the repositories in the file of the settings.

    Raises:
        InvalidInput: No file is set, or it is wrong.
    """
    from graphmem.config import load_settings
    from graphmem.webhooks.sources import read_webhook_sources

    path = load_settings().webhooks
    if path is None:
        raise InvalidInput("no webhooks are set up: set GRAPHMEM_WEBHOOKS to a file with [[repository]] entries")
    return read_webhook_sources(Path(path))


def waiting_status(configured: WebhookSources) -> WebhookStatus:
    """Return the repositories with the number of their events that wait."""
    from graphmem.webhooks.event_folder import EventFolder

    waiting = Counter((event.tenant, event.repo) for event in EventFolder(configured.queue).waiting())
    return WebhookStatus(
        tuple(
            SourceStatus(
                source.name,
                source.forge.value,
                None if source.mirror is None else str(source.mirror),
                waiting[source.tenant, source.name],
            )
            for source in configured.sources
        )
    )


def _status_lines(found: WebhookStatus) -> Iterator[Block]:
    for source in found.repositories:
        events = "1 event waits" if source.waiting == 1 else f"{source.waiting} events wait"
        reader = "graphmem ci" if source.mirror is None else source.mirror
        yield line(source.repo, dim(f" · {source.forge} · read by {reader} · "), Span(events, _look(source.waiting)))
    if not found.repositories:
        yield line(dim("no repositories; add a [[repository]] to the file"))


def _look(waiting: int) -> Look:
    return Look.WARN if waiting else Look.GOOD


def _work_lines(work: WebhookWork) -> Iterator[Block]:
    yield line(f"{work.done} events done", dim(f" · {len(work.read)} mirrors read"))
    for repo, count in work.waiting.items():
        yield line(Span("waits ", Look.WARN), f"{repo}: {count}")
    for repo, reason in work.failed.items():
        yield line(Span("problem ", Look.WARN), f"{repo}: {reason}")
