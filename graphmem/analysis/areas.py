"""The parts of a project that memories belong to, by what they are about or how they are filed."""

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

#: The area of a memory that belongs to none.
ELSEWHERE = "elsewhere"


class Area(StrEnum):
    """What counts as an area.

    `folder` is that of a file, `subject` what stands before its first dot, `repo` the repository a memory lives in.
    """

    COMPONENT = "component"
    MODULE = "module"
    FOLDER = "folder"
    REPO = "repo"
    SUBJECT = "subject"
    LABEL = "label"
    KIND = "kind"


def areas(graph: Network, by: Area) -> dict[str, tuple[str, ...]]:
    """The areas of every memory, each once; `ELSEWHERE` alone if there is none."""
    return {key: tuple(dict.fromkeys(_names(graph, key, node, by))) or (ELSEWHERE,) for key, node in memories(graph)}


def _names(graph: Network, key: str, node: MemoryNode, by: Area) -> Iterable[str]:
    match by:
        case Area.COMPONENT | Area.MODULE:
            return [one["name"] for one in anchors(graph, key) if one["kind"] == by.value]
        case Area.FOLDER:
            files = (PurePosixPath(one["name"]) for one in anchors(graph, key) if one["kind"] is AnchorKind.FILE)
            return [str(path.parent) for path in files]
        case Area.REPO:
            return [] if node["repo"] is None else [node["repo"]]
        case Area.SUBJECT:
            return [] if node["subject"] is None else [node["subject"].partition(".")[0]]
        case Area.LABEL:
            return node["labels"]
        case Area.KIND:
            return [node["kind"].value]
