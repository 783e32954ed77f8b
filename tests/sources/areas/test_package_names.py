"""Names of packages, read without the other tables of their manifests."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from graphmem.sources.areas.package_names import package_name
from graphmem.sources.manifests.document_texts import UnreadableManifest
from graphmem.sources.manifests.python_packages import read_pyproject
from graphmem.sources.manifests.rust_packages import read_cargo

_LINES = (
    *(
        "[package]",
        " [ package ] # comment",
        "[project]",
        "[tool.poetry]",
        "[dependencies]",
        "[[bin]]",
        *(
            "[package.metadata]",
            "rust = { workspace = true }",
            "edition.workspace = true",
            'tags = [ "x", "y" ] # z',
            "on = true",
        ),
    ),
    *('name = "one"', 'name = "Two_x"', "name = 3", 'version = "1"', "keywords = [", '  "a",', '  ["b"],', "]"),
    *(
        'text = """',
        '"""',
        "text = '''",
        "'''",
        "# [package]",
        "",
        'package.name = "three"',
        'package = {name = "four"}',
    ),
)
_TEXTS = st.lists(st.sampled_from(_LINES), max_size=12).flatmap(
    lambda lines: st.sampled_from(("\n", "\r\n")).map(lambda end: end.join(lines))
)


@given(text=_TEXTS)
@example(text='[package]\nkeywords = [\n  ["b"],\n]\nname = "one"')
@example(text='text = """\n[package]\nname = "one"\n"""\n[package]\nname = "Two_x"')
@pytest.mark.parametrize(("file_name", "reader"), [("Cargo.toml", read_cargo), ("pyproject.toml", read_pyproject)])
def test_a_name_is_that_of_the_whole_manifest(file_name: str, reader: type, text: str) -> None:
    try:
        whole = reader(text).name
    except UnreadableManifest:
        return
    assert package_name(file_name, text) == whole


def test_a_mistake_in_another_table_hides_no_name() -> None:
    assert package_name("Cargo.toml", '[package]\nname = "one"\n[dependencies]\n<<<<<<< HEAD\n') == "one"
    with pytest.raises(UnreadableManifest):
        package_name("Cargo.toml", '[package]\n<<<<<<< HEAD\nname = "one"\n')


def test_a_manifest_of_another_format_is_read_as_a_whole() -> None:
    assert package_name("package.json", '{"name": "one"}') == "one"
    assert package_name("go.mod", "module example.org/one\n") == "example.org/one"
    assert package_name("setup.cfg", "[metadata]\nname = one\n") == ""


@pytest.mark.parametrize(
    "line",
    [
        "\n \n",
        "# x\r\n",
        " \t # \r\n",
        'a = [ ,"x" ] \n',
        'a = "b" \n',
        "a = [\n",
        "a.b = 1\n",
        "[package]\n",
        "a\n",
        "a={ }\n",
    ],
)
def test_many_lines_without_a_name_take_no_more_than_one_look(line: str) -> None:
    with pytest.raises(UnreadableManifest):
        package_name("Cargo.toml", f"[package]\n{line * 3_000}!")
