"""The page of guard's answer for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from graphmem.cli.blocks import Line, Look, Span, dim, line, strong
from graphmem.guard.levels import FindingKind, Level

if TYPE_CHECKING:
    from graphmem.service.guard_answers import ExcusedFinding, GuardAnswer, GuardFinding

_LOOKS = {Level.NOTE: Look.DIM, Level.WARN: Look.WARN, Level.DENY: Look.BAD}
_INDENT = 6


def guard_page(answer: GuardAnswer) -> Iterator[Line]:
    """Yield findings with place, reason and commands, then excused findings and unread files."""
    for finding in answer.findings:
        yield from _finding(finding)
    if answer.more:
        yield line(f"and {answer.more} more finding{'s' if answer.more > 1 else ''}; --limit shows more")
    for excused in answer.excused:
        yield from _excused(excused)
    for skipped in answer.skipped:
        yield line(dim(f"not read: {skipped.path} ({skipped.reason})"))
    if not answer.findings:
        count = f"{answer.files} file{'' if answer.files == 1 else 's'}"
        yield line(f"no findings in {count}" if answer.files else "no findings")


def path_and_line(finding: GuardFinding) -> str:
    """Return where a finding is, as `path:line`; empty for a command or a text."""
    return f"{finding.path}:{finding.line}" if finding.line else finding.path


def sentence_of(finding: GuardFinding) -> str:
    """Return a finding in a sentence, with the memory, the reason and the option in force."""
    alias = finding.memory.alias or finding.memory.id
    since = "" if finding.since is None else f" since {finding.since.date().isoformat()}"
    parts = [f"{finding.message} by {alias}" if _names_memory(finding) else f"{alias}: {finding.message}"]
    if finding.memory.title:
        parts.append(f"“{finding.memory.title}”{since}")
    if finding.reason:
        parts.append(f"reason: {finding.reason}")
    if finding.instead:
        parts.append(f"instead: {', '.join(finding.instead)}")
    return "; ".join(parts)


def _names_memory(finding: GuardFinding) -> bool:
    return finding.kind is FindingKind.REJECTED_RETURNS and finding.message.endswith("was rejected")


def _finding(finding: GuardFinding) -> Iterator[Line]:
    location = path_and_line(finding)
    more = f" and {finding.more} more place{'s' if finding.more > 1 else ''}" if finding.more else ""
    where = (
        f"{location}: {finding.evidence}{more}  "
        if location and finding.evidence
        else f"{location or finding.evidence}  "
    )
    yield line(Span(f"{finding.level.value:5} ", _LOOKS[finding.level]), strong(where), dim(finding.kind.value))
    yield line(sentence_of(finding), indent=_INDENT)
    if finding.allow:
        yield line(dim(f"if it is meant: {finding.allow}"), indent=_INDENT)
    yield line(dim(f"if it no longer holds: {finding.change}"), indent=_INDENT)


def _excused(excused: ExcusedFinding) -> Iterator[Line]:
    location = f"{excused.path}:{excused.line}" if excused.line else excused.path or "a command"
    reason = f": {excused.reason}" if excused.reason else ", without a reason"
    yield line(Span("excused ", Look.GOOD), f"{location}: {excused.option} ({excused.by}{reason})")
    if excused.allow:
        yield line(dim(f"to record it: {excused.allow}"), indent=_INDENT)
