"""The command for continuous integration: read the repository, check the memories against it, report by exit code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from graphmem.cli.blocks import Block
from graphmem.cli.options import Call, scope_options, write_options
from graphmem.cli.output import give
from graphmem.cli.repository_commands import RepositoryOptions, read_repository, report_lines
from graphmem.cli.repository_options import (
    DISAGREES,
    fail_on_option,
    fix_option,
    path_argument,
    pull_request_option,
    ref_option,
)
from graphmem.cli.verify_command import disagrees, fix_lines, fixes_of, verification_lines, verification_summary
from graphmem.deferred_dataclass import dataclass

if TYPE_CHECKING:
    from graphmem.service import IngestReport, Write
    from graphmem.service.code_fixes import FixReport
    from graphmem.service.code_verification import VerificationReport
    from graphmem.service.repository_ingestion import RepositoryReport

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False)


@dataclass(frozen=True, slots=True)
class CiReport:
    """The result of a run: the readings, the verdicts, the failed tests of a JUnit file, and the fixes."""

    repository: RepositoryReport
    verification: VerificationReport
    tests: IngestReport | None = None
    fixes: FixReport | None = None


@click.command()
@path_argument
@ref_option
@pull_request_option
@click.option("--junit", type=_FILE, help="Also record the failed tests of this JUnit XML file as incidents.")
@fix_option
@fail_on_option
@write_options
@scope_options
@click.pass_context
def ci(  # noqa: PLR0913 - each parameter is an option
    ctx: click.Context,
    /,
    *,
    call: Call,
    path: Path,
    ref: str | None,
    pull_request: str | None,
    junit: Path | None,
    fix: bool,
    fail_on: str,
    write: Write,
) -> None:
    """Read what is new in the repository at PATH, and check the memories in force against it.

    What the files of a pull request say is recorded as external on its branch until it is merged. With --url or
    GRAPHMEM_URL of a `graphmem serve`, the server gets what was read; it needs no clone. Exits with 3 if a memory
    disagrees with the code, with 1 if a source could not be read.
    """
    from graphmem.service.code_verification import verify_repository
    from graphmem.service.repository_ingestion import FILE_SOURCES
    from graphmem.sources.git.code_history import read_code_history

    now, options = datetime.now(UTC), RepositoryOptions(ref=ref, pull_request=pull_request)
    with call.open(starts_work=False) as memory:
        done = read_repository(ctx, memory, path, tuple(FILE_SOURCES), options=options, write=write)
        history = read_code_history(path, ref=ref, read_at=now)
        tests = None
        if junit is not None:
            from graphmem.sources.incidents import read_junit

            tests = memory.ingest(read_junit(junit, at=now, commit=history.commit), write=write)
        verification = verify_repository(memory, history, at=now, write=write)
        fixes = fixes_of(memory, history, verification, write, is_rehearsal=False) if fix else None
        report = CiReport(done, verification, tests, fixes)
    give(call, report, lambda _: _report_lines(report))
    if disagrees(report.verification, fail_on, report.fixes):
        ctx.exit(DISAGREES)
    if done.failed:
        ctx.exit(1)


def _report_lines(report: CiReport) -> Iterator[Block]:
    tests = {} if report.tests is None else {"tests": report.tests}
    shown = replace(report.repository, sources={**report.repository.sources, **tests})
    yield from report_lines(shown, ())
    if report.fixes is None:
        yield from verification_lines(report.verification)
    else:
        yield from fix_lines(report.fixes, is_rehearsal=False)
        yield from verification_summary(report.verification)
