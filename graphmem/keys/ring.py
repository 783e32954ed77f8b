"""The file of keys: hashes alone, readable by its owner alone, replaced whole and read again when it changes."""

from __future__ import annotations

import hmac
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any

from graphmem.drafts import PRIVATE_FILE, make_private_folder, remove_dead_drafts, write_private
from graphmem.errors import InvalidInput, NotFound, StoreUnavailable, Unsupported
from graphmem.keys.key import Key
from graphmem.keys.secret import make_text, present
from graphmem.store import Clock
from graphmem.vocabulary import Permission

if sys.platform == "win32":
    import msvcrt

    def _lock(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_LOCK, 1)
else:
    import fcntl

    def _lock(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX)


_VERSION = 1
_TIMES = ("created_at", "expires_at", "revoked_at")
_Stamp = tuple[int, int, int, int]
#: However the file was changed, and whatever its stamp says: what it holds counts this soon.
_OLDEST_S = 0.5


@dataclass(frozen=True, slots=True)
class Granted:
    """A new key with its text, which is shown this once and stored nowhere."""

    key: Key
    text: str


@dataclass(frozen=True, slots=True)
class _Read:
    """What the file held when it was read, `at_s` on the clock that never runs backwards."""

    stamp: _Stamp
    at_s: float
    keys: dict[str, Key]


class KeyRing:
    """The keys of a server, whose file need not be there yet.

    Every question looks at the file's stamp first, and reads the file again if that changed or half a second has
    passed. So a key that another process made or revoked counts from the next request on, and whatever else happens to
    the file within a second.

    Args:
        path: The file of keys.
        clock: Tells which keys have expired.
        seconds: A clock that never runs backwards.
    """

    def __init__(self, path: Path, clock: Clock, seconds: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._clock = clock
        self._seconds = seconds
        self._guard = Lock()
        self._read: _Read | None = None

    def is_in_use(self) -> bool:
        """Whether callers need a key: the file is there, or was there when this process looked before.

        Raises:
            StoreUnavailable: It cannot be read, or is gone: then nobody is let in without a key either.
        """
        return self._keys() is not None

    def find(self, text: str) -> Key | None:
        """The live key of that text; None if it is malformed, unknown, expired or revoked."""
        shown = present(text)
        if shown is None:
            return None
        key = (self._keys() or {}).get(shown.id)
        digest = "" if key is None else key.digest
        is_same = hmac.compare_digest(digest.encode(), shown.digest.encode())
        return key if is_same and key is not None and key.is_live(self._clock()) else None

    def keys(self) -> list[Key]:
        """All keys that ever were, oldest first."""
        return sorted((self._keys() or {}).values(), key=lambda one: (one.created_at, one.id))

    def create(self, draft: Key) -> Granted:
        """Make a key with the bindings of a draft, whose id and digest do not count."""
        return self._grant(draft, replaced=None)

    def rotate(self, key_id: str, *, until: datetime) -> Granted:
        """Make a key with the same bindings; the old one opens until then, so that both live while it is replaced.

        Raises:
            NotFound: No such key.
            InvalidInput: It opens nothing any more.
        """
        old = self._known(key_id)
        if not old.is_live(self._clock()):
            raise InvalidInput(f"key {key_id!r} is revoked or expired: create a new one")
        ends = until if old.expires_at is None else min(until, old.expires_at)
        return self._grant(old, replaced=replace(old, expires_at=ends))

    def revoke(self, key_id: str) -> Key:
        """The key opens nothing from now on.

        Raises:
            NotFound: No such key.
        """
        old = self._known(key_id)
        gone = old if old.revoked_at is not None else replace(old, revoked_at=self._clock())
        with self._changed() as keys:
            keys[key_id] = gone
        return gone

    # ---- parts

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

    def _known(self, key_id: str) -> Key:
        key = (self._keys() or {}).get(key_id)
        if key is None:
            raise NotFound(f"no key {key_id!r} in {str(self._path)!r}; graphmem key list shows those that there are")
        return key

    def _keys(self) -> dict[str, Key] | None:
        """The keys in the file; None if it was never there."""
        with self._guard:
            stamp, now = self._stamp(), self._seconds()
            before = self._read
            if before is not None and stamp == before.stamp and now - before.at_s < _OLDEST_S:
                return before.keys
            if stamp is None and before is not None:
                raise StoreUnavailable(f"the keys in {str(self._path)!r} are gone: restore the file, or start again")
            if stamp is None:
                return None
            self._read = _Read(stamp, now, _keys_in(self._path))
            return self._read.keys

    def _stamp(self) -> _Stamp | None:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return None
        except OSError as exc:
            raise StoreUnavailable(f"the keys in {str(self._path)!r} cannot be read: {exc.strerror}") from exc
        return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino

    @contextmanager
    def _changed(self) -> Iterator[dict[str, Key]]:
        """The keys to change; other processes wait meanwhile, and readers see the old file or the new one."""
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
        raise StoreUnavailable(f"the keys in {str(path)!r} cannot be read: {exc.strerror}") from exc
    except (ValueError, KeyError, TypeError) as exc:
        raise StoreUnavailable(
            f"{str(path)!r} is no file of keys ({type(exc).__name__}); restore or remove it"
        ) from exc


def _key(raw: dict[str, Any]) -> Key:
    times = {name: None if raw[name] is None else datetime.fromisoformat(raw[name]) for name in _TIMES}
    permissions = tuple(map(Permission, raw["permissions"]))
    return Key(**{**raw, **times, "permissions": permissions, "repos": tuple(raw["repos"])})


def _text_of(keys: dict[str, Key]) -> str:
    plain = [asdict(key) for key in keys.values()]
    for one in plain:
        one.update({name: one[name] and one[name].isoformat() for name in _TIMES})
    return json.dumps({"version": _VERSION, "keys": plain}, indent=2) + "\n"


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Held by one process at a time; the lock ends with the file's being closed, or with the process."""
    make_private_folder(path.parent)
    remove_dead_drafts(path.parent)
    handle = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, PRIVATE_FILE)
    try:
        _lock(handle)
        yield
    finally:
        os.close(handle)
