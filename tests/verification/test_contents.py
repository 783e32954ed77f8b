"""Line changes, definitions of symbols, and watches."""

from __future__ import annotations

import pytest

from graphmem.repository.symbol_names import symbol_name, symbol_targets
from graphmem.symbols.text_definitions import definition
from graphmem.verification.line_changes import line_change
from graphmem.verification.watches import is_exact, touched_watches


def test_moved_and_indented_lines_are_not_gone() -> None:
    change = line_change(b"a\nb\n\n}\nc\n", b"if x:\n  c\n  b\n  a\n")
    assert change is not None
    assert (change.total, change.gone) == (3, 0)


def test_lines_that_are_gone_have_numbers() -> None:
    change = line_change(b"a\nb\nc\nd\n", b"a\nx\ny\nd\nz\n", first_line=11)
    assert change is not None
    assert (change.share, change.ranges) == (0.5, ((12, 13),))


def test_repeated_lines_count_each_time() -> None:
    change = line_change(b"x\nx\nx\n", b"x\n")
    assert change is not None
    assert change.gone == 2


@pytest.mark.parametrize("content", [b"a\0b", b"version https://git-lfs.github.com/spec/v1\noid x\n"])
def test_contents_that_are_no_text_have_no_change(content: bytes) -> None:
    assert line_change(content, b"x") is None


@pytest.mark.parametrize(
    ("text", "name", "lines"),
    [
        ("import x\n\nclass A:\n    def run(self) -> int:\n        return 1\n\n\nx = 1\n", "run", (4, 5)),
        ("class A:\n    x = 1\n\nclass B:\n    y = 1\n", "A", (1, 2)),
        ("func (s *Store) Read(id string) error {\n\treturn nil\n}\n\nfunc x() {}\n", "Read", (1, 3)),
        ("pub async fn read<T>(x: T) -> T {\n    x\n}\n", "read", (1, 3)),
        ("export const LIMIT = 5;\n", "LIMIT", (1, 1)),
        ("class A {\n  async read(x) {\n    return 1;\n  }\n}\n", "read", (2, 4)),
        ("class A {\n    public static int read(int x) {\n        return 1;\n    }\n}\n", "read", (2, 4)),
        ("static int\nread(int x) {\n  return 1;\n}\n", "read", (2, 4)),
        ("def reader(): return read(1)\n", "read", None),
        ("    return read(x)\n", "read", None),
        ("    x.read(y);\n", "read", None),
    ],
)
def test_a_definition_has_its_lines(text: str, name: str, lines: tuple[int, int] | None) -> None:
    assert definition(text, name) == lines


def test_a_symbol_may_name_its_file_or_its_module() -> None:
    assert symbol_name("src/a.py:Store.read") == symbol_name("src/a.py::Store.read")
    assert symbol_name("src/a.py#Store.read") == symbol_name("src/a.py:Store.read")
    assert (symbol_name("src/a.py:Store.read").path, symbol_name("src/a.py:Store.read").dotted) == (
        "src/a.py",
        "Store.read",
    )
    assert symbol_name("shop.store.read()").parts == ("shop", "store", "read")
    assert symbol_name("Store::read").dotted == "Store.read"
    ends = [(target.path, target.name) for target in symbol_targets("shop.store.read", [])]
    assert ends == [
        ("shop/store.py", "read"),
        ("shop/store/__init__.py", "read"),
        ("shop.py", "store.read"),
        ("shop/__init__.py", "store.read"),
    ]
    assert symbol_targets("read", []) == []
    anchored = symbol_targets("shop.store.Store.read", ["src/shop/store.py"])
    assert [(target.path, target.name) for target in anchored] == [("src/shop/store.py", "Store.read")]


def test_a_change_sets_off_watches_for_its_path_its_name_and_its_folders() -> None:
    assert touched_watches(["a/b/c.py"]) == {"a/b/c.py", "*/c.py", "a/b/", "*/b/", "a/", "*/a/"}
    assert is_exact("a/b/")
    assert not is_exact("*/c.py")
