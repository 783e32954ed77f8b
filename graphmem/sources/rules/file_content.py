"""Reads the rules of a version of a file from its content."""

from __future__ import annotations

import posixpath
from itertools import islice

from graphmem.deferred_dataclass import dataclass
from graphmem.sources.memories.notes import front_matter
from graphmem.sources.rules.markdown_rules import markdown_rules
from graphmem.sources.rules.rule_files import RuleFormat, folder_of, format_of
from graphmem.sources.rules.rule_text import Rule
from graphmem.sources.rules.scopes import scope_of, with_quoted_globs
from graphmem.sources.rules.settings import UnreadableSettings, settings_rules

#: Rules of a file beyond these are left out.
MAX_RULES = 1_000


@dataclass(frozen=True, slots=True)
class FileContent:
    """The rules of a version of a file.

    Attributes:
        rules: In order; None if the file could not be read.
        line: Line of the problem.
        problem: The reason why the file, its front matter or a part of its rules could not be read; None if all was.
        is_scope_unread: The front matter could not be read: the scope of the rules is not known.
    """

    rules: tuple[Rule, ...] | None
    line: int = 1
    problem: str | None = None
    is_scope_unread: bool = False


def read_content(path: str, content: bytes) -> FileContent:
    """The rules of a file.

    Args:
        path: Relative to the root of the repository; it holds rules (`holds_rules`).
        content: The content of the file.
    """
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        return FileContent(None, content.count(b"\n", 0, error.start) + 1, "the text is not UTF-8")
    if "\0" in text:
        return FileContent(None, text.count("\n", 0, text.index("\0")) + 1, "the file is binary")
    file_format = format_of(path)
    assert file_format is not None, "only files that hold rules are read"  # noqa: S101
    if file_format not in {RuleFormat.MARKDOWN, RuleFormat.RST}:
        try:
            rules = settings_rules(posixpath.basename(path), text, file_format, folder_of(path))
        except UnreadableSettings as refusal:
            return FileContent(None, refusal.line, str(refusal))
        return _limited(rules)
    return _read_text(path, text, is_rst=file_format is RuleFormat.RST)


def _read_text(path: str, text: str, *, is_rst: bool) -> FileContent:
    fields, refused, rest, line = front_matter(with_quoted_globs(text))
    scope = scope_of(folder_of(path), fields)
    found = markdown_rules(rest, first_line=line, scope=scope, is_rst=is_rst)
    content = _limited(list(islice(found, MAX_RULES + 1)))
    if refused is None:
        return content
    return FileContent(content.rules, 1, f"front matter that could not be read: {refused}", is_scope_unread=True)


def _limited(rules: list[Rule]) -> FileContent:
    if len(rules) <= MAX_RULES:
        return FileContent(tuple(rules))
    return FileContent(tuple(rules[:MAX_RULES]), rules[MAX_RULES].line, f"only the first {MAX_RULES} rules are read")
