"""Claude's memory files."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from graphmem.model import Kind, Origin, Statement
from graphmem.sources.memories import MemoryFormat, ReadOptions, read_export
from graphmem.sources.memories.claude import FRONT_MATTER, LINKED, OUTSIDE
from tests.sources.memories.conftest import ASKED, READ_AT, Reads, reasons, titles

MAIN = """# CLAUDE.md

Read @docs/style.md first; `@not/this.md` is code, and so is mail@example.org.

## Commands

- `make test` runs everything

```sh
# no heading
@not/that.md
```

## Testing
### Unit tests
- No sleeping
<!-- a comment -->

## Testing
### Unit tests
- Nor twice

@~/elsewhere.md
"""
RULE = """---
paths:
  - "src/api/**/*.ts"
  - lib/*.ts
---
- Every route has a schema
"""
NOTE = """---
name: no-mocks
description: Integration tests use a real database
metadata:
  type: feedback
---

Not mocks, since those hid a broken migration.

**Why:** see [[migration-incident]].
"""
INDEX = """- [No mocks](no-mocks.md) — real databases
- [Gone](gone.md) — no file

## Habits
The build takes four minutes.
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    files = {
        "CLAUDE.md": MAIN,
        "CLAUDE.local.md": "My editor is Helix.",
        "README.md": "No memory.",
        "docs/style.md": "# Style\nTabs, never spaces. See @more.md.",
        "docs/more.md": "## Names\nIn full.",
        "packages/web/CLAUDE.md": "Use the design tokens.",
        ".claude/rules/api.md": RULE,
        ".claude/commands/deploy.md": "no memory",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    root = tmp_path / "-home-shop" / "memory"
    root.mkdir(parents=True)
    for name, text in {"MEMORY.md": INDEX, "no-mocks.md": NOTE, "debugging.md": "# Debugging\nUse -x."}.items():
        (root / name).write_text(text, encoding="utf-8")
    return root


def said(root: Path) -> dict[str, Statement]:
    return {one.observation.statement.title: one.observation.statement for one in read_export(root, ASKED).items}


def headed(root: Path, heading: str) -> Statement:
    return next(one for title, one in said(root).items() if title.startswith(f"{heading}: "))


def test_sections_are_statements_and_imports_are_followed(project: Path) -> None:
    assert sorted(title.partition(": ")[0] for title in said(project)) == [
        *("CLAUDE.local.md", "CLAUDE.md", "Commands", "Names", "Style", "Testing", "api"),
        "packages/web/CLAUDE.md",
    ]


def test_a_title_of_a_word_or_two_goes_on_with_what_the_section_says(tmp_path: Path) -> None:
    text = "# Rules\n\n## MUST\n\n- Use **uv**. Never pip.\n\n## MUST\n\nRun the tests first.\n"
    text += "\n## How we name things\nIn full.\n"
    (tmp_path / "CLAUDE.md").write_text(text, encoding="utf-8")
    assert list(said(tmp_path)) == ["MUST: Use uv.", "MUST: Run the tests first.", "How we name things"]


def test_a_link_to_a_file_is_that_file_once(tmp_path: Path) -> None:
    (tmp_path / "AGENTS.md").write_text("## How we test\nOften.\n", encoding="utf-8")
    (tmp_path / "CLAUDE.md").symlink_to("AGENTS.md")
    export = read_export(tmp_path, ASKED, MemoryFormat.CLAUDE)
    assert [one.observation.path for one in export.items] == ["AGENTS.md"]
    assert [(one.path, one.reason) for one in export.losses] == [("CLAUDE.md", LINKED)]


def test_a_heading_that_comes_twice_makes_two_statements(project: Path) -> None:
    export = read_export(project, ASKED, MemoryFormat.CLAUDE)
    twice = [one.observation for one in export.items if one.observation.statement.title == "Testing: Unit tests"]
    assert [(one.statement.body[:13], one.line) for one in twice] == [("- No sleeping", 15), ("- Nor twice\n\n", 20)]
    assert len({one.key for one in twice}) == 2


def test_code_is_kept_and_makes_no_headings(project: Path) -> None:
    assert "# no heading" in headed(project, "Commands").body


def test_an_import_from_elsewhere_is_told(project: Path) -> None:
    export = read_export(project, ASKED, MemoryFormat.CLAUDE)
    assert [(one.path, one.what) for one in export.losses if one.reason == OUTSIDE] == [
        ("CLAUDE.md", "@~/elsewhere.md")
    ]


def test_rules_are_conventions_about_their_paths(project: Path) -> None:
    rule = headed(project, "api")
    assert (rule.kind, rule.origin, rule.body) == (Kind.CONVENTION, Origin.DOCUMENT, "- Every route has a schema")
    assert [one.name for one in rule.anchors] == ["src/api/**/*.ts", "lib/*.ts"]


@pytest.mark.parametrize("folder", [".", ".claude", ".claude/rules", ".claude/rules/api.md"])
def test_rules_are_read_from_wherever_one_points(project: Path, folder: str) -> None:
    found = [one.observation.statement for one in read_export(project / folder, ASKED, MemoryFormat.CLAUDE).items]
    assert [(one.title, one.kind) for one in found if one.kind is Kind.CONVENTION] == [
        ("api: Every route has a schema", Kind.CONVENTION)
    ]


@pytest.mark.parametrize("folder", [".", ".claude"])
def test_a_rule_with_a_description_is_a_rule(project: Path, folder: str) -> None:
    described = RULE.replace("paths:", "description: Of routes\npaths:")
    (project / ".claude" / "rules" / "api.md").write_text(described, encoding="utf-8")
    rule = headed(project / folder, "api")
    assert (rule.kind, rule.origin, len(rule.anchors)) == (Kind.CONVENTION, Origin.DOCUMENT, 2)


def test_a_file_in_a_folder_is_about_that_folder(project: Path) -> None:
    export = read_export(project / "packages" / "web" / "CLAUDE.md", ASKED, MemoryFormat.CLAUDE)
    assert export.items[0].observation.statement.anchors == ()
    nested = [one.observation for one in read_export(project, ASKED).items if "packages" in one.observation.path]
    assert [one.name for one in nested[0].statement.anchors] == ["packages/web/**"]


def test_what_is_ones_own_is_labelled(project: Path) -> None:
    local = [one.observation for one in read_export(project, ASKED).items if one.observation.path == "CLAUDE.local.md"]
    assert [one.statement.labels for one in local] == [("personal",)]


def test_notes_of_the_auto_memory_are_statements_of_an_agent(notes: Path) -> None:
    found = said(notes)
    assert sorted(title.partition(": ")[0] for title in found) == [
        *("Debugging", "Habits", "Integration tests use a real database", "MEMORY")
    ]
    note = found["Integration tests use a real database"]
    assert (note.aliases, note.labels, note.origin) == (("no-mocks",), ("feedback",), Origin.AGENT)
    assert note.body.endswith("[[migration-incident]].")
    assert headed(notes, "MEMORY").body == "- [Gone](gone.md) — no file"


def test_an_auto_memory_is_named_after_its_project(notes: Path) -> None:
    assert read_export(notes, ASKED).name == "-home-shop"


def test_dates_of_lines_date_what_they_say(notes: Path) -> None:
    days = [datetime(2025, 1, number, tzinfo=UTC) for number in range(1, 20)]
    asked = ReadOptions(read_at=READ_AT, line_dates=lambda path: [*days] if path.name == "no-mocks.md" else [None] * 9)
    lives = {one.observation.path: one.observation for one in read_export(notes, asked).items}
    assert lives["no-mocks.md"].moves[0].at == datetime(2025, 1, 19, tzinfo=UTC)
    assert not lives["debugging.md"].is_dated


def test_front_matter_that_cannot_be_read_costs_only_itself(reads: Reads) -> None:
    export = reads(MemoryFormat.CLAUDE, "---\npaths: [x\n---\n- a rule\n", ".claude/rules/a.md")
    assert (titles(export), reasons(export)) == (["a: a rule"], [FRONT_MATTER])


def test_imports_climb_no_further_than_the_folder(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "CLAUDE.md").write_text("See @../style.md and @../../out.md", encoding="utf-8")
    (tmp_path / "style.md").write_text("Tabs", encoding="utf-8")
    export = read_export(tmp_path, ASKED, MemoryFormat.CLAUDE)
    assert ({one.observation.path for one in export.items}, [one.what for one in export.losses]) == (
        {"a/CLAUDE.md", "style.md"},
        ["@../../out.md"],
    )


def test_a_file_without_words_makes_no_statement(reads: Reads) -> None:
    assert reads(MemoryFormat.CLAUDE, "# Title\n\n## Empty\n", "CLAUDE.md").items == ()
