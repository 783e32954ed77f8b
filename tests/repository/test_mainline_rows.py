"""The text form of a reading's rows."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem.errors import InvalidInput
from graphmem.repository import mainline_rows
from graphmem.repository.areas import AreaRow, AreaRule
from graphmem.repository.mainline_rows import (
    MainlineRows,
    PathOrigin,
    RefRow,
    SegmentRow,
    SideCommit,
    UnreadCommit,
    packed,
    unpacked,
)
from graphmem.repository.path_names import path_of_text, text_of_path

SHA = "0123456789abcdef" * 2 + "01234567"
ROWS = MainlineRows(
    start=3,
    shas=(SHA, SHA[::-1]),
    times_us=(10, 12),
    segments=(SegmentRow(0, 0, "a b/ü.py", 0, 3, PathOrigin.ADDED, None, None),),
    segment_count=1,
    arrivals=((SHA[:39] + "f", 4),),
    sides=(SideCommit(SHA, "", 7, ("a",), ("b", '"c\\n"')),),
    refs=(RefRow("tag", "v1", SHA), RefRow("branch", "gone", None)),
    unread=(UnreadCommit(3, SHA, "corrupt"),),
    is_shallow=True,
    areas=(
        AreaRow(4, "CODEOWNERS", (AreaRule(("src/**", "a b"), ("@acme/core", "core"), "Backend"),)),
        AreaRow(3, "x", ()),
    ),
)


def with_(**changes: object) -> str:
    """The form of `ROWS` with other values."""
    plain = json.loads(zlib.decompress(base64.b64decode(packed(ROWS))))
    return base64.b64encode(zlib.compress(json.dumps(plain | changes).encode())).decode()


def test_rows_come_back_as_they_were_packed() -> None:
    assert unpacked(packed(ROWS)) == ROWS
    assert unpacked(packed(MainlineRows())) == MainlineRows()


def test_rows_of_an_earlier_release_say_nothing_of_areas() -> None:
    former = replace(ROWS, areas=None)
    plain = json.loads(zlib.decompress(base64.b64decode(packed(former))))
    assert "areas" not in plain
    assert (unpacked(packed(former)), unpacked(packed(replace(ROWS, areas=())))) == (former, replace(ROWS, areas=()))


def test_hashes_of_64_characters_are_read() -> None:
    rows = MainlineRows(shas=("a" * 64,), times_us=(0,), arrivals=(("b" * 64, 0),))
    assert unpacked(packed(rows)) == rows


@pytest.mark.parametrize(
    "content",
    [
        "",
        "no base 64!",
        base64.b64encode(b"no zlib").decode(),
        packed(ROWS)[:-8],
        with_(format=2),
        with_(shas="abc"),
        with_(times_us=[1]),
        with_(start=-1),
        with_(segments=[[0], [0], ["a"], [0], [None], ["appeared"], [None], [None]]),
        with_(segments=[[0], [0], ["a"], [0], ["last"], ["added"], [None], [None]]),
        with_(segments=[[0], [0], ["a"], [0], [None], ["added"], ["all"], [None]]),
        with_(refs=[["tag"]]),
        with_(areas=[["a", "b", []]]),
        with_(areas=[[0, "b", [["a"]]]]),
        with_(areas=3),
    ],
)
def test_what_is_no_form_of_rows_is_refused(content: str) -> None:
    with pytest.raises(InvalidInput, match="mainline reading cannot be read"):
        unpacked(content)


def test_a_content_that_grows_beyond_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mainline_rows, "MAX_UNPACKED_BYTES", 1_000)
    with pytest.raises(InvalidInput, match="more than"):
        unpacked(base64.b64encode(zlib.compress(b" " * 2_000)).decode())


@given(st.binary(min_size=1).filter(lambda name: b"\0" not in name))
def test_every_file_name_has_a_text_and_comes_back(name: bytes) -> None:
    path = name.decode("utf-8", "surrogateescape")
    text = text_of_path(path)
    text.encode()
    assert path_of_text(text) == path
    assert not any(letter < " " for letter in text)


@pytest.mark.parametrize(
    ("path", "text"),
    [("src/a b.py", "src/a b.py"), ("a\tb", '"a\\tb"'), ("caf\udce9", '"caf\\351"'), ('"', '"\\""')],
)
def test_unusual_paths_have_the_quoted_form_of_git(path: str, text: str) -> None:
    assert text_of_path(path) == text
