"""The events of each host, and the moment of a session that each is. A hook imports this module: it imports nothing."""

from __future__ import annotations

SESSION_START = "session start"
PROMPT = "prompt"
BEFORE_TOOL = "before a tool"
AFTER_TOOL = "after a tool"
CAPTURE = "capture"

_CLAUDE = {
    "SessionStart": SESSION_START,
    "UserPromptSubmit": PROMPT,
    "PreToolUse": BEFORE_TOOL,
    "PostToolUse": AFTER_TOOL,
    "Stop": CAPTURE,
    "PreCompact": CAPTURE,
    "SessionEnd": CAPTURE,
}

#: Moment by event, by host. Zed runs no hooks.
EVENTS: dict[str, dict[str, str]] = {
    "claude-code": _CLAUDE,
    "codex": {
        name: _CLAUDE[name] for name in ("SessionStart", "UserPromptSubmit", "PreToolUse", "PostToolUse", "Stop")
    },
    "cursor": {
        "sessionStart": SESSION_START,
        "beforeSubmitPrompt": PROMPT,
        "preToolUse": BEFORE_TOOL,
        "beforeShellExecution": BEFORE_TOOL,
        "postToolUse": AFTER_TOOL,
        "afterFileEdit": AFTER_TOOL,
        "afterShellExecution": AFTER_TOOL,
        "stop": CAPTURE,
        "preCompact": CAPTURE,
        "sessionEnd": CAPTURE,
    },
    "vscode": {
        name: _CLAUDE[name]
        for name in ("SessionStart", "UserPromptSubmit", "PreToolUse", "PostToolUse", "Stop", "PreCompact")
    },
    "gemini": {
        "SessionStart": SESSION_START,
        "BeforeAgent": PROMPT,
        "BeforeTool": BEFORE_TOOL,
        "AfterTool": AFTER_TOOL,
        "PreCompress": CAPTURE,
        "SessionEnd": CAPTURE,
    },
    "opencode": {
        "session.start": SESSION_START,
        "chat.message": PROMPT,
        "tool.execute.before": BEFORE_TOOL,
        "tool.execute.after": AFTER_TOOL,
    },
    "windsurf": {"pre_write_code": BEFORE_TOOL, "pre_run_command": BEFORE_TOOL, "post_cascade_response": CAPTURE},
    "zed": {},
}
