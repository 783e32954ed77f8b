"""The group of commands that read sources into the memory."""

from __future__ import annotations

import click

from graphmem.cli.ingest_commands import decisions
from graphmem.cli.mainline_command import git_history
from graphmem.cli.repository_commands import SOURCE_COMMANDS, repository


@click.group()
def ingest() -> None:
    """Read sources into the memory: what is new is added, what was edited changes, the rest is left as it is."""


for command in (repository, git_history, decisions, *SOURCE_COMMANDS):
    ingest.add_command(command)
