"""Tags and branch heads of a repository, and the commits off its mainline to which they point."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from graphmem.deferred_dataclass import dataclass
from graphmem.repository.mainline_rows import RefRow, SideCommit
from graphmem.repository.path_names import text_of_path
from graphmem.sources.git.raw_log import LOG_ARGUMENTS, RawCommit, commits_of
from graphmem.sources.git.runner import GitFailure, git_stream, git_text

#: The most tags and branch heads that are recorded, those of the latest commits first.
MOST_REFS = 5_000
#: The most commits off the mainline that a reading records.
MOST_SIDE_COMMITS = 20_000
_PLACES = (("refs/tags/", "tag"), ("refs/heads/", "branch"), ("refs/remotes/", "branch"))
_FORM = "%(objectname)%00%(*objectname)%00%(objecttype)%00%(*objecttype)%00%(refname)%00%(symref)%00%(HEAD)"
_CURRENT = "*"
_MICROS = 1_000_000
_TIMEOUT_S = 600.0


class NamedCommit(NamedTuple):
    """A ref under its full name, and its commit; a symbolic ref has the name of the ref to which it leads."""

    full_name: str
    sha: str


@dataclass(frozen=True, slots=True)
class RefTable:
    """The tags and branch heads of a repository.

    Attributes:
        rows: Those that name commits, sorted; a remote's branch has the remote's name before its own.
        named: The ref and commit of each full name, and of `HEAD` if it is on a branch.
        is_complete: There are not more of them than `MOST_REFS`.
    """

    rows: tuple[RefRow, ...]
    named: Mapping[str, NamedCommit]
    is_complete: bool


def ref_table(root: Path) -> RefTable:
    """The tags and branch heads of a repository.

    Raises:
        GitFailure: Git could not list them.
    """
    arguments = ("for-each-ref", f"--count={MOST_REFS}", "--sort=-creatordate", f"--format={_FORM}")
    lines = git_text(root, (*arguments, *(prefix for prefix, _ in _PLACES))).splitlines()
    rows: list[RefRow] = []
    named: dict[str, NamedCommit] = {}
    for line in lines:
        sha, peeled, kind, peeled_kind, full_name, leads_to, current = line.split("\0")
        commit = sha if kind == "commit" else peeled if peeled_kind == "commit" else None
        if commit is None:
            continue
        named[full_name] = NamedCommit(leads_to or full_name, commit)
        if current == _CURRENT:
            named["HEAD"] = named[full_name]
        prefix, word = next((prefix, word) for prefix, word in _PLACES if full_name.startswith(prefix))
        name = full_name.removeprefix(prefix)
        if not name.endswith("/HEAD"):
            rows.append(RefRow(word, text_of_path(name), commit))
    return RefTable(tuple(sorted(rows)), named, len(lines) < MOST_REFS)


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
