"""Checks the key file of a server of this store."""

from __future__ import annotations

import stat
import sys
from pathlib import Path
from shlex import quote

from graphmem.config import keys_file
from graphmem.doctor.fixes import on_store
from graphmem.doctor.links import Check, CheckContext, CheckResult, broken, not_yet, ok, warn
from graphmem.errors import GraphMemError
from graphmem.http.authentication import is_loopback
from graphmem.keys import KeyRing
from graphmem.opening import utc_now

_SHARED_READ, _SHARED_WRITE = stat.S_IRGRP | stat.S_IROTH, stat.S_IWGRP | stat.S_IWOTH


def _keys(context: CheckContext) -> CheckResult:
    if not context.store_url:
        return not_yet("store")
    path = keys_file(context.store_url, context.settings)
    if path is None:
        return _none(context, "no key file: the store is not a file", "export GRAPHMEM_KEYS=/path/to/keys.json")
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return _none(context, f"no keys in {path}", on_store("graphmem key create NAME", context))
    except OSError as error:
        return broken(f"{path} cannot be read: {error.strerror}", f"chmod u+rx {quote(str(path.parent))}")
    ring, now = KeyRing(path, utc_now), utc_now()
    try:
        keys = ring.keys()
    except GraphMemError as error:
        return broken(str(error), _readable_again(path))
    return _guarded(path, mode, live=sum(key.is_live(now) for key in keys), context=context)


def _guarded(path: Path, mode: int, *, live: int, context: CheckContext) -> CheckResult:
    fix = f"chmod 600 {quote(str(path))}"
    if sys.platform != "win32" and mode & _SHARED_WRITE:
        return broken(f"{path} is writable by other users, who could add keys", fix)
    if sys.platform != "win32" and mode & _SHARED_READ:
        return warn(f"{path} is readable by other users: key hashes, names and bindings", fix)
    if not live:
        return warn(f"every key in {path} is revoked or expired", on_store("graphmem key create NAME", context))
    return ok(f"live keys in {path}: {live}")


def _none(context: CheckContext, message: str, fix: str) -> CheckResult:
    if context.host is not None and not is_loopback(context.host):
        return broken(f"{message}, and graphmem serve refuses to listen on {context.host} without keys", fix)
    return ok(f"{message}; graphmem serve answers every user of this machine, and no other machine")


def _readable_again(path: Path) -> str:
    try:
        path.read_bytes()
    except OSError:
        return f"chmod u+r {quote(str(path))}   # or: sudo chown $USER {quote(str(path))}"
    return f"mv {quote(str(path))} {quote(str(path))}.damaged && graphmem key create NAME"


KEYS = Check("keys", _keys)
