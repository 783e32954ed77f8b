"""Grammars of tree-sitter, each imported when it is first needed."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Language


@cache
def loaded_grammar(module: str, function: str) -> Language:
    """Return a grammar.

    Args:
        module: The package of the grammar, such as `tree_sitter_python`.
        function: The function of the package that returns it; a package may have several.

    Raises:
        ImportError: The package is not installed.
    """
    from tree_sitter import Language

    return Language(getattr(import_module(module), function)())
