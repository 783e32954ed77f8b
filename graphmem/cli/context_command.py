"""The command `context`: memories that govern a task, as Markdown for an agent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from graphmem.briefing.block import DEFAULT_BUDGET, LEAST_BUDGET, LEAST_CHARS, MOST_BUDGET
from graphmem.cli.blocks import Block, dim, line
from graphmem.cli.options import Call, point_options, scope_options
from graphmem.cli.output import give
from graphmem.verbs import VERBS

if TYPE_CHECKING:
    from graphmem.briefing.block import ContextBlock
    from graphmem.model import At


@click.command(epilog=f"Example: graphmem {VERBS['context'].example}")
@click.argument("task", nargs=-1)
@click.option(
    "--path", "paths", metavar="PATH", multiple=True, help="A file or folder/ that the task touches. Repeatable."
)
@click.option(
    "--component", "components", metavar="NAME", multiple=True, help="A component that the task touches. Repeatable."
)
@click.option(
    "--budget",
    type=click.IntRange(LEAST_BUDGET, MOST_BUDGET),
    default=DEFAULT_BUDGET,
    show_default=True,
    metavar="TOKENS",
    help="The most tokens.",
)
@click.option(
    "--since", type=click.IntRange(0), metavar="POSITION", help="Only what changed after this ledger position."
)
@click.option("--max-chars", type=click.IntRange(LEAST_CHARS), metavar="NUMBER", help="The most characters.")
@click.option("--words-only", is_flag=True, help="Compare words alone, without loading a model.")
@point_options
@scope_options
def context(  # noqa: PLR0913 - a parameter for each option
    *,
    call: Call,
    task: tuple[str, ...],
    paths: tuple[str, ...],
    components: tuple[str, ...],
    budget: int,
    since: int | None,
    max_chars: int | None,
    words_only: bool,
    at: At,
) -> None:
    """Give the memories in force that govern a TASK, within a budget of tokens.

    What is mandatory comes first, then decisions with what they rejected, conventions, your preferences, work in
    flight, and what to beware of. Each line has the memory's id, since when it is in force, and why it is there.
    """
    with call.open() as memory:
        block = memory.context(
            " ".join(task),
            paths,
            components=components,
            at=at,
            budget_tokens=budget,
            since=since,
            max_chars=max_chars,
            words_only=words_only,
        )
    give(call, block, lambda _: _lines(block))


def _lines(block: ContextBlock) -> Iterator[Block]:
    yield from map(line, block.markdown.splitlines())
    if not block.markdown:
        yield line("Nothing has changed." if block.since is not None else "Nothing is recorded about this.")
    yield line(dim(f"{block.tokens} tokens by {block.counter}, at change {block.at.seq}"))
