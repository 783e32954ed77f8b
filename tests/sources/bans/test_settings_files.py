"""Bans in each form of settings: keys, reasons, files, exclusions, and what cannot be read."""

from __future__ import annotations

import pytest

from graphmem.option_keys import FileScope
from graphmem.sources.bans.ban import Ban, SettingsBans
from graphmem.sources.bans.settings_files import UnreadableBans, may_ban, read_settings

DEPGUARD = """
version: "2"
linters:
  enable: [depguard]
  exclusions:
    paths: [third_party$, "(?=bad)"]
    rules:
      - path: _test\\.go
        linters: [depguard]
      - path: cmd/
        linters: [errcheck]
      - path: tsdb/
        text: github.com/pkg/errors
  settings:
    depguard:
      rules:
        Main:
          files: [$all, "!$test", "!**/legacy/**"]
          allow: [github.com/hashicorp/go-uuid/v2]
          deny:
            - pkg: github.com/pkg/errors
              desc: use errors instead
            - pkg: github.com/hashicorp/go-uuid/
            - pkg: io/ioutil$
              desc: old
            - pkg: gzip
              desc: typo
        tests:
          files: [$test]
          deny:
            - pkg: github.com/stretchr/testify/assert
        nowhere:
          files: ["!$all"]
          deny:
            - pkg: github.com/a/b
"""


def read(path: str, text: str) -> SettingsBans:
    return read_settings(path, text)


def keys(read: SettingsBans) -> dict[str, tuple[str, ...]]:
    return {ban.name: ban.keys for ban in read.bans}


def only(read: SettingsBans) -> Ban:
    (ban,) = read.bans
    return ban


# ---- Ruff


def test_ruff_bans_a_module_or_a_member_and_is_enforced_where_its_rule_is_selected() -> None:
    text = """
[lint]
select = ["E", "TID"]
exclude = ["gen"]
[lint.per-file-ignores]
"tests/*" = ["TID251", "S101"]
[lint.flake8-tidy-imports.banned-api]
"pytz".msg = "use  zoneinfo\\ninstead"
"typing.TypedDict".msg = "Use typing_extensions."
"not-a-module".msg = "never"
"""
    found = read("api/ruff.toml", text)
    assert keys(found) == {
        "pytz": ("import:python:pytz",),
        "typing.TypedDict": ("import:python:typing.TypedDict", "symbol:typing.TypedDict"),
        "not-a-module": (),
    }
    first = found.bans[0]
    assert (first.reason, first.line, first.is_enforced) == ("use zoneinfo instead", 8, True)
    excluded = ("api/**/gen", "api/**/gen/**", "api/tests/**", "api/tests/**/**")
    assert first.scope == FileScope(("api/**",), excluded)
    assert found.problems == [(10, "Ruff bans 'not-a-module', which no import can be named")]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ('select = ["E"]', False),
        ('select = ["ALL"]', True),
        ('select = ["banned-api"]', True),
        ('select = ["ALL"]\nignore = ["TID251"]', None),
        ('select = ["TID251"]\nignore = ["TID"]', True),
    ],
)
def test_ruff_bans_nothing_where_the_rule_is_ignored(rules: str, expected: bool | None) -> None:  # noqa: FBT001
    text = f'[tool.ruff.lint]\n{rules}\n[tool.ruff.lint.flake8-tidy-imports.banned-api]\n"pytz".msg = "x"\n'
    assert [ban.is_enforced for ban in read("pyproject.toml", text).bans] == ([] if expected is None else [expected])


def test_ruff_rules_that_hold_in_some_files_only() -> None:
    text = '[lint.per-file-ignores]\n"!src/**.py" = ["TID251"]\n[lint.flake8-tidy-imports.banned-api]\nx.msg = ""\n'
    scope = only(read("ruff.toml", text)).scope
    assert (scope.covers("src/a/b.py"), scope.covers("tools/b.py")) == (True, False)


# ---- depguard


def test_depguard_lists_with_files_and_exclusions() -> None:
    found = read(".golangci.yml", DEPGUARD)
    assert keys(found) == {
        "github.com/pkg/errors": ("import:go:github.com/pkg/errors",),
        "github.com/hashicorp/go-uuid/": ("import:go:github.com/hashicorp/go-uuid",),
        "io/ioutil$": ("import:go:io/ioutil$",),
        "gzip": (),
        "github.com/stretchr/testify/assert": ("import:go:github.com/stretchr/testify/assert",),
    }
    errors, uuid, *_, tests = found.bans
    assert (errors.reason, errors.is_enforced, errors.list_name) == ("use errors instead", True, "Main")
    assert errors.scope == FileScope(
        (), ("**/*_test.go", "**/legacy/**"), ("third_party$", "(?=bad)", "_test\\.go", "tsdb/")
    )
    assert uuid.scope.excluded_patterns == ("third_party$", "(?=bad)", "_test\\.go")
    assert uuid.allowed == ("import:go:github.com/hashicorp/go-uuid/v2",)
    assert tests.scope.globs == ("**/*_test.go",)
    assert [reason for _, reason in found.problems] == [
        "golangci-lint excludes '(?=bad)', which is no regular expression: it excludes nothing",
        "golangci-lint bans 'gzip', which no import can be named: the standard library has no such package",
    ]


