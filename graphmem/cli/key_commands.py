"""Commands for the keys of a server."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from graphmem.cli.blocks import Block, Look, Span, dim, line
from graphmem.cli.options import Call, bundle, moment, store_options
from graphmem.cli.output import give
from graphmem.cli.phrases import second
from graphmem.cli.serve_command import ring_of
from graphmem.deferred_dataclass import dataclass

if TYPE_CHECKING:
    from graphmem.keys import Granted, Key

_PERMISSIONS = ("read", "write", "review", "admin")
_GRACE_DAYS = 7.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bindings:
    """The permissions, scope and expiry of a new key."""

    permissions: tuple[str, ...]
    tenant: str | None
    user: str | None
    repos: tuple[str, ...]
    expires: datetime | None


_binding_options = bundle(
    "bindings",
    {
        "permissions": click.option(
            "--permission",
            "permissions",
            type=click.Choice(_PERMISSIONS),
            multiple=True,
            default=("read", "write"),
            show_default=True,
            help="A permission; no permission includes another. Repeatable.",
        ),
        "tenant": click.option(
            "--tenant", metavar="NAME", help="The tenant that it opens. [default: that of the settings]"
        ),
        "user": click.option("--user", metavar="NAME", help="The only user whose private memories it opens."),
        "repos": click.option(
            "--repo",
            "repos",
            metavar="NAME",
            multiple=True,
            help="A repository that it opens; without any, it opens all. Repeatable.",
        ),
        "expires": moment("expires", "Time of expiry. [default: never]"),
    },
    Bindings,
)


@click.group()
def key() -> None:
    """Keys for `graphmem serve`, with their permissions and scope. Only hashes are stored."""


@key.command()
@click.argument("name")
@_binding_options
@store_options
def create(*, call: Call, name: str, bindings: Bindings) -> None:
    """Create a key for NAME, the person or program that will use it. The key is shown only once."""
    _give_granted(call, ring_of(call.url).create(_draft(name, bindings)))


@key.command("list")
@store_options
def list_keys(*, call: Call) -> None:
    """List all keys, including expired and revoked keys, without their secrets."""
    keys = ring_of(call.url).keys()
    give(call, {"keys": [_public_fields(key) for key in keys]}, lambda _: _lines(keys))


@key.command()
@click.argument("key_id", metavar="ID")
@click.option(
    "--grace-days",
    type=click.FloatRange(0),
    default=_GRACE_DAYS,
    show_default=True,
    help="Days for which the old key stays valid.",
)
@store_options
def rotate(*, call: Call, key_id: str, grace_days: float) -> None:
    """Create a key with the permissions and scope of the key ID, which stays valid for a while."""
    from graphmem.opening import utc_now

    _give_granted(call, ring_of(call.url).rotate(key_id, until=utc_now() + timedelta(days=grace_days)))


@key.command()
@click.argument("key_id", metavar="ID")
@store_options
def revoke(*, call: Call, key_id: str) -> None:
    """Revoke the key ID at once, on running servers too."""
    revoked = ring_of(call.url).revoke(key_id)
    give(call, _public_fields(revoked), lambda _: [line(Span(revoked.id, Look.ID), " revoked")])


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
        permissions=tuple(map(Permission, dict.fromkeys(bindings.permissions))),
        user=bindings.user,
        repos=bindings.repos,
        created_at=utc_now(),
        expires_at=bindings.expires,
    )


def _public_fields(key: Key) -> dict[str, object]:
    """Return the fields of a key, without the hash of its secret."""
    names = ("id", "name", "tenant", "permissions", "user", "repos", "created_at", "expires_at", "revoked_at")
    return {name: getattr(key, name) for name in names}


def _give_granted(call: Call, granted: Granted) -> None:
    answer = {"key": granted.text, **_public_fields(granted.key)}
    give(call, answer, lambda _: [line(granted.text), line(dim("The key is shown only once and is not stored."))])


def _lines(keys: Sequence[Key]) -> Iterator[Block]:
    for key in keys:
        bounds = [f"tenant {key.tenant}", ", ".join(key.permissions)]
        bounds += [f"user {key.user}"] if key.user is not None else []
        bounds += [f"only {', '.join(key.repos)}"] if key.repos else []
        bounds += [f"expires {second(key.expires_at)}"] if key.expires_at is not None else []
        ended = "" if key.revoked_at is None else f"  revoked {second(key.revoked_at)}"
        yield line(Span(key.id, Look.ID), f" {key.name}", dim(f" · {' · '.join(bounds)}"), Span(ended, Look.BAD))
    if not keys:
        yield line("there is no key; graphmem key create makes one")
