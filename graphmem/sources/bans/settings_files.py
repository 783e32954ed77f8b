"""The settings files of linters that may ban imports: their names, and their bans."""

from __future__ import annotations

import json
import posixpath
import re
import tomllib
from collections.abc import Callable, Collection, Mapping

from graphmem.sources.bans.ban import SettingsBans, Tree, part, texts
from graphmem.sources.bans.cargo_deny_bans import read_cargo_deny
from graphmem.sources.bans.depguard_bans import read_golangci
from graphmem.sources.bans.eslint_bans import blocks_of, eslint_part, ignored_files, read_eslint
from graphmem.sources.bans.eslint_extends import EslintFile, ExtendedSettings, Lookup
from graphmem.sources.bans.ruff_bans import read_ruff
from graphmem.sources.decisions.front_matter import RefusedYaml, parse_yaml_tree

#: Files of more characters hold no settings that a person wrote.
MAX_SETTINGS_CHARS = 512_000
_VENDORED = frozenset({"node_modules", "vendor", "third_party", "site-packages", ".venv", "venv", "testdata"})
_SCRIPT = re.compile(r"^(?:eslint\.config\.(?:js|mjs|cjs|ts|mts|cts)|\.eslintrc\.(?:js|cjs))$")
_ESLINT = frozenset({".eslintrc", ".eslintrc.json", ".eslintrc.yaml", ".eslintrc.yml", "package.json"})
_RUFF_TABLE = re.compile(r"^\[tool\.ruff\b", re.MULTILINE)
_RUFF_EXTEND = re.compile(r"^extend[ \t]*=", re.MULTILINE)
_ESLINT_ROOT = re.compile(r"\broot[\"']?[ \t]*:[ \t]*true\b")
#: Words without which a file bans nothing, by the parser of its bans.
_MARKS = ("banned-api", "depguard", "no-restricted-imports", "bans")


class UnreadableBans(ValueError):
    """The file is not of its format.

    Attributes:
        line: Line of the error, from 1.
    """

    def __init__(self, reason: str, line: int = 1) -> None:
        super().__init__(reason)
        self.line = line


def may_ban(path: str) -> bool:
    """Return True if a file with this path may ban imports or dependencies.

    Args:
        path: Relative to the root of the repository, with `/` separators.
    """
    folder, name = posixpath.split(path)
    return (name in _READERS or name in _ESLINT or bool(_SCRIPT.match(name))) and _VENDORED.isdisjoint(
        folder.split("/")
    )


def files_in_use(paths: Collection[str]) -> list[str]:
    """Return the settings files that linters read, sorted.

    Args:
        paths: The settings files of a commit. In a folder with an `eslint.config.js`, and below it, ESLint reads no
            `.eslintrc` and no `package.json`.
    """
    flat = [posixpath.dirname(path) for path in paths if posixpath.basename(path).startswith("eslint.config.")]
    return [path for path in sorted(paths) if not _is_overridden(path, flat)]


def _is_overridden(path: str, flat: Collection[str]) -> bool:
    name = posixpath.basename(path)
    is_old = name.startswith(".eslintrc") or name == "package.json"
    return is_old and any(not folder or path.startswith(f"{folder}/") for folder in flat)


def read_settings(path: str, text: str, lookup: Lookup = lambda _: None) -> SettingsBans:
    """Return the bans of a settings file.

    Args:
        path: Relative to the root of the repository.
        text: Its content.
        lookup: Returns the content of a file that ESLint's settings extend.

    Raises:
        UnreadableBans: The file is not of its format, or too large.
    """
    folder, name = posixpath.split(path)
    # cargo-deny looks for its settings in this folder of the workspace too.
    folder = folder.removesuffix(".cargo").rstrip("/") if name == "deny.toml" else folder
    read = SettingsBans(text, f"{folder}/" if folder else "", replaced_tool=_replaced_tool(name, text))
    is_old_eslint = name.startswith(".eslintrc") or name == "package.json"
    has_eslint = is_old_eslint and ("extends" in text or "no-restricted-imports" in text)
    if not has_eslint and not any(mark in text for mark in _MARKS):
        return read
    if len(text) > MAX_SETTINGS_CHARS:
        raise UnreadableBans(f"settings of {len(text)} characters are over {MAX_SETTINGS_CHARS}")
    if is_old_eslint:
        _eslint(path, text, read, lookup)
    else:
        _READERS.get(name, _script)(text, read)
    return read