def test_depguard_in_its_first_layout_with_the_folders_that_golangci_lint_leaves_out() -> None:
    text = """
linters: {enable: [depguard]}
run: {skip-dirs: [gen], skip-files: ["\\\\.pb\\\\.go$"]}
linters-settings:
  depguard:
    list-type: blacklist
    packages: [log, github.com/a/*]
    packages-with-error-message:
      - log: use logutil
    additional-guards:
      - list-type: whitelist
        packages: [only/this]
      - packages: [sync/atomic]
        ignore-file-rules: ["**/*_test.go"]
"""
    found = read("tools/.golangci.yaml", text)
    assert [(ban.name, ban.reason) for ban in found.bans] == [
        ("log", "use logutil"),
        ("github.com/a/*", ""),
        ("sync/atomic", ""),
    ]
    scope = found.bans[2].scope
    assert scope.covers("tools/x/a.go")
    outside = ("x/a.go", "tools/a_test.go", "tools/gen/a.go", "tools/vendor/a.go", "tools/a.pb.go")
    assert not any(scope.covers(path) for path in outside)
    assert [reason for _, reason in found.problems] == [
        "depguard allows a list and bans all else, which is no ban of something"
    ]


@pytest.mark.parametrize(
    ("linters", "expected"),
    [
        ("enable: [depguard]", [True]),
        ("enable-all: true", [True]),
        ("default: all", [True]),
        ("enable: [errcheck]", [False]),
        ("disable: [depguard]", []),
    ],
)
def test_depguard_is_enforced_where_it_is_enabled(linters: str, expected: list[bool]) -> None:
    text = f"linters:\n  {linters}\n  settings:\n    depguard:\n      rules:\n        a:\n          deny: [log]\n"
    assert [ban.is_enforced for ban in read(".golangci.yml", text).bans] == expected


def test_depguard_in_toml_and_json_and_what_no_list_can_say() -> None:
    toml = '[linters-settings.depguard.rules.a]\nlist-mode = "strict"\nallow = ["$gostd"]\n[[x]]\n'
    toml += '[linters-settings.depguard.rules.b]\ndeny = [{pkg = "$gostd"}, {pkg = "log", desc = "no"}]\n'
    found = read(".golangci.toml", toml)
    assert keys(found) == {"log": ("import:go:log",)}
    assert len(found.problems) == 2
    json = '{"linters": {"settings": {"depguard": {"rules": {"a": {"deny": {"log": "no"}}}}}}}'
    assert keys(read(".golangci.json", json)) == {"log": ("import:go:log",)}


def test_a_list_that_exclusions_make_void_bans_nothing() -> None:
    text = DEPGUARD.replace("- path: cmd/\n        linters: [errcheck]", "- linters: [depguard]\n        text: ioutil")
    assert "io/ioutil$" not in keys(read(".golangci.yml", text))


# ---- ESLint


def test_eslint_paths_patterns_members_and_overrides() -> None:
    text = """{
  // comments and trailing commas are read
  "rules": {"no-restricted-imports": ["error", {
    "paths": ["moment", {"name": "lodash", "importNames": ["get", "set"], "message": "use es"}],
    "patterns": ["@mui/*/*", "internal", {"group": ["src/**", "!src/api"], "message": "api only"}],
  }]},
  "overrides": [
    {"files": ["*.test.ts"], "rules": {"no-restricted-imports": "off"}},
    {"files": ["legacy/**"], "excludedFiles": ["legacy/a.ts"],
     "rules": {"no-restricted-imports": [1, "moment", "jquery"]}},
  ],
}"""
    found = read("web/.eslintrc.json", text)
    assert keys(found) == {
        "moment": ("import:javascript:moment$",),
        "lodash": ("import:javascript:lodash#get", "import:javascript:lodash#set"),
        "@mui/*/*": ("import:javascript:@mui/*/*",),
        "internal": ("import:javascript:**/internal",),
        "src/**": ("import:javascript:src/*",),
        "jquery": ("import:javascript:jquery$",),
    }
    base, lodash, *_, group, override, jquery = found.bans
    assert base.scope == FileScope(("web/**",), ("web/**/*.test.ts",))
    assert lodash.scope == FileScope(("web/**",), ("web/**/*.test.ts", "web/legacy/**"))
    assert (lodash.reason, group.allowed) == ("use es", ("import:javascript:src/api",))
    assert override.scope == jquery.scope == FileScope(("web/legacy/**",), ("web/legacy/a.ts", "web/legacy/a.ts/**"))
    assert (base.is_enforced, jquery.is_enforced) == (True, False)
    assert not found.problems


