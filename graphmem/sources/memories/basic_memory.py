"""Folders of Basic Memory: each note and each observation in it is a statement; relations connect notes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path, PurePosixPath

from graphmem.deferred_dataclass import dataclass
from graphmem.model import AnchorKind, SupersessionKind
from graphmem.sources.memories.clock import Clock
from graphmem.sources.memories.export import (
    Export,
    Gathered,
    MemoryFormat,
    ReadOptions,
    digest,
    file_key,
    kind_of,
    link_of,
    newest,
    relation_word,
)
from graphmem.sources.memories.notes import Note, NoteObservation, Pointer, take_apart
from graphmem.sources.memories.qualifiers import is_attempted, qualified
from graphmem.sources.memories.statements import Lifetime, SourceWords, keep
from graphmem.sources.memories.text_files import checked, notes_below
from graphmem.sources.observations import DeclaredLink, Replacement

FRONT_MATTER = "front matter that could not be read"
NO_QUALIFIER = "a time before the words that is no ISO date: kept as words"
NO_TARGET = "a relation to a note that is not here: kept as words"
MANY_TARGETS = "a relation to a name that several notes have: kept as words"
_TAKES_OVER = frozenset({"supersedes", "replaces"})
_GIVES_WAY = frozenset({"superseded_by", "replaced_by"})
_READ = frozenset({"title", "type", "permalink", "tags", "created", "modified"})
_PLAIN_TYPE = "note"


@dataclass(frozen=True, slots=True)
class _LocatedNote:
    """A note and its path."""

    path: str
    title: str
    key: str
    note: Note


def read_basic_memory(path: Path, options: ReadOptions) -> Export:
    """The notes in a project folder of Basic Memory, or in one file.

    The source key of a note is its path, that of an observation the note and its words with category and context. Both
    begin when the note was `created`.
    """
    gathered = Gathered()
    root = checked(path)
    name = options.name or (root if root.is_dir() else root.parent).resolve().name or "notes"
    located_notes = [_located(located, text, name) for located, text in notes_below(root, gathered)]
    reading = _NoteFolder(options, gathered, located_notes, root if root.is_dir() else root.parent)
    for located in located_notes:
        reading.take(located)
    return gathered.export(MemoryFormat.BASIC_MEMORY, name, is_complete=root.is_dir())


def _located(path: str, text: str, name: str) -> _LocatedNote:
    note = take_apart(text)
    title = note.text_of("title") or PurePosixPath(path).stem
    return _LocatedNote(path, title, file_key(MemoryFormat.BASIC_MEMORY, name, path), note)


class _NoteFolder:
    """The notes of a folder while they are read."""

    def __init__(self, options: ReadOptions, gathered: Gathered, located_notes: list[_LocatedNote], root: Path) -> None:
        self._root = root
        self._asked = options
        self._gathered = gathered
        self._clock = Clock(gathered, options.zone)
        self._named = _names(located_notes)

    def take(self, located: _LocatedNote) -> None:
        """Make statements of a note."""
        note = located.note
        if note.refused is not None:
            self._gathered.lose(located.path, 1, FRONT_MATTER, note.refused)
        created, modified = (self._date(located, name) for name in ("created", "modified"))
        start = created or modified
        dates = [] if start or not self._asked.line_dates else self._asked.line_dates(self._root / located.path)
        seen = newest(dates, 1, len(dates))
        self._keep_note(located, Lifetime(start or seen, changed_at=modified or seen or self._asked.read_at), modified)
        for observation in note.observations:
            at = start or newest(dates, observation.line, observation.line + observation.text.count("\n"))
            self._keep_observation(located, observation, Lifetime(at), modified)
        for pointer in note.pointers:
            self._relate(located, pointer, created)

    def _date(self, located: _LocatedNote, name: str) -> datetime | None:
        field = located.note.fields.get(name)
        return None if field is None else self._clock.moment(field.text, located.path, field.line)

    def _keep_note(self, located: _LocatedNote, life: Lifetime, modified: datetime | None) -> None:
        body = located.note.body.removeprefix(f"# {located.title}").strip()
        permalink = located.note.text_of("permalink")
        words = SourceWords(
            key=located.key,
            text=f"{located.title}\n{body}",
            path=located.path,
            line=1,
            kind=kind_of(located.note.text_of("type")),
            labels=_labels(located.note),
            aliases=(permalink,) if permalink and permalink != located.title else (),
            anchors=((AnchorKind.COMPONENT, located.title),),
            observed_at=modified,
        )
        keep(self._gathered, words, life, self._asked.read_at)

    def _keep_observation(
        self, located: _LocatedNote, observation: NoteObservation, life: Lifetime, modified: datetime | None
    ) -> None:
        timed = qualified(observation.text)
        if timed is not None:
            life = Lifetime(timed.start or life.start, end=None if timed.end is None else (timed.end, "until"))
        elif is_attempted(observation.text):
            self._gathered.lose(located.path, observation.line, NO_QUALIFIER, observation.text)
        bare_text = observation.text if timed is None else timed.text
        words = SourceWords(
            key=f"{located.key}/{_observation_key(observation)}",
            text=f"{located.title}: {bare_text}" + (f"\n({observation.context})" if observation.context else ""),
            path=located.path,
            line=observation.line,
            kind=kind_of(observation.category),
            labels=(*((observation.category,) if observation.category else ()), *observation.tags),
            anchors=((AnchorKind.COMPONENT, located.title),),
            observed_at=modified,
        )
        keep(self._gathered, words, life, self._asked.read_at)

    def _relate(self, located: _LocatedNote, pointer: Pointer, created: datetime | None) -> None:
        word, link = relation_word(pointer.word), link_of(pointer.word)
        if link is None and word not in _TAKES_OVER | _GIVES_WAY:
            return  # the line stays in the note's text
        targets = self._named.get(_name(pointer.target), ())
        if len(targets) != 1 or targets[0].key == located.key:
            reason = MANY_TARGETS if len(targets) > 1 else NO_TARGET
            self._gathered.lose(located.path, pointer.line, reason, f"{pointer.word} [[{pointer.target}]]")
            return
        (target,) = targets
        if link is not None:
            result = DeclaredLink(source=located.key, target=target.key, kind=link, path=located.path)
            self._gathered.relations.append(result)
            return
        old, new = (target, located) if word in _TAKES_OVER else (located, target)
        self._gathered.replacements.append(
            Replacement(
                old=old.key,
                new=new.key,
                kind=SupersessionKind.UPDATE,
                at=created if new is located else None,
                evidence=((located.path, f"{pointer.word} [[{pointer.target}]]"),),
            )
        )


def _names(located_notes: list[_LocatedNote]) -> Mapping[str, tuple[_LocatedNote, ...]]:
    """Notes by everything that a relation may call them."""
    result: dict[str, dict[str, _LocatedNote]] = defaultdict(dict)
    for located in located_notes:
        for name in _called(located):
            result[_name(name)][located.key] = located
    return {name: tuple(notes.values()) for name, notes in result.items()}


def _called(located: _LocatedNote) -> Iterator[str]:
    yield located.title
    yield located.path
    yield located.path.rpartition(".")[0]
    yield PurePosixPath(located.path).stem
    permalink = located.note.text_of("permalink")
    if permalink:
        yield permalink


def _observation_key(observation: NoteObservation) -> str:
    return digest(observation.category or "", observation.text, observation.context or "")


def _name(text: str) -> str:
    return " ".join(text.split("|", maxsplit=1)[0].split()).casefold()


def _labels(note: Note) -> tuple[str, ...]:
    """Tags, the type unless it is the usual type, and the other front matter, as `name=value`."""
    tags = [tag.strip().lstrip("#") for located in _values(note, "tags") for tag in located.split(",")]
    kind = note.text_of("type")
    types = [kind] if kind and kind != _PLAIN_TYPE else []
    other_fields = [f"{name}={value}" for name in sorted(note.fields.keys() - _READ) for value in _values(note, name)]
    return tuple(dict.fromkeys(located for located in [*tags, *types, *other_fields] if located))


def _values(note: Note, name: str) -> tuple[str, ...]:
    result = note.fields.get(name)
    return () if result is None else result.values
