"""Observations, replacements and links of the lives of tasks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from graphmem.deferred_dataclass import dataclass
from graphmem.model import Anchor, AnchorKind, LinkKind, Origin, Statement, SupersessionKind
from graphmem.sources.observations import DeclaredLink, Observation, Replacement
from graphmem.sources.tasks.histories import TaskLife, TaskPoint, TaskWords
from graphmem.sources.tasks.records import TaskLinkKind

_LINK_KINDS = {TaskLinkKind.DEPENDS_ON: LinkKind.DEPENDS_ON, TaskLinkKind.PART_OF: LinkKind.IMPLEMENTS}


@dataclass(frozen=True, slots=True)
class TaskSource:
    """How the tasks of a source become memories.

    Attributes:
        prefix: Beginning of the source keys.
        origin: Origin of the statements.
        has_names: The ids of the source are names that people use: they become the subject and an alias.
    """

    prefix: str
    origin: Origin
    has_names: bool = True

    def key(self, task_id: str) -> str:
        """The source key of a task."""
        return f"{self.prefix}{task_id}"

    def observations(self, lives: Iterable[TaskLife]) -> list[Observation]:
        """The words of each life; earlier words of all lives come before later words."""
        listed = list(lives)
        most = max((len(life.versions) for life in listed), default=0)
        return [
            self._observation(life.versions[number])
            for number in range(most)
            for life in listed
            if number < len(life.versions)
        ]

    def _observation(self, words: TaskWords) -> Observation:
        point = words.point
        return Observation(
            key=self.key(words.record.id),
            statement=self._statement(words),
            moves=tuple(words.moves),
            path=point.path,
            line=point.line,
            provenance=f"{point.path} in commit {point.sha}" if point.sha else point.path,
            is_partial=True,
            is_history=True,
        )

    def _statement(self, words: TaskWords) -> Statement:
        record = words.record
        return Statement(
            title=record.title,
            body=record.body,
            kind=record.kind,
            origin=self.origin,
            subject=record.id if self.has_names else None,
            aliases=(record.id,) if self.has_names else (),
            labels=record.labels,
            anchors=tuple(Anchor(AnchorKind.FILE, path) for path in record.files),
        )

    def replacements(self, lives: Iterable[TaskLife]) -> Iterator[Replacement]:
        """The tasks that go on under another id, are duplicates, or are superseded as their source declares."""
        for life in lives:
            task_id = life.record.id
            if life.successor is not None:
                successor, point = life.successor
                yield self._replacement(task_id, successor, point, "the same title and creation time")
            for link, point in life.links.items():
                if link.kind is TaskLinkKind.DUPLICATES:
                    yield self._replacement(task_id, link.target, point, f"{task_id} duplicates {link.target}")
                elif link.kind is TaskLinkKind.SUPERSEDES:
                    yield self._replacement(link.target, task_id, point, f"{task_id} supersedes {link.target}")

    def _replacement(self, old: str, new: str, point: TaskPoint, evidence: str) -> Replacement:
        return Replacement(
            old=self.key(old),
            new=self.key(new),
            kind=SupersessionKind.UPDATE,
            at=point.at,
            evidence=((point.path, evidence),),
        )

    def links(self, lives: Iterable[TaskLife]) -> Iterator[DeclaredLink]:
        """The typed links of the lives; a link with an unknown end is left out when it is ingested."""
        for life in lives:
            for link, point in life.links.items():
                kind = _LINK_KINDS.get(link.kind)
                if kind is not None and link.target != life.record.id:
                    source, target = self.key(life.record.id), self.key(link.target)
                    yield DeclaredLink(source=source, target=target, kind=kind, path=point.path)
