"""The group of commands on branches."""

from __future__ import annotations

import click

from graphmem.cli.verb_commands import verb_command


@click.group()
def branch() -> None:
    """Open, merge or abandon a branch: what is written on it is seen only there until it is merged."""


for _name in ("open_branch", "merge_branch", "abandon_branch"):
    branch.add_command(verb_command(_name))
