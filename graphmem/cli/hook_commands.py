"""Commands for the git hooks of a repository and the events that they note."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from graphmem.cli.blocks import Block, Look, Span, dim, line
from graphmem.cli.options import Call, output_options, scope_options
from graphmem.cli.output import give, note
from graphmem.cli.phrases import second
from graphmem.cli.repository_options import path_argument

if TYPE_CHECKING:
    from graphmem.githooks.event_queue import EventQueue
    from graphmem.githooks.installation import Hook, HookReport

BY_HAND = 4
_LOOKS = {"installed": Look.GOOD, "chained": Look.GOOD, "stale": Look.WARN, "missing": Look.WARN, "manual": Look.WARN}
_EVENT_CELLS, _STATE_CELLS = 14, 10


@click.group()
def hooks() -> None:
    """Note commits, merges, checkouts and rewrites when they happen, through git hooks.

    A hook appends a line to a file in the git directory, in some milliseconds, and never fails. The memory is brought
    up to date later, from that file.
    """


@hooks.command()
@path_argument
@output_options
@click.pass_context
def install(ctx: click.Context, /, *, call: Call, path: Path) -> None:
    """Add lines to post-commit, post-merge, post-checkout and post-rewrite of the repository at PATH.

    The lines follow the first line of an existing shell script; missing hooks are created. Nothing is written to a hook
    that is a link, is not executable or is no shell script, nor if core.hooksPath names a folder outside of the git
    directory, as with husky: the lines to add are printed, and the exit code is 4. Then add them, and run this command
    again.
    """
    from graphmem.githooks.installation import install_hooks

    report = install_hooks(path)
    _give_report(call, report)
    if report.manual:
        if not call.as_json:
            _print_lines(report)
        ctx.exit(BY_HAND)


@hooks.command()
@path_argument
@output_options
@click.pass_context
def uninstall(ctx: click.Context, /, *, call: Call, path: Path) -> None:
    """Remove the lines of graphmem from the hooks of the repository at PATH, and the events that wait.

    Every other byte and the modes of the files stay as they are. Hooks that graphmem created are removed, unless lines
    were added to them. Hooks that pre-commit moved to another name are found. Lines that were added by hand outside of
    the git directory are left, and the exit code is 4.
    """
    from graphmem.githooks.installation import uninstall_hooks

    report = uninstall_hooks(path)
    give(call, report, lambda _: _removal_lines(report))
    if report.kept:
        note("remove the lines from '# >>> graphmem hooks' to '# <<< graphmem hooks' by hand")
        ctx.exit(BY_HAND)


@hooks.command()
@path_argument
@output_options
def status(*, call: Call, path: Path) -> None:
    """Show each hook of the repository at PATH. Always exits with 0.

    `chained` means that the hook of pre-commit runs the file with the lines, `stale` that the lines are those of
    another release, and `manual` that the lines must be added by hand.
    """
    from graphmem.githooks.installation import hook_status

    _give_report(call, hook_status(path))


@hooks.command()
@path_argument
@scope_options
@click.pass_context
def run(ctx: click.Context, /, *, call: Call, path: Path) -> None:
    """Read into the memory what moved in the repository at PATH, if its hooks noted events, and show the events.

    Exits with 1 if another process is at work.
    """
    from graphmem.githooks.event_queue import drain
    from graphmem.githooks.repository_folders import repository_folders

    root = repository_folders(path).root
    queue = drain(root, lambda _: _read_repository(ctx, call, root))
    if queue is None:
        note("another process is at work on the events")
        ctx.exit(1)
    give(call, queue, lambda _: _queue_lines(queue))


def _read_repository(ctx: click.Context, call: Call, root: Path) -> None:
    """Read what is new in a repository: its mainline, tags and branches, and what its files say."""
    from graphmem.cli.repository_commands import read_repository
    from graphmem.service import Write
    from graphmem.service.repository_ingestion import FILE_SOURCES

    with call.open(starts_work=False) as memory:
        report = read_repository(ctx, memory, root, tuple(FILE_SOURCES), write=Write(reason="git hooks"))
    merges = None if report.mainline is None else report.mainline.merges
    if merges is not None:
        for merged in merges.merged:
            note(f"merged branch {merged.branch}: {merged.reason}")
        for proposed in merges.proposed:
            note(f"branch {proposed.branch} {proposed.reason}; to merge it: {proposed.command}")


# ---- parts


def _give_report(call: Call, report: HookReport) -> None:
    answer = {
        "folder": report.folder,
        "hooks": report.hooks,
        "changed": report.changed,
        "manual_lines": report.manual_lines(),
    }
    give(call, answer, lambda _: _report_lines(report))


def _report_lines(report: HookReport) -> Iterator[Block]:
    yield line(dim(f"{'folder':{_EVENT_CELLS}}"), str(report.folder))
    for hook in report.hooks:
        written = dim("written") if hook.path in report.changed else dim(_detail(report, hook))
        yield line(
            f"{hook.event:{_EVENT_CELLS}}", Span(f"{hook.state.value:{_STATE_CELLS}}", _LOOKS[hook.state]), written
        )


def _detail(report: HookReport, hook: Hook) -> str:
    if hook.reason is not None:
        return f"{hook.path} {hook.reason}"
    if hook.path != report.folder / hook.event:
        return str(hook.path)
    return "together with other lines" if hook.is_shared and hook.is_active else ""


def _print_lines(report: HookReport) -> None:
    """Print the lines to add, never wrapped: they are to be copied."""
    for event, lines in report.manual_lines().items():
        click.echo(f"\nAdd to the {event} hook, near its beginning:\n\n{lines}", nl=False)


def _removal_lines(report: HookReport) -> Iterator[Block]:
    for path in report.changed:
        yield line("removed from " if path.exists() else "removed ", str(path))
    for path in report.kept:
        yield line(Span("left in ", Look.WARN), str(path))
    if not report.changed and not report.kept:
        yield line("no hook has lines of graphmem")


def _queue_lines(queue: EventQueue) -> Iterator[Block]:
    for events in queue.refs:
        name = "an unknown ref" if events.ref is None else events.ref.removeprefix("refs/heads/")
        last = "" if events.last_at is None else f", the last at {second(events.last_at)}"
        yield line(name, dim(f"  {events.events} x {', '.join(events.hooks)}{last}"))
    if queue.rewritten:
        yield line(dim(f"commits rewritten: {len(queue.rewritten)}"))
    if queue.skipped:
        yield line(Span(f"skipped lines that are no events: {queue.skipped}", Look.WARN))
    if queue.is_empty:
        yield line("no events")
