"""The lines of the spool: a recall as a JSON object with short names."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from graphmem.model import Scope
from graphmem.recalls import Recall, RecallEvent

#: The most memories, paths or warnings of a line; the first count.
_MOST = 200


def recorded_line(recall: Recall) -> dict[str, object]:
    """Return the fields of a recall's line."""
    reader = recall.reader
    fields: dict[str, object] = {
        "t": reader.tenant,
        "u": reader.user,
        "r": reader.repo,
        "a": int(recall.at.timestamp()),
        "q": recall.seq,
        "v": recall.via,
        "e": {event.value: list(dict.fromkeys(ids))[:_MOST] for event, ids in recall.events.items()},
        "w": [list(pair) for pair in recall.warned[:_MOST]],
        "c": list(recall.checked[:_MOST]),
        "n": recall.unanswered,
    }
    return {name: value for name, value in fields.items() if value}


def recall_of(line: bytes) -> Recall | None:
    """Return the recall of a line; None if it is broken off or of another form."""
    try:
        fields = json.loads(line)
        return Recall(
            Scope(_text(fields.get("t", "default")), _name(fields.get("r")), _name(fields.get("u"))),
            datetime.fromtimestamp(int(fields["a"]), UTC),
            int(fields.get("q", 0)),
            _text(fields["v"]),
            {RecallEvent(event): tuple(map(_text, ids)) for event, ids in fields.get("e", {}).items()},
            tuple((_text(memory), _text(path)) for memory, path in fields.get("w", [])),
            tuple(map(_text, fields.get("c", []))),
            _text(fields.get("n", "")),
        )
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, OSError):
        return None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _name(value: object) -> str | None:
    return None if value is None else _text(value)
