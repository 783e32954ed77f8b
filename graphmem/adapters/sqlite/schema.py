"""Making a file, opening one, and moving it forward to the schema of this release."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw

from graphmem.adapters.schema_files import schema_text
from graphmem.adapters.sqlite.connection import (
    APPLICATION_ID,
    CHECKSUM_BYTES,
    SET_APPLICATION,
    connect,
    mount_of,
    refuse_network_file_system,
)
from graphmem.adapters.sqlite.indexing import hashes_of, indexed
from graphmem.adapters.sqlite.known import content_number
from graphmem.adapters.sqlite.segments import Draft, unpack
from graphmem.adapters.unread import readable_statement
from graphmem.drafts import drafted
from graphmem.errors import CorruptStore, InvalidInput, NotFound, Unsupported
from graphmem.statement_json import anchor_of, encode_statement, former_source_key

MIGRATIONS = (
    "sqlite/0001_initial.sql",
    "sqlite/0002_injective_content.sql",
    "sqlite/0003_terms.sql",
    "sqlite/0004_segments.sql",
    "sqlite/0005_source_keys.sql",
)
SCHEMA_VERSION = len(MIGRATIONS)

#: What SQL gives to a function.
SQLiteValue = Any

_SQLITE = b"SQLite format 3\x00"
_HEADER_BYTES = 100
_PAGE_SIZE_AT, _RESERVED_AT, _APPLICATION_AT = 16, 20, 68

_HAS_META = "SELECT count(*) FROM sqlite_schema WHERE name = 'meta'"
_VERSION = "SELECT value FROM meta WHERE key = 'schema_version'"
_SET_VERSION = "INSERT OR REPLACE INTO meta (key, value) VALUES ('schema_version', ?)"


def make(path: Path) -> None:
    """A new empty store at a path where none is: complete or not there at all."""
    refuse_network_file_system(path.parent)
    with drafted(path, replaces=True) as draft, closing(connect(draft, is_writer=True, create=True)) as connection:
        connection.execute(SET_APPLICATION)
        migrate(connection)
        connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0)


def refuse_foreign_file(path: Path) -> None:
    """Look at the first bytes only, so that no other program's file is touched.

    Raises:
        NotFound: There is no file.
        InvalidInput: It is a database of another program.
        CorruptStore: It is no database at all, or its first bytes are damaged.
        Unsupported: It is on a network file system, or has a second name.
    """
    if not path.exists():
        raise NotFound(f"no store at {str(path)!r}; `graphmem init` makes one")
    refuse_network_file_system(path)
    refuse_other_names(path)
    with path.open("rb") as file:
        head = file.read(_HEADER_BYTES)
    if len(head) < _HEADER_BYTES or not head.startswith(_SQLITE):
        raise CorruptStore(f"{str(path)!r} is no graphmem store, or damaged at its start; restore it from a backup")
    is_ours = int.from_bytes(head[_APPLICATION_AT : _APPLICATION_AT + 4], "big") == APPLICATION_ID
    if is_ours and head[_RESERVED_AT] != CHECKSUM_BYTES:
        raise CorruptStore(f"{str(path)!r} is damaged at its start; restore it from a backup or an export")
    if not is_ours:
        raise InvalidInput(f"{str(path)!r} is a database of another program; name a graphmem store")
    _refuse_cut_page(path, int.from_bytes(head[_PAGE_SIZE_AT : _PAGE_SIZE_AT + 2], "big"))


def refuse_other_names(path: Path) -> None:
    """Refuse a file with a second name: a log and a lock lie beside each, and writes through one are lost to the other.

    A name in another mount namespace, as of a file that is mounted into a container, cannot be seen from outside of it.

    Raises:
        Unsupported: It has several hard links, or is itself a mount point.
    """
    try:
        names = path.stat().st_nlink
    except FileNotFoundError:
        return
    if names > 1:
        raise Unsupported(
            f"{str(path)!r} is one of {names} names of the same file (hard links), and what is written through one is"
            " lost to the others: keep the name that has a '-wal' or '-lock' file beside it, remove the others"
            f" (find FOLDER -samefile {str(path)!r}), and make copies with `graphmem backup`"
        )
    if mount_of(path)[0] == str(path):
        raise Unsupported(
            f"{str(path)!r} is mounted by itself, so its log would not lie beside the file that it is: mount its folder"
        )


def _refuse_cut_page(path: Path, page_size: int) -> None:
    """What is missing of a last page is read as zeros, unchecked; with a log, a checkpoint may have been cut off."""
    log = Path(f"{path}-wal")
    if log.exists() and log.stat().st_size:
        return
    if not page_size or path.stat().st_size % page_size:
        raise CorruptStore(f"{str(path)!r} was cut off at its end; restore it from a backup or an export")


def version_of(connection: apsw.Connection) -> int:
    """The schema version of a file; 0 if nothing is in it yet."""
    if not connection.execute(_HAS_META).get:
        return 0
    value = connection.execute(_VERSION).get
    return int(str(value)) if value is not None else 0


def migrate(connection: apsw.Connection) -> None:
    """Bring the file to this release's schema, each step whole or not at all; needs the turn.

    Raises:
        Unsupported: A newer release wrote it.
    """
    add_functions(connection)
    for number in range(_checked(version_of(connection)), SCHEMA_VERSION):
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.execute(schema_text(MIGRATIONS[number])).fetchall()
            connection.execute(_SET_VERSION, (str(number + 1),))
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise


def add_functions(connection: apsw.Connection) -> None:
    """Let the connection run migrations, which call these functions by name."""
    connection.create_scalar_function("graphmem_content", _content, 1, deterministic=True)
    connection.create_scalar_function("graphmem_statement", _spelt_anew, 1, deterministic=True)
    connection.create_scalar_function("graphmem_source_key", _source_key, 1, deterministic=True)
    connection.create_scalar_function("graphmem_anchor", _anchor, 2, deterministic=True)
    connection.create_scalar_function("graphmem_is_readable", _is_readable, 1, deterministic=True)
    connection.create_aggregate_function("graphmem_segment", _Segmented, 4)
    connection.create_scalar_function("graphmem_tokens", _tokens, 2, deterministic=True)


# A statement that cannot be read must not keep the rest of the file from being opened: `check` names it.
def _content(*text: SQLiteValue) -> int | None:
    statement = readable_statement(str(text[0]))
    return None if statement is None else content_number(statement.content_hash)


def _spelt_anew(*text: SQLiteValue) -> str:
    statement = readable_statement(str(text[0]))
    return str(text[0]) if statement is None else encode_statement(statement)


def _is_readable(*text: SQLiteValue) -> bool:
    return text[0] is not None and readable_statement(str(text[0])) is not None


def _source_key(*text: SQLiteValue) -> str | None:
    return former_source_key(json.loads(str(text[0])))


def _anchor(*parts: SQLiteValue) -> str:
    tenant, text = parts
    return anchor_of(json.loads(str(text))).node_id(str(tenant))


class _Segmented:
    """A segment of the statements that it is given, in order."""

    def __init__(self) -> None:
        self._draft = Draft()

    def step(self, *row: SQLiteValue) -> None:
        key, number, home, text = row
        statement = readable_statement(str(text))
        if statement is not None:
            self._draft.add(int(number), int(home), *indexed(statement, hashes_of(str(key))))

    def final(self) -> bytes:
        return self._draft.pack()


def _tokens(*segment: SQLiteValue) -> int:
    return int(unpack(*segment).lengths.sum())


def _checked(version: int) -> int:
    if version > SCHEMA_VERSION:
        raise Unsupported(
            f"the store has schema {version}, newer than {SCHEMA_VERSION} of this release: update graphmem to open it"
        )
    return version
