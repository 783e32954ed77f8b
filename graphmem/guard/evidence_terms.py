"""Index terms of what a change adds, by which the memories that it may concern are looked up; see `index_terms`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from graphmem.guard.evidence import (
    CommandEvidence,
    Evidence,
    FileEvidence,
    ImportEvidence,
    NameEvidence,
    PackageEvidence,
)
from graphmem.guard.index_terms import SYMBOL_MARKS, compared_import, path_beginnings, plain_word, program_name
from graphmem.option_keys import import_names
from graphmem.option_keys.key_types import LANGUAGE_OF, SEPARATORS, ecosystem_of
from graphmem.option_keys.package_names import compared_name

_MOST_SEGMENTS = 30


def terms_of_evidence(evidence: Evidence) -> Iterator[str]:
    """Yield the terms of the memories that a piece of evidence may concern."""
    if isinstance(evidence, ImportEvidence):
        yield from _terms_of_import(evidence.language, evidence.module, evidence.names)
    elif isinstance(evidence, PackageEvidence):
        yield from _terms_of_package(evidence.ecosystem, evidence.name)
    elif isinstance(evidence, CommandEvidence):
        yield f"command:{program_name(evidence.words[0])}"
    elif isinstance(evidence, FileEvidence):
        yield from (f"path:{start}" for start in path_beginnings(evidence.path))
    else:
        yield from _terms_of_name(evidence)


def _terms_of_import(language: str, module: str, names: Iterable[str]) -> Iterator[str]:
    separator = SEPARATORS[language]
    plain = module.removeprefix("node:") if language == "javascript" else module
    members = [] if language == "javascript" else [f"{plain}{separator}{name}" for name in names if name != "*"]
    for name in (plain, *members):
        for start in _beginnings(name, separator):
            yield f"import:{language}:{compared_import(language, start)}"
            if start:
                yield f"word:{plain_word(start)}"
    yield from (f"symbol:{segment}" for segment in (*names, *SYMBOL_MARKS.split(module)))


def _terms_of_package(ecosystem: str, name: str) -> Iterator[str]:
    ecosystem = ecosystem_of(ecosystem)
    compared = compared_name(ecosystem, name)
    starts = _beginnings(compared, "/") if ecosystem == "golang" else [compared]
    yield from (f"pkg:{ecosystem}/{start}" for start in starts if start)
    yield from (f"word:{plain_word(word)}" for word in {compared, compared.rpartition("/")[2]})
    language = LANGUAGE_OF[ecosystem]
    for module in (name,) if ecosystem == "golang" else import_names(ecosystem, name):
        for start in _beginnings(module, SEPARATORS[language]):
            yield f"import:{language}:{compared_import(language, start)}"


def _terms_of_name(evidence: NameEvidence) -> Iterator[str]:
    yield f"word:{plain_word(evidence.name)}"
    for ecosystem, language in LANGUAGE_OF.items():
        yield f"pkg:{ecosystem}/{compared_name(ecosystem, evidence.name)}"
        yield f"import:{language}:{compared_import(language, evidence.name)}"


def _beginnings(name: str, separator: str) -> list[str]:
    segments = name.split(separator)[:_MOST_SEGMENTS]
    return [separator.join(segments[:count]) for count in range(len(segments) + 1)]
