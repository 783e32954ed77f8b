"""Messages of commits that revert other commits, as git and GitHub write them."""

from __future__ import annotations

import re

from graphmem.deferred_dataclass import dataclass

#: A message that names more commits is no revert of a change but of a release.
MAX_COMMITS = 20
_COMMIT = re.compile(
    r"\b(?:this\s+)?reverts?\s+(?:the\s+)?commits?\s+(?P<shas>[0-9a-f]{7,64}(?:[\s,&]{1,4}(?:and\s+)?[0-9a-f]{7,64}\b)*)",
    re.IGNORECASE,
)
_SHA = re.compile(r"\b[0-9a-f]{7,64}\b")
_QUOTED = re.compile(r'^(?P<verb>revert|reapply)\s+"(?P<title>.+)"(?P<rest>[^"]*)$', re.IGNORECASE)
_PULL_REQUEST = re.compile(r"\s*\(#\d{1,9}\)\s*$")
_SUBJECT = re.compile(r"^(?:revert|reapply)\b", re.IGNORECASE)
_TRAILER = re.compile(r"^(?:[A-Z][A-Za-z-]{1,30}-[Bb]y|Change-Id|Co-Authored-By|Reverts)\b:?", re.IGNORECASE)
_MAX_DEPTH = 20


@dataclass(frozen=True, slots=True)
class RevertMessage:
    """The content of a message that reverts something.

    Attributes:
        shas: Commits that it names, as it writes them; possibly shortened.
        title: The innermost quoted title: that of the change which was reverted first; '' if none is quoted.
        depth: How often that change was reverted, by the quotes: 2 for a revert of a revert.
        reason: The other words of the message.
    """

    shas: tuple[str, ...]
    title: str
    depth: int
    reason: str


def revert_message(text: str) -> RevertMessage | None:
    """The content of a message that reverts; None if it names no commit and quotes no title.

    The subject must begin with "Revert" or "Reapply", or the message must have a line "This reverts commit SHA".
    """
    subject, _, body = text.strip().partition("\n")
    named = list(_COMMIT.finditer(body))
    shas = tuple(dict.fromkeys(sha for found in named for sha in _SHA.findall(found["shas"].casefold())))
    title, depth = _unquoted(subject.strip())
    is_whole = any(found[0].casefold().startswith("this") for found in named)
    if (not shas and not depth) or not (is_whole or _SUBJECT.match(subject.strip())) or len(shas) > MAX_COMMITS:
        return None
    return RevertMessage(shas, title, depth, _reason(body))


def without_number(title: str) -> str:
    """A title without the number of a pull request that GitHub appends."""
    return _PULL_REQUEST.sub("", title)


def _unquoted(subject: str) -> tuple[str, int]:
    """(the innermost title, how often it was reverted) of `Revert "Revert "title""`; ('', 0) for other subjects."""
    title, depth = subject, 0
    for _ in range(_MAX_DEPTH):
        match = _QUOTED.match(title)
        if match is None:
            break
        title = match["title"]
        depth += 1 if match["verb"].casefold() == "revert" else 2
    return (title, depth) if depth else ("", 0)


def _reason(body: str) -> str:
    kept = [line for line in body.splitlines() if not _TRAILER.match(line) and not _COMMIT.search(line)]
    return "\n".join(kept).strip()
