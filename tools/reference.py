"""Writes the parts of the documentation that follow from the code, between marks in the pages of `docs/`.

A part begins after `<!-- made by tools.reference: NAME -->` and ends before `<!-- end of NAME -->`. tests/test_docs.py
compares every page with what this module would write.

Usage: python -m tools.reference
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields
from importlib import import_module
from pathlib import Path
from typing import Any

import click
import yaml

from graphmem.cli.app import COMMANDS, EXIT_CODES, FAILED, app
from graphmem.config import Settings
from graphmem.errors import GraphMemError
from graphmem.http.problems import STATUSES
from graphmem.mcp_server.tool_arguments import schema
from graphmem.mcp_server.tools import Tool, tools_of
from graphmem.verbs import VERBS, Profile, Verb
from graphmem.wire.docstrings import descriptions
from tests.test_architecture import LAYERS
from tools.reference_python import python_section, table, type_link
from tools.reference_verbs import verbs_section

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
_PART = re.compile(r"(<!-- made by tools\.reference: (\w+) -->\n).*?(<!-- end of \2 -->)", re.DOTALL)
_HELP_WIDTH = 100


def pages() -> dict[Path, str]:
    """Every page of `docs/` that has such a part, as it should be."""
    found = {}
    for path in sorted(DOCS.rglob("*.md")):
        text = path.read_text(encoding="utf-8")
        if _PART.search(text):
            found[path] = _PART.sub(_written, text)
    return found


def _written(match: re.Match[str]) -> str:
    return f"{match[1]}\n{PARTS[match[2]]().strip()}\n\n{match[3]}"


def main() -> None:
    """Write every page that differs, and name it."""
    for path, text in pages().items():
        if path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(path.relative_to(ROOT))


# ---- settings and errors


def _settings() -> str:
    texts = descriptions(Settings.__doc__, "Attributes")
    rows = [[f"`GRAPHMEM_{spec.name.upper()}`", _default_of(spec), texts[spec.name]] for spec in fields(Settings)]
    return table(["Setting", "Default", "Meaning"], rows)


def _default_of(spec: Field[Any]) -> str:
    """The default of a setting; empty for a setting that is not set, or that is a table."""
    return "" if spec.default in (None, MISSING, "") else f"`{spec.default}`"


def _errors() -> str:
    rows = [
        [
            f"`{error.code}`",
            f"`{error.__name__}`",
            str(STATUSES[error]),
            str(EXIT_CODES.get(error.code, FAILED)),
            "yes" if error.is_retryable else "no",
            _summary(error),
        ]
        for error in GraphMemError.__subclasses__()
    ]
    return table(["Code", "Class", "HTTP status", "Exit code", "Retryable", "Meaning"], rows)


def _summary(described: object) -> str:
    """The first sentence or sentences of a docstring, up to its first empty line."""
    return " ".join((described.__doc__ or "").partition("\n\n")[0].split())


# ---- surfaces


def _routes() -> str:
    rows = [
        [f"`{verb.route}`", _verb_link(verb), f"`{verb.permission}`", _repeatable(verb), verb.summary]
        for verb in VERBS.values()
        if verb.route
    ]
    return table(["Route", "Verb", "Permission", "Idempotent", "What it does"], rows)


def _verb_link(verb: Verb) -> str:
    return f"[{verb.name}](verbs.md#{verb.name})"


def _repeatable(verb: Verb) -> str:
    return "yes" if verb.is_idempotent else "with `Idempotency-Key`"


def _commands() -> str:
    context = _context(app, "graphmem")
    sections = [_command(app.get_command(context, name), f"graphmem {name}") for name in COMMANDS]
    overview = f"```text\n{app.get_help(context)}\n```"
    return "\n\n".join([overview, *(part for section in sections for part in section)])


def _command(command: click.Command | None, words: str) -> list[str]:
    """A heading and the help of a command, and those of the commands below it."""
    if command is None:
        return []
    level = "#" * len(words.split())
    below = _below(command) if isinstance(command, click.Group) else {}
    parts = [f"{level} `{words}`\n\n```text\n{command.get_help(_context(command, words))}\n```"]
    return parts + [part for name, each in below.items() for part in _command(each, f"{words} {name}")]


def _below(group: click.Group) -> dict[str, click.Command]:
    """The commands of a group, in its order; a group that imports them when they are run has no table of them."""
    context = _context(group, group.name or "")
    listed = {name: group.get_command(context, name) for name in group.commands or group.list_commands(context)}
    return {name: command for name, command in listed.items() if command is not None}


def _context(command: click.Command, words: str) -> click.Context:
    """The context of a command's help, of one width everywhere."""
    return click.Context(
        command,
        info_name=words,
        help_option_names=["-h", "--help"],
        terminal_width=_HELP_WIDTH,
        max_content_width=_HELP_WIDTH,
    )


