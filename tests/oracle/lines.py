"""Exports as JSON lines: a header, then every ledger entry as it is sealed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from graphmem.errors import CorruptStore, InvalidInput
from graphmem.ledger import GENESIS, Entry, from_micros, to_micros, verify


@dataclass(frozen=True, slots=True)
class Export:
    key: str
    entries: tuple[Entry, ...]


def write(tenant: str, key: str, entries: Sequence[Entry]) -> Iterator[str]:
    yield json.dumps({"graphmem": 1, "tenant": tenant, "key": key, "entries": len(entries)})
    for entry in entries:
        raw = {name: getattr(entry, name) for name in Entry.__slots__}
        yield json.dumps({**raw, "recorded_at": to_micros(entry.recorded_at)}, ensure_ascii=False)


def read(lines: Iterable[str], tenant: str) -> Export:
    del tenant
    texts = list(lines)
    try:
        header = json.loads(texts[0])
        raws = [json.loads(text) for text in texts[1:]]
        entries = tuple(Entry(**{**raw, "recorded_at": from_micros(raw["recorded_at"])}) for raw in raws)
    except (ValueError, KeyError, TypeError, IndexError) as exc:
        raise InvalidInput(f"no export: {exc!r}") from exc
    previous = GENESIS
    for entry in entries:
        if (fault := verify(entry, previous)) is not None:
            raise CorruptStore(fault)
        previous = entry.hash
    return Export(header["key"], entries)
