"""The insertions of installations, by file, so that an uninstallation restores the bytes.

The record has positions and lengths, never text: settings of hosts can hold secrets.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from graphmem.deferred_dataclass import dataclass
from graphmem.drafts import write_private
from graphmem.hosts.json_edits import Insertion
from graphmem.user_state.state_folder import state_path

_FILE = "installed.json"
_VERSION = 1


@dataclass(frozen=True, slots=True)
class FileRecord:
    """The changes that an installation made to a file.

    Attributes:
        digest: SHA-256 of the file after it.
        insertions: Position and length of each insertion, in their order.
        is_created: Whether the file did not exist before.
        folders: Folders that were created for it, the innermost first.
    """

    digest: str
    insertions: tuple[tuple[int, int], ...]
    is_created: bool
    folders: tuple[str, ...] = ()

    def undone(self, content: bytes) -> bytes | None:
        """Return the bytes of the file before the installation; None if the file was changed since."""
        if digest_of(content) != self.digest:
            return None
        text = content.decode()
        for at, length in reversed(self.insertions):
            text = text[:at] + text[at + length :]
        return text.encode()


def digest_of(content: bytes) -> str:
    """SHA-256 of bytes."""
    return hashlib.sha256(content).hexdigest()


def record_of(
    after: bytes, bom: str, insertions: Sequence[Insertion], *, is_created: bool, folders: Sequence[Path]
) -> FileRecord:
    """Return the record of an installation; positions count a byte order mark."""
    pairs = tuple((insertion.at + len(bom), len(insertion.text)) for insertion in insertions)
    return FileRecord(digest_of(after), pairs, is_created, tuple(map(str, folders)))


def read_records() -> dict[str, FileRecord]:
    """Return the records by path; empty if the file is missing or damaged, since files can be searched instead."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        stored = json.loads(Path(state_path(_FILE)).read_bytes())
        if stored["version"] == _VERSION:
            return {path: _record(value) for path, value in stored["files"].items()}
    return {}


def write_records(records: Mapping[str, FileRecord]) -> None:
    """Replace the records.

    Raises:
        OSError: The file cannot be written.
    """
    path = Path(state_path(_FILE))
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = {name: asdict(record) for name, record in records.items()}
    write_private(path, json.dumps({"version": _VERSION, "files": files}, indent=1))


def _record(value: dict[str, object]) -> FileRecord:
    pairs, folders = value["insertions"], value["folders"]
    assert isinstance(pairs, list)  # noqa: S101 - a file of another form is ignored
    assert isinstance(folders, list)  # noqa: S101 - as above
    insertions = tuple((int(at), int(length)) for at, length in pairs)
    return FileRecord(str(value["digest"]), insertions, bool(value["is_created"]), tuple(map(str, folders)))
