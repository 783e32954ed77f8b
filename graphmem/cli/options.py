"""Options that several commands share; each bundle of options becomes a single value of the library."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from graphmem.deferred_dataclass import dataclass, field, replace
from graphmem.model import At, Kind, Origin, Scope, Status
from graphmem.wire.times import read_as_of, read_known_at, read_time

if TYPE_CHECKING:
    from graphmem.service import GraphMemory, Write
    from graphmem.service.history_memory import HistoryMemory
    from graphmem.store import Filter, Page

    #: Opens the memory at a URL for parts of a scope; tests pass their own.
    Opener = Callable[[str | None, Mapping[str, str | None]], GraphMemory]

Body = Callable[..., None]
_Choice = TypeVar("_Choice", bound=StrEnum)


def choice_of(values: type[_Choice]) -> click.Choice[str]:
    """Return a choice among the values of an enumeration."""
    return click.Choice([value.value for value in values], case_sensitive=False)


def bundle(
    name: str, options: Mapping[str, Callable[[Body], Body]], make: Callable[..., object]
) -> Callable[[Body], Body]:
    """Return a decorator that adds options to a command and passes it a single value made of them.

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

        command: Body = bundled
        for option in reversed(list(options.values())):
            command = option(command)
        return command

    return decorate


# ---- store, scope and output


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """The common options of a command: the store, the scope, and the form of the answer.

    Attributes:
        scope_parts: The parts of the scope in the options; None replaces a configured part by the wider level.
    """

    as_json: bool
    url: str | None = None
    scope_parts: Mapping[str, str | None] = field(default_factory=dict)
    opener: Opener

    def open(self, url: str | None = None, *, starts_work: bool = True) -> GraphMemory:
        """Return the store's memory, or the memory at another URL in the same scope; the caller closes it.

        Args:
            url: Another store.
            starts_work: Also start the work on events that git hooks noted in the repository around the working
                directory, and on the transcripts that hooks of agents queued there, in processes of their own, each at
                most once a minute.
        """
        memory = self.opener(url or self.url, self.scope_parts)
        if starts_work and self.opener is default_opener:
            _start_hook_work(Path.cwd())
        return memory

    def open_history(self) -> GraphMemory | HistoryMemory:
        """Return the store's memory for readings of a history, with few imports; the caller closes it."""
        if self.opener is not default_opener:
            return self.opener(self.url, self.scope_parts)
        from graphmem.opening import open_history

        memory = open_history(self.url, scope=_configured_scope(self.scope_parts))
        _start_hook_work(Path.cwd())
        return memory


def _start_hook_work(folder: Path) -> None:
    """Start the work on noted events and queued transcripts; checks a path, and a path in each parent folder."""
    from graphmem.hosts.hook.capture_queue import QUEUE
    from graphmem.user_state.state_folder import state_path

    if Path(state_path(*QUEUE)).exists():
        from graphmem.hosts.transcript_work import work_if_due as capture_if_due

        capture_if_due(folder)
    for parent in (folder, *folder.parents):
        git = parent / ".git"
        if (git / "graphmem" / "queue").exists() or git.is_file():
            from graphmem.githooks.background import work_if_due

            work_if_due(parent)
        if git.exists():
            return


def default_opener(url: str | None, scope_parts: Mapping[str, str | None]) -> GraphMemory:
    """Open the memory at a URL in the configured scope, with some parts replaced."""
    from graphmem.opening import open_memory

    return open_memory(url, scope=_configured_scope(scope_parts))


def _configured_scope(scope_parts: Mapping[str, str | None]) -> Scope:
    from graphmem.config import load_settings

    return replace(load_settings().scope(), **scope_parts)  # type: ignore[arg-type]


def _call(*, as_json: bool, url: str | None, **scope: str | None) -> Call:
    opener = click.get_current_context().obj or default_opener
    scope_parts = {name: value or None for name, value in scope.items() if value is not None}
    return Call(as_json=as_json, url=url, scope_parts=scope_parts, opener=opener)


_JSON = click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")
_WHERE: dict[str, Callable[[Body], Body]] = {
    "url": click.option(
        "--url",
        metavar="URL",
        help="The store: a path or sqlite:///path. [default: .graphmem/ here or in a parent folder]",
    ),
    "tenant": click.option("--tenant", metavar="NAME", help="Tenant."),
    "repo": click.option("--repo", metavar="NAME", help="Repository; '' for none."),
    "user": click.option("--user", metavar="NAME", help="User whose private memories are included; '' for none."),
    "branch": click.option(
        "--branch", metavar="NAME", help="Branch; NAME:SEQ for an earlier branch of the name; '' for the main line."
    ),
    "environment": click.option(
        "--environment", metavar="NAME", help="Environment, for example production; '' for none."
    ),
}

