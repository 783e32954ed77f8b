"""The hosts that graphmem supports: their settings files, the entries in them, and the moments that they cannot do.

As documented by the hosts up to August 2026. No host was run; `docs/guides/agents.md` names the sources.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import InvalidInput
from graphmem.hosts.program import command_line

#: Seconds that a host waits for a hook, whose own limit is two.
_TIMEOUT_S = 5
_EDITS = "Write|Edit|MultiEdit|NotebookEdit"
_NAME = "graphmem"
_POINTER = """\
This repository has a memory of its decisions, conventions and rejected options, kept by graphmem. Its MCP tools
say what is in force now or was at any time: `memory_search` answers a question, `memory_explain` says why
something holds. What was decided with a person is recorded with `memory_add`."""


class Layer(StrEnum):
    """Whose settings a file has: the user's, for all projects, or a project's."""

    USER = "user"
    PROJECT = "project"


class Purpose(StrEnum):
    """The reason for a file."""

    HOOKS = "hooks"
    TOOLS = "tools"
    RULES = "rules"


@dataclass(frozen=True, slots=True)
class Member:
    """A member of an object in JSON, by the path of its keys."""

    path: tuple[str, ...]
    value: object


@dataclass(frozen=True, slots=True)
class ArrayItem:
    """An item of an array in JSON, by the path of keys of the array."""

    path: tuple[str, ...]
    value: object


@dataclass(frozen=True, slots=True)
class TomlTable:
    """A table in TOML, by the path of its keys."""

    path: tuple[str, ...]
    value: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class WholeFile:
    """A file of graphmem alone, known by a mark in its text."""

    text: str


@dataclass(frozen=True, slots=True)
class MarkedBlock:
    """Lines between two marks in a file of rules."""

    text: str


Entry = Member | ArrayItem | TomlTable | WholeFile | MarkedBlock


@dataclass(frozen=True, slots=True)
class HostFile:
    """A settings file of a host.

    Attributes:
        names: Paths from the project's or user's folder; the first that exists is used, else the first.
        entries: Returns the entries, for the words that start graphmem.
        skeleton: Members that a new file needs besides.
        version: The value of the member `version` that is known; None if the format has none.
        rivals: A file in which the host reads hooks instead: a table `hooks` there must not exist.
    """

    purpose: Purpose
    names: tuple[str, ...]
    entries: Callable[[list[str]], tuple[Entry, ...]]
    skeleton: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    version: int | None = None
    rival: str | None = None


@dataclass(frozen=True, slots=True)
class Host:
    """A coding agent.

    Attributes:
        files: The files by layer.
        gaps: Moments that the host does not support, and steps for the user, as sentences.
        traces: Files and folders in the user's folder that show that the host is used on this machine.
    """

    name: str
    title: str
    files: Mapping[Layer, tuple[HostFile, ...]]
    gaps: tuple[str, ...]
    traces: tuple[str, ...]


def host_named(name: str) -> Host:
    """Return the host with a name.

    Raises:
        InvalidInput: No host has this name; the message lists the hosts.
    """
    if name not in HOSTS:
        raise InvalidInput(f"no host {name!r}; hosts: {', '.join(HOSTS)}")
    return HOSTS[name]


def is_used(host: Host) -> bool:
    """Return True if a host has left traces in the user's folder."""
    # Not `Path.exists`, which fails in a folder that this user cannot enter.
    return any(os.path.exists(Path.home() / trace) for trace in host.traces)  # noqa: PTH110 - as above


# ---- entries


def _hook_line(program: list[str], host: str, event: str) -> str:
    return command_line([*program, "on", host, event])


def _handler(program: list[str], host: str, event: str, timeout: int) -> dict[str, object]:
    return {"type": "command", "command": _hook_line(program, host, event), "timeout": timeout}


def _groups(
    host: str, events: Mapping[str, str | None], timeout: int = _TIMEOUT_S
) -> Callable[[list[str]], tuple[Entry, ...]]:
    """Hooks in groups with a matcher, as Claude Code has them."""

    def entries(program: list[str]) -> tuple[Entry, ...]:
        return tuple(
            ArrayItem(
                ("hooks", event),
                ({} if matcher is None else {"matcher": matcher})
                | {"hooks": [_handler(program, host, event, timeout)]},
            )
            for event, matcher in events.items()
        )

    return entries


def _flat(host: str, events: Mapping[str, Mapping[str, object]]) -> Callable[[list[str]], tuple[Entry, ...]]:
    """Hooks without groups: an array of commands for each event."""

    def entries(program: list[str]) -> tuple[Entry, ...]:
        return tuple(
            ArrayItem(("hooks", event), {"command": _hook_line(program, host, event), **extra})
            for event, extra in events.items()
        )

    return entries


