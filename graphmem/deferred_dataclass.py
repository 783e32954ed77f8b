"""`dataclass`, `field` and `replace` as in the standard library, without compiling methods during an import.

The standard library compiles up to seven methods of each class from text, and importing it takes a quarter of an
interpreter's start (ADR-0105, ADR-0110). Here no method is compiled before it is called, and `__init__` only once a
class has some instances. What `dataclasses` knows of a class (`fields`, `asdict`, `is_dataclass`) is made when it is
asked for, so all its functions take these classes.
"""

from __future__ import annotations

from operator import attrgetter
from reprlib import recursive_repr

TYPE_CHECKING = False  # typing takes milliseconds to import
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from dataclasses import Field
    from dataclasses import dataclass as dataclass
    from dataclasses import field as field
    from dataclasses import replace as replace
    from inspect import Signature
    from typing import Any

#: Annotations that are no types of fields: such a class is made by the standard library.
_SPECIAL = ("ClassVar", "InitVar", "KW_ONLY")
#: Compiling `__init__` takes as long as making some dozens of instances without.
_INSTANCES_BEFORE_COMPILING = 24
_OPTIONS = ("init", "repr", "hash", "compare", "kw_only")
_set = object.__setattr__


class _Missing:
    """Stands for a default that a field does not have."""


class _FieldSpec:
    """A field of a class, until the standard library's form of it is asked for.

    Attributes:
        name: Its name.
        default: Its default; `_Missing` without one.
        factory: Makes its default; `_Missing` if nothing does.
        options: Further options of `dataclasses.field`, as far as they were given.
        init: Whether `__init__` takes it.
        kw_only: Whether `__init__` takes it by its name alone.
    """

    __slots__ = ("default", "factory", "init", "kw_only", "name", "options")

    def __init__(
        self,
        default: Any = _Missing,
        factory: Any = _Missing,
        options: dict[str, Any] | None = None,
    ) -> None:
        self.default = default
        self.factory = factory
        self.options = {} if options is None else options
        self.name = ""
        self.init = self.options.get("init", True)
        self.kw_only = False

    def is_used_in(self, use: str) -> bool:
        """Return whether the field takes part in `repr`, in `compare`, or in `hash`: as in `compare` if not given."""
        given: bool | None = self.options.get(use)
        if given is None:
            return use != "hash" or self.is_used_in("compare")
        return given

    def standard(self) -> Any:
        """Return the options as the standard library's field."""
        import dataclasses

        options = self.options | {"kw_only": self.kw_only}
        if self.default is not _Missing:
            options["default"] = self.default
        if self.factory is not _Missing:
            options["default_factory"] = self.factory
        return dataclasses.field(**options)


if not TYPE_CHECKING:

    def dataclass(cls: Any = None, /, **options: bool) -> Any:
        """Return a class with the methods of a dataclass, by the options of `dataclasses.dataclass`."""
        return _with_methods(cls, **options) if cls is not None else lambda each: _with_methods(each, **options)

    def field(*, default: Any = _Missing, default_factory: Any = _Missing, **options: Any) -> Any:
        """Return the options of a field, as `dataclasses.field` does."""
        return _FieldSpec(default, default_factory, options)

    def replace(instance: Any, /, **changes: Any) -> Any:
        """Return a copy of an instance with other values of some fields, as `dataclasses.replace` does."""
        cls = instance.__class__
        names = getattr(cls, "_replaced_", None)
        if names is None:
            from dataclasses import replace as standard_replace

            return standard_replace(instance, **changes)
        for name in names:
            if name not in changes:
                changes[name] = getattr(instance, name)
        return cls(**changes)


def field_names(cls: type[Any]) -> tuple[str, ...]:
    """Return the names of the fields of a class that `dataclass` made."""
    specs: tuple[_FieldSpec, ...] = cls._field_specs_
    return tuple([spec.name for spec in specs])


# ---- making a class


class _ClassCell:
    """The class that attributes belong to, which is made with them.

    Attributes:
        cls: The class.
    """

    __slots__ = ("cls",)

    cls: type[Any]


