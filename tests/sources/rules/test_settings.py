"""Rules of linters and formatters."""

from __future__ import annotations

import pytest

from graphmem.sources.rules import settings as module
from graphmem.sources.rules.rule_files import folder_of, format_of
from graphmem.sources.rules.rule_text import Rule
from graphmem.sources.rules.settings import UnreadableSettings, settings_rules


def rules(path: str, text: str) -> list[Rule]:
    file_format = format_of(path)
    assert file_format is not None
    return settings_rules(path.rpartition("/")[2], text, file_format, folder_of(path))


def texts(path: str, text: str) -> list[str]:
    return [rule.text for rule in rules(path, text)]


def test_ruff_in_a_project_file_without_its_bans() -> None:
    text = """
[tool.ruff]
line-length = 100
[tool.ruff.format]
quote-style = "single"
[tool.ruff.lint]
select = ["I", "E"]
[tool.ruff.lint.flake8-tidy-imports.banned-api]
"typing.TypedDict".msg = "Use typing_extensions."
"""
    assert texts("pyproject.toml", text) == [
        "Lines are at most 100 characters long (Ruff)",
        "Strings have single quotes (Ruff)",
        "Code passes the checks E, I (Ruff)",
    ]
    assert rules("pyproject.toml", text)[0].line == 3


def test_black_and_flake8() -> None:
    assert texts("pyproject.toml", "[tool.black]\nline-length = 88\n") == [
        "Lines are at most 88 characters long (Black)"
    ]
    assert texts("setup.cfg", "[metadata]\nname = x\n[flake8]\nmax-line-length = 99\n") == [
        "Lines are at most 99 characters long (Flake8)"
    ]


def test_prettier_as_json_yaml_and_toml() -> None:
    expected = ["Lines are at most 90 characters long (Prettier)", "Strings have single quotes (Prettier)"]
    assert texts(".prettierrc", '{"printWidth": 90, "singleQuote": true}') == expected
    assert texts(".prettierrc.yaml", "printWidth: 90\nsingleQuote: true\n") == expected
    assert texts(".prettierrc.toml", "printWidth = 90\nsingleQuote = true\n") == expected


def test_eslint_without_what_is_off() -> None:
    text = '{\n// style\n"rules": {"quotes": ["error", "double"], "semi": "off", "indent": ["off", 2]}}'
    assert texts(".eslintrc.json", text) == ["Strings have double quotes (ESLint)"]


def test_golangci_lines_of_each_layout_without_bans_which_are_a_source_of_their_own() -> None:
    old = "linters-settings:\n  lll:\n    line-length: 120\n  depguard:\n    packages-with-error-message:\n"
    old += "      - github.com/pkg/errors: use std errors\n"
    new = "linters:\n  settings:\n    lll:\n      line-length: 120\n    depguard:\n      rules:\n        main:\n"
    new += "          deny:\n            - pkg: github.com/pkg/errors\n              desc: use std errors\n"
    expected = ["Lines are at most 120 characters long (golangci-lint)"]
    assert texts(".golangci.yml", old) == texts(".golangci.yml", new) == expected


def test_editorconfig_applies_to_the_files_of_a_section() -> None:
    text = "root = true\n[*]\nindent_style = space\n[*.{js,py}]\nindent_size = 4\nmax_line_length = off\n"
    everywhere, narrow = rules("web/.editorconfig", text)
    assert (everywhere.text, everywhere.scope) == ("In `*`, code is indented by space (EditorConfig)", ("web/**",))
    assert narrow.text == "In `*.{js,py}`, a level of indentation has 4 columns (EditorConfig)"
    assert (narrow.scope, narrow.line) == (("web/**/*.js", "web/**/*.py"), 5)


def test_another_value_is_the_same_setting() -> None:
    before, after = (rules("ruff.toml", f"line-length = {length}\n")[0] for length in (80, 100))
    assert before.setting == after.setting
    assert before.identity != after.identity


def test_a_file_without_settings_has_no_rules() -> None:
    assert texts("pyproject.toml", "[project]\nname = 'x'\n") == []
    assert texts("tox.ini", "[tox]\nenvlist = py\n") == []
    assert texts(".prettierrc", "") == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("ruff.toml", "line-length = \n"),
        (".eslintrc.json", "{"),
        (".prettierrc", "a: &x [1]\nb: *x\n"),
        (".flake8", "no section\n"),
        ("ruff.toml", "x = " + "[" * 5_000),
        (".eslintrc.json", "[" * 200_000),
    ],
)
def test_what_does_not_parse_is_refused(path: str, text: str) -> None:
    with pytest.raises(UnreadableSettings):
        rules(path, text)


def test_the_line_of_an_error_is_named() -> None:
    with pytest.raises(UnreadableSettings) as refused:
        rules("ruff.toml", "a = 1\nb = \n")
    assert refused.value.line == 2


def test_a_large_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_SETTINGS_CHARS", 10)
    with pytest.raises(UnreadableSettings, match="over 10"):
        rules("ruff.toml", "line-length = 100\n")
