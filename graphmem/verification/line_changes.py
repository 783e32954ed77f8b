"""The share of a text's lines that is gone from a later version."""

from __future__ import annotations

from collections import Counter

from graphmem.deferred_dataclass import dataclass

_POINTER = b"version https://git-lfs"
_MOST_RANGES = 5


@dataclass(frozen=True, slots=True)
class LineChange:
    """The lines of a text that a later version lacks.

    Attributes:
        total: Number of lines with a letter or a digit.
        gone: Number of those that the later version lacks.
        ranges: First and last line of the first places that are gone, from 1.
    """

    total: int
    gone: int
    ranges: tuple[tuple[int, int], ...] = ()

    @property
    def share(self) -> float:
        """Share of the lines that are gone."""
        return self.gone / self.total if self.total else 0.0


def line_change(old: bytes, new: bytes, first_line: int = 1) -> LineChange | None:
    """The change of a text; indentation, blank lines and lines of punctuation alone do not count.

    Args:
        old: The text before.
        new: The text now.
        first_line: Number of the first line of `old` in its file.

    Returns:
        None for contents that are no text: binary files and pointers of Git LFS.
    """
    if any(b"\0" in text[:8_000] or text.startswith(_POINTER) for text in (old, new)):
        return None
    left = Counter(_lines(new))
    total, gone = 0, list[int]()
    for number, line in enumerate(old.splitlines(), start=first_line):
        stripped = line.strip()
        if not _is_telling(stripped):
            continue
        total += 1
        if left[stripped] > 0:
            left[stripped] -= 1
        else:
            gone.append(number)
    return LineChange(total, len(gone), _ranges(gone))


def _lines(text: bytes) -> list[bytes]:
    return [line.strip() for line in text.splitlines()]


def _is_telling(line: bytes) -> bool:
    return any(byte >= 0x80 or chr(byte).isalnum() for byte in line)  # noqa: PLR2004 - beyond ASCII


def _ranges(numbers: list[int]) -> tuple[tuple[int, int], ...]:
    """Numbers as the first few ranges."""
    ranges: list[tuple[int, int]] = []
    for number in numbers:
        if ranges and ranges[-1][1] == number - 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return tuple(ranges[:_MOST_RANGES])
