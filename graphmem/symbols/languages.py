"""The languages whose definitions are found by a parser: their file endings, grammars, and queries."""

from __future__ import annotations

import posixpath
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING

from graphmem.deferred_dataclass import dataclass
from graphmem.symbols.grammars import loaded_grammar
from graphmem.symbols.queries import QUERIES

if TYPE_CHECKING:
    from tree_sitter import Language, Query

#: The extra that installs the grammars that graphmem does not install by itself.
EXTRA = "symbols"


@dataclass(frozen=True, slots=True)
class CodeLanguage:
    """A language of source files.

    Attributes:
        name: Its name, as people write it.
        module: The package of its grammar.
        function: The function of the package that returns the grammar.
        query: The name of its query in `QUERIES`.
        is_extra: The grammar is installed by the extra `symbols`.
    """

    name: str
    module: str
    function: str
    query: str
    is_extra: bool = False

    @property
    def is_installed(self) -> bool:
        """Return True if the grammar can be imported."""
        return _is_importable(self.module)


_PYTHON = CodeLanguage("Python", "tree_sitter_python", "language", "python")
_JAVASCRIPT = CodeLanguage("JavaScript", "tree_sitter_javascript", "language", "javascript")
_TYPESCRIPT = CodeLanguage("TypeScript", "tree_sitter_typescript", "language_typescript", "typescript")
_TSX = CodeLanguage("TypeScript", "tree_sitter_typescript", "language_tsx", "typescript")
_GO = CodeLanguage("Go", "tree_sitter_go", "language", "go")
_JAVA = CodeLanguage("Java", "tree_sitter_java", "language", "java")
_RUST = CodeLanguage("Rust", "tree_sitter_rust", "language", "rust")
_C = CodeLanguage("C", "tree_sitter_c", "language", "c", is_extra=True)
_CPP = CodeLanguage("C++", "tree_sitter_cpp", "language", "cpp", is_extra=True)
_C_SHARP = CodeLanguage("C#", "tree_sitter_c_sharp", "language", "c_sharp", is_extra=True)
_RUBY = CodeLanguage("Ruby", "tree_sitter_ruby", "language", "ruby", is_extra=True)
_PHP = CodeLanguage("PHP", "tree_sitter_php", "language_php", "php", is_extra=True)

_OF_SUFFIX = {
    **dict.fromkeys((".py", ".pyi"), _PYTHON),
    **dict.fromkeys((".js", ".jsx", ".mjs", ".cjs"), _JAVASCRIPT),
    **dict.fromkeys((".ts", ".mts", ".cts"), _TYPESCRIPT),
    ".tsx": _TSX,
    ".go": _GO,
    ".java": _JAVA,
    ".rs": _RUST,
    **dict.fromkeys((".c", ".h"), _C),
    **dict.fromkeys((".cc", ".cpp", ".cxx", ".hh", ".hpp", ".hxx"), _CPP),
    ".cs": _C_SHARP,
    ".rb": _RUBY,
    ".php": _PHP,
}


def language_of(path: str) -> CodeLanguage | None:
    """Return the language of a file by the ending of its path; None for any other language."""
    return _OF_SUFFIX.get(posixpath.splitext(path)[1].lower())


def missing_grammar(path: str) -> str:
    """Return a sentence that names the grammar that a file needs and how to install it; empty if nothing is missing."""
    language = language_of(path)
    if language is None or language.is_installed:
        return ""
    package = f"graphmem[{EXTRA}]" if language.is_extra else language.module.replace("_", "-")
    return f"the grammar of {language.name} is not installed: pip install '{package}'"


@cache
def grammar(language: CodeLanguage) -> tuple[Language, Query]:
    """Return the grammar of a language and its query for definitions.

    Raises:
        ImportError: The grammar is not installed.
    """
    from tree_sitter import Query

    made = loaded_grammar(language.module, language.function)
    return made, Query(made, QUERIES[language.query])


@cache
def _is_importable(module: str) -> bool:
    return find_spec(module) is not None
