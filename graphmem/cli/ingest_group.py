"""The group of commands that read sources into the memory; a command is imported when it is run."""

from __future__ import annotations

from importlib import import_module

import click

_SOURCES = ("rules", "bans", "structure", "tasks", "incidents", "trailers")
#: The module of each command that is in no table of its module, and the command's name there.
_OWN = {"git": ("mainline_command", "git_history"), "decisions": ("ingest_commands", "decisions")}
#: All commands, in the order of the help.
_NAMES = ("repository", *_OWN, *_SOURCES)


class _IngestGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        del ctx
        return list(_NAMES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name."""
        del ctx
        if cmd_name in _OWN:
            module, attribute = _OWN[cmd_name]
            command: click.Command = getattr(import_module(f"graphmem.cli.{module}"), attribute)
            return command
        if cmd_name not in _NAMES:
            return None
        from graphmem.cli.repository_commands import COMMANDS

        return COMMANDS[cmd_name]


@click.group(cls=_IngestGroup)
def ingest() -> None:
    """Read sources into the memory: what is new is added, what was edited changes, the rest is left as it is."""
