"""The group of commands on branches."""

from __future__ import annotations

import click

from graphmem.cli.verb_commands import verb_command


@click.group()
def branch() -> None:
    """Open, merge or abandon a branch: its writes are visible only on it until it is merged."""


for _name in ("open_branch", "merge_branch", "abandon_branch"):
    branch.add_command(verb_command(_name))
