"""The command that takes statements from a transcript: `graphmem capture`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from graphmem.cli.blocks import Block, Line, Span, dim, line, strong
from graphmem.cli.options import Call, provenance_options, scope_options
from graphmem.cli.output import give, note
from graphmem.cli.receipts import redaction_lines

if TYPE_CHECKING:
    from graphmem.capture_rules import CapturePolicy
    from graphmem.hosts.hook.capture_queue import Waiting
    from graphmem.hosts.transcript_reading import TranscriptReading
    from graphmem.service import GraphMemory, Write
    from graphmem.service.captured_statements import CaptureReport
    from graphmem.sources.transcripts.quoted_statements import StatementModel

_MOST_BYTES = 256 << 20
_POLICIES = ("queue", "accept", "refuse")


@click.command()
@click.argument("transcript", metavar="[TRANSCRIPT|-]", required=False)
@click.option("--waiting", is_flag=True, help="The transcripts that hooks of coding agents queued in this project.")
@click.option("--session", default="", metavar="SESSION", help="Its id. [default: the transcript's]")
@click.option(
    "--policy",
    type=click.Choice(_POLICIES),
    help="queue: propose statements, for a review. accept: they are in force, with the trust of a conversation."
    " It can only be stricter than the project's. [default: the project's, GRAPHMEM_CAPTURE, else queue]",
)
@click.option("--dry-run", is_flag=True, help="Show the statements by rule; write nothing and send nothing.")
@provenance_options
@scope_options
@click.pass_context
def capture(  # noqa: PLR0913 - a parameter for each option
    ctx: click.Context,
    /,
    *,
    call: Call,
    transcript: str | None,
    waiting: bool,
    session: str,
    policy: str | None,
    dry_run: bool,
    write: Write,
) -> None:
    """Take the explicit statements of a conversation, for a person to review.

    TRANSCRIPT is a session file of Claude Code, Codex or Gemini CLI, or messages in OpenAI's form; - reads standard
    input. Only sentences that make a statement are taken ("we decided", "don't use … because", "remember:"), and
    only they are sent to a server. With GRAPHMEM_LLM_URL, a language model reads it too; what it cannot read now waits
    and is tried again. What Markdown files that git tracks here already say is left out. Run it again as the
    conversation grows: only what is new is added. Then: graphmem proposals, graphmem review.
    """
    from graphmem.capture_rules import CapturePolicy
    from graphmem.hosts.hook.capture_queue import Waiting, queue_transcript

    if (transcript is None) is not waiting or (waiting and (session or dry_run)):
        raise click.UsageError(
            "give a TRANSCRIPT, - for standard input, or --waiting (alone, without --session and --dry-run)", ctx
        )
    chosen = None if policy is None else CapturePolicy(policy)
    if waiting:
        _capture_waiting(call, chosen, write)
        return
    reading = _reading(_content(str(transcript)))
    if dry_run:
        _show(call, reading)
        return
    with call.open() as memory:
        report = reading.captured(memory, _model(memory), session=session, policy=chosen, write=write)
    if report.unread and transcript != "-":
        path = Path(str(transcript)).resolve()
        queue_transcript(Waiting("", session, str(Path.cwd()), str(path), 0, len(reading.content)).again())
    _say_unread(report, is_queued=transcript != "-")
    give(call, report, lambda _: _page(report))


def _show(call: Call, reading: TranscriptReading) -> None:
    """Show the statements by rule."""
    turns, new = len(reading.transcript.turns), reading.statements
    shown = [{"title": one.title, "kind": one.kind, "quote": one.quote, "number": one.turn.number} for one in new]
    give(call, {"statements": shown, "turns": turns}, lambda _: (line(one.title) for one in new))
    note(f"dry run: {len(new)} statements in {turns} turns; nothing was recorded, nor compared with what is")


def _capture_waiting(call: Call, policy: CapturePolicy | None, write: Write) -> None:
    """Capture the transcripts that wait in this project; a missing transcript is reported and dropped.

    A part that the language model could not read waits on; its statements by rule are recorded all the same.
    """
    from graphmem.hosts.hook.capture_queue import finish_transcripts, take_transcripts
    from graphmem.sources.git.work_tree import work_tree

    taken = take_transcripts(str(work_tree(Path.cwd()) or Path.cwd()))
    again: list[Waiting] = []
    answers: list[dict[str, object]] = []
    reports: list[CaptureReport] = []
    for path in dict.fromkeys(part.path for part in taken):
        if not Path(path).is_file():
            note(f"{path} is gone, and was left out")
            continue
        parts = [part for part in taken if part.path == path]
        reading = _reading(_content(path))
        with call.open() as memory:
            start = min(part.start for part in parts)
            report = reading.captured(memory, _model(memory), start=start, policy=policy, write=write)
        _say_unread(report, is_queued=True)
        if report.unread:
            again += [part.again() for part in parts]
        reports.append(report)
        lost = {"skipped": reading.transcript.skipped, "is_unfinished": reading.transcript.is_unfinished}
        answers.append({"path": path, "report": report, **lost})
    finish_transcripts(taken, again)
    if not taken:
        note("no transcripts of this project wait; hooks queue them (graphmem install HOST)")
    give(call, {"transcripts": answers}, lambda _: (block for report in reports for block in _page(report)))


def _model(memory: GraphMemory) -> StatementModel | None:
    """Return the language model of the settings; None if no endpoint is set."""
    from graphmem.config import load_settings
    from graphmem.opening import open_statement_model

    settings = load_settings()
    return None if settings.llm_url is None else open_statement_model(settings, memory)


def _reading(content: bytes) -> TranscriptReading:
    """Return the reading of a transcript, and say what was left out."""
    from graphmem.hosts.transcript_reading import TranscriptReading

    reading = TranscriptReading.of(content, Path.cwd())
    transcript, dropped = reading.transcript, sum(reading.dropped.values())
    if transcript.skipped:
        note(f"{transcript.skipped} lines of the transcript are of no known form, and were skipped")
    if transcript.is_unfinished:
        note("the last line of the transcript is half written: it was skipped, and is read the next time")
    if dropped:
        note(f"{dropped} statements stand in files that git tracks, and were left out")
    return reading


def _say_unread(report: CaptureReport, *, is_queued: bool) -> None:
    if report.unread:
        rest = "it is tried again" if is_queued else "standard input is not kept: give the transcript again"
        note(f"the language model did not read it ({report.unread}): statements by rule alone; {rest}")


def _content(transcript: str) -> bytes:
    from graphmem.sources.limited_files import limited_content

    if transcript == "-":
        return sys.stdin.buffer.read(_MOST_BYTES)
    return limited_content(Path(transcript), _MOST_BYTES)


def _page(report: CaptureReport) -> Iterator[Block]:
    for one in report.captured:
        read = ", read by a model" if one.is_by_model else ""
        yield line(
            Span("+ "), strong(one.title), dim(f"  {one.kind} · {one.speaker}, turn {one.number}{read}  {one.id}")
        )
    yield from redaction_lines(report.redactions)
    yield _sum(report)
    if any(one.policy == "queue" for one in report.captured):
        yield line(dim("review: "), "graphmem review ID accept|edit|reject --reason …")


def _sum(report: CaptureReport) -> Line:
    queued = sum(one.policy == "queue" for one in report.captured)
    recorded = len(report.captured) - queued
    accepted = f" · {recorded} recorded" if recorded else ""
    dropped = "".join(f" · {count} {reason}" for reason, count in sorted(report.dropped.items()))
    return line(f"{queued} proposed of {report.turns} turns{accepted} · {report.unchanged} recorded before{dropped}")
