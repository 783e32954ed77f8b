"""The reference of verbs, made from the table in `graphmem.verbs` and the contracts of `graphmem.wire.contracts`."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from graphmem.model import At, Scope
from graphmem.parameters import MAX_POSITION, Number, Text
from graphmem.service import GraphMemory, Write
from graphmem.store import Filter, Page
from graphmem.verbs import VERBS, Section, Verb
from graphmem.wire.contracts import Contract, Parameter, Role, contract
from graphmem.wire.docstrings import descriptions
from tools.reference_python import attributes, default_text, prose_of, signature_text, table, type_link, type_text

#: Where a request over HTTP has a parameter.
_PLACES = {
    Role.PATH: "path",
    Role.QUERY: "query",
    Role.BODY: "body",
    Role.FILTER: "[filter](#filter)",
    Role.PAGE: "[page](#page)",
    Role.POINT: "[point](#at)",
    Role.BOUND: "[point](#at)",
    Role.SCOPE: "[scope](#scope)",
    Role.WRITER: "[writer](#write)",
}
_VALUES = (At, Scope, Filter, Page, Write)


def verbs_section() -> str:
    """Every verb by section, then the values that several verbs take."""
    parts = []
    for section in Section:
        parts.append(f"## {section}")
        parts += [part for verb in VERBS.values() if verb.section is section for part in _verb(verb)]
    parts.append("## Values that several verbs take")
    parts += [part for value in _VALUES for part in _value(value)]
    return "\n\n".join(parts)


def _verb(verb: Verb) -> Iterator[str]:
    agreed = _contract(verb)
    yield f"### {verb.name}"
    yield f"{agreed.doc}"
    if verb.example:
        yield f"```sh\ngraphmem {verb.example}\n```"
    yield "\n".join(f"- **{name}**: {text}" for name, text in _facts(verb, agreed) if text)
    rows = [_row(parameter) for parameter in agreed.parameters]
    if rows:
        yield table(["Parameter", "Type", "Default", "Over HTTP", "Meaning"], rows)


def _contract(verb: Verb) -> Contract:
    """The contract of a verb; a method of the library alone may name types of packages that are not imported."""
    try:
        return contract(verb.name)
    except NameError:
        method = getattr(GraphMemory, verb.name)
        texts = descriptions(method.__doc__, "Args")
        signature = inspect.signature(method)
        parameters = tuple(
            Parameter(name, each.annotation, each.default, Role.BODY, texts.get(name, ""))
            for name, each in signature.parameters.items()
            if name != "self"
        )
        doc = inspect.cleandoc(method.__doc__ or "").partition("\n\n")[0]
        return Contract(verb, parameters, signature.return_annotation, doc)


def _facts(verb: Verb, agreed: Contract) -> Iterator[tuple[str, str]]:
    yield "Python", f"`memory.{verb.name}{signature_text(getattr(GraphMemory, verb.name))}`"
    yield "Command", f"[`graphmem {verb.words}`](commands.md#graphmem-{verb.words.split()[0]})" if verb.words else ""
    yield "Route", f"`{verb.route}`, answers {verb.status}" if verb.route else ""
    tool = f"[`memory_{verb.name}`](tools.md#memory_{verb.name}), profile `{verb.profile}`"
    yield "Tool", tool if verb.profile is not None else ""
    yield "Permission", f"`{verb.permission}`" + (", of a key for the whole tenant" if verb.is_of_the_tenant else "")
    yield "Answer", _answer(verb, agreed)


def _answer(verb: Verb, agreed: Contract) -> str:
    if verb.envelope is None or not verb.route:
        return type_link(agreed.returns)
    return f"{type_link(agreed.returns)}; over HTTP in a [`{verb.envelope[0]}`](python.md#{verb.envelope[0].lower()})"


def _row(parameter: Parameter) -> list[str]:
    default = (
        "required"
        if parameter.is_required
        else ""
        if parameter.default is None
        else f"`{default_text(parameter.default)}`"
    )
    limits = _limits(parameter.limits)
    text = " ".join(part for part in (parameter.description, f"({limits})" if limits else "") if part)
    return [f"`{parameter.name}`", type_text(parameter.annotation), default, _PLACES[parameter.role], text]


def _limits(limits: Number | Text | None) -> str:
    if isinstance(limits, Text):
        return f"{limits.least:,} to {limits.most:,} characters"
    if limits is None:
        return ""
    return f"at least {limits.least}" if limits.most in {None, MAX_POSITION} else f"{limits.least} to {limits.most:,}"


def _value(kind: type) -> Iterator[str]:
    yield f"### {kind.__name__}"
    yield prose_of(kind)
    yield attributes(kind)
