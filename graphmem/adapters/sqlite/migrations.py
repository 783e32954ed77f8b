"""Creates a file, opens it, and migrates it to the schema of this release."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import apsw

from graphmem.adapters.lazy_statement import readable_statement
from graphmem.adapters.sqlite.connection import (
    APPLICATION_ID,
    CHECKSUM_BYTES,
    SET_APPLICATION,
    connect,
    mount_of,
    refuse_network_file_system,
)
from graphmem.adapters.sqlite.existing_keys import content_number
from graphmem.adapters.sqlite.schema_steps import MIGRATIONS as MIGRATIONS
from graphmem.adapters.sqlite.schema_steps import SCHEMA_VERSION as SCHEMA_VERSION
from graphmem.adapters.sqlite.segments import SegmentBuilder, unpack
from graphmem.adapters.sqlite.term_hashes import statement_terms_of
from graphmem.errors import CorruptStore, InvalidInput, NotFound, Unsupported
from graphmem.statement_json import anchor_of, encode_statement, former_source_key

#: A value that SQLite passes to a function.
SQLiteValue = Any

_SQLITE = b"SQLite format 3\x00"
_HEADER_BYTES = 100
_PAGE_SIZE_AT, _RESERVED_AT, _APPLICATION_AT = 16, 20, 68

_HAS_META = "SELECT count(*) FROM sqlite_schema WHERE name = 'meta'"
_VERSION = "SELECT value FROM meta WHERE key = 'schema_version'"
_SET_VERSION = "INSERT OR REPLACE INTO meta (key, value) VALUES ('schema_version', ?)"


def make(path: Path) -> None:
    """Create an empty store at a path where none exists; on any error no file is left."""
    from graphmem.drafts import drafted

    refuse_network_file_system(path.parent)
    with drafted(path, replaces=True) as draft, closing(connect(draft, is_writer=True, create=True)) as connection:
        connection.execute(SET_APPLICATION)
        migrate(connection)
        connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0)


def refuse_foreign_file(path: Path) -> None:
    """Check the first bytes only, so that no other program's file is modified.

    Raises:
        NotFound: There is no file.
        InvalidInput: The file is a database of another program.
        CorruptStore: The file is not a database, or its first bytes are damaged.
        Unsupported: The file is on a network file system, or has a second name.
    """
    if not path.exists():
        raise NotFound(f"no store at {str(path)!r}; `graphmem init` makes one")
    refuse_network_file_system(path)
    refuse_second_name(path)
    with path.open("rb") as file:
        head = file.read(_HEADER_BYTES)
    if len(head) < _HEADER_BYTES or not head.startswith(_SQLITE):
        raise CorruptStore(f"{str(path)!r} is not a graphmem store, or its header is damaged; restore it from a backup")
    is_ours = int.from_bytes(head[_APPLICATION_AT : _APPLICATION_AT + 4], "big") == APPLICATION_ID
    if is_ours and head[_RESERVED_AT] != CHECKSUM_BYTES:
        raise CorruptStore(f"{str(path)!r} has a damaged header; restore it from a backup or an export")
    if not is_ours:
        raise InvalidInput(f"{str(path)!r} is a database of another program; name a graphmem store")
    _refuse_cut_page(path, int.from_bytes(head[_PAGE_SIZE_AT : _PAGE_SIZE_AT + 2], "big"))


def refuse_second_name(path: Path) -> None:
    """Refuse a file with a second name.

    Each name has its own log and lock, so writes through one name are lost to the other. A second name in another mount
    namespace, for example of a file mounted into a container, cannot be detected from outside.

    Raises:
        Unsupported: The file has several hard links, or is itself a mount point.
    """
    try:
        names = path.stat().st_nlink
    except FileNotFoundError:
        return
    if names > 1:
        raise Unsupported(
            f"{str(path)!r} is one of {names} names of the same file (hard links), and writes through one name are lost"
            " to the others: keep the name with a '-wal' or '-lock' file next to it, remove the others"
            f" (find FOLDER -samefile {str(path)!r}), and make copies with `graphmem backup`"
        )
    if mount_of(path)[0] == str(path):
        raise Unsupported(
            f"{str(path)!r} is itself a mount point, so its log would be in another folder: mount its folder instead"
        )


def _refuse_cut_page(path: Path, page_size: int) -> None:
    """Refuse a file that ends within a page: SQLite reads the missing bytes as zeros. A log may hold the rest."""
    log = Path(f"{path}-wal")
    if log.exists() and log.stat().st_size:
        return
    if not page_size or path.stat().st_size % page_size:
        raise CorruptStore(f"{str(path)!r} was cut off at its end; restore it from a backup or an export")


def version_of(connection: apsw.Connection) -> int:
    """Return the schema version of a file; 0 if it is empty."""
    if not connection.execute(_HAS_META).get:
        return 0
    value = connection.execute(_VERSION).get
    return int(str(value)) if value is not None else 0


def migrate(connection: apsw.Connection) -> None:
    """Apply the missing migrations, each in its own transaction; the caller holds the write lock.

    Raises:
        Unsupported: A newer release wrote the file.
    """
    from graphmem.adapters.schema_files import schema_text

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
    """Register the SQL functions that migrations call."""
    connection.create_scalar_function("graphmem_content", _content, 1, deterministic=True)
    connection.create_scalar_function("graphmem_statement", _reencoded, 1, deterministic=True)
    connection.create_scalar_function("graphmem_source_key", _source_key, 1, deterministic=True)
    connection.create_scalar_function("graphmem_anchor", _anchor, 2, deterministic=True)
    connection.create_scalar_function("graphmem_is_readable", _is_readable, 1, deterministic=True)
    connection.create_scalar_function("graphmem_guard_terms", _guard_terms, 1, deterministic=True)
    connection.create_aggregate_function("graphmem_segment", _Segmented, 4)
    connection.create_scalar_function("graphmem_tokens", _tokens, 2, deterministic=True)


# An unreadable statement must not keep the rest of the file from opening: `check` reports it.
def _content(*text: SQLiteValue) -> int | None:
    statement = readable_statement(str(text[0]))
    return None if statement is None else content_number(statement.content_hash)


def _reencoded(*text: SQLiteValue) -> str:
    statement = readable_statement(str(text[0]))
    return str(text[0]) if statement is None else encode_statement(statement)


def _is_readable(*text: SQLiteValue) -> bool:
    return text[0] is not None and readable_statement(str(text[0])) is not None


def _source_key(*text: SQLiteValue) -> str | None:
    return former_source_key(json.loads(str(text[0])))


def _anchor(*parts: SQLiteValue) -> str:
    tenant, text = parts
    return anchor_of(json.loads(str(text))).node_id(str(tenant))


def _guard_terms(*text: SQLiteValue) -> str:
    from graphmem.guard.index_terms import terms_of_statement

    statement = None if text[0] is None else readable_statement(str(text[0]))
    return json.dumps([] if statement is None else terms_of_statement(statement))


class _Segmented:
    """SQL aggregate: packs the statements of its rows, in order, into a segment."""

    def __init__(self) -> None:
        self._draft = SegmentBuilder()

    def step(self, *row: SQLiteValue) -> None:
        tenant_key, number, home, text = row
        statement = readable_statement(str(text))
        if statement is not None:
            self._draft.add_terms(int(number), int(home), *statement_terms_of(str(tenant_key)).packed(statement))

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
