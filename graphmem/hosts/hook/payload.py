"""Payloads that hosts send to hooks, recognised by their shape: a host also runs hooks registered for other hosts.

A hook imports this module: it imports nothing but `json`.
"""

from __future__ import annotations

import json
import os

from graphmem.hosts.hook.event_table import EVENTS

#: A larger payload has a file in it that guard would not read either.
MAX_BYTES = 8 << 20
_BOM = b"\xef\xbb\xbf"
_EDIT_TOOLS = frozenset(
    {
        *(
            "Write",
            "Edit",
            "MultiEdit",
            "NotebookEdit",
            "apply_patch",
            "write_file",
            "replace",
            "write",
            "edit",
            "patch",
        ),
        *("multiedit", "editFiles", "createFile", "create_file", "replace_string_in_file", "insert_edit_into_file"),
        *("multi_replace_string_in_file", "pre_write_code", "afterFileEdit", "StrReplace"),
    }
)
_SHELL_TOOLS = frozenset(
    {
        *("Bash", "Shell", "shell", "bash", "run_shell_command", "runInTerminal", "run_in_terminal", "local_shell"),
        *("pre_run_command", "beforeShellExecution", "afterShellExecution", "exec_command"),
    }
)
_READ_TOOLS = frozenset({"Read", "read", "read_file", "readFile"})
_BOTH_CASES = {"session_id": "sessionId", "hook_event_name": "hookEventName", "transcript_path": "transcriptPath"}


class BadPayload(ValueError):
    """The payload is none that a host sends; the message says why."""


class HookPayload:
    """A payload, in the same words for every host.

    Attributes:
        host: The host that sent it; it may differ from the host that the hook was registered for.
        event: The host's name of the event.
        moment: The moment of the session, a constant of `event_table`.
        session: Identifies the session; of a subagent, the session with the agent.
        folder: The working folder; empty if the host names none.
        tool: The tool; empty at other moments.
        tool_input: Its arguments.
        use_id: Identifies the call of the tool; empty if the host does not.
        prompt: The prompt; empty at other moments.
        source: Why a session starts: `startup`, `resume`, `clear`, `compact` or `fork`.
        transcript: The path of the transcript; empty if the host keeps none.
    """

    __slots__ = (
        "event",
        "folder",
        "host",
        "moment",
        "prompt",
        "session",
        "source",
        "tool",
        "tool_input",
        "transcript",
        "use_id",
    )

    def __init__(self, host: str, event: str, fields: dict[str, object]) -> None:
        self.host = host
        self.event = event
        self.moment = EVENTS[host][event]
        session = _text(fields, "session_id") or _text(fields, "conversation_id") or _text(fields, "trajectory_id")
        agent = _text(fields, "agent_id")
        self.session = f"{session}/{agent}" if agent else session
        self.folder = _folder(fields)
        self.prompt = _text(fields, "prompt")
        self.source = _text(fields, "source") or _text(fields, "trigger") or "startup"
        self.transcript = _text(fields, "transcript_path")
        self.use_id = _text(fields, "tool_use_id") or _text(fields, "execution_id")
        self.tool, self.tool_input = _tool(event, fields)

    @property
    def is_edit(self) -> bool:
        """True if the tool writes files."""
        return self.tool in _EDIT_TOOLS

    @property
    def is_shell(self) -> bool:
        """True if the tool runs a command of a shell."""
        return self.tool in _SHELL_TOOLS

    @property
    def command(self) -> str:
        """The command of a shell; empty for other tools."""
        if not self.is_shell:
            return ""
        value = self.tool_input.get("command") or self.tool_input.get("command_line") or ""
        if isinstance(value, list):
            # The shell and its option, then the line.
            return " ".join(str(word) for word in value[2:]) if value[1:2] == ["-lc"] else " ".join(map(str, value))
        return value if isinstance(value, str) else ""

    @property
    def patch(self) -> str:
        """The text of an `apply_patch`; empty for other tools."""
        value = self.tool_input.get("command") or self.tool_input.get("input") or self.tool_input.get("patchText") or ""
        if isinstance(value, list):
            value = value[-1] if value else ""
        is_patch = self.tool in {"apply_patch", "patch"} or "*** Begin Patch" in str(value)[:400]
        return str(value) if is_patch else ""

    def files(self) -> list[str]:
        """Return the paths that the tool reads or writes, as the host names them."""
        if self.tool not in _EDIT_TOOLS and self.tool not in _READ_TOOLS and not self.patch:
            return []
        if self.patch:
            heads = ("*** Add File: ", "*** Update File: ", "*** Delete File: ", "*** Move to: ")
            lines = (line.strip() for line in self.patch.splitlines())
            return [line.removeprefix(head) for line in lines for head in heads if line.startswith(head)]
        names = ("file_path", "filePath", "notebook_path", "path", "absolute_path")
        found = [value for name in names if isinstance(value := self.tool_input.get(name), str) and value]
        many = self.tool_input.get("files")
        if isinstance(many, list):
            found += [value for value in many if isinstance(value, str) and value]
        return list(dict.fromkeys(found))

    def relative_files(self, root: str) -> list[str]:
        """Return the paths below a folder, relative to it, with slashes; others are left out.

        Args:
            root: An absolute path.
        """
        found = [_below(path, self.folder or root, root) for path in self.files()]
        return list(dict.fromkeys(path for path in found if path))

    def edits(self) -> list[tuple[str, str]]:
        """Old and new texts of an edit, without the path; a written file has no old text."""
        given = self.tool_input
        pairs = [given]
        for name in ("edits", "replacements"):
            many = given.get(name)
            if isinstance(many, list):
                pairs += [item for item in many if isinstance(item, dict)]
        found = [(_first(pair, _OLD), _first(pair, _NEW)) for pair in pairs]
        return [(old, new) for old, new in found if old or new]


