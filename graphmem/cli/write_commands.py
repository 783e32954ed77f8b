"""Commands that write with more options than their verb: supersede, amend and erase."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from graphmem.cli.add_command import text_of
from graphmem.cli.options import Call, moment, scope_options, write_options
from graphmem.cli.receipts import give_receipt
from graphmem.model import SupersessionKind

if TYPE_CHECKING:
    from graphmem.service import Write

_KINDS = click.Choice([SupersessionKind.UPDATE.value, SupersessionKind.CORRECTION.value])


@click.command()
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="[NEW]", required=False)
@click.option(
    "--by", "by", metavar="ID", multiple=True, help="A memory that supersedes OLD, instead of NEW. Repeatable."
)
@click.option(
    "--kind",
    type=_KINDS,
    default="update",
    show_default=True,
    help="update: the situation changed; correction: OLD was never right.",
)
@moment("at", "In force from. [default: now; a correction has none]")
@moment("until", "End of a provisional replacement.")
@write_options
@scope_options
def supersede(
    *, call: Call, old: str, new: str | None, by: tuple[str, ...], kind: str, write: Write, **times: datetime | None
) -> None:
    """Let NEW supersede OLD.

    OLD is the id of a memory, its beginning, or an alias; separate several by commas. NEW is a text (`-` reads standard
    input); name a recorded memory with --by. A decision may be split into several, and several may be merged.
    """
    words, named = _successor(new, by)
    with call.open() as memory:
        done = memory.supersede(
            _ids(old),
            words,
            by=named,
            at=times["at"],
            until=times["until"],
            kind=SupersessionKind(kind),
            write=write,
        )
    give_receipt(call, done, "superseded" if kind == SupersessionKind.UPDATE else "corrected")


@click.command()
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="[NEW]", required=False)
@click.option("--by", "by", metavar="ID", help="The memory that replaces the part, instead of NEW.")
@click.option("--part", required=True, metavar="TEXT", help="The part of OLD that is replaced.")
@moment("at", "In force from. [default: now]")
@write_options
@scope_options
def amend(  # noqa: PLR0913 - each is a parameter of the command
    *, call: Call, old: str, new: str | None, by: str | None, part: str, at: datetime | None, write: Write
) -> None:
    """Let NEW, a text, replace a part of OLD; the rest of OLD stays in force."""
    words, _ = _successor(new, () if by is None else (by,))
    with call.open() as memory:
        give_receipt(call, memory.amend(old, words, part, by=by, at=at, write=write), "amended")


@click.command()
@click.argument("key", metavar="ID")
@click.option("--yes", is_flag=True, help="Skip the confirmation.")
@write_options
@scope_options
def erase(*, call: Call, key: str, yes: bool, write: Write) -> None:
    """Remove the content of the memory ID permanently; the ledger keeps only the fact that it existed."""
    with call.open() as memory:
        if not yes:
            shown = memory.get(key)
            click.confirm(f"Erase {shown.title!r} permanently? This cannot be undone.", abort=True, err=True)
        give_receipt(call, memory.erase(key, write=write), "erased")


def _ids(text: str) -> list[str]:
    return [memory_id.strip() for memory_id in text.split(",") if memory_id.strip()]


def _successor(new: str | None, by: tuple[str, ...]) -> tuple[str | None, list[str] | None]:
    """Return the new text, or the memories in --by."""
    if (new is None) == (not by):
        raise click.UsageError("give either NEW (a text) or --by ID (a recorded memory)")
    return (None, [memory_id for text in by for memory_id in _ids(text)]) if new is None else (text_of(new), None)
