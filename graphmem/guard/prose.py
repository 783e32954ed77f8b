"""Extracts evidence from a plan, a prompt or another text: code in fences, commands, and names in code spans."""

from __future__ import annotations

import re
from collections.abc import Iterator

from graphmem.guard.code_paths import LANGUAGES
from graphmem.guard.evidence import Added, NameEvidence, evidence_of_command, evidence_of_file
from graphmem.guard.file_changes import ChangedFile, Piece

MAX_TEXT_CHARS = 200_000
_FENCE = re.compile(
    r"^ {0,3}(`{3,9}|~{3,9})[ \t]*([\w+#.-]{0,30})[^\n]{0,200}\n(.*?)(?:^ {0,3}\1|\Z)", re.DOTALL | re.MULTILINE
)
_SPAN = re.compile(r"(?<!`)`([^`\n]{1,200})`(?!`)")
_NAME = re.compile(r"@?[A-Za-z_][\w.@/-]{0,199}")
_SHELLS = frozenset({"sh", "bash", "shell", "console", "zsh", "terminal"})
_SUFFIXES = {
    "python": "py",
    "javascript": "js",
    "typescript": "ts",
    "go": "go",
    "golang": "go",
    "rust": "rs",
    "java": "java",
}
_MOST = 500


def evidence_of_text(text: str) -> Iterator[Added]:
    """Yield the evidence in a text's code; words outside of code are no evidence."""
    text = text[:MAX_TEXT_CHARS]
    for count, match in enumerate(_FENCE.finditer(text)):
        if count >= _MOST:
            break
        yield from _of_block(match[2].lower(), match[3])
    for count, match in enumerate(_SPAN.finditer(_FENCE.sub("\n", text))):
        if count >= _MOST:
            break
        yield from _of_span(match[1].strip())


def _of_block(word: str, code: str) -> Iterator[Added]:
    if word in _SHELLS:
        plain = re.sub(r"(?m)^\s{0,8}[$>]\s", "", code)
        yield from evidence_of_command(plain)
        return
    suffix = word if word in LANGUAGES else _SUFFIXES.get(word)
    if suffix is not None:
        found = evidence_of_file(ChangedFile(f"text.{suffix}", (Piece("", code, is_whole=True),)))
        yield from (Added(added.evidence, "") for added in found.added)


def _of_span(span: str) -> Iterator[Added]:
    if _NAME.fullmatch(span):
        yield Added(NameEvidence(span), "")
    elif " " in span:
        yield from evidence_of_command(span)
