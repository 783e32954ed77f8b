"""Paths of a task: those in its text, the words in them, and how an anchor covers a path."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from graphmem.repository.path_patterns import ancestry, compiled_glob, is_glob

MOST_PATHS = 50
_MOST_WORDS = 40
#: A path in a text ends in a slash or an extension: `and/or` is none, and neither is `Node.js`.
_IN_TEXT = re.compile(
    r"(?<![\w/.:@-])(?:\./)?(?:[\w@.+-]{1,80}/){1,20}(?:[\w@+-][\w@.+-]{0,80}\.[A-Za-z]\w{0,9}\b)?(?![\w/])"
    r"|(?<![\w/.:@-])[\w.+-]{1,80}\.(?:py|tsx?|jsx|go|rs|java|kt|rb|php|cs|cpp|sql|prisma|css|html|md|mdx|toml|json|ya?ml|sh)\b"
)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_]+")
#: Folders whose names say nothing about a task.
_PLAIN = frozenset(
    [
        "src",
        "lib",
        "app",
        "apps",
        "packages",
        "main",
        "index",
        "init",
        "internal",
        "pkg",
        "source",
        "java",
        "python",
        "js",
        "ts",
        "tsx",
        "jsx",
        "py",
    ]
)


def paths_in(text: str) -> list[str]:
    """Return the words of a text that look like paths, in order, without duplicates."""
    paths = (match.group().rstrip(".") for match in _IN_TEXT.finditer(text[:20_000]))
    return list(dict.fromkeys(path for path in paths if "//" not in path))[:MOST_PATHS]


def plain_path(path: str) -> str:
    """Return a path of a repository without `./` and doubled slashes; a folder keeps its last slash."""
    cleaned = PurePosixPath(path.replace("\\", "/")).as_posix()
    cleaned = "" if cleaned == "." else cleaned.removeprefix("/")
    return f"{cleaned}/" if cleaned and path.endswith(("/", "\\")) else cleaned


def words_of(paths: Iterable[str]) -> str:
    """Return the words in the names of files and folders, those of the file first."""
    words: list[str] = []
    for path in paths:
        for part in reversed(path.split("/")):
            words += [word.casefold() for word in _WORDS.findall(part)]
    telling = [word for word in dict.fromkeys(words) if len(word) > 1 and word not in _PLAIN]
    return " ".join(telling[:_MOST_WORDS])


def covering_names(path: str) -> list[str]:
    """Return the names of anchors that cover a path without wildcards: itself and its folders, each in both spellings.

    >>> covering_names("api/users.py")
    ['api/users.py', 'api/', 'api']
    """
    names: list[str] = []
    for name in ancestry(path):
        names += [name, name.rstrip("/")] if name.endswith("/") else [name]
    return list(dict.fromkeys(names))


def coverage(anchor: str, path: str) -> float:
    """Return how closely an anchor covers a path: 1 for the file itself, less the more folders lie between, 0 if not.

    A folder is also covered by the files and folders in it.
    """
    if is_glob(anchor):
        return _glob_coverage(anchor, path)
    name = anchor.rstrip("/")
    if name == path.rstrip("/"):
        return 1.0
    if path.startswith(f"{name}/"):
        return 0.4 + 0.5 * (name.count("/") + 1) / (path.rstrip("/").count("/") + 1)
    return 0.7 if path.endswith("/") and anchor.startswith(path) else 0.0


def nearness(anchor: str, path: str) -> float:
    """Return the share of leading folders that an anchor and a path have in common."""
    first, second = anchor.rstrip("/").split("/"), path.rstrip("/").split("/")
    same = 0
    for left, right in zip(first, second, strict=False):
        if left != right:
            break
        same += 1
    return same / max(len(first), len(second))


def _glob_coverage(anchor: str, path: str) -> float:
    pattern = compiled_glob(anchor)
    if pattern is None or pattern.fullmatch(path) is None:
        return 0.0
    fixed = sum(1 for part in anchor.split("/") if part and not is_glob(part))
    return min(0.4 + 0.5 * (fixed + 1) / (path.count("/") + 2), 0.9)


def best_coverage(anchors: Sequence[str], paths: Sequence[str]) -> tuple[float, str]:
    """Return the closest coverage of any path by any anchor, and that path; 0 and an empty text if there is none."""
    coverages = [(coverage(anchor, path), path) for path in paths for anchor in anchors]
    value, path = max(coverages, key=lambda pair: pair[0], default=(0.0, ""))
    return (value, path) if value else (0.0, "")
