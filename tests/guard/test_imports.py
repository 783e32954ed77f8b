"""Imports of six languages, in whole files and in parts of files that begin anywhere."""

from __future__ import annotations

import pytest

from graphmem.guard.imports import imports_in


def modules(language: str, text: str, *, is_part: bool = False) -> list[str]:
    return [one.module for one in imports_in(language, text, is_part=is_part)]


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [
        ("python", "import a.b as c, d\nfrom x.y import (z,\n  w)\n", ["a.b", "d", "x.y"]),
        ("python", "from .r import s\nfrom . import k\n", []),
        ("python", "def f():\n    import g\n__import__('h')\nimportlib.import_module('i')\n", ["g", "h", "i"]),
        ("javascript", "import x from 'a'; import 'b'; export * from \"c\"; import y from './own'", ["a", "b", "c"]),
        ("javascript", "const a = require('a'); const b = await import('b'); require(name)", ["a", "b"]),
        ("typescript", "import type {T} from '@s/t'; import x = require('u'); const y = <T>z", ["@s/t", "u"]),
        ("tsx", "import {A} from 'a'; const b = <A>text</A>", ["a"]),
        ("go", 'package x\nimport (\n\t"io"\n\te "a.b/c" // why\n)\nimport _ "d"\n', ["io", "a.b/c", "d"]),
        ("rust", "use a::{b, c::{self, d as e}}; extern crate f; pub use ::g::*; use crate::h; use std::io;",
         ["a::b", "a::c", "a::c::d", "f", "g"]),
        ("java", "package p; import a.b.C; import static d.E.f; import g.*;", ["a.b.C", "d.E.f", "g"]),
    ],
)  # fmt: skip
def test_every_form_of_an_import_is_found(language: str, text: str, found: list[str]) -> None:
    assert modules(language, text) == found


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("python", "# import pytz\nx = 'import pytz'\ny = '''\nimport pytz\n'''\n"),
        ("python", "print('import_module', \"import_module('pytz')\")\n"),
        ("javascript", "// import 'lodash'\n/* import x from 'lodash' */ const s = `import 'lodash'`; f('require(x)')"),
        (
            "go",
            'package x\n// import "a"\n/*\nimport "b"\n*/\nconst s = `\nimport "c"\n`\nvar l = []string{\n"d",\n}\n',
        ),
        ("rust", '// use a::b;\nconst S: &str = "use c::d;";'),
        ("java", '/* import a.B; */ class X { String s = "import c.D;"; }'),
    ],
)
def test_comments_and_strings_import_nothing(language: str, text: str) -> None:
    assert modules(language, text) == []


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [
        ("go", '\t"io"\n\t"github.com/pkg/errors"\n)\n\nfunc f() {}\n', ["io", "github.com/pkg/errors"]),
        ("go", '\t"io"\n\te "github.com/pkg/errors"\n', ["io", "github.com/pkg/errors"]),
        ("go", 'import (\n\t"io"\n', ["io"]),
        ("go", '\t"one",\n\t"two",\n}\n', []),
        ("go", 'text in a comment\nimport "a"\n*/\nfunc f() {}\n', []),
        ("python", 'words of a docstring\nimport pytz\n"""\nx = 1\n', []),
        ("python", "        return x\n\nimport y\n\ndef broken(:\n", ["y"]),
        ("python", ">>> import pytz\n", []),
        ("javascript", "  a,\n  b,\n} from 'x';\nf()\n", ["x"]),
        ("javascript", " * import a from 'b'\n */\nimport c from 'd'\n", ["d"]),
        ("java", "words\n*/\nimport a.B;\n", ["a.B"]),
    ],
)  # fmt: skip
def test_a_part_of_a_file_is_read_as_what_it_fits_best(language: str, text: str, found: list[str]) -> None:
    assert modules(language, text, is_part=True) == found


def test_an_import_has_its_names_and_its_lines() -> None:
    (one,) = imports_in("python", "x = 1\nfrom a import (\n    b,\n    c as d,\n)\n", is_part=False)
    assert (one.module, one.names, one.first, one.last) == ("a", ("b", "c"), 1, 4)


def test_names_of_scripts_are_told_from_whole_modules() -> None:
    text = "import a, {b as c} from 'x'; import * as d from 'y'; export {e} from 'z';"
    assert [one.names for one in imports_in("javascript", text, is_part=False)] == [("default", "b"), ("*",), ("e",)]
