"""Bans of Ruff: `banned-api` of `flake8-tidy-imports`, enforced by rule TID251.

`banned-module-level-imports` is no ban: the module may be imported within functions.
"""

from __future__ import annotations

from collections.abc import Iterator

from graphmem.option_keys import FileScope, key_text
from graphmem.sources.bans.ban import Ban, SettingsBans, Tree, part, texts, value_at

TOOL = "Ruff"
RULE = "TID251"
#: Selectors of the rule: its code, prefixes of the code, and the rule's name (newer releases).
_SELECTORS = frozenset({RULE, "TID25", "TID2", "TID", "ALL", "banned-api"})


def read_ruff(tree: Tree, read: SettingsBans) -> None:
    """Take in the bans of Ruff's settings.

    Args:
        tree: The settings: a `ruff.toml`, or the part `tool.ruff` of a `pyproject.toml`.
        read: The bans of the file.
    """
    if _is_off(tree):
        return
    scope, is_selected = _scope(tree, read.folder), _is_selected(tree)
    for layer in ("lint.flake8-tidy-imports.banned-api", "flake8-tidy-imports.banned-api"):
        for name, entry in part(tree, layer).items():
            reason = str(value_at(entry, "msg") or "")
            keys = _keys(name)
            note = "" if keys else "which no import can be named"
            read.add(Ban(TOOL, "python", name, keys, reason, scope=scope, is_enforced=is_selected, note=note))


def _keys(name: str) -> tuple[str, ...]:
    """Return the keys of a banned name: a name with dots may be a member of a module, whose use is banned too."""
    if not all(map(str.isidentifier, name.split("."))):
        return ()
    texts_of_keys = (f"import:python:{name}", *((f"symbol:{name}",) if "." in name else ()))
    return tuple(filter(None, map(key_text, texts_of_keys)))


def _codes(tree: Tree, *names: str) -> set[str]:
    paths = [f"{layer}{name}" for name in names for layer in ("lint.", "")]
    return {code for path in paths for code in texts(value_at(tree, path))}


def _is_selected(tree: Tree) -> bool:
    return bool(_SELECTORS & _codes(tree, "select", "extend-select"))


def _is_off(tree: Tree) -> bool:
    """Return True if the settings ignore the rule more exactly than they select it."""
    ignored = _SELECTORS & _codes(tree, "ignore", "extend-ignore")
    selected = _SELECTORS & _codes(tree, "select", "extend-select")
    return bool(ignored) and max(map(len, ignored)) >= max(map(len, selected), default=0)


def _scope(tree: Tree, folder: str) -> FileScope:
    excluded = [
        *(glob for name in ("exclude", "extend-exclude", "lint.exclude") for glob in texts(value_at(tree, name))),
        *(glob for glob in _ignoring(tree) if not glob.startswith("!")),
    ]
    only = [glob.removeprefix("!") for glob in _ignoring(tree) if glob.startswith("!")]
    globs = [glob for each in only for glob in ruff_globs(folder, each)]
    if not globs and folder:
        globs = [f"{folder}**"]
    return FileScope(tuple(globs), tuple(dict.fromkeys(glob for each in excluded for glob in ruff_globs(folder, each))))


def _ignoring(tree: Tree) -> Iterator[str]:
    """Yield the globs of files for which the settings ignore the rule."""
    for name in ("per-file-ignores", "extend-per-file-ignores"):
        for layer in ("lint.", ""):
            for glob, codes in part(tree, f"{layer}{name}").items():
                if _SELECTORS & set(texts(codes)):
                    yield glob


def ruff_globs(folder: str, glob: str) -> tuple[str, ...]:
    """Return the repository's globs for a glob of Ruff; Ruff's `*` matches slashes, and its glob may name a folder.

    Args:
        folder: The folder of the settings.
        glob: A path, a glob, or the name of a file or folder at any depth.
    """
    glob = glob.removeprefix("./").rstrip("/")
    if not glob or glob.startswith("/") or ".." in glob.split("/"):
        return ()
    base = folder if "/" in glob else f"{folder}**/"
    wide = "/".join(_wide(part) for part in glob.split("/"))
    return (f"{base}{wide}", f"{base}{wide}/**")


def _wide(name: str) -> str:
    return name if name == "**" else name.replace("**", "*").replace("*", "**")
