"""Makes the copy of a Neo4j store that the hooks of this user read."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from graphmem.deferred_dataclass import dataclass
from graphmem.errors import Forbidden, NotFound
from graphmem.hosts.hook.server_copy import copies_folder, write_note
from graphmem.model import Add, Scope
from graphmem.store import Clock, Progress, Store, silent

_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class HookCopy:
    """A copy that was made: its file, and the position of its ledger."""

    file: str
    position: int


def make_copy(
    source: Store, target: Store, reader: Scope, *, progress: Progress = silent, clock: Clock | None = None
) -> int:
    """Copy the ledger of a tenant into an empty store, and return its position.

    A ledger cannot be copied in part. So it is refused if it has memories of another user.

    Args:
        source: The store of the server.
        target: The store of the copy.
        reader: The scope of the user to whom the copy belongs.
        progress: Called with the number of copied entries and their total.
        clock: As `graphmem.store.Store.restore` takes it.

    Raises:
        Forbidden: The ledger has private memories of another user.
        NotFound: The ledger is empty.
    """
    _refuse_foreign(source, reader)
    position = source.position(reader).seq
    if not position:
        raise NotFound(f"the store has no memories of tenant {reader.tenant!r}: there is nothing to copy")
    target.restore(source.export(reader), tenant=reader.tenant, progress=progress, clock=clock)
    return target.position(reader).seq


@contextmanager
def new_copy(url: str) -> Iterator[Path]:
    """Yield the path of a new file for a copy of the store at a URL, in a folder that only this user may read.

    The folder is removed if the block raises.
    """
    folder = copies_folder(url)
    os.makedirs(folder, 0o700, exist_ok=True)  # noqa: PTH103 - with the mode of every private folder
    made = Path(tempfile.mkdtemp(prefix="copy-", dir=folder))
    try:
        yield made / "memory.db"
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


def publish(url: str, file: Path, position: int) -> HookCopy:
    """Let a finished copy be the one that hooks read, and remove the earlier copies."""
    for path in file.parent.iterdir():
        path.chmod(0o600)
    write_note(url, str(file), position)
    for earlier in file.parent.parent.glob("copy-*"):
        if earlier != file.parent:
            shutil.rmtree(earlier, ignore_errors=True)
    return HookCopy(str(file), position)


def _refuse_foreign(source: Store, reader: Scope) -> None:
    after = 0
    while changes := source.changes(reader, after=after, limit=_AT_ONCE):
        for change in changes:
            home = change.operation.memory.scope if isinstance(change.operation, Add) else None
            if home is not None and home.user not in {None, reader.user}:
                raise Forbidden(
                    "the ledger has private memories of other users, which a copy would contain: run graphmem serve"
                    " and set GRAPHMEM_URL to its address for hooks"
                )
        after = changes[-1].seq
