"""Events of webhooks in a folder: each delivery once, durable before it is answered, kept until its work is done."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from graphmem.deferred_dataclass import dataclass
from graphmem.drafts import PRIVATE_FILE, drafted, make_private_folder, remove_dead_drafts
from graphmem.errors import StoreUnavailable
from graphmem.file_locks import try_lock

#: Done events that are remembered, so that a delivery that is sent again is known.
MOST_DONE = 10_000
_WAITING, _DONE, _LOCK = "waiting", "done", "lock"


@dataclass(frozen=True, slots=True)
class Event:
    """A ref of a configured repository that moved.

    Attributes:
        key: A hash that repeated attempts of the delivery share.
        tenant: The tenant of the repository.
        repo: The repository.
        ref: The full name of the ref.
        sha: The commit; None if it is not known.
        received_at: When the delivery arrived, as ISO 8601.
    """

    key: str
    tenant: str
    repo: str
    ref: str
    sha: str | None
    received_at: str

    @property
    def received(self) -> datetime:
        """The time at which the delivery arrived."""
        return datetime.fromisoformat(self.received_at)


class EventFolder:
    """A folder of events. Safe to use from several processes.

    Args:
        path: The folder; made when the first event is put into it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def put(self, event: Event) -> bool:
        """Store an event durably; returns False if its delivery was stored before.

        Raises:
            StoreUnavailable: The folder cannot be written.
        """
        try:
            for folder in (self._path, self._path / _WAITING, self._path / _DONE):
                make_private_folder(folder)
            if self._file(_DONE, event.key).exists():
                return False
            with drafted(self._file(_WAITING, event.key), replaces=False) as draft:
                draft.write_text(json.dumps(asdict(event)), encoding="utf-8")
        except FileExistsError:
            return False
        except OSError as error:
            raise StoreUnavailable(f"events cannot be stored in {str(self._path)!r}: {error.strerror}") from error
        return True

    def waiting(self) -> list[Event]:
        """Return the events whose work is not done, in the order of their arrival; damaged files are left out."""
        events: list[Event] = []
        with suppress(OSError):
            for file in (self._path / _WAITING).glob("*.json"):
                with suppress(OSError, ValueError, TypeError):
                    event = Event(**json.loads(file.read_text(encoding="utf-8")))
                    if event.received.tzinfo is not None:
                        events.append(event)
        return sorted(events, key=lambda event: (event.received_at, event.key))

    def finish(self, event: Event) -> None:
        """Note that the work of an event is done; its delivery stays known."""
        with suppress(FileNotFoundError):
            self._file(_WAITING, event.key).replace(self._file(_DONE, event.key))

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Yield True if this process got the lock for work on events: a single process works at a time."""
        make_private_folder(self._path)
        handle = os.open(self._path / _LOCK, os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
        try:
            is_ours = try_lock(handle)
            if is_ours:
                self._tidy()
            yield is_ours
        finally:
            os.close(handle)

    def _tidy(self) -> None:
        """Remove drafts of killed processes, and the oldest events that are done."""
        remove_dead_drafts(self._path / _WAITING)
        with suppress(OSError):
            done = sorted((self._path / _DONE).glob("*.json"), key=lambda file: file.stat().st_mtime_ns)
            for file in done[:-MOST_DONE]:
                file.unlink(missing_ok=True)

    def _file(self, folder: str, key: str) -> Path:
        return self._path / folder / f"{key}.json"
