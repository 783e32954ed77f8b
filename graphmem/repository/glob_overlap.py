"""Common paths of two path patterns: decides whether two files, folders or globs have a path in common."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from functools import lru_cache

from graphmem.deferred_dataclass import dataclass
from graphmem.repository.path_patterns import fixed_part, is_glob

_PIECES = re.compile(r"\*\*/|\*\*|\*|\?|[^*?]+")
#: Pairs of positions that are searched. Longer patterns count as overlapping if one begins like the other.
_MOST_PAIRS = 100_000
#: Stands in a common path for a character that both patterns leave open.
_OPEN_CHAR = "x"


@dataclass(frozen=True, slots=True)
class _PatternStep:
    """A step of a pattern: a letter or a class of characters, once or any number of times, or a fork.

    Attributes:
        letter: The only character; empty for a class.
        takes_slash: True if the class has the slash.
        repeats: True if the step takes any number of characters, none included.
        skips: For the step before `**/`, which takes no character: how far it goes on if `**/` is left out; else 0.
    """

    letter: str = ""
    takes_slash: bool = False
    repeats: bool = False
    skips: int = 0

    def common(self, other: _PatternStep) -> str:
        """Return a character that both steps take; empty if there is none."""
        if self.skips or other.skips:
            return ""
        if self.letter and other.letter:
            return self.letter if self.letter == other.letter else ""
        if self.letter or other.letter:
            letter, wildcard = (self.letter, other) if self.letter else (other.letter, self)
            return letter if letter != "/" or wildcard.takes_slash else ""
        return _OPEN_CHAR


_WITHIN = _PatternStep(repeats=True)
_ACROSS = _PatternStep(takes_slash=True, repeats=True)
_SOME = _PatternStep(takes_slash=True)


@lru_cache(maxsize=4_096)
def _steps(pattern: str) -> tuple[_PatternStep, ...]:
    """Return the steps of a pattern; a path without wildcards and a folder also take all below them."""
    steps: list[_PatternStep] = []
    for piece in _PIECES.findall(pattern):
        if piece == "**/":
            steps += [_PatternStep(skips=3), _ACROSS, _PatternStep("/")]
        elif piece == "**":
            steps.append(_ACROSS)
        elif piece == "*":
            steps.append(_WITHIN)
        elif piece == "?":
            steps.append(_PatternStep())
        else:
            steps += [_PatternStep(letter) for letter in piece]
    if pattern.endswith("/"):
        steps += [_SOME, _ACROSS]
    return tuple(steps)


def _readings(pattern: str) -> tuple[tuple[_PatternStep, ...], ...]:
    """Return the sequences of steps by which a path can match: a path without wildcards may be a file or a folder."""
    if is_glob(pattern) or pattern.endswith("/") or "." in pattern.rpartition("/")[2].lstrip("."):
        return (_steps(pattern),)
    return (_steps(pattern), _steps(f"{pattern}/"))


@lru_cache(maxsize=16_384)
def common_path(first: str, second: str) -> str | None:
    """Return a shortest path that two patterns match; None if they have no path in common.

    A pattern is a file, a folder with a trailing slash, or a glob: `*` and `?` match within a folder, `**` across
    folders. A path without an extension may also be a folder. The answer is exact, except for patterns of hundreds of
    characters each: if they begin alike, the first is returned.

    >>> common_path("src/**/*.py", "src/api/")
    'src/api/.py'
    >>> common_path("src/*.py", "src/api/*") is None
    True
    """
    ahead, behind = sorted((fixed_part(first), fixed_part(second)), key=len, reverse=True)
    if not ahead.startswith(behind):
        return None
    if len(first) * len(second) > _MOST_PAIRS:
        return first
    pairs = ((one, two) for one in _readings(first) for two in _readings(second))
    paths = [path for one, two in pairs if (path := _shortest(one, two)) is not None]
    return min(paths, key=lambda path: (len(path), path), default=None)


def _shortest(first: Sequence[_PatternStep], second: Sequence[_PatternStep]) -> str | None:
    """Return a shortest text that both sequences of steps take, by a breadth-first search over their positions."""
    goal = (len(first), len(second))
    came: dict[tuple[int, int], tuple[tuple[int, int], str] | None] = {}
    layer: deque[tuple[int, int]] = deque()
    _reach(came, layer, first, second, [((0, 0), None)])
    while layer:
        at = layer.popleft()
        if at == goal:
            return _text(came, at)
        if at[0] == len(first) or at[1] == len(second):
            continue
        one, two = first[at[0]], second[at[1]]
        if letter := one.common(two):
            after = (at[0] if one.repeats else at[0] + 1, at[1] if two.repeats else at[1] + 1)
            _reach(came, layer, first, second, [(after, (at, letter))])
    return None


def _reach(
    came: dict[tuple[int, int], tuple[tuple[int, int], str] | None],
    layer: deque[tuple[int, int]],
    first: Sequence[_PatternStep],
    second: Sequence[_PatternStep],
    todo: list[tuple[tuple[int, int], tuple[tuple[int, int], str] | None]],
) -> None:
    """Note positions, and those that are reached from them without a character."""
    while todo:
        at, origin = todo.pop()
        if at in came:
            continue
        came[at] = origin
        layer.append(at)
        todo += [((there, at[1]), origin) for there in _onward(first, at[0])]
        todo += [((at[0], there), origin) for there in _onward(second, at[1])]


def _onward(steps: Sequence[_PatternStep], at: int) -> Iterator[int]:
    """Yield the positions that are reached from a position without a character."""
    if at < len(steps) and (steps[at].repeats or steps[at].skips):
        yield at + 1
        if steps[at].skips:
            yield at + steps[at].skips


def _text(came: dict[tuple[int, int], tuple[tuple[int, int], str] | None], at: tuple[int, int]) -> str:
    letters: list[str] = []
    step = came[at]
    while step is not None:
        letters.append(step[1])
        step = came[step[0]]
    return "".join(reversed(letters))