def _server(
    path: tuple[str, ...], extra: Mapping[str, object] = MappingProxyType({})
) -> Callable[[list[str]], tuple[Entry, ...]]:
    """Return an MCP server with command and arguments."""

    def entries(program: list[str]) -> tuple[Entry, ...]:
        return (Member((*path, _NAME), {**extra, "command": program[0], "args": [*program[1:], "mcp"]}),)

    return entries


def _codex_server(program: list[str]) -> tuple[Entry, ...]:
    value = {"command": program[0], "args": [*program[1:], "mcp"], "startup_timeout_sec": 10}
    return (TomlTable(("mcp_servers", _NAME), value),)


def _opencode_server(program: list[str]) -> tuple[Entry, ...]:
    return (Member(("mcp", _NAME), {"type": "local", "command": [*program, "mcp"], "enabled": True}),)


def _opencode_plugin(program: list[str]) -> tuple[Entry, ...]:
    import json

    template = (Path(__file__).parent / "opencode_plugin.ts").read_text(encoding="utf-8")
    return (WholeFile(template.replace("[/* command */]", json.dumps(program))),)


def _vscode_hooks(program: list[str]) -> tuple[Entry, ...]:
    import json

    events = ("SessionStart", "PreToolUse", "PostToolUse", "Stop", "PreCompact")
    hooks = {event: [_handler(program, "vscode", event, _TIMEOUT_S)] for event in events}
    return (WholeFile(json.dumps({"hooks": hooks}, indent=2) + "\n"),)


def _pointer_file(program: list[str]) -> tuple[Entry, ...]:
    del program
    return (WholeFile(f"---\ntrigger: always_on\n---\n\n<!-- written by graphmem install -->\n{_POINTER}\n"),)


def _pointer_block(program: list[str]) -> tuple[Entry, ...]:
    del program
    return (MarkedBlock(_POINTER),)


# ---- hosts

_HOOKS, _TOOLS, _RULES = Purpose.HOOKS, Purpose.TOOLS, Purpose.RULES
_CLAUDE_EVENTS = {
    "SessionStart": None,
    "UserPromptSubmit": None,
    "PreToolUse": f"{_EDITS}|Bash",
    "PostToolUse": f"{_EDITS}|Read|Bash",
    "Stop": None,
    "PreCompact": None,
    "SessionEnd": None,
}
_CODEX_EVENTS = {
    "SessionStart": None,
    "UserPromptSubmit": None,
    "PreToolUse": "apply_patch|Bash",
    "PostToolUse": "apply_patch|Bash",
    "Stop": None,
}
_GEMINI_EVENTS = {
    "SessionStart": None,
    "BeforeAgent": None,
    "BeforeTool": "write_file|replace|run_shell_command",
    "AfterTool": "read_file|write_file|replace|run_shell_command",
    "PreCompress": None,
    "SessionEnd": None,
}
_CURSOR_EVENTS: dict[str, dict[str, object]] = {
    "sessionStart": {"timeout": _TIMEOUT_S},
    "preToolUse": {"matcher": "Write", "timeout": _TIMEOUT_S},
    "beforeShellExecution": {"timeout": _TIMEOUT_S},
    "afterFileEdit": {"timeout": _TIMEOUT_S},
    "stop": {"timeout": _TIMEOUT_S},
}
_WINDSURF_EVENTS: dict[str, dict[str, object]] = {
    "pre_write_code": {"show_output": False},
    "pre_run_command": {"show_output": False},
    "post_cascade_response": {"show_output": False},
}


def _of_system(linux: str, mac: str, windows: str) -> str:
    return {"darwin": mac, "win32": windows}.get(sys.platform, linux)


def _both(*files: HostFile) -> Mapping[Layer, tuple[HostFile, ...]]:
    return {Layer.USER: files, Layer.PROJECT: files}


_GEMINI_HOOKS = _groups("gemini", _GEMINI_EVENTS, _TIMEOUT_S * 1_000)  # in milliseconds
_GEMINI_SERVER = _server(("mcpServers",))
_GEMINI_FILE = HostFile(
    _HOOKS, (".gemini/settings.json",), lambda program: (*_GEMINI_HOOKS(program), *_GEMINI_SERVER(program))
)

