"""TODO and FIXME comments that name an issue, an owner or a date. Others are notes and no statements."""

from __future__ import annotations

import posixpath
import re
from hashlib import sha256

from graphmem.sources.clipped_text import single_line
from graphmem.sources.tasks.records import TaskRecord

MAX_LINE_CHARS = 1_000
#: Extensions of prose, data and generated files: a number sign or a dash opens no comment there.
_WITHOUT_COMMENTS = frozenset(
    {
        *(".adoc", ".asciidoc", ".csv", ".diff", ".html", ".ipynb", ".json", ".jsonl", ".lock", ".log", ".map", ".md"),
        *(".markdown", ".mdx", ".min.js", ".patch", ".po", ".pot", ".rst", ".snap", ".svg", ".tsv", ".txt", ".xml"),
    }
)
_FOREIGN_FOLDERS = frozenset({"node_modules", "third_party", "third-party", "vendor", "vendored", "site-packages"})
_COMMENT = re.compile(
    r"(?:^|[\s;{}(),])(?:#+|//+!?|/\*+!?|--|;+|%+|<!--|\{\{?[#!/]-?\*?|\"{3}|'{3}|REM\b)[\s*!]{0,20}@?"
    r"(?P<text>(?P<mark>TODO|FIXME)\b.*)$"
    r"|^\s{0,80}\*+\s{1,20}@?(?P<starred>(?P<star_mark>TODO|FIXME)\b.*)$"
)
_END = re.compile(r"\s*(?:\*+/|-->|[#%]?\}\}|\"{3}|'{3})\s*$")
_ISSUE = re.compile(
    r"(?<![\w&])#\d{1,9}\b|\bgh-\d{1,9}\b|\b(?-i:[A-Z][A-Z0-9]{1,15})-\d{1,9}\b|\bb/\d{3,12}\b"
    r"|\bhttps?://\S{1,300}/(?:issues?|pull|browse|bugs?|tickets?|merge_requests)/\S{1,100}|\bcrbug\.com/\d+"
    r"|\b[Ii]ssue\s#?\d{1,9}\b|\bbug\s#?\d{2,9}\b",
    re.IGNORECASE,
)
_NO_ISSUE = re.compile(
    r"^(?:UTF|ISO|RFC|SHA|PEP|CVE|ES|HTTP|PY|MD|AES|RSA|GPT|X|ASCII|CP|LATIN|BASE|INT)-", re.IGNORECASE
)
_DATE = re.compile(r"(?<!\d)(?:19|20)\d\d-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?(?!\d)")
#: `TODO(ana)`, `TODO(ana, #12)`, `TODO(bd-12)`: an owner or an issue, never a sentence.
_BRACKETS = re.compile(r"^(?:TODO|FIXME)\s?[(\[](?P<names>[^()\[\]]{1,80})[)\]]")
_NAME = re.compile(r"^@?[A-Za-z][\w.+@/-]{1,60}$")
_NO_OWNER = frozenset(
    {
        *(
            "future",
            "later",
            "soon",
            "someday",
            "now",
            "next",
            "maybe",
            "optional",
            "important",
            "urgent",
            "high",
            "low",
        ),
        *(
            "medium",
            "perf",
            "performance",
            "security",
            "cleanup",
            "refactor",
            "test",
            "tests",
            "docs",
            "bug",
            "hack",
            "all",
        ),
    }
)
_HANDLE = re.compile(r"(?<![\w.@/])@[A-Za-z][\w-]{1,38}\b(?![./(])")


def has_comments(path: str) -> bool:
    """False for prose, data, generated files and code of others, by the path."""
    folders = path.casefold().split("/")
    name = folders.pop()
    is_text = not (name.endswith((".min.js", ".min.css")) or posixpath.splitext(name)[1] in _WITHOUT_COMMENTS)
    return is_text and not _FOREIGN_FOLDERS.intersection(folders)


def comment_task(line: str, path: str) -> TaskRecord | None:
    """The task of a line of code; None if it has no comment with TODO or FIXME, or one without issue, owner and date.

    Equal texts are one task, wherever they are: a line that moves keeps its task.
    """
    match = _COMMENT.search(line) if len(line) <= MAX_LINE_CHARS else None
    if match is None or line[: match.start()].count('"') % 2:
        # An odd number of quotation marks: the comment is in a string.
        return None
    text = single_line(_END.sub("", match["text"] or match["starred"]))
    if not is_statement(text):
        return None
    mark = match["mark"] or match["star_mark"]
    return TaskRecord(
        id=sha256(text.encode("utf-8", "replace")).hexdigest()[:16],
        title=text,
        word=mark,
        labels=(mark.casefold(),),
        files=(path,),
    )


def is_statement(text: str) -> bool:
    """True if a comment that begins with TODO or FIXME names an issue, an owner or a date."""
    return _has_issue(text) or _DATE.search(text) is not None or _has_owner(text)


def _has_issue(text: str) -> bool:
    return any(_NO_ISSUE.match(issue[0]) is None for issue in _ISSUE.finditer(text))


def _has_owner(text: str) -> bool:
    brackets = _BRACKETS.match(text)
    names = brackets["names"].split(",") if brackets is not None else []
    owners = [name.strip() for name in names if name.strip().casefold() not in _NO_OWNER]
    return any(_NAME.match(owner) for owner in owners) or _HANDLE.search(text) is not None
