"""Areas of a project: groups of memories by component, folder, repository, subject, label or kind."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from graphmem.analysis.walking import anchors, memories
from graphmem.model import AnchorKind
from graphmem.service.attributes import MemoryNode

if TYPE_CHECKING:
    from graphmem.analysis.walking import Network

#: The area of memories without an area.
ELSEWHERE = "elsewhere"


class Area(StrEnum):
    """The attribute that defines areas.

    `folder` is the folder of a file, `subject` the part of the subject before the first dot, `repo` the home
    repository.
    """

    COMPONENT = "component"
    MODULE = "module"
    FOLDER = "folder"
    REPO = "repo"
    SUBJECT = "subject"
    LABEL = "label"
    KIND = "kind"


def areas(graph: Network, by: Area) -> dict[str, tuple[str, ...]]:
    """Return the distinct areas of every memory; `ELSEWHERE` alone if there are none."""
    return {key: tuple(dict.fromkeys(_names(graph, key, node, by))) or (ELSEWHERE,) for key, node in memories(graph)}


def _names(graph: Network, key: str, node: MemoryNode, by: Area) -> Iterable[str]:
    match by:
        case Area.COMPONENT | Area.MODULE:
            return [anchor["name"] for anchor in anchors(graph, key) if anchor["kind"] == by.value]
        case Area.FOLDER:
            files = (
                PurePosixPath(anchor["name"]) for anchor in anchors(graph, key) if anchor["kind"] is AnchorKind.FILE
            )
            return [str(path.parent) for path in files]
        case Area.REPO:
            return [] if node["repo"] is None else [node["repo"]]
        case Area.SUBJECT:
            return [] if node["subject"] is None else [node["subject"].partition(".")[0]]
        case Area.LABEL:
            return node["labels"]
        case Area.KIND:
            return [node["kind"].value]
