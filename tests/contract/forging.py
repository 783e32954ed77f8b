"""Exports as somebody writes them who can compute every hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from graphmem.instants import from_micros
from graphmem.ledger import GENESIS, chain, commitment

Line = dict[str, Any]


def parsed(lines: Sequence[str]) -> list[Line]:
    """The header and entries of an export."""
    return [json.loads(line) for line in lines]


def body_of(line: Line) -> dict[str, Any]:
    """What an entry says."""
    body: dict[str, Any] = json.loads(line["body"])
    return body


def resealed(lines: Sequence[Line]) -> list[str]:
    """The lines, with hashes that fit what they say as far as any can."""
    header, *entries = lines
    previous = GENESIS
    for line in entries:
        try:
            if line["salt"] is not None:
                digest = line["digest"]
                if digest is None:
                    alone = f"{line['salt']}\x1f{line['body']}".encode("utf-8", "surrogatepass")
                    line["commitment"] = hashlib.sha256(alone).hexdigest()
                else:
                    line["commitment"] = commitment(line["salt"], digest, line["body"])
            line["previous"] = previous
            at = from_micros(line["recorded_at"])
            line["hash"] = chain(previous, line["seq"], at, line["op_id"], line["commitment"])
        except (KeyError, TypeError, OverflowError, AttributeError):
            continue
        previous = line["hash"]
    if isinstance(header, dict) and "head" in header:
        header |= {"head": previous, "entries": len(entries)}
    return [json.dumps(line) for line in lines]
