"""A class of `graphmem.deferred_dataclass` behaves as the standard library's does."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import FrozenInstanceError, asdict, field, fields, replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from graphmem import deferred_dataclass

FLAGS = [
    dict(zip(("frozen", "slots", "kw_only", "eq"), values, strict=True)) for values in product((True, False), repeat=4)
]


def made_by(decorator: Callable[..., Any], **options: bool) -> Any:  # noqa: ANN401 - the class under test
    class Sample:
        """A sample."""

        name: str
        size: int = 1
        items: list[int] = field(default_factory=list)
        weight: float = field(default=0.5, compare=False, repr=False)
        total: int = field(init=False, default=7)
        late: list[int] = field(init=False, default_factory=list)

        def __post_init__(self) -> None:
            object.__setattr__(self, "total", self.size + 1)

    return decorator(**options)(Sample)


def made_here(**options: bool) -> Any:  # noqa: ANN401 - the class under test
    class Sample:
        """A sample, with the fields of the module under test."""

        name: str
        size: int = 1
        items: list[int] = deferred_dataclass.field(default_factory=list)
        weight: float = deferred_dataclass.field(default=0.5, compare=False, repr=False)
        total: int = deferred_dataclass.field(init=False, default=7)
        late: list[int] = deferred_dataclass.field(init=False, default_factory=list)

        def __post_init__(self) -> None:
            object.__setattr__(self, "total", self.size + 1)

    Sample.__qualname__ = "made_by.<locals>.Sample"
    return deferred_dataclass.dataclass(**options)(Sample)


def both(**options: bool) -> tuple[Any, Any]:
    return made_by(deferred_dataclass.dataclass, **options), made_by(dataclasses.dataclass, **options)


@pytest.mark.parametrize("options", FLAGS, ids=str)
def test_its_own_fields_are_those_of_the_standard_library(options: dict[str, bool]) -> None:
    ours, theirs = made_here(**options), made_by(dataclasses.dataclass, **options)
    assert [str(spec) for spec in fields(ours)] == [str(spec) for spec in fields(theirs)]
    assert behaviour(ours) == behaviour(theirs)
    assert deferred_dataclass.field_names(ours) == tuple(spec.name for spec in fields(theirs))
    assert repr(ours(name="a")) == repr(theirs(name="a"))


@pytest.mark.parametrize("options", FLAGS, ids=str)
def test_an_instance_is_the_same_before_and_after_the_method_is_compiled(options: dict[str, bool]) -> None:
    ours = made_here(**options)
    first = repr(ours(name="a", size=2))
    assert {repr(ours(name="a", size=2)) for _ in range(100)} == {first}
    assert not ours(name="a").late
    ours(name="a").items.append(1)
    assert ours(name="a").items == []


@pytest.mark.parametrize("count", [0, 100])
@pytest.mark.parametrize(
    ("arguments", "named"),
    [((), {}), ((1, 2, 3, 4), {}), ((1,), {"first": 2, "second": 3}), ((1,), {"unknown": 2}), ((1, 2), {"third": 3})],
)
def test_wrong_arguments_are_refused(arguments: tuple[int, ...], named: dict[str, int], count: int) -> None:
    @deferred_dataclass.dataclass(frozen=True, slots=True)
    class Several:
        """Two values."""

        first: int
        second: int

    for _ in range(count):
        Several(1, 2)
    with pytest.raises(TypeError):
        Several(*arguments, **named)


def test_a_copy_with_other_values_is_made_of_every_class() -> None:
    assert deferred_dataclass.replace(Pair(1, 2.0), second=3.0) == Pair(1, 3.0)
    assert deferred_dataclass.replace(Triple(1, 2.0, 3), third=4) == Triple(1, 2.0, 4)
    assert deferred_dataclass.replace(made_by(dataclasses.dataclass)("a"), size=5).total == 6
    with pytest.raises(TypeError):
        deferred_dataclass.replace(Pair(1, 2.0), other=3)  # type: ignore[call-arg]


def test_the_signature_is_known_before_the_first_instance() -> None:
    assert parameters(made_here()) == parameters(made_by(dataclasses.dataclass))


def test_a_mutable_default_is_refused() -> None:
    with pytest.raises(ValueError, match="default_factory"):
        deferred_dataclass.dataclass(type("Shared", (), {"__annotations__": {"values": "list[int]"}, "values": []}))


@pytest.mark.parametrize("options", FLAGS, ids=str)
def test_instances_have_the_same_values_and_texts(options: dict[str, bool]) -> None:
    ours, theirs = (kind(name="a", items=[3]) for kind in both(**options))
    assert repr(ours) == repr(theirs)
    assert (
        asdict(ours) == asdict(theirs) == {"name": "a", "size": 1, "items": [3], "weight": 0.5, "total": 2, "late": []}
    )
    assert repr(replace(ours, size=5)) == repr(replace(theirs, size=5))


@pytest.mark.parametrize("options", FLAGS, ids=str)
def test_fields_signature_and_flags_are_the_same(options: dict[str, bool]) -> None:
    ours, theirs = both(**options)
    assert [str(spec) for spec in fields(ours)] == [str(spec) for spec in fields(theirs)]
    assert parameters(ours) == parameters(theirs)
    assert repr(ours.__dataclass_params__) == repr(theirs.__dataclass_params__)
    assert ours.__match_args__ == theirs.__match_args__
    assert getattr(ours, "__slots__", ()) == getattr(theirs, "__slots__", ())


def parameters(kind: type[Any]) -> list[tuple[str, object, bool]]:
    given = inspect.signature(kind).parameters.values()
    return [(each.name, each.kind, each.default is inspect.Parameter.empty) for each in given]


@pytest.mark.parametrize("options", FLAGS, ids=str)
def test_instances_are_equal_hashed_and_frozen_alike(options: dict[str, bool]) -> None:
    told = [behaviour(kind) for kind in both(**options)]
    assert told[0] == told[1]


def behaviour(kind: type[Any]) -> list[object]:
    first, second, other = kind(name="a", weight=1.0), kind(name="a", weight=2.0), kind(name="b")
    told: list[object] = [first == second, first == other, first == ("a", 1), first != second]
    for act in (
        lambda: hash(first) == hash(other),
        lambda: setattr(first, "size", 3),
        lambda: delattr(first, "size"),
        kind,
        lambda: kind("a", 2),
    ):
        try:
            told.append(repr(act()))
        except (FrozenInstanceError, TypeError, AttributeError) as problem:
            told.append(type(problem).__name__)
    return told


@deferred_dataclass.dataclass(frozen=True, slots=True)
class Pair:
    """A pair of values."""

    first: int
    second: float


@deferred_dataclass.dataclass(frozen=True, slots=True)
class Triple(Pair):
    """A pair and a further value."""

    third: int = 0


def test_a_frozen_instance_is_copied_and_pickled() -> None:
    pair = Pair(1, float("nan"))
    assert copy.copy(pair) == pair
    assert repr(pickle.loads(pickle.dumps(pair))) == repr(pair)  # noqa: S301 - its own bytes


def test_a_class_with_another_as_its_base_has_all_fields() -> None:
    assert repr(Triple(1, 2.0, 3)) == "Triple(first=1, second=2.0, third=3)"
    assert Triple(1, 2.0) == Triple(1, 2.0, 0)
    assert Pair(1, 2.0) != Triple(1, 2.0)


def test_methods_that_a_class_defines_stay() -> None:
    @deferred_dataclass.dataclass(frozen=True)
    class Folded:
        """A text whose case does not matter."""

        text: str

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Folded) and self.text.lower() == other.text.lower()

        def __hash__(self) -> int:
            return hash(self.text.lower())

        def __repr__(self) -> str:
            return self.text

    assert {Folded("a"), Folded("A")} == {Folded("a")}
    assert repr(Folded("A")) == "A"


def test_a_class_without_fields_can_be_made() -> None:
    @deferred_dataclass.dataclass(frozen=True, slots=True)
    class Nothing:
        """No value."""

    assert Nothing() == Nothing()
    assert hash(Nothing()) == hash(Nothing())


def test_importing_compiles_no_method() -> None:
    program = (
        "import builtins, dataclasses; compiled = []\n"
        "make = dataclasses._create_fn\n"
        "dataclasses._create_fn = lambda name, *rest, **named: compiled.append(name) or make(name, *rest, **named)\n"
        "import graphmem.service.context_verb\n"
        "print(len(compiled) < 100)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"


def test_modules_of_graphmem_compile_no_methods_while_they_are_imported() -> None:
    package = Path(deferred_dataclass.__file__).parent
    standard = [
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if re.search(r"^from dataclasses import .*\bdataclass\b", path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert standard == []
