"""The command that records a memory, and where its words come from."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from graphmem.cli.adding_lines import items_of, lines_of, name_of
from graphmem.cli.options import Body, Call, bundle, moment, one_of, placed, worded
from graphmem.cli.receipts import give_receipt, give_receipts
from graphmem.errors import InvalidInput
from graphmem.model import Alternative, Anchor, AnchorKind, Kind, Move, Origin, Outcome, Statement, Status
from graphmem.wire.times import read_time

if TYPE_CHECKING:
    from graphmem.answers import OnSimilar
    from graphmem.service import Write

_EDITOR_MARK = "# ---- everything from here on is left out ----"
_EDITOR_TEXT = f"\n\n{_EDITOR_MARK}\n# The first line is the title, the rest the body.\n"


def is_terminal() -> bool:
    """Whether somebody sits there to type."""
    return sys.stdin.isatty()


def words_of(text: str | None) -> str:
    """The words that are meant: as given, from standard input for `-`, or from an editor on a terminal.

    Raises:
        InvalidInput: There are none.
    """
    if text == "-":
        return sys.stdin.read()
    if text is not None:
        return text
    if not is_terminal():
        raise InvalidInput("there is no text: give it as an argument, or - to read standard input")
    edited = click.edit(_EDITOR_TEXT)
    if edited is None:
        raise InvalidInput("the editor was left without saving; nothing was written")
    return edited.split(_EDITOR_MARK)[0]


@dataclass(frozen=True, slots=True)
class Details:
    """What a statement has beside its words: fields of it to replace."""

    fields: Mapping[str, object]
    repo_anchors: tuple[Anchor, ...]


def _details(**given: object) -> Details:
    anchors = _anchors(AnchorKind.FILE, given.pop("paths")) + _anchors(AnchorKind.COMPONENT, given.pop("components"))
    chosen = _alternatives(given.pop("chosen"), Outcome.CHOSEN)
    given["alternatives"] = chosen + _alternatives(given.pop("rejected"), Outcome.REJECTED)
    given["origin"] = Origin(str(given["origin"]))
    return Details({name: value for name, value in given.items() if value not in (None, ())}, anchors)


def _anchors(kind: AnchorKind, names: object) -> tuple[Anchor, ...]:
    assert isinstance(names, tuple)  # noqa: S101 - click gives repeatable options as tuples
    return tuple(Anchor(kind, one) for one in names)


def _alternatives(texts: object, outcome: Outcome) -> tuple[Alternative, ...]:
    assert isinstance(texts, tuple)  # noqa: S101 - as above
    parts = [text.partition(":") for text in texts]
    return tuple(Alternative(name.strip(), outcome, reason.strip()) for name, _, reason in parts)


def _many(flag: str, target: str, metavar: str, description: str) -> Callable[[Body], Body]:
    return click.option(flag, target, metavar=metavar, multiple=True, help=f"{description} Repeatable.")


_DETAILS: dict[str, Callable[[Body], Body]] = {
    "body": click.option("--body", metavar="TEXT", help="The body, in place of the lines after the first."),
    "rationale": click.option("--rationale", metavar="TEXT", help="Why it was decided so."),
    "subject": click.option("--subject", metavar="KEY", help="What it settles, such as stack.database."),
    "aliases": _many("--alias", "aliases", "NAME", "Another name for it, such as ADR-0012."),
    "labels": _many("--label", "labels", "LABEL", "A label."),
    "language": click.option("--language", metavar="NAME", help="The programming language that it is about."),
    "confidence": click.option("--confidence", type=click.FloatRange(0, 1), help="How sure it is. [default: 1]"),
    "origin": click.option(
        "--origin", type=one_of(Origin), default=Origin.HUMAN.value, show_default=True, help="Where it comes from."
    ),
    "is_mandatory": click.option("--mandatory", "is_mandatory", is_flag=True, help="No narrower scope overrules it."),
    "observed_at": click.option(
        "--observed-at", type=read_time, metavar="TIME", help="When its source says that it was written down."
    ),
    "paths": _many("--path", "paths", "PATH", "A file that it is about."),
    "components": _many("--component", "components", "NAME", "A component that it is about."),
    "chosen": _many("--chosen", "chosen", "NAME[: WHY]", "The option that was chosen."),
    "rejected": _many("--rejected", "rejected", "NAME[: WHY]", "An option that was rejected."),
}


@click.command()
@click.argument("text", required=False)
@click.option(
    "--from",
    "source_path",
    metavar="FILE",
    help="Record many in one transaction: a line of JSON each, of FILE or of standard input for -.",
)
@click.option(
    "--kind", type=one_of(Kind), default=Kind.FACT.value, show_default=True, help="What sort of statement it is."
)
@moment("start", "Since when it holds. [default: now]")
@click.option("--status", type=one_of(Status), help="Its first status. [default: active]")
@click.option(
    "--on-similar",
    type=click.Choice(["keep", "skip"]),
    help="With skip, what holds in the same words but for punctuation is confirmed instead."
    " [default: keep; of lines of a file, nothing similar is looked for]",
)
@bundle("details", _DETAILS, _details)
@worded
@placed
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

    `-` reads standard input; without TEXT an editor opens. What already holds in the very same words is confirmed, and
    what resembles it is named.

    With --from, each line is a text in quotes, or an object: {"statement": {"title": "Use spaces", "kind":
    "convention"}, "supersedes": ["ADR-3", 0], "start": "2025-03-01", "scope": {"repo": "shop"}, "reason": "…"}, where a
    number is a line before it, counted from 0. All lines are recorded or none; the same lines again change nothing.
    """
    from graphmem.answers import OnSimilar

    look = None if life["on_similar"] is None else OnSimilar(str(life["on_similar"]))
    if source_path is not None:
        _refuse_beside_lines(text)
        _add_lines(call, lines_of(source_path), details, write, look)
        return
    start = life["start"]
    assert start is None or isinstance(start, datetime)  # noqa: S101 - its option gives nothing else
    from graphmem.service.wording import statement_from

    said = statement_from(words_of(text), Kind(str(life["kind"])))
    with call.open() as memory:
        done = memory.add(
            _detailed(said, details, memory.scope.repo),
            moves=_first_moves(life["status"], start),
            start=start,
            on_similar=look or OnSimilar.KEEP,
            write=write,
        )
    give_receipt(call, done, "recorded")


