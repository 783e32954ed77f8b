"""The authors of a mainline's commits, each as a hash under the tenant's key, and the commits that changed a file."""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

from graphmem.deferred_dataclass import dataclass, field
from graphmem.errors import InvalidInput
from graphmem.repository.mainline_rows import inflated

#: The author of a commit that could not be read.
UNKNOWN = -1
_FORMAT = 1
_MOST_AUTHOR_CHARS = 128


@dataclass(frozen=True, slots=True)
class AuthorRows:
    """The authors that a reading found.

    Attributes:
        start: Position of the first commit in `of`; everything that earlier readings have from there on is replaced.
        mailmap: A hash of `.mailmap` in the last commit; empty if there is none.
        authors: The authors that occur. A reader hashes the address without a key; the ledger has the hash under the
            tenant's key.
        of: For each commit from `start` on, the index of its author; `UNKNOWN` if it could not be read.
        edit_start: Position of the first commit in `edits`; it replaces as `start` does.
        edits: For each commit from there on, the numbers of the segments of the files that it modified.
    """

    start: int = 0
    mailmap: str = ""
    authors: tuple[str, ...] = ()
    of: tuple[int, ...] = ()
    edit_start: int = 0
    edits: tuple[tuple[int, ...], ...] = ()

    def hashed(self, keyed: Callable[[str], str]) -> AuthorRows:
        """Return the rows with each author replaced by a hash under a key."""
        return AuthorRows(
            self.start, self.mailmap, tuple(map(keyed, self.authors)), self.of, self.edit_start, self.edits
        )


def packed_authors(rows: AuthorRows) -> str:
    """Return the text form of rows: compressed JSON in base 64."""
    plain = [
        _FORMAT,
        rows.start,
        rows.mailmap,
        rows.authors,
        rows.of,
        rows.edit_start,
        [len(edited) for edited in rows.edits],
        [number for edited in rows.edits for number in edited],
    ]
    text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(zlib.compress(text.encode(), 4)).decode("ascii")


def unpacked_authors(text: str) -> AuthorRows:
    """Return the rows of a text form.

    Raises:
        InvalidInput: The text is not the form of rows.
    """
    try:
        return _rows(json.loads(inflated(text)))
    except (binascii.Error, zlib.error, ValueError, TypeError, IndexError, RecursionError) as error:
        raise InvalidInput(f"the authors of a mainline reading cannot be read: {error!r:.120}") from error


def _rows(plain: Any) -> AuthorRows:  # noqa: ANN401 - parsed JSON
    version, start, mailmap, authors, of, edit_start, counts, numbers = plain
    if version != _FORMAT:
        raise ValueError(f"format {version!r} is not {_FORMAT}")
    ends = list(accumulate(map(int, counts), initial=0))
    edits = tuple(tuple(map(int, numbers[first:last])) for first, last in pairwise(ends))
    rows = AuthorRows(int(start), str(mailmap), tuple(map(str, authors)), tuple(map(int, of)), int(edit_start), edits)
    is_sound = (
        rows.start >= 0
        and rows.edit_start >= 0
        and all(int(count) >= 0 for count in counts)
        and ends[-1] == len(numbers)
        and all(UNKNOWN <= index < len(rows.authors) for index in rows.of)
        and all(len(author) <= _MOST_AUTHOR_CHARS for author in rows.authors)
    )
    if not is_sound:
        raise ValueError("its numbers do not fit together")
    return rows


class FileAuthor(NamedTuple):
    """An author of a file, with the number of commits that changed it and the position of the last of them."""

    author: str
    commits: int
    last: int


@dataclass(slots=True)
class MainlineAuthors:
    """The authors that the readings of a mainline found.

    Attributes:
        mailmap: A hash of `.mailmap` as of the last reading; empty if there is none.
        has_all: True if every commit was read with its author; readings of earlier releases have none.
    """

    mailmap: str = ""
    has_all: bool = False
    _authors: list[str] = field(default_factory=list)
    _of: list[int] = field(default_factory=list)
    _edits: dict[int, list[int]] = field(default_factory=dict)
    _read_to: int = 0

    def copy(self) -> MainlineAuthors:
        """Return authors that take further readings without changing these."""
        edits = {number: list(positions) for number, positions in self._edits.items()}
        return MainlineAuthors(self.mailmap, self.has_all, list(self._authors), list(self._of), edits, self._read_to)

    def take(self, rows: AuthorRows | None, commits: int) -> None:
        """Take the authors of a reading.

        Args:
            rows: Its authors; None if it has none, as in readings of earlier releases.
            commits: The number of the mainline's commits after the reading.
        """
        if rows is None:
            self.has_all = self.has_all and len(self._of) == commits
            return
        del self._of[rows.start :]
        indexes = {author: index for index, author in enumerate(self._authors)}
        mapped = [indexes.setdefault(author, len(indexes)) for author in rows.authors]
        self._authors = list(indexes)
        is_without_gap = (self.has_all or not rows.start) and rows.edit_start <= self._read_to
        self._of += [UNKNOWN] * (rows.start - len(self._of))
        self._of += [mapped[index] if index >= 0 else UNKNOWN for index in rows.of]
        self._cut_edits(rows.edit_start)
        for position, numbers in enumerate(rows.edits, rows.edit_start):
            for number in numbers:
                self._edits.setdefault(number, []).append(position)
        self.mailmap = rows.mailmap
        self._read_to = rows.edit_start + len(rows.edits) if is_without_gap else self._read_to
        self.has_all = is_without_gap and len(self._of) == commits == self._read_to

    def cut(self, position: int) -> None:
        """Remove the commits from a position on."""
        del self._of[position:]
        self._cut_edits(position)

    def _cut_edits(self, position: int) -> None:
        self._edits = {
            number: kept for number, listed in self._edits.items() if (kept := [at for at in listed if at < position])
        }
        self._read_to = min(self._read_to, position)

    def author_of(self, position: int) -> str | None:
        """Return the author of the commit at a position; None if that is not known."""
        index = self._of[position] if 0 <= position < len(self._of) else UNKNOWN
        return self._authors[index] if index >= 0 else None

    def of_file(self, moves: Iterable[int], numbers: Iterable[int], until: int) -> Iterator[FileAuthor]:
        """Yield the authors of a file, those of most commits first.

        Args:
            moves: Positions of the commits that brought the file to a path or removed it.
            numbers: The numbers of its segments.
            until: Position of the last commit that counts.
        """
        positions = {*moves, *(at for number in numbers for at in self._edits.get(number, ()))}
        known = [(author, at) for at in sorted(positions) if at <= until and (author := self.author_of(at)) is not None]
        last = dict(known)
        counts = Counter(author for author, _ in known)
        for author in sorted(counts, key=lambda each: (-counts[each], -last[each], each)):
            yield FileAuthor(author, counts[author], last[author])


def takes_authors(rows: AuthorRows, commits: int, segments: int) -> bool:
    """Return whether rows fit to a history of so many commits and segments."""
    return (
        rows.start + len(rows.of) <= commits
        and rows.edit_start + len(rows.edits) <= commits
        and all(0 <= number < segments for edited in rows.edits for number in edited)
    )
