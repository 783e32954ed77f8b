"""Reads unified diffs, as git writes them. Every line must fit, so that a cut diff never passes for an empty diff."""

from __future__ import annotations

import re
from collections.abc import Sequence

from graphmem.deferred_dataclass import dataclass, field
from graphmem.errors import BadDiff
from graphmem.guard.diff_paths import both_sides, side, unquoted, without_prefixes
from graphmem.guard.file_changes import MAX_FILE_CHARS, ChangedFile, Piece, ReadChange, SkippedFile

_HUNK = re.compile(r"(@@@*) ((?:-\d+(?:,\d+)? )+)\+(\d+)(?:,(\d+))? \1(?: |$|\t)")
_RANGE = re.compile(r"-(\d+)(?:,(\d+))?")
_COMBINED = ("diff --cc ", "diff --combined ")
#: Header lines of git without information for guard.
_IGNORED = ("index ", "similarity index ", "dissimilarity index ", "old mode ", "new mode ", "mode ")
_BETWEEN = ("commit ", "From ", "-- ", "--", "Merge: ", "Only in ", "Index: ", "=====")
_SHOWN_CHARS = 80
_BINARY_DATA = re.compile(r"[A-Za-z][0-9A-Za-z!#$%&()*+;<=>?@^_`{|}~-]{1,100}")


def read_diff(text: str) -> ReadChange:
    """Return the files of a unified diff; text before the first file, such as a commit message, is left out.

    Args:
        text: The diff; bytes that are no UTF-8 as lone surrogates (`surrogateescape`).

    Raises:
        BadDiff: A line does not fit; the message has its number.
    """
    return _DiffReader(text.split("\n")).read() if text.strip() else ReadChange()


@dataclass(slots=True)
class _FileHeader:
    """The content of the header lines of a file, as far as they were read."""

    first_line: int
    old: str | None = None
    new: str | None = None
    is_new: bool = False
    is_deleted: bool = False
    is_binary: bool = False
    is_named: bool = False
    pieces: list[Piece] = field(default_factory=list)


