"""What is not documented does not exist."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

from graphmem.cli.app import COMMANDS
from graphmem.config import Settings
from graphmem.errors import GraphMemError
from graphmem.mcp_server.tools import TOOLS
from graphmem.verbs import VERBS

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def test_every_setting_is_documented() -> None:
    names = [f"GRAPHMEM_{field.name.upper()}" for field in fields(Settings)]
    assert [name for name in names if f"`{name}`" not in README] == []


def test_every_command_is_documented() -> None:
    assert [name for name in COMMANDS if f"`graphmem {name}" not in README] == []


def test_every_route_is_documented() -> None:
    ends = {verb.path.rpartition("/")[2] for verb in VERBS.values() if verb.route}
    assert [end for end in ends if f"/{end}`" not in README] == []


def test_every_error_code_is_documented() -> None:
    assert [one.code for one in GraphMemError.__subclasses__() if f"| `{one.code}` |" not in README] == []


def test_every_tool_is_documented() -> None:
    assert [name for name in TOOLS if f"`{name}`" not in README] == []


def test_the_first_runnable_code_comes_early() -> None:
    lines = README.splitlines()
    assert lines.index("```python") < 30
