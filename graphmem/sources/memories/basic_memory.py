"""Folders of Basic Memory: each note and each observation in it is a statement; relations connect notes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from graphmem.model import AnchorKind, SupersessionKind
from graphmem.sources.memories.clock import Clock
from graphmem.sources.memories.export import (
    Asked,
    Export,
    Gathered,
    Source,
    digest,
    file_key,
    kind_of,
    link_of,
    newest,
    relation_word,
)
from graphmem.sources.memories.notes import Note, Pointer, Said, take_apart
from graphmem.sources.memories.qualifiers import is_attempted, qualified
from graphmem.sources.memories.statements import Life, Words, keep
from graphmem.sources.memories.text_files import checked, notes_below
from graphmem.sources.observations import Relation, Replacement

FRONT_MATTER = "front matter that could not be read"
NO_QUALIFIER = "a time before the words that is no ISO date: kept as words"
NO_TARGET = "a relation to a note that is not here: kept as words"
MANY_TARGETS = "a relation to a name that several notes have: kept as words"
_TAKES_OVER = frozenset({"supersedes", "replaces"})
_GIVES_WAY = frozenset({"superseded_by", "replaced_by"})
_READ = frozenset({"title", "type", "permalink", "tags", "created", "modified"})
_PLAIN_TYPE = "note"


@dataclass(frozen=True, slots=True)
class _Placed:
    """A note and its path."""

    path: str
    title: str
    key: str
    note: Note


def read_basic_memory(path: Path, asked: Asked) -> Export:
    """The notes in a project folder of Basic Memory, or in one file.

    The source key of a note is its path, that of an observation the note and its words with category and context. Both
    begin when the note was `created`.
    """
    gathered = Gathered()
    root = checked(path)
    name = asked.name or (root if root.is_dir() else root.parent).resolve().name or "notes"
    placed = [_placed(one, text, name) for one, text in notes_below(root, gathered)]
    reading = _Reading(asked, gathered, placed, root if root.is_dir() else root.parent)
    for one in placed:
        reading.take(one)
    return gathered.export(Source.BASIC_MEMORY, name, is_whole=root.is_dir())


def _placed(path: str, text: str, name: str) -> _Placed:
    note = take_apart(text)
    title = note.text_of("title") or PurePosixPath(path).stem
    return _Placed(path, title, file_key(Source.BASIC_MEMORY, name, path), note)


class _Reading:
    """The notes of a folder while they are read."""

    def __init__(self, asked: Asked, gathered: Gathered, placed: list[_Placed], root: Path) -> None:
        self._root = root
        self._asked = asked
        self._gathered = gathered
        self._clock = Clock(gathered, asked.zone)
        self._named = _names(placed)

    def take(self, one: _Placed) -> None:
        """Make statements of a note."""
        note = one.note
        if note.refused is not None:
            self._gathered.lose(one.path, 1, FRONT_MATTER, note.refused)
        created, modified = (self._date(one, name) for name in ("created", "modified"))
        start = created or modified
        dates = [] if start or not self._asked.line_dates else self._asked.line_dates(self._root / one.path)
        seen = newest(dates, 1, len(dates))
        self._keep_note(one, Life(start or seen, changed_at=modified or seen or self._asked.read_at), modified)
        for said in note.said:
            at = start or newest(dates, said.line, said.line + said.text.count("\n"))
            self._keep_said(one, said, Life(at), modified)
        for pointer in note.pointers:
            self._relate(one, pointer, created)

    def _date(self, one: _Placed, name: str) -> datetime | None:
        field = one.note.fields.get(name)
        return None if field is None else self._clock.moment(field.text, one.path, field.line)

    def _keep_note(self, one: _Placed, life: Life, modified: datetime | None) -> None:
        body = one.note.body.removeprefix(f"# {one.title}").strip()
        permalink = one.note.text_of("permalink")
        words = Words(
            key=one.key,
            text=f"{one.title}\n{body}",
            path=one.path,
            line=1,
            kind=kind_of(one.note.text_of("type")),
            labels=_labels(one.note),
            aliases=(permalink,) if permalink and permalink != one.title else (),
            anchors=((AnchorKind.COMPONENT, one.title),),
            observed_at=modified,
        )
        keep(self._gathered, words, life, self._asked.read_at)

    def _keep_said(self, one: _Placed, said: Said, life: Life, modified: datetime | None) -> None:
        timed = qualified(said.text)
        if timed is not None:
            life = Life(timed.start or life.start, end=None if timed.end is None else (timed.end, "until"))
        elif is_attempted(said.text):
            self._gathered.lose(one.path, said.line, NO_QUALIFIER, said.text)
        told = said.text if timed is None else timed.text
        words = Words(
            key=f"{one.key}/{_said_key(said)}",
            text=f"{one.title}: {told}" + (f"\n({said.context})" if said.context else ""),
            path=one.path,
            line=said.line,
            kind=kind_of(said.category),
            labels=(*((said.category,) if said.category else ()), *said.tags),
            anchors=((AnchorKind.COMPONENT, one.title),),
            observed_at=modified,
        )
        keep(self._gathered, words, life, self._asked.read_at)

    def _relate(self, one: _Placed, pointer: Pointer, created: datetime | None) -> None:
        word, link = relation_word(pointer.word), link_of(pointer.word)
        if link is None and word not in _TAKES_OVER | _GIVES_WAY:
            return  # the line stays in the note's text
        targets = self._named.get(_name(pointer.target), ())
        if len(targets) != 1 or targets[0].key == one.key:
            reason = MANY_TARGETS if len(targets) > 1 else NO_TARGET
            self._gathered.lose(one.path, pointer.line, reason, f"{pointer.word} [[{pointer.target}]]")
            return
        (other,) = targets
        if link is not None:
            found = Relation(source=one.key, target=other.key, kind=link, path=one.path)
            self._gathered.relations.append(found)
            return
        old, new = (other, one) if word in _TAKES_OVER else (one, other)
        self._gathered.replacements.append(
            Replacement(
                old=old.key,
                new=new.key,
                kind=SupersessionKind.UPDATE,
                at=created if new is one else None,
                evidence=((one.path, f"{pointer.word} [[{pointer.target}]]"),),
            )
        )


def _names(placed: list[_Placed]) -> Mapping[str, tuple[_Placed, ...]]:
    """Notes by everything that a relation may call them."""
    found: dict[str, dict[str, _Placed]] = defaultdict(dict)
    for one in placed:
        for name in _called(one):
            found[_name(name)][one.key] = one
    return {name: tuple(notes.values()) for name, notes in found.items()}


def _called(one: _Placed) -> Iterator[str]:
    yield one.title
    yield one.path
    yield one.path.rpartition(".")[0]
    yield PurePosixPath(one.path).stem
    permalink = one.note.text_of("permalink")
    if permalink:
        yield permalink


def _said_key(said: Said) -> str:
    return digest(said.category or "", said.text, said.context or "")


def _name(text: str) -> str:
    return " ".join(text.split("|", maxsplit=1)[0].split()).casefold()


def _labels(note: Note) -> tuple[str, ...]:
    """Tags, the type unless it is the usual type, and the other front matter, as `name=value`."""
    tags = [tag.strip().lstrip("#") for one in _values(note, "tags") for tag in one.split(",")]
    kind = note.text_of("type")
    types = [kind] if kind and kind != _PLAIN_TYPE else []
    others = [f"{name}={value}" for name in sorted(note.fields.keys() - _READ) for value in _values(note, name)]
    return tuple(dict.fromkeys(one for one in [*tags, *types, *others] if one))


def _values(note: Note, name: str) -> tuple[str, ...]:
    found = note.fields.get(name)
    return () if found is None else found.values
