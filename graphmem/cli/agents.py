"""The command that serves tools to an agent."""

from __future__ import annotations

import click

from graphmem.cli.options import Call, one_of, placed
from graphmem.verbs import Profile


@click.command()
@click.option(
    "--profile",
    type=one_of(Profile),
    default=Profile.CORE.value,
    show_default=True,
    help="Which tools the client is offered: the few that agents need, or one for every verb.",
)
@placed
def mcp(*, call: Call, profile: str) -> None:
    """Serve the memory to one MCP client, as the tools memory_search, memory_add and so on.

    The client starts this command and talks over its standard input and output; it ends when the client closes them.
    The store is opened at the first call of a tool. Where no repository is configured or named, the client stands in
    that of the folders that it works in, or of the current one; --repo '' stands in none.
    """
    from graphmem.mcp_server.stdio import serve_stdio

    serve_stdio(call.open, finds_repository="repo" not in call.stands, profile=Profile(profile))
