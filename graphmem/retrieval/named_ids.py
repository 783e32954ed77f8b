"""Ids, and beginnings of ids, that a question names memories by. See ADR-0058."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from graphmem.model import Memory, Scope
from graphmem.ranking import name_key
from graphmem.retrieval.query import MAX_WORDS
from graphmem.store import Store
from graphmem.temporal import View

#: A shorter beginning of an id is no reference: it would name another memory tomorrow.
LEAST_PREFIX_CHARS = 4
_OWN_ALPHABET = "0-9a-hjkmnp-tv-z"
#: Our own ids, and what may be the beginning of one: with a letter and a digit, or it may be a word or a year.
_OWN = re.compile(rf"(?=[a-z]*[0-9])(?=[0-9]*[a-z])[{_OWN_ALPHABET}]{{{LEAST_PREFIX_CHARS},12}}")
#: Ids that a caller chose may look like anything; in the middle of a question those are looked up that look like names.
_CHOSEN = re.compile(r"(?=\D*\d)(?=[^a-z]*[a-z])[^\s/]+[-_/:#][^\s]+", re.IGNORECASE)
_AROUND = "\"'`“”„«»()[]{}<>,;:!?.…"
_QUOTED = re.compile(r"[\"'`“”„«»]([^\"'`“”„«»\s]+)[\"'`“”„«»]")
_MOST_LOOKED_UP = 20
_MOST_BEGINNINGS = 4
_MOST_READ = 100


@dataclass(frozen=True, slots=True)
class NamedIds:
    """The memories that a question names by id.

    Attributes:
        ids: Id to the name key of the memory's title, by which a store looks it up.
        beginnings: Id to the word of the question, for those of which the question has only the beginning.
    """

    ids: Mapping[str, str] = field(default_factory=dict)
    beginnings: Mapping[str, str] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """Name keys of the memories' titles, each once."""
        return tuple(dict.fromkeys(self.ids.values()))


NOBODY = NamedIds()


def named_ids_in(store: Store, text: str, reader: Scope, seq: int | None) -> NamedIds:
    """The memories that a question names by id and the reader sees; a beginning counts if it is that of one id alone.

    Args:
        store: Asked only if the question has something like an id.
        text: The question.
        reader: Who asks.
        seq: The ledger position that it is asked for; None for the latest.
    """
    words = list(dict.fromkeys(_words(text)))[:_MOST_LOOKED_UP]
    if not words:
        return NOBODY
    known = store.position(reader).seq if seq is None else seq
    found = dict(_seen(store, words, reader, known))
    beginnings: dict[str, str] = {}
    rest = [one for one in words if one not in found and _may_begin(one, text)]
    for word in rest[:_MOST_BEGINNINGS]:
        ids = store.ids_beginning(reader, word, limit=_MOST_READ)
        begun = dict(_seen(store, ids, reader, known)) if ids else {}
        if len(begun) == 1:
            found |= begun
            beginnings |= dict.fromkeys(begun, word)
    return NamedIds({key: name for key, memory in found.items() if (name := _title_key(memory))}, beginnings)


def _words(text: str) -> Iterator[str]:
    """Words that may be ids: the only word of a question, quoted words, words that look like ids."""
    every = text.split()[:MAX_WORDS]
    if len(every) == 1:
        yield every[0]
        yield every[0].strip(_AROUND)
    yield from _QUOTED.findall(text)
    for word in every:
        bare = word.strip(_AROUND)
        if _OWN.fullmatch(bare) or _CHOSEN.fullmatch(bare):
            yield bare


def _may_begin(word: str, text: str) -> bool:
    is_all = word == text.strip().strip(_AROUND)
    return len(word) >= LEAST_PREFIX_CHARS and (is_all or _OWN.fullmatch(word) is not None)


def _seen(store: Store, ids: Sequence[str], reader: Scope, seq: int) -> Iterable[tuple[str, Memory]]:
    view = View(store.rows(reader, ids, is_alone=True), reader, seq)
    return ((key, memory) for key in ids if (memory := view.memory(key)) is not None)


def _title_key(memory: Memory) -> str:
    return "" if memory.statement is None else name_key(memory.statement.title)
