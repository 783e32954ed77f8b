"""The page of a file's life."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from graphmem.cli.blocks import Block, Line, Look, Span, dim, line, strong
from graphmem.cli.phrases import point_line
from graphmem.repository.file_places import WEAK_BELOW
from graphmem.retrieval.relation_phrases import day

if TYPE_CHECKING:
    from graphmem.model import At
    from graphmem.repository.dating_commits import DatingCommit
    from graphmem.repository.file_lives import FilePath
    from graphmem.service.file_life import FileLives

_SHA_CHARS = 10
_AUTHOR_CHARS = 8
_MOST_AUTHORS = 5


def author_names(folder: Path, answer: FileLives) -> dict[str, str]:
    """Return the names of authors by their hashes, from the commits of the clone in a folder; empty outside of one.

    The ledger has no names.
    """
    from graphmem.sources.git.commit_authors import names_of_commits

    commits = {share.author: share.commit for life in answer.lives for share in life.authors}
    commits |= {path.author: path.commit for life in answer.lives for path in life.paths if path.author is not None}
    names = names_of_commits(folder, list(commits.values())) if commits else {}
    return {author: names[commit] for author, commit in commits.items() if commit in names}


def file_life_page(answer: FileLives, at: At, names: Mapping[str, str]) -> Iterator[Block]:
    """Yield the paths of each file that had the path, the latest file first, and its authors.

    Args:
        answer: The answer.
        at: The requested point.
        names: The names of authors by their hashes; the others are shown as hashes.
    """
    for life in answer.lives:
        yield line(strong(life.now or life.paths[-1].path), dim("" if life.now else "  deleted"))
        for path in life.paths:
            until = "now" if path.end is None else day(path.end)
            how = f"{_how(path)}{_by(path, names)}"
            yield line(f"{day(path.start)} to {until}  ", path.path, dim(f"  {how}"), _doubt(path), indent=2)
        if life.authors:
            shares = (f"{_name(share.author, names)} ({share.commits})" for share in life.authors[:_MOST_AUTHORS])
            yield line(dim(f"changed by {', '.join(shares)}"), indent=2)
    if not answer.lives:
        yield line("No file of that path was read. graphmem ingest git reads a repository.")
    yield point_line(answer.at, at)


def _how(path: FilePath) -> str:
    alike = "" if path.similarity is None else f", {path.similarity} % alike"
    return f"{path.origin.value} by {path.commit[:_SHA_CHARS]}{alike}"


def _by(path: FilePath, names: Mapping[str, str]) -> str:
    return "" if path.author is None else f", {_name(path.author, names)}"


def dating_line(dated_by: DatingCommit | None) -> Iterator[Line]:
    """Yield the commit that dates a memory, with the name that the clone around the working directory has for it."""
    if dated_by is None:
        return
    author = ""
    if dated_by.author is not None:
        from graphmem.sources.git.commit_authors import names_of_commits

        name = names_of_commits(Path.cwd(), [dated_by.sha]).get(dated_by.sha)
        author = f", {name or _hashed(dated_by.author)}"
    yield line(dim(f"dated by commit {dated_by.sha[:_SHA_CHARS]}{author}"), indent=2)


def _name(author: str, names: Mapping[str, str]) -> str:
    return names.get(author) or _hashed(author)


def _hashed(author: str) -> str:
    return f"author {author[:_AUTHOR_CHARS]}"


def _doubt(path: FilePath) -> Span:
    is_weak = path.similarity is not None and path.similarity < WEAK_BELOW
    return Span("  look at it: less than 60 % stayed" if is_weak else "", Look.WARN)