_ALL = (
    Host(
        "claude-code",
        "Claude Code",
        {
            Layer.USER: (
                HostFile(_HOOKS, (".claude/settings.json",), _groups("claude-code", _CLAUDE_EVENTS)),
                HostFile(_TOOLS, (".claude.json",), _server(("mcpServers",), {"type": "stdio"})),
            ),
            Layer.PROJECT: (
                HostFile(_HOOKS, (".claude/settings.local.json",), _groups("claude-code", _CLAUDE_EVENTS)),
                HostFile(_TOOLS, (".mcp.json",), _server(("mcpServers",))),
            ),
        },
        (
            "Compaction and session end take no text; the block is given again when the session goes on.",
            "A warning before an edit reaches the model beside the tool's result; only a refusal comes before it.",
        ),
        (".claude", ".claude.json"),
    ),
    Host(
        "codex",
        "Codex",
        {
            Layer.USER: (
                HostFile(_HOOKS, (".codex/hooks.json",), _groups("codex", _CODEX_EVENTS), rival=".codex/config.toml"),
                HostFile(_TOOLS, (".codex/config.toml",), _codex_server),
            ),
            Layer.PROJECT: (
                HostFile(_HOOKS, (".codex/hooks.json",), _groups("codex", _CODEX_EVENTS), rival=".codex/config.toml"),
            ),
        },
        (
            "Codex skips hooks silently until they are accepted under /hooks; every change of the file asks again.",
            "The MCP server is configured for the user only: graphmem install codex --user.",
            "Compaction and session end have no hook; a refusal of apply_patch was not always enforced.",
        ),
        (".codex",),
    ),
    Host(
        "cursor",
        "Cursor",
        _both(
            HostFile(_HOOKS, (".cursor/hooks.json",), _flat("cursor", _CURSOR_EVENTS), {"version": 1}, version=1),
            HostFile(_TOOLS, (".cursor/mcp.json",), _server(("mcpServers",))),
        ),
        (
            "A prompt takes no text in Cursor; after an edit, text reaches the model at best effort.",
            "Cursor also runs Claude Code's hooks; an event that both have is answered once.",
        ),
        (".cursor",),
    ),
    Host(
        "vscode",
        "VS Code",
        {
            Layer.USER: (
                HostFile(
                    _TOOLS,
                    (
                        _of_system(
                            ".config/Code/User/mcp.json",
                            "Library/Application Support/Code/User/mcp.json",
                            "AppData/Roaming/Code/User/mcp.json",
                        ),
                    ),
                    _server(("servers",), {"type": "stdio"}),
                ),
            ),
            Layer.PROJECT: (
                HostFile(_HOOKS, (".github/hooks/graphmem.json",), _vscode_hooks),
                HostFile(_TOOLS, (".vscode/mcp.json",), _server(("servers",), {"type": "stdio"})),
            ),
        },
        (
            "A prompt takes no text in VS Code.",
            "VS Code also runs Claude Code's hooks, for every tool; an event that both have is answered once.",
            "Hooks are configured for projects only: graphmem install vscode --project.",
        ),
        (_of_system(".config/Code", "Library/Application Support/Code", "AppData/Roaming/Code"),),
    ),
    Host(
        "gemini",
        "Gemini CLI",
        _both(_GEMINI_FILE),
        (
            "Before a tool, Gemini CLI takes a refusal only; warnings come after the tool.",
            "Compaction and session end take no text.",
        ),
        (".gemini",),
    ),
    Host(
        "opencode",
        "opencode",
        {
            Layer.USER: (
                HostFile(_HOOKS, (".config/opencode/plugins/graphmem.ts",), _opencode_plugin),
                HostFile(
                    _TOOLS, (".config/opencode/opencode.json", ".config/opencode/opencode.jsonc"), _opencode_server
                ),
            ),
            Layer.PROJECT: (
                HostFile(_HOOKS, (".opencode/plugins/graphmem.ts",), _opencode_plugin),
                HostFile(_TOOLS, ("opencode.json", "opencode.jsonc"), _opencode_server),
            ),
        },
        (
            "Sessions have no end and no transcript file in opencode, so nothing is captured.",
            "Some releases of opencode never call plugins after a tool; warnings are then not shown.",
        ),
        (".config/opencode",),
    ),
    Host(
        "windsurf",
        "Windsurf",
        {
            Layer.USER: (HostFile(_TOOLS, (".codeium/windsurf/mcp_config.json",), _server(("mcpServers",))),),
            Layer.PROJECT: (
                HostFile(_HOOKS, (".windsurf/hooks.json",), _flat("windsurf", _WINDSURF_EVENTS)),
                HostFile(_RULES, (".windsurf/rules/graphmem.md",), _pointer_file),
            ),
        },
        (
            "Windsurf's hooks hand no text to the model: they refuse, or are silent. A rule names the tools instead.",
            "The MCP server is configured for the user only: graphmem install windsurf --user.",
        ),
        (".codeium/windsurf",),
    ),
    Host(
        "zed",
        "Zed",
        {
            Layer.USER: (
                HostFile(
                    _TOOLS,
                    (
                        _of_system(
                            ".config/zed/settings.json",
                            ".config/zed/settings.json",
                            "AppData/Roaming/Zed/settings.json",
                        ),
                    ),
                    _server(("context_servers",), {"source": "custom"}),
                ),
            ),
            Layer.PROJECT: (HostFile(_RULES, ("AGENTS.md",), _pointer_block),),
        },
        (
            "Zed runs no hooks: it has the tools, and AGENTS.md tells it of them.",
            "The MCP server is configured for the user only: graphmem install zed --user.",
        ),
        (_of_system(".config/zed", ".config/zed", "AppData/Roaming/Zed"),),
    ),
)

#: Hosts by name.
HOSTS: Mapping[str, Host] = {host.name: host for host in _ALL}
