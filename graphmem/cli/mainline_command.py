"""The command that reads the history of a repository: `graphmem ingest git`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from graphmem.cli import INTERRUPTED
from graphmem.cli.blocks import Block, Look, Span, dim, line
from graphmem.cli.options import Body, Call, bundle, scope_options, write_options
from graphmem.cli.output import give, note, progress
from graphmem.cli.repository_options import git_errors, notes_folder, path_argument, ref_option, since_option
from graphmem.deferred_dataclass import dataclass

if TYPE_CHECKING:
    from graphmem.service import Write
    from graphmem.service.branch_merges import BranchReport
    from graphmem.service.mainline_ingestion import FollowReport, MainlineReport

_MOST_UNREAD = 10
_SHA_CHARS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class _MainlineOptions:
    """The range of the mainline, and whether another branch may become it."""

    ref: str | None
    since: str | None
    switch_mainline: bool


_mainline_options: Callable[[Body], Body] = bundle(
    "options",
    {
        "ref": ref_option,
        "since": since_option,
        "switch_mainline": click.option(
            "--switch-mainline",
            is_flag=True,
            help="Let --ref become the mainline, although another branch was read, or more commits.",
        ),
    },
    _MainlineOptions,
)


@click.command("git")
@path_argument
@_mainline_options
@write_options
@scope_options
@click.pass_context
def git_history(ctx: click.Context, /, *, call: Call, path: Path, options: _MainlineOptions, write: Write) -> None:
    """Read the history of a git repository: its mainline, tags and branches, and the paths that files had.

    Searches and lists by path then find the memories of a file under every path that it had, and answers say where a
    file is by now. Only what is new is read. No code is stored. After Ctrl-C the same command continues. Once a branch
    was read, it stays the mainline: another one as --ref is refused.
    """
    from graphmem.service.branch_merges import merge_branches
    from graphmem.service.mainline_ingestion import ingest_mainline
    from graphmem.service.repository_ingestion import follow_memories
    from graphmem.sources.git.mainline_reading import MainlineReader

    done = [0]
    with progress("commits") as tell, call.open_history() as memory:

        def advance(commits: int, total: int) -> None:
            done[0] = commits
            tell(commits, total)

        try:
            with git_errors():
                reader = MainlineReader(
                    path,
                    ref=options.ref,
                    since=options.since,
                    read_at=datetime.now(UTC),
                    keeps_mainline=not options.switch_mainline,
                )
                report = ingest_mainline(memory, reader.batches, write=write, progress=advance)
                report = replace(report, merges=merge_branches(memory, path, write=write))
                followed = follow_memories(memory, path, cursors=notes_folder(path), write=write)
        except KeyboardInterrupt:
            note(f"interrupted: {done[0]} commits are recorded; run the same command to continue")
            ctx.exit(INTERRUPTED)
    done_report = replace(report, followed=followed)
    give(call, done_report, lambda _: mainline_lines(done_report))


def mainline_lines(report: MainlineReport) -> Iterator[Block]:
    """Yield the counts of a mainline, and the commits that were not read completely."""
    news = f"{report.read} new" + (f", {report.replaced} replaced" if report.replaced else "")
    yield line(f"{report.commits} commits ({news}) · {report.files} files, {report.renamed} of them renamed")
    yield line(dim(f"{report.tags} tags · {report.branches} branches · change {report.change}"))
    if report.merges is not None:
        yield from _merge_lines(report.merges)
    if report.is_shallow:
        yield line(Span("shallow clone: ", Look.WARN), "its history begins at its boundary; git fetch --unshallow")
    yield from _followed_lines(report.followed)
    for unread in report.unread[:_MOST_UNREAD]:
        commit = f"{unread.sha[:_SHA_CHARS]} (commit {unread.position + 1})"
        yield line(Span("problem ", Look.WARN), commit, dim(f" {unread.reason}"))
    if len(report.unread) > _MOST_UNREAD:
        yield line(dim(f"… and {len(report.unread) - _MOST_UNREAD} more; --json lists all"))


def _followed_lines(followed: FollowReport | None) -> Iterator[Block]:
    """Yield the new changes of symbols and files of memories, and files that do not parse."""
    if followed is None:
        return
    for relocation in followed.relocations[:_MOST_UNREAD]:
        yield line(dim("moved: "), relocation.sentence)
    if len(followed.relocations) > _MOST_UNREAD:
        yield line(dim(f"… and {len(followed.relocations) - _MOST_UNREAD} more parts of files moved"))
    for path in followed.unparsed:
        yield line(Span("problem ", Look.WARN), path, dim(" does not parse: its symbols are known by the path alone"))


def _merge_lines(report: BranchReport) -> Iterator[Block]:
    """Yield the branches that were merged, and those that may have been merged with the command that does it."""
    for merged in report.merged:
        yield line(Span("merged ", Look.GOOD), merged.branch, dim(f" change {merged.change}: {merged.reason}"))
    for proposed in report.proposed:
        yield line(Span("undecided ", Look.WARN), f"branch {proposed.branch} {proposed.reason}")
        yield line(dim(f"{proposed.command}  (or graphmem branch abandon)"), indent=10)
