"""The command of a verb, made from its contract. Commands with more parameters than their verb are written by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin

import click

from graphmem.cli.options import (
    Call,
    choice_of,
    filter_options,
    page_options,
    point_options,
    scope_options,
    write_options,
)
from graphmem.cli.output import give
from graphmem.cli.receipts import give_receipt
from graphmem.cli.verb_pages import PAGES, Result, json_page
from graphmem.parameters import Number, Text
from graphmem.wire.contracts import Contract, Parameter, Role, contract, first_member
from graphmem.wire.times import read_time

if TYPE_CHECKING:
    from graphmem.cli.options import Body

#: Positional parameters in their order, if they are not the required parameters in the method's order.
_POSITIONS: Mapping[str, tuple[str, ...]] = {
    "link": ("source", "kind", "target"),
    "timeline": ("subject",),
    "hand_over": ("key",),
}
#: Options whose name differs from the parameter's, which is no word of Python or names several values.
_FLAGS: Mapping[str, str] = {"lasting": "for", "paths": "path"}
#: The receipt of a write, formatted with the values of its parameters.
_RECEIPTS: Mapping[str, str] = {
    "transition": "is {status}",
    "end": "ended",
    "retract": "retracted",
    "revoke": "change {change} revoked",
    "confirm": "confirmed",
    "feedback": "noted as {opinion}",
    "link": "linked ({kind})",
    "allow": "recorded as an exception",
    "review": "{verdict}ed in review",
    "settle": "conflict {conflict} settled",
    "claim": "claimed",
    "renew": "renewed",
    "release": "released",
    "hand_over": "handed over to {to}",
    "open_branch": "branch {name} opened",
    "merge_branch": "branch {name} merged",
    "abandon_branch": "branch {name} abandoned",
    "link_repository": "readers of {new} read what is recorded for {old}",
}


def verb_command(name: str) -> click.Command:
    """Return the command of a verb."""
    agreed = contract(name)
    positions = _positions(agreed)

    def run(*, call: Call, **options: Any) -> None:  # noqa: ANN401 - checked by click
        values = {parameter.name: _value(parameter, options[_slot(parameter)]) for parameter in _own(agreed)}
        values |= {key: options[key] for key in ("at", "where", "page", "write") if key in options}
        with call.open() as memory:
            answer = getattr(memory, name)(**values)
            if agreed.verb.is_write:
                give_receipt(call, answer, _RECEIPTS.get(name, "done").format(**values))
                return
            result = Result(memory, answer, values, as_json=call.as_json)
            document = agreed.enveloped(answer)
            page = PAGES[name](result) if name in PAGES else json_page(document)
        give(call, document, page)

    body: Body = run
    for decorate in reversed([*_shared(agreed), scope_options]):
        body = decorate(body)
    for parameter in reversed(_own(agreed)):
        body = _parameter(parameter, positions)(body)
    words = agreed.verb.words.split()[-1]
    return click.command(words, help=agreed.doc, epilog=f"Example: graphmem {agreed.verb.example}")(body)


def _own(agreed: Contract) -> list[Parameter]:
    """Return the parameters with an argument or option of their own, positional parameters first."""
    own = list(agreed.of(Role.PATH, Role.BODY, Role.QUERY))
    order = _positions(agreed)
    return sorted(own, key=lambda parameter: order.index(parameter.name) if parameter.name in order else len(order))


def _positions(agreed: Contract) -> tuple[str, ...]:
    required = tuple(
        parameter.name for parameter in agreed.of(Role.PATH, Role.BODY, Role.QUERY) if parameter.is_required
    )
    return _POSITIONS.get(agreed.verb.name, required)


def _shared(agreed: Contract) -> Iterator[Callable[[Body], Body]]:
    """Yield the decorators of shared options that the verb needs."""
    if agreed.of(Role.FILTER):
        yield filter_options
    if agreed.of(Role.PAGE):
        yield page_options(agreed.verb.page_limit)
    if agreed.of(Role.POINT):
        yield point_options
    if agreed.of(Role.WRITER):
        yield write_options


def _parameter(parameter: Parameter, positions: tuple[str, ...]) -> Callable[[Body], Body]:
    """Return the decorator for the argument or option of a parameter."""
    kind, limits = _kind(parameter.annotation), parameter.limits
    metavar = (limits.metavar if limits is not None else "") or None
    if parameter.name in positions:
        shown = metavar or parameter.name.upper()
        is_choice = isinstance(kind, click.Choice)
        label = None if is_choice else shown if parameter.is_required else f"[{shown}]"
        return click.argument(_slot(parameter), type=kind, metavar=label, required=parameter.is_required)
    flag = f"--{_FLAGS.get(parameter.name, parameter.name).replace('_', '-')}"
    if get_origin(parameter.annotation) is Sequence:
        (kind,) = get_args(parameter.annotation)
        text = f"{_help(parameter, kind).removesuffix('.')}. Repeatable."
        return click.option(flag, _slot(parameter), metavar=_metavar(kind), multiple=True, help=text)
    if kind is click.BOOL:
        return click.option(flag, _slot(parameter), is_flag=True, help=parameter.description)
    is_enum = isinstance(parameter.default, StrEnum)
    return click.option(
        flag,
        _slot(parameter),
        type=kind,
        metavar="TIME" if kind is read_time else metavar,
        default=None if parameter.is_required else parameter.default.value if is_enum else parameter.default,
        show_default=is_enum or isinstance(kind, click.IntRange),
        required=parameter.is_required,
        help=_help(parameter, kind),
    )


def _metavar(kind: Any) -> str | None:  # noqa: ANN401 - a type with limits
    limits = next(iter(get_args(kind)[1:]), None)
    return limits.metavar if isinstance(limits, Text) else None


def _slot(parameter: Parameter) -> str:
    """Return click's name for a value; the prefix avoids shared options of the same name, for example `source`."""
    return f"verb_{parameter.name}"


def _help(parameter: Parameter, kind: object) -> str:
    if parameter.description:
        return f"{parameter.description[0].upper()}{parameter.description[1:]}"
    return "A valid time. [default: now]" if kind is read_time else ""


def _kind(annotation: Any) -> Any:  # noqa: ANN401 - a type for click
    """Return click's type for a parameter's type."""
    annotation = first_member(annotation)
    if get_origin(annotation) is Annotated:
        base, limits, *_ = get_args(annotation)
        if isinstance(limits, Number) and base is int:
            return click.IntRange(limits.least, limits.most)
        if isinstance(limits, Number):
            return click.FloatRange(limits.least, limits.most)
        return base
    if annotation is datetime:
        return read_time
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return choice_of(annotation)
    return click.BOOL if annotation is bool else annotation


def _value(parameter: Parameter, value: object) -> object:
    """Return the library's value for a value of click."""
    kind = first_member(parameter.annotation)
    is_enum = isinstance(kind, type) and issubclass(kind, StrEnum)
    return kind(value) if is_enum and isinstance(value, str) else value
