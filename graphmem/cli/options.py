"""Options that several commands share, each bundle made into one value of the library before the command runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import wraps
from typing import TYPE_CHECKING, TypeVar

import click

from graphmem.model import At, Kind, Origin, Status
from graphmem.wire.times import read_known_at, read_time

if TYPE_CHECKING:
    from graphmem.service import GraphMemory, Write
    from graphmem.store import Filter, Page

    #: Opens the memory at a URL for a scope and an actor; tests hand in one of their own.
    Opener = Callable[[str | None, Mapping[str, str | None]], GraphMemory]

Body = Callable[..., None]
_Choice = TypeVar("_Choice", bound=StrEnum)


def one_of(values: type[_Choice]) -> click.Choice[str]:
    """A choice among the values of an enumeration."""
    return click.Choice([one.value for one in values], case_sensitive=False)


def bundle(
    name: str, options: Mapping[str, Callable[[Body], Body]], make: Callable[..., object]
) -> Callable[[Body], Body]:
    """A decorator that adds options to a command and hands it one value made of them.

    Args:
        name: The command's parameter.
        options: Each option by the name of its value.
        make: Called with those values by name.
    """

    def decorate(body: Body) -> Body:
        @wraps(body)
        def bundled(**values: object) -> None:
            parts = {key: values.pop(key) for key in options}
            body(**values, **{name: make(**parts)})

        made: Body = bundled
        for option in reversed(list(options.values())):
            made = option(made)
        return made

    return decorate


# ---- where, and how to answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """How a command was called: where its store is, where it stands, and whether it answers for a pipe.

    Attributes:
        stands: The parts of the scope that were given; None is the wider level.
    """

    as_json: bool
    url: str | None = None
    stands: Mapping[str, str | None] = field(default_factory=dict)
    opener: Opener

    def open(self, url: str | None = None) -> GraphMemory:
        """The memory that is meant, to be closed by the caller; or another one, for the same scope."""
        return self.opener(url or self.url, self.stands)


def open_here(url: str | None, stands: Mapping[str, str | None]) -> GraphMemory:
    """The opener outside of tests."""
    from graphmem.config import load_settings
    from graphmem.opening import open_memory

    scope = load_settings().scope()
    return open_memory(url, scope=replace(scope, **stands))  # type: ignore[arg-type]


def _call(*, as_json: bool, url: str | None, **scope: str | None) -> Call:
    opener = click.get_current_context().obj or open_here
    stands = {name: value or None for name, value in scope.items() if value is not None}
    return Call(as_json=as_json, url=url, stands=stands, opener=opener)


_JSON = click.option("--json", "as_json", is_flag=True, help="Answer as one JSON document.")
_WHERE: dict[str, Callable[[Body], Body]] = {
    "url": click.option("--url", metavar="URL", help="The store: a path or sqlite:///path. [default: found upward]"),
    "tenant": click.option("--tenant", metavar="NAME", help="Whose memories."),
    "repo": click.option("--repo", metavar="NAME", help="Repository to stand in; '' for none."),
    "user": click.option("--user", metavar="NAME", help="Person whose private memories count too; '' for none."),
    "branch": click.option("--branch", metavar="NAME", help="Branch to stand on; '' for the main line."),
    "environment": click.option("--environment", metavar="NAME", help="Such as production; '' for none."),
}

#: `call: Call`, for commands that need no store.
answered = bundle("call", {"as_json": _JSON}, lambda **given: _call(url=None, **given))
#: `call: Call`, for commands about the store as a whole, from wherever it is seen.
located = bundle("call", {"url": _WHERE["url"], "as_json": _JSON}, _call)
#: `call: Call`, for commands about a tenant of a store.
owned = bundle("call", {"url": _WHERE["url"], "tenant": _WHERE["tenant"], "as_json": _JSON}, _call)
#: `call: Call`, for all others.
placed = bundle("call", {**_WHERE, "as_json": _JSON}, _call)


# ---- points in time

_AT: dict[str, Callable[[Body], Body]] = {
    "as_of": click.option("--as-of", type=read_time, metavar="TIME", help="What held at this time. [default: now]"),
    "known_at": click.option(
        "--known-at",
        type=read_known_at,
        metavar="TIME|POSITION",
        help="What was known at this time or ledger position. [default: latest]",
    ),
}

#: `at: At`.
pointed = bundle("at", _AT, At)


# ---- filters and pages


def _filter(*, kinds: tuple[str, ...], statuses: tuple[str, ...], origins: tuple[str, ...], **rest: object) -> Filter:
    from graphmem.store import Filter

    return replace(
        Filter(**rest),  # type: ignore[arg-type]
        kinds=tuple(map(Kind, kinds)),
        statuses=tuple(map(Status, statuses)),
        origins=tuple(map(Origin, origins)),
    )


_FILTER: dict[str, Callable[[Body], Body]] = {
    "kinds": click.option("--kind", "kinds", type=one_of(Kind), multiple=True, help="Only this kind. Repeatable."),
    "labels": click.option(
        "--label", "labels", metavar="LABEL", multiple=True, help="Only with this label. Repeatable."
    ),
    "paths": click.option(
        "--path", "paths", metavar="PATH", multiple=True, help="Only about this file, folder/ or glob. Repeatable."
    ),
    "components": click.option(
        "--component", "components", metavar="NAME", multiple=True, help="Only about this component. Repeatable."
    ),
    "languages": click.option(
        "--language", "languages", metavar="NAME", multiple=True, help="Only of this language. Repeatable."
    ),
    "subjects": click.option(
        "--subject", "subjects", metavar="KEY", multiple=True, help="Only of this subject. Repeatable."
    ),
    "statuses": click.option(
        "--status", "statuses", type=one_of(Status), multiple=True, help="Only in this status of its own. Repeatable."
    ),
    "origins": click.option(
        "--origin", "origins", type=one_of(Origin), multiple=True, help="Only of this origin. Repeatable."
    ),
    "min_confidence": click.option(
        "--min-confidence", type=click.FloatRange(0, 1), default=0.0, help="Only stated with at least this confidence."
    ),
    "include_history": click.option("--history", "include_history", is_flag=True, help="Also what does not hold."),
}

#: `where: Filter`.
filtered = bundle("where", _FILTER, _filter)


def paged(limit: int) -> Callable[[Body], Body]:
    """`page: Page`, of so many answers unless the caller says otherwise."""

    def make(*, limit: int, cursor: str | None) -> Page:
        from graphmem.store import Page

        return Page(limit, cursor)

    options: dict[str, Callable[[Body], Body]] = {
        "limit": click.option(
            "--limit", type=click.IntRange(1), default=limit, show_default=True, help="At most so many answers."
        ),
        "cursor": click.option("--cursor", metavar="CURSOR", help="Go on after the answers that ended with this."),
    }
    return bundle("page", options, make)


# ---- writing


def _write(origin: str | None = None, **given: str | int | None) -> Write:
    from graphmem.service import Write

    return Write(origin=None if origin is None else Origin(origin), **given)  # type: ignore[arg-type]


_WRITE: dict[str, Callable[[Body], Body]] = {
    "actor": click.option("--actor", metavar="NAME", help="Who says so. [default: the login name]"),
    "source": click.option("--source", metavar="TEXT", help="Where it was read: a commit, a pull request, a page."),
    "reason": click.option("--reason", metavar="TEXT", help="Why, in a sentence."),
    "op_id": click.option("--op-id", metavar="ID", help="Names this write: sending it again changes nothing."),
    "seen": click.option(
        "--seen",
        type=click.IntRange(0),
        metavar="POSITION",
        help="Refuse if what is named changed after this ledger position.",
    ),
}

_SPEAKER = click.option(
    "--origin",
    "origin",
    type=one_of(Origin),
    help="Whose word it is; what that is not trusted enough to change is only proposed. [default: human]",
)

#: `write: Write`.
written = bundle("write", {**_WRITE, "origin": _SPEAKER}, _write)
#: `write: Write`, for commands that ask for the origin of the words themselves.
worded = bundle("write", _WRITE, _write)
#: `write: Write`, for what is many writes, each known by its source.
signed = bundle("write", {name: _WRITE[name] for name in ("actor", "source", "reason")}, _write)


def moment(name: str, description: str) -> Callable[[Body], Body]:
    """One time of the world."""
    return click.option(f"--{name}", type=read_time, metavar="TIME", help=description)