#: `call: Call`, for commands without a store.
output_options = bundle("call", {"as_json": _JSON}, lambda **values: _call(url=None, **values))
#: `call: Call`, for commands on a whole store.
store_options = bundle("call", {"url": _WHERE["url"], "as_json": _JSON}, _call)
#: `call: Call`, for commands on a tenant.
tenant_options = bundle("call", {"url": _WHERE["url"], "tenant": _WHERE["tenant"], "as_json": _JSON}, _call)
#: `call: Call`, for commands in a scope.
scope_options = bundle("call", {**_WHERE, "as_json": _JSON}, _call)


# ---- points in time

_AT: dict[str, Callable[[Body], Body]] = {
    "as_of": click.option(
        "--as-of",
        type=read_as_of,
        metavar="TIME|COMMIT",
        help="Memories in force at this time, commit, tag or branch. [default: now]",
    ),
    "known_at": click.option(
        "--known-at",
        type=read_known_at,
        metavar="TIME|POSITION|COMMIT",
        help="As recorded at this time or ledger position, or once this commit was read. [default: latest]",
    ),
}

#: `at: At`.
point_options = bundle("at", _AT, At)


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
    "kinds": click.option("--kind", "kinds", type=choice_of(Kind), multiple=True, help="Only this kind. Repeatable."),
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
        "--status", "statuses", type=choice_of(Status), multiple=True, help="Only with this status. Repeatable."
    ),
    "origins": click.option(
        "--origin", "origins", type=choice_of(Origin), multiple=True, help="Only of this origin. Repeatable."
    ),
    "min_confidence": click.option(
        "--min-confidence", type=click.FloatRange(0, 1), default=0.0, help="Only stated with at least this confidence."
    ),
    "include_history": click.option(
        "--history", "include_history", is_flag=True, help="Include memories that are not in force."
    ),
}

#: `where: Filter`.
filter_options = bundle("where", _FILTER, _filter)


def page_options(limit: int) -> Callable[[Body], Body]:
    """Return the decorator for `page: Page`, with a default limit."""

    def make(*, limit: int, cursor: str | None) -> Page:
        from graphmem.store import Page

        return Page(limit, cursor)

    options: dict[str, Callable[[Body], Body]] = {
        "limit": click.option(
            "--limit", type=click.IntRange(1), default=limit, show_default=True, help="Largest number of answers."
        ),
        "cursor": click.option("--cursor", metavar="CURSOR", help="The cursor of the previous page."),
    }
    return bundle("page", options, make)


# ---- writing


def _write(origin: str | None = None, **values: str | int | None) -> Write:
    from graphmem.service import Write

    return Write(origin=None if origin is None else Origin(origin), **values)  # type: ignore[arg-type]


_WRITE: dict[str, Callable[[Body], Body]] = {
    "actor": click.option("--actor", metavar="NAME", help="Person or program that writes. [default: the login name]"),
    "source": click.option("--source", metavar="TEXT", help="Source: a commit, a pull request, a page."),
    "reason": click.option("--reason", metavar="TEXT", help="Reason, in a sentence."),
    "op_id": click.option("--op-id", metavar="ID", help="Identifier of this write: sent again, it changes nothing."),
    "seen": click.option(
        "--seen",
        type=click.IntRange(0),
        metavar="POSITION",
        help="Refuse if the memory changed after this ledger position.",
    ),
}

_ORIGIN = click.option(
    "--origin",
    "origin",
    type=choice_of(Origin),
    help="Origin; a change that needs a more trusted origin is only proposed. [default: human]",
)

#: `write: Write`.
write_options = bundle("write", {**_WRITE, "origin": _ORIGIN}, _write)
#: `write: Write`, for commands with their own --origin.
write_options_without_origin = bundle("write", _WRITE, _write)
#: `write: Write`, for commands that make many writes, each with an origin and op_id of its own.
provenance_options = bundle("write", {name: _WRITE[name] for name in ("actor", "source", "reason")}, _write)


def moment(name: str, description: str) -> Callable[[Body], Body]:
    """Return an option for a valid time."""
    return click.option(f"--{name}", type=read_time, metavar="TIME", help=description)
