"""The group of commands on repositories."""

from __future__ import annotations

import click

from graphmem.cli.verb_commands import verb_command


@click.group()
def repo() -> None:
    """Link a repository to one that was renamed, or from which a package moved."""


repo.add_command(verb_command("link_repository"))
