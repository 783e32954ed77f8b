"""What is not documented does not exist; what pages show was run; parts that follow from the code are current."""

from __future__ import annotations

import re
from dataclasses import fields
from functools import cache
from pathlib import Path

import pytest

from graphmem.cli.app import COMMANDS
from graphmem.config import Settings
from graphmem.errors import GraphMemError
from graphmem.mcp_server.tools import tools_of
from graphmem.verbs import VERBS, Profile
from tests.parity.test_offers import OF_ONE_SURFACE
from tests.parity.use_case import Surface
from tools.check_wheel import links
from tools.reference import PARTS, pages
from tools.run_readme import blocks

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted(DOCS.rglob("*.md"))]
#: Pages whose blocks a test of their own runs.
RUN_ELSEWHERE = {"docs/graphiti.md"}


@cache
def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def test_what_follows_from_the_code_is_current() -> None:
    stale = [path.name for path, text in pages().items() if path.read_text(encoding="utf-8") != text]
    assert not stale, f"{', '.join(stale)} differ from the code; run: python -m tools.reference"


def test_every_part_has_its_page() -> None:
    marked = "".join(path.read_text(encoding="utf-8") for path in pages())
    assert [name for name in PARTS if f"<!-- made by tools.reference: {name} -->" not in marked] == []


def test_every_setting_is_documented() -> None:
    names = [f"GRAPHMEM_{field.name.upper()}" for field in fields(Settings)]
    assert [name for name in names if f"| `{name}` |" not in page("reference/settings.md")] == []


def test_every_command_is_documented() -> None:
    words = {*COMMANDS, *OF_ONE_SURFACE[Surface.CLI], *(verb.words for verb in VERBS.values() if verb.words)}
    headings = re.findall(r"^#+ `graphmem (.+)`$", page("reference/commands.md"), re.MULTILINE)
    assert words - set(headings) == set()


def test_every_verb_is_documented() -> None:
    assert [name for name in VERBS if f"\n### {name}\n" not in page("reference/verbs.md")] == []


def test_every_route_is_documented() -> None:
    routes = [verb.route for verb in VERBS.values() if verb.route]
    others = [f"GET {path}" for path in OF_ONE_SURFACE[Surface.HTTP]]
    named = [*routes, *others, "POST /v1/ingest/decisions"]
    assert [route for route in named if f"`{route}`" not in page("reference/http.md")] == []


def test_every_error_code_is_documented() -> None:
    codes = [error.code for error in GraphMemError.__subclasses__()]
    assert [code for code in codes if page("reference/errors.md").count(f"| `{code}` |") != 2] == []


def test_every_tool_is_documented() -> None:
    assert [name for name in tools_of(Profile.FULL) if f"\n## `{name}`\n" not in page("reference/tools.md")] == []


def test_the_readme_is_short_and_comes_to_the_point() -> None:
    lines = README.splitlines()
    assert len(lines) < 150
    assert lines.index("```python") < 30
    assert next(number for number, line in enumerate(lines) if "graphmem mcp" in line) < 40


def test_every_page_with_blocks_to_run_is_run() -> None:
    ci = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    shown = [path.relative_to(ROOT).as_posix() for path in PAGES if _has_blocks(path)]
    assert [name for name in shown if name not in RUN_ELSEWHERE and not re.search(rf"{re.escape(name)}[ ;]", ci)] == []


def _has_blocks(path: Path) -> bool:
    return any(block.language in {"python", "console"} for block in blocks(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_within_the_repository_lead_somewhere(path: Path) -> None:
    targets = [link.partition("#")[0] for link in links(path.read_text(encoding="utf-8")) if "://" not in link]
    assert [target for target in targets if target and not (path.parent / target).exists()] == []
