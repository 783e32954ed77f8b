"""Selects the memories that pass a filter and that a reader sees, without NumPy; see `filter_selection`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from graphmem.adapters.sqlite.packed_texts import PackedTexts

if TYPE_CHECKING:
    from graphmem.adapters.sqlite.filter_selection import CompiledFilter


class PackedSelection:
    """The memories with text that pass a filter without paths and confidence.

    Args:
        texts: The text of all current memories.
        where: The filter.
        last: Memories with larger row numbers do not pass.
    """

    def __init__(self, texts: PackedTexts, where: CompiledFilter, last: int) -> None:
        self.texts = texts
        self._where = where
        self._size = texts.size_upto(last)

    def passing(self, indexes: Iterable[int]) -> list[int]:
        """Return the memories that pass, in the given order."""
        homes, part_of = self._where.homes, self.texts.part_of
        chosen = [index for index in indexes if index < self._size]
        if homes is not None:
            parts = ((index, *part_of(index)) for index in chosen)
            chosen = [index for index, base, part in parts if part.homes[index - base] in homes]
        for group in self._where.facets:
            members = self._members(group)
            chosen = [index for index in chosen if index in members]
        return chosen

    def newest(self) -> list[int]:
        """Return the row numbers of all memories that pass, the latest first."""
        first, *_ = (*self._where.facets, None)
        every = range(self._size) if first is None else sorted(self._members(first))
        return [self.texts.number(index) for index in reversed(self.passing(every))]

    def _members(self, terms: Iterable[int]) -> set[int]:
        """Return the memories that have any of the terms."""
        return {index for term in terms for index, _ in self.texts.postings(term)}
