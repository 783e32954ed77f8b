"""The command that copies a Neo4j store for the hooks of this user."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from graphmem.cli.blocks import dim, line
from graphmem.cli.options import Call, output_options
from graphmem.cli.output import give, progress

if TYPE_CHECKING:
    from graphmem.hosts.server_copies import HookCopy


@click.command("copy-for-hooks")
@output_options
def copy_for_hooks(*, call: Call) -> None:
    """Copy the Neo4j store of GRAPHMEM_URL to this machine for the hooks of agents, which use no network.

    The copy belongs to this user alone and is replaced by the next one; hooks say how old it is. A ledger with private
    memories of other users is not copied. Run the command from time to time, for example from cron.
    """
    made = _made()
    give(call, made, lambda _: [line(f"copied to {made.file}", dim(f" · position {made.position}"))])


def _made() -> HookCopy:
    from graphmem.config import load_settings
    from graphmem.errors import InvalidInput
    from graphmem.hosts.server_copies import make_copy, new_copy, publish
    from graphmem.opening import open_ends, utc_now

    settings = load_settings()
    url = settings.url or ""
    if not url.startswith(("neo4j", "bolt")):
        raise InvalidInput(f"hooks read {url or 'the store of this folder'!r} directly: only a Neo4j store is copied")
    with new_copy(url) as file:
        with open_ends(url, str(file), settings) as (source, target), progress("copy") as tell:
            position = make_copy(source, target, settings.scope(), progress=tell, clock=utc_now)
        return publish(url, file, position)
