"""References from a memory to the code: paths, commands, dependencies and symbols."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from graphmem.deferred_dataclass import dataclass
from graphmem.model import Anchor, AnchorKind, Statement
from graphmem.verification.path_names import path_reference
from graphmem.verification.text_references import TextReference, text_references
from graphmem.verification.verdicts import MemoryToVerify, ReferenceKind

_DEPENDENCY = "dependency."
_FILES = frozenset({AnchorKind.FILE, AnchorKind.MODULE})


@dataclass(frozen=True, slots=True)
class CodeReference:
    """A part of the code that a memory refers to.

    Attributes:
        target: A path without `./` at its start and `/` at its end, a command, for example `make test`, or a name.
        folder: Folder of the file that the memory was read from.
        is_anchored: The memory is explicitly about the target.
        is_link: The target is relative to the folder, and only then to the root.
        is_bare: The target is a file name or folder name alone, which may be anywhere in the repository.
    """

    kind: ReferenceKind
    target: str
    folder: str = ""
    is_anchored: bool = False
    is_link: bool = False
    is_bare: bool = False


def references_of(memory: MemoryToVerify) -> tuple[CodeReference, ...]:
    """The references of a memory, each once: anchors first, then those of the title, the body and the rationale."""
    folder = posixpath.dirname(memory.path)
    found: dict[tuple[ReferenceKind, str], CodeReference] = {}
    for reference in (*_anchored(memory), *_in_texts(memory.statement, folder), *_dependency(memory.statement)):
        found.setdefault((reference.kind, reference.target), reference)
    paths = {reference.target for reference in found.values() if reference.kind is ReferenceKind.FILE}
    return tuple(each for each in found.values() if each.kind is not ReferenceKind.FOLDER or each.target not in paths)


def _anchored(memory: MemoryToVerify) -> Iterator[CodeReference]:
    for anchor in memory.statement.anchors:
        if anchor.repo is not None and anchor.repo != memory.repo:
            continue
        if anchor.kind in _FILES and (reference := _anchored_path(anchor)) is not None:
            yield reference
        elif anchor.kind is AnchorKind.SYMBOL:
            yield CodeReference(ReferenceKind.SYMBOL, anchor.name, is_anchored=True)


def _anchored_path(anchor: Anchor) -> CodeReference | None:
    name = path_reference(anchor.name)
    if name is None or (anchor.kind is AnchorKind.MODULE and "/" not in anchor.name):
        return None
    kind = ReferenceKind.FOLDER if name.is_folder else ReferenceKind.FILE
    return CodeReference(kind, name.path, is_anchored=True)


def _in_texts(statement: Statement, folder: str) -> Iterator[CodeReference]:
    for text in (statement.title, statement.body, statement.rationale):
        for found in text_references(text):
            yield _reference(found, folder)


def _reference(found: TextReference, folder: str) -> CodeReference:
    return CodeReference(found.kind, found.target, folder, is_link=found.is_link, is_bare=found.is_bare)


def _dependency(statement: Statement) -> Iterator[CodeReference]:
    subject = statement.subject or ""
    if subject.startswith(_DEPENDENCY) and (name := subject.removeprefix(_DEPENDENCY)):
        yield CodeReference(ReferenceKind.DEPENDENCY, name)
