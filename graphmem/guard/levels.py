"""The levels of findings, and the setting of a project that lets findings stop a change."""

from __future__ import annotations

from enum import StrEnum

from graphmem.model import Statement


class Level(StrEnum):
    """The severity of a finding."""

    NOTE = "note"
    WARN = "warn"
    DENY = "deny"

    @property
    def rank(self) -> int:
        """0 (note) to 2 (deny)."""
        return list(Level).index(self)


class Enforcement(StrEnum):
    """The project's setting for the strongest findings: they only warn, ask the user first, or stop the change."""

    WARN = "warn"
    ASK = "ask"
    DENY = "deny"


class FindingKind(StrEnum):
    """The relation of a change to a memory."""

    REJECTED_RETURNS = "rejected_returns"
    SUPERSEDED_FOLLOWED = "superseded_followed"
    CONTESTED_TOUCHED = "contested_touched"
    CONSTRAINT_ON_PATH = "constraint_on_path"
    DRIFTED_RELIED_ON = "drifted_relied_on"
    CLAIMED_BY_ANOTHER = "claimed_by_another"


def level_of(statement: Statement, *, is_typed: bool, enforcement: Enforcement) -> Level:
    """Return the level of a rejected option that returns.

    Args:
        statement: The memory that rejects it; a memory less trusted than a commit only causes notes.
        is_typed: Whether the key that was found has a type.
        enforcement: The setting of the project.
    """
    if not is_typed or not statement.origin.may_mandate:
        return Level.NOTE
    return Level.DENY if statement.is_mandatory and enforcement is not Enforcement.WARN else Level.WARN