def _replaced_tool(name: str, text: str) -> str:
    """Return the linter for which a file holds all settings of its folder: settings in folders above do not apply."""
    has_ruff = name.endswith("ruff.toml") or (name == "pyproject.toml" and _RUFF_TABLE.search(text) is not None)
    if has_ruff and not _RUFF_EXTEND.search(text):
        return "Ruff"
    is_old_eslint = name.startswith(".eslintrc") or name == "package.json"
    return "ESLint" if is_old_eslint and _ESLINT_ROOT.search(text) else ""


def _toml(text: str) -> Tree:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        match = re.search(r"line (\d+)", str(error))
        line = int(match[1]) if match else text.rstrip("\n").count("\n") + 1
        raise UnreadableBans(f"malformed TOML: {error}", line) from error


def _json(text: str) -> Tree:
    """Return JSON as a mapping; with comments or trailing commas it is read as JavaScript."""
    try:
        tree = json.loads(text)
    except (RecursionError, ValueError) as error:
        from graphmem.sources.bans.script_settings import commented_json

        tree = commented_json(text)
        if tree is None:
            line = getattr(error, "lineno", 1)
            raise UnreadableBans(f"malformed JSON: {error}", line) from error
    return tree if isinstance(tree, dict) else {}


def _yaml(text: str) -> Tree:
    if text.lstrip().startswith(("{", "/")):
        return _json(text)
    try:
        return parse_yaml_tree(text)
    except RefusedYaml as refusal:
        raise UnreadableBans(str(refusal), refusal.line) from refusal


def _pyproject(text: str, read: SettingsBans) -> None:
    if "banned-api" in text:
        read_ruff(part(_toml(text), "tool.ruff"), read)


def _ruff(text: str, read: SettingsBans) -> None:
    read_ruff(_toml(text), read)


def _cargo_deny(text: str, read: SettingsBans) -> None:
    read_cargo_deny(_toml(text), read)


def _golangci(parse: Callable[[str], Tree]) -> Callable[[str, SettingsBans], None]:
    return lambda text, read: read_golangci(parse(text), read) if "depguard" in text else None


def _eslint(path: str, text: str, read: SettingsBans, lookup: Lookup) -> None:
    """Read settings in the form of `.eslintrc`, with the files that they extend."""
    if posixpath.basename(path) == "package.json" and "eslintConfig" not in text:
        return
    own = _eslint_file(path, text)
    if _SCRIPT.match(posixpath.basename(path)) and not own.blocks and "no-restricted-imports" in text:
        read.refuse("no-restricted-imports", _NO_LITERAL)
    extended = ExtendedSettings(_eslint_file, lookup, read)
    combined = extended.combined(path, own)
    read.extended += extended.paths
    read_eslint(combined.blocks, combined.ignored, read)


def _eslint_file(path: str, text: str) -> EslintFile:
    """Return settings in the form of `.eslintrc`, by the ending of the path."""
    name = posixpath.basename(path)
    if name.endswith((".js", ".cjs")):
        from graphmem.sources.bans.script_settings import script_blocks, script_extends

        blocks, ignored = script_blocks(text) if "no-restricted-imports" in text else ([], [])
        return EslintFile(blocks, ignored, script_extends(text) if "extends" in text else [])
    is_json = name.endswith(".json")
    tree = _json(text) if is_json else _yaml(text)
    tree = eslint_part(tree) if name == "package.json" else tree
    return EslintFile(list(blocks_of(tree)), ignored_files(tree), texts(tree.get("extends")))


def _script(text: str, read: SettingsBans) -> None:
    if "no-restricted-imports" in text:
        from graphmem.sources.bans.script_settings import script_blocks

        blocks, ignored = script_blocks(text)
        if not blocks:
            read.refuse("no-restricted-imports", _NO_LITERAL)
        read_eslint(blocks, ignored, read)


_NO_LITERAL = "ESLint rule 'no-restricted-imports' is in no literal object: not read"

_READERS: Mapping[str, Callable[[str, SettingsBans], None]] = {
    "pyproject.toml": _pyproject,
    "ruff.toml": _ruff,
    ".ruff.toml": _ruff,
    "deny.toml": _cargo_deny,
    ".deny.toml": _cargo_deny,
    ".golangci.yml": _golangci(_yaml),
    ".golangci.yaml": _golangci(_yaml),
    ".golangci.toml": _golangci(_toml),
    ".golangci.json": _golangci(_json),
}
