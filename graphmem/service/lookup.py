"""Looks up the names that remarks on a question need."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from string import ascii_lowercase, digits

from graphmem.answers import Sentence
from graphmem.errors import InvalidInput
from graphmem.model import Point, Scope
from graphmem.ranking import name_key
from graphmem.retrieval.corrections import edits
from graphmem.service.desk import ID_ALPHABET, Desk, is_like_an_id
from graphmem.service.references import memory_id
from graphmem.store import Filter, Probe

_NAMES_AT_ONCE = 200
#: A longer name is not looked up in other spellings.
_MOST_NAME_CHARS = 40


@dataclass(frozen=True, slots=True)
class StoreLookup:
    """Looks up ids and aliases at a point, for one reader."""

    desk: Desk
    reader: Scope
    at: Point

    def is_known(self, name: str) -> bool:
        """Whether a memory has that id or alias, or several have."""
        try:
            return memory_id(self.desk, self.reader, name, self.at) is not None
        except InvalidInput:
            return True

    def nearest(self, name: str) -> Sequence[Sentence]:
        """Ids and aliases that one edit makes of a name, the most alike first, in the words of those who have them."""
        key = name_key(name)
        if not key or len(name) > _MOST_NAME_CHARS:
            return ()
        found = dict(self._ids(name) if is_like_an_id(name) else self._aliases(key))
        return [found[one] for one in sorted(found, key=lambda one: (-_likeness(one, name), one))]

    def _ids(self, name: str) -> Iterator[tuple[str, Sentence]]:
        keys = sorted(edits(name, ID_ALPHABET))
        view = self.desk.view_alone(self.reader, keys, self.at.seq)
        for key in keys:
            memory = view.memory(key)
            if memory is not None and memory.statement is not None:
                yield key, Sentence.quoting(key, memory.statement.origin)

    def _aliases(self, key: str) -> Iterator[tuple[str, Sentence]]:
        names = sorted({name_key(one) for one in edits(key, ascii_lowercase + digits + " ")} - {"", key})
        for first in range(0, len(names), _NAMES_AT_ONCE):
            yield from self._carried(names[first : first + _NAMES_AT_ONCE])

    def _carried(self, names: Sequence[str]) -> Iterator[tuple[str, Sentence]]:
        probe = Probe(names=tuple(names), limit=1)
        found = self.desk.store.match(self.reader, probe, Filter(include_history=True), seq=self.at.seq)
        ids = [one for some in found.named.values() for one in some]
        view = self.desk.view_alone(self.reader, ids, self.at.seq)
        for one in ids:
            memory = view.memory(one)
            for alias in () if memory is None or memory.statement is None else memory.statement.aliases:
                if memory is not None and memory.statement is not None and name_key(alias) in found.named:
                    yield alias, Sentence.quoting(alias, memory.statement.origin)


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one.casefold(), other.casefold()).ratio()