def _with_methods(
    cls: type[Any], *, eq: bool = True, frozen: bool = False, slots: bool = False, kw_only: bool = False
) -> type[Any]:
    types: dict[str, object] = cls.__annotations__
    is_derived = any(hasattr(base, "_field_specs_") for base in cls.__bases__)
    annotations = " ".join(map(str, types.values()))
    if is_derived or any(name in annotations for name in _SPECIAL):
        return _made_by_standard_library(cls, eq=eq, frozen=frozen, slots=slots, kw_only=kw_only)
    specs = tuple([_spec_of(cls, name, kw_only=kw_only) for name in types])
    body, cell = cls.__dict__, _ClassCell()
    made = {
        name: value
        for name, value in _attributes(cell, specs, eq=eq, frozen=frozen, slots=slots).items()
        # Python sets `__hash__` to None in the body of a class that defines `__eq__` alone.
        if body.get(name) is None
    }
    if slots:
        cell.cls = _with_slots(cls, [spec.name for spec in specs], made)
    else:
        for name, value in made.items():
            setattr(cls, name, value)
        cell.cls = cls
    return cell.cls


def _spec_of(cls: type[Any], name: str, *, kw_only: bool) -> _FieldSpec:
    """Return a field, and leave nothing but its default in the class."""
    given = cls.__dict__.get(name, _Missing)
    kind = type(given)
    if kind is not _FieldSpec and kind.__module__ == "dataclasses" and kind.__name__ == "Field":
        given, kind = _read_standard(given), _FieldSpec
    if kind is not _FieldSpec:
        spec = _FieldSpec(given)
    else:
        spec = given
        if spec.default is _Missing:
            delattr(cls, name)
        else:
            setattr(cls, name, spec.default)
    if type(spec.default).__hash__ is None:
        raise ValueError(f"mutable default {type(spec.default)} for field {name} is not allowed: use default_factory")
    spec.name = name
    spec.kw_only = spec.options.pop("kw_only", kw_only)
    return spec


def _read_standard(given: Field[Any]) -> _FieldSpec:
    """Return the options of a field of the standard library."""
    from dataclasses import MISSING

    options: dict[str, Any] = {name: value for name in _OPTIONS if (value := getattr(given, name)) is not MISSING}
    options["metadata"] = dict(given.metadata)
    default, factory = (_Missing if value is MISSING else value for value in (given.default, given.default_factory))
    return _FieldSpec(default, factory, options)


def _made_by_standard_library(cls: type[Any], **options: bool) -> type[Any]:
    """Return a class as the standard library makes it, for instance one with another dataclass as its base."""
    import dataclasses

    for name, given in list(cls.__dict__.items()):
        if isinstance(given, _FieldSpec):
            given.kw_only = given.options.pop("kw_only", False)
            setattr(cls, name, given.standard())
    made: Any = dataclasses.dataclass(**options)(cls)
    specs = []
    for given in dataclasses.fields(made):
        spec = _read_standard(given)
        spec.name = given.name
        specs.append(spec)
    made._field_specs_, made._replaced_ = tuple(specs), None
    own: type[Any] = made
    return own


def _with_slots(cls: type[Any], names: list[str], added: dict[str, Any]) -> type[Any]:
    """Return the class with further attributes, and with a slot for each field that no base has one for."""
    body = {**cls.__dict__, **added}
    inherited: set[str] = set()
    for base in cls.__mro__[1:-1]:
        slots = base.__dict__.get("__slots__", ())
        inherited.update((slots,) if isinstance(slots, str) else slots)
    body["__slots__"] = tuple([name for name in names if name not in inherited])
    for name in (*names, "__dict__", "__weakref__"):
        body.pop(name, None)
    metaclass: Any = type(cls)
    own: type[Any] = metaclass(cls.__name__, cls.__bases__, body)
    own.__qualname__ = cls.__qualname__
    return own


