"""Memories as lines of JSON: what `graphmem add --from` reads."""

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
    """The lines of a file that are not blank, or of standard input for `-`.

    Raises:
        InvalidInput: The file cannot be read, or is no UTF-8.
    """
    try:
        with click.open_file(path, encoding="utf-8") as file:
            return [line for line in file if line.strip()]
    except (OSError, UnicodeDecodeError) as problem:
        raise InvalidInput(f"{path!r} cannot be read: {problem}") from problem


def items_of(lines: Iterable[str], scope: Scope, speaker: Origin) -> list[New]:
    """What the lines say: each a text, or the fields of `graphmem.New` as JSON has them.

    Args:
        lines: One item each.
        scope: Where who adds them stands: a scope that names no tenant is of that one.
        speaker: Of whom words are whose line does not say.

    Raises:
        InvalidInput: A line is none of it; it is numbered from 1.
    """
    from pydantic import TypeAdapter, ValidationError

    from graphmem.service import New
    from graphmem.wire.forms import Direction, form

    adapter: TypeAdapter[New] = TypeAdapter(form(New, Direction.REQUEST))
    found: list[New] = []
    for number, line in enumerate(lines, 1):
        try:
            found.append(adapter.validate_python(_completed(json.loads(line), scope, speaker)))
        except ValidationError as problem:
            first = problem.errors()[0]
            where = ".".join(str(one) for one in first["loc"] if "[" not in str(one)) or "all of it"
            raise InvalidInput(f"line {number}: {where}: {first['msg']}") from problem
        except (ValueError, InvalidInput) as problem:
            raise InvalidInput(f"line {number}: {problem}") from problem
    return found


def name_of(lines: Iterable[str], scope: Scope) -> str:
    """An `op_id` for these lines in this place: who adds them again changes nothing."""
    digest = hashlib.sha256(repr(scope).encode())
    for line in lines:
        digest.update(line.strip().encode("utf-8", "surrogatepass") + b"\n")
    return f"lines-{digest.hexdigest()[:32]}"


def _completed(given: Any, scope: Scope, speaker: Origin) -> Any:  # noqa: ANN401 - JSON
    item = {"statement": given} if isinstance(given, str) else given
    if not isinstance(item, dict):
        return item
    said, home = item.get("statement"), item.get("scope")
    if isinstance(said, dict):
        item["statement"] = {"origin": speaker.value, **said}
    if isinstance(home, dict):
        item["scope"] = {"tenant": scope.tenant, **home}
    return item
