"""Issues of GitHub: JSON of its REST API, and of `gh issue list --json`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from graphmem.deferred_dataclass import dataclass
from graphmem.model import Move, Status
from graphmem.sources.clipped_text import clipped, one_line
from graphmem.sources.tasks.json_values import Unreadable, items, mapping, text
from graphmem.sources.tasks.records import MAX_ID_CHARS, MAX_LABELS, MAX_LINKS, TaskLink, TaskLinkKind, TaskRecord

_URL = re.compile(
    r"^https?://[^/\s]{1,200}/(?P<repo>[\w.-]{1,100}/[\w.-]{1,100})/(?P<part>issues|pull)/(?P<number>\d{1,12})$"
)
#: `blocked by #12`, `Depends on: owner/repo#12`; only at the beginning of a line or of a list item.
_LINK = re.compile(
    r"^[ \t>*-]{0,8}(?P<words>blocked by|depends on|part of|parent|child of|duplicate of|duplicates)\b[:\s]{0,4}"
    r"(?P<refs>(?:[\w.-]{0,100}/?[\w.-]{0,100}#\d{1,12}[ \t,]{0,4}(?:and )?){1,20})",
    re.IGNORECASE | re.MULTILINE,
)
_REF = re.compile(r"(?P<repo>[\w.-]{1,100}/[\w.-]{1,100})?#(?P<number>\d{1,12})")
_KINDS = {
    "blocked by": TaskLinkKind.DEPENDS_ON,
    "depends on": TaskLinkKind.DEPENDS_ON,
    "part of": TaskLinkKind.PART_OF,
    "parent": TaskLinkKind.PART_OF,
    "child of": TaskLinkKind.PART_OF,
    "duplicate of": TaskLinkKind.DUPLICATES,
    "duplicates": TaskLinkKind.DUPLICATES,
}


@dataclass(frozen=True, slots=True)
class GithubIssue:
    """An issue with the moves that an export gives: its creation, and its end if it is closed."""

    record: TaskRecord
    moves: tuple[Move, ...]


def is_github_issue(value: object) -> bool:
    """True if a JSON value has the fields of an issue or a pull request of GitHub."""
    issue = mapping(value)
    return isinstance(issue.get("number"), int) and isinstance(issue.get("title"), str)


def is_pull_request(value: object) -> bool:
    """True for pull requests, which the REST API lists among the issues."""
    issue = mapping(value)
    match = _URL.match(_address(issue))
    return "pull_request" in issue or (match is not None and match["part"] == "pull")


def github_issue(value: object) -> GithubIssue:
    """The issue of a JSON value.

    Raises:
        Unreadable: It lacks a title or a creation time.
    """
    issue = mapping(value)
    title, created = one_line(text(issue.get("title"))), moment(_field(issue, "created_at", "createdAt"))
    if not title or created is None:
        raise Unreadable("an issue without a title or a creation time")
    match = _URL.match(_address(issue))
    repo = match["repo"] if match is not None else ""
    number = f"#{issue.get('number')}"
    words = text(issue.get("body")).strip()
    record = TaskRecord(
        id=f"{repo}{number}",
        title=title,
        word=_word(issue),
        body=clipped(words),
        created=created.isoformat(),
        labels=tuple(_labels(issue))[:MAX_LABELS],
        links=tuple(_links(words, repo))[:MAX_LINKS],
    )
    return GithubIssue(record, tuple(_moves(issue, created, record.word)))


def moment(value: str) -> datetime | None:
    """A time in ISO form as aware UTC, the zone UTC if it has none; None for other texts."""
    try:
        read = datetime.fromisoformat(value.strip())
        return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _address(issue: Mapping[str, object]) -> str:
    return text(issue.get("html_url")) or text(issue.get("url"))


def _field(issue: Mapping[str, object], *names: str) -> str:
    return next((text(issue[name]) for name in names if text(issue.get(name))), "")


def _word(issue: Mapping[str, object]) -> str:
    """`open`, `closed`, or `closed as not planned`."""
    state = text(issue.get("state")).casefold() or "open"
    reason = _field(issue, "state_reason", "stateReason").casefold().replace("_", " ")
    if state == "closed" and reason and reason != "completed":
        return one_line(f"closed as {reason}", MAX_ID_CHARS)
    return one_line(state, MAX_ID_CHARS)


def _moves(issue: Mapping[str, object], created: datetime, word: str) -> Iterator[Move]:
    yield Move(Status.ACTIVE, created, 0, "open")
    closed = moment(_field(issue, "closed_at", "closedAt"))
    if word != "open" and closed is not None:
        yield Move(Status.ENDED, max(closed, created), 1, word)


def _labels(issue: Mapping[str, object]) -> Iterator[str]:
    for label in items(issue.get("labels")):
        name = one_line(text(label) or text(mapping(label).get("name")), MAX_ID_CHARS)
        if name:
            yield name


def _links(body: str, repo: str) -> Iterator[TaskLink]:
    for declared in _LINK.finditer(body):
        for ref in _REF.finditer(declared["refs"]):
            yield TaskLink(_KINDS[declared["words"].casefold()], f"{ref['repo'] or repo}#{ref['number']}")
