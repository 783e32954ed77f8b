"""Commands on branches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from graphmem.cli.options import Call, placed, written
from graphmem.cli.receipts import give_receipt

if TYPE_CHECKING:
    from graphmem.service import Write


@click.group()
def branch() -> None:
    """Open, merge or abandon a branch: what is written on one is seen there alone until it is merged."""


@branch.command("open")
@click.argument("name")
@click.option("--parent", metavar="NAME", help="The branch that it leaves from. [default: the main line]")
@written
@placed
def open_branch(*, call: Call, name: str, parent: str | None, write: Write) -> None:
    """Open the branch NAME."""
    with call.open() as memory:
        give_receipt(call, memory.open_branch(name, parent=parent, write=write), f"branch {name} opened")


@branch.command("merge")
@click.argument("name")
@written
@placed
def merge_branch(*, call: Call, name: str, write: Write) -> None:
    """Make what was written on the branch NAME visible on its parent, and close it."""
    with call.open() as memory:
        give_receipt(call, memory.merge_branch(name, write=write), f"branch {name} merged")


@branch.command("abandon")
@click.argument("name")
@written
@placed
def abandon_branch(*, call: Call, name: str, write: Write) -> None:
    """Hide what was written on the branch NAME for good, and close it."""
    with call.open() as memory:
        give_receipt(call, memory.abandon_branch(name, write=write), f"branch {name} abandoned")