def _add_lines(call: Call, lines: list[str], details: Details, write: Write, look: OnSimilar | None) -> None:
    speaker = Origin(str(details.fields["origin"]))
    with call.open() as memory:
        op_id = write.op_id or name_of(lines, memory.scope)
        items = items_of(lines, memory.scope, speaker)
        done = memory.add_many(items, on_similar=look, write=replace(write, op_id=op_id, origin=speaker))
    give_receipts(call, done)


def _refuse_beside_lines(text: str | None) -> None:
    """Refuse what is said of one memory, where lines say it of each.

    Raises:
        UsageError: Something is.
    """
    context = click.get_current_context()
    of_one = {"kind", "start", "status", *_DETAILS} - {"origin"}
    flags = {str(one.name): one.opts[0] for one in context.command.params}
    given = [flags[name] for name in of_one if context.get_parameter_source(name) is not ParameterSource.DEFAULT]
    if text is not None or given:
        told = "TEXT" if text is not None else min(given)
        raise click.UsageError(f"--from takes all that from its lines: leave out {told}")


def _detailed(said: Statement, details: Details, repo: str | None) -> Statement:
    anchors = tuple(replace(one, repo=repo) if one.kind is AnchorKind.FILE else one for one in details.repo_anchors)
    return replace(said, **details.fields, anchors=anchors)  # type: ignore[arg-type]


def _first_moves(status: object, start: datetime | None) -> tuple[Move, ...]:
    """The first move of what is not simply active from its start."""
    if status is None or status == Status.ACTIVE.value:
        return ()
    if start is None:
        raise InvalidInput(f"--status {status} needs --start: since when")
    return (Move(Status(str(status)), start),)
