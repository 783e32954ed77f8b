"""The events that hooks noted in a repository: a file to which hooks append lines, read and emptied by one process.

A line is `1 HOOK OLD NEW REF SECONDS`, with `-` for an unknown hash or ref. To take the events, the file is renamed to
`queue.taken.NUMBER.DONE`, DONE being the bytes on which the work is done. A process that is killed during the work
leaves them to the next. A hook that opened the file before it was renamed may append a line afterwards: the file is
kept for a minute, and bytes after DONE are events.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import field
from datetime import UTC, datetime
from pathlib import Path

from graphmem.deferred_dataclass import dataclass
from graphmem.drafts import PRIVATE_FILE
from graphmem.file_locks import try_lock
from graphmem.githooks.hook_script import EVENTS
from graphmem.githooks.repository_folders import RepositoryFolders, repository_folders

QUEUE = "queue"
LOCK = "lock"
STAMP = "started"
#: How long a hook may take between opening the queue and writing its line.
WRITE_LIMIT_S = 60.0
_TAKEN = re.compile(r"queue\.taken\.(\d+)\.(\d+)")

_MAX_LINE_BYTES = 1 << 10
_LINE = re.compile(
    rb"1 (?P<hook>[a-z-]+) (?P<old>-|[0-9a-f]{40,64}) (?P<new>-|[0-9a-f]{40,64}) "
    rb"(?P<ref>-|HEAD|refs/\S+) (?P<at>\d{1,11})\n"
)
_HOOKS = frozenset(event.encode() for event in EVENTS)
_UNKNOWN = b"-"
# HEAD of a repository whose refs are in tables (reftable) names this branch, whatever branch is checked out.
_NO_REF = b"refs/heads/.invalid"


@dataclass(frozen=True, slots=True)
class RefEvents:
    """The events of a ref, folded.

    Attributes:
        ref: Its full name, `HEAD` if it was detached, or None if the hook could not tell.
        hooks: The names of the hooks that noted events, sorted.
        events: The number of events.
        last_at: The time of the latest event; None if no hook knew the time.
    """

    ref: str | None
    hooks: tuple[str, ...]
    events: int
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class EventQueue:
    """Events that hooks noted, folded: many commits on a branch are a single move of its ref.

    Reset, and renaming or deletion of a branch, run no hook: compare all refs, not only these.

    Attributes:
        refs: Refs with events, the latest last.
        rewritten: Hash of a commit that was amended or rebased to the hash that replaced it, through any number of
            rewrites. Squashed commits share a new hash, dropped commits are absent, unchanged commits are left out.
        skipped: The number of lines that are no events: cut off by a full disk, or written by other programs.
    """

    refs: tuple[RefEvents, ...] = ()
    rewritten: Mapping[str, str] = field(default_factory=dict)
    skipped: int = 0

    @property
    def is_empty(self) -> bool:
        """Whether there is neither an event nor a skipped line, which may have been an event."""
        return not self.refs and not self.skipped


#: Its result is ignored.
Work = Callable[[EventQueue], object]


def has_events(folders: RepositoryFolders) -> bool:
    """Whether hooks noted anything on which no work is done; reads no line."""
    return any(part.has_bytes() for part in _parts(folders.queue_folder))


def pending(root: Path) -> EventQueue:
    """The events that wait for work, those of broken-off work first; changes nothing.

    Raises:
        NotFound: The path is in no repository.
    """
    fold = _Fold()
    for part in _parts(repository_folders(root).queue_folder):
        fold.read(part)
    return fold.queue()


def drain(root: Path, work: Work) -> EventQueue | None:
    """Take all events and call the work with them, unless there are none.

    If the work raises, or this process is killed, the next call takes the same events again: work must allow that.

    Returns:
        The events on which the work is done; None if another process is at work.

    Raises:
        NotFound: The path is in no repository.
        OSError: The queue cannot be renamed or removed.
    """
    folder = repository_folders(root).queue_folder
    if not folder.is_dir():
        return EventQueue()
    with _locked(folder) as is_locked:
        if not is_locked:
            return None
        _take(folder)
        fold = _Fold()
        done = [(part, fold.read(part)) for part in _parts(folder) if part.number is not None]
        queue = fold.queue()
        if not queue.is_empty:
            work(queue)
        for part, end in done:
            part.path.rename(folder / f"queue.taken.{part.number:06}.{end}")
        _remove_done(folder)
    return queue


def remove_queue(folders: RepositoryFolders) -> None:
    """Remove the queue of a repository with the events in it, and its folder if nothing else is there."""
    folder = folders.queue_folder
    for file in (folder / LOCK, folder / STAMP, *(part.path for part in _parts(folder))):
        file.unlink(missing_ok=True)
    with suppress(OSError):
        folder.rmdir()


# ---- files


@dataclass(frozen=True, slots=True)
class _QueuePart:
    """The queue, or a file to which it was renamed.

    Attributes:
        number: Its position among the renamed files; None for the queue.
        done: The bytes on which the work is done.
    """

    path: Path
    number: int | None = None
    done: int = 0

    def has_bytes(self) -> bool:
        try:
            return self.path.stat().st_size > self.done
        except FileNotFoundError:
            return False


def _parts(folder: Path) -> list[_QueuePart]:
    """The renamed files, the oldest first, and the queue, which may not exist."""
    try:
        names = [entry.name for entry in os.scandir(folder)]
    except FileNotFoundError:
        return []
    matches = filter(None, map(_TAKEN.fullmatch, names))
    taken = [_QueuePart(folder / match[0], int(match[1]), int(match[2])) for match in matches]
    return [*sorted(taken, key=lambda part: part.number or 0), _QueuePart(folder / QUEUE)]


def _take(folder: Path) -> None:
    """Rename the queue, so that hooks begin another."""
    last = max((part.number or 0 for part in _parts(folder)), default=0)
    with suppress(FileNotFoundError):
        (folder / QUEUE).rename(folder / f"queue.taken.{last + 1:06}.0")


def _remove_done(folder: Path) -> None:
    """Remove renamed files whose work is done and that no hook writes any more."""
    for part in _parts(folder):
        is_old = part.number is not None and time.time() - part.path.stat().st_mtime > WRITE_LIMIT_S
        if is_old and not part.has_bytes():
            part.path.unlink()


@contextmanager
def _locked(folder: Path) -> Iterator[bool]:
    """Whether this process alone empties the queue while the block runs. Hooks take no lock."""
    handle = os.open(folder / LOCK, os.O_CREAT | os.O_RDWR, PRIVATE_FILE)
    try:
        try:
            is_locked = try_lock(handle)
        except OSError:
            is_locked = True  # The file system has no locks: two processes may do the same work.
        yield is_locked
    finally:
        os.close(handle)


# ---- events


@dataclass(slots=True)
class _Fold:
    """Events so far."""

    hooks: dict[str | None, set[str]] = field(default_factory=dict)
    events: dict[str | None, int] = field(default_factory=dict)
    last_s: dict[str | None, int] = field(default_factory=dict)
    rewritten: dict[str, str] = field(default_factory=dict)
    skipped: int = 0

    def read(self, part: _QueuePart) -> int:
        """Add the events of a file on which no work is done; returns the position behind them."""
        if not part.path.is_file():  # A device or a pipe may have no end.
            return part.done
        with suppress(FileNotFoundError), part.path.open("rb") as stream:
            stream.seek(part.done)
            while line := stream.readline(_MAX_LINE_BYTES):
                self.add(line)
            return stream.tell()
        return part.done

    def add(self, line: bytes) -> None:
        match = _LINE.fullmatch(line)
        if match is None or match["hook"] not in _HOOKS:
            self.skipped += 1
            return
        ref = None if match["ref"] in {_UNKNOWN, _NO_REF} else os.fsdecode(match["ref"])
        self.hooks.setdefault(ref, set()).add(match["hook"].decode())
        self.events[ref] = self.events.pop(ref, 0) + 1  # the latest ref last
        self.last_s[ref] = max(self.last_s.get(ref, 0), int(match["at"]))
        if match["hook"] == b"post-rewrite" and _UNKNOWN not in {match["old"], match["new"]}:
            self.rewritten[match["old"].decode()] = match["new"].decode()

    def queue(self) -> EventQueue:
        final = {old: _followed(self.rewritten, new) for old, new in self.rewritten.items()}
        rewritten = {old: new for old, new in final.items() if old != new}
        return EventQueue(tuple(map(self._ref_events, self.events)), rewritten, self.skipped)

    def _ref_events(self, ref: str | None) -> RefEvents:
        second = self.last_s[ref]
        last_at = datetime.fromtimestamp(second, UTC) if second else None
        return RefEvents(ref, tuple(sorted(self.hooks[ref])), self.events[ref], last_at)


def _followed(rewritten: Mapping[str, str], commit: str) -> str:
    """The hash that replaced a commit in the end; an undone rewrite may lead in a circle."""
    seen = {commit}
    while (after := rewritten.get(commit, commit)) not in seen:
        seen.add(after)
        commit = after
    return commit
