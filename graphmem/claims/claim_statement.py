"""The statement of a claim: a task with its holder and its paths as anchors."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable

from graphmem.deferred_dataclass import replace
from graphmem.errors import InvalidInput
from graphmem.model import MAX_NAME_CHARS, Anchor, AnchorKind, Kind, Origin, Statement
from graphmem.repository.path_patterns import is_glob
from graphmem.statement_text import title_and_body

#: The label of every claim. A task with it and with a holder is a claim.
CLAIM_LABEL = "claim"
#: The role of the developer anchor that names the holder.
HOLDER_ROLE = "claimed by"
#: Source words of the moves of a claim.
CLAIMED, RENEWED, EXPIRED, RELEASED, DONE = "claimed", "renewed", "expired", "released", "done"
MOST_PATHS = 100
_ABOUT = "about"
_ABSOLUTE = re.compile(r"/|~|[A-Za-z]:[/\\]|[a-z][a-z0-9+.-]*://")
_DOUBLED = re.compile(r"/{2,}")


def claim_statement(task: str, holder: str, paths: Iterable[str], repo: str | None, origin: Origin) -> Statement:
    """Return the statement of a claim.

    Args:
        task: The first line is the title, the rest the body.
        holder: The actor who works on it.
        paths: Files, folders or globs, as `claimed_paths` returns them.
        repo: The repository of the paths.
        origin: The origin of the claim.
    """
    title, body = title_and_body(task)
    files = (Anchor(AnchorKind.FILE, path, repo) for path in paths)
    return Statement(
        title=title,
        body=body,
        kind=Kind.TASK,
        labels=(CLAIM_LABEL,),
        origin=origin,
        anchors=(*files, _holder_anchor(holder)),
    )


def with_holder(statement: Statement, holder: str, origin: Origin) -> Statement:
    """Return the statement of a claim that goes over to another holder, with the less trusted of both origins."""
    others = tuple(anchor for anchor in statement.anchors if not _is_holder(anchor))
    less = min(statement.origin, origin, key=lambda candidate: candidate.trust)
    return replace(statement, anchors=(*others, _holder_anchor(holder)), origin=less)


def is_claim(statement: Statement | None) -> bool:
    """Return True if a statement is a claim: a task with the label and a holder."""
    return (
        statement is not None
        and statement.kind is Kind.TASK
        and CLAIM_LABEL in statement.labels
        and any(map(_is_holder, statement.anchors))
    )


def holder_of(statement: Statement) -> str:
    """Return the holder of a claim; empty for another statement."""
    return next((anchor.name for anchor in statement.anchors if _is_holder(anchor)), "")


def files_of(statement: Statement) -> tuple[Anchor, ...]:
    """Return the anchors of the files that a task is about."""
    return tuple(anchor for anchor in statement.anchors if anchor.kind is AnchorKind.FILE and anchor.role == _ABOUT)


def task_key(title: str) -> str:
    """Return the title of a task in the form in which two titles are compared."""
    return " ".join(title.casefold().split())


def claimed_paths(paths: Iterable[str]) -> tuple[str, ...]:
    """Return paths relative to the root of their repository, without `./`, `..` and doubled slashes.

    Raises:
        InvalidInput: A path is empty, absolute, or outside the repository; or there are too many.
    """
    plain = tuple(dict.fromkeys(_plain(path) for path in paths))
    if len(plain) > MOST_PATHS:
        raise InvalidInput(f"{len(plain)} paths are more than {MOST_PATHS}: claim a folder/ or a glob")
    return plain


def checked_holder(holder: str) -> str:
    """Return the name of a holder.

    Raises:
        InvalidInput: The name is empty or too long.
    """
    name = holder.strip()
    if not 0 < len(name) <= MAX_NAME_CHARS:
        raise InvalidInput(f"{holder[:80]!r} is no actor: name the person or program that works on the task")
    return name


def _plain(path: str) -> str:
    slashed = path.strip().replace("\\", "/")
    if not slashed:
        raise InvalidInput("a path of a claim is empty: give a file, a folder/ or a glob of the repository")
    if _ABSOLUTE.match(path.strip()) or _ABSOLUTE.match(slashed):
        raise InvalidInput(f"{path[:200]!r} is outside the repository: give a path from its root, such as src/api/")
    whole = posixpath.normpath(_DOUBLED.sub("/", slashed))
    if whole == ".." or whole.startswith("../"):
        raise InvalidInput(f"{path[:200]!r} is outside the repository: give a path from its root, such as src/api/")
    if whole == ".":
        return "**"
    return f"{whole}/" if slashed.endswith("/") and not is_glob(whole) else whole


def _holder_anchor(holder: str) -> Anchor:
    return Anchor(AnchorKind.DEVELOPER, holder, role=HOLDER_ROLE)


def _is_holder(anchor: Anchor) -> bool:
    return anchor.kind is AnchorKind.DEVELOPER and anchor.role == HOLDER_ROLE
