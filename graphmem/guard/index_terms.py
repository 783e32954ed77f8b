"""Index terms that let a store find the memories that a change may concern: a superset of those that it concerns.

A memory with typed or untyped keys has terms of its keys; a memory without rejected keys has terms of its files. A key
with wildcards has the term of the segments in front of the first wildcard, so a change looks up every prefix of its
names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from graphmem.model import AnchorKind, Outcome, Statement
from graphmem.option_keys import KeyType, OptionKey
from graphmem.option_keys.key_types import SEPARATORS
from graphmem.option_keys.package_names import compared_name
from graphmem.repository.path_patterns import ancestry, fixed_part

#: Label of a memory that excuses changes from another memory; the id of the other memory follows.
EXCEPTION = "exception-to:"
_ABOUT = "about"
_MARKS = re.compile(r"[-_.]+")
SYMBOL_MARKS = re.compile(r"::|[.#]")


def terms_of_statement(statement: Statement) -> tuple[str, ...]:
    """Return the terms of a memory, sorted; empty for most memories."""
    keys = [(option.outcome, OptionKey.read(key)) for option in statement.alternatives for key in option.keys]
    terms = {term for _, key in keys for term in _terms_of_key(key)}
    terms.update(f"exception:{label[len(EXCEPTION) :]}" for label in statement.labels if label.startswith(EXCEPTION))
    is_rejecting = any(outcome is Outcome.REJECTED for outcome, _ in keys)
    if not is_rejecting and (statement.is_mandatory or statement.subject):
        files = (anchor for anchor in statement.anchors if anchor.kind is AnchorKind.FILE and anchor.role == _ABOUT)
        terms.update(f"file:{fixed_part(anchor.name)}" for anchor in files)
    return tuple(sorted(terms))


def terms_of_path(path: str) -> Iterator[str]:
    """Yield the terms of the memories about a file, its folders, or files like it."""
    yield from (f"file:{start}" for start in path_beginnings(path))


def term_of_exceptions(memory_id: str) -> str:
    """Return the term of the memories that excuse changes from a memory."""
    return f"exception:{memory_id}"


def path_beginnings(path: str) -> Iterable[str]:
    """Return the folders of a path, with and without their slash, the path itself, and the empty beginning."""
    folders = ancestry(path)
    # A folder can be written with or without its slash, and a glob can begin with a wildcard.
    return {*folders, *(folder.rstrip("/") for folder in folders), ""}


def _terms_of_key(key: OptionKey) -> Iterator[str]:
    if key.type is KeyType.PACKAGE:
        yield f"pkg:{key.system}/{compared_name(key.system, key.name)}"
    if key.type in {KeyType.PACKAGE, KeyType.IMPORT}:
        yield from (f"import:{key.language}:{_fixed(key.language, name)}" for name in key.import_names)
    elif key.type is KeyType.SYMBOL:
        yield f"symbol:{SYMBOL_MARKS.split(key.name)[-1]}"
    elif key.type is KeyType.PATH:
        yield f"path:{fixed_part(key.name)}"
    elif key.type is KeyType.COMMAND:
        yield f"command:{program_name(key.name.split()[0])}"
    elif key.name:
        yield f"word:{plain_word(key.name)}"


def _fixed(language: str, name: str) -> str:
    """Return the segments of a name in front of the first wildcard, in the form used for comparison."""
    separator = SEPARATORS[language]
    name = name.removesuffix("$")
    if language == "javascript":
        name = name.removeprefix("node:").partition("#")[0]
    segments = name.split(separator)
    fixed = next((at for at, segment in enumerate(segments) if "*" in segment), len(segments))
    return compared_import(language, separator.join(segments[:fixed]))


def compared_import(language: str, name: str) -> str:
    """Return the name of an import in the form used for comparison."""
    if language == "go":
        return name.lower()
    return name.replace("-", "_") if language == "rust" else name


def plain_word(word: str) -> str:
    """Return a word in lower case, with one mark between its parts."""
    return _MARKS.sub("-", word).lower()


def program_name(word: str) -> str:
    """Return the name of a program without folders and without the ending of Windows."""
    name = word.replace("\\", "/").rpartition("/")[2].lower()
    return re.sub(r"\.(?:exe|cmd|bat)$", "", name)
