"""Paths and commands in the text of a memory, which is Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator

from graphmem.deferred_dataclass import dataclass
from graphmem.verification.command_lines import command_targets, script_words
from graphmem.verification.path_names import PathName, path_reference
from graphmem.verification.sentences import Fence, TextSentence, sentences
from graphmem.verification.verdicts import ReferenceKind

_CODE = re.compile(r"(?<!`)(`{1,2})(?!`)([^`\n]{2,400}?)\1(?!`)")
_LINK = re.compile(r"!?\[((?:[^\[\]]|\[[^\[\]]{0,200}\]){0,300})\]\(<?([^()\s<>]{1,300})>?(?:\s[^()]{0,300})?\)")
_URL = re.compile(r"\b[a-z][a-z0-9+.-]{1,15}://[^\s)>\]`]+|\bwww\.[^\s)>\]`]+")
_PROSE_PATH = re.compile(
    r"(?<![\w/.:~$-])@?(?:\.{1,2}/)?(?:[\w.+-]+/)+(?:[\w+.-]*\w\.[A-Za-z]\w{0,9}(?![\w/])|(?<=\w/)(?!\w))"
)
_TAIL = re.compile(r"[#?].*")
_ESCAPES = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
#: The scheme of links in rules of Cursor.
_CURSOR = "mdc:"
_SITE = (".html", ".htm")
_SHELLS = frozenset({"", "sh", "bash", "shell", "zsh", "console", "shell-session", "text", "fish"})
_TREE = re.compile("[\u2500-\u257f]")


@dataclass(frozen=True, slots=True)
class TextReference:
    """A reference in a text (see `graphmem.verification.references.Reference`)."""

    kind: ReferenceKind
    target: str
    is_link: bool = False
    is_bare: bool = False


def text_references(text: str) -> Iterator[TextReference]:
    """The references of a Markdown text in their order.

    Sentences about removed, possible or future parts, or about examples, are left out.
    """
    if "/" not in text and "`" not in text and "](" not in text:
        return
    for part in sentences(text):
        if isinstance(part, Fence):
            yield from _in_fence(part)
        else:
            yield from _in_sentence(part)


def _in_fence(fence: Fence) -> Iterator[TextReference]:
    if fence.language not in _SHELLS:
        return
    for line in fence.lines:
        if not _TREE.search(line):
            yield from _in_command_line(line.partition(" #")[0])


def _in_sentence(sentence: TextSentence) -> Iterator[TextReference]:
    text = sentence.text
    for match in _LINK.finditer(text):
        yield from _of_link(match[2])
    text = _URL.sub(" ", _LINK.sub(lambda match: f" {match[1]} ", text))
    for match in _CODE.finditer(text):
        yield from _of_code(match[2].strip())
    for match in _PROSE_PATH.finditer(_CODE.sub(" ", text)):
        name = path_reference(match.group())
        if name is not None and not name.is_bare and not name.path.endswith(_SITE):
            yield _path(name)


def _of_link(target: str) -> Iterator[TextReference]:
    target = target.removeprefix(_CURSOR)
    if target.startswith("#") or _SCHEME.match(target):
        return
    name = path_reference(_unescaped(_TAIL.sub("", target)))
    if name is None or name.path.endswith(_SITE):
        return
    kind = ReferenceKind.FOLDER if name.is_folder else ReferenceKind.FILE
    yield TextReference(kind, name.path, is_link=not name.is_rooted)


def _unescaped(target: str) -> str:
    """A target with its percent signs decoded."""
    return _ESCAPES.sub(lambda match: bytes.fromhex(match.group().replace("%", "")).decode("utf-8", "replace"), target)


def _of_code(code: str) -> Iterator[TextReference]:
    if " " in code:
        yield from _in_command_line(code)
        return
    name = path_reference(code)
    if name is not None and not name.is_shared_name:
        yield _path(name)


def _in_command_line(line: str) -> Iterator[TextReference]:
    """Commands, and the words with a folder that are paths of files, of programs, or of a folder to change to."""
    for target in command_targets(line):
        yield TextReference(ReferenceKind.COMMAND, target)
    text = _URL.sub(" ", line)
    programs = set(script_words(text))
    for word in text.split():
        name = path_reference(word.strip("\"'(),;:"))
        if name is not None and not name.is_bare and (name.is_file or word in programs):
            yield _path(name)


def _path(name: PathName) -> TextReference:
    kind = ReferenceKind.FOLDER if name.is_folder else ReferenceKind.FILE
    return TextReference(kind, name.path, is_bare=name.is_bare)
