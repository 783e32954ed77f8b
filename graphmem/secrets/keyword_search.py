"""Finds keywords in texts: one after the other at first, and all in one pass once there are many texts.

The pass of RE2 takes a thirtieth of the time, but RE2 must be loaded and the keywords compiled, which takes
milliseconds: a process that searches a few texts does without.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

#: The searches after which RE2 is worth its loading time.
_FEW = 64


class KeywordSearch:
    """A search for any of some keywords.

    Args:
        keywords: Lower-case texts.
    """

    def __init__(self, keywords: Sequence[str]) -> None:
        self._keywords = tuple(keywords)
        self._searches = 0
        self._set: Any = None  # re2 has no public type of a set

    def found(self, lowered: str) -> list[str]:
        """Return the keywords in a text of lower case, in the order of the keywords."""
        if self._set is None:
            self._searches += 1
            if self._searches <= _FEW:
                return self._found_singly(lowered)
            self._set = _compiled(self._keywords)
        indexes = self._set.Match(lowered.encode("utf-8", "surrogatepass")) or ()
        if len(self._keywords) not in indexes:
            return self._found_singly(lowered)  # RE2 gave up: else the empty text, which is last, would be found
        return [self._keywords[index] for index in sorted(indexes)[:-1]] if len(indexes) > 1 else []

    def _found_singly(self, lowered: str) -> list[str]:
        return [keyword for keyword in self._keywords if keyword in lowered]


def _compiled(keywords: Sequence[str]) -> Any:  # noqa: ANN401 - re2 has no public type of a set
    """Return the set of RE2 that finds the index of each keyword, and always that of the empty text behind them."""
    import re2

    patterns = re2.Set.SearchSet()
    for text in (*keywords, ""):
        patterns.Add(re2.escape(text))
    patterns.Compile()
    return patterns
