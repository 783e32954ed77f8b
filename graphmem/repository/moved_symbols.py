"""The symbols that were moved into files, by the names under which memories may have them."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from graphmem.deferred_dataclass import dataclass
from graphmem.repository.mainline_history import MainlineHistory, SymbolFiles
from graphmem.repository.symbol_names import spellings

#: The most names that extend a filter.
_MOST_NAMES = 5_000


@dataclass(frozen=True, slots=True)
class MovedSymbols:
    """Symbols that commits moved into some files.

    Attributes:
        names: The names under which memories may have the symbols, as before the move.
        files: The paths of the files that had them.
    """

    names: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


def moved_symbols(history: MainlineHistory, lineages: Collection[int], at_us: int) -> MovedSymbols:
    """Return the symbols that commits moved into files up to a time, directly or over other files.

    Args:
        history: The history of the repository.
        lineages: The files.
        at_us: The time, in microseconds since 1970.
    """
    if not history.relocations:
        return MovedSymbols()
    position = history.position_at(at_us)
    moves = [move for move in history.symbol_moves() if move.position <= position]
    before = {(move.old_file, move.old_name) for move in _moves_into(moves, lineages)}
    names: dict[str, None] = {}
    files: dict[str, None] = {}
    for lineage, symbol in sorted(before):
        for path in dict.fromkeys(segment.path for segment in history.life(lineage)):
            files[path] = None
            names |= dict.fromkeys(spellings(path, symbol))
    return MovedSymbols(tuple(names)[:_MOST_NAMES], tuple(files)[:_MOST_NAMES])


def _moves_into(moves: Collection[SymbolFiles], lineages: Collection[int]) -> Iterator[SymbolFiles]:
    """Yield the moves into files, and the earlier moves of the same symbols."""
    todo = [move for move in moves if move.new_file in lineages]
    seen = set(todo)
    for move in todo:
        yield move
        earlier = [
            each
            for each in moves
            if (each.new_file, each.new_name) == (move.old_file, move.old_name) and each.position < move.position
        ]
        todo += [each for each in earlier if each not in seen]
        seen.update(earlier)
