"""The key file: hashes only, private to its owner, replaced atomically and read again when it changes."""

from __future__ import annotations

import hmac
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any

from graphmem.deferred_dataclass import dataclass
from graphmem.drafts import PRIVATE_FILE, make_private_folder, remove_dead_drafts, write_private
from graphmem.errors import InvalidInput, NotFound, StoreUnavailable, Unsupported
from graphmem.file_locks import lock
from graphmem.keys.key import Key
from graphmem.keys.secret import make_text, present
from graphmem.store import Clock
from graphmem.vocabulary import Permission

_VERSION = 1
_TIMES = ("created_at", "expires_at", "revoked_at")
_Stamp = tuple[int, int, int, int]
#: The longest time that cached keys are used without reading the file.
_OLDEST_S = 0.5


@dataclass(frozen=True, slots=True)
class Granted:
    """A new key with its text, which is returned once and never stored."""

    key: Key
    text: str


@dataclass(frozen=True, slots=True)
class _Read:
    """The content of the file and its stamp, with the monotonic time of the read in seconds."""

    stamp: _Stamp
    at_s: float
    keys: dict[str, Key]


class KeyRing:
    """The API keys of a server; the file need not exist yet.

    Each lookup compares the file's stamp and reads the file again if the stamp has changed or half a second has passed.
    A
    key created or revoked by another process therefore counts from the next request on, and any other change of the
    file
    within a second.

    Args:
        path: The key file.
        clock: The current time, for expiry.
        seconds: A monotonic clock.
    """

    def __init__(self, path: Path, clock: Clock, seconds: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._seconds = seconds
        self._guard = Lock()
        self._read: _Read | None = None

    def is_in_use(self) -> bool:
        """Return whether callers need a key: the file exists, or existed at an earlier read of this process.

        Raises:
            StoreUnavailable: The file cannot be read or has disappeared; requests without a key are refused as well.
        """
        return self._keys() is not None

    def find(self, text: str) -> Key | None:
        """Return the live key with a text; None if it is malformed, unknown, expired or revoked."""
        presented = present(text)
        if presented is None:
            return None
        key = (self._keys() or {}).get(presented.id)
        digest = "" if key is None else key.digest
        is_same = hmac.compare_digest(digest.encode(), presented.digest.encode())
        return key if is_same and key is not None and key.is_live(self._clock()) else None

    def keys(self) -> list[Key]:
        """Return all keys, expired and revoked keys included, oldest first."""
        return sorted((self._keys() or {}).values(), key=lambda key: (key.created_at, key.id))

    def create(self, draft: Key) -> Granted:
        """Create a key with the bindings of a draft; its id and digest are ignored."""
        return self._grant(draft, replaced=None)

    def rotate(self, key_id: str, *, until: datetime) -> Granted:
        """Create a key with the same bindings; the old key stays valid until `until`.

        Raises:
            NotFound: No such key.
            InvalidInput: The key is revoked or expired.
        """
        old = self._existing(key_id)
        if not old.is_live(self._clock()):
            raise InvalidInput(f"key {key_id!r} is revoked or expired: create a new one")
        ends = until if old.expires_at is None else min(until, old.expires_at)
        return self._grant(old, replaced=replace(old, expires_at=ends))

    def revoke(self, key_id: str) -> Key:
        """Revoke a key now; returns it.

        Raises:
            NotFound: No such key.
        """
        old = self._existing(key_id)
        gone = old if old.revoked_at is not None else replace(old, revoked_at=self._clock())
        with self._changed() as keys:
            keys[key_id] = gone
        return gone

    # ---- internals

    def _grant(self, draft: Key, *, replaced: Key | None) -> Granted:
        text = make_text()
        shown = present(text)
        assert shown is not None, "a key that was just made is well formed"  # noqa: S101
        key = replace(draft, id=shown.id, digest=shown.digest, created_at=self._clock(), revoked_at=None)
        with self._changed() as keys:
            keys[key.id] = key
            if replaced is not None:
                keys[replaced.id] = replaced
        return Granted(key, text)

    def _existing(self, key_id: str) -> Key:
        key = (self._keys() or {}).get(key_id)
        if key is None:
            raise NotFound(f"no key {key_id!r} in {str(self._path)!r}; run graphmem key list to see all keys")
        return key

    def _keys(self) -> dict[str, Key] | None:
        """Return the keys in the file; None if it never existed."""
        with self._guard:
            stamp, now = self._stamp(), self._seconds()
            before = self._read
            if before is not None and stamp == before.stamp and now - before.at_s < _OLDEST_S:
                return before.keys
            if stamp is None and before is not None:
                raise StoreUnavailable(
                    f"the key file {str(self._path)!r} has disappeared: restore it, or restart the server"
                )
            if stamp is None:
                return None
            self._read = _Read(stamp, now, _keys_in(self._path))
            return self._read.keys

    def _stamp(self) -> _Stamp | None:
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            return None
        except OSError as exc:
            raise StoreUnavailable(f"the key file {str(self._path)!r} cannot be read: {exc.strerror}") from exc
        return stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino

    @contextmanager
    def _changed(self) -> Iterator[dict[str, Key]]:
        """Yield the keys for modification and write them; other writers wait, readers see the old file or the new."""
        with _locked(self._path):
            keys = _keys_in(self._path) if self._path.exists() else {}
            yield keys
            write_private(self._path, _text_of(keys))


def _keys_in(path: Path) -> dict[str, Key]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["version"] != _VERSION:
            raise Unsupported(f"{str(path)!r} is of version {document['version']!r}: upgrade graphmem")
        return {key.id: key for key in map(_key, document["keys"])}
    except OSError as exc:
        raise StoreUnavailable(f"the key file {str(path)!r} cannot be read: {exc.strerror}") from exc
    except (ValueError, KeyError, TypeError) as exc:
        raise StoreUnavailable(f"{str(path)!r} is not a key file ({type(exc).__name__}); restore or remove it") from exc


def _key(raw: dict[str, Any]) -> Key:
    times = {name: None if raw[name] is None else datetime.fromisoformat(raw[name]) for name in _TIMES}
    permissions = tuple(map(Permission, raw["permissions"]))
    return Key(**{**raw, **times, "permissions": permissions, "repos": tuple(raw["repos"])})


def _text_of(keys: dict[str, Key]) -> str:
    plain = [asdict(key) for key in keys.values()]
    for record in plain:
        record.update({name: record[name] and record[name].isoformat() for name in _TIMES})
    return json.dumps({"version": _VERSION, "keys": plain}, indent=2) + "\n"


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold a lock that excludes other processes; it ends when the file is closed or the process dies."""
    make_private_folder(path.parent)
    remove_dead_drafts(path.parent)
    handle = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
    try:
        lock(handle)
        yield
    finally:
        os.close(handle)
