"""The reference of the Python library, made from docstrings and annotations, as Markdown."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import graphmem
from graphmem import analysis, answers
from graphmem.errors import GraphMemError
from graphmem.model import Change, Memory, Point
from graphmem.retrieval import briefs
from graphmem.service import GraphMemory, IngestReport
from graphmem.store import Finding, StoreInfo
from graphmem.verbs import VERBS
from graphmem.wire import envelopes
from graphmem.wire.docstrings import descriptions

_SECTION = re.compile(r"^(Args|Attributes|Returns|Yields|Raises|Source):$", re.MULTILINE)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def python_section() -> str:
    """The door, the values, the answers, and the functions of `graphmem.analysis`."""
    exported = [(name, getattr(graphmem, name)) for name in graphmem.__all__ if name not in {"open", "GraphMemory"}]
    values = [(name, member) for name, member in exported if not _is_error(member)]
    return "\n\n".join(
        [
            "## The door",
            *_function("graphmem.open", graphmem.open, 3),
            *_memory(),
            "## Values",
            *(part for _, value in values for part in _class(value)),
            "## Answers",
            *(part for member in _answers() for part in _class(member)),
            "## graphmem.analysis",
            *(part for name in analysis.__all__ for part in _analysis(name)),
        ]
    )


def _is_error(member: object) -> bool:
    return isinstance(member, type) and issubclass(member, GraphMemError)


def _answers() -> Iterator[type]:
    """The classes of answers, those that surfaces put around them, and what these hold."""
    for module in (answers, envelopes, briefs):
        for member in vars(module).values():
            is_own = isinstance(member, type) and member.__module__ == module.__name__
            if (
                is_own
                and (is_dataclass(member) or issubclass(member, StrEnum))
                and member.__name__ not in graphmem.__all__
            ):
                yield member
    yield from (Change, Memory, Point, Finding, StoreInfo, IngestReport)


def _memory() -> Iterator[str]:
    """The class with the verbs: those are described with the other surfaces, the rest here."""
    yield "### GraphMemory"
    yield prose_of(GraphMemory)
    links = ", ".join(f"[{name}](verbs.md#{name})" for name in VERBS)
    yield f"Verbs: {links}."
    for name, method in inspect.getmembers(GraphMemory, callable):
        if not name.startswith("_") and name not in VERBS:
            yield from _function(f"memory.{name}", method, 4)


def _analysis(name: str) -> Iterator[str]:
    member = getattr(analysis, name)
    if isinstance(member, type):
        yield from _class(member)
    elif callable(member):
        yield from _function(name, member, 3)


def _class(member: object) -> Iterator[str]:
    if not isinstance(member, type):
        return
    yield f"### {member.__name__}"
    yield prose_of(member)
    if issubclass(member, StrEnum):
        yield "Values: " + ", ".join(f"`{value.value}`" for value in member) + "."
    elif is_dataclass(member):
        yield attributes(member)


def prose_of(described: object) -> str:
    """The docstring of a class, without its attributes."""
    return _prose(inspect.getdoc(described) or "")


def attributes(kind: type) -> str:
    """The fields of a dataclass as a table."""
    texts, hints = descriptions(kind.__doc__, "Attributes"), get_type_hints(kind, include_extras=True)
    rows = [
        [f"`{spec.name}`", type_text(hints[spec.name]), _default(spec), texts.get(spec.name, "")]
        for spec in fields(kind)
    ]
    return table(["Field", "Type", "Default", "Meaning"], rows)


def _default(spec: Field[Any]) -> str:
    if spec.default is MISSING:
        return "" if spec.default_factory is MISSING else "empty"
    return "" if spec.default is None or spec.default == () else f"`{spec.default!s}`" if spec.default != "" else ""


def _function(name: str, member: Any, level: int) -> Iterator[str]:  # noqa: ANN401 - any callable
    """A heading, the signature and the docstring of a function."""
    yield f"{'#' * level} {name}"
    yield f"```py\n{name}{signature_text(member)}\n```"
    doc = inspect.getdoc(member) or ""
    yield _prose(doc)
    arguments = descriptions(member.__doc__, "Args")
    if arguments:
        yield "\n".join(f"- `{key}`: {text}" for key, text in arguments.items())
    for section in ("Returns", "Raises"):
        text = _section(doc, section)
        if text:
            yield f"{section}: {text}"


def signature_text(function: Any) -> str:  # noqa: ANN401 - any callable
    """The parameters of a function with their defaults, without types and without `self`."""
    given = [each for each in inspect.signature(function).parameters.values() if each.name != "self"]
    plain = [each.replace(annotation=inspect.Parameter.empty) for each in given]
    shown = (each if each.default is each.empty else each.replace(default=_Shown(each.default)) for each in plain)
    return str(inspect.Signature(list(shown)))


class _Shown:
    """A default whose representation is its text."""

    def __init__(self, value: object) -> None:
        self._value = value

    def __repr__(self) -> str:
        return default_text(self._value)


def default_text(value: object) -> str:
    """A default as a reader of a signature types it."""
    if isinstance(value, StrEnum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, tuple):
        return f"({', '.join(map(default_text, value))}{',' if len(value) == 1 else ''})"
    return getattr(value, "__name__", repr(value)) if callable(value) else repr(value)


def _prose(doc: str) -> str:
    """The docstring up to its first section."""
    return _SECTION.split(doc)[0].strip()


def _section(doc: str, name: str) -> str:
    """One section of a docstring in one line; empty if there is none."""
    parts = _SECTION.split(doc)
    told = dict(zip(parts[1::2], parts[2::2], strict=True))
    return " ".join(told.get(name, "").split())


# ---- types


def type_text(annotation: Any) -> str:  # noqa: ANN401 - a type
    """A type in words: alternatives with `or`, none left out, values of an enumeration listed."""
    if isinstance(annotation, str):
        return f"`{annotation}`".replace(" | None", "").replace(" | ", "` or `")
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return type_text(inner[0])
    if origin in {Union, UnionType}:
        return " or ".join(dict.fromkeys(type_text(member) for member in inner if member is not NoneType))
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in inner)
    if origin in {tuple, list, Sequence, Iterable, Iterator, frozenset, set}:
        return "list of " + " and ".join(type_text(member) for member in inner if member is not ...)
    if origin in {dict, Mapping}:
        return f"map of {type_text(inner[0])} to {type_text(inner[1])}"
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return ", ".join(f"`{member.value}`" for member in annotation)
    return f"`{getattr(annotation, '__name__', annotation)}`"


def type_link(annotation: Any) -> str:  # noqa: ANN401 - a type
    """A type in words, as a link if the reference describes it."""
    if isinstance(annotation, type) and annotation in set(_answers()):
        name = annotation.__name__
        return f"[`{name}`](python.md#{name.lower()})"
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin in {list, tuple} and inner:
        return f"list of {type_link(inner[0])}"
    return type_text(annotation)
