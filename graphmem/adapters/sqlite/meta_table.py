"""The `meta` table: the embedding model, tenants being restored, and erased content that is still in the log."""

from __future__ import annotations

import json
from functools import lru_cache

import apsw

from graphmem.adapters.sqlite.snapshot import Snapshot
from graphmem.store import ModelCard

_MODEL = "SELECT value FROM meta WHERE key = 'model'"
_SET_MODEL = "INSERT OR REPLACE INTO meta (key, value) VALUES ('model', ?)"
#: Present while the log holds erased content of a tenant, by its number: the count of memories. An earlier release
#: wrote 'yes' without a tenant.
_NOTE_ERASED = (
    "INSERT INTO meta (key, value) VALUES ('erased_in_log ' || ?1, ?2)"
    " ON CONFLICT (key) DO UPDATE SET value = CAST(value AS INTEGER) + ?2"
)
_HAS_ERASED = "SELECT count(*) FROM meta WHERE key >= 'erased_in_log' AND key < 'erased_in_loh'"
_ERASED_OF = "SELECT value FROM meta WHERE key = 'erased_in_log ' || ?"
_DROP_ERASED = "DELETE FROM meta WHERE key >= 'erased_in_log' AND key < 'erased_in_loh'"
#: Present while a tenant, by its number, is being restored.
_MARK = "INSERT OR REPLACE INTO meta (key, value) VALUES ('restoring ' || ?, 'yes')"
_MARKED = "SELECT value FROM meta WHERE key = 'restoring ' || ?"
_UNMARK = "DELETE FROM meta WHERE key = 'restoring ' || ?"


_ANSWERED = "UPDATE tenant SET answered_to = max(coalesce(answered_to, ?2), ?2) WHERE number = ?1"


def note_answered(snapshot: Snapshot, micros: int) -> None:
    """Record that an answer was given as known at this time: later entries get a later recorded time."""
    snapshot.connection.execute(_ANSWERED, (snapshot.tenant.number, micros))


def model_of(connection: apsw.Connection) -> ModelCard | None:
    """Return the model of the stored vectors; None before there are any."""
    text = connection.execute(_MODEL).get
    return None if text is None else _card(str(text))


def set_model(connection: apsw.Connection, card: ModelCard) -> None:
    """Record the embedding model of the vectors."""
    from dataclasses import asdict

    connection.execute(_SET_MODEL, (json.dumps(asdict(card), sort_keys=True),))


def takes_model(connection: apsw.Connection, card: ModelCard | None) -> bool:
    """Return whether vectors of a model can be stored; the first model is recorded, and None matches any."""
    stored = model_of(connection)
    if stored is None and card is not None:
        set_model(connection, card)
    return None in (stored, card) or stored == card


@lru_cache(maxsize=16)
def _card(text: str) -> ModelCard:
    return ModelCard(**json.loads(text))


def note_erased_in_log(snapshot: Snapshot, erased: int) -> None:
    """Add to the count of erased memories whose content is still in the log."""
    snapshot.connection.execute(_NOTE_ERASED, (snapshot.tenant.number, erased))


def holds_erased(connection: apsw.Connection) -> bool:
    """Return whether the log holds erased content."""
    return bool(connection.execute(_HAS_ERASED).get)


def erased_in_log(snapshot: Snapshot) -> int:
    """Return how many erased memories of a tenant may still have content in the log."""
    return int(str(snapshot.connection.execute(_ERASED_OF, (snapshot.tenant.number,)).get or 0))


def drop_erased(connection: apsw.Connection) -> None:
    """Record that the log holds no erased content."""
    connection.execute(_DROP_ERASED)


def mark_restoring(snapshot: Snapshot) -> None:
    """Record that a restore of the tenant has begun."""
    snapshot.connection.execute(_MARK, (snapshot.tenant.number,))


def mark_restored(snapshot: Snapshot) -> None:
    """Record that the restore has finished."""
    snapshot.connection.execute(_UNMARK, (snapshot.tenant.number,))


def is_restoring(snapshot: Snapshot) -> bool:
    """Return whether a restore of the tenant has begun and not finished."""
    return snapshot.connection.execute(_MARKED, (snapshot.tenant.number,)).get is not None


def refuse_restoring(connection: apsw.Connection, name: str) -> None:
    """Refuse a write to a tenant that is being restored.

    Raises:
        Conflict: The tenant is being restored.
    """
    if is_restoring(Snapshot.of(connection, name)):
        from graphmem.adapters.export_lines import refuse_unfinished

        refuse_unfinished(name)
