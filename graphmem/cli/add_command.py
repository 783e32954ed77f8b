"""The command that records a memory, and the sources of its text."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from graphmem.cli.json_lines import items_of, lines_of, name_of
from graphmem.cli.option_groups import CommandWithOptions, options_given
from graphmem.cli.options import Body, Call, bundle, choice_of, moment, scope_options, write_options_without_origin
from graphmem.cli.receipts import give_receipt, give_receipts
from graphmem.deferred_dataclass import dataclass
from graphmem.errors import InvalidInput
from graphmem.model import Anchor, AnchorKind, Kind, Move, Origin, Statement, Status
from graphmem.wire.times import read_time

if TYPE_CHECKING:
    from graphmem.answers import OnSimilar
    from graphmem.service import Write

_IN_REPOSITORY = frozenset({AnchorKind.FILE, AnchorKind.SYMBOL})
_EDITOR_MARK = "# ---- everything from here on is ignored ----"
_EDITOR_TEXT = f"\n\n{_EDITOR_MARK}\n# The first line is the title, the rest the body.\n"


def is_terminal() -> bool:
    """Return True if standard input is a terminal."""
    return sys.stdin.isatty()


def text_of(text: str | None) -> str:
    """Return the text of an argument, of standard input for `-`, or of an editor if there is no argument.

    Raises:
        InvalidInput: There is no argument and no terminal, or the editor was left without saving.
    """
    if text == "-":
        return sys.stdin.read()
    if text is not None:
        return text
    if not is_terminal():
        raise InvalidInput("there is no text: give it as an argument, or - to read standard input")
    edited = click.edit(_EDITOR_TEXT)
    if edited is None:
        raise InvalidInput("the editor was closed without saving; nothing was written")
    return edited.split(_EDITOR_MARK)[0]


@dataclass(frozen=True, slots=True)
class Details:
    """The options of a statement, except its text: fields to set, and anchors in the repository."""

    fields: Mapping[str, object]
    repo_anchors: tuple[Anchor, ...]


def _details(**values: object) -> Details:
    kinds = {"paths": AnchorKind.FILE, "symbols": AnchorKind.SYMBOL, "components": AnchorKind.COMPONENT}
    anchors = tuple(anchor for name, kind in kinds.items() for anchor in _anchors(kind, values.pop(name)))
    values["alternatives"] = options_given()
    for name in ("chosen", "rejected", "keys"):
        del values[name]
    values["origin"] = Origin(str(values["origin"]))
    return Details({name: value for name, value in values.items() if value not in (None, ())}, anchors)


def _anchors(kind: AnchorKind, names: object) -> tuple[Anchor, ...]:
    assert isinstance(names, tuple)  # noqa: S101 - click gives repeatable options as tuples
    return tuple(Anchor(kind, name) for name in names)


def _many(flag: str, target: str, metavar: str, description: str) -> Callable[[Body], Body]:
    return click.option(flag, target, metavar=metavar, multiple=True, help=f"{description} Repeatable.")


_DETAILS: dict[str, Callable[[Body], Body]] = {
    "body": click.option("--body", metavar="TEXT", help="The body, instead of the lines after the first."),
    "rationale": click.option("--rationale", metavar="TEXT", help="Reason for the decision."),
    "subject": click.option("--subject", metavar="KEY", help="Topic that it decides, for example stack.database."),
    "aliases": _many("--alias", "aliases", "NAME", "Another name for it, for example ADR-0012."),
    "labels": _many("--label", "labels", "LABEL", "A label."),
    "language": click.option("--language", metavar="NAME", help="The programming language that it concerns."),
    "confidence": click.option(
        "--confidence", type=click.FloatRange(0, 1), help="Confidence, from 0 to 1. [default: 1]"
    ),
    "origin": click.option(
        "--origin",
        type=choice_of(Origin),
        default=Origin.HUMAN.value,
        show_default=True,
        help="Origin of the statement.",
    ),
    "is_mandatory": click.option(
        "--mandatory", "is_mandatory", is_flag=True, help="Narrower scopes cannot overrule it."
    ),
    "observed_at": click.option(
        "--observed-at", type=read_time, metavar="TIME", help="Date of the statement in its source."
    ),
    "paths": _many("--path", "paths", "PATH", "A file that it concerns."),
    "symbols": _many("--symbol", "symbols", "PATH#NAME", "A function, class or constant that it concerns."),
    "components": _many("--component", "components", "NAME", "A component that it concerns."),
    "chosen": _many("--chosen", "chosen", "NAME[: WHY]", "The option that was chosen."),
    "rejected": _many(
        "--rejected",
        "rejected",
        "NAME[: WHY]",
        "An option that was rejected; --key and --reason behind it are its own.",
    ),
    "keys": _many(
        "--key",
        "keys",
        "KEY",
        "What shows the use of the option before it: pkg:pypi/pytz.",
    ),
}


@click.command(cls=CommandWithOptions)
@click.argument("text", required=False)
@click.option(
    "--from",
    "source_path",
    metavar="FILE",
    help="Record several in one transaction: one JSON line each, from FILE or, for -, standard input.",
)
@click.option("--kind", type=choice_of(Kind), default=Kind.FACT.value, show_default=True, help="Kind of statement.")
@moment("start", "In force from. [default: now]")
@click.option("--status", type=choice_of(Status), help="First status. [default: active]")
@click.option(
    "--on-similar",
    type=click.Choice(["keep", "skip"]),
    help="skip: if a memory in force has the same text apart from punctuation, confirm it instead."
    " [default: keep; with --from, no search for similar memories]",
)
@bundle("details", _DETAILS, _details)
@write_options_without_origin
@scope_options
def add(
    *,
    call: Call,
    text: str | None,
    source_path: str | None,
    details: Details,
    write: Write,
    **life: str | datetime | None,
) -> None:
    """Record TEXT: its first line is the title, the rest the body.

    `-` reads standard input; without TEXT an editor opens. If a memory in force has exactly this text, it is confirmed
    instead. Similar memories are listed.

    --key and --reason behind --rejected or --chosen belong to that option: --rejected pytz --key pkg:pypi/pytz
    --reason "zoneinfo is enough". Keys are package URLs (pkg:pypi/…, npm, golang, cargo, maven, gem),
    import:LANGUAGE:NAME, symbol:NAME, path:GLOB and command:WORDS.

    With --from, each line is a JSON string or an object: {"statement": {"title": "Use spaces", "kind":
    "convention"}, "supersedes": ["ADR-3", 0], "start": "2025-03-01", "scope": {"repo": "shop"}, "reason": "…"}, where a
    number is an earlier line, counted from 0. Either all lines are recorded or none. The same lines again change
    nothing.
    """
    from graphmem.answers import OnSimilar

    on_similar = None if life["on_similar"] is None else OnSimilar(str(life["on_similar"]))
    if source_path is not None:
        _refuse_with_lines(text)
        _add_lines(call, lines_of(source_path), details, write, on_similar)
        return
    start = life["start"]
    assert start is None or isinstance(start, datetime)  # noqa: S101 - its option gives nothing else
    from graphmem.service.statements import statement_from

    statement = statement_from(text_of(text), Kind(str(life["kind"])))
    with call.open() as memory:
        written = memory.add(
            _detailed(statement, details, memory.scope.repo),
            moves=_first_moves(life["status"], start),
            start=start,
            on_similar=on_similar or OnSimilar.KEEP,
            write=write,
        )
    give_receipt(call, written, "recorded")


def _add_lines(call: Call, lines: list[str], details: Details, write: Write, look: OnSimilar | None) -> None:
    speaker = Origin(str(details.fields["origin"]))
    with call.open() as memory:
        op_id = write.op_id or name_of(lines, memory.scope)
        items = items_of(lines, memory.scope, speaker)
        done = memory.add_many(items, on_similar=look, write=replace(write, op_id=op_id, origin=speaker))
    give_receipts(call, done)


def _refuse_with_lines(text: str | None) -> None:
    """Refuse options of a single memory together with --from; its lines set them.

    Raises:
        UsageError: An option of a single memory is set.
    """
    context = click.get_current_context()
    names = {"kind", "start", "status", *_DETAILS} - {"origin"}
    flags = {str(option.name): option.opts[0] for option in context.command.params}
    used = [flags[name] for name in names if context.get_parameter_source(name) is not ParameterSource.DEFAULT]
    if text is not None or used:
        refused = "TEXT" if text is not None else min(used)
        raise click.UsageError(f"leave out {refused}: the lines of --from set it")


def _detailed(statement: Statement, details: Details, repo: str | None) -> Statement:
    anchors = tuple(
        replace(anchor, repo=repo) if anchor.kind in _IN_REPOSITORY else anchor for anchor in details.repo_anchors
    )
    return replace(statement, **details.fields, anchors=anchors)  # type: ignore[arg-type]


def _first_moves(status: object, start: datetime | None) -> tuple[Move, ...]:
    """Return the first status change of a memory that is not active from its start."""
    if status is None or status == Status.ACTIVE.value:
        return ()
    if start is None:
        raise InvalidInput(f"--status {status} needs --start, the time from which the status applies")
    return (Move(Status(str(status)), start),)
