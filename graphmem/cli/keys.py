"""Commands on the keys of a server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from graphmem.cli.blocks import Block, Look, Span, dim, line
from graphmem.cli.options import Call, bundle, located, moment
from graphmem.cli.output import give
from graphmem.cli.serving import ring_of
from graphmem.cli.wording import second

if TYPE_CHECKING:
    from graphmem.keys import Granted, Key

_PERMISSIONS = ("read", "write", "review", "admin")
_GRACE_DAYS = 7.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bindings:
    """What a new key opens, for whom and how long."""

    permissions: tuple[str, ...]
    tenant: str | None
    user: str | None
    repos: tuple[str, ...]
    expires: datetime | None


_bound = bundle(
    "bindings",
    {
        "permissions": click.option(
            "--permission",
            "permissions",
            type=click.Choice(_PERMISSIONS),
            multiple=True,
            default=("read", "write"),
            show_default=True,
            help="What it allows; none includes another. Repeatable.",
        ),
        "tenant": click.option("--tenant", metavar="NAME", help="Whose memories. [default: that of the settings]"),
        "user": click.option("--user", metavar="NAME", help="The only person whose private memories it opens."),
        "repos": click.option(
            "--repo", "repos", metavar="NAME", multiple=True, help="The only repository that it opens. Repeatable."
        ),
        "expires": moment("expires", "From when on it opens nothing. [default: never]"),
    },
    Bindings,
)


@click.group()
def key() -> None:
    """Keys to `graphmem serve`: what each may do, and for whom. Only hashes are stored."""


@key.command()
@click.argument("name")
@_bound
@located
def create(*, call: Call, name: str, bindings: Bindings) -> None:
    """Make a key for NAME, the person or program that will hold it, and show it this once."""
    _give_granted(call, ring_of(call.url).create(_draft(name, bindings)))


@key.command("list")
@located
def list_keys(*, call: Call) -> None:
    """All keys that ever were, without their secrets."""
    found = ring_of(call.url).keys()
    give(call, {"keys": [_told(one) for one in found]}, lambda _: _lines(found))


@key.command()
@click.argument("key_id", metavar="ID")
@click.option(
    "--grace-days",
    type=click.FloatRange(0),
    default=_GRACE_DAYS,
    show_default=True,
    help="How long the old key opens beside the new one.",
)
@located
def rotate(*, call: Call, key_id: str, grace_days: float) -> None:
    """Make a key with the bindings of the key ID, which lives on for a while."""
    from graphmem.opening import utc_now

    _give_granted(call, ring_of(call.url).rotate(key_id, until=utc_now() + timedelta(days=grace_days)))


@key.command()
@click.argument("key_id", metavar="ID")
@located
def revoke(*, call: Call, key_id: str) -> None:
    """The key ID opens nothing from now on, on running servers too."""
    gone = ring_of(call.url).revoke(key_id)
    give(call, _told(gone), lambda _: [line(Span(gone.id, Look.ID), " revoked")])


# ---- parts


def _draft(name: str, bindings: Bindings) -> Key:
    from graphmem.config import load_settings
    from graphmem.keys import Key, Permission
    from graphmem.opening import utc_now

    return Key(
        id="",
        digest="",
        name=name,
        tenant=bindings.tenant or load_settings().tenant,
        permissions=tuple(Permission(one) for one in dict.fromkeys(bindings.permissions)),
        user=bindings.user,
        repos=bindings.repos,
        created_at=utc_now(),
        expires_at=bindings.expires,
    )


def _told(one: Key) -> dict[str, object]:
    """A key without the hash of its secret."""
    names = ("id", "name", "tenant", "permissions", "user", "repos", "created_at", "expires_at", "revoked_at")
    return {name: getattr(one, name) for name in names}


def _give_granted(call: Call, granted: Granted) -> None:
    answer = {"key": granted.text, **_told(granted.key)}
    give(call, answer, lambda _: [line(granted.text), line(dim("It is shown this once and stored nowhere."))])


def _lines(keys: Sequence[Key]) -> Iterator[Block]:
    for one in keys:
        bounds = [f"tenant {one.tenant}", ", ".join(one.permissions)]
        bounds += [f"user {one.user}"] if one.user is not None else []
        bounds += [f"only {', '.join(one.repos)}"] if one.repos else []
        bounds += [f"expires {second(one.expires_at)}"] if one.expires_at is not None else []
        ended = "" if one.revoked_at is None else f"  revoked {second(one.revoked_at)}"
        yield line(Span(one.id, Look.ID), f" {one.name}", dim(f" · {' · '.join(bounds)}"), Span(ended, Look.BAD))
    if not keys:
        yield line("there is no key; graphmem key create makes one")
