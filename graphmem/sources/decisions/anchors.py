"""Paths of the repository that a record names."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator

from graphmem.model import MAX_LIST_ITEMS, Anchor, AnchorKind
from graphmem.sources.decisions.sections import TextSection

_CODE = re.compile(r"(?<!`)`([^`\s]{3,300})`(?!`)")
_LINK = re.compile(r"(?<!!)\[[^\[\]]{0,300}\]\(<?([^()\s<>]{3,300})>?(?:\s[^()]{0,300})?\)")
_PATH = re.compile(r"\.{0,2}/?(?:[\w@.+-]+/)+[\w@+.-]*\w\.[A-Za-z][A-Za-z0-9]{0,9}")
_POSITION = re.compile(r"(?::{1,2}[\w\[\].,:-]+|#[\w.:-]+)$")
# fmt: off
_SUFFIXES = frozenset({
    "py", "pyi", "ipynb", "js", "jsx", "ts", "tsx", "mjs", "cjs", "vue", "svelte", "go", "rs", "java", "kt", "kts",
    "scala", "groovy", "gradle", "rb", "erb", "php", "cs", "fs", "vb", "swift", "m", "mm", "c", "h", "cc", "cpp",
    "cxx", "hpp", "hh", "sh", "bash", "zsh", "ps1", "psm1", "psd1", "bat", "cmd", "sql", "graphql", "proto",
    "thrift", "avsc", "md", "markdown", "rst", "txt", "adoc", "yaml", "yml", "toml", "json", "jsonl", "json5",
    "xml", "ini", "cfg", "conf", "env", "lock", "tf", "tfvars", "hcl", "html", "css", "scss", "sass", "less", "mk",
    "cmake", "bzl", "bazel", "dockerfile", "nix", "lua", "pl", "pm", "r", "jl", "ex", "exs", "erl", "clj", "hs",
    "ml", "mli", "elm", "dart", "zig", "csv", "tsv", "cypher", "mdc",
})
# fmt: on
_HOSTS = re.compile(r"^(?:www\.|[\w-]+\.(?:com|org|io|net|dev|gov|uk)/)", re.IGNORECASE)
_RECORD = re.compile(r"(?:^|/)(?:[A-Za-z]{2,6}[-_])?\d{2,6}[-_.][^/]*\.(?:md|markdown|rst|txt|adoc|mediawiki)$")


def anchors_of(sections: Iterable[TextSection], path: str) -> tuple[Anchor, ...]:
    """Files that are named in code marks or linked to, in order, each once.

    Only what has a folder and an extension counts: `app.py` alone could be any of many. Links are resolved against
    the folder of `path`; a link out of the root of the reading keeps the part inside the repository.
    """
    names = dict.fromkeys(name for section in sections for name in _named(section, posixpath.dirname(path)))
    return tuple(Anchor(AnchorKind.FILE, name) for name in list(names)[:MAX_LIST_ITEMS])


def _named(section: TextSection, folder: str) -> Iterator[str]:
    for line in section.lines:
        if line.is_code:
            continue
        for match in _CODE.finditer(line.text):
            yield from _file(match[1])
        for match in _LINK.finditer(line.text):
            target = match[1]
            if "://" not in target and not target.startswith(("/", "#", "mailto:")):
                yield from _file(posixpath.join(folder, target.split("#")[0]))


def _file(text: str) -> Iterator[str]:
    bare = _POSITION.sub("", text)
    if not _PATH.fullmatch(bare) or bare.startswith(("/", "~")) or _HOSTS.match(bare):
        return
    if bare.rsplit(".", 1)[-1].lower() not in _SUFFIXES:
        return
    normal = posixpath.normpath(bare)
    while normal.startswith("../"):
        normal = normal[3:]
    if "/" in normal and not _RECORD.search(normal):
        yield normal
