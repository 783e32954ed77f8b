"""Lookup of names in the store, for the remarks on a question."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from string import ascii_lowercase, digits

from graphmem.answers import Sentence
from graphmem.deferred_dataclass import dataclass
from graphmem.errors import InvalidInput
from graphmem.model import Point, Scope
from graphmem.ranking import name_key
from graphmem.retrieval.word_edits import edits
from graphmem.service.context import ID_ALPHABET, ServiceContext, is_like_an_id
from graphmem.service.references import memory_id
from graphmem.store import Filter, Probe

_NAMES_AT_ONCE = 200
#: Longer names are not looked up in other spellings.
_MOST_NAME_CHARS = 40


@dataclass(frozen=True, slots=True)
class StoreLookup:
    """Looks up ids and aliases at a point, for a reader."""

    context: ServiceContext
    reader: Scope
    at: Point

    def is_known(self, name: str) -> bool:
        """Return whether any memory has this id or alias."""
        try:
            return memory_id(self.context, self.reader, name, self.at) is not None
        except InvalidInput:
            return True

    def nearest(self, name: str) -> Sequence[Sentence]:
        """Return the ids and aliases that differ from a name by a single edit, the most similar first, as quotes."""
        key = name_key(name)
        if not key or len(name) > _MOST_NAME_CHARS:
            return ()
        candidates = dict(self._ids(name) if is_like_an_id(name) else self._aliases(key))
        return [
            candidates[spelling] for spelling in sorted(candidates, key=lambda text: (-_likeness(text, name), text))
        ]

    def _ids(self, name: str) -> Iterator[tuple[str, Sentence]]:
        keys = sorted(edits(name, ID_ALPHABET))
        view = self.context.content_view(self.reader, keys, self.at.seq)
        for key in keys:
            memory = view.memory(key)
            if memory is not None and memory.statement is not None:
                yield key, Sentence.quoting(key, memory.statement.origin)

    def _aliases(self, key: str) -> Iterator[tuple[str, Sentence]]:
        names = sorted({name_key(text) for text in edits(key, ascii_lowercase + digits + " ")} - {"", key})
        for first in range(0, len(names), _NAMES_AT_ONCE):
            yield from self._aliases_among(names[first : first + _NAMES_AT_ONCE])

    def _aliases_among(self, names: Sequence[str]) -> Iterator[tuple[str, Sentence]]:
        probe = Probe(names=tuple(names), limit=1)
        matches = self.context.store.match(self.reader, probe, Filter(include_history=True), seq=self.at.seq)
        ids = [memory_id for ids in matches.named.values() for memory_id in ids]
        view = self.context.content_view(self.reader, ids, self.at.seq)
        for key in ids:
            memory = view.memory(key)
            for alias in () if memory is None or memory.statement is None else memory.statement.aliases:
                if memory is not None and memory.statement is not None and name_key(alias) in matches.named:
                    yield alias, Sentence.quoting(alias, memory.statement.origin)


def _likeness(text: str, name: str) -> float:
    return SequenceMatcher(None, text.casefold(), name.casefold()).ratio()
