"""The hooks and servers of graphmem that the settings of a host have, in every layer, and what is wrong with them."""

from __future__ import annotations

import os
import shlex
import tomllib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from graphmem.deferred_dataclass import dataclass
from graphmem.hosts.entries import OWN_HOOK, is_own_server, own_hooks
from graphmem.hosts.host_table import Host, HostFile, Layer, Purpose
from graphmem.hosts.installation import file_of, root_of
from graphmem.hosts.json_document import NotJson, parse

_PLUGIN = "graphmem@"


@dataclass(frozen=True, slots=True)
class Registration:
    """An entry of graphmem in a settings file.

    Attributes:
        command: The command line of a hook; empty for a server.
        event: The event of a hook; empty for a server.
        program: The program that is started.
    """

    layer: Layer
    path: Path
    command: str
    event: str
    program: str

    @property
    def is_reachable(self) -> bool:
        """True if the program exists and can be run."""
        return Path(self.program).is_file() and os.access(self.program, os.X_OK)


@dataclass(frozen=True, slots=True)
class HostState:
    """The hooks and servers of graphmem in the settings of a host.

    Attributes:
        disabled: Files that switch all hooks off.
        plugins: Files that switch the plugin of graphmem on.
        rivals: Files with hooks in a second location of a layer; the host reads hooks from a single location.
    """

    host: Host
    registrations: tuple[Registration, ...]
    disabled: tuple[Path, ...] = ()
    plugins: tuple[Path, ...] = ()
    rivals: tuple[Path, ...] = ()

    @property
    def hooks(self) -> tuple[Registration, ...]:
        """The hooks alone."""
        return tuple(entry for entry in self.registrations if entry.event)

    @property
    def is_present(self) -> bool:
        """True if the host has a hook or server of graphmem."""
        return bool(self.registrations or self.plugins)


def host_state(host: Host, folder: Path) -> HostState:
    """Return graphmem's hooks and servers in the user's folder and in the project around a folder; read only."""
    registrations: list[Registration] = []
    disabled, plugins, rivals = [], [], []
    for layer, files in host.files.items():
        root = root_of(layer, folder)
        for file in files:
            path = file_of(file, root)
            value = _value(path)
            registrations += _registrations(host, layer, file, path, value)
            if file.rival is not None and list(own_hooks(value)) and "hooks" in _table(root / file.rival):
                rivals.append(root / file.rival)
        for path in _claude_settings(root) if host.name == "claude-code" else ():
            value = _value(path)
            if isinstance(value, dict) and value.get("disableAllHooks") is True:
                disabled.append(path)
            enabled = value.get("enabledPlugins") if isinstance(value, dict) else None
            if isinstance(enabled, dict) and any(key.startswith(_PLUGIN) and enabled[key] for key in enabled):
                plugins.append(path)
    return HostState(host, tuple(registrations), tuple(disabled), tuple(plugins), tuple(rivals))


def _registrations(host: Host, layer: Layer, file: HostFile, path: Path, value: object) -> Iterator[Registration]:
    for command in own_hooks(value):
        match = OWN_HOOK.search(command)
        if match is not None and match["host"] == host.name:
            yield Registration(layer, path, command, match["event"], _words(command)[0])
    if file.purpose is Purpose.TOOLS or host.name == "gemini":
        yield from (Registration(layer, path, "", "", program) for program in _servers(value))


def _servers(value: object) -> Iterator[str]:
    """Yield the programs of servers of graphmem, under any key of the host's settings."""
    for key in ("mcpServers", "servers", "context_servers", "mcp", "mcp_servers"):
        entry = (
            value.get(key, {}).get("graphmem") if isinstance(value, dict) and isinstance(value.get(key), dict) else None
        )
        if is_own_server(entry) and isinstance(entry, dict):
            command = entry.get("command")
            yield str(command[0] if isinstance(command, list) and command else command)


def _words(command: str) -> list[str]:
    with suppress(ValueError):
        return shlex.split(command, posix=os.name != "nt") or [""]
    return [""]


def _claude_settings(root: Path) -> Iterator[Path]:
    """Yield the settings that Claude Code reads below a root, including tracked files."""
    yield from (root / ".claude" / name for name in ("settings.json", "settings.local.json"))


def _value(path: Path) -> object:
    with suppress(OSError, UnicodeDecodeError, NotJson):
        if path.suffix == ".toml":
            return _table(path)
        text = path.read_text(encoding="utf-8-sig")
        return parse(text).value() if path.suffix in {".json", ".jsonc"} else None
    return None


def _table(path: Path) -> dict[str, object]:
    with suppress(OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    return {}
