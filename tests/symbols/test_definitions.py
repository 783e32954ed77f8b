"""The definitions that parsers find in source files, and files that do not parse."""

from __future__ import annotations

import pytest

from graphmem.symbols import languages
from graphmem.symbols.definitions import MAX_FILE_BYTES, definitions_in
from graphmem.symbols.languages import language_of, missing_grammar
from graphmem.symbols.source_file import family, source_file

# fmt: off
CODE = {
    "a.py": ("X: int = 1\nclass A:\n  y = 2\n  @p\n  def f(self): pass\nasync def g():\n  def h(): pass\n",
             "X A A.y A.f g g.h"),
    "a.js": ("const f = () => 1; class A { #p = 1; m() {} } exports.h = function () {}; const o = { k() {} };",
             "f A A.#p A.m h o o.k"),
    "a.tsx": ("interface I { m(): void } type T = string; export const F = () => <a/>; namespace N { function q() {} }",
              "I I.m T F N.q"),
    "a.go": ("package a\nconst X = 1\ntype S[T any] struct{}\nfunc (s *S[T]) Read() {}\nfunc F() {}\n",
             "X S S.Read F"),
    "A.java": ("class A { int x = 1; A() {} void f(int a) {} enum E { X } } record R(int a) {}",
               "A A.x A.A A.f A.E A.E.X R"),
    "a.rs": ("mod m { const X: u8 = 1; } impl<T> fmt::Display for Foo<T> { fn fmt(&self) {} } trait Q { fn z(); }",
             "m.X Foo.fmt Q Q.z"),
    "a.c": ("#define M(x) x\nstruct bar { int x; };\nstatic int *read(int a) { return 0; }\n", "M bar read"),
    "a.cpp": ("namespace n { class A { int f() { return 1; } }; }\nint n::A::d() { return 2; }\n", "n.A n.A.f n.A.d"),
    "a.cs": ("namespace N.M { class A { int P { get; } void F() {} } record R(int a); }",
             "N.M.A N.M.A.P N.M.A.F N.M.R"),
    "a.rb": ("module M\n class A\n  X = 1\n  def f = 1\n  def self.g\n  end\n end\nend\n",
             "M M.A M.A.X M.A.f M.A.g"),
    "a.php": ("<?php function f() {} class A { const C = 1; public $x = 2; function m() {} }", "f A A.C A.x A.m"),
}
# fmt: on


@pytest.mark.parametrize("path", CODE)
def test_definitions_have_the_names_of_what_they_are_in(path: str) -> None:
    text, names = CODE[path]
    found = definitions_in(path, text.encode())
    assert found is not None
    assert [each.name for each in found.listed] == names.split()
    assert found.is_complete


def test_a_definition_is_found_by_its_whole_name_first() -> None:
    found = definitions_in("a.py", b"class A:\n    def run(self): pass\n\ndef run(x):\n    return x\n")
    assert found is not None
    named = {name: found.named(name) for name in ("run", "A.run", "B.run")}
    assert [each and (each.first_line, each.last_line) for each in named.values()] == [(4, 5), (2, 2), None]
    assert named["run"] is not None
    assert named["run"].body == b"(x):\n    return x"


@pytest.mark.parametrize("content", [b"\0" * 10, b"x = 1\n" * (MAX_FILE_BYTES // 6 + 1)], ids=["binary", "huge"])
def test_binary_and_huge_files_are_not_parsed(content: bytes) -> None:
    assert definitions_in("a.py", content) is None


@pytest.mark.parametrize("content", [b"(" * 100_000, b"x=[" * 50_000, b"def f(" * 20_000])
def test_deep_nesting_is_no_code(content: bytes) -> None:
    found = definitions_in("a.py", content)
    assert found is not None
    assert (found.listed, found.is_complete) == ((), False)


def test_a_file_that_does_not_parse_may_still_define_what_it_names() -> None:
    broken = source_file("a.py", b"def f(:\n  = )\nclass A(:\n    pass\n    f g h\n")
    assert broken.definitions is not None
    assert not broken.definitions.is_complete
    assert broken.named("A") is not None
    assert not broken.lacks("g")
    assert broken.lacks("never")


def test_a_language_without_a_parser_is_read_by_the_forms_of_definitions() -> None:
    kotlin = source_file("a.kt", b"class A {\n    fun read(x: Int): Int {\n        return x\n    }\n}\n")
    assert kotlin.definitions is None
    found = kotlin.named("A.read")
    assert found is not None
    assert (found.first_line, found.last_line) == (2, 4)
    assert kotlin.lacks("write")


def test_a_missing_grammar_is_named_with_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    assert missing_grammar("a.c") == missing_grammar("a.kt") == ""
    monkeypatch.setattr(languages, "_is_importable", lambda _: False)
    assert missing_grammar("a.c") == "the grammar of C is not installed: pip install 'graphmem[symbols]'"
    assert missing_grammar("a.go") == "the grammar of Go is not installed: pip install 'tree-sitter-go'"
    assert definitions_in("a.c", b"int f() { return 1; }") is None


def test_related_languages_are_one_family() -> None:
    assert family("a.ts") == family("b.js") != family("c.py")
    assert family("a.kt") != family("a.sh")
    assert language_of("Makefile") is None
