"""Edits by the tools of coding agents, as changes of files: Write, Edit, MultiEdit, NotebookEdit, `apply_patch`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graphmem.guard.agent_patches import read_agent_patch
from graphmem.guard.file_changes import MAX_FILE_CHARS, ChangedFile, Piece, ReadChange, SkippedFile

#: Returns the text of a file before the edit; None if there is none, or if it is not known.
TextOf = Callable[[str], str | None]

_WRITES = frozenset({"write", "write_file", "create", "create_file"})
_EDITS = frozenset({"edit", "str_replace", "replace", "search_replace", "str_replace_editor", "edit_file"})
_MULTI = frozenset({"multiedit", "multi_edit", "multi_replace"})
_NOTEBOOKS = frozenset({"notebookedit", "notebook_edit"})
_PATCHES = frozenset({"apply_patch", "applypatch"})
_SHELLS = frozenset(
    {"bash", "shell", "local_shell", "run_shell_command", "execute_command", "terminal", "run_in_terminal"}
)
_PATCH_START = "*** Begin Patch"


def unknown_text(_path: str) -> str | None:
    """Return None: the texts of files before the edit are not known."""
    return None


def read_tool_call(tool: str, values: Mapping[str, Any], text_of: TextOf = unknown_text) -> ReadChange | None:
    """Return the change that a tool call makes; None if the tool edits no files.

    Args:
        tool: The name of the tool, in any spelling of letters.
        values: The arguments of the call.
        text_of: The texts of files before the edit; with them, guard knows the imports of a file before the edit.

    Raises:
        BadDiff: A patch does not parse; the message has the line.
    """
    name = tool.rpartition(".")[2].lower()
    patch = _patch_in(values)
    if name in _PATCHES or (patch is not None and name in _SHELLS):
        return read_agent_patch(patch or "", text_of)
    path = _text(values, "file_path", "path", "filePath", "notebook_path", "target_file")
    if not path:
        return None
    if name in _WRITES:
        return _changed(path, text_of(path), _text(values, "content", "contents", "file_text", "text") or "")
    if name in _EDITS:
        return _edited(path, [values], text_of)
    if name in _MULTI and isinstance(values.get("edits"), list):
        return _edited(path, [edit for edit in values["edits"] if isinstance(edit, Mapping)], text_of)
    if name in _NOTEBOOKS:
        return _notebook(path, values)
    return None


def command_of(tool: str, values: Mapping[str, Any]) -> str | None:
    """Return the shell command of a tool call; None if the tool runs none, or if it is a patch."""
    if tool.rpartition(".")[2].lower() not in _SHELLS or _patch_in(values) is not None:
        return None
    command = values.get("command", values.get("cmd"))
    if isinstance(command, list):
        words = [str(word) for word in command]
        # `["bash", "-lc", "…"]`: the last word is the text of the command.
        is_script = len(words) == 3 and words[1].startswith("-") and "c" in words[1]  # noqa: PLR2004
        return words[2] if is_script else " ".join(words)
    return command if isinstance(command, str) else None


def _patch_in(values: Mapping[str, Any]) -> str | None:
    """Return the patch in a tool's arguments; Codex gives it as a command, or as a word of a command."""
    for name in ("command", "input", "patch", "cmd"):
        value = values.get(name)
        words = value if isinstance(value, list) else [value]
        for word in words:
            if isinstance(word, str) and _PATCH_START in word:
                return word[word.index(_PATCH_START) :]
    return None


def _text(values: Mapping[str, Any], *names: str) -> str | None:
    return next((values[name] for name in names if isinstance(values.get(name), str)), None)


def _changed(path: str, before: str | None, after: str) -> ReadChange:
    if max(len(before or ""), len(after)) > MAX_FILE_CHARS:
        return ReadChange((), (SkippedFile(path, f"more than {MAX_FILE_CHARS:,} characters"),))
    piece = Piece(before or "", after, is_whole=True)
    return ReadChange((ChangedFile(path, (piece,), is_new=before is None),))


def _edited(path: str, edits: Sequence[Mapping[str, Any]], text_of: TextOf) -> ReadChange:
    """Return the change of edits that replace a text by another, within the complete file if its text is known."""
    pairs = [
        (
            _text(edit, "old_string", "old_str", "oldString", "old_text") or "",
            _text(edit, "new_string", "new_str", "newString", "new_text") or "",
            bool(edit.get("replace_all")),
        )
        for edit in edits
    ]
    before = text_of(path)
    if before is not None and all(old in before for old, _, _ in pairs[:1]):
        after = before
        for old, new, is_everywhere in pairs:
            after = after.replace(old, new, -1 if is_everywhere else 1) if old else new + after
        return _changed(path, before, after)
    pieces = tuple(Piece(old, new, start=2) for old, new, _ in pairs)
    is_new = all(not old for old, _, _ in pairs) and before is None
    return ReadChange((ChangedFile(path, pieces, is_new=is_new),))


def _notebook(path: str, values: Mapping[str, Any]) -> ReadChange:
    """Return the change of a cell; guard reads a code cell as Python."""
    if values.get("cell_type") == "markdown" or values.get("edit_mode") == "delete":
        return ReadChange((ChangedFile(path),))
    source = _text(values, "new_source", "new_string") or ""
    code = "\n".join(line for line in source.split("\n") if not line.lstrip().startswith(("%", "!")))
    return ReadChange((ChangedFile(f"{path}.py", (Piece("", code, is_whole=True),)),))
