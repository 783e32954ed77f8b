"""The copy of a Neo4j store on this machine that hooks read, since they use no network.

`graphmem copy-for-hooks` makes it; a note beside it has its ledger position and its time. A hook imports this module.
"""

from __future__ import annotations

import contextlib
import json
import os
import time

from graphmem.hosts.hook.session_state import digest
from graphmem.user_state.state_folder import replace_private, state_path

_FOLDER = "copies"
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3_600, 86_400
_FEW = 2


class ServerCopy:
    """The copy of the store at a URL.

    Attributes:
        file: The path of the copy.
        position: Its ledger position.
        age_s: Its age in seconds.
    """

    __slots__ = ("age_s", "file", "position")

    def __init__(self, file: str, position: int, age_s: float) -> None:
        self.file = file
        self.position = position
        self.age_s = age_s

    @classmethod
    def of(cls, url: str) -> ServerCopy | None:
        """Return the copy of the store at a URL, as the environment has it; None if there is none."""
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError), open(note_path(url), "rb") as stream:
            note = json.load(stream)
            copied = cls(note["file"], int(note["position"]), max(0.0, time.time() - float(note["at"])))
            return copied if os.path.isfile(copied.file) else None
        return None

    def sentence(self) -> str:
        """Return the sentence that tells the reader of an answer how old the copy is."""
        age = _age(self.age_s)
        return f"(A copy of the store, {age} old, position {self.position}; graphmem copy-for-hooks makes a new one.)"


def copies_folder(url: str) -> str:
    """Return the folder of the copies of the store at a URL; it may not exist."""
    return state_path(_FOLDER, digest(url))


def note_path(url: str) -> str:
    """Return the path of the note on the latest copy of the store at a URL."""
    return os.path.join(copies_folder(url), "latest.json")


def write_note(url: str, file: str, position: int) -> None:
    """Let a copy that was made now be the one that hooks read.

    Raises:
        OSError: The note cannot be written.
    """
    path = note_path(url)
    replace_private(path, f"{path}.new", json.dumps({"file": file, "position": position, "at": time.time()}).encode())


def _age(age_s: float) -> str:
    for unit_s, name in ((_DAY_S, "days"), (_HOUR_S, "hours")):
        if age_s >= _FEW * unit_s:
            return f"{int(age_s / unit_s)} {name}"
    return f"{int(age_s / _MINUTE_S)} minutes"
