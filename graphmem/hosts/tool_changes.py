"""The change that a tool of a host makes, as guard reads it."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from graphmem.deferred_dataclass import dataclass
from graphmem.guard.agent_edits import read_tool_call
from graphmem.guard.code_paths import is_foreign, language_of_path
from graphmem.guard.file_changes import MAX_FILE_CHARS, ChangedFile
from graphmem.guard.manifest_names import reader_of
from graphmem.service.guard_answers import FileEdit
from graphmem.sources.git.changes import committed_texts
from graphmem.sources.git.runner import GitFailure

if TYPE_CHECKING:
    from graphmem.hosts.hook.payload import HookPayload

_MOST_FILES, _MOST_LOOKED, _LATELY_S = 50, 50_000, 600.0
_SKIPPED_FOLDERS = frozenset({"node_modules", "__pycache__", "venv", "target", "vendor", "dist", "build"})


@dataclass(frozen=True, slots=True)
class ToolChange:
    """A change for guard.

    Attributes:
        name: Names the change if no file does: the first word of a command.
    """

    edits: tuple[FileEdit, ...] = ()
    commands: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    name: str = ""

    @property
    def is_empty(self) -> bool:
        """True if the change has no edit, command or path for guard."""
        return not (self.edits or self.commands or self.paths)


def change_of_tool(payload: HookPayload, root: Path) -> ToolChange:
    """Return the change that a tool is about to make.

    Args:
        payload: The payload that the host sent.
        root: The root of the project; files outside of it are left out.
    """
    if payload.is_shell and not payload.patch:
        command = payload.command
        return ToolChange(commands=(command,), name=" ".join(command.split())[:200]) if command else ToolChange()
    paths = tuple(payload.relative_files(str(root)))
    edits: list[FileEdit] = []
    for tool, values in _calls(payload, root):
        change = read_tool_call(tool, values, lambda path: _text(root, path))
        for file in () if change is None else change.files:
            edits += _edits(file)
    return ToolChange(tuple(edits), (), paths)


def changed_by_shell(root: Path) -> ToolChange:
    """Return the changes since the last commit in recently written files.

    `git status` would run filters whose names the repository chooses, so the files are found by their times. A finding
    of an earlier command is reported once a session.
    """
    names = [name for name in _written_lately(root) if _is_read(name)][:_MOST_FILES]
    if not names:
        return ToolChange()
    before: dict[str, str] = {}
    with suppress(GitFailure):
        before = committed_texts(root, names)
    texts = ((name, _text(root, name)) for name in names)
    edits = (FileEdit(name, text, before.get(name)) for name, text in texts if text not in {None, before.get(name)})
    return ToolChange(tuple(edits))


def _written_lately(root: Path) -> Iterator[str]:
    """Yield the files of a project that were written in the last minutes, as far as a short look goes."""
    after, looked = time.time() - _LATELY_S, 0
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED_FOLDERS and not name.startswith("."))
        looked += len(files)
        if looked > _MOST_LOOKED:
            return
        for name in sorted(files):
            with suppress(OSError):
                path = os.path.join(folder, name)  # noqa: PTH118 - of many files
                if os.stat(path).st_mtime > after:  # noqa: PTH116 - as above
                    yield os.path.relpath(path, root).replace(os.sep, "/")


def _is_read(path: str) -> bool:
    return not is_foreign(path) and (language_of_path(path) is not None or reader_of(path) is not None)


def _calls(payload: HookPayload, root: Path) -> list[tuple[str, Mapping[str, object]]]:
    """Return the tool's call in words that guard reads, for each host's own names of tools."""
    if payload.patch:
        return [("apply_patch", {"command": _relative_patch(payload.patch, root)})]
    paths = payload.relative_files(str(root))
    if not paths:
        return []
    if payload.tool == "NotebookEdit":
        return [("NotebookEdit", {**payload.tool_input, "notebook_path": paths[0]})]
    pairs = payload.edits()
    if not pairs:
        return []
    if any(old for old, _ in pairs) or "edits" in payload.tool_input:
        edits = [{"old_string": old, "new_string": new} for old, new in pairs]
        return [("MultiEdit", {"file_path": paths[0], "edits": edits})]
    return [("Write", {"file_path": paths[0], "content": pairs[0][1]})]


def _edits(file: ChangedFile) -> list[FileEdit]:
    if file.is_deleted:
        return []
    return [
        FileEdit(
            file.path,
            piece.after,
            None if file.is_new and not piece.before else piece.before,
            is_part=not piece.is_whole,
        )
        for piece in file.pieces
    ]


def _relative_patch(patch: str, root: Path) -> str:
    """Return the patch with paths below the root relative to it."""
    return re.sub(rf"^(\*\*\* [A-Z][a-z ]+: ){re.escape(str(root))}/", r"\1", patch, flags=re.MULTILINE)


def _text(root: Path, path: str) -> str | None:
    """Return the text of a file of the project; None if there is none that guard would read."""
    file = root / path
    with suppress(OSError, ValueError):
        if file.is_file() and file.stat().st_size <= MAX_FILE_CHARS and file.resolve().is_relative_to(root.resolve()):
            return file.read_bytes().decode("utf-8", "replace")
    return None
