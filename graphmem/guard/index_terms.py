"""Index terms that let a store find the memories that a change may concern: a superset of those that it concerns.

A memory with typed or untyped keys has terms of its keys; a memory without rejected keys has terms of its files. A key
with wildcards has the term of the segments in front of the first wildcard, so a change looks up every prefix of its
names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from graphmem.guard.evidence import (
    CommandEvidence,
    Evidence,
    FileEvidence,
    ImportEvidence,
    NameEvidence,
    PackageEvidence,
)
from graphmem.model import AnchorKind, Outcome, Statement
from graphmem.option_keys import KeyType, OptionKey, import_names
from graphmem.option_keys.key_types import LANGUAGE_OF, SEPARATORS, ecosystem_of
from graphmem.option_keys.package_names import compared_name
from graphmem.repository.path_patterns import ancestry, fixed_part

#: Label of a memory that excuses changes from another memory; the id of the other memory follows.
EXCEPTION = "exception-to:"
_ABOUT = "about"
_MARKS = re.compile(r"[-_.]+")
_SYMBOL = re.compile(r"::|[.#]")
_MOST_SEGMENTS = 30


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


def terms_of_evidence(evidence: Evidence) -> Iterator[str]:
    """Yield the terms of the memories that a piece of evidence may concern."""
    if isinstance(evidence, ImportEvidence):
        yield from _terms_of_import(evidence.language, evidence.module, evidence.names)
    elif isinstance(evidence, PackageEvidence):
        yield from _terms_of_package(evidence.ecosystem, evidence.name)
    elif isinstance(evidence, CommandEvidence):
        yield f"command:{_program(evidence.words[0])}"
    elif isinstance(evidence, FileEvidence):
        yield from (f"path:{start}" for start in _starts(evidence.path))
    else:
        yield from _terms_of_name(evidence)


def terms_of_path(path: str) -> Iterator[str]:
    """Yield the terms of the memories about a file, its folders, or files like it."""
    yield from (f"file:{start}" for start in _starts(path))


def term_of_exceptions(memory_id: str) -> str:
    """Return the term of the memories that excuse changes from a memory."""
    return f"exception:{memory_id}"


def _starts(path: str) -> Iterable[str]:
    folders = ancestry(path)
    # A folder can be written with or without its slash, and a glob can begin with a wildcard.
    return {*folders, *(folder.rstrip("/") for folder in folders), ""}


def _terms_of_key(key: OptionKey) -> Iterator[str]:
    if key.type is KeyType.PACKAGE:
        yield f"pkg:{key.system}/{compared_name(key.system, key.name)}"
    if key.type in {KeyType.PACKAGE, KeyType.IMPORT}:
        yield from (f"import:{key.language}:{_fixed(key.language, name)}" for name in key.import_names)
    elif key.type is KeyType.SYMBOL:
        yield f"symbol:{_SYMBOL.split(key.name)[-1]}"
    elif key.type is KeyType.PATH:
        yield f"path:{fixed_part(key.name)}"
    elif key.type is KeyType.COMMAND:
        yield f"command:{_program(key.name.split()[0])}"
    elif key.name:
        yield f"word:{_plain(key.name)}"


def _fixed(language: str, name: str) -> str:
    """Return the segments of a name in front of the first wildcard, in the form used for comparison."""
    separator = SEPARATORS[language]
    name = name.removesuffix("$")
    if language == "javascript":
        name = name.removeprefix("node:").partition("#")[0]
    segments = name.split(separator)
    fixed = next((at for at, segment in enumerate(segments) if "*" in segment), len(segments))
    return _compared(language, separator.join(segments[:fixed]))


def _compared(language: str, name: str) -> str:
    if language == "go":
        return name.lower()
    return name.replace("-", "_") if language == "rust" else name


def _terms_of_import(language: str, module: str, names: Iterable[str]) -> Iterator[str]:
    separator = SEPARATORS[language]
    plain = module.removeprefix("node:") if language == "javascript" else module
    members = [] if language == "javascript" else [f"{plain}{separator}{name}" for name in names if name != "*"]
    for name in (plain, *members):
        for start in _beginnings(name, separator):
            yield f"import:{language}:{_compared(language, start)}"
            if start:
                yield f"word:{_plain(start)}"
    yield from (f"symbol:{segment}" for segment in (*names, *_SYMBOL.split(module)))


def _terms_of_package(ecosystem: str, name: str) -> Iterator[str]:
    ecosystem = ecosystem_of(ecosystem)
    compared = compared_name(ecosystem, name)
    starts = _beginnings(compared, "/") if ecosystem == "golang" else [compared]
    yield from (f"pkg:{ecosystem}/{start}" for start in starts if start)
    yield from (f"word:{_plain(word)}" for word in {compared, compared.rpartition("/")[2]})
    language = LANGUAGE_OF[ecosystem]
    for module in (name,) if ecosystem == "golang" else import_names(ecosystem, name):
        for start in _beginnings(module, SEPARATORS[language]):
            yield f"import:{language}:{_compared(language, start)}"


def _terms_of_name(evidence: NameEvidence) -> Iterator[str]:
    yield f"word:{_plain(evidence.name)}"
    for ecosystem, language in LANGUAGE_OF.items():
        yield f"pkg:{ecosystem}/{compared_name(ecosystem, evidence.name)}"
        yield f"import:{language}:{_compared(language, evidence.name)}"


def _beginnings(name: str, separator: str) -> list[str]:
    segments = name.split(separator)[:_MOST_SEGMENTS]
    return [separator.join(segments[:count]) for count in range(len(segments) + 1)]


def _plain(word: str) -> str:
    return _MARKS.sub("-", word).lower()


def _program(word: str) -> str:
    name = word.replace("\\", "/").rpartition("/")[2].lower()
    return re.sub(r"\.(?:exe|cmd|bat)$", "", name)
