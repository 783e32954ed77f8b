"""`dataclass` as in the standard library, without the time that it takes to compile methods during an import.

The standard library compiles up to seven methods of each class from text, which was four fifths of the time that
graphmem needed to start (ADR-0105). Here each is made at its first call, and `__init__` alone is compiled.
The fields, the slots and all functions of `dataclasses` (`fields`, `replace`, `asdict`) are the standard library's.
"""

from __future__ import annotations

import dataclasses
from dataclasses import MISSING, FrozenInstanceError, fields
from inspect import get_annotations
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from dataclasses import Field
    from dataclasses import dataclass as dataclass
else:

    def dataclass(cls: Any = None, /, **options: bool) -> Any:
        """Return a class with the methods of a dataclass, by the options of `dataclasses.dataclass`."""
        return _with_methods(cls, **options) if cls is not None else lambda each: _with_methods(each, **options)


#: Annotations that are no types of fields.
_SPECIAL = ("ClassVar", "InitVar", "KW_ONLY")


def _with_methods(
    cls: type[Any], *, eq: bool = True, frozen: bool = False, slots: bool = False, kw_only: bool = False
) -> type[Any]:
    if any(dataclasses.is_dataclass(base) for base in cls.__bases__):
        return dataclasses.dataclass(eq=eq, frozen=frozen, slots=slots, kw_only=kw_only)(cls)
    own = _with_fields(cls, slots=slots, kw_only=kw_only)
    parameters = own.__dataclass_params__
    parameters.init, parameters.repr, parameters.eq, parameters.frozen = True, True, eq, frozen
    _add_methods(own)
    return own


def _with_fields(cls: type[Any], *, slots: bool, kw_only: bool) -> type[Any]:
    """Return the class with the fields and slots of the standard library, and no method."""
    make = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots, kw_only=kw_only)
    types: dict[str, object] = get_annotations(cls)
    if any(name in str(kind) for kind in types.values() for name in _SPECIAL):
        return make(cls)
    # The standard library compares the text of each annotation with three types, which takes most of its time.
    cls.__annotations__ = dict.fromkeys(types, object)
    made = make(cls)
    made.__annotations__ = types
    for spec in fields(made):
        spec.type = types[spec.name]
    return made


def _add_methods(cls: type[Any]) -> None:
    """Add the methods that the class does not define itself."""
    parameters, body = cls.__dataclass_params__, cls.__dict__
    made: dict[str, object] = {"__init__": _deferred(cls, "__init__", _init), "__repr__": _repr}
    if parameters.eq:
        made["__eq__"] = _deferred(cls, "__eq__", _equality)
        made["__hash__"] = _deferred(cls, "__hash__", _hash) if parameters.frozen else None
    if parameters.frozen:
        made["__setattr__"] = _deferred(cls, "__setattr__", _refused_change)
        made["__delattr__"] = _deferred(cls, "__delattr__", _refused_deletion)
        made |= {"__getstate__": _state, "__setstate__": _set_state} if "__slots__" in body else {}
    for name, method in made.items():
        # Python sets `__hash__` to None in the body of a class that defines `__eq__` alone.
        if body.get(name) is None:
            setattr(cls, name, method)


def _deferred(cls: type[Any], name: str, make: Callable[[type[Any]], Callable[..., Any]]) -> Callable[..., Any]:
    """Return a method that makes the method of a class at its first call, and puts it in its own place."""

    def first_call(self: Any, *args: Any, **kwargs: Any) -> Any:
        method = make(cls)
        setattr(cls, name, method)
        return method(self, *args, **kwargs)

    return first_call


@recursive_repr()
def _repr(self: Any) -> str:
    values = ", ".join(f"{spec.name}={getattr(self, spec.name)!r}" for spec in fields(self) if spec.repr)
    return f"{type(self).__qualname__}({values})"


def _equality(cls: type[Any]) -> Callable[[Any, object], bool]:
    values = _values([spec.name for spec in fields(cls) if spec.compare])

    def __eq__(self: Any, other: object) -> bool:  # noqa: N807 - the method of a class
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    return __eq__


def _hash(cls: type[Any]) -> Callable[[Any], int]:
    values = _values([spec.name for spec in fields(cls) if (spec.compare if spec.hash is None else spec.hash)])
    return lambda self: hash(values(self))


def _values(names: list[str]) -> Callable[[Any], tuple[object, ...]]:
    """Return a function that returns the values of attributes, as a tuple of any length."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda self: tuple([getattr(self, name) for name in names])


def _refused_change(cls: type[Any]) -> Callable[[Any, str, object], None]:
    names = frozenset(spec.name for spec in fields(cls))

    def __setattr__(self: Any, name: str, value: object) -> None:  # noqa: N807 - the method of a class
        if type(self) is cls or name in names:
            raise FrozenInstanceError(f"cannot assign to field {name!r}")
        super(cls, self).__setattr__(name, value)

    return __setattr__


def _refused_deletion(cls: type[Any]) -> Callable[[Any, str], None]:
    names = frozenset(spec.name for spec in fields(cls))

    def __delattr__(self: Any, name: str) -> None:  # noqa: N807 - the method of a class
        if type(self) is cls or name in names:
            raise FrozenInstanceError(f"cannot delete field {name!r}")
        super(cls, self).__delattr__(name)

    return __delattr__


def _state(self: Any) -> list[object]:
    return [getattr(self, spec.name) for spec in fields(self)]


def _set_state(self: Any, state: list[object]) -> None:
    for spec, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, spec.name, value)


# ---- `__init__`


def _init(cls: type[Any]) -> Callable[..., None]:
    specs = fields(cls)
    positional = [_parameter(spec) for spec in specs if spec.init and not spec.kw_only]
    named = [_parameter(spec) for spec in specs if spec.init and spec.kw_only]
    header = ", ".join(["self", *positional, *(["*", *named] if named else [])])
    lines = [*_assignments(specs, is_frozen=cls.__dataclass_params__.frozen)]
    lines += ["self.__post_init__()"] if hasattr(cls, "__post_init__") else []
    names: dict[str, Any] = {"_missing": MISSING, "_set": object.__setattr__}
    for spec in specs:
        names |= {f"_default_{spec.name}": spec.default, f"_make_{spec.name}": spec.default_factory}
    body = "\n ".join(lines or ["pass"])
    exec(f"def __init__({header}):\n {body}", names)  # noqa: S102 - names of fields alone, as `dataclasses` does
    init: Callable[..., None] = names["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    init.__module__ = cls.__module__
    return init


def _parameter(spec: Field[Any]) -> str:
    if spec.default is not MISSING:
        return f"{spec.name}=_default_{spec.name}"
    return spec.name if spec.default_factory is MISSING else f"{spec.name}=_missing"


def _assignments(specs: tuple[Field[Any], ...], *, is_frozen: bool) -> Iterator[str]:
    for spec in specs:
        name, value = spec.name, spec.name if spec.init else f"_default_{spec.name}"
        if spec.default_factory is not MISSING:
            value = f"_make_{name}() if {name} is _missing else {name}" if spec.init else f"_make_{name}()"
        elif not spec.init and spec.default is MISSING:
            continue
        yield f"_set(self, {name!r}, {value})" if is_frozen else f"self.{name} = {value}"
