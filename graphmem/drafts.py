"""Atomic writes: a file appears under its final name complete, or not at all.

A draft is written in its own folder next to the target, `NAME.<32 hex digits>.new`, and moved when it is complete and
synced. The writer holds a lock in that folder. The lock ends with the process, so `remove_dead_drafts` can tell drafts
of killed writers from active drafts.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from graphmem.file_locks import try_lock

#: For files and folders that hold memories or secrets.
PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700

_DRAFT = re.compile(r".+\.[0-9a-f]{32}\.new")
_LOCK, _ELSEWHERE = "lock", "elsewhere"
#: Errors of file systems without hard links.
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EACCES})


@contextmanager
def drafted(target: Path, *, replaces: bool, noted_in: Path | None = None) -> Iterator[Path]:
    """Yield an empty private file to write; at the end of the block, sync it and move it to the target.

    If the block raises, no file is left. `-wal` and similar files next to the draft are dropped.

    Args:
        target: The final path, in a folder that exists.
        replaces: Whether an existing target is replaced.
        noted_in: A second folder in which `remove_dead_drafts` finds the draft if this process is killed.

    Raises:
        FileExistsError: The target exists, and `replaces` is False.
        OSError: The folder or the file cannot be written.
    """
    name = f"{target.name}.{os.urandom(16).hex()}.new"
    folder = target.parent / name
    with _noted(noted_in, folder), _locked_folder(folder):
        draft = folder / target.name
        os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, PRIVATE_FILE))
        yield draft
        draft.chmod(PRIVATE_FILE)  # The umask or the writer may have changed the mode.
        _sync(draft)
        if replaces:
            draft.replace(target)
        else:
            _name(draft, target)
        _sync(target.parent)


def write_private(target: Path, content: str | bytes) -> None:
    """Write a file that only its owner may read; replaces an existing file."""
    with drafted(target, replaces=True) as draft:
        draft.write_bytes(content.encode() if isinstance(content, str) else content)


def replace_shared(target: Path, content: bytes, new_mode: int) -> None:
    """Write a file that others use too, under its final name at once; an existing file keeps its mode and owner.

    Args:
        target: The path; a folder above it that is missing is created.
        content: All of the file.
        new_mode: The mode of a new file.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    old = target.stat() if target.exists() else None
    import tempfile

    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        if old is None:
            draft.chmod(new_mode)
        else:
            _take_over(draft, old)
        draft.replace(target)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def make_private_folder(folder: Path) -> None:
    """Create a folder that only its owner may enter; an existing folder keeps its permissions."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)


def remove_dead_drafts(folder: Path) -> None:
    """Remove drafts of killed writers in a folder, and drafts noted in it. Errors are ignored."""
    with suppress(OSError), os.scandir(folder) as entries:
        drafts = [folder / entry.name for entry in entries if _DRAFT.fullmatch(entry.name)]
        for draft in drafts:
            with suppress(OSError):
                _remove_if_dead(draft)


# ---- internals


def _take_over(draft: Path, old: os.stat_result) -> None:
    """Give a file the owner and the mode of the file that it replaces."""
    if hasattr(os, "chown"):
        with suppress(OSError):
            os.chown(draft, old.st_uid, old.st_gid)
    draft.chmod(stat.S_IMODE(old.st_mode))


@contextmanager
def _noted(folder: Path | None, draft: Path) -> Iterator[None]:
    """Keep a note of the draft in another folder while the block runs; skipped if that folder is not writable."""
    if folder is None or folder == draft.parent or not os.access(folder, os.W_OK):
        yield
        return
    with _locked_folder(folder / draft.name) as note:
        (note / _ELSEWHERE).write_text(str(draft.absolute()), encoding="utf-8", errors="surrogateescape")
        yield


@contextmanager
def _locked_folder(folder: Path) -> Iterator[Path]:
    """Yield a new private folder whose lock this process holds, then remove it."""
    handle = _make_locked(folder)
    try:
        yield folder
    finally:
        os.close(handle)
        _remove_tree(folder)


def _make_locked(folder: Path) -> int:
    while True:
        folder.mkdir(mode=PRIVATE_FOLDER)
        with suppress(FileNotFoundError):
            handle = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR, PRIVATE_FILE)
            try:
                is_locked = try_lock(handle)
            except OSError:
                return handle  # Locks are not supported there, so no process removes drafts either.
            # Another process may have found the folder before its lock existed, and removed it as a dead draft.
            if is_locked and _is_at(handle, folder / _LOCK):
                return handle
            os.close(handle)
        _remove_tree(folder)


def _is_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _remove_if_dead(draft: Path) -> None:
    info = draft.lstat()
    if not draft.is_dir() or draft.is_symlink() or (hasattr(os, "geteuid") and info.st_uid != os.geteuid()):
        return
    handle = os.open(draft / _LOCK, os.O_CREAT | os.O_RDWR, PRIVATE_FILE)
    try:
        if not try_lock(handle):
            return
        with suppress(FileNotFoundError):
            noted = Path((draft / _ELSEWHERE).read_text(encoding="utf-8", errors="surrogateescape"))
            if noted.name == draft.name:
                _remove_tree(noted)
        _remove_tree(draft)
    finally:
        os.close(handle)


def _name(draft: Path, target: Path) -> None:
    """Move a file to the target unless the target exists; `rename` would replace it."""
    try:
        os.link(draft, target)
    except OSError as exc:
        if exc.errno not in _NO_LINKS:
            raise
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from exc
        draft.rename(target)
    else:
        draft.unlink()


def _sync(path: Path) -> None:
    if sys.platform == "win32" and path.is_dir():
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    except OSError as exc:
        # Some file systems cannot sync a folder.
        if not path.is_dir() or exc.errno not in {errno.EINVAL, errno.ENOTSUP, errno.EBADF}:
            raise
    finally:
        os.close(handle)


def _remove_tree(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)
