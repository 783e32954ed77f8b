"""The command that serves the tools of agents."""

from __future__ import annotations

import click

from graphmem.cli.options import Call, choice_of, scope_options
from graphmem.verbs import Profile


@click.command()
@click.option(
    "--profile",
    type=choice_of(Profile),
    default=Profile.CORE.value,
    show_default=True,
    help="Tools that the client is offered: the few that agents need, or a tool for every verb.",
)
@scope_options
def mcp(*, call: Call, profile: str) -> None:
    """Serve the memory to an MCP client, as the tools memory_search, memory_add and so on.

    The client starts this command and uses its standard input and output; it ends when the client closes them. The
    store is opened at the first call of a tool. Without a configured repository, that of the client's folders is used,
    or that of the current folder; --repo '' uses none.
    """
    from graphmem.mcp_server.stdio import serve_stdio

    serve_stdio(call.open, finds_repository="repo" not in call.scope_parts, profile=Profile(profile))
