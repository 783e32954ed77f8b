"""The MCP reference server's memory: lines of JSON, each an entity with its observations, or a relation.

It keeps no dates and no ids. An entity is known by its name, an observation by its words.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import field
from pathlib import Path

from graphmem.deferred_dataclass import dataclass
from graphmem.model import AnchorKind
from graphmem.sources.memories.export import Export, Gathered, MemoryFormat, ReadOptions, digest, key_of, link_of
from graphmem.sources.memories.statements import Lifetime, SourceWords, keep
from graphmem.sources.memories.text_files import checked, file_text, lines_of
from graphmem.sources.observations import DeclaredLink

FILES = ("memory.jsonl", "memory.json")
NOT_JSON = "a line that is no JSON"
NO_RECORD = "neither an entity nor a relation"
NO_NAME = "an entity without a name"
NO_END = "a relation without both its ends and a name"
NO_TEXT = "an observation that is no text"
_RELATED = ("from", "to", "relationType")


@dataclass(slots=True)
class _GraphEntity:
    kind: str
    line: int
    observations: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _GraphRelation:
    source: str
    target: str
    word: str
    line: int


def read_mcp_memory(path: Path, options: ReadOptions) -> Export:
    """The entities and relations in a `memory.jsonl`, or of an answer of the tool `read_graph`.

    Every observation becomes a statement that begins with the name of the entity. Every entity becomes a statement,
    too, so that typed links can connect entities; other relations become statements.
    """
    file = _file_of(checked(path))
    gathered = Gathered()
    reading = _GraphFile(file.name, options.name or file.stem, options, gathered)
    for line, record in _records(file, gathered):
        reading.take(line, record)
    reading.finish()
    return gathered.export(MemoryFormat.MCP_MEMORY, reading.name)


def _file_of(path: Path) -> Path:
    if not path.is_dir():
        return path
    return checked(next((path / name for name in FILES if (path / name).is_file()), path / FILES[0]))


def _records(file: Path, gathered: Gathered) -> Iterator[tuple[int, object]]:
    graph = _graph_answer(file)
    if graph is not None:
        for kind, names in (("entity", "entities"), ("relation", "relations")):
            yield from ((1, {"type": kind, **item}) for item in graph.get(names) or () if isinstance(item, dict))
        return
    for line, text in lines_of(file, gathered):
        try:
            yield line, json.loads(text)
        except (ValueError, RecursionError):
            gathered.pass_over(file.name, line, NOT_JSON, text)


def _graph_answer(file: Path) -> Mapping[str, list[object]] | None:
    """The answer of `read_graph`, if the file is its JSON."""
    with file.open("rb") as stream:
        head = stream.read(200).lstrip(b"\xef\xbb\xbf \t\r\n")
    if not head.startswith(b"{") or b'"entities"' not in head:
        return None
    try:
        result = json.loads(file_text(file))
    except (ValueError, RecursionError):
        return None
    return result if isinstance(result, dict) and isinstance(result.get("entities"), list) else None


class _GraphFile:
    """A file while it is read."""

    def __init__(self, path: str, name: str, options: ReadOptions, gathered: Gathered) -> None:
        self.path = path
        self.name = name
        self._asked = options
        self._gathered = gathered
        self._entities: dict[str, _GraphEntity] = {}
        self._relations: dict[tuple[str, str, str], _GraphRelation] = {}

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
        name, kind, observations = record.get("name"), record.get("entityType"), record.get("observations")
        if not isinstance(name, str) or not name.strip():
            self._gathered.pass_over(self.path, line, NO_NAME, record)
            return
        entity = self._entities.setdefault(name, _GraphEntity(kind if isinstance(kind, str) else "", line))
        for item in observations if isinstance(observations, list) else [observations]:
            if isinstance(item, str) and item.strip():
                entity.observations.setdefault(item, line)
            else:
                self._gathered.pass_over(self.path, line, NO_TEXT, item)

    def _relation(self, line: int, record: Mapping[str, object]) -> None:
        ends = tuple(record.get(name) for name in _RELATED)
        source, target, word = (item if isinstance(item, str) else "" for item in ends)
        if not (source.strip() and target.strip() and word.strip()):
            self._gathered.pass_over(self.path, line, NO_END, record)
            return
        self._relations.setdefault((source, target, word), _GraphRelation(source, target, word, line))

    def _state(self, name: str, entity: _GraphEntity) -> None:
        kind = (entity.kind,) if entity.kind.strip() else ()
        text = f"{name} ({entity.kind})" if kind else name
        self._keep(self._key(name), text, entity.line, (name,), labels=kind, aliases=(name,))
        for observations, line in entity.observations.items():
            self._keep(self._key(name, digest(observations)), f"{name}: {observations}", line, (name,), labels=kind)

    def _relate(self, item: _GraphRelation) -> None:
        link = link_of(item.word)
        if link is not None and item.source != item.target and {item.source, item.target} <= self._entities.keys():
            ends = self._key(item.source), self._key(item.target)
            self._gathered.relations.append(DeclaredLink(source=ends[0], target=ends[1], kind=link, path=self.path))
            return
        key = self._key("relations", digest(item.source, item.word, item.target))
        self._keep(key, f"{item.source} {item.word} {item.target}", item.line, (item.source, item.target))

    def _key(self, *parts: str) -> str:
        return key_of(MemoryFormat.MCP_MEMORY, self.name, *parts)

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
        words = SourceWords(
            key=key, text=text, path=self.path, line=line, anchors=anchors, labels=labels, aliases=aliases
        )
        keep(self._gathered, words, Lifetime(), self._asked.read_at)