_OLD = ("old_string", "oldString")
_NEW = ("new_string", "newString", "content", "new_source", "code")


def read_payload(host: str, event: str, content: bytes) -> HookPayload:
    """Return the payload of a hook that was registered for an event of a host.

    Raises:
        BadPayload: The bytes are no JSON object, or of an event that no host has.
    """
    if len(content) > MAX_BYTES:
        raise BadPayload(f"payload of {len(content)} bytes, more than {MAX_BYTES}")
    try:
        fields = json.loads(content.removeprefix(_BOM).decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        raise BadPayload("payload is not JSON") from None
    if not isinstance(fields, dict):
        raise BadPayload("payload is no object")
    is_camel = False
    for name, other in _BOTH_CASES.items():
        if name not in fields and other in fields:
            fields[name], is_camel = fields[other], True
    sender = _sender(host, fields, is_camel=is_camel)
    named = _text(fields, "hook_event_name") or _text(fields, "agent_action_name") or event
    if named not in EVENTS[sender]:
        raise BadPayload(f"event {named[:60]!r} of {sender} is none that graphmem answers")
    return HookPayload(sender, named, fields)


def _sender(host: str, fields: dict[str, object], *, is_camel: bool) -> str:
    """Return the host whose payloads have these fields."""
    if "agent_action_name" in fields:
        return "windsurf"
    event = _text(fields, "hook_event_name")
    if "cursor_version" in fields or "workspace_roots" in fields or (event and event in EVENTS["cursor"]):
        return "cursor"
    if fields.get("host") == "opencode":
        return "opencode"
    if event in {"BeforeTool", "AfterTool", "BeforeAgent", "PreCompress"}:
        return "gemini"
    if is_camel:
        return "vscode"
    if "turn_id" in fields:
        return "codex"
    return host if event in EVENTS[host] or not event else "claude-code"


def _text(fields: dict[str, object], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _folder(fields: dict[str, object]) -> str:
    folder = _text(fields, "cwd")
    roots = fields.get("workspace_roots")
    if not folder and isinstance(roots, list) and roots and isinstance(roots[0], str):
        return roots[0]
    return folder


def _tool(event: str, fields: dict[str, object]) -> tuple[str, dict[str, object]]:
    """Return the tool and its arguments; where the event is the tool, its name is the event's."""
    for name in ("tool_input", "tool_info", "toolInput"):
        value = fields.get(name)
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError:
                value = None
        if isinstance(value, dict):
            return _text(fields, "tool_name") or _text(fields, "toolName") or event, value
    if "command" in fields or "file_path" in fields:
        return event, fields
    return _text(fields, "tool_name"), {}


def _below(path: str, folder: str, root: str) -> str:
    """Return a path relative to a root; empty if it is not below it."""
    plain, base = path.replace("\\", "/"), root.replace("\\", "/").rstrip("/")
    if not plain.startswith("/") and plain[1:2] != ":":
        plain = f"{folder.replace(chr(92), '/').rstrip('/')}/{plain.removeprefix('./')}"
    if ".." in plain.split("/"):
        return ""
    if not plain.startswith(f"{base}/"):
        plain, base = os.path.realpath(plain), os.path.realpath(root)
    return plain[len(base) + 1 :] if plain.startswith(f"{base}/") else ""


def _first(pair: dict[str, object], names: tuple[str, ...]) -> str:
    return next((value for name in names if isinstance(value := pair.get(name), str)), "")
