"""The definitions of a file by its parser, or by the forms of definitions where there is no parser."""

from __future__ import annotations

import posixpath
import re

from graphmem.deferred_dataclass import dataclass
from graphmem.symbols.definitions import Definition, DefinitionKind, Definitions, definitions_in
from graphmem.symbols.languages import language_of
from graphmem.symbols.text_definitions import definition

#: Endings of languages whose definitions can move into each other's files.
_RELATED = {"TypeScript": "JavaScript", "C++": "C"}


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A version of a source file.

    Attributes:
        definitions: Those that the parser of its language found; None without a parser.
    """

    path: str
    content: bytes
    definitions: Definitions | None

    def named(self, name: str) -> Definition | None:
        """Return the definition with a dotted name; None if the file has none.

        Where the file does not parse, or has no parser, the line with the usual form of a definition counts.
        """
        parsed = self.definitions
        found = None if parsed is None else parsed.named(name)
        return found if found is not None or (parsed is not None and parsed.is_complete) else self._by_form(name)

    def lacks(self, name: str) -> bool:
        """Return True if the file does not define a name for certain: it parses, or does not have the word at all."""
        parsed = self.definitions
        if self.named(name) is not None:
            return False
        is_certain = parsed is None or parsed.is_complete
        return is_certain or re.search(rb"\b%s\b" % re.escape(_last(name).encode()), self.content) is None

    def _by_form(self, name: str) -> Definition | None:
        text = self.content.decode("utf-8", "replace")
        lines = definition(text, _last(name))
        if lines is None:
            return None
        part = b"\n".join(self.content.splitlines()[lines[0] - 1 : lines[1]])
        return Definition(name, DefinitionKind.FUNCTION, *lines, part, part.partition(_last(name).encode())[2])


def source_file(path: str, content: bytes) -> SourceFile:
    """Return a version of a source file with its definitions."""
    return SourceFile(path, content, definitions_in(path, content))


def family(path: str) -> str:
    """Return the languages between whose files definitions move, as a text: equal for two files of the same family."""
    language = language_of(path)
    return posixpath.splitext(path)[1] if language is None else _RELATED.get(language.name, language.name)


def _last(name: str) -> str:
    return name.rpartition(".")[2]
