from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphmem.errors import InvalidInput, NotFound
from graphmem.sources.decisions import Document, read_decisions, read_documents
from graphmem.sources.decisions.documents import MAX_DOCUMENT_BYTES
from graphmem.sources.observations import Reading
from tests.sources.decisions.records import READ_AT, adr, read

BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9)
)


def reading_of(*paths: Path, root: Path | None = None) -> Reading:
    return read_decisions(paths, root=root, read_at=READ_AT)


def test_a_folder_is_searched_for_what_looks_like_a_record(tmp_path: Path) -> None:
    for name in (
        "docs/adr/0001-a.md",
        "docs/adr/README.md",
        "docs/adr/template.md",
        "docs/guide.md",
        "node_modules/0002-b.md",
        "x.bin",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(adr("1. A") if "0" in name else "# Guide\n\nHello.\n")
    reading = reading_of(tmp_path)

    assert [observation.key for observation in reading.observations] == ["docs/adr/0001-a.md"]
    assert reading.problems == ()


def test_a_file_that_is_named_is_read_and_its_key_is_relative_to_the_root(tmp_path: Path) -> None:
    file = tmp_path / "docs" / "why.md"
    file.parent.mkdir()
    file.write_text("# Why\n\nBecause.\n")

    assert [found.key for found in reading_of(file, root=tmp_path).observations] == ["docs/why.md"]


@pytest.mark.parametrize("path", ["../outside", "a/../../b", "nul\0byte"])
def test_paths_that_climb_or_contain_nul_are_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(InvalidInput):
        reading_of(tmp_path / path, root=tmp_path)


def test_a_path_outside_of_the_root_is_refused_and_a_missing_one_not_found(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()

    with pytest.raises(InvalidInput, match="outside of"):
        reading_of(outside, root=inside)
    with pytest.raises(NotFound):
        reading_of(inside / "nothing", root=inside)


def test_a_link_that_leads_out_is_reported_and_not_followed(tmp_path: Path) -> None:
    root, secret = tmp_path / "root", tmp_path / "0009-secret.md"
    root.mkdir()
    secret.write_text(adr("9. Secret"))
    (root / "0001-link.md").symlink_to(secret)
    (root / "0002-loop.md").symlink_to(root / "0002-loop.md")
    reading = reading_of(root)

    assert reading.observations == ()
    assert [problem.path for problem in reading.problems] == ["0001-link.md", "0002-loop.md"]


def test_a_folder_that_is_a_link_is_not_entered(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (outside / "0001-a.md").write_text(adr("1. A"))
    (root / "linked").symlink_to(outside)

    assert reading_of(root) == Reading((), (), (), folders=("",))


def test_a_file_that_is_too_large_is_reported(tmp_path: Path) -> None:
    (tmp_path / "0001-a.md").write_bytes(b"# A\n" + b"x" * MAX_DOCUMENT_BYTES)

    assert "larger than" in reading_of(tmp_path).problems[0].reason


def test_yaml_aliases_are_refused_without_being_expanded_and_the_rest_is_kept() -> None:
    reading = read(
        {
            "0001-a.md": f"---\nstatus: rejected\n{BOMB}---\n# A\n\n## Decision\n\nA.\n",
            "k/1-x/kep.yaml": f"title: X\n{BOMB}",
        }
    )

    assert [(found.key, found.moves[0].source_word) for found in reading.observations] == [("0001-a.md", "rejected")]
    assert [(problem.path, "aliases" in problem.reason) for problem in reading.problems] == [
        ("0001-a.md", True),
        ("k/1-x/kep.yaml", True),
    ]


@pytest.mark.parametrize(
    "yaml",
    ["[" * 60_000, "a: " + "[" * 60_000, "- " * 30_000 + "a", "a: 'b", "\tx: y", "? " * 5_000, "a: b\n" * 20_000],
)
def test_hostile_yaml_is_a_problem_and_no_crash(yaml: str) -> None:
    assert read({"k/1-x/kep.yaml": yaml}).problems != ()


def test_a_leading_zero_in_yaml_is_no_octal_number() -> None:
    files = {
        "0010-a.md": "---\nstatus: superseded\nsuperseded-by: 0012\n---\n# A\n\n## Decision\n\nA.\n",
        "0012-b.md": adr("12. B"),
    }

    assert [found.new for found in read(files).replacements] == ["0012-b.md"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"# A\n\xff\xfe\n", "not UTF-8 (byte 4, line 2)"), (b"# A\n\0\n", "NUL"), (b"", "empty"), (b" \n\t\n", "empty")],
)
def test_what_is_no_text_is_reported(content: bytes, reason: str) -> None:
    reading = read_documents([Document("0001-a.md", content)], read_at=READ_AT)

    assert reading.observations == ()
    assert reason in reading.problems[0].reason


def test_windows_line_ends_and_a_byte_order_mark_change_nothing() -> None:
    plain = adr("1. A", "Superseded by [2](0002-b.md)")
    marked = b"\xef\xbb\xbf" + plain.replace("\n", "\r\n").encode()

    assert read_documents([Document("0001-a.md", marked)], read_at=READ_AT) == read({"0001-a.md": plain})


WORDS = st.sampled_from(
    [
        "#",
        "##",
        "---",
        "```",
        "~~~",
        "<!--",
        "-->",
        "|",
        ">",
        "-",
        "*",
        "[a](b.md)",
        "[[x]]",
        "ADR-1",
        "ADR-0002",
        "PEP",
        "3",
        "Status",
        "Date:",
        "Superseded",
        "by",
        "supersedes",
        "amends",
        "this",
        "ADR",
        "Accepted",
        "Rejected",
        "2024-01-01",
        "(",
        ")",
        ";",
        ":",
        "\n",
        "\n\n",
        "title:",
        "status:",
        "superseded-by:",
        "&",
        "*",
        "Chosen",
        "option:",
        "because",
        "===",
        "::",
        "\ue000",
        "1",
        "\ue001",
        "⌛️",
    ]
)
PATHS = st.sampled_from(["0001-a.md", "0002-b.rst", "pep-0003.txt", "k/4-x/kep.yaml", "k/4-x/README.md", "5.markdown"])


@given(st.dictionaries(PATHS, st.binary(max_size=300)))
def test_no_bytes_crash_the_reader(files: dict[str, bytes]) -> None:
    documents = [Document(path, content, is_named=True) for path, content in files.items()]
    reading = read_documents(documents, read_at=READ_AT)

    assert all(found.moves for found in reading.observations)


@given(st.dictionaries(PATHS, st.lists(WORDS, max_size=60).map(" ".join)))
def test_no_arrangement_of_their_words_crashes_the_reader_or_links_a_record_to_itself(files: dict[str, str]) -> None:
    reading = read(files)
    keys = {found.key for found in reading.observations}

    assert all({found.old, found.new} <= keys and found.old != found.new for found in reading.replacements)
    assert all(
        moves == tuple(sorted(moves, key=lambda move: move.at))
        for moves in (found.moves for found in reading.observations)
    )


@pytest.mark.parametrize(
    "pattern",
    [
        "[",
        "[a](",
        "<!--",
        "ADR-1, ",
        "`",
        "**a",
        "| ",
        "> ",
        "( ",
        "superseded by ",
        "- " * 9 + "\n",
        "a" * 9 + " ",
        "`<",
        "ADR-1 (",
    ],
)
def test_no_repetition_makes_the_reader_hang(pattern: str) -> None:
    text = "# A\n\n## Status\n\nAccepted " + pattern * (60_000 // len(pattern))

    assert len(read({"0001-a.md": text}).observations) == 1
