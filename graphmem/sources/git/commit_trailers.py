"""Trailers of commit messages, as `git interpret-trailers` finds them, and the files that commits changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from graphmem.deferred_dataclass import dataclass
from graphmem.sources.git.commit_messages import nul_tokens
from graphmem.sources.git.runner import git_stream

#: Characters of a trailer beyond this are cut.
MAX_VALUE_CHARS = 8_000
_MAX_TRAILERS = 500
#: git itself finds the last paragraph, unfolds lines and leaves out lines that are no trailers.
_FORMAT = "--format=%x01%H%x00%P%x00%ct%x00%s%x00%(trailers:only,unfold)"
_LOG = ("log", "-z", "--no-color", "--no-show-signature", "--no-patch", "--encoding=UTF-8", "--reverse", "--topo-order")
_FIELDS = 5
_FILES = ("diff-tree", "--stdin", "-r", "-z", "--root", "--no-renames", "--name-only", "--no-color", "--no-ext-diff")
_TIMEOUT_S = 600.0


@dataclass(frozen=True, slots=True)
class TrailedCommit:
    """A commit with the trailers of its message.

    Attributes:
        committed_s: The committer's time in seconds since 1970.
        trailers: (key, value) of each trailer in order; a value has no line breaks.
    """

    sha: str
    parents: tuple[str, ...]
    committed_s: int
    subject: str
    trailers: tuple[tuple[str, str], ...]


def trailed_commits(root: Path, tip: str, without: Sequence[str] = ()) -> Iterator[TrailedCommit]:
    """Yield a commit and all its ancestors, ancestors first.

    Args:
        root: A folder of the repository.
        tip: Hash of the commit.
        without: Hashes of commits that are left out with all their ancestors.

    Raises:
        GitFailure: Git could not read them.
    """
    arguments = (*_LOG, _FORMAT, "--end-of-options", tip, *(f"^{sha}" for sha in without))
    fields: list[str] = []
    for token in nul_tokens(git_stream(root, arguments, timeout_s=_TIMEOUT_S)):
        fields.append(token.decode("utf-8", "replace"))
        if len(fields) == _FIELDS:
            sha, parents, seconds, subject, text = fields
            is_number = seconds.lstrip("-").isdecimal()
            yield TrailedCommit(
                sha.lstrip("\x01"), tuple(parents.split()), int(seconds) if is_number else 0, subject, _pairs(text)
            )
            fields = []


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    pairs = (line.partition(":") for line in text.split("\n") if ":" in line)
    listed = [(key.strip(), value.strip()[:MAX_VALUE_CHARS]) for key, _, value in pairs]
    return tuple(listed[:_MAX_TRAILERS])


def changed_files(root: Path, commits: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
    """Return the paths that each of some commits changed; of a merge none.

    Raises:
        GitFailure: Git could not read them.
    """
    if not commits:
        return {}
    asked, files, sha = set(commits), dict[str, list[str]](), ""
    sent = "".join(f"{commit}\n" for commit in commits).encode("ascii")
    for token in nul_tokens(git_stream(root, _FILES, timeout_s=_TIMEOUT_S, sent=sent)):
        text = token.decode("utf-8", "surrogateescape")
        if text in asked:
            sha = text
            files[sha] = []
        elif sha:
            files[sha].append(text)
    return {commit: tuple(paths) for commit, paths in files.items()}