@pytest.mark.parametrize(
    "entry",
    ['{"regex": "^x"}', '{"group": ["a"], "importNamePattern": "^x"}'],
)
def test_eslint_restrictions_that_no_key_can_say_are_problems(entry: str) -> None:
    found = read(".eslintrc.json", f'{{"rules": {{"no-restricted-imports": ["error", {{"patterns": [{entry}]}}]}}}}')
    assert (found.bans, len(found.problems)) == ([], 1)


def test_eslint_in_package_json_and_yaml() -> None:
    rule = '{"@typescript-eslint/no-restricted-imports": [2, "moment"]}'
    ban = only(read("package.json", f'{{"eslintConfig": {{"rules": {rule}}}}}'))
    assert (ban.keys, ban.is_enforced) == (("import:javascript:moment$",), True)
    assert keys(read(".eslintrc", "rules:\n  no-restricted-imports: [error, moment]\n")) == {"moment": ban.keys}


def test_eslint_in_javascript_is_read_as_far_as_it_is_literal() -> None:
    text = """
import base from "./base.js";
const banned = [{ name: "moment", message: `use` + " Temporal" }];
export default tseslint.config(
  { ignores: ["dist/**"] },
  base,
  { files: ["src/**/*.ts"], rules: { "no-restricted-imports": ["error", { paths: [...banned, computed()] }] } },
  { rules: { "@typescript-eslint/no-restricted-imports": makeRule() } },
  { files: globs, rules: { "no-restricted-imports": ["error", "jquery"] } },
);
"""
    found = read("web/eslint.config.mjs", text)
    ban = only(found)
    assert (ban.keys, ban.reason) == (("import:javascript:moment$",), "use Temporal")
    assert ban.scope == FileScope(("web/src/**/*.ts",), ("web/dist/**",))
    assert len(found.problems) == 3
    old = 'module.exports = { rules: { "no-restricted-imports": ["error", "moment"] }, ignorePatterns: ["gen"] };'
    assert only(read(".eslintrc.js", old)).scope == FileScope((), ("**/gen", "**/gen/**"))
    assert read("eslint.config.js", 'const rule = "no-restricted-imports"; export default make(rule);').problems


# ---- cargo-deny


def test_cargo_deny_crates_with_reasons_wrappers_and_versions() -> None:
    text = """
[bans]
deny = [
  { crate = "openssl", use-instead = "rustls" },
  "libssh2-sys",
  { name = "windows", reason = "large", wrappers = ["gix-sec"] },
  { crate = "winapi@0.2" },
  { name = "time", version = "<0.2" },
  "*",
]
"""
    found = read("crates/deny.toml", text)
    assert keys(found) == {
        "openssl": ("pkg:cargo/openssl",),
        "libssh2-sys": ("pkg:cargo/libssh2-sys",),
        "windows": ("pkg:cargo/windows",),
        "*": (),
    }
    openssl, _, windows, _ = found.bans
    assert (openssl.reason, openssl.scope.globs) == ("use rustls instead", ("crates/**",))
    assert (windows.reason, windows.note) == ("large", "allowed as a dependency of gix-sec")
    assert [line for line, _ in found.problems] == [7, 8, 9]


# ---- files


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("pyproject.toml", True),
        ("a/b/.golangci.yml", True),
        ("eslint.config.ts", True),
        (".eslintrc.cjs", True),
        ("node_modules/x/package.json", False),
        ("src/config.js", False),
    ],
)
def test_files_are_chosen_by_name(path: str, *, expected: bool) -> None:
    assert may_ban(path) is expected


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        ("ruff.toml", "# banned-api\nx = [", 2),
        (".golangci.yml", "# depguard\na: [\n", 3),
        (".golangci.yml", "a: &x [depguard]\nb: *x\n", 2),
        (".eslintrc.json", '{"rules": no-restricted-imports', 1),
        ("deny.toml", "[bans]\n" + "#" * 600_000, 1),
    ],
)
def test_a_file_that_is_not_of_its_format_is_refused_with_its_line(path: str, text: str, line: int) -> None:
    with pytest.raises(UnreadableBans) as refusal:
        read(path, text)
    assert refusal.value.line == line


def test_a_file_without_bans_is_not_parsed() -> None:
    assert read("pyproject.toml", "x = [").bans == []