def _attributes(
    cell: _ClassCell, specs: tuple[_FieldSpec, ...], *, eq: bool, frozen: bool, slots: bool
) -> dict[str, Any]:
    """Return the attributes of a dataclass by their names."""
    made: dict[str, Any] = {
        "_field_specs_": specs,
        "_replaced_": tuple([spec.name for spec in specs]) if all(spec.init for spec in specs) else None,
        "_is_frozen_": frozen,
        "_is_compared_": eq,
        "__dataclass_fields__": _StandardForm("__dataclass_fields__", cell),
        "__dataclass_params__": _StandardForm("__dataclass_params__", cell),
        "__signature__": _InitSignature(cell),
        "__match_args__": tuple([spec.name for spec in specs if spec.init and not spec.kw_only]),
        "__init__": _init_of_first(cell, is_frozen=frozen),
        "__repr__": _deferred(cell, "__repr__", _text),
        "__replace__": replace,
    }
    if eq:
        made["__eq__"] = _deferred(cell, "__eq__", _equality)
        made["__hash__"] = _deferred(cell, "__hash__", _hash) if frozen else None
    if frozen:
        made["__setattr__"] = _deferred(cell, "__setattr__", _refused_change)
        made["__delattr__"] = _deferred(cell, "__delattr__", _refused_deletion)
        if slots:
            made |= {"__getstate__": _state, "__setstate__": _set_state}
    return made


# ---- what the standard library knows of a class


class _StandardForm:
    """An attribute by which the standard library knows a dataclass, made when it is asked for.

    Args:
        name: The name of the attribute.
        cell: Has the class.
    """

    __slots__ = ("_cell", "_name")

    def __init__(self, name: str, cell: _ClassCell) -> None:
        self._name = name
        self._cell = cell

    def __get__(self, instance: object, owner: type[Any]) -> Any:
        import dataclasses

        cls: Any = self._cell.cls
        specs = cls._field_specs_
        types = cls.__annotations__
        # The standard library compares the text of each annotation with three types, which takes most of its time.
        body = {"__annotations__": {spec.name: object for spec in specs}}
        body |= {spec.name: spec.standard() for spec in specs}
        made: Any = dataclasses.dataclass(init=False, repr=False, eq=False)(type(cls.__name__, (), body))
        for spec in dataclasses.fields(made):
            spec.type = types[spec.name]
        parameters = made.__dataclass_params__
        parameters.init, parameters.repr = True, True
        parameters.eq, parameters.frozen = cls._is_compared_, cls._is_frozen_
        cls.__dataclass_fields__, cls.__dataclass_params__ = made.__dataclass_fields__, parameters
        return getattr(cls, self._name)


class _InitSignature:
    """The signature of a class, which `inspect.signature` asks for."""

    __slots__ = ("_cell",)

    def __init__(self, cell: _ClassCell) -> None:
        self._cell = cell

    def __get__(self, instance: object, owner: type[Any]) -> Signature:
        if instance is not None or owner is not self._cell.cls:
            raise AttributeError("__signature__")
        from inspect import signature

        init = signature(_init(owner))
        return init.replace(parameters=list(init.parameters.values())[1:])


# ---- methods


def _deferred(cell: _ClassCell, name: str, make: Callable[[type[Any]], Callable[..., Any]]) -> Callable[..., Any]:
    """Return a method that makes the method of a class at its first call, and puts it in its own place."""

    def first_call(self: Any, *args: Any, **kwargs: Any) -> Any:
        method = make(cell.cls)
        setattr(cell.cls, name, method)
        return method(self, *args, **kwargs)

    return first_call


def _text(cls: type[Any]) -> Callable[[Any], str]:
    names = [spec.name for spec in cls._field_specs_ if spec.is_used_in("repr")]

    @recursive_repr()
    def __repr__(self: Any) -> str:  # noqa: N807 - the method of a class
        values = ", ".join([f"{name}={getattr(self, name)!r}" for name in names])
        return f"{type(self).__qualname__}({values})"

    return __repr__


def _equality(cls: type[Any]) -> Callable[[Any, object], bool]:
    values = values_of([spec.name for spec in cls._field_specs_ if spec.is_used_in("compare")])

    def __eq__(self: Any, other: object) -> bool:  # noqa: N807 - the method of a class
        return values(self) == values(other) if other.__class__ is self.__class__ else NotImplemented

    return __eq__


def _hash(cls: type[Any]) -> Callable[[Any], int]:
    values = values_of([spec.name for spec in cls._field_specs_ if spec.is_used_in("hash")])
    return lambda self: hash(values(self))


def values_of(names: Sequence[str]) -> Callable[[Any], tuple[object, ...]]:
    """Return a function that returns the values of attributes, as a tuple of any length."""
    if len(names) > 1:
        return attrgetter(*names)
    return lambda self: tuple([getattr(self, name) for name in names])


