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
#: Pauses before a part is read again that a language model could not read.
_FIRST_PAUSE_S, _LONGEST_PAUSE_S, _MOST_DOUBLINGS = 60, 86_400, 11


class Waiting:
    """A part of a transcript that waits.

    Attributes:
        start: The first byte that no earlier line covers.
        end: The size of the transcript when the hook ran; its last line may be half written.
        folder: The working folder of the session.
        tries: How often a language model could not read it.
        after: Not to be read before this time, in seconds since 1970.
    """

    __slots__ = ("after", "end", "folder", "host", "path", "session", "start", "tries")

    def __init__(  # noqa: PLR0913, PLR0917 - the fields of a line
        self, host: str, session: str, folder: str, path: str, start: int, end: int, tries: int = 0, after: int = 0
    ) -> None:
        self.host = host
        self.session = session
        self.folder = folder
        self.path = path
        self.start = start
        self.end = end
        self.tries = tries
        self.after = after

    @property
    def is_due(self) -> bool:
        """Return whether its time has come."""
        return self.after <= time.time()

    def again(self) -> Waiting:
        """Return the part as it waits after a further failure: twice as long each time, a day at most."""
        pause_s = min(_FIRST_PAUSE_S << min(self.tries, _MOST_DOUBLINGS), _LONGEST_PAUSE_S)
        later = int(time.time()) + pause_s
        return Waiting(self.host, self.session, self.folder, self.path, self.start, self.end, self.tries + 1, later)

    def fields(self) -> dict[str, str | int]:
        """Return the values of a line."""
        return {name: getattr(self, name) for name in Waiting.__slots__}


def queue_transcript(waiting: Waiting) -> None:
    """Append a part of a transcript to the queue.

    Raises:
        OSError: The queue cannot be written.
    """
    if len(waiting.path) > _MAX_PATH_CHARS:
        return
    fields = waiting.fields() | {"at": int(time.time())}
    append_line(state_path(_FOLDER, _NAME), json.dumps(fields).encode() + b"\n")


def waiting_transcripts() -> list[Waiting]:
    """Return the parts that wait, in their order; a line that is none is skipped."""
    found = []
    for name in (_TAKEN, _NAME):
        with contextlib.suppress(OSError), open(state_path(_FOLDER, name), "rb") as stream:
            found += [waiting for line in stream if (waiting := _read(line)) is not None]
    return found


def take_transcripts(folder: str) -> list[Waiting]:
    """Take the parts of a project that are due; they stay until `finish_transcripts`, in case this process is killed.

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
        parts = [part for line in stream if (part := _read(line)) is not None]
        return [part for part in parts if part.is_due and _is_in(part, folder)]
    return []


def finish_transcripts(done: list[Waiting], again: list[Waiting]) -> None:
    """Forget parts that were taken; all others wait on.

    Args:
        done: The parts that `take_transcripts` returned.
        again: The parts that are to be read again.

    Raises:
        OSError: The queue cannot be written.
    """
    taken, finished = state_path(_FOLDER, _TAKEN), [part.fields() for part in done]
    for waiting in again:
        queue_transcript(waiting)
    with contextlib.suppress(FileNotFoundError), open(taken, "rb") as stream:
        for line in stream:
            part = _read(line)
            if part is not None and part.fields() not in finished:
                append_line(state_path(_FOLDER, _NAME), line)
        os.unlink(taken)


def _is_in(part: Waiting, folder: str) -> bool:
    return f"{os.path.realpath(part.folder)}/".startswith(f"{os.path.realpath(folder)}/")


def _read(line: bytes) -> Waiting | None:
    try:
        fields = json.loads(line)
        host, session, folder, path = (str(fields[name]) for name in ("host", "session", "folder", "path"))
        numbers = (int(fields.get(name, 0)) for name in ("tries", "after"))
        return Waiting(host, session, folder, path, int(fields["start"]), int(fields["end"]), *numbers)
    except (ValueError, TypeError, KeyError):
        return None
