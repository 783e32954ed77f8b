"""Where the lines of a file went."""

from __future__ import annotations

from graphmem.symbols.file_parts import FileContents, file_parts


def lines(seed: str, count: int = 10) -> str:
    return "".join(f"{seed} has line number {number}\n" for number in range(count))


def changed(path: str, before: str | None, after: str | None) -> FileContents:
    return FileContents(path, path, *(None if text is None else text.encode() for text in (before, after)))


def parts(*files: FileContents) -> dict[str, list[tuple[str, int, float]]]:
    found = file_parts(files, ["a"])
    return {path: [(part.path, part.lines, part.share) for part in listed] for path, listed in found.items()}


def test_a_split_gives_both_halves() -> None:
    whole = lines("one") + lines("two") + lines("rest", 20)
    files = changed("a", whole, lines("rest", 20)), changed("b", None, lines("one")), changed("c", None, lines("two"))
    assert parts(*files) == {"a": [("b", 10, 0.25), ("c", 10, 0.25)]}


def test_few_lines_and_a_small_share_are_no_part() -> None:
    whole = lines("one", 7) + lines("two")
    few, small = changed("b", None, lines("one", 7)), changed("c", None, lines("two") + lines("new", 100))
    assert parts(changed("a", whole, ""), few, small) == {}


def test_lines_that_other_files_lose_or_gain_too_are_not_told_apart() -> None:
    twin = changed("d", lines("one"), "")
    assert parts(changed("a", lines("one"), ""), twin, changed("b", None, lines("one"))) == {}
    copies = changed("b", None, lines("one")), changed("c", None, lines("one"))
    assert parts(changed("a", lines("one"), ""), *copies) == {}


def test_imports_are_in_any_file() -> None:
    imports = "".join(f"from shop.store import name{number}\n" for number in range(20))
    assert parts(changed("a", imports, ""), changed("b", None, imports)) == {}


def test_a_deleted_file_goes_into_one_that_was_there() -> None:
    merged = changed("b", lines("b"), lines("b") + lines("one"))
    assert parts(changed("a", lines("one"), None), merged) == {"a": [("b", 10, 1.0)]}
    assert parts(changed("a", lines("one"), "x"), merged) == {}
    assert parts(changed("a", lines("one") + lines("more", 40), None), merged) == {}


def test_binary_files_have_no_lines() -> None:
    assert parts(changed("a", "\0" + lines("one"), ""), changed("b", None, lines("one"))) == {}
