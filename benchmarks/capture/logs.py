"""Logs of meetings in git clones, as messages of a conversation."""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

CHOSEN_ON = "tc39/notes"
HALF_CHOSEN_ON = "ethereum/pm"
_ADDED = (
    "openjs-foundation/cross-project-council",
    "graphql/graphql-wg",
    "solid/specification",
    "ruby/dev-meeting-log",
    "rust-lang/lang-team",
    "privacycg/meetings",
)
_FIFTH = ("numpy/archive", "nodejs/modules", "nodejs/build", "w3c/wot")
_SIXTH = ("scikit-learn/administrative", "nodejs/package-maintenance", "nodejs/diagnostics")
REPOSITORIES = (CHOSEN_ON, HALF_CHOSEN_ON, "nodejs/TSC", "WebAssembly/meetings", *_ADDED, *_FIFTH, *_SIXTH)
_HEADING = re.compile(r"(#{1,6})\s")
#: A speaker before a colon: initials, or up to five words with capitals, with or without bold.
_SPEAKER = re.compile(
    r"\s*(?:[-*+>] *)?(?:\*\*|__)?"
    r"(?:[A-Z][A-Za-zÀ-ÿ'.-]+(?: [A-Z(][A-Za-zÀ-ÿ'.()-]*){0,4}|[A-Z]{2,4}) ?(?:\([A-Z]{2,4}\))?"
    r"(?:\*\*|__)?:(?:\*\*|__)?\s+(?=\S)"
)
_NO_SPEAKER = re.compile(r"decision|decided|resol|conclu|consensus|agree|note|action|remember|summary", re.IGNORECASE)


class Part(StrEnum):
    """The use of a log: rules were chosen on it, or it was left out until they were settled."""

    CHOSEN_ON = "chosen on"
    FIRST = "left out, first reading"
    SECOND = "left out, second reading"
    THIRD = "left out, third reading"
    FOURTH = "left out, fourth reading"
    FIFTH = "left out, fifth reading"
    SIXTH = "left out, sixth reading"


@dataclass(frozen=True, slots=True)
class Log:
    """A log of a repository.

    Attributes:
        path: Where it is in the repository.
        text: Its Markdown.
    """

    repository: str
    path: str
    text: str

    @property
    def part(self) -> Part:
        """The part that the digest of the path puts the log in."""
        digest = hashlib.sha256(self.path.encode()).digest()
        if self.repository == CHOSEN_ON or (self.repository == HALF_CHOSEN_ON and digest[0] % 2 == 0):
            return Part.CHOSEN_ON
        if self.repository in _FIFTH:
            return Part.FIFTH
        if self.repository in _SIXTH:
            return Part.SIXTH
        halves = (Part.THIRD, Part.FOURTH) if self.repository in _ADDED else (Part.FIRST, Part.SECOND)
        return halves[digest[1] % 2]


def logs_in(clones: Path, repository: str) -> Iterator[Log]:
    """Yield the Markdown files of a clone at `OWNER+NAME/repo`; nothing if there is none."""
    folder = clones / repository.replace("/", "+") / "repo"
    if not folder.is_dir():
        return
    names = _git(folder, "ls-tree", "-r", "-z", "--name-only", "HEAD").split("\0")
    for name in names:
        if name.endswith(".md"):
            yield Log(repository, name, _git(folder, "show", f"HEAD:{name}"))


def messages_of(text: str) -> Iterator[str]:
    """Yield a log as messages: one for each time that a speaker or a heading begins, in their order.

    A message loses its speaker's name. One that a heading begins has the headings above in front of it.
    """
    headings: list[tuple[int, str]] = []
    lines: list[str] = []
    is_code = False
    for line in text.splitlines():
        is_code = is_code is not line.lstrip().startswith("```")
        heading, speaker = (None, None) if is_code else (_HEADING.match(line), _SPEAKER.match(line))
        if heading is not None:
            yield from _message(lines)
            headings = [*(above for above in headings if above[0] < len(heading[1])), (len(heading[1]), line)]
            lines = [above for _, above in headings]
        elif speaker is not None and not _NO_SPEAKER.search(speaker[0]):
            yield from _message(lines)
            lines = [line[speaker.end() :]]
        else:
            lines.append(line)
    yield from _message(lines)


def _message(lines: list[str]) -> Iterator[str]:
    if any(line.strip() for line in lines):
        yield "\n".join(lines).strip()


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True).stdout.decode("utf-8", "replace")
