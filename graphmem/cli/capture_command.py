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

if TYPE_CHECKING:
    from graphmem.service import Write
    from graphmem.service.capture import CaptureReport

_MOST_BYTES = 256 << 20
_POLICIES = ("queue", "accept", "refuse")


@click.command()
@click.argument("transcript", metavar="TRANSCRIPT|-")
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
def capture(*, call: Call, transcript: str, session: str, policy: str, dry_run: bool, write: Write) -> None:
    """Take the explicit statements of a conversation, for a person to review.

    TRANSCRIPT is a session file of Claude Code, Codex or Gemini CLI, or messages in OpenAI's form; - reads standard
    input. Only sentences that make a statement are taken ("we decided", "don't use … because", "remember:"), and
    only they are sent to a server. What Markdown files that git tracks here already say is left out. Run it again as
    the conversation grows: only what is new is added. Then: graphmem proposals, graphmem review.
    """
    from graphmem.service.capture import CapturePolicy
    from graphmem.sources.transcripts import Message, explicit_statements, read_transcript
    from graphmem.sources.transcripts.tracked_texts import TrackedTexts

    read = read_transcript(_content(transcript))
    said = [statement for turn in read.turns for statement in explicit_statements(turn)]
    texts = TrackedTexts(Path.cwd())
    new = [statement for statement in said if not texts.say(statement.title)]
    if read.skipped:
        note(f"{read.skipped} lines of the transcript are of no known form, and were skipped")
    if len(new) < len(said):
        note(f"{len(said) - len(new)} statements stand in files that git tracks, and were left out")
    if dry_run:
        shown = [{"title": one.title, "kind": one.kind, "quote": one.quote, "number": one.turn.number} for one in new]
        give(call, {"statements": shown, "turns": len(read.turns)}, lambda _: (line(one.title) for one in new))
        return
    messages = [Message(one.turn.speaker, one.quote, one.turn.number, one.turn.said_at) for one in new]
    with call.open() as memory:
        report = memory.capture(messages, session=session or read.session, policy=CapturePolicy(policy), write=write)
    give(call, report, lambda _: _page(report, len(read.turns)))


def _content(transcript: str) -> bytes:
    from graphmem.sources.limited_files import limited_content

    if transcript == "-":
        return sys.stdin.buffer.read(_MOST_BYTES)
    return limited_content(Path(transcript), _MOST_BYTES)


def _page(report: CaptureReport, turns: int) -> Iterator[Block]:
    for one in report.captured:
        yield line(Span("+ "), strong(one.title), dim(f"  {one.kind} · {one.speaker}, turn {one.number}  {one.id}"))
    yield _sum(report, turns)
    if report.captured and report.policy == "queue":
        yield line(dim("review: "), "graphmem review ID accept|edit|reject --reason …")


def _sum(report: CaptureReport, turns: int) -> Line:
    verb = "proposed" if report.policy == "queue" else "recorded"
    dropped = "".join(f" · {count} {reason}" for reason, count in sorted(report.dropped.items()))
    return line(f"{len(report.captured)} {verb} of {turns} turns · {report.unchanged} recorded before{dropped}")
