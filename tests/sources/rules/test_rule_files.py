"""Which files hold rules, in which format, for which folder."""

from __future__ import annotations

import pytest

from graphmem.sources.rules.rule_files import RuleFormat, folder_of, format_of, holds_rules


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        ("AGENTS.md", ""),
        ("CLAUDE.md", ""),
        ("GEMINI.md", ""),
        ("src/api/AGENTS.md", "src/api/"),
        (".cursorrules", ""),
        ("web/.windsurfrules", "web/"),
        (".clinerules", ""),
        (".clinerules/style.md", ""),
        (".cursor/rules/deep/style.mdc", ""),
        ("docs/.cursor/rules/style.mdc", "docs/"),
        (".claude/rules/testing.md", ""),
        (".windsurf/rules/testing.md", ""),
        (".github/copilot-instructions.md", ""),
        (".github/instructions/python.instructions.md", ""),
        (".github/AGENTS.md", ".github/"),
        ("CONTRIBUTING.md", ""),
        (".github/CONTRIBUTING.md", ""),
    ],
)
def test_text_files_apply_to_the_folder_of_their_tool(path: str, folder: str) -> None:
    assert (format_of(path), folder_of(path)) == (RuleFormat.MARKDOWN, folder)


@pytest.mark.parametrize(
    ("path", "file_format"),
    [
        ("CONTRIBUTING.rst", RuleFormat.RST),
        (".editorconfig", RuleFormat.EDITORCONFIG),
        ("tools/pyproject.toml", RuleFormat.TOML),
        ("setup.cfg", RuleFormat.INI),
        (".prettierrc", RuleFormat.YAML),
        (".eslintrc.json", RuleFormat.JSON),
        (".golangci.yml", RuleFormat.YAML),
    ],
)
def test_settings_files_have_their_format(path: str, file_format: RuleFormat) -> None:
    assert format_of(path) is file_format


@pytest.mark.parametrize(
    "path",
    [
        "README.md",
        "docs/guide/CONTRIBUTING.md",
        "node_modules/tool/AGENTS.md",
        "vendor/x/.editorconfig",
        ".cursor/rules/picture.png",
        ".github/workflows/ci.yml",
        "rules/style.md",
        "MY-AGENTS.md",
    ],
)
def test_other_files_hold_no_rules(path: str) -> None:
    assert not holds_rules(path)
