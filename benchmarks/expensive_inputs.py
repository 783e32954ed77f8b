"""Inputs that would make a server work for long: twice the size may take two and a half times the processor, no more.

    python -m benchmarks.expensive_inputs [NAME...]

Each input is made at a size and at twice that size, and given to the code that reads it from a caller, in this process.
The least processor time of some rounds counts. An input that takes longer than `LIMIT_S` is given up and has no ratio.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import graphmem
from benchmarks.rows import RESULTS
from graphmem import At, Filter, Page, Scope
from graphmem.errors import GraphMemError
from graphmem.http.problems import Refusal
from graphmem.http.request_limits import BodyLimit, JsonMeter
from graphmem.keys.secret import present
from graphmem.marks import decoded, encoded
from graphmem.model import Statement
from graphmem.ranking import name_key, tokens
from graphmem.repository.path_patterns import path_pattern
from graphmem.retrieval.query import read_question
from graphmem.retrieval.question_spans import MAX_QUERY_CHARS
from graphmem.sources.decisions.documents import Document
from graphmem.sources.decisions.reader import read_documents

MOST = 2.5
LIMIT_S = 30.0
_ROUNDS = 3
_NOW = datetime(2026, 1, 1, tzinfo=UTC)
_LEAST_S = 0.01
_TRIES = 4

Work = Callable[[int], object]


@dataclass(frozen=True, slots=True)
class Row:
    """One input as it was measured; `seconds` are of the processor, at the size and at twice that."""

    name: str
    size: int
    seconds: tuple[float | None, float | None]

    @property
    def ratio(self) -> float | None:
        """How many times longer twice the size took; None if it was given up. What is too short counts as linear."""
        one, two = self.seconds
        if one is None or two is None:
            return None
        return round(two / max(one, _LEAST_S), 2)


# ---- documents of the ingest routes

_HEAD = "# 1. Use X\n\nDate: 2024-01-01\n\n## Status\n\nAccepted\n\n"
_UNITS = {
    "round brackets": "(", "square brackets": "[", "links without end": "[a](", "nested links": "[[", "backticks": "`",
    "stars": "*", "underscores": "_", "hashes": "#", "pipes": "|", "angle brackets": "<", "comments": "<!--",
    "tags": "<a ", "tildes": "~", "colons": ":", "dashes": "-", "equals": "=", "blanks": " ", "tabs": "\t",
    "digits": "1", "dots": ".", "slashes": "/", "quotes": '"', "ideographs": "\u4e00", "accents": "a\u0301",
    "dates": "2024-01-01 ", "numbers": "ADR-1 ", "claims": "supersedes ADR-2 ", "amendments": "amends [1](1.md) ",
    "negations": "not superseded by ", "braces": "{{", "backslashes": "\\",
}  # fmt: skip


def _documents() -> Iterator[tuple[str, Work, int]]:
    places = {
        "heading": lambda text: f"# {text}\n\n## Status\n\nAccepted\n",
        "status": lambda text: f"# 1. Use X\n\n## Status\n\n{text}\n",
        "body": lambda text: f"{_HEAD}## Context\n\n{text}\n",
        "front matter": lambda text: f"---\nstatus: accepted\ntitle: {text}\n---\n\n# X\n",
    }
    for place, put in places.items():
        for unit, text in _UNITS.items():
            yield f"document, {place}: {unit}", _document(put, text), 25_000
    for unit, text in _UNITS.items():
        yield f"document, lines: {unit}", _document(lambda said: _HEAD + said, f"{text}\n"), 25_000
    yield "document: many sections", _document(lambda said: said, "## Status\n\nAccepted\n\n"), 25_000
    yield "document: many headings", _document(lambda said: said, "# 1. A\n"), 25_000
    yield "document: a table", _document(lambda said: _HEAD + said, "| a | b |\n"), 25_000


def _document(put: Callable[[str], str], unit: str) -> Work:
    def work(size: int) -> object:
        text = put(unit * (size // len(unit)))
        return read_documents([Document("docs/adr/0001-x.md", text.encode())], read_at=_NOW)

    return work


# ---- bodies, questions, filters, marks


def _measured(unit: bytes, tokens_at_most: int = 10**9) -> Work:
    def work(size: int) -> object:
        measure, body = JsonMeter(BodyLimit(1 << 30, tokens_at_most), 10**9), unit * (size // len(unit))
        try:
            for start in range(0, size, 1 << 16):
                measure.take(body[start : start + (1 << 16)])
        except Refusal as refusal:
            return refusal
        return None

    return work


def _texts() -> Iterator[tuple[str, Work, int]]:
    for name, piece in {
        "empty lists": b"[],", "nested lists": b"[", "quotes": b'"', "escapes": b"\\", "escaped quotes": b'\\"',
        "texts": b'"a",', "commas": b",", "one text": b"a",
    }.items():  # fmt: skip
        yield f"body: {name}", _measured(piece), 4_000_000
    yield "body: empty lists, refused", _measured(b"[],", 10_000), 4_000_000
    for unit, text in _UNITS.items():
        yield f"words: {unit}", lambda size, text=text: tokens(text * (size // len(text))), 800_000  # type: ignore[misc]
        yield f"name: {unit}", lambda size, text=text: name_key(text * (size // len(text))), 800_000  # type: ignore[misc]
        yield f"question: {unit}", _question(text), MAX_QUERY_CHARS // 2
    for name, sign in {
        "brackets": "<",
        "references": "&lt;",
        "unseen": "\u200b",
        "plain": "a",
        "escapes": "\\u",
    }.items():
        yield f"mark: {name}", _mark(sign), 500_000
    yield "key: long", lambda size: present("gmk_" + "a" * size), 500_000
    for glob in ("*a", "**a", "**/a", "*?", "***"):
        yield f"glob: {glob}", _glob(glob), 500


def _question(text: str) -> Work:
    return lambda size: read_question(text * (size // len(text)), date(2026, 1, 1))


def _mark(sign: str) -> Work:
    return lambda size: decoded(encoded(sign * (size // len(sign))))


def _glob(unit: str) -> Work:
    """Globs of a growing number of stars against one long path: the size of what a caller sends."""
    import re

    def work(size: int) -> object:
        pattern = re.compile(path_pattern([unit * (size // len(unit)) + "b"]) or "")
        return [pattern.fullmatch("a" * 1_000) for _ in range(20)]

    return work


# ---- questions to a store


def _asked(folder: Path) -> Iterator[tuple[str, Work, int]]:
    memory = graphmem.open(str(folder / "memory.db"), create=True, scope=Scope())
    for number in range(300):
        memory.add(Statement(title=f"Rule {number} of words", body="a b c d " * 20, subject=f"s.{number % 30}"))

    def search(query: Callable[[int], str]) -> Work:
        return lambda size: _said(lambda: memory.search(query(size)))

    for name, text in {
        "words": "rule ",
        "brackets": "(",
        "quotes": '"a" ',
        "numbers": "ADR-1 ",
        "near": "rule* ",
    }.items():
        yield f"search: {name}", search(lambda size, text=text: text * (size // len(text))), MAX_QUERY_CHARS // 2  # type: ignore[misc]
    for field in ("labels", "paths", "subjects", "components", "languages"):
        yield f"filter: many {field}", _listed(memory, field), 2_000
    yield "page: deep", lambda size: memory.list(Filter(include_history=True), page=Page(size)), 150
    yield "related repositories", lambda size: memory.list(scope=_related(size)), 50
    yield "times", lambda size: _said(lambda: memory.search("rule", at=At(known_at=size))), 100


def _listed(memory: graphmem.GraphMemory, field: str) -> Work:
    def work(size: int) -> object:
        names: dict[str, Any] = {field: tuple(f"n{number}" for number in range(size))}
        return _said(lambda: memory.list(Filter(**names)))

    return work


def _related(size: int) -> Scope:
    return Scope(repo="r", related_repos=tuple(f"r{number}" for number in range(size)))


def _said(ask: Callable[[], object]) -> object:
    try:
        return ask()
    except GraphMemError as refusal:
        return refusal


# ---- measuring


class _TooLong(BaseException):
    """An input took longer than `LIMIT_S`."""


def _stop(*_: object) -> None:
    raise _TooLong


def seconds_of(work: Work, size: int) -> float | None:
    """Processor time at one size; None if it was given up."""
    found = []
    signal.signal(signal.SIGPROF, _stop)
    for _ in range(_ROUNDS):
        signal.setitimer(signal.ITIMER_PROF, LIMIT_S)
        began = time.process_time()
        try:
            work(size)
        except _TooLong:
            return None
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        found.append(time.process_time() - began)
        if found[-1] > 1:
            break
    return min(found)


def measured(name: str, work: Work, size: int) -> Row:
    """One input at both sizes."""
    work(size // 4)  # what is loaded or compiled at first use does not count
    row = Row(name, size, (seconds_of(work, size), seconds_of(work, size * 2)))
    for _ in range(_TRIES):  # on a busy machine one of the two is slow now and then
        if row.ratio is None or row.ratio <= MOST:
            break
        again = seconds_of(work, size), seconds_of(work, size * 2)
        one, two = (min(new, old) if new and old else None for new, old in zip(again, row.seconds, strict=True))
        row = Row(name, size, (one, two))
    return row


def main() -> None:
    """Run it, write the result down, and fail if an input grows faster than it may."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="only inputs whose names hold one of these")
    asked = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, work, size in (*_texts(), *_asked(Path(folder)), *_documents()):
            if not asked.names or any(word in name for word in asked.names):
                rows.append(measured(name, work, size))
                if rows[-1].ratio is None or rows[-1].ratio > MOST:
                    print(rows[-1].name, rows[-1].seconds, rows[-1].ratio, flush=True)
    wrong = [one.name for one in rows if one.ratio is None or one.ratio > MOST]
    result = {
        "date": datetime.now(UTC).date().isoformat(),
        "most": MOST,
        "beyond": wrong,
        "greatest": max((one.ratio for one in rows if one.ratio is not None), default=None),
        "inputs": [{**asdict(one), "ratio": one.ratio} for one in rows],
    }
    if not asked.names:
        (RESULTS / "expensive_inputs.json").write_text(json.dumps(result, indent=1) + "\n")
    print(f"{len(rows)} inputs, greatest ratio {result['greatest']}, beyond {MOST}: {wrong or 'none'}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
