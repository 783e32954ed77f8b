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
    from graphmem.service import Write
    from graphmem.service.capture import CapturePolicy, CaptureReport
    from graphmem.sources.transcripts import ExplicitStatement

_MOST_BYTES = 256 << 20
_POLICIES = ("queue", "accept", "refuse")


@click.command()
@click.argument("transcript", metavar="[TRANSCRIPT|-]", required=False)
@click.option("--waiting", is_flag=True, help="The transcripts that hooks of coding agents queued in this project.")
@click.option("--session", default="", metavar="SESSION", help="Its id. [default: the transcript's]")
@click.option(
    "--policy",
    type=click.Choice(_POLICIES),
    default="queue",
    show_default=True,
    help="queue: propose statements, for a review. accept: they are in force, with the trust of a conversation.",
)
@click.option("--dry-run", is_flag=True, help="Show the statements; write nothing.")
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
    policy: str,
    dry_run: bool,
    write: Write,
) -> None:
    """Take the explicit statements of a conversation, for a person to review.

    TRANSCRIPT is a session file of Claude Code, Codex or Gemini CLI, or messages in OpenAI's form; - reads standard
    input. Only sentences that make a statement are taken ("we decided", "don't use … because", "remember:"), and
    only they are sent to a server. What Markdown files that git tracks here already say is left out. Run it again as
    the conversation grows: only what is new is added. Then: graphmem proposals, graphmem review.
    """
    from graphmem.service.capture import CapturePolicy

    if (transcript is None) is not waiting or (waiting and (session or dry_run)):
        raise click.UsageError(
            "give a TRANSCRIPT, - for standard input, or --waiting (alone, without --session and --dry-run)", ctx
        )
    if waiting:
        _capture_waiting(call, CapturePolicy(policy), write)
        return
    turns, new, named = _statements(_content(str(transcript)))
    if dry_run:
        shown = [
            {
                "title": statement.title,
                "kind": statement.kind,
                "quote": statement.quote,
                "number": statement.turn.number,
            }
            for statement in new
        ]
        give(call, {"statements": shown, "turns": turns}, lambda _: (line(statement.title) for statement in new))
        note(f"dry run: {len(new)} statements in {turns} turns; nothing was recorded, nor compared with what is")
        return
    report = _captured(call, new, session or named, CapturePolicy(policy), write)
    give(call, report, lambda _: _page(report, turns))


def _capture_waiting(call: Call, policy: CapturePolicy, write: Write) -> None:
    """Capture the transcripts that hooks queued in this project; a missing transcript is reported and dropped."""
    from graphmem.hosts.hook.capture_queue import finish_transcripts, take_transcripts
    from graphmem.sources.git.work_tree import work_tree

    root = str(work_tree(Path.cwd()) or Path.cwd())
    paths = dict.fromkeys(part.path for part in take_transcripts(root))
    reports: dict[str, CaptureReport] = {}
    counts: dict[str, int] = {}
    for path in paths:
        if not Path(path).is_file():
            note(f"{path} is gone, and was left out")
            continue
        counts[path], new, session = _statements(_content(path))
        reports[path] = _captured(call, new, session, policy, write)
    finish_transcripts(root)
    if not paths:
        note("no transcripts of this project wait; hooks queue them (graphmem install HOST)")
    give(
        call,
        {"transcripts": [{"path": path, "report": report} for path, report in reports.items()]},
        lambda _: (block for path, report in reports.items() for block in _page(report, counts[path])),
    )


def _statements(content: bytes) -> tuple[int, list[ExplicitStatement], str]:
    """Return the number of turns of a transcript, its statements that no tracked file has, and its session."""
    from graphmem.sources.transcripts import explicit_statements, read_transcript
    from graphmem.sources.transcripts.tracked_texts import TrackedTexts

    read = read_transcript(content)
    stated = [statement for turn in read.turns for statement in explicit_statements(turn)]
    texts = TrackedTexts(Path.cwd())
    new = [statement for statement in stated if not texts.say(statement.title)]
    if read.skipped:
        note(f"{read.skipped} lines of the transcript are of no known form, and were skipped")
    if len(new) < len(stated):
        note(f"{len(stated) - len(new)} statements stand in files that git tracks, and were left out")
    return len(read.turns), new, read.session


def _captured(
    call: Call, statements: list[ExplicitStatement], session: str, policy: CapturePolicy, write: Write
) -> CaptureReport:
    from graphmem.sources.transcripts import Message

    messages = [
        Message(statement.turn.speaker, statement.quote, statement.turn.number, statement.turn.said_at)
        for statement in statements
    ]
    with call.open() as memory:
        return memory.capture(messages, session=session, policy=policy, write=write)


def _content(transcript: str) -> bytes:
    from graphmem.sources.limited_files import limited_content

    if transcript == "-":
        return sys.stdin.buffer.read(_MOST_BYTES)
    return limited_content(Path(transcript), _MOST_BYTES)


def _page(report: CaptureReport, turns: int) -> Iterator[Block]:
    for captured in report.captured:
        yield line(
            Span("+ "),
            strong(captured.title),
            dim(f"  {captured.kind} · {captured.speaker}, turn {captured.number}  {captured.id}"),
        )
    yield from redaction_lines(report.redactions)
    yield _sum(report, turns)
    if report.captured and report.policy == "queue":
        yield line(dim("review: "), "graphmem review ID accept|edit|reject --reason …")


def _sum(report: CaptureReport, turns: int) -> Line:
    verb = "proposed" if report.policy == "queue" else "recorded"
    dropped = "".join(f" · {count} {reason}" for reason, count in sorted(report.dropped.items()))
    return line(f"{len(report.captured)} {verb} of {turns} turns · {report.unchanged} recorded before{dropped}")
