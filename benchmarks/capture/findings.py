"""What the rules find in logs, and the labels of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
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
        """Repository, path and the digest of the quote, by which a label names the finding."""
        return (self.log.repository, self.log.path, digest_of(self.quote))


@dataclass(frozen=True, slots=True)
class Label:
    """The verdict on a finding, or on a marked place.

    Attributes:
        quote: The digest of the quote, or of the place's text.
        part: The part that the log is in.
        is_right: Whether it is a statement to keep; of a place, whether it records a decision.
        first: The verdict when the part was first read; None if it was not found then.
        reason: Why, in a few words.
        is_place: Whether it is of a marked place.
    """

    repository: str
    path: str
    quote: str
    part: str
    is_right: bool
    first: bool | None
    reason: str
    is_place: bool = False

    @property
    def key(self) -> Key:
        """Repository, path and digest."""
        return (self.repository, self.path, self.quote)


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


def read_labels(path: Path = LABELS) -> list[Label]:
    """Return the labels of findings and places."""
    return [Label(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
