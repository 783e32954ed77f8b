"""What a file says of itself beside its ledgers: whose vectors it holds, and what is still to be done in it."""

from __future__ import annotations

import json
from dataclasses import asdict
from functools import lru_cache

import apsw

from graphmem.adapters.export_lines import refuse_unfinished
from graphmem.adapters.sqlite import reading
from graphmem.adapters.sqlite.values import Tenant
from graphmem.store import ModelCard

_MODEL = "SELECT value FROM meta WHERE key = 'model'"
_SET_MODEL = "INSERT OR REPLACE INTO meta (key, value) VALUES ('model', ?)"
#: Stands while the log still holds what was erased of a tenant, by its number: how many memories. A release before this
#: one wrote 'yes', of no tenant.
_OWE = (
    "INSERT INTO meta (key, value) VALUES ('erased_in_log ' || ?1, ?2)"
    " ON CONFLICT (key) DO UPDATE SET value = CAST(value AS INTEGER) + ?2"
)
_OWED = "SELECT count(*) FROM meta WHERE key >= 'erased_in_log' AND key < 'erased_in_loh'"
_OWED_OF = "SELECT value FROM meta WHERE key = 'erased_in_log ' || ?"
_PAID = "DELETE FROM meta WHERE key >= 'erased_in_log' AND key < 'erased_in_loh'"
#: Stands while a tenant, by its number, is being restored.
_MARK = "INSERT OR REPLACE INTO meta (key, value) VALUES ('restoring ' || ?, 'yes')"
_MARKED = "SELECT value FROM meta WHERE key = 'restoring ' || ?"
_UNMARK = "DELETE FROM meta WHERE key = 'restoring ' || ?"


_ANSWERED = "UPDATE tenant SET answered_to = max(coalesce(answered_to, ?2), ?2) WHERE number = ?1"


def note_answered(connection: apsw.Connection, tenant: Tenant, micros: int) -> None:
    """Note that somebody was told what was known at a moment: entries are recorded after it from now on."""
    connection.execute(_ANSWERED, (tenant.number, micros))


def model_of(connection: apsw.Connection) -> ModelCard | None:
    """The model that made the vectors; None before there are any."""
    text = connection.execute(_MODEL).get
    return None if text is None else _card(str(text))


def set_model(connection: apsw.Connection, card: ModelCard) -> None:
    """Record the model that makes them."""
    connection.execute(_SET_MODEL, (json.dumps(asdict(card), sort_keys=True),))


def takes_model(connection: apsw.Connection, card: ModelCard | None) -> bool:
    """Whether vectors of a model go with those that are there; the first model is recorded. None is any."""
    stored = model_of(connection)
    if stored is None and card is not None:
        set_model(connection, card)
    return None in (stored, card) or stored == card


@lru_cache(maxsize=16)
def _card(text: str) -> ModelCard:
    return ModelCard(**json.loads(text))


def owe(connection: apsw.Connection, tenant: Tenant, erased: int) -> None:
    """Note that the log holds what was erased of so many memories."""
    connection.execute(_OWE, (tenant.number, erased))


def is_owing(connection: apsw.Connection) -> bool:
    """Whether the log holds what was erased."""
    return bool(connection.execute(_OWED).get)


def owed(connection: apsw.Connection, tenant: Tenant) -> int:
    """Of how many erased memories of a tenant the log may still hold words."""
    return int(str(connection.execute(_OWED_OF, (tenant.number,)).get or 0))


def settle(connection: apsw.Connection) -> None:
    """Note that the log holds nothing erased any more."""
    connection.execute(_PAID)


def mark_restoring(connection: apsw.Connection, tenant: Tenant) -> None:
    """Note that a restore of the tenant has begun."""
    connection.execute(_MARK, (tenant.number,))


def mark_restored(connection: apsw.Connection, tenant: Tenant) -> None:
    """Note that it has finished."""
    connection.execute(_UNMARK, (tenant.number,))


def is_restoring(connection: apsw.Connection, tenant: Tenant) -> bool:
    """Whether a restore of the tenant was begun and has not finished."""
    return connection.execute(_MARKED, (tenant.number,)).get is not None


def refuse_restoring(connection: apsw.Connection, name: str) -> None:
    """Refuse a write that is not the restore's own.

    Raises:
        Conflict: The tenant is being restored.
    """
    if is_restoring(connection, reading.tenant_of(connection, name)):
        refuse_unfinished(name)
