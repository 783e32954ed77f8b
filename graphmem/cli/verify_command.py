"""The command that checks memories against the code: `graphmem verify`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from graphmem.cli.blocks import Block, Line, Look, Span, dim, line, strong
from graphmem.cli.options import Call, scope_options, write_options
from graphmem.cli.output import give, note
from graphmem.cli.repository_options import (
    DISAGREES,
    fail_on_option,
    fix_option,
    git_errors,
    notes_folder,
    path_argument,
)
from graphmem.deferred_dataclass import dataclass

if TYPE_CHECKING:
    from graphmem.service import GraphMemory, Write
    from graphmem.service.code_fixes import FixReport
    from graphmem.service.code_verification import CheckedMemory, VerificationReport
    from graphmem.sources.git.code_history import GitCodeHistory

_LOOKS = {"broken": Look.BAD, "drifted": Look.WARN, "moved": Look.WARN, "verified": Look.GOOD}
_ORDER = ("broken", "drifted", "moved", "undecided", "verified")
_SHA_CHARS = 10


@click.command()
@path_argument
@click.option("--ref", help="Check this branch, tag or commit. [default: the remote's default branch, else HEAD]")
@click.option("--work-tree", is_flag=True, help="Check the files of the work tree in place of those of a commit.")
@click.option("--again", is_flag=True, help="Examine every memory, also those whose files did not change.")
@fix_option
@click.option("--dry-run", is_flag=True, help="Report only; record no verdicts, and carry out no fixes.")
@fail_on_option
@write_options
@scope_options
@click.pass_context
def verify(  # noqa: PLR0913 - each parameter is an option
    ctx: click.Context,
    /,
    *,
    call: Call,
    path: Path,
    ref: str | None,
    work_tree: bool,
    again: bool,
    fix: bool,
    dry_run: bool,
    fail_on: str,
    write: Write,
) -> None:
    """Check the memories in force against the code of the repository at PATH.

    A memory is broken if a path, link, command, dependency or symbol that it names was there when it was recorded, or
    since, and is not there now; it has drifted if more than half of the lines of its files changed since it was last
    confirmed. What never was there is undecided. Verdicts show in every answer and order answers; they hide nothing.
    """
    from graphmem.service.code_verification import verify_repository
    from graphmem.sources.git.code_history import read_code_history

    if fix and work_tree:
        raise click.UsageError("--fix dates by commits: leave out --work-tree, or commit first")
    now = datetime.now(UTC)
    with git_errors():
        history = read_code_history(path, ref=ref, read_at=now, with_work_tree=work_tree)
        with call.open(starts_work=False) as memory:
            report = verify_repository(
                memory,
                history,
                at=now,
                cache=None if again or fix else notes_folder(path),
                write=write,
                is_recorded=not dry_run,
            )
            fixes = fixes_of(memory, history, report, write, is_rehearsal=dry_run) if fix else None
    if dry_run:
        note("dry run: nothing was recorded")
    if fixes is None:
        give(call, report, lambda _: verification_lines(report))
    else:
        answer = FixedVerification(report, fixes)
        give(call, answer, lambda _: (*fix_lines(fixes, is_rehearsal=dry_run), *verification_summary(report)))
    if disagrees(report, fail_on, fixes):
        ctx.exit(DISAGREES)


@dataclass(frozen=True, slots=True)
class FixedVerification:
    """The verdicts of a check, and the fixes that followed."""

    verification: VerificationReport
    fixes: FixReport


def fixes_of(
    memory: GraphMemory, history: GitCodeHistory, report: VerificationReport, write: Write, *, is_rehearsal: bool
) -> FixReport:
    """Carry out the certain fixes for the memories of a check."""
    from graphmem.service.code_fixes import fix_memories

    return fix_memories(memory, history, report, write=write, is_rehearsal=is_rehearsal)


def disagrees(report: VerificationReport, fail_on: str, fixes: FixReport | None = None) -> bool:
    """Return True if a memory has the verdict of `--fail-on`, or a worse verdict.

    After fixes, whether anything is left to a person.
    """
    if fixes is not None:
        return bool(fixes.left) and fail_on in _ORDER
    failing = _ORDER[: _ORDER.index(fail_on) + 1] if fail_on in _ORDER else ()
    return any(found.verdict.status.value in failing for found in report.checked)


def verification_lines(report: VerificationReport) -> Iterator[Block]:
    """Yield the memories that the code contradicts, with evidence, and the counts of all verdicts."""
    for found in report.checked:
        if found.verdict.status.value in {"broken", "drifted", "moved"}:
            yield from _memory_lines(found)
    yield from verification_summary(report)


def verification_summary(report: VerificationReport) -> Iterator[Line]:
    """Yield the counts of all verdicts, and the commit that was checked."""
    counts = Counter(found.verdict.status.value for found in report.checked)
    summary = " · ".join(f"{counts[word]} {word}" for word in _ORDER if word in counts)
    yield line(summary or "no memories are in force here")
    recorded = "" if report.change is None else f" · change {report.change}"
    yield line(dim(f"checked at commit {report.commit[:_SHA_CHARS]}{recorded}"))


def fix_lines(fixes: FixReport, *, is_rehearsal: bool) -> Iterator[Line]:
    """Yield the fixes, and the memories that need a person."""
    for fixed in fixes.fixed:
        change = "would be" if is_rehearsal else f"change {fixed.change}"
        new = "" if fixed.successor is None else f" by {fixed.successor}"
        head = Span(f"{fixed.kind.value:8} ", Look.GOOD)
        yield line(head, strong(fixed.title), dim(f"  {fixed.memory}{new}  {change}"))
        yield line(fixed.reason, indent=9)
    for left in fixes.left:
        head = Span(f"{left.status.value:8} ", _LOOKS.get(left.status.value, Look.WARN))
        yield line(head, strong(left.title), dim(f"  {left.memory}"))
        yield line(left.reason, dim(f"; {left.advice}"), indent=9)
    if fixes.rebound:
        yield line(dim(f"{len(fixes.rebound)} memories follow a file that moved: nothing had to be written"))


def _memory_lines(found: CheckedMemory) -> Iterator[Line]:
    status = found.verdict.status.value
    news = dim("  new") if found.is_news else ""
    yield line(Span(f"{status:8} ", _LOOKS[status]), strong(found.card.title), dim(f"  {found.card.id}"), news)
    for finding in found.verdict.findings:
        if finding.status is found.verdict.status:
            yield line(finding.reason, indent=9)
            for evidence in finding.evidence[:2]:
                commit = "the work tree" if evidence.commit is None else f"commit {evidence.commit[:_SHA_CHARS]}"
                at = f":{evidence.lines[0][0]}" if evidence.lines else ""
                yield line(dim(f"{evidence.path}{at} ({commit})"), indent=9)
