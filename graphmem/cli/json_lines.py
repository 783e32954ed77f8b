"""Memories as lines of JSON, for `graphmem add --from`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import click

from graphmem.errors import InvalidInput
from graphmem.model import Origin, Scope

if TYPE_CHECKING:
    from graphmem.service import New


def lines_of(path: str) -> list[str]:
    """Return the non-blank lines of a file, or of standard input for `-`.

    Raises:
        InvalidInput: The file cannot be read, or is not UTF-8.
    """
    try:
        with click.open_file(path, encoding="utf-8") as file:
            return [line for line in file if line.strip()]
    except (OSError, UnicodeDecodeError) as problem:
        raise InvalidInput(f"{path!r} cannot be read: {problem}") from problem


def items_of(lines: Iterable[str], scope: Scope, origin: Origin) -> list[New]:
    """Return the items in lines of JSON: each a text, or the fields of `graphmem.New`.

    Args:
        lines: An item each.
        scope: The writer's scope; its tenant is the default of each item's scope.
        origin: The origin of statements without their own.

    Raises:
        InvalidInput: A line is invalid; the message has its number, counted from 1.
    """
    from pydantic import TypeAdapter, ValidationError

    from graphmem.service import New
    from graphmem.wire.forms import Direction, form

    adapter: TypeAdapter[New] = TypeAdapter(form(New, Direction.REQUEST))
    items: list[New] = []
    for number, line in enumerate(lines, 1):
        try:
            items.append(adapter.validate_python(_completed(json.loads(line), scope, origin)))
        except ValidationError as problem:
            first = problem.errors()[0]
            field_name = ".".join(str(part) for part in first["loc"] if "[" not in str(part)) or "the line"
            raise InvalidInput(f"line {number}: {field_name}: {first['msg']}") from problem
        except (ValueError, InvalidInput) as problem:
            raise InvalidInput(f"line {number}: {problem}") from problem
    return items


def name_of(lines: Iterable[str], scope: Scope) -> str:
    """Return an `op_id` for these lines in this scope, so that adding them again changes nothing."""
    digest = hashlib.sha256(repr(scope).encode())
    for line in lines:
        digest.update(line.strip().encode("utf-8", "surrogatepass") + b"\n")
    return f"lines-{digest.hexdigest()[:32]}"


def _completed(value: Any, scope: Scope, origin: Origin) -> Any:  # noqa: ANN401 - JSON
    item = {"statement": value} if isinstance(value, str) else value
    if not isinstance(item, dict):
        return item
    statement, home = item.get("statement"), item.get("scope")
    if isinstance(statement, dict):
        item["statement"] = {"origin": origin.value, **statement}
    if isinstance(home, dict):
        item["scope"] = {"tenant": scope.tenant, **home}
    return item
