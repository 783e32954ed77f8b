"""Commands that read the sources of a repository: all of them, or a single source."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from graphmem.cli import INTERRUPTED
from graphmem.cli.blocks import Block, Line, Look, Span, Table, dim, line, strong
from graphmem.cli.mainline_command import mainline_lines
from graphmem.cli.options import Body, Call, bundle, scope_options, write_options
from graphmem.cli.output import give, note, progress
from graphmem.cli.receipts import redaction_lines
from graphmem.cli.repository_options import (
    git_errors,
    notes_folder,
    path_argument,
    pull_request_option,
    ref_option,
    running_pull_request,
    running_target,
    since_option,
)
from graphmem.deferred_dataclass import dataclass
from graphmem.model import Kind, Scope
from graphmem.store import Filter

if TYPE_CHECKING:
    from graphmem.answers import Card
    from graphmem.service import GraphMemory, IngestReport, Write
    from graphmem.service.repository_ingestion import RepositoryReport
    from graphmem.store import Progress

_MOST_PROBLEMS = 10
_SHOWN: Mapping[Kind, int] = {Kind.DECISION: 3, Kind.CONVENTION: 3, Kind.STRUCTURE: 3, Kind.TASK: 1}
#: Subjects of structure, those that most people ask for first.
_SUBJECTS = ("runtime.", "command.test", "command.", "dependency.", "service.", "language.")
_MOST_LISTED = 100
_HELP = {
    "rules": "Read the conventions of a repository: AGENTS.md, CLAUDE.md, .cursor/rules, CONTRIBUTING, linters.",
    "bans": "Read the bans of a repository: imports and dependencies that Ruff, depguard, ESLint or cargo-deny forbid.",
    "structure": "Read the structure of a repository: dependencies, commands, runtimes, services, CI, languages.",
    "tasks": "Read the tasks of a repository: exports of beads, feature flags, TODO comments with an owner or issue.",
    "incidents": "Read the incidents of a repository: the changes that it reverted.",
    "trailers": "Read the trailers of commit messages: Rejected, Ruled-out, Constraint, Limit, Directive, Warn.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryOptions:
    """The range of the mainline, an unmerged branch instead, and a flag to read each source from its first commit."""

    ref: str | None = None
    pull_request: str | None = None
    since: str | None = None
    again: bool = False


_repository_options: Callable[[Body], Body] = bundle(
    "options",
    {
        "ref": ref_option,
        "pull_request": pull_request_option,
        "since": since_option,
        "again": click.option("--again", is_flag=True, help="Look at every commit again, not only at new ones."),
    },
    RepositoryOptions,
)


def _source_command(names: Sequence[str], name: str, text: str) -> click.Command:
    """Return the command that reads some sources of a repository."""

    @click.command(name, help=text)
    @path_argument
    @_repository_options
    @write_options
    @scope_options
    @click.pass_context
    def command(ctx: click.Context, /, *, call: Call, path: Path, options: RepositoryOptions, write: Write) -> None:
        with call.open(starts_work=False) as memory:
            report = read_repository(ctx, memory, path, names, options=options, write=write)
            if len(names) > 1 and report.mainline is not None:
                read_decisions(memory, path, report, write)
            best = best_statements(memory)
        give(call, report, lambda _: report_lines(report, best))
        if report.failed:
            ctx.exit(1)

    return command


_NO_OPTIONS = RepositoryOptions()
_EVERYTHING = (
    "Read all that a repository says by itself: its history, decision records in the usual folders, conventions,"
    " bans of imports, structure, tasks, incidents and trailers of commits. Only what is new is read. After Ctrl-C the"
    " same command continues."
)
COMMANDS = {
    "repository": _source_command(tuple(_HELP), "repository", _EVERYTHING),
    **{name: _source_command((name,), name, text) for name, text in _HELP.items()},
}


def read_repository(
    ctx: click.Context,
    memory: GraphMemory,
    path: Path,
    names: Sequence[str],
    *,
    options: RepositoryOptions = _NO_OPTIONS,
    write: Write | None = None,
) -> RepositoryReport:
    """Read sources of a repository into a memory, with a progress bar for each; exits after Ctrl-C.

    Of a pull request, and of a ref that is another branch than the recorded mainline's, only what its files say is
    read, and recorded on the branch.
    """
    from graphmem.service.branch_files import end_merged_statements, ingest_branch, unmerged_branch
    from graphmem.service.mainline_ingestion import recorded_mainline
    from graphmem.service.repository_ingestion import ingest_repository

    with git_errors(), ExitStack() as bars:

        def start(name: str) -> Progress:
            bars.close()
            return bars.enter_context(progress(name))

        try:
            branch = options.pull_request or running_pull_request(os.environ)
            if branch is None and options.ref is not None:
                branch = unmerged_branch(path, options.ref, recorded_mainline(memory, repository_scope(memory, write)))
            if branch is not None:
                target = running_target(os.environ)
                if target is not None and not recorded_mainline(memory, repository_scope(memory, write)).shas:
                    ingest_repository(memory, path, read_at=datetime.now(UTC), ref=target, sources=names, write=write)
                listed, now = (*names, "decisions"), datetime.now(UTC)
                return ingest_branch(
                    memory, path, branch, ref=options.ref, read_at=now, sources=listed, write=write, start=start
                )
            report = ingest_repository(
                memory,
                path,
                read_at=datetime.now(UTC),
                ref=options.ref,
                since=options.since,
                sources=names,
                cursors=None if options.again else notes_folder(path),
                write=write,
                start=start,
            )
            end_merged_statements(memory, write)
        except KeyboardInterrupt:
            note("interrupted: what was recorded stays; run the same command to continue")
            ctx.exit(INTERRUPTED)
    return report


def repository_scope(memory: GraphMemory, write: Write | None) -> Scope:
    """Return the scope of the repository that a write names, else of the memory's own."""
    home = (None if write is None else write.scope) or memory.scope
    return Scope(home.tenant, home.repo)


