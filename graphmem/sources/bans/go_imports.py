"""Import paths of Go: those that no import can have."""

from __future__ import annotations

_STANDARD_TEXT = """
C archive arena bufio builtin bytes cmp compress container context crypto database debug embed encoding errors expvar
flag fmt go hash html image index internal io iter log maps math mime net os path plugin reflect regexp runtime simd
slices sort strconv strings structs sync syscall testing text time unicode unique unsafe vendor weak
"""
_STANDARD = frozenset(_STANDARD_TEXT.split())


def is_possible_import(path: str) -> bool:
    """Return True if an import can have a path.

    Args:
        path: The path, which may have globs and `$` at its end.

    Returns:
        False for a single word that is no package of the standard library. A path of several words without a dot may be
        one of a module that is named so.
    """
    first, slash, _ = path.removesuffix("$").partition("/")
    return bool(slash) or "." in first or "*" in first or first in _STANDARD
