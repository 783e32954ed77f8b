"""The value of a key: parsed from a text, and matched with imports, packages, symbols, paths and commands in code."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Self

from graphmem.deferred_dataclass import dataclass, replace
from graphmem.errors import InvalidInput
from graphmem.option_keys.command_matches import runs_command
from graphmem.option_keys.file_scope import path_matches
from graphmem.option_keys.import_matches import EXACT, MEMBER, contains_run, is_below
from graphmem.option_keys.key_types import KEY_EXAMPLES, LANGUAGE_OF, SEPARATORS, KeyType, ecosystem_of, language_of
from graphmem.option_keys.package_names import compared_name, import_names, rule_names
from graphmem.option_keys.package_urls import package_url, parse_package_url

MAX_KEY_CHARS = 500
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_SYMBOL_SEPARATOR = re.compile(r"::|[.#]")
_STAR = "*"


@dataclass(frozen=True, slots=True)
class OptionKey:
    """A key of an option.

    Attributes:
        type: The type of the key.
        name: Its name: of a package, an import, a symbol or a command, or a glob; an untyped key's text.
        system: The ecosystem of a package (the type of its URL), the language of an import; empty for other types.
        imports: Imported names recorded with a package; empty if the table and the ecosystem's rule give them.
    """

    type: KeyType
    name: str
    system: str = ""
    imports: tuple[str, ...] = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the typed key that a text is.

        Args:
            text: `pkg:ECOSYSTEM/NAME`, `import:LANGUAGE:NAME`, `symbol:NAME`, `path:GLOB` or `command:WORDS`. An
                imported name may have `*` and `**`, `$` at its end (nothing below it) or `#MEMBER` (a name in it).

        Raises:
            InvalidInput: The type is unknown or missing, or the name is none of the type.
        """
        text = text.strip()
        word, colon, name = text.partition(":")
        if len(text) > MAX_KEY_CHARS or _CONTROL.search(text):
            raise InvalidInput(f"{text[:80]!r} is no key: use at most {MAX_KEY_CHARS} printable characters")
        if not colon or word.lower() not in _TYPED:
            raise InvalidInput(f"{text[:80]!r} is no key of a known type; write one like {', '.join(KEY_EXAMPLES)}")
        key_type = KeyType(word.lower())
        if key_type is KeyType.PACKAGE:
            ecosystem, package, imports = parse_package_url(text)
            return cls(key_type, package, ecosystem, imports)
        if key_type is KeyType.IMPORT:
            return cls(key_type, *_import(text, name))
        return cls(key_type, _plain_name(key_type, text, name))

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the key that a stored text is; an untyped key if it is of no known type."""
        try:
            return cls.parse(text)
        except InvalidInput:
            return cls(KeyType.UNTYPED, text.strip())

    def __str__(self) -> str:
        """Return the canonical text of the key."""
        if self.type is KeyType.PACKAGE:
            return package_url(self.system, self.name, self.imports)
        if self.type is KeyType.IMPORT:
            return f"import:{self.system}:{self.name}"
        return self.name if self.type is KeyType.UNTYPED else f"{self.type}:{self.name}"

    @property
    def is_typed(self) -> bool:
        """False for the text of an earlier release, or of others, that is of no known type."""
        return self.type is not KeyType.UNTYPED

    @property
    def identity(self) -> str:
        """A text that is equal for equal options: without imported names, in the ecosystem's compared spelling."""
        if self.type is KeyType.PACKAGE:
            return package_url(self.system, compared_name(self.system, self.name), ())
        return str(self)

    @property
    def language(self) -> str:
        """The language that imports the key; empty for keys that are no package and no import."""
        return LANGUAGE_OF.get(self.system, self.system)

    @property
    def import_names(self) -> tuple[str, ...]:
        """The imported names of a package, else the name of an import or of an untyped key."""
        if self.type is KeyType.PACKAGE:
            return self.imports or import_names(self.system, self.name)
        return (self.name,) if self.type in {KeyType.IMPORT, KeyType.UNTYPED} else ()

    def with_imports(self, installed: Collection[str] = ()) -> Self:
        """Return the key of a package with its imported names recorded, if its name alone does not say them.

        Args:
            installed: The names that the metadata of the installed package gives; they count before the table's.
        """
        if self.type is not KeyType.PACKAGE or self.imports:
            return self
        names = tuple(sorted(installed)) or import_names(self.system, self.name)
        return self if names == rule_names(self.system, self.name) else replace(self, imports=names)

    def matches_import(self, language: str, module: str, names: Collection[str] = ()) -> bool:
        """Return True if an import in code brings the option.

        Args:
            language: The language of the code; `typescript` counts as `javascript`.
            module: The imported module, as the language writes it: `os.path`, `@scope/x/sub`, `serde::de`.
            names: The names imported from the module: `from a import b` has `b`, a star import `*`, a JavaScript
                default import `default`.
        """
        language = language_of(language)
        separator = SEPARATORS.get(language)
        if separator is None or not module or self.language not in {"", language}:
            return False
        if language == "javascript" and self.is_typed:
            return any(_is_imported_script(key, module, names) for key in self.import_names)
        imported = [module, *(f"{module}{separator}{name}" for name in names if name != _STAR)]
        return any(_is_imported(key, path, language, separator) for key in self.import_names for path in imported)

    def matches_package(self, ecosystem: str, name: str) -> bool:
        """Return True if a dependency on a package brings the option.

        Args:
            ecosystem: The package URL type: `pypi`, `npm`, `golang`, `cargo`, `maven`, `gem`, or an alias of it.
            name: The name of the package; of Maven `group:artifact`.

        Returns:
            True for the package itself in any spelling (in Go also for modules below it). An import counts if it
            covers all imported names of the package.
        """
        ecosystem = ecosystem_of(ecosystem)
        compared = compared_name(ecosystem, name)
        if self.type is KeyType.PACKAGE and self.system == ecosystem:
            own = compared_name(ecosystem, self.name)
            return is_below(own, compared, "/") if ecosystem == "golang" else own == compared
        if self.type is KeyType.IMPORT and self.system == LANGUAGE_OF.get(ecosystem):
            modules = (name,) if ecosystem == "golang" else import_names(ecosystem, name)
            is_plain_module = not self.name.endswith(EXACT) and MEMBER not in self.name and _STAR not in self.name
            return is_plain_module and bool(modules) and all(self.matches_import(self.system, each) for each in modules)
        if self.type is KeyType.UNTYPED:
            artifact = compared.rpartition("/")[2] if ecosystem == "maven" else compared
            return compared_name(ecosystem, self.name) in {compared, artifact}
        return False

    def matches_symbol(self, name: str) -> bool:
        """Return True if a name, for example `datetime.datetime.utcnow`, has the key's segments as a contiguous run."""
        if self.type not in {KeyType.SYMBOL, KeyType.UNTYPED}:
            return False
        return contains_run(_SYMBOL_SEPARATOR.split(self.name), _SYMBOL_SEPARATOR.split(name))

    def matches_path(self, path: str) -> bool:
        """Return True if a path, relative to the repository, is that of the key or lies in its folder."""
        return self.type is KeyType.PATH and path_matches(self.name, path)

    def matches_command(self, words: Sequence[str]) -> bool:
        """Return True if a command line, split into words as a shell does, runs the command of the key."""
        return self.type is KeyType.COMMAND and runs_command(self.name.split(), words)


