"""Rules of linters and formatters: a few settings, each as a sentence (line length, quotes, …)."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from configparser import Error as IniError
from configparser import RawConfigParser

from graphmem.deferred_dataclass import dataclass
from graphmem.sources.decisions.front_matter import RefusedYaml, parse_yaml_tree
from graphmem.sources.rules.rule_files import RuleFormat
from graphmem.sources.rules.rule_text import Rule, plain
from graphmem.sources.rules.scopes import scoped

#: A parsed file, or a part of it.
Tree = Mapping[str, object]

#: Files of more characters hold no settings that a person wrote.
MAX_SETTINGS_CHARS = 256_000
_MOST_NAMES = 40
_COMMENT_LINE = re.compile(r"^[ \t]*//.*$", re.MULTILINE)
_OFF = frozenset({"off", "0", "false", "none", "unset"})


class UnreadableSettings(ValueError):
    """The file is not of its format.

    Attributes:
        line: Line of the error, from 1.
    """

    def __init__(self, reason: str, line: int = 1) -> None:
        super().__init__(reason)
        self.line = line


@dataclass(frozen=True, slots=True)
class _SettingSentence:
    """The sentence of a setting: `{}` is its value.

    Attributes:
        keys: Where the setting may be, as keys with dots.
        tool: The tool that enforces it.
    """

    keys: tuple[str, ...]
    text: str
    tool: str


_RUFF = (
    _SettingSentence(("line-length",), "Lines are at most {} characters long", "Ruff"),
    _SettingSentence(("format.quote-style", "lint.flake8-quotes.inline-quotes"), "Strings have {} quotes", "Ruff"),
    _SettingSentence(("format.indent-style",), "Code is indented by {}", "Ruff"),
    _SettingSentence(("lint.select", "select"), "Code passes the checks {}", "Ruff"),
    _SettingSentence(("lint.extend-select", "extend-select"), "Code also passes the checks {}", "Ruff"),
    _SettingSentence(
        ("lint.pydocstyle.convention", "pydocstyle.convention"), "Docstrings follow the {} convention", "Ruff"
    ),
    _SettingSentence(
        ("lint.mccabe.max-complexity", "mccabe.max-complexity"), "Functions have a complexity of at most {}", "Ruff"
    ),
)
_BLACK = (_SettingSentence(("line-length",), "Lines are at most {} characters long", "Black"),)
_FLAKE8 = (
    _SettingSentence(("max-line-length", "max_line_length"), "Lines are at most {} characters long", "Flake8"),
    _SettingSentence(("inline-quotes", "inline_quotes"), "Strings have {} quotes", "Flake8"),
    _SettingSentence(("docstring-convention",), "Docstrings follow the {} convention", "Flake8"),
    _SettingSentence(("max-complexity", "max_complexity"), "Functions have a complexity of at most {}", "Flake8"),
)
_PRETTIER = (
    _SettingSentence(("printWidth",), "Lines are at most {} characters long", "Prettier"),
    _SettingSentence(("singleQuote",), "Strings have {} quotes", "Prettier"),
    _SettingSentence(("semi",), "Statements end {} a semicolon", "Prettier"),
    _SettingSentence(("tabWidth",), "Code is indented by {} columns", "Prettier"),
    _SettingSentence(("useTabs",), "Code is indented by {}", "Prettier"),
    _SettingSentence(("trailingComma",), "Trailing commas: {}", "Prettier"),
)
_FLAGS = {
    "singleQuote": ("double", "single"),
    "semi": ("without", "with"),
    "useTabs": ("spaces", "tabs"),
}
_ESLINT = (
    _SettingSentence(("rules.max-len",), "Lines are at most {} characters long", "ESLint"),
    _SettingSentence(("rules.quotes",), "Strings have {} quotes", "ESLint"),
    _SettingSentence(("rules.semi",), "Semicolons: {}", "ESLint"),
    _SettingSentence(("rules.indent",), "Code is indented by {}", "ESLint"),
)
_GOLANGCI = (
    _SettingSentence(
        ("linters-settings.lll.line-length", "linters.settings.lll.line-length"),
        "Lines are at most {} characters long",
        "golangci-lint",
    ),
    _SettingSentence(("linters.enable",), "Code passes the linters {}", "golangci-lint"),
)
_EDITORCONFIG = (
    _SettingSentence(("indent_style",), "code is indented by {}", "EditorConfig"),
    _SettingSentence(("indent_size",), "a level of indentation has {} columns", "EditorConfig"),
    _SettingSentence(("max_line_length",), "lines are at most {} characters long", "EditorConfig"),
    _SettingSentence(("quote_type",), "strings have {} quotes", "EditorConfig"),
    _SettingSentence(("end_of_line",), "lines end with {}", "EditorConfig"),
)


def settings_rules(name: str, text: str, file_format: RuleFormat, folder: str) -> list[Rule]:
    """The rules of a settings file; empty for a file without settings of a linter.

    Args:
        name: The name of the file, which says whose settings it has.
        text: Its content.
        file_format: Its format.
        folder: The folder to which it applies (`folder_of`).

    Raises:
        UnreadableSettings: The file is not of its format, or too large.
    """
    if len(text) > MAX_SETTINGS_CHARS:
        raise UnreadableSettings(f"settings of {len(text)} characters are over {MAX_SETTINGS_CHARS}")
    scope = (f"{folder}**",) if folder else ()
    if file_format is RuleFormat.EDITORCONFIG:
        return list(_editorconfig(text, folder))
    tree = _PARSERS[file_format](text)
    pairs = (pair for sentences, part in _tools(name, tree) for pair in _sentences(sentences, part))
    return [Rule(plain(sentence), (), _line(text, key), scope, setting) for setting, sentence, key in pairs]


def _toml(text: str) -> Tree:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        match = re.search(r"line (\d+)", str(error))
        raise UnreadableSettings(f"malformed TOML: {error}", int(match[1]) if match else 1) from error


def _json(text: str) -> Tree:
    try:
        tree = json.loads(_COMMENT_LINE.sub("", text))
    except json.JSONDecodeError as error:
        raise UnreadableSettings(f"malformed JSON: {error.msg}", error.lineno) from error
    except (RecursionError, ValueError) as error:
        raise UnreadableSettings(f"malformed JSON: {error}") from error
    return tree if isinstance(tree, dict) else {}


def _yaml(text: str) -> Tree:
    if text.lstrip().startswith("{"):
        return _json(text)
    try:
        return parse_yaml_tree(text)
    except RefusedYaml as refusal:
        raise UnreadableSettings(str(refusal), refusal.line) from refusal


def _ini(text: str) -> Tree:
    parser = RawConfigParser(strict=False, interpolation=None)
    try:
        parser.read_string(text)
    except IniError as error:
        reason = " ".join(str(error).split())[:200]
        raise UnreadableSettings(f"malformed settings: {reason}", int(getattr(error, "lineno", 1) or 1)) from error
    return {"flake8": dict(parser.items("flake8"))} if parser.has_section("flake8") else {}


_PARSERS: Mapping[RuleFormat, Callable[[str], Tree]] = {
    RuleFormat.TOML: _toml,
    RuleFormat.JSON: _json,
    RuleFormat.YAML: _yaml,
    RuleFormat.INI: _ini,
}


def _tools(name: str, tree: Tree) -> Iterator[tuple[tuple[_SettingSentence, ...], Tree]]:
    """The settings of each tool in a file."""
    if name == "pyproject.toml":
        yield _RUFF, _part(tree, "tool.ruff")
        yield _BLACK, _part(tree, "tool.black")
    elif name.endswith("ruff.toml"):
        yield _RUFF, tree
    elif name.startswith(".prettierrc"):
        yield _PRETTIER, tree
    elif name.startswith(".eslintrc"):
        yield _ESLINT, tree
    elif name.startswith(".golangci"):
        yield _GOLANGCI, tree
    else:
        yield _FLAKE8, _part(tree, "flake8")


def _sentences(sentences: tuple[_SettingSentence, ...], tree: Tree) -> Iterator[tuple[str, str, str]]:
    """(Setting, sentence, key) of each setting that a tree has."""
    for sentence in sentences:
        for path in sentence.keys:
            key = path.rpartition(".")[2]
            shown = _shown(key, _value(tree, path))
            if shown is not None:
                yield f"{sentence.tool} {sentence.text}", f"{sentence.text.format(shown)} ({sentence.tool})", key
                break


def _shown(key: str, value: object) -> str | None:
    """The text of a value; None if the setting is missing or turned off."""
    if key in _FLAGS and str(value).casefold() in {"true", "false"}:
        return _FLAGS[key][str(value).casefold() == "true"]
    if isinstance(value, list):
        texts = [str(item) for item in value if isinstance(item, str | int | float)]
        if texts and texts[0].casefold() in {"error", "warn", "off", "0", "1", "2"}:
            return None if texts[0].casefold() in _OFF else ", ".join(texts[1:]) or None
        return ", ".join(sorted(texts)[:_MOST_NAMES]) or None
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        text = str(value).strip()
        return None if not text or text.casefold() in _OFF or text in {"error", "warn", "1", "2"} else text
    return None


def _editorconfig(text: str, folder: str) -> Iterator[Rule]:
    glob: str | None = None
    found: dict[str, tuple[str, int]] = {}
    for number, line in enumerate([*text.splitlines(), "[]"], start=1):
        content = line.strip()
        if content.startswith("[") and content.endswith("]"):
            if glob:
                yield from _section(glob, found, folder)
            glob, found = content[1:-1].strip(), {}
        elif glob and "=" in content and not content.startswith(("#", ";")):
            key, _, value = content.partition("=")
            found[key.strip().casefold()] = (value.strip(), number)


def _section(glob: str, found: Mapping[str, tuple[str, int]], folder: str) -> Iterator[Rule]:
    scope = scoped(folder, [glob])
    for sentence in _EDITORCONFIG:
        value, line = found.get(sentence.keys[0], ("", 0))
        if value and value.casefold() not in _OFF:
            text = f"In `{glob}`, {sentence.text.format(value)} ({sentence.tool})"
            yield Rule(plain(text), (), line, scope, f"{sentence.tool} {glob} {sentence.text}")


def _part(tree: Tree, path: str) -> Tree:
    value = _value(tree, path)
    return value if isinstance(value, dict) else {}


def _value(tree: Tree, path: str) -> object:
    value: object = tree
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _line(text: str, key: str) -> int:
    """The first line that has a key."""
    before, found, _ = text.partition(key)
    return before.count("\n") + 1 if found else 1