def _refused_change(cls: type[Any]) -> Callable[[Any, str, object], None]:
    names = frozenset([spec.name for spec in cls._field_specs_])

    def __setattr__(self: Any, name: str, value: object) -> None:  # noqa: N807 - the method of a class
        if type(self) is cls or name in names:
            raise _refusal("assign to", name)
        super(cls, self).__setattr__(name, value)

    return __setattr__


def _refused_deletion(cls: type[Any]) -> Callable[[Any, str], None]:
    names = frozenset([spec.name for spec in cls._field_specs_])

    def __delattr__(self: Any, name: str) -> None:  # noqa: N807 - the method of a class
        if type(self) is cls or name in names:
            raise _refusal("delete", name)
        super(cls, self).__delattr__(name)

    return __delattr__


def _refusal(act: str, name: str) -> AttributeError:
    from dataclasses import FrozenInstanceError

    return FrozenInstanceError(f"cannot {act} field {name!r}")


def _state(self: Any) -> list[object]:
    return [getattr(self, spec.name) for spec in self._field_specs_]


def _set_state(self: Any, state: list[object]) -> None:
    for spec, value in zip(self._field_specs_, state, strict=True):
        _set(self, spec.name, value)


# ---- `__init__`


def _init_of_first(cell: _ClassCell, *, is_frozen: bool) -> Callable[..., None]:
    """Return an `__init__` that does without compiling for the first instances."""
    left = _INSTANCES_BEFORE_COMPILING
    set_value = _set if is_frozen else setattr

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807 - the method of a class
        nonlocal left
        cls: Any = cell.cls
        left -= 1
        values = _initial_values(cls, args, kwargs) if left >= 0 else None
        if values is None:
            cls.__init__ = _init(cls)
            cls.__init__(self, *args, **kwargs)
            return
        for name, value in values.items():
            set_value(self, name, value)
        if hasattr(cls, "__post_init__"):
            self.__post_init__()

    return __init__


def _initial_values(cls: type[Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any] | None:
    """Return the values of a new instance by their names; None if its arguments may not be as they must."""
    names = cls.__match_args__
    values = dict(zip(names, args, strict=False))
    if len(args) > len(names) or any(name in values for name in kwargs):
        return None
    values.update(kwargs)
    count = len(values)
    for spec in cls._field_specs_:
        name = spec.name
        if name in values and spec.init:
            count -= 1
        elif spec.factory is not _Missing:
            values[name] = spec.factory()
        elif spec.default is not _Missing:
            values[name] = spec.default
        elif spec.init:
            return None
    return None if count else values


def _init(cls: type[Any]) -> Callable[..., None]:
    specs: tuple[_FieldSpec, ...] = cls._field_specs_
    positional = [_parameter(spec) for spec in specs if spec.init and not spec.kw_only]
    named = [_parameter(spec) for spec in specs if spec.init and spec.kw_only]
    header = ", ".join(["self", *positional, *(["*", *named] if named else [])])
    lines = [*_assignments(specs, is_frozen=cls._is_frozen_)]
    lines += ["self.__post_init__()"] if hasattr(cls, "__post_init__") else []
    names: dict[str, Any] = {"_missing": _Missing, "_set": _set}
    for spec in specs:
        names |= {f"_default_{spec.name}": spec.default, f"_make_{spec.name}": spec.factory}
    body = "\n ".join(lines or ["pass"])
    exec(f"def __init__({header}):\n {body}", names)  # noqa: S102 - names of fields alone, as `dataclasses` does
    init: Callable[..., None] = names["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    init.__module__ = cls.__module__
    return init


def _parameter(spec: _FieldSpec) -> str:
    if spec.default is not _Missing:
        return f"{spec.name}=_default_{spec.name}"
    return spec.name if spec.factory is _Missing else f"{spec.name}=_missing"


def _assignments(specs: tuple[_FieldSpec, ...], *, is_frozen: bool) -> Iterator[str]:
    for spec in specs:
        name, value = spec.name, spec.name if spec.init else f"_default_{spec.name}"
        if spec.factory is not _Missing:
            value = f"_make_{name}() if {name} is _missing else {name}" if spec.init else f"_make_{name}()"
        elif not spec.init and spec.default is _Missing:
            continue
        yield f"_set(self, {name!r}, {value})" if is_frozen else f"self.{name} = {value}"
