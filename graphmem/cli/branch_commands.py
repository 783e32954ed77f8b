"""The group of commands on branches."""

from __future__ import annotations

import click

from graphmem.cli.verb_commands import verb_command


@click.group()
def branch() -> None:
    """List, open, merge or abandon branches: writes are visible only on their branch until it is merged."""


for _name in ("branches", "open_branch", "merge_branch", "abandon_branch"):
    branch.add_command(verb_command(_name))
