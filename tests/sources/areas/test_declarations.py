"""What CODEOWNERS, graphmem's settings and manifests declare."""

from __future__ import annotations

import pytest

from graphmem.repository.areas import AreaRow, AreaRule, Areas
from graphmem.sources.areas.declarations import rules_of
from graphmem.sources.areas.declaring_files import declares

OWNERS = b"""\
# Everything, unless a later line says otherwise
*                @acme/core
/src/billing/    @acme/billing ann@example.org @ann  # money
docs/*           @writers
apps/            @acme/apps
*.sql            @acme/data
/src/billing/generated
/with\\ space.txt @spaced
!/never @acme/never
/range[0-9] @acme/never
"""


def names(path: str, content: bytes, asked: str) -> set[str]:
    rules = rules_of(path, content)
    assert rules is not None
    return set(Areas([AreaRow(0, path, rules)]).names_of(asked, 0))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("README.md", {"@acme/core", "core"}),
        ("src/billing/tax.py", {"@acme/billing", "billing", "@ann"}),
        ("src/billing/", {"@acme/billing", "billing", "@ann"}),
        ("lib/src/billing/tax.py", {"@acme/core", "core"}),
        ("docs/a.md", {"@writers"}),
        ("docs/deep/a.md", {"@acme/core", "core"}),
        ("web/apps/x.ts", {"@acme/apps", "apps"}),
        ("src/billing/schema.sql", {"@acme/data", "data"}),
        ("src/billing/generated", set()),
        ("src/billing/generated/a.py", set()),
        ("with space.txt", {"@spaced"}),
        ("never", {"@acme/core", "core"}),
        ("range1", {"@acme/core", "core"}),
    ],
)
def test_the_last_rule_of_codeowners_that_matches_counts(path: str, expected: set[str]) -> None:
    assert names("CODEOWNERS", OWNERS, path) == expected


def test_each_section_of_codeowners_is_a_component() -> None:
    text = b"[Backend] @acme/back\n/api/\n/api/tax.py @tax\n^[Money][2]\ntax.py @acme/money\n"
    assert names(".gitlab/CODEOWNERS", text, "api/users.py") == {"Backend", "@acme/back", "back"}
    assert names(".gitlab/CODEOWNERS", text, "api/tax.py") == {"Backend", "@tax", "Money", "@acme/money", "money"}
    assert names(".gitlab/CODEOWNERS", text, "web/x.ts") == set()


def test_the_first_codeowners_that_there_is_counts() -> None:
    rows = [AreaRow(0, "CODEOWNERS", (AreaRule(("**",), ("root",)),)), AreaRow(1, "docs/CODEOWNERS", ())]
    rows += [AreaRow(at, ".github/CODEOWNERS", rules) for at, rules in ((2, (AreaRule(("**",), ("hub",)),)), (3, ()))]
    areas = Areas(rows)
    assert [set(areas.names_of("a", at)) for at in range(4)] == [{"root"}, {"root"}, {"hub"}, {"root"}]


def test_every_component_of_the_settings_that_matches_counts() -> None:
    text = b'repo = "shop"\n[components]\nbilling = ["src/billing/**", "*.tax"]\nmoney = "src/billing/"\nbad = 3\n'
    path = ".graphmem/config.toml"
    assert names(path, text, "src/billing/a/b.py") == {"billing", "money"}
    assert names(path, text, "root.tax") == {"billing"}
    assert names(path, text, "src/other.py") == names(path, text, "src/root.tax") == set()
    assert rules_of(path, b'components = "x"') == ()


@pytest.mark.parametrize(
    ("path", "content", "expected"),
    [
        ("packages/a/package.json", b'{"name": "@shop/a"}', {"@shop/a", "packages/a"}),
        ("packages/pyproject.toml", b'[project]\nname = "shop-all"\n', {"shop-all", "packages"}),
        ("packages/a/Cargo.toml", b'[package]\nname = "shop-core"\n', {"shop-core", "packages/a"}),
        ("go.mod", b"module example.org/shop\n", {"example.org/shop"}),
        ("other/go.mod", b"module example.org/other\n", set()),
        ("package.json", b'{"private": true}', set()),
    ],
)
def test_a_manifest_names_the_module_of_its_folder(path: str, content: bytes, expected: set[str]) -> None:
    assert declares(path)
    assert names(path, content, "packages/a/src/x.ts") == expected


def test_the_nearest_manifest_of_a_kind_counts() -> None:
    files = {"package.json": b'{"name": "root"}', "packages/a/package.json": b'{"name": "a"}', "go.mod": b"module m\n"}
    areas = Areas([AreaRow(0, path, rules_of(path, text) or ()) for path, text in files.items()])
    assert set(areas.names_of("packages/a/x.ts", 0)) == {"a", "packages/a", "m"}
    assert set(areas.names_of("packages/b.ts", 0)) == {"root", "m"}


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("package.json", b"{"),
        ("pyproject.toml", b"["),
        (".graphmem/config.toml", b"["),
        ("CODEOWNERS", b"\xff\xfe"),
        ("CODEOWNERS", None),
    ],
)
def test_a_file_that_cannot_be_read_declares_nothing_new(path: str, content: bytes | None) -> None:
    assert rules_of(path, content) is None


def test_other_files_and_code_of_others_declare_nothing() -> None:
    paths = ("src/CODEOWNERS", "README.md", "node_modules/a/package.json", "tests/app/pyproject.toml", "config.toml")
    assert not any(map(declares, paths))
