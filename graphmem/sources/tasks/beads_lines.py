"""Lines of the exports of beads: an issue as a JSON object."""

from __future__ import annotations

from collections.abc import Iterator

from graphmem.sources.clipped_text import clipped, single_line
from graphmem.sources.tasks.json_values import MAX_LINE_BYTES, Unreadable, items, json_value, mapping, text
from graphmem.sources.tasks.records import MAX_ID_CHARS, MAX_LABELS, MAX_LINKS, TaskLink, TaskLinkKind, TaskRecord

_LINKS = {
    "blocks": TaskLinkKind.DEPENDS_ON,
    "blocked-by": TaskLinkKind.DEPENDS_ON,
    "depends-on": TaskLinkKind.DEPENDS_ON,
    "conditional-blocks": TaskLinkKind.DEPENDS_ON,
    "waits-for": TaskLinkKind.DEPENDS_ON,
    "parent-child": TaskLinkKind.PART_OF,
    "duplicates": TaskLinkKind.DUPLICATES,
    "supersedes": TaskLinkKind.SUPERSEDES,
}


def beads_record(line: bytes) -> TaskRecord:
    """The issue of a line.

    Raises:
        Unreadable: The line is too long, no JSON object, or lacks an id, a title or a status.
    """
    if len(line) > MAX_LINE_BYTES:
        raise Unreadable(f"a line of more than {MAX_LINE_BYTES >> 20} MiB")
    issue = mapping(json_value(line))
    key, title, word = (text(issue.get(name)) for name in ("id", "title", "status"))
    key, title, word = single_line(key, MAX_ID_CHARS), single_line(title), single_line(word, MAX_ID_CHARS)
    if not (key and title and word):
        raise Unreadable("no issue: it lacks an id, a title or a status")
    kind = single_line(text(issue.get("issue_type")), MAX_ID_CHARS)
    labels = [single_line(text(label), MAX_ID_CHARS) for label in items(issue.get("labels"))]
    return TaskRecord(
        id=key,
        title=title,
        word=word,
        body=clipped(text(issue.get("description")).strip()),
        created=text(issue.get("created_at")),
        labels=tuple(dict.fromkeys(label for label in (kind, *labels) if label))[:MAX_LABELS],
        links=tuple(_links(issue))[:MAX_LINKS],
    )


def times_of(line: bytes) -> tuple[str, str]:
    """(creation time, closing time) of the issue of a line, as it writes them; '' for none."""
    issue = mapping(json_value(line))
    return text(issue.get("created_at")), text(issue.get("closed_at"))


def _links(issue: object) -> Iterator[TaskLink]:
    for item in items(mapping(issue).get("dependencies")):
        dependency = mapping(item)
        target = single_line(text(dependency.get("depends_on_id")), MAX_ID_CHARS)
        kind = _LINKS.get(text(dependency.get("type")))
        if kind is not None and target:
            yield TaskLink(kind, target)
