"""Transcripts that wait to be read for statements: path and offsets, never their text.

A line is a JSON object; `take` renames the file, so a hook that appends during the work begins a new file.
"""

from __future__ import annotations

import contextlib
import json
import os
import time

from graphmem.user_state.state_folder import append_line, state_path

_FOLDER, _NAME, _TAKEN = "capture", "queue", "queue.taken"
#: The parts of the path of the queue, for `state_path`.
QUEUE = (_FOLDER, _NAME)
_MAX_PATH_CHARS = 2_000


class Waiting:
    """A part of a transcript that waits.

    Attributes:
        start: The first byte that no earlier line covers.
        end: The size of the transcript when the hook ran; its last line may be half written.
        folder: The working folder of the session.
    """

    __slots__ = ("end", "folder", "host", "path", "session", "start")

    def __init__(self, host: str, session: str, folder: str, path: str, start: int, end: int) -> None:
        self.host = host
        self.session = session
        self.folder = folder
        self.path = path
        self.start = start
        self.end = end


def queue_transcript(waiting: Waiting) -> None:
    """Append a part of a transcript to the queue.

    Raises:
        OSError: The queue cannot be written.
    """
    if len(waiting.path) > _MAX_PATH_CHARS:
        return
    fields = {name: getattr(waiting, name) for name in Waiting.__slots__} | {"at": int(time.time())}
    append_line(state_path(_FOLDER, _NAME), json.dumps(fields).encode() + b"\n")


def waiting_transcripts() -> list[Waiting]:
    """Return the parts that wait, in their order; a line that is none is skipped."""
    found = []
    for name in (_TAKEN, _NAME):
        with contextlib.suppress(OSError), open(state_path(_FOLDER, name), "rb") as stream:
            found += [waiting for line in stream if (waiting := _read(line)) is not None]
    return found


def take_transcripts(folder: str) -> list[Waiting]:
    """Take the parts of sessions in a project; they stay until `finish_transcripts`, in case this process is killed.

    Args:
        folder: The root of the project.

    Raises:
        OSError: The queue cannot be renamed.
    """
    taken, queue = state_path(_FOLDER, _TAKEN), state_path(_FOLDER, _NAME)
    if not os.path.exists(taken):
        with contextlib.suppress(FileNotFoundError):
            os.rename(queue, taken)
    with contextlib.suppress(FileNotFoundError), open(taken, "rb") as stream:
        return [part for line in stream if (part := _read(line)) is not None and _is_in(part, folder)]
    return []


def finish_transcripts(folder: str) -> None:
    """Forget the parts of a project that were taken; those of other projects wait on.

    Raises:
        OSError: The queue cannot be written.
    """
    taken = state_path(_FOLDER, _TAKEN)
    with contextlib.suppress(FileNotFoundError), open(taken, "rb") as stream:
        for line in stream:
            part = _read(line)
            if part is not None and not _is_in(part, folder):
                append_line(state_path(_FOLDER, _NAME), line)
        os.unlink(taken)


def _is_in(part: Waiting, folder: str) -> bool:
    return f"{os.path.realpath(part.folder)}/".startswith(f"{os.path.realpath(folder)}/")


def _read(line: bytes) -> Waiting | None:
    try:
        fields = json.loads(line)
        host, session, folder, path = (str(fields[name]) for name in ("host", "session", "folder", "path"))
        return Waiting(host, session, folder, path, int(fields["start"]), int(fields["end"]))
    except (ValueError, TypeError, KeyError):
        return None
