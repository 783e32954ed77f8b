"""Places of a log that are marked as decisions, found without the rules that are measured."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.capture.findings import digest_of
from benchmarks.capture.logs import Log, messages_of

_WORDS = r"(?:decisions?|decided|resolutions?|resolved|conclusions?|consensus|agreements?|agreed)"
#: A heading, or a line before a colon, with such words alone.
_HEAD = re.compile(
    rf"(?:#{{1,6}} |\*\*)?(?:[\d.]+ )?\W*{_WORDS}(?: ?(?:made|items?|reached)| ?/ ?[\w ]+)*\W*", re.IGNORECASE
)
#: A line that begins with such a word, a number perhaps, and a colon.
_LINE = re.compile(rf"[-*+\s]*\**{_WORDS}[ \d.]*\**\s*:\**\s*(?P<text>\S.*)", re.IGNORECASE)
_LEAST_WORDS = 4


@dataclass(frozen=True, slots=True)
class Place:
    """A marked place.

    Attributes:
        text: Its words on one line.
    """

    log: Log
    text: str

    @property
    def key(self) -> tuple[str, str, str]:
        """Repository, path and the digest of the text."""
        return (self.log.repository, self.log.path, digest_of(self.text))


def places_in(log: Log) -> Iterator[Place]:
    """Yield the marked places of a log with a text of four words or more: sections below a mark, and marked lines."""
    for message in messages_of(log.text):
        section: list[str] | None = None
        for line in [*message.splitlines(), "# end"]:
            is_head = _HEAD.fullmatch(line.strip()) is not None
            marked = None if is_head else _LINE.match(line)
            if section is not None and (is_head or line.startswith("#")):
                yield from _place(log, section)
                section = None
            if is_head:
                section = []
            elif section is not None:
                section.append(line)
            elif marked is not None:
                yield from _place(log, [marked["text"]])


def _place(log: Log, lines: list[str]) -> Iterator[Place]:
    text = " ".join(" ".join(lines).split())
    if len(text.split()) >= _LEAST_WORDS:
        yield Place(log, text)
