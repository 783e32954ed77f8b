"""The answer of a hook in the form that each host accepts."""

from __future__ import annotations

import json

from graphmem.hosts.hook.event_table import AFTER_TOOL, BEFORE_TOOL, PROMPT, SESSION_START

#: Characters that a host shows the model at most; more is cut or dropped.
MAX_CHARS = 9_000

#: Moments at which text reaches the model, by host. A prompt takes no text in Cursor and VS Code, and no moment does in
#: Windsurf; Gemini CLI takes none before a tool.
TAKES_TEXT: dict[str, frozenset[str]] = {
    "claude-code": frozenset({SESSION_START, PROMPT, BEFORE_TOOL, AFTER_TOOL}),
    "codex": frozenset({SESSION_START, PROMPT, BEFORE_TOOL, AFTER_TOOL}),
    "cursor": frozenset({SESSION_START, AFTER_TOOL, BEFORE_TOOL}),
    "vscode": frozenset({SESSION_START, BEFORE_TOOL, AFTER_TOOL}),
    "gemini": frozenset({SESSION_START, PROMPT, AFTER_TOOL}),
    "opencode": frozenset({SESSION_START, PROMPT, AFTER_TOOL}),
    "windsurf": frozenset(),
    "zed": frozenset(),
}

ALLOW, ASK, DENY = "allow", "ask", "deny"


class Answer:
    """The answer of a hook.

    Attributes:
        text: Text for the model; empty for none.
        decision: `allow`, or before a tool `ask` or `deny`.
        reason: The reason for a refusal or a question; empty if allowed.
    """

    __slots__ = ("decision", "reason", "text")

    def __init__(self, text: str = "", decision: str = ALLOW, reason: str = "") -> None:
        self.text = text
        self.decision = decision
        self.reason = reason

    @property
    def is_empty(self) -> bool:
        """True if there is neither a text nor a refusal."""
        return not self.text and self.decision == ALLOW


class Output:
    """The output of a process, and its exit code."""

    __slots__ = ("code", "stderr", "stdout")

    def __init__(self, stdout: str = "", stderr: str = "", code: int = 0) -> None:
        self.stdout = stdout
        self.stderr = stderr
        self.code = code


def silence(host: str) -> Output:
    """Return the output without text and refusal."""
    return Output("{}" if host == "gemini" else "")


def takes_text(host: str, moment: str) -> bool:
    """Return True if text reaches the model at a moment."""
    return moment in TAKES_TEXT[host]


def output_of(host: str, event: str, moment: str, answer: Answer) -> Output:
    """Return the output for an answer; text that a host does not accept at this moment is left out."""
    text = answer.text[:MAX_CHARS] if takes_text(host, moment) else ""
    decision = answer.decision if moment == BEFORE_TOOL else ALLOW
    if decision != ALLOW:
        return _refusal(host, event, decision, answer.reason[:MAX_CHARS])
    if not text:
        return silence(host)
    if host == "cursor":
        return Output(json.dumps({"additional_context": text}))
    if host == "opencode":
        return Output(json.dumps({"context": text}))
    return Output(json.dumps({"hookSpecificOutput": {"hookEventName": event, "additionalContext": text}}))


def _refusal(host: str, event: str, decision: str, reason: str) -> Output:
    """Return the output that stops a tool; a host that cannot ask a person is not stopped by a question."""
    if host == "cursor":
        fields = {"permission": decision, "user_message": reason, "agent_message": reason}
        return Output(json.dumps(fields))
    if host in {"claude-code", "vscode"}:
        fields = {"hookEventName": event, "permissionDecision": decision, "permissionDecisionReason": reason}
        return Output(json.dumps({"hookSpecificOutput": fields}))
    if decision == ASK:
        return silence(host)
    if host == "codex":
        fields = {"hookEventName": event, "permissionDecision": decision, "permissionDecisionReason": reason}
        return Output(json.dumps({"hookSpecificOutput": fields}))
    if host == "gemini":
        return Output(json.dumps({"decision": "deny", "reason": reason}))
    if host == "opencode":
        return Output(json.dumps({"deny": reason}))
    return Output("", reason + "\n", 2)