_TYPED = frozenset(key_type.value for key_type in KeyType) - {KeyType.UNTYPED.value}


def _import(text: str, rest: str) -> tuple[str, str]:
    """Return the imported name and the language of an import key."""
    word, colon, name = rest.partition(":")
    language, name = language_of(word.strip()), name.strip()
    if not colon or language not in SEPARATORS:
        raise InvalidInput(f"{text[:80]!r} has no known language; there are import:LANGUAGE:NAME for {_LANGUAGES}")
    module = name.removesuffix(EXACT).partition(MEMBER)[0] if language == "javascript" else name.removesuffix(EXACT)
    if not module or re.search(r"\s", name) or not all(module.split(SEPARATORS[language])):
        raise InvalidInput(f"{text[:80]!r} names no import: write {_EXAMPLES[language]}")
    return name, language


_LANGUAGES = ", ".join(SEPARATORS)
_EXAMPLES = {
    "python": "import:python:pkg_resources",
    "javascript": "import:javascript:lodash/fp",
    "go": "import:go:github.com/pkg/errors",
    "rust": "import:rust:serde::de",
    "java": "import:java:org.junit.Assert",
    "ruby": "import:ruby:active_support/all",
}


def _plain_name(key_type: KeyType, text: str, name: str) -> str:
    """Return the name of a symbol, a path or a command."""
    name = " ".join(name.split()) if key_type is KeyType.COMMAND else name.strip()
    if key_type is KeyType.SYMBOL and (re.search(r"\s", name) or not all(_SYMBOL_SEPARATOR.split(name))):
        raise InvalidInput(f"{text[:80]!r} names no symbol: write symbol:NAME or symbol:module.Class.method")
    if key_type is KeyType.PATH:
        name = name.removeprefix("./")
        if name.startswith("/") or ".." in name.split("/"):
            raise InvalidInput(f"{text[:80]!r} is no path in a repository: write one relative to its root")
    if not name:
        raise InvalidInput(f"{text[:80]!r} has no name; write one like {', '.join(KEY_EXAMPLES)}")
    return name


def _is_imported(key: str, name: str, language: str, separator: str) -> bool:
    if language == "rust":
        key, name = _crate(key), _crate(name)
    return is_below(key, name, separator) or (language == "go" and is_below(key.lower(), name.lower(), separator))


def _crate(name: str) -> str:
    """Return a Rust path with the name of its crate as the code writes it."""
    crate, colons, rest = name.partition("::")
    return crate.replace("-", "_") + colons + rest


def _is_imported_script(key: str, module: str, names: Collection[str]) -> bool:
    """Return True if a key of JavaScript matches an import; a member counts if it or the whole module is imported."""
    module = module.removeprefix("node:")
    name, is_member, member = key.removeprefix("node:").partition(MEMBER)
    if is_member:
        return is_below(f"{name}{EXACT}", module, "/") and (member in names or _STAR in names)
    return is_below(name, module, "/")


def key_text(text: str) -> str | None:
    """Return the canonical text of a typed key; None if it is none."""
    try:
        return str(OptionKey.parse(text).with_imports())
    except InvalidInput:
        return None
