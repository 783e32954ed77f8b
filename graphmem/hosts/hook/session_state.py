"""The state of an agent's session: the texts that it was shown, in a bounded file that is removed after a week.

Each access reads and writes the whole file under its lock, so hooks that run at once do not repeat a text.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator

from graphmem import digests, file_locks
from graphmem.user_state.state_folder import open_private, state_path

_FOLDER = "sessions"
_MAX_SESSIONS, _MAX_AGE_S = 200, 7 * 86_400
_MAX_SHOWN, _MAX_EVENTS, _MAX_PENDING = 500, 32, 10
#: Two registrations of an event run within this time.
_SAME_EVENT_S = 5.0
_LOCK_S, _STEP_S = 0.5, 0.005


class SessionState:
    """The state of a session.

    Attributes:
        told: Ids of memories and digests of warnings that the session was shown, the oldest first.
        block: Digest of the lines of the block that it was given last.
        seq: Ledger position of that block; -1 without one.
        offsets: Bytes of each transcript that are queued.
        events: Digests of the last events, with their times.
        pending: Warnings for a host that takes no text before a tool; they are given after it.
    """

    __slots__ = ("block", "events", "offsets", "pending", "seq", "told")

    def __init__(self, fields: dict[str, object]) -> None:
        told, events, offsets = fields.get("told"), fields.get("events"), fields.get("offsets")
        block, seq, pending = fields.get("block"), fields.get("seq"), fields.get("pending")
        self.pending: list[str] = [str(item) for item in pending] if isinstance(pending, list) else []
        self.told: list[str] = [str(item) for item in told] if isinstance(told, list) else []
        self.events: dict[str, float] = dict(events) if isinstance(events, dict) else {}
        self.offsets: dict[str, int] = dict(offsets) if isinstance(offsets, dict) else {}
        self.block = block if isinstance(block, str) else ""
        self.seq = seq if isinstance(seq, int) else -1

    def is_repeated(self, event: str) -> bool:
        """Return True if an event came a moment ago under another registration; record the event if not."""
        now = time.time()
        key = digest(event)
        if 0 <= now - self.events.get(key, 0.0) < _SAME_EVENT_S:
            return True
        self.events.pop(key, None)
        self.events[key] = now
        return False

    def untold(self, keys: list[str]) -> list[str]:
        """Return the keys that the session has not been shown, and record them as shown."""
        seen = set(self.told)
        new = [key for key in dict.fromkeys(keys) if key not in seen]
        self.told += new
        return new

    def forget(self) -> None:
        """Clear the record of shown texts: the session's context was compacted or cleared."""
        self.told, self.block, self.seq = [], "", -1

    def fields(self) -> dict[str, object]:
        """Return the state as JSON, within its bounds."""
        events = dict(list(self.events.items())[-_MAX_EVENTS:])
        offsets = dict(list(self.offsets.items())[-_MAX_EVENTS:])
        return {
            "told": self.told[-_MAX_SHOWN:],
            "events": events,
            "offsets": offsets,
            "pending": self.pending[-_MAX_PENDING:],
            "block": self.block,
            "seq": self.seq,
        }


def digest(text: str) -> str:
    """Return a short digest of a text."""
    return digests.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:20]


@contextlib.contextmanager
def session_state(host: str, session: str) -> Iterator[SessionState]:
    """Yield the state of a session, for a short change; written at the end of the block.

    Raises:
        OSError: The file cannot be read, locked or written.
    """
    path = state_path(_FOLDER, f"{digest(f'{host}/{session}')}.json")
    handle = open_private(path, os.O_RDWR)
    try:
        _lock(handle)
        content = os.read(handle, 1 << 20)
        try:
            fields = json.loads(content) if content else {}
        except ValueError:
            fields = {}
        state = SessionState(fields if isinstance(fields, dict) else {})
        yield state
        written = json.dumps(state.fields()).encode()
        if written != content:
            os.lseek(handle, 0, os.SEEK_SET)
            os.write(handle, written)
            os.ftruncate(handle, len(written))
    finally:
        os.close(handle)
    if not content:
        _remove_old(os.path.dirname(path))


def _lock(handle: int) -> None:
    """Wait a short time for the lock; a file system without locks is used without."""
    until = time.monotonic() + _LOCK_S
    while not file_locks.try_lock_if_possible(handle) and time.monotonic() < until:
        time.sleep(_STEP_S)


def _remove_old(folder: str) -> None:
    """Remove sessions that are old or too many; a session that begins does so."""
    with contextlib.suppress(OSError):
        entries = sorted(
            ((entry.stat().st_mtime, entry.path) for entry in os.scandir(folder)), key=lambda pair: -pair[0]
        )
        oldest = time.time() - _MAX_AGE_S
        for number, (modified, path) in enumerate(entries):
            if number >= _MAX_SESSIONS or modified < oldest:
                os.unlink(path)
