"""What the rules find in logs, and the labels of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.capture.logs import Log, messages_of
from graphmem.sources.transcripts import Speaker, TranscriptTurn, explicit_statements

LABELS = Path(__file__).with_name("labels.jsonl")
Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Finding:
    """A statement that the rules find in a log.

    Attributes:
        quote: The sentence.
        title: The memory's title.
        rule: The name of the form.
    """

    log: Log
    quote: str
    title: str
    rule: str

    @property
    def key(self) -> Key:
        """Repository, path and the digest of the quote and title, by which a label names the finding."""
        return (self.log.repository, self.log.path, digest_of(self.quote))


def digest_of(text: str) -> str:
    """Return the first 16 digits of the SHA-256 of a text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def findings_in(logs: Iterable[Log]) -> Iterator[Finding]:
    """Yield what is found in the logs of a repository, whose messages a user sends; each title counts once."""
    seen = set[str]()
    for finding in (finding for log in logs for finding in _of_log(log)):
        if finding.title not in seen:
            seen.add(finding.title)
            yield finding


def _of_log(log: Log) -> Iterator[Finding]:
    for number, message in enumerate(messages_of(log.text), 1):
        for statement in explicit_statements(TranscriptTurn(Speaker.USER, message, number)):
            yield Finding(log, statement.quote, statement.title, statement.rule)


def sample(findings: Iterable[Finding], most: int) -> list[Finding]:
    """Return so many findings at most: those whose keys have the least digests."""
    return sorted(findings, key=lambda finding: digest_of(" ".join(finding.key)))[:most]


def read_labels(path: Path = LABELS) -> Mapping[Key, bool]:
    """Return whether each labelled finding is a statement to keep."""
    lines = map(json.loads, path.read_text(encoding="utf-8").splitlines()) if path.exists() else ()
    return {(line["repository"], line["path"], line["quote"]): line["is_right"] for line in lines}
