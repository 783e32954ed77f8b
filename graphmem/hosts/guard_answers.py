"""Guard's findings for the tools of a host, as hooks tell them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from graphmem.guard.levels import Enforcement, Level
from graphmem.hosts.hook.output import ALLOW
from graphmem.hosts.hook.told import Guarded
from graphmem.hosts.tool_changes import ToolChange, change_of_tool, changed_by_shell

if TYPE_CHECKING:
    from graphmem.hosts.hook.payload import HookPayload
    from graphmem.service import GraphMemory
    from graphmem.service.guard_answers import GuardAnswer, GuardFinding


def guarded(memory: GraphMemory, payload: HookPayload, root: Path, enforcement: Enforcement) -> Guarded:
    """Return the findings for a tool call before it runs, or for the files that a shell command changed.

    Args:
        memory: The memory.
        payload: The call.
        root: The root of the project.
        enforcement: The project's setting for guard.
    """
    is_done = payload.is_shell and payload.moment != "before a tool"
    change = changed_by_shell(root) if is_done else change_of_tool(payload, root)
    if change.is_empty:
        return Guarded()
    answer = memory.guard(edits=change.edits, commands=change.commands, paths=change.paths, enforcement=enforcement)
    return guarded_of(answer, change)


def guarded_of(answer: GuardAnswer, change: ToolChange) -> Guarded:
    """Return the refusal and the warnings of guard's answer."""
    refused = [finding for finding in answer.findings if finding.level is Level.DENY]
    decision = answer.enforcement.value if refused and answer.enforcement is not Enforcement.WARN else ALLOW
    reason = "" if decision == ALLOW else "\n".join(map(_sentence, refused))
    shown = [finding for finding in answer.findings if decision == ALLOW or finding not in refused]
    warnings = [
        (f"guard {finding.memory.id} {finding.path or change.name}", f"- {_sentence(finding)}") for finding in shown
    ]
    return Guarded(decision, reason, warnings)


def _sentence(finding: GuardFinding) -> str:
    """Return a finding in a line; the words of a memory that is not trusted are not repeated."""
    place = f"{finding.path}:{finding.line}" if finding.line else finding.path or finding.evidence
    name = finding.memory.alias or finding.memory.id
    origin = finding.memory.origin
    if origin is None or not origin.is_trusted:
        return f"{finding.level.value}: {place}: {finding.kind.value}, memory {finding.memory.id} of untrusted origin"
    parts = [f"{finding.level.value}: {place}: {finding.message}, says {name}"]
    if finding.memory.title:
        since = "" if finding.since is None else f", since {finding.since.date().isoformat()}"
        parts.append(f"“{finding.memory.title}”{since}")
    if finding.reason:
        parts.append(f"reason: {finding.reason[:300]}")
    if finding.instead:
        parts.append(f"instead: {', '.join(finding.instead)}")
    if finding.allow:
        parts.append(f"an exception is recorded by: {finding.allow}")
    return "; ".join(" ".join(part.split()) for part in parts)
