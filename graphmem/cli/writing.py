"""Commands that change what is believed; each is one ledger entry."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import click

from graphmem.cli.adding import words_of
from graphmem.cli.options import Call, moment, one_of, placed, written
from graphmem.cli.receipts import give_receipt
from graphmem.model import LinkKind, Status, SupersessionKind

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
@click.argument("status", type=one_of(Status))
@moment("at", "From when. [default: now]")
@click.option("--word", metavar="WORD", help="The source's own word for it.")
@written
@placed
def transition(*, call: Call, key: str, status: str, at: datetime | None, word: str | None, write: Write) -> None:
    """Give the memory ID another STATUS."""
    with call.open() as memory:
        give_receipt(call, memory.transition(key, Status(status), at=at, word=word, write=write), f"is {status}")


@click.command()
@click.argument("key", metavar="ID")
@moment("at", "When. [default: now]")
@click.option("--word", metavar="WORD", help="The source's own word for it.")
@written
@placed
def end(*, call: Call, key: str, at: datetime | None, word: str | None, write: Write) -> None:
    """The memory ID is no longer in force, without a successor."""
    with call.open() as memory:
        give_receipt(call, memory.end(key, at=at, word=word, write=write), "ended")


@click.command()
@click.argument("key", metavar="ID")
@written
@placed
def retract(*, call: Call, key: str, write: Write) -> None:
    """The memory ID should not be believed at any time."""
    with call.open() as memory:
        give_receipt(call, memory.retract(key, write=write), "retracted")


@click.command()
@click.argument("change", type=click.IntRange(1))
@click.option("--move", type=click.IntRange(1), help="Undo only this move of an add, counted from 1.")
@written
@placed
def revoke(*, call: Call, change: int, move: int | None, write: Write) -> None:
    """Undo a supersede, amend, transition, end, retract or link by its ledger position CHANGE."""
    with call.open() as memory:
        give_receipt(call, memory.revoke(change, move=move, write=write), f"change {change} revoked")


@click.command()
@click.argument("key", metavar="ID")
@written
@placed
def confirm(*, call: Call, key: str, write: Write) -> None:
    """Somebody saw that the memory ID is still right: its age counts from now on."""
    with call.open() as memory:
        give_receipt(call, memory.confirm(key, write=write), "confirmed")


@click.command()
@click.argument("source_id", metavar="FROM")
@click.argument("kind", type=one_of(LinkKind))
@click.argument("target_id", metavar="TO")
@written
@placed
def link(*, call: Call, source_id: str, kind: str, target_id: str, write: Write) -> None:
    """Relate the memory FROM to the memory TO: FROM depends_on TO."""
    with call.open() as memory:
        give_receipt(call, memory.link(source_id, target_id, LinkKind(kind), write=write), f"linked ({kind})")


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