class _DiffReader:
    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._at = 0
        self._files: list[ChangedFile] = []
        self._skipped: list[SkippedFile] = []

    def read(self) -> ReadChange:
        is_between = True
        while self._at < len(self._lines):
            line = self._line()
            if line.startswith("diff --git "):
                self._read_file(self._git_header(line))
                is_between = False
            elif line.startswith(_COMBINED):
                self._read_file(self._combined_header(line))
                is_between = False
            elif line.startswith("--- ") and self._peek(1).startswith("+++ "):
                self._read_file(_FileHeader(self._at))
                is_between = False
            elif is_between or not line.strip() or line.startswith(_BETWEEN) or line.startswith("diff "):
                if line.startswith(("@@ -", "@@@ -")):
                    raise self._fault("a hunk without the header of its file")
                is_between = is_between or bool(line.strip())
                self._at += 1
            else:
                raise self._fault("neither a line of a hunk nor the header of a file")
        if not self._files and not self._skipped:
            self._at = 0
            raise self._fault("no file header ('diff --git' or '---' and '+++') was found in the text")
        return ReadChange(tuple(self._files), tuple(self._skipped))

    # ---- headers

    def _git_header(self, line: str) -> _FileHeader:
        header = _FileHeader(self._at)
        sides = both_sides(line)
        if sides is not None:
            header.old, header.new = without_prefixes(*sides)
        self._at += 1
        return header

    def _combined_header(self, line: str) -> _FileHeader:
        path = unquoted(line.split(" ", 2)[2])
        header = _FileHeader(self._at, path, path)
        self._at += 1
        return header

    def _read_file(self, header: _FileHeader) -> None:
        while self._at < len(self._lines) and self._take_header_line(header, self._line()):
            pass
        while self._line().startswith(("@@ -", "@@@")):
            header.pieces.append(self._hunk())
        self._finish(header)

    def _take_header_line(self, header: _FileHeader, line: str) -> bool:
        """Read a line of a file's header; return False if the header has ended."""
        if line.startswith("--- ") and self._peek(1).startswith("+++ "):
            header.old, header.new = without_prefixes(side(line), side(self._peek(1)))
            header.is_new, header.is_deleted = header.old is None, header.new is None
            header.is_named = True
            self._at += 2
            if not self._line().startswith(("@@ -", "@@@")):
                raise self._fault("no hunk follows the '---' and '+++' lines")
            return False
        if line.startswith(("rename from ", "copy from ")):
            header.old = unquoted(line.split(" from ", 1)[1])
        elif line.startswith(("rename to ", "copy to ")):
            header.new = unquoted(line.split(" to ", 1)[1])
        elif line.startswith("new file mode "):
            header.is_new = True
        elif line.startswith("deleted file mode "):
            header.is_deleted = True
        elif line.startswith("Binary files ") or line == "GIT binary patch":
            header.is_binary = True
            self._at += 1
            self._pass_binary_data()
            return False
        elif not line.startswith(_IGNORED):
            return False
        self._at += 1
        return True

    def _pass_binary_data(self) -> None:
        while self._line().startswith(("literal ", "delta ")) or _BINARY_DATA.fullmatch(self._line()):
            self._at += 1
            while _BINARY_DATA.fullmatch(self._line()):
                self._at += 1
            if not self._line() and self._peek(1).startswith(("literal ", "delta ")):
                self._at += 1

    def _finish(self, header: _FileHeader) -> None:
        path = header.new if header.new is not None and not header.is_deleted else header.old
        if path is None:
            self._at = header.first_line
            raise self._fault("the header names no file")
        text = "".join(piece.before + piece.after for piece in header.pieces)
        if header.is_binary:
            self._skipped.append(SkippedFile(path, "binary"))
        elif _is_undecodable(text):
            self._skipped.append(SkippedFile(path, "not UTF-8"))
        elif len(text) > MAX_FILE_CHARS:
            self._skipped.append(SkippedFile(path, f"more than {MAX_FILE_CHARS:,} characters"))
        else:
            before = header.old if header.old != path and not header.is_new else None
            pieces = tuple(header.pieces)
            self._files.append(ChangedFile(path, pieces, before, header.is_new, header.is_deleted))

    # ---- hunks

    def _hunk(self) -> Piece:
        match = _HUNK.match(self._line())
        if match is None:
            raise self._fault("the header of the hunk is damaged")
        ranges = _RANGE.findall(match[2])
        parents = len(match[1]) - 1
        if len(ranges) != parents:
            raise self._fault(f"the header of the hunk has {len(ranges)} ranges before the change, not {parents}")
        left = [int(count or 1) for _, count in ranges]
        expected_lines = int(match[4] or 1)
        start = int(match[3]) + (expected_lines == 0)
        self._at += 1
        before, after, added = self._hunk_lines(left, expected_lines, start)
        return Piece(_text(before), _text(after), max(start, 1), frozenset(added))

    def _hunk_lines(self, left: list[int], expected_lines: int, start: int) -> tuple[list[str], list[str], list[int]]:
        """Return the lines before, the lines after, and the numbers of the added lines.

        Args:
            left: How many lines each parent has in the hunk; reduced to zeros.
            expected_lines: How many lines the hunk has after the change.
            start: The number of its first line after the change.
        """
        parents = len(left)
        before: list[str] = []
        after: list[str] = []
        added: list[int] = []
        while any(left) or len(after) < expected_lines:
            marks, text = self._marked_line(parents)
            if "-" in marks:
                left[:] = [count - (mark == "-") for count, mark in zip(left, marks, strict=True)]
                before.append(text)
            else:
                left[:] = [count - (mark == " ") for count, mark in zip(left, marks, strict=True)]
                if " " in marks:
                    before.append(text)
                else:
                    added.append(start + len(after))
                after.append(text)
            if min(left) < 0 or len(after) > expected_lines:
                raise self._fault("the hunk has more lines than its header says")
            self._at += 1
            self._pass_end_mark()
        return before, after, added

    def _marked_line(self, parents: int) -> tuple[str, str]:
        """Return the marks in front of a hunk's line (a mark for each parent) and the line."""
        if self._at >= len(self._lines) or (self._at == len(self._lines) - 1 and not self._line()):
            raise self._fault("the diff ends within a hunk")
        line = self._lines[self._at]
        if not line.strip("\r"):  # Mail programs and editors drop blanks at the end of a line.
            return " " * parents, line
        marks = line[:parents]
        if len(marks) < parents or marks.strip(" +-") or {"+", "-"} <= set(marks):
            raise self._fault("no line of a hunk: it begins neither with ' ' nor with '+' or '-'")
        return marks, line[parents:]

    def _pass_end_mark(self) -> None:
        if self._line().startswith("\\ "):
            self._at += 1

    # ---- lines

    def _line(self) -> str:
        return self._peek(0)

    def _peek(self, ahead: int) -> str:
        at = self._at + ahead
        return self._lines[at].removesuffix("\r") if at < len(self._lines) else ""

    def _fault(self, what: str) -> BadDiff:
        return BadDiff(f"line {self._at + 1} of the diff, {self._line()[:_SHOWN_CHARS]!r}: {what}", self._at + 1)


def _text(lines: Sequence[str]) -> str:
    return "".join(f"{line.removesuffix(chr(13))}\n" for line in lines)


def _is_undecodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False
