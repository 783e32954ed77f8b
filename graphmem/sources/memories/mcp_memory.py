"""The MCP reference server's memory: lines of JSON, each an entity with its observations, or a relation.

It keeps no dates and no ids. An entity is known by its name, an observation by its words.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from graphmem.model import AnchorKind
from graphmem.sources.memories.export import Asked, Export, Gathered, Source, digest, key_of, link_of
from graphmem.sources.memories.statements import Life, Words, keep
from graphmem.sources.memories.text_files import checked, lines_of, whole_text
from graphmem.sources.observations import Relation

FILES = ("memory.jsonl", "memory.json")
NOT_JSON = "a line that is no JSON"
NO_RECORD = "neither an entity nor a relation"
NO_NAME = "an entity without a name"
NO_END = "a relation without both its ends and a name"
NO_TEXT = "an observation that is no text"
_RELATED = ("from", "to", "relationType")


@dataclass(slots=True)
class _Entity:
    kind: str
    line: int
    said: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Related:
    source: str
    target: str
    word: str
    line: int


def read_mcp_memory(path: Path, asked: Asked) -> Export:
    """The entities and relations in a `memory.jsonl`, or of an answer of the tool `read_graph`.

    Every observation becomes a statement that begins with the name of the entity. Every entity becomes a statement,
    too, so that typed links can connect entities; other relations become statements.
    """
    file = _file_of(checked(path))
    gathered = Gathered()
    reading = _Reading(file.name, asked.name or file.stem, asked, gathered)
    for line, record in _records(file, gathered):
        reading.take(line, record)
    reading.finish()
    return gathered.export(Source.MCP_MEMORY, reading.name)


def _file_of(path: Path) -> Path:
    if not path.is_dir():
        return path
    return checked(next((path / name for name in FILES if (path / name).is_file()), path / FILES[0]))


def _records(file: Path, gathered: Gathered) -> Iterator[tuple[int, object]]:
    graph = _whole_graph(file)
    if graph is not None:
        for kind, names in (("entity", "entities"), ("relation", "relations")):
            yield from ((1, {"type": kind, **one}) for one in graph.get(names) or () if isinstance(one, dict))
        return
    for line, text in lines_of(file, gathered):
        try:
            yield line, json.loads(text)
        except (ValueError, RecursionError):
            gathered.pass_over(file.name, line, NOT_JSON, text)


def _whole_graph(file: Path) -> Mapping[str, list[object]] | None:
    """The answer of `read_graph`, if the file is its JSON."""
    with file.open("rb") as stream:
        head = stream.read(200).lstrip(b"\xef\xbb\xbf \t\r\n")
    if not head.startswith(b"{") or b'"entities"' not in head:
        return None
    try:
        found = json.loads(whole_text(file))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and isinstance(found.get("entities"), list) else None


class _Reading:
    """A file while it is read."""

    def __init__(self, path: str, name: str, asked: Asked, gathered: Gathered) -> None:
        self.path = path
        self.name = name
        self._asked = asked
        self._gathered = gathered
        self._entities: dict[str, _Entity] = {}
        self._relations: dict[tuple[str, str, str], _Related] = {}

    def take(self, line: int, record: object) -> None:
        """Add the content of a line."""
        kind = record.get("type") if isinstance(record, dict) else None
        if isinstance(record, dict) and kind == "entity":
            self._entity(line, record)
        elif isinstance(record, dict) and kind == "relation":
            self._relation(line, record)
        else:
            self._gathered.pass_over(self.path, line, NO_RECORD, record)

    def finish(self) -> None:
        """Make statements of all that was noted."""
        for name, entity in self._entities.items():
            self._state(name, entity)
        for related in self._relations.values():
            self._relate(related)

    def _entity(self, line: int, record: Mapping[str, object]) -> None:
        name, kind, said = record.get("name"), record.get("entityType"), record.get("observations")
        if not isinstance(name, str) or not name.strip():
            self._gathered.pass_over(self.path, line, NO_NAME, record)
            return
        known = self._entities.setdefault(name, _Entity(kind if isinstance(kind, str) else "", line))
        for one in said if isinstance(said, list) else [said]:
            if isinstance(one, str) and one.strip():
                known.said.setdefault(one, line)
            else:
                self._gathered.pass_over(self.path, line, NO_TEXT, one)

    def _relation(self, line: int, record: Mapping[str, object]) -> None:
        ends = tuple(record.get(name) for name in _RELATED)
        source, target, word = (one if isinstance(one, str) else "" for one in ends)
        if not (source.strip() and target.strip() and word.strip()):
            self._gathered.pass_over(self.path, line, NO_END, record)
            return
        self._relations.setdefault((source, target, word), _Related(source, target, word, line))

    def _state(self, name: str, entity: _Entity) -> None:
        kind = (entity.kind,) if entity.kind.strip() else ()
        text = f"{name} ({entity.kind})" if kind else name
        self._keep(self._key(name), text, entity.line, (name,), labels=kind, aliases=(name,))
        for said, line in entity.said.items():
            self._keep(self._key(name, digest(said)), f"{name}: {said}", line, (name,), labels=kind)

    def _relate(self, one: _Related) -> None:
        link = link_of(one.word)
        if link is not None and one.source != one.target and {one.source, one.target} <= self._entities.keys():
            ends = self._key(one.source), self._key(one.target)
            self._gathered.relations.append(Relation(source=ends[0], target=ends[1], kind=link, path=self.path))
            return
        key = self._key("relations", digest(one.source, one.word, one.target))
        self._keep(key, f"{one.source} {one.word} {one.target}", one.line, (one.source, one.target))

    def _key(self, *parts: str) -> str:
        return key_of(Source.MCP_MEMORY, self.name, *parts)

    def _keep(
        self,
        key: str,
        text: str,
        line: int,
        about: tuple[str, ...],
        *,
        labels: tuple[str, ...] = (),
        aliases: tuple[str, ...] = (),
    ) -> None:
        anchors = tuple((AnchorKind.COMPONENT, name) for name in dict.fromkeys(about))
        words = Words(key=key, text=text, path=self.path, line=line, anchors=anchors, labels=labels, aliases=aliases)
        keep(self._gathered, words, Life(), self._asked.read_at)
