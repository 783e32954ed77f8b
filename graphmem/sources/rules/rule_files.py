"""The files of a repository that hold rules: their names, their formats, and the folder to which each applies."""

from __future__ import annotations

import posixpath
import re
from enum import StrEnum


class RuleFormat(StrEnum):
    """How the rules of a file are written."""

    MARKDOWN = "markdown"
    RST = "rst"
    EDITORCONFIG = "editorconfig"
    TOML = "toml"
    INI = "ini"
    JSON = "json"
    YAML = "yaml"


_INSTRUCTIONS = frozenset({"agents.md", "claude.md", "gemini.md", ".cursorrules", ".windsurfrules", ".clinerules"})
#: Each text file below these folders holds rules for the folder that contains it.
_RULE_FOLDERS = (".cursor/rules", ".claude/rules", ".windsurf/rules", ".clinerules", ".github/instructions")
_COPILOT = ".github/copilot-instructions.md"
_TEXTS = frozenset({".md", ".mdc", ".markdown", ".txt"})
_CONTRIBUTING = re.compile(r"^(?:(?:\.github|docs)/)?contributing(?P<suffix>\.(?:md|markdown|rst|txt))?$")
_SETTINGS = {
    ".editorconfig": RuleFormat.EDITORCONFIG,
    "pyproject.toml": RuleFormat.TOML,
    "ruff.toml": RuleFormat.TOML,
    ".ruff.toml": RuleFormat.TOML,
    ".flake8": RuleFormat.INI,
    "setup.cfg": RuleFormat.INI,
    "tox.ini": RuleFormat.INI,
    ".prettierrc": RuleFormat.YAML,
    ".prettierrc.json": RuleFormat.JSON,
    ".prettierrc.yaml": RuleFormat.YAML,
    ".prettierrc.yml": RuleFormat.YAML,
    ".prettierrc.toml": RuleFormat.TOML,
    ".eslintrc": RuleFormat.YAML,
    ".eslintrc.json": RuleFormat.JSON,
    ".eslintrc.yaml": RuleFormat.YAML,
    ".eslintrc.yml": RuleFormat.YAML,
    ".golangci.yml": RuleFormat.YAML,
    ".golangci.yaml": RuleFormat.YAML,
    ".golangci.toml": RuleFormat.TOML,
    ".golangci.json": RuleFormat.JSON,
}
_VENDORED = frozenset({"node_modules", "vendor", "third_party", "site-packages", ".venv", "venv"})


def format_of(path: str) -> RuleFormat | None:
    """The format of the rules in a file; None if the file holds no rules.

    Args:
        path: Relative to the root of the repository, with `/` separators.
    """
    folder, name = posixpath.split(path)
    if not _VENDORED.isdisjoint(folder.split("/")):
        return None
    if (settings := _SETTINGS.get(name)) is not None:
        return settings
    if name.casefold() in _INSTRUCTIONS or path.endswith(f"/{_COPILOT}") or path == _COPILOT:
        return RuleFormat.MARKDOWN
    if (match := _CONTRIBUTING.match(path.casefold())) is not None:
        return RuleFormat.RST if match["suffix"] == ".rst" else RuleFormat.MARKDOWN
    is_text = posixpath.splitext(name)[1].casefold() in _TEXTS
    return RuleFormat.MARKDOWN if is_text and _rule_folder(path) is not None else None


def holds_rules(path: str) -> bool:
    """True if a file with this path holds rules."""
    return format_of(path) is not None


def folder_of(path: str) -> str:
    """The folder to which the rules of a file apply, with its closing slash; '' for the whole repository."""
    home = _rule_folder(path)
    if home is None and (path == _COPILOT or path.endswith(f"/{_COPILOT}")):
        home = path.removesuffix(_COPILOT)
    if home is not None:
        return home
    if _CONTRIBUTING.match(path.casefold()):
        return ""
    folder = posixpath.dirname(path)
    return f"{folder}/" if folder else ""


def _rule_folder(path: str) -> str | None:
    """The folder that contains the rule folder of a file, with its closing slash; None outside of rule folders."""
    rooted = f"/{path}"
    for folder in _RULE_FOLDERS:
        before, separator, _ = rooted.partition(f"/{folder}/")
        if separator:
            return f"{before[1:]}/" if before else ""
    return None
