"""Notes about a ledger in a file of this machine: values that would be computed again if they were lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from graphmem.drafts import drafted


class LocalNotes:
    """Notes under names. A file that is missing, damaged or of another ledger counts as empty.

    Args:
        folder: The folder of the file; None keeps nothing.
        name: The name of the notes, and of the file without its suffix.
        mark: A text that another ledger does not have (`ledger_mark`).

    Attributes:
        values: The notes, in the types of JSON.
    """

    def __init__(self, folder: Path | None, name: str, mark: str) -> None:
        self._path = None if folder is None else folder / f"{name}.json"
        self._name = name
        self._mark = mark
        self.values: dict[str, Any] = {}
        if self._path is not None and self._path.is_file():
            try:
                stored = json.loads(self._path.read_text(encoding="utf-8"))
                if stored["ledger"] == mark:
                    self.values = dict(stored[name])
            except (OSError, ValueError, KeyError, TypeError):
                return

    def save(self) -> None:
        """Write the file, if its folder can be written."""
        if self._path is None:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with drafted(self._path, replaces=True) as draft:
                draft.write_text(json.dumps({"ledger": self._mark, self._name: self.values}), encoding="utf-8")
        except OSError:
            self._path = None
