"""Patches in the grammar of Codex's `apply_patch`: files that are added, deleted, updated or moved."""

from __future__ import annotations

from collections.abc import Callable

from graphmem.errors import BadDiff
from graphmem.guard.file_changes import MAX_FILE_CHARS, ChangedFile, Piece, ReadChange, SkippedFile

_BEGIN, _END = "*** Begin Patch", "*** End Patch"
_ADD, _DELETE, _UPDATE, _MOVE = "*** Add File: ", "*** Delete File: ", "*** Update File: ", "*** Move to: "
_END_OF_FILE = "*** End of File"
_SHOWN_CHARS = 80


def read_agent_patch(text: str, text_of: Callable[[str], str | None]) -> ReadChange:
    """Return the files that a patch changes.

    Args:
        text: The patch, from `*** Begin Patch` on; lines after `*** End Patch` are left out.
        text_of: The texts of files before the patch.

    Raises:
        BadDiff: A line does not fit; the message has its number.
    """
    return _PatchReader(text.split("\n"), text_of).read()


class _PatchReader:
    def __init__(self, lines: list[str], text_of: Callable[[str], str | None]) -> None:
        self._lines = lines
        self._at = 0
        self._text_of = text_of
        self._files: list[ChangedFile] = []
        self._skipped: list[SkippedFile] = []

    def read(self) -> ReadChange:
        if self._line().strip() != _BEGIN:
            raise self._fault(f"a patch begins with {_BEGIN!r}")
        self._at += 1
        while self._line().strip() != _END:
            line = self._line()
            if line.startswith(_ADD):
                self._add(line.removeprefix(_ADD).strip())
            elif line.startswith(_DELETE):
                self._delete(line.removeprefix(_DELETE).strip())
            elif line.startswith(_UPDATE):
                self._update(line.removeprefix(_UPDATE).strip())
            elif self._at >= len(self._lines):
                raise self._fault(f"the patch ends without {_END!r}")
            elif not line.strip():
                self._at += 1
            else:
                raise self._fault("neither the beginning of a file nor the end of the patch")
        return ReadChange(tuple(self._files), tuple(self._skipped))

    def _add(self, path: str) -> None:
        self._at += 1
        added: list[str] = []
        while self._line().startswith("+"):
            added.append(self._line()[1:])
            self._at += 1
        text = "".join(f"{line}\n" for line in added)
        self._finish(ChangedFile(path, (Piece("", text, is_whole=True),), is_new=True))

    def _delete(self, path: str) -> None:
        self._at += 1
        before = self._text_of(path)
        pieces = () if before is None else (Piece(before, "", is_whole=True),)
        self._finish(ChangedFile(path, pieces, is_deleted=True))

    def _update(self, path: str) -> None:
        self._at += 1
        target = path
        if self._line().startswith(_MOVE):
            target = self._line().removeprefix(_MOVE).strip()
            self._at += 1
        pieces: list[Piece] = []
        while self._line().startswith(("@@", " ", "+", "-")) or (not self._line() and self._is_within()):
            pieces.append(self._section(len(pieces)))
        if not pieces and target == path:
            raise self._fault("the update of the file has no lines")
        before = self._text_of(path)
        if before is not None:
            # The rest of the file counts as text before the patch, not as added text.
            pieces.append(Piece(before, "", start=1, is_whole=True))
        self._finish(ChangedFile(target, tuple(pieces), path if target != path else None))

    def _section(self, count: int) -> Piece:
        """Return the next part of an update: an optional `@@` line, then lines with marks."""
        if self._line().startswith("@@"):
            self._at += 1
        elif count:
            raise self._fault("a further part of a file begins with '@@'")
        before: list[str] = []
        after: list[str] = []
        added: set[int] = set()
        while self._is_within():
            line = self._line()
            mark, text = line[:1] or " ", line[1:]
            if mark in " -":
                before.append(text)
            if mark in " +":
                after.append(text)
                if mark == "+":
                    added.add(1 + len(after))
            self._at += 1
        if self._line().strip() == _END_OF_FILE:
            self._at += 1
        return Piece(_joined(before), _joined(after), start=2, added=frozenset(added))

    def _is_within(self) -> bool:
        line = self._line()
        if self._at >= len(self._lines):
            return False
        return line[:1] in {" ", "+", "-"} or (not line and self._peek(1)[:1] in {" ", "+", "-"})

    def _finish(self, change: ChangedFile) -> None:
        if not change.path:
            raise self._fault("the file has no path")
        if sum(len(piece.before) + len(piece.after) for piece in change.pieces) > 2 * MAX_FILE_CHARS:
            self._skipped.append(SkippedFile(change.path, f"more than {MAX_FILE_CHARS:,} characters"))
        else:
            self._files.append(change)

    def _line(self) -> str:
        return self._peek(0)

    def _peek(self, ahead: int) -> str:
        at = self._at + ahead
        return self._lines[at].removesuffix("\r") if at < len(self._lines) else ""

    def _fault(self, what: str) -> BadDiff:
        return BadDiff(f"line {self._at + 1} of the patch, {self._line()[:_SHOWN_CHARS]!r}: {what}", self._at + 1)


def _joined(lines: list[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