def _tools() -> str:
    core = tools_of(Profile.CORE)
    rows = [
        [f"[`{name}`](#{name})", "core" if name in core else "full", f"`{tool.permission}`", tool.title]
        for name, tool in tools_of(Profile.FULL).items()
    ]
    sections = [_tool(tool) for tool in tools_of(Profile.FULL).values()]
    return "\n\n".join([table(["Tool", "Profile", "Permission", "What it does"], rows), *sections])


def _tool(tool: Tool) -> str:
    accepted: Mapping[str, Any] = schema(tool.arguments)
    required = accepted.get("required", [])
    rows = [
        [f"`{name}`", _json_type(spec), "required" if name in required else "", _json_limits(spec)]
        for name, spec in accepted["properties"].items()
    ]
    head = f"## `{tool.name}`\n\n{tool.description}\n\nAnswers with {type_link(tool.answer)}."
    return f"{head}\n\n{table(['Argument', 'Type', '', 'Meaning'], rows)}"


def _json_type(spec: Mapping[str, Any]) -> str:
    if "enum" in spec:
        return ", ".join(f"`{value}`" for value in spec["enum"])
    if spec.get("type") == "array":
        return f"list of {_json_type(spec['items'])}"
    choices = spec.get("anyOf", spec.get("oneOf"))
    return " or ".join(map(_json_type, choices)) if choices else str(spec.get("type", "any"))


def _json_limits(spec: Mapping[str, Any]) -> str:
    text = str(spec.get("description", ""))
    if spec.get("default") not in (None, [], "", False):
        text += f" Default: `{spec['default']}`." if "Default" not in text else ""
    ends = [f"{word} {spec[key]:,}" for key, word in (("minimum", "at least"), ("maximum", "at most")) if key in spec]
    return f"{text} ({', '.join(ends)})".strip() if ends else text.strip()


# ---- the project


def _layers() -> str:
    shown = "\n".join(f"{level:2}  {'   '.join(LAYERS[level - 1])}" for level in range(len(LAYERS), 0, -1))
    rows = [
        [f"`{module}`", str(level), _summary(import_module(f"graphmem.{module}"))]
        for level, layer in enumerate(LAYERS, 1)
        for module in layer
    ]
    return f"```text\n{shown}\n```\n\n{table(['Module', 'Tier', 'What it holds'], rows)}"


def _decisions() -> str:
    rows = []
    for path in sorted((DOCS / "decisions").glob("[0-9]*.md")):
        _, head, body = path.read_text(encoding="utf-8").split("---\n", 2)
        front = yaml.safe_load(head)
        title = next(line for line in body.splitlines() if line.startswith("# ")).removeprefix("# ")
        rows.append([path.name[:4], f"[{title}]({path.name})", str(front["status"]), str(front["date"])])
    return table(["Number", "Decision", "Status", "Date"], rows)


#: What writes each part, by its name.
PARTS: dict[str, Callable[[], str]] = {
    "verbs": verbs_section,
    "settings": _settings,
    "errors": _errors,
    "routes": _routes,
    "commands": _commands,
    "tools": _tools,
    "python": python_section,
    "layers": _layers,
    "decisions": _decisions,
}


if __name__ == "__main__":
    main()