def read_everything(ctx: click.Context, memory: GraphMemory, path: Path) -> Iterator[Block]:
    """Read all that a repository says by itself, and return the report as blocks."""
    report = read_repository(ctx, memory, path, tuple(_HELP))
    read_decisions(memory, path, report, None)
    return report_lines(report, best_statements(memory))


def read_decisions(memory: GraphMemory, path: Path, report: RepositoryReport, write: Write | None) -> None:
    """Read the decision records in the usual folders, if there are any."""
    from graphmem.cli.ingest_commands import dated_records
    from graphmem.service import Write as NewWrite
    from graphmem.sources.git.work_tree import work_tree

    tree = work_tree(path)
    reading = None if tree is None else dated_records(tree)
    if reading is not None:
        by = write or NewWrite()
        report.sources["decisions"] = memory.ingest(reading, write=replace(by, source=by.source or "decisions"))


def best_statements(memory: GraphMemory) -> list[Card]:
    """Return ten statements in force that say most about a project: decisions, conventions, structure, a task."""
    cards: list[Card] = []
    for kind, count in _SHOWN.items():
        listed = memory.list(Filter(kinds=(kind,)), limit=_MOST_LISTED).cards
        cards += sorted(listed, key=_usefulness)[:count]
    return cards


def _usefulness(card: Card) -> tuple[bool, int]:
    """Return the sort key of a statement: mandatory statements first, then by subject."""
    subject = card.statement.subject or ""
    rank = next((at for at, word in enumerate(_SUBJECTS) if subject.startswith(word)), len(_SUBJECTS))
    return not card.statement.is_mandatory, rank


def report_lines(report: RepositoryReport, best: Sequence[Card]) -> Iterator[Block]:
    """Yield the history, a table with a row for each source, problems, and some statements."""
    if report.mainline is not None:
        yield from mainline_lines(report.mainline)
    if report.sources:
        heads = ("source", "added", "changed", "ended", "unchanged", "problems")
        yield Table(heads, tuple(_row(name, done) for name, done in report.sources.items()))
    elif not report.failed:
        yield line(dim("no statements are new"))
    for name, reason in report.failed.items():
        yield line(Span(f"{name} failed: ", Look.BAD), reason)
    yield from _problem_lines(report)
    if best and report.sources:
        yield line()
        for card in best:
            yield line(dim(f"{card.statement.kind.value:10} "), strong(card.title), dim(f"  {card.id}"))


def _row(name: str, done: IngestReport) -> tuple[Line, ...]:
    changed = len(done.reworded) + len(done.moved) + len(done.renamed) + len(done.linked)
    counts = (len(done.added), changed, len(done.ended), done.unchanged, len(done.problems))
    return (line(name), *(line(f"{count:,}") for count in counts))


def _problem_lines(report: RepositoryReport) -> Iterator[Block]:
    yield from redaction_lines([each for done in report.sources.values() for each in done.redactions])
    problems = [(name, problem) for name, done in report.sources.items() for problem in done.problems]
    for name, problem in problems[:_MOST_PROBLEMS]:
        yield line(Span("problem ", Look.WARN), f"{name} {problem.path}:{problem.line}", dim(f" {problem.reason}"))
    if len(problems) > _MOST_PROBLEMS:
        yield line(dim(f"… and {len(problems) - _MOST_PROBLEMS} more problems; --json lists all"))
