"""Any value of the library, from its types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from graphmem.feedback import Feedback, Opinion
from graphmem.model import Anchor, Memory, RecordRelocations, Scope, Statement, Supersede, SupersessionKind
from graphmem.repository.relocations import Relocation, RelocationBasis
from graphmem.repository.repository_link import MovedFolder

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NAME = st.text("abc/é.", min_size=1, max_size=8)
TIMES = st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - by `timezones`
SIMPLE: dict[object, st.SearchStrategy[Any]] = {
    str: TEXT,
    int: st.integers(0, 2**53),
    float: st.floats(0, 1),
    bool: st.booleans(),
    datetime: TIMES,
    type(None): st.none(),
}


@cache
def values(kind: object) -> st.SearchStrategy[Any]:
    """Any value of a type."""
    if kind in SIMPLE:
        return SIMPLE[kind]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(list(kind))
    if kind is Relocation:
        return _relocations()
    if kind is Feedback:
        return st.builds(Feedback, TEXT, st.sampled_from([Opinion.USEFUL, Opinion.NOT_USEFUL, Opinion.WRONG]))
    if kind is RecordRelocations:
        return st.builds(RecordRelocations, st.lists(_relocations(), min_size=1, max_size=2).map(tuple))
    if kind is Supersede:
        return _supersessions()
    if is_dataclass(kind):
        return st.builds(kind, **_parts(kind))  # type: ignore[arg-type]
    origin, inner = get_origin(kind), get_args(kind)
    if origin in {Union, UnionType}:
        return st.one_of([values(one) for one in inner])
    if origin is tuple and inner[-1] is not ...:
        return st.tuples(*map(values, inner))
    if origin is Mapping or origin is dict:
        return st.dictionaries(values(inner[0]), values(inner[1]), max_size=3)
    several = st.lists(values(inner[0]), max_size=2)
    return several.map(tuple) if origin is tuple else several


def _supersessions() -> st.SearchStrategy[Any]:
    """Supersessions with the interval that their kind can have."""
    ids = st.lists(TEXT, max_size=2).map(tuple)
    kinds = st.sampled_from((SupersessionKind.UPDATE, SupersessionKind.AMENDMENT))
    ends = st.tuples(TIMES, st.none() | TIMES).filter(lambda pair: pair[1] is None or pair[0] < pair[1])
    lasting = st.builds(
        lambda old, new, kind, end, part: Supersede(old=old, new=new, kind=kind, at=end[0], until=end[1], part=part),
        *(ids, ids, kinds, ends, st.none() | TEXT),
    )
    correction = st.builds(lambda old, new: Supersede(old=old, new=new, kind=SupersessionKind.CORRECTION), ids, ids)
    return lasting | correction


def _parts(kind: Any) -> dict[str, st.SearchStrategy[Any]]:  # noqa: ANN401 - a dataclass
    """A strategy for each field, inside what the values themselves refuse."""
    hints = get_type_hints(kind)
    parts = {spec.name: values(hints[spec.name]) for spec in fields(kind)}
    if kind is Scope:
        parts = {"tenant": NAME, **dict.fromkeys(("repo", "user", "branch", "environment"), st.none() | NAME)}
    elif kind is Anchor:
        parts |= {"name": NAME, "role": NAME}
    elif kind is Statement:
        parts |= {"title": NAME, "subject": st.none() | NAME}
    elif kind is MovedFolder:
        parts = {"old": st.sampled_from(["", "packages/é"]), "new": st.sampled_from(["", "src"])}
    elif kind is Memory:
        parts["statement"] = values(Statement)
    if "source_key" in parts:
        parts["source_key"] = st.none() | NAME
    return parts


def _relocations() -> st.SearchStrategy[Relocation]:
    """Symbols that moved, symbols that are gone, and lines."""
    commit, name, percent = st.just("0" * 40), NAME, st.integers(0, 100)
    bases = st.sampled_from([RelocationBasis.NAME, RelocationBasis.BODY, RelocationBasis.SIMILAR])
    return st.one_of(
        st.builds(Relocation, commit, name, bases, name, name, name, percent),
        st.builds(Relocation, commit, name, st.just(RelocationBasis.GONE), name),
        st.builds(Relocation, commit, name, st.just(RelocationBasis.LINES), new_path=name, similarity=percent),
    )
