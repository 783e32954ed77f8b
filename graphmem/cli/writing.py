"""Commands that write and take more than their verb does: supersede, amend and erase."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from graphmem.cli.adding import words_of
from graphmem.cli.options import Call, moment, placed, written
from graphmem.cli.receipts import give_receipt
from graphmem.model import SupersessionKind

if TYPE_CHECKING:
    from graphmem.service import Write

_KINDS = click.Choice([SupersessionKind.UPDATE.value, SupersessionKind.CORRECTION.value])


@click.command()
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="[NEW]", required=False)
@click.option(
    "--by", "by", metavar="ID", multiple=True, help="A memory that supersedes OLD, in place of NEW. Repeatable."
)
@click.option(
    "--kind", type=_KINDS, default="update", show_default=True, help="The world changed, or OLD was never right."
)
@moment("at", "From when. [default: now; a correction has none]")
@moment("until", "End of a provisional replacement.")
@written
@placed
def supersede(
    *, call: Call, old: str, new: str | None, by: tuple[str, ...], kind: str, write: Write, **times: datetime | None
) -> None:
    """Let NEW supersede OLD.

    OLD is a memory by its id, an alias, or the beginning of its id; several are separated by commas. NEW is words (`-`
    reads them from standard input); a memory that is recorded already is named with --by. One decision may be split,
    several may be merged.
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
@click.option("--by", "by", metavar="ID", help="The memory that replaces the part, in place of NEW.")
@click.option("--part", required=True, metavar="TEXT", help="Which part of OLD is replaced.")
@moment("at", "From when. [default: now]")
@written
@placed
def amend(  # noqa: PLR0913 - a parameter of the command each
    *, call: Call, old: str, new: str | None, by: str | None, part: str, at: datetime | None, write: Write
) -> None:
    """Let NEW, in words, replace only a part of OLD, which stays in force otherwise."""
    words, _ = _successor(new, () if by is None else (by,))
    with call.open() as memory:
        give_receipt(call, memory.amend(old, words, part, by=by, at=at, write=write), "amended")


@click.command()
@click.argument("key", metavar="ID")
@click.option("--yes", is_flag=True, help="Do not ask.")
@written
@placed
def erase(*, call: Call, key: str, yes: bool, write: Write) -> None:
    """Remove the content of the memory ID for good, everywhere; that it was there stays on the ledger."""
    with call.open() as memory:
        if not yes:
            shown = memory.get(key)
            click.confirm(f"Erase {shown.title!r} for good? This cannot be undone.", abort=True, err=True)
        give_receipt(call, memory.erase(key, write=write), "erased")


def _ids(text: str) -> list[str]:
    return [one.strip() for one in text.split(",") if one.strip()]


def _successor(new: str | None, by: tuple[str, ...]) -> tuple[str | None, list[str] | None]:
    """New words, or the memories that --by names."""
    if (new is None) == (not by):
        raise click.UsageError(
            "what supersedes is NEW (words) or --by ID (a memory that is recorded): give one of the two"
        )
    return (None, [one for text in by for one in _ids(text)]) if new is None else (words_of(new), None)
