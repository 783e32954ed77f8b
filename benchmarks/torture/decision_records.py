"""A folder of generated decision records, and what a ledger says of them whatever ids its memories have."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from graphmem import GraphMemory
from graphmem.model import Add, Change, Link, Operation, Supersede

_FIRST_DAY = date(2015, 1, 1)
_CYCLE = 10
#: Of each ten records: which of them supersede or amend which.
_SUPERSEDES = {2: 1, 7: 6, 8: 6}
_AMENDS = {4: 3}


def write_records(folder: Path, count: int) -> None:
    """Write so many records in the form of adr-tools; four of ten replace another, or a part of it."""
    folder.mkdir()
    for number in range(count):
        (folder / _name(number)).write_text(_record(number, count), encoding="utf-8")


def account(memory: GraphMemory, after: int) -> list[str]:
    """What the ledger entries past a position did, with titles in place of ids, sorted."""
    changes: list[Change] = []
    while some := memory.changes(after=changes[-1].seq if changes else after, limit=1_000):
        changes += some
    titles = {key: title for one in changes for key, title in _recorded(one.operation)}
    return sorted(_told(one.operation, titles) for one in changes)


def _recorded(operation: Operation) -> list[tuple[str, str]]:
    if isinstance(operation, Add) and operation.memory.statement is not None:
        return [(operation.memory.id, operation.memory.statement.title)]
    return []


def _told(operation: Operation, titles: dict[str, str]) -> str:
    match operation:
        case Add(memory, moves):
            return f"add {memory.statement!r} in {memory.scope!r}, {moves!r}"
        case Supersede():
            old, new = (sorted(titles.get(key, key) for key in keys) for keys in (operation.old, operation.new))
            times = f"at {operation.at} until {operation.until}"
            return f"supersede {old} by {new} {times}, {operation.kind.value} {operation.part}"
        case Link(source, target, kind):
            return f"link {titles.get(source, source)} to {titles.get(target, target)}, {kind.value}"
        case _:
            return repr(operation)


def _name(number: int) -> str:
    return f"{number + 1:04}-rule-{number + 1}-of-the-shop.md"


def _title(number: int) -> str:
    return f"{number + 1}. Rule {number + 1} of the shop"


def _record(number: int, count: int) -> str:
    place = number % _CYCLE
    olds = [number - place + old for new, old in _SUPERSEDES.items() if new == place]
    news = [number - place + new for new, old in _SUPERSEDES.items() if old == place]
    amended = [number - place + old for new, old in _AMENDS.items() if new == place]
    status = [f"Superseded by {_reference(one)}" for one in news if one < count] or ["Accepted"]
    status += [f"Supersedes {_reference(one)}" for one in olds]
    status += [f"Amends {_reference(one)}" for one in amended]
    day = (_FIRST_DAY + timedelta(days=7 * number)).isoformat()
    parts = [f"# {_title(number)}", f"Date: {day}", "## Status", *status]
    parts += ["## Context", f"Case {number + 1} came up. " * 20, "## Decision", f"We follow rule {number + 1}."]
    return "\n\n".join(parts) + "\n"


def _reference(number: int) -> str:
    return f"[{_title(number)}]({_name(number)})"
