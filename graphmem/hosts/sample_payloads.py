"""A payload for each event of each host, as the hosts document them; none was recorded from a running host.

`graphmem doctor` runs installed hooks with them, and tests read them. Sources: `docs/guides/agents.md`.
"""

from __future__ import annotations

from graphmem.hosts.hook.event_table import EVENTS
from graphmem.hosts.hook.hook_log import SAMPLE_SESSION

_EDIT = {"old_string": "import os\n", "new_string": "import os\nimport json\n"}


def sample_payload(host: str, event: str, folder: str) -> dict[str, object]:
    """Return the payload that a host sends at an event, in a project's folder."""
    assert event in EVENTS[host]  # noqa: S101 - the table has every event
    maker = {"cursor": _cursor, "vscode": _vscode, "gemini": _gemini, "opencode": _opencode, "windsurf": _windsurf}
    return maker.get(host, _claude)(event, folder) | ({"turn_id": "1", "model": "m"} if host == "codex" else {})


def _claude(event: str, folder: str) -> dict[str, object]:
    common: dict[str, object] = {
        "session_id": SAMPLE_SESSION,
        "transcript_path": f"{folder}/no-transcript.jsonl",
        "cwd": folder,
        "permission_mode": "default",
        "hook_event_name": event,
    }
    edit: dict[str, object] = {
        "tool_name": "Edit",
        "tool_input": {"file_path": f"{folder}/main.py", **_EDIT},
        "tool_use_id": "toolu_1",
    }
    more: dict[str, dict[str, object]] = {
        "SessionStart": {"source": "startup"},
        "UserPromptSubmit": {"prompt": "which database do we use?"},
        "PreToolUse": edit,
        "PostToolUse": {**edit, "tool_response": {"success": True}},
        "Stop": {"stop_hook_active": False, "last_assistant_message": "Done."},
        "PreCompact": {"trigger": "auto"},
        "SessionEnd": {"reason": "other"},
    }
    return common | more[event]


def _cursor(event: str, folder: str) -> dict[str, object]:
    common: dict[str, object] = {
        "conversation_id": SAMPLE_SESSION,
        "generation_id": "1",
        "hook_event_name": event,
        "cursor_version": "2.4.0",
        "workspace_roots": [folder],
        "cwd": "",
    }
    tool: dict[str, object] = {
        "tool_name": "Write",
        "tool_input": {"file_path": f"{folder}/main.py", "content": "import json\n"},
    }
    more: dict[str, dict[str, object]] = {
        "beforeSubmitPrompt": {"prompt": "which database do we use?", "attachments": []},
        "preToolUse": {**tool, "tool_use_id": "1"},
        "postToolUse": {**tool, "tool_use_id": "1", "tool_output": "{}"},
        "beforeShellExecution": {"command": "pip install requests"},
        "afterShellExecution": {"command": "pip install requests", "output": ""},
        "afterFileEdit": {"file_path": f"{folder}/main.py", "edits": [_EDIT]},
        "stop": {"status": "completed"},
    }
    return common | more.get(event, {})


def _vscode(event: str, folder: str) -> dict[str, object]:
    common: dict[str, object] = {
        "timestamp": "2026-08-01T10:00:00.000Z",
        "cwd": folder,
        "sessionId": SAMPLE_SESSION,
        "hookEventName": event,
        "transcript_path": f"{folder}/no-transcript.json",
    }
    tool: dict[str, object] = {
        "tool_name": "editFiles",
        "tool_input": {"files": [f"{folder}/main.py"]},
        "tool_use_id": "tool-1",
    }
    more: dict[str, dict[str, object]] = {
        "SessionStart": {"source": "new"},
        "UserPromptSubmit": {"prompt": "which database do we use?"},
        "PreToolUse": tool,
        "PostToolUse": {**tool, "tool_response": "ok"},
        "Stop": {"stop_hook_active": False},
        "PreCompact": {"trigger": "auto"},
    }
    return common | more[event]


def _gemini(event: str, folder: str) -> dict[str, object]:
    common: dict[str, object] = {
        "session_id": SAMPLE_SESSION,
        "transcript_path": f"{folder}/no-transcript.json",
        "cwd": folder,
        "hook_event_name": event,
        "timestamp": "2026-08-01T10:00:00.000Z",
    }
    tool: dict[str, object] = {
        "tool_name": "write_file",
        "tool_input": {"file_path": f"{folder}/main.py", "content": "import json\n"},
    }
    more: dict[str, dict[str, object]] = {
        "SessionStart": {"source": "startup"},
        "BeforeAgent": {"prompt": "which database do we use?"},
        "BeforeTool": tool,
        "AfterTool": {**tool, "tool_response": {"llmContent": ""}},
        "PreCompress": {"trigger": "auto"},
        "SessionEnd": {"reason": "exit"},
    }
    return common | more[event]


def _opencode(event: str, folder: str) -> dict[str, object]:
    common: dict[str, object] = {"host": "opencode", "event": event, "session_id": SAMPLE_SESSION, "cwd": folder}
    tool: dict[str, object] = {
        "tool_name": "write",
        "tool_input": {"filePath": f"{folder}/main.py", "content": "import json\n"},
    }
    more: dict[str, dict[str, object]] = {
        "session.start": {"source": "startup"},
        "chat.message": {"prompt": "which database do we use?"},
    }
    return common | more.get(event, {**tool, "tool_use_id": "call_1"})


def _windsurf(event: str, folder: str) -> dict[str, object]:
    tools: dict[str, dict[str, object]] = {
        "pre_write_code": {"file_path": f"{folder}/main.py", "edits": [_EDIT]},
        "pre_run_command": {"command_line": "pip install requests", "cwd": folder},
        "post_cascade_response": {"response": "Done."},
    }
    return {
        "agent_action_name": event,
        "trajectory_id": SAMPLE_SESSION,
        "execution_id": "1",
        "timestamp": "2026-08-01T10:00:00Z",
        "tool_info": tools[event],
    }
