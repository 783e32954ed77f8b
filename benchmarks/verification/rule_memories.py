"""Rule files and decision records of a repository at an earlier commit, each block of text as a memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from graphmem.model import Statement
from graphmem.sources.git.file_versions import contents
from graphmem.sources.git.tree_files import tree_files
from graphmem.verification import MemoryToVerify

_RULE_FILE = re.compile(
    r"(?:^|/)(?:AGENTS|CLAUDE|CRUSH|GEMINI|CONVENTIONS)\.md$|(?:^|/)\.cursor/rules/.*\.mdc?$|copilot-instructions\.md$"
    r"|(?:^|/)(?:docs?|doc)/(?:.*/)?(?:adrs?|decisions|architecture)/.*\.md$|(?:^|/)(?:adrs?|decisions)/\d.*\.md$",
    re.IGNORECASE,
)
_VENDORED = re.compile(r"(?:^|/)(?:node_modules|vendor|third_party|templates?|fixtures?|testdata|tests?|examples?)/")
_ITEM = re.compile(r"^(?:[-*+]|\d+[.)])\s+")


def is_rule_file(path: str) -> bool:
    """Whether a path is that of a rule file or a decision record, and not of an example of it."""
    return _RULE_FILE.search(path) is not None and not _VENDORED.search(path)


def rule_memories(root: Path, commit: str, since: datetime) -> Iterator[MemoryToVerify]:
    """The blocks of the rule files and decision records at a commit, valid since a time."""
    tree = tree_files(root, commit)
    paths = [path for path in tree.blobs if is_rule_file(path) and path not in tree.links]
    for path, (_, content) in zip(paths, contents(root, [tree.blobs[path] for path in paths]), strict=True):
        for number, (line, text) in enumerate(blocks((content or b"").decode("utf-8", "replace"))):
            title = " ".join(text.splitlines()[0].split())[:900]
            statement = Statement(title=title or "-", body=text[:100_000])
            yield MemoryToVerify(memory_id=f"{path}:{line}:{number}", statement=statement, since=since, path=path)


def blocks(text: str) -> Iterator[tuple[int, str]]:
    """(Line, text) of each paragraph, list item of the first level, and fenced block of a Markdown text."""
    start, lines, is_fenced = 1, list[str](), False
    for number, line in enumerate(text.splitlines(), start=1):
        is_fence = line.lstrip().startswith("```")
        if not is_fenced and (not line.strip() or _ITEM.match(line) or line.startswith("#")):
            if any(each.strip() for each in lines):
                yield start, "\n".join(lines)
            start, lines = number, []
        is_fenced ^= is_fence
        lines.append(line)
    if any(each.strip() for each in lines):
        yield start, "\n".join(lines)
