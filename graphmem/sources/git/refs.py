"""Tags and branch heads of a repository, and the commits off its mainline to which they point."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path

from graphmem.repository.mainline_rows import RefRow, SideCommit
from graphmem.repository.path_names import text_of_path
from graphmem.sources.git.raw_log import LOG_ARGUMENTS, RawCommit, commits_of
from graphmem.sources.git.runner import GitFailure, git_stream, git_text

#: The most tags and branch heads that are recorded, those of the latest commits first.
MOST_REFS = 5_000
#: The most commits off the mainline that a reading records.
MOST_SIDE_COMMITS = 20_000
_PLACES = (("refs/tags/", "tag"), ("refs/heads/", "branch"), ("refs/remotes/", "branch"))
_FORM = "%(objectname)%00%(*objectname)%00%(objecttype)%00%(*objecttype)%00%(refname)"
_MICROS = 1_000_000
_TIMEOUT_S = 600.0


def refs_of(root: Path) -> list[RefRow]:
    """The tags and branch heads that name commits, sorted; a remote's branch has the remote's name before its own.

    Raises:
        GitFailure: Git could not list them.
    """
    arguments = ("for-each-ref", f"--count={MOST_REFS}", "--sort=-creatordate", f"--format={_FORM}")
    listed = git_text(root, (*arguments, *(prefix for prefix, _ in _PLACES)))
    return sorted(_refs(listed.splitlines()))


def _refs(lines: Iterable[str]) -> Iterator[RefRow]:
    for line in lines:
        sha, peeled, kind, peeled_kind, full_name = line.split("\0")
        commit = sha if kind == "commit" else peeled if peeled_kind == "commit" else None
        prefix, word = next((prefix, word) for prefix, word in _PLACES if full_name.startswith(prefix))
        name = full_name.removeprefix(prefix)
        if commit is not None and not name.endswith("/HEAD"):
            yield RefRow(word, text_of_path(name), commit)


def side_commits(root: Path, tip: str, heads: Sequence[str], recorded: Collection[str]) -> Iterator[SideCommit]:
    """The commits on the first-parent lines of some heads, as far as they are not on the mainline.

    Args:
        root: A folder of the repository.
        tip: The last commit of the mainline.
        heads: Commits off the mainline.
        recorded: Commits that need not be returned again.

    Raises:
        GitFailure: Git could not read them.
    """
    if not heads:
        return
    sent = "".join(f"{head}\n" for head in heads).encode("ascii")
    arguments = (
        *LOG_ARGUMENTS,
        "--no-renames",
        "--exclude-first-parent-only",
        "--stdin",
        "--end-of-options",
        f"^{tip}",
    )
    chunks = git_stream(root, arguments, timeout_s=_TIMEOUT_S, sent=sent)
    count = 0
    for raw in commits_of(chunks):
        if raw.sha not in recorded:
            count += 1
            if count > MOST_SIDE_COMMITS:
                raise GitFailure(f"more than {MOST_SIDE_COMMITS} commits lie beside the mainline")
            yield _side_commit(raw)


def _side_commit(raw: RawCommit) -> SideCommit:
    added = tuple(text_of_path(change.path) for change in raw.changes if change.status == "A")
    removed = tuple(text_of_path(change.path) for change in raw.changes if change.status == "D")
    return SideCommit(raw.sha, next(iter(raw.parents), ""), raw.committed_s * _MICROS, added, removed)
